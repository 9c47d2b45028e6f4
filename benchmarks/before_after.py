"""Draws docs/detector.jpg: six real micrographs, and what the network that ships finds on them.

    python -m benchmarks.before_after ../shared/data/labelled [--model FILE] [--output docs/detector.jpg]

Only from sources whose licence lets them be shown: MicAssess (MIT), smartEM (Apache-2.0), EPU (BSD-3).
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from matplotlib.figure import Figure

from benchmarks.labelled.data import LabelledMicrograph, read_labelled
from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.mask.masking import mask_micrograph
from cryoice.mask.model import Model, load_model
from cryoice.mask.region_settings import RegionSettings
from cryoice.report.figures import save_figure
from cryoice.report.mask_overlay import overlay, shrunk

SHOWN = {"micassess": 3, "smartem": 2, "epu": 1}
"""Micrographs of each source, the first that hold an artifact by their labels."""
COLUMNS = 3


def main() -> None:
    """Mask and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("labelled", type=Path, help="folder with index.csv")
    parser.add_argument("--model", type=Path, help="weights; without it, those that ship")
    parser.add_argument("--output", type=Path, default=Path("docs/detector.jpg"))
    arguments = parser.parse_args()
    try:
        model = load_model(arguments.model)
        pairs = [before_and_after(micrograph, model) for micrograph in chosen(arguments.labelled)]
        save_figure(sheet(pairs), arguments.output)
    except InputError as error:
        sys.exit(str(error))


def chosen(folder: Path) -> list[LabelledMicrograph]:
    """Return the micrographs to show, those with labelled artifacts first."""
    found: dict[str, list[LabelledMicrograph]] = {source: [] for source in SHOWN}
    for micrograph in read_labelled(folder, angpix={}):
        if micrograph.source in found:
            found[micrograph.source].append(micrograph)
    return [one for source, few in found.items() for one in sorted(few, key=_artifacts)[: SHOWN[source]]]


def _artifacts(micrograph: LabelledMicrograph) -> float:
    labelled = micrograph.label[micrograph.label != IGNORE]
    return -float((labelled > 0).mean())


def before_and_after(
    micrograph: LabelledMicrograph, model: Model
) -> tuple[Float32[np.ndarray, "h w"], UInt8[np.ndarray, "rows columns 3"], str]:
    """Return the micrograph, the same with its mask, and a caption."""
    found = mask_micrograph(
        micrograph.array, model, pixel_size=micrograph.pixel_size, spectrum=micrograph.spectrum
    )
    view = shrunk(micrograph.array, (found.mask.shape[0], found.mask.shape[1]))
    after = overlay(
        view,
        found.mask,
        found.score,
        pixel_size=found.pixel_size,
        unsure=RegionSettings().band,
        title=f"found by {found.views}",
    )
    return view, after, micrograph.source


def sheet(pairs: list[tuple[np.ndarray, np.ndarray, str]]) -> Figure:
    """Lay pairs out, before above after."""
    rows = -(-len(pairs) // COLUMNS)
    figure = Figure(figsize=(3.0 * COLUMNS, 6.2 * rows), layout="constrained")
    panels = figure.subplots(2 * rows, COLUMNS)
    for number, (before, after, source) in enumerate(pairs):
        row, column = divmod(number, COLUMNS)
        low, high = np.nanpercentile(before, (0.5, 99.5))
        panels[2 * row, column].imshow(before, cmap="gray", vmin=low, vmax=high)
        panels[2 * row + 1, column].imshow(after)
        panels[2 * row, column].set_title(source, fontsize=10)
    for panel in figure.axes:
        panel.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
