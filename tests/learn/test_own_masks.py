"""Masks of a user's own: which micrograph each is of, and which pixel of a view each of its pixels labels."""

import numpy as np
import pytest
from PIL import Image

from cryoice.constants import ARTIFACT, IGNORE
from cryoice.errors import InputError
from cryoice.files.mask_names import write_mask_names
from cryoice.files.mrc import write_mrc
from cryoice.learn.own_masks import Field, MaskLabels

FIELD = Field(shape=(120, 200), pixel_size=4.0, view=(60, 100))


def marked(shape, row, column, value=2):
    mask = np.zeros(shape, dtype=np.uint8)
    mask[row, column] = value
    return mask


def write_png(path, mask):
    Image.fromarray(mask).save(path)


def test_a_mask_as_cryoice_writes_it_labels_the_same_pixel_of_the_view(tmp_path):
    write_mrc(tmp_path / "a_mask.mrc", marked((60, 100), 11, 72), pixel_size=8.0)
    write_mrc(tmp_path / "a_score.mrc", marked((60, 100), 0, 0), pixel_size=8.0)
    labels = MaskLabels.find(tmp_path, {"Micrographs/a.mrc": "a", "Micrographs/b.mrc": "b"})
    assert labels.micrographs == {"Micrographs/a.mrc"}
    label = labels.label("Micrographs/a.mrc", FIELD)
    assert label.dtype == np.uint8
    assert np.argwhere(label).tolist() == [[11, 72]]


@pytest.mark.parametrize(("told", "warned"), [(8.0, 0), (8.2, 0), (9.0, 1), (1.0, 0)])
def test_a_mask_made_at_another_pixel_size_is_told(tmp_path, caplog, told, warned):
    write_mrc(tmp_path / "a_mask.mrc", marked((60, 100), 11, 72), pixel_size=told)
    label = MaskLabels.find(tmp_path, {"a.mrc": "a"}).label("a.mrc", FIELD)
    assert np.argwhere(label).tolist() == [[11, 72]]
    assert len(caplog.messages) == warned
    if warned:
        assert "a_mask.mrc: was made at 4.5 Å/px, but 4 is used;" in caplog.text


def test_a_mask_of_full_size_is_sampled_where_the_view_has_its_pixels(tmp_path):
    write_png(tmp_path / "a_mask.png", marked((120, 200), 22, 144, ARTIFACT))
    label = MaskLabels.find(tmp_path, {"a.mrc": "a"}).label("a.mrc", FIELD)
    assert np.argwhere(label == ARTIFACT).tolist() == [[11, 72]]


def test_without_masks_by_name_every_png_is_one(tmp_path):
    write_png(tmp_path / "a.png", marked((60, 100), 3, 4, IGNORE))
    assert MaskLabels.find(tmp_path, {"a.tif": "a"}).label("a.tif", FIELD)[3, 4] == IGNORE
    write_png(tmp_path / "b_mask.png", marked((60, 100), 0, 0))
    with pytest.raises(InputError, match=r"none of its 1 masks, such as b_mask\.png, is of a micrograph"):
        MaskLabels.find(tmp_path, {"a.tif": "a"})


def test_a_mask_whose_micrograph_is_told_is_not_taken_for_one_of_the_same_name(tmp_path):
    for stem, row in (("m", 3), ("m_4ae58f", 5)):
        write_png(tmp_path / f"{stem}_mask.png", marked((60, 100), row, 0))
    write_mask_names(tmp_path, {"m": "gridA/m.mrc", "m_4ae58f": "gridB/m.mrc"})
    found = MaskLabels.find(tmp_path, {"gridB/m.mrc": "m", "gridA/m.mrc": "m_0c6cf1"})
    rows = {name: int(np.argwhere(found.label(name, FIELD))[0, 0]) for name in found.micrographs}
    assert rows == {"gridA/m.mrc": 3, "gridB/m.mrc": 5}
    alone = MaskLabels.find(tmp_path, {"/here/gridB/m.mrc": "m"})
    assert int(np.argwhere(alone.label("/here/gridB/m.mrc", FIELD))[0, 0]) == 5


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (marked((60, 100), 0, 0, 37), "holds the value 37; a mask has 0 clean"),
        (marked((60, 60), 0, 0), "60 x 60 px do not cover a micrograph of 120 x 200 px"),
    ],
)
def test_what_is_no_mask_of_the_micrograph_is_refused(tmp_path, mask, said):
    write_png(tmp_path / "a_mask.png", mask)
    with pytest.raises(InputError, match=said):
        MaskLabels.find(tmp_path, {"a.mrc": "a"}).label("a.mrc", FIELD)


def test_a_folder_without_masks_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"holds no mask; give the folder with NAME_mask\.mrc"):
            MaskLabels.find(folder, {"a.mrc": "a"})
