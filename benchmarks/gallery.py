"""Draws the pictures of docs/: eight simulated micrographs of each artifact, beside real ones where given.

    python benchmarks/gallery.py [--data ../shared/data/labelled] [--output docs] [--seed 0]

Real micrographs come from ``index.csv`` of the data folder, only from sources whose licence lets them
be shown. All are drawn at 8 Å/px, or the real ones at their own pixels where these are unknown.
"""

import argparse
import csv
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from matplotlib.figure import Figure

from cryoice.files.micrograph import read_micrograph
from cryoice.report.figures import grey_range, save_figure
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.presets import load_preset
from cryoice.simulate.settings import SimulationSettings

SHEETS = {
    "simulated_ice": ("crystalline", "contaminants", "ethane"),
    "simulated_other": ("support", "holes", "cracks", "beads", "aggregates", "denatured", "vesicles"),
}
"""Pictures by file name, and the artifacts in each."""
SHOWN_REAL = {"micassess": ("crystalline", "contaminants"), "smartem": ("support",)}
"""Sources that may be published (MIT, Apache-2.0) and what their micrographs show."""
LABEL_OF = {"crystalline": "crystalline", "contaminants": "contamination", "support": "support"}
NUMBER, REAL, SIDE = 8, 2, 512

Picture = Float32[np.ndarray, "rows columns"]


def main() -> None:
    """Draw every sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with index.csv and real micrographs")
    parser.add_argument("--output", type=Path, default=Path("docs"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, artifacts in SHEETS.items():
        rows = {kind: (real(kind, options.data), simulated(kind, options.seed)) for kind in artifacts}
        save_figure(sheet(rows), options.output / f"{name}.jpg")


def simulated(artifact: str, seed: int) -> list[Picture]:
    """Simulate micrographs that hold one kind of artifact, as the camera counts them."""
    values = load_preset("clean")
    values |= {"size": [SIDE, SIDE], "pixel_size": 8.0, artifact: values[artifact] | {"share": 1.0}}
    values["nuisances"] |= {"share": 0.0}
    settings = SimulationSettings.parse(values)
    kind = zlib.crc32(artifact.encode())  # other proteins in every row
    keys = (np.random.SeedSequence(seed, spawn_key=(kind, number)) for number in range(NUMBER))
    return [simulate_micrograph(settings, "mixed", key).array for key in keys]


def real(artifact: str, data: Path | None) -> list[Picture]:
    """Read up to `REAL` real micrographs that show an artifact."""
    if data is None:
        return []
    with (data / "index.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if artifact in SHOWN_REAL.get(row["source"], ())]
    share = {row["image"]: float(row[LABEL_OF[artifact]]) for row in rows if row["use"] == "yes"}
    found = sorted((row for row in rows if share.get(row["image"])), key=lambda row: -share[row["image"]])
    return [read_micrograph(data / row["image"]).array for row in found[:REAL]]


def sheet(rows: dict[str, tuple[list[Picture], list[Picture]]]) -> Figure:
    """Lay real micrographs left of simulated ones, an artifact a row."""
    columns = NUMBER + REAL * any(shown for shown, _ in rows.values())
    figure = Figure(figsize=(1.45 * columns, 1.55 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for line, (artifact, (shown, made)) in zip(panels, rows.items(), strict=True):
        for axes in line:
            axes.set_axis_off()
        for axes, picture in zip(line[columns - NUMBER :], made, strict=True):
            axes.imshow(picture, cmap="gray", norm=grey_range(picture))
        for axes, picture in zip(line, shown, strict=False):
            axes.imshow(picture, cmap="gray", norm=grey_range(picture))
            axes.set_title("real", fontsize=7, pad=2)
        line[columns - NUMBER].set_title(f"simulated: {artifact}", fontsize=7, pad=2, loc="left")
    return figure


if __name__ == "__main__":
    main()
