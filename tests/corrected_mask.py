"""One mask with its corrections and what they make of it, which page and tuning must agree on.

`corrected/corrections.csv` is what the page exports; `corrected/mask.txt` and `corrected/mended.txt` have a
digit a pixel: the index of its class, 5 where there are no data, - where no label is learnt from; an unsure
pixel is 8 more, in hexadecimal.
"""

import csv
import io
from pathlib import Path

import numpy as np

from cryoice.constants import IGNORE
from cryoice.files.mrc import write_mrc
from cryoice.project.mask_lists import write_summary
from review_samples import FORMULA, review_folder

FOLDER = Path(__file__).parent / "corrected"
CORRECTIONS = FOLDER / "corrections.csv"
STEM = FORMULA
SHAPE, ANGPIX, BAND = (79, 101), 2.0, (0.3, 0.7)
"""Height and width of the micrograph in px, which the mask's 20 x 25 do not divide; Å/px; what is unsure."""


def mask_and_score():
    symbols = np.array(
        [[int(cell, 16) for cell in line] for line in (FOLDER / "mask.txt").read_text().split()]
    )
    mask = np.where(symbols & 7 == 5, IGNORE, symbols & 7).astype(np.uint16)
    return mask, np.where(symbols & 8, 0.5, np.where(mask > 0, 0.9, 0.1)).astype(np.float32)


def mended_mask():
    lines = (FOLDER / "mended.txt").read_text().split()
    return np.array([[IGNORE if cell == "-" else int(cell) for cell in line] for line in lines])


def corrected_folder(folder):
    """Masks to review, with this one among them."""
    review_folder(folder, count=3)
    rows = list(csv.DictReader(io.StringIO((folder / "summary.csv").read_text())))
    row = next(row for row in rows if row["stem"] == STEM)
    row["height"], row["width"] = map(str, SHAPE)
    write_summary(folder, rows)
    mask, score = mask_and_score()
    write_mrc(folder / row["mask"], mask, pixel_size=8.0)
    write_mrc(folder / row["score"], score, pixel_size=8.0)
    return folder
