"""Small entries in CryoPPP's layout whose particles really lie where the coordinates say."""

from pathlib import Path

import numpy as np
from PIL import Image

from cryoice.files.frames import to_coordinates
from cryoice.files.micrograph import write_mrc

DIAMETER = 12
HEADER = "X-Coordinate,Y-Coordinate,Diameter"


def blob_micrograph(rng, shape, count, depth=1.0):
    """Noise with dark discs; returns it and the positions (row, col) of the discs."""
    height, width = shape
    array = rng.normal(size=shape).astype(np.float32)
    margin = DIAMETER // 2
    rows = rng.integers(margin, height - margin, count)
    columns = rng.integers(margin, width - margin, count)
    grid_rows, grid_columns = np.mgrid[:height, :width]
    for row, column in zip(rows, columns, strict=True):
        array[np.hypot(grid_rows - row, grid_columns - column) <= DIAMETER / 2] -= depth
    return array, np.stack([rows, columns], axis=1).astype(np.float64)


def write_csv(path: Path, rows, header=HEADER):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def write_entry(
    folder: Path, *, frame="cryoppp", count=3, shape=(96, 121), depth=1.0, pixel_size=10.0, lite=False
):
    """Write an entry of `count` micrographs m0, m1... with 25 GOOD and 10 BAD picks each."""
    rng = np.random.default_rng(7)
    for index in range(count):
        array, positions = blob_micrograph(rng, shape, 25, depth)
        if lite:
            (folder / "micrographs").mkdir(parents=True, exist_ok=True)
            grey = np.clip(128 + 20 * array, 0, 255).astype(np.uint8)
            Image.fromarray(grey).save(folder / f"micrographs/m{index}.jpg", quality=95)
        else:
            write_mrc(folder / f"micrographs/m{index}.mrc", array, pixel_size=pixel_size)
        write_picks(folder, f"m{index}", positions, shape=shape, frame=frame, kind="good")
        elsewhere = rng.uniform(0, np.array(shape) - 1, (10, 2)).round()
        write_picks(folder, f"m{index}", elsewhere, shape=shape, frame=frame, kind="bad")
    return folder


def write_picks(folder: Path, name: str, positions, *, shape, frame, kind):
    x, y = to_coordinates(positions, shape=shape, frame=frame)
    place = {
        "good": f"ground_truth/particle_coordinates/{name}.csv",
        "bad": f"ground_truth/false_positives/{name}_false_positives.csv",
    }
    rows = [(int(a), int(b), DIAMETER) for a, b in zip(x, y, strict=True)]
    return write_csv(folder / place[kind], rows)
