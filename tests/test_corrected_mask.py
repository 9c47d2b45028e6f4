"""The page and ``cryoice finetune`` make the same of a mask and its corrections."""

import numpy as np
from typer.testing import CliRunner

from corrected_mask import (
    ANGPIX,
    BAND,
    CORRECTIONS,
    SHAPE,
    STEM,
    corrected_folder,
    mask_and_score,
    mended_mask,
)
from cryoice.cli import app
from cryoice.constants import CLASSES, IGNORE
from cryoice.files.corrections import Corrections
from cryoice.mask.mending import mended
from page_browser import Review, browser

READ_EVERY_PIXEL = """([rows, columns]) => {
    const canvas = document.querySelector("#pointer"), box = canvas.getBoundingClientRect();
    return Array.from({ length: rows * columns }, (_, place) => {
        const [row, column] = [Math.floor(place / columns), place % columns];
        const clientX = box.left + ((column + 0.5) / columns) * box.width;
        const clientY = box.top + ((row + 0.5) / rows) * box.height;
        canvas.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
        return document.querySelector("#below").textContent.split(": ")[1];
    });
}"""


def test_the_page_makes_of_the_corrections_what_is_learnt_from_and_exports_them_to_the_byte(tmp_path):
    folder = corrected_folder(tmp_path / "masks")
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    mask, _ = mask_and_score()
    with browser() as running:
        review = Review(running.new_context(), folder / "report.html")
        review.page.set_input_files("#import", CORRECTIONS)
        review.page.wait_for_function("() => document.querySelector('#said').textContent")
        assert review.page.inner_text("#said") == "corrections.csv: 7 actions. U undoes the import."
        review.open(STEM)
        words = review.page.evaluate(READ_EVERY_PIXEL, list(mask.shape))
        review.press("Escape")
        assert review.saved("#export-corrections") == CORRECTIONS.read_bytes()
        assert review.errors == []
    values = {name: value for value, name in enumerate(CLASSES)}
    found = np.array([values.get(word, IGNORE) for word in words]).reshape(mask.shape)
    np.testing.assert_array_equal(found, mended_mask())
    assert "support, unsure" in words
    assert (found != mask).sum() > 50


def test_what_is_learnt_from_is_what_the_page_shows():
    read = Corrections.read(CORRECTIONS)
    assert read.faults == ()
    assert {(row.micrograph, row.stem) for row in read.actions} == {(f"{STEM}.mrc", STEM)}
    mask, score = mask_and_score()
    found = mended(mask, score, read.actions, micrograph_shape=SHAPE, pixel_size=ANGPIX, unsure=BAND)
    np.testing.assert_array_equal(found, mended_mask())
