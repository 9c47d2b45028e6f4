"""Time and memory of ``cryoice clean``: a STAR file of a million picks on a thousand masked micrographs.

    python benchmarks/clean.py [--picks N] [--micrographs M] [--folder DIR]

The yardstick is reading and writing the same STAR file and reading the masks, in the same run.
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cryoice.files.micrograph import write_mrc
from cryoice.files.star_text import StarText
from cryoice.project.mask_folder import BAND, MaskFolder

_SHAPE, _PIXEL_SIZE, _SAMPLING = (4096, 4096), 1.0, 8
_COLUMNS = [
    "CoordinateX",
    "CoordinateY",
    "AutopickFigureOfMerit",
    "ClassNumber",
    "AnglePsi",
    "ImageName",
    "MicrographName",
    "OpticsGroup",
    "CtfMaxResolution",
    "CtfFigureOfMerit",
    "DefocusU",
    "DefocusV",
    "DefocusAngle",
    "CtfBfactor",
    "CtfScalefactor",
    "PhaseShift",
]
_NAME = "MotionCorr/job002/Movies/FoilHole_{0:08d}_Data_9015889_9015891_20260512_104813_fractions"

_OPTICS = """
# version 50001

data_optics

loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
1 1.0

"""


def write_project(folder: Path, *, picks: int, micrographs: int, seed: int) -> Path:
    """Write masks with 2 % of their area bad in discs, their summary, and a particle STAR file."""
    rng = np.random.default_rng(seed)
    rows = []
    small = tuple(side // _SAMPLING for side in _SHAPE)
    distance = np.hypot(*np.mgrid[-20:21, -20:21]) <= 20
    for index in range(micrographs):
        mask = np.zeros(small, dtype=np.uint16)
        for row, column in rng.integers(0, small[0] - 41, (4, 2)):
            mask[row : row + 41, column : column + 41][distance] = 2
        score = np.where(mask > 0, 0.9, 0.05).astype(np.float32)
        stem = Path(_NAME.format(index)).name
        write_mrc(folder / f"{stem}_mask.mrc", mask, pixel_size=8.0)
        write_mrc(folder / f"{stem}_score.mrc", score, pixel_size=8.0)
        rows.append(
            (
                f"{_NAME.format(index)}.mrc",
                stem,
                *_SHAPE,
                _PIXEL_SIZE,
                f"{stem}_mask.mrc",
                f"{stem}_score.mrc",
                0.3,
                0.7,
            )
        )
    with (folder / "summary.csv").open("w", newline="") as stream:
        header = ("micrograph", "stem", "height", "width", "angpix", "mask", "score", *BAND)
        csv.writer(stream).writerows([header, *rows])
    star = folder / "particles.star"
    with star.open("w") as stream:
        stream.write(_OPTICS)
        stream.write("\n# version 50001\n\ndata_particles\n\nloop_\n")
        stream.writelines(f"_rln{name} #{number}\n" for number, name in enumerate(_COLUMNS, 1))
        for number, (x, y) in enumerate(rng.uniform(0, _SHAPE[0] - 1, (picks, 2))):
            name = rows[number % micrographs][0]
            stream.write(
                f"{x:12.6f} {y:12.6f} 0.812345 -999 -999.00000 {number:06d}@Extract/job010/{name}s {name} 1 "
                "4.123456 0.087654 10863.857422 10564.250000 44.123456 0.000000 1.000000 0.000000\n"
            )
        stream.write("\n")
    return star


def floor(folder: Path, star: Path) -> float:
    """Seconds to read three columns, write the file again and read every mask and score."""
    start = time.perf_counter()
    text = StarText.read(star)
    text.table("particles", ["rlnCoordinateX", "rlnCoordinateY", "rlnMicrographName"])
    text.write(folder / "again.star")
    for masked in MaskFolder.read(folder).masked:
        masked.read()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--picks", type=int, default=1_000_000)
    parser.add_argument("--micrographs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        star = write_project(folder, picks=given.picks, micrographs=given.micrographs, seed=given.seed)
        command = [str(Path(sys.executable).with_name("cryoice")), "clean", str(star), "--masks", name]
        start = time.perf_counter()
        subprocess.run([*command, "-o", f"{name}/clean.star", "--rejected", f"{name}/bad.star"], check=True)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        least = floor(folder, star)
    print(f"{given.picks} picks, {given.micrographs} micrographs: {seconds:.1f} s, {peak:.2f} GiB")
    print(f"reading and writing alone: {least:.1f} s; ratio {seconds / least:.1f}")


if __name__ == "__main__":
    main()
