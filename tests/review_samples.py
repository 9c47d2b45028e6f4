"""A folder of masks to review, with names that no page may take for markup or formulas."""

from pathlib import Path

import numpy as np

from cryoice.constants import CLASSES
from cryoice.files.mrc import write_mrc
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.mask.regions import fractions
from cryoice.project.mask_lists import write_summary
from cryoice.report.mask_overlay import thumbnail

SHAPE, FACTOR, ANGPIX = (20, 25), 4, 2.0
"""Rows and columns of the masks, px of the micrographs in one of theirs, Å/px of the micrographs."""

MARKED, HOSTILE, FORMULA = "marked", "<img src=x onerror=alert(1)>", "=1+1"
HEAD = """
# version 50001

data_optics

loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
1  2.000000

# kept as it is

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_cryoiceBadFraction #3
_cryoiceCrystallineFraction #4
_cryoiceContaminationFraction #5
_cryoiceSupportFraction #6
_cryoiceOtherFraction #7
_cryoiceUnsureFraction #8
_cryoiceIciness #9
_cryoiceVerdict #10
"""


def mask_of(seed):
    """A clean mask with a rectangle of a class or none."""
    rng, mask = np.random.default_rng(seed), np.zeros(SHAPE, dtype=np.uint16)
    height, width = rng.integers(0, 18), rng.integers(1, 25)
    mask[2 : 2 + height, :width] = rng.integers(1, len(CLASSES))
    return mask


def marked_mask():
    """Crystalline at the top right, no data at the lower left, contamination whose halves share a corner."""
    mask = np.zeros(SHAPE, dtype=np.uint16)
    mask[0:6, 18:25] = 1
    mask[16:20, 0:5] = 255
    mask[9:11, 6:8] = mask[11:13, 8:10] = 2
    return mask


def row_of(name, stem, mask, score, seed):
    shares = fractions(mask)
    bad = round(1 - shares["clean"], 5)
    return {
        **{"micrograph": name, "stem": stem, "height": SHAPE[0] * FACTOR, "width": SHAPE[1] * FACTOR},
        **{"angpix": ANGPIX, "mask": f"{stem}_mask.mrc", "score": f"{stem}_score.mrc"},
        **{key: round(share, 5) for key, share in shares.items()},
        **{"bad": bad, "unsure": round(float(((score > 0.3) & (score < 0.7)).mean()), 5)},
        **{"unsure_from": 0.3, "unsure_to": 0.7, "iciness": None if seed % 3 == 0 else round(seed / 20, 3)},
        **{"ring_density": None, "views": "context", "verdict": "good" if bad <= 0.3 else "bad"},
    }


def review_folder(folder: Path, *, count=30, pictures=True) -> Path:
    """Write masks, thumbnails, summary and list; marked, hostile and formula come first."""
    folder.mkdir(parents=True, exist_ok=True)
    stems = [MARKED, HOSTILE, FORMULA, *(f"m{number:03d}" for number in range(3, count))]
    rows = []
    for seed, stem in enumerate(stems):
        mask = marked_mask() if stem == MARKED else mask_of(seed)
        score = np.where(mask > 0, 0.9, 0.1).astype(np.float32)
        if stem == MARKED:
            score[12:16, 18:25] = 0.5
        write_mrc(folder / f"{stem}_mask.mrc", mask, pixel_size=FACTOR * ANGPIX)
        write_mrc(folder / f"{stem}_score.mrc", score, pixel_size=FACTOR * ANGPIX)
        if pictures:
            thumbnail_path(folder, stem).parent.mkdir(exist_ok=True)
            thumbnail_path(folder, stem).write_bytes(thumbnail(np.full(SHAPE, 128, dtype=np.uint8)))
        name = "Movies/</script>.mrc" if stem == HOSTILE else f"Movies/{stem}.mrc"
        rows.append(row_of("=1+1.mrc" if stem == FORMULA else name, stem, mask, score, seed))
    write_summary(folder, rows)
    (folder / "micrographs.star").write_text(HEAD + "".join(star_row(row) for row in rows) + "\n")
    return folder


def star_row(row):
    shares = [f"{row[key]:.6g}" for key in ("bad", *CLASSES[1:], "unsure")]
    iciness = "nan" if row["iciness"] is None else f"{row['iciness']:.6g}"
    return "  ".join([row["micrograph"], "1", *shares, iciness, row["verdict"]]) + " \n"
