import numpy as np
from benchmarks.reviewer import corrected, write_corrections

from cryoice.files.corrections import Corrections
from cryoice.mask.mending import mended

SHAPE = (40, 60)
STEP, ANGPIX = np.array([5.0, 5.0]), 1.6


def disc(row, column, radius):
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return np.hypot(rows - row, columns - column) <= radius


def after(mask, truth, folder):
    """Write the reviewer's actions as the page exports them, read them, and mend the mask by them."""
    actions = list(corrected(mask, truth, step=STEP, pixel_size=ANGPIX))
    write_corrections(folder / "c.csv", [("m.mrc", "m", *action) for action in actions])
    read = Corrections.read(folder / "c.csv")
    assert read.faults == ()
    shape = (round(SHAPE[0] * STEP[0]), round(SHAPE[1] * STEP[1]))
    score = np.zeros(SHAPE, dtype=np.float32)
    labels = mended(mask, score, read.actions, micrograph_shape=shape, pixel_size=ANGPIX, unsure=(0.3, 0.7))
    return actions, labels


def test_regions_are_relabelled_and_what_was_missed_gets_a_disc(tmp_path):
    mask, truth = np.zeros(SHAPE, dtype=np.uint8), np.zeros(SHAPE, dtype=np.uint8)
    mask[disc(10, 12, 5)] = 3  # a contaminant that was called support
    mask[disc(30, 45, 4)] = 1  # nothing at all
    truth[disc(10, 12, 5)] = truth[disc(28, 20, 6)] = 2
    actions, labels = after(mask, truth, tmp_path)
    assert [(kind, label) for kind, *_, label in actions] == [
        ("region", "clean"),
        ("region", "contamination"),
        ("disc", "contamination"),
    ]
    assert (labels != truth).mean() < 0.01
    assert (labels[disc(28, 20, 5)] == 2).all()


def test_artifacts_come_before_what_nobody_can_tell(tmp_path):
    mask, truth = np.zeros(SHAPE, dtype=np.uint8), np.zeros(SHAPE, dtype=np.uint8)
    truth[disc(20, 40, 9)], truth[disc(10, 10, 4)] = 255, 2
    actions, _ = after(mask, truth, tmp_path)
    assert [label for *_, label in actions][:2] == ["contamination", "unknown"]


def test_a_mask_that_is_right_needs_nothing():
    truth = np.where(disc(20, 30, 8), 3, 0).astype(np.uint8)
    assert list(corrected(truth, truth, step=STEP, pixel_size=ANGPIX)) == []
