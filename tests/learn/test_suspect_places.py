"""A suspect is found where it lies: in the array, in the file that lists it, and on the sheet."""

import numpy as np
import pandas as pd
import pytest

from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries, read_picks
from cryoice.files.micrograph import write_mrc
from cryoice.learn.prepare import prepare
from cryoice.learn.suspect_places import Micrographs, without_place
from entry_builder import write_picks

SHAPE = (40, 56)
MARK = (12.0, 30.0)


def marked(root, frame):
    """Write a micrograph of one bright pixel, picked as GOOD in a frame of the file's."""
    array = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    array[12, 30] = 50.0
    write_mrc(root / "e/micrographs/m.mrc", array, pixel_size=1.5)
    for kind, place in (("good", MARK), ("bad", (25.0, 20.0))):
        write_picks(root / "e", "m", np.array([place]), shape=SHAPE, frame=frame, kind=kind)
    return root


def micrographs(root, cache, frame):
    options = {"entries": None, "pixel_sizes": {}, "pixel_size": 1.5, "spectrum_pixel_size": None}
    return Micrographs(prepare(root, frame=frame, cache=cache, **options), root, patch=9, pixel_size=1.5)


def suspects(micrograph="m"):
    return pd.DataFrame(
        {"entry": ["e"], "micrograph": [micrograph], "row": [MARK[0]], "col": [MARK[1]], "label": [0],
         "true_label": [-1]}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "xy"),
    [
        ("cryoppp", (30, 40 - 1 - 12)),
        ("top", (30, 12)),
        ("flip_x", (56 - 1 - 30, 12)),
        ("transpose", (12, 30)),
    ],
)
def test_a_marked_pixel_is_found_in_the_file_and_in_the_array(tmp_path, frame, xy):
    there = micrographs(marked(tmp_path / "data", frame), tmp_path / "cache", frame)
    placed = there.place(suspects())
    assert placed["file"].tolist() == ["e/micrographs/m.mrc"]
    assert (placed["x"][0], placed["y"][0]) == xy
    assert placed["pixel_size"].tolist() == [1.5]
    [entry] = find_entries(tmp_path / "data")
    listed = read_picks(entry.micrographs[0])  # what a user finds when looking for x, y
    assert (listed.x[0], listed.y[0]) == xy
    [patch] = there.patches(placed)
    assert np.unravel_index(patch.argmax(), patch.shape) == (4, 4)


def test_a_micrograph_that_is_not_there_is_named(tmp_path):
    there = micrographs(marked(tmp_path / "data", "top"), tmp_path / "cache", "top")
    with pytest.raises(InputError, match="has no usable micrograph e/other"):
        there.place(suspects("other"))


def test_without_micrographs_there_are_names_and_no_coordinates_of_files():
    placed = without_place(suspects())
    assert placed["file"].tolist() == ["e/m"]
    assert placed[["x", "y", "pixel_size"]].isna().all(axis=None)
