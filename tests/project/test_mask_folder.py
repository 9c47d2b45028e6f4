"""The folder of masks is found again by its summary, which may not lead elsewhere."""

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.micrograph import write_mrc
from cryoice.project.mask_folder import MaskFolder
from mask_folder import marked_mask, write_mask_folder


def test_masks_are_found_by_the_names_of_their_micrographs(tmp_path):
    folder = MaskFolder.read(write_mask_folder(tmp_path, {"a": marked_mask((3, 4)), "b": marked_mask()}))
    found = folder.by_name["MotionCorr/job002/Movies/a.mrc"]
    mask, score = found.read()
    assert (found.shape, found.pixel_size, found.unsure) == ((80, 100), 2.0, (0.3, 0.7))
    assert np.argwhere(mask == 2).tolist() == [[3, 4]]
    assert (score[3, 4], score[0, 0]) == (0.75, 0.125)


def test_a_mask_of_full_size_is_seen_at_the_sampling_of_its_score(tmp_path):
    small = marked_mask((3, 4), (19, 24), (0, 0))
    # map pixel r is the micrograph's row 4 r, and owns the rows that are nearest to it
    folder = write_mask_folder(tmp_path, {"a": small})
    rows, columns = (
        np.minimum(np.rint(np.arange(4 * side) / 4), side - 1).astype(int) for side in small.shape
    )
    write_mrc(tmp_path / "a_mask.mrc", small[rows[:, None], columns], pixel_size=2.0)
    mask, _ = MaskFolder.read(folder).masked[0].read()
    assert (mask == small).all()


def test_a_mask_of_another_shape_is_refused(tmp_path):
    folder = write_mask_folder(tmp_path, {"a": marked_mask()}, mask_factor=2)
    with pytest.raises(InputError, match=r"a_mask\.mrc: .*mask it again"):
        MaskFolder.read(folder).masked[0].read()


@pytest.mark.parametrize("name", ["../evil.mrc", "/etc/passwd", "sub/a.mrc", ""])
def test_no_file_outside_the_folder_is_opened(tmp_path, name):
    folder = write_mask_folder(tmp_path, {"a": marked_mask()})
    summary = folder / "summary.csv"
    summary.write_text(summary.read_text().replace("a_mask.mrc", name))
    with pytest.raises(InputError, match="is no file name"):
        MaskFolder.read(folder)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("height", "hight", "no column height"),
        ("80", "many", "invalid literal"),
        ("80", "0", "impossible size"),
        ("unsure_to", "unsure", "no column unsure_to"),
        ("0.3,0.7", "0.7,0.3", "impossible unsure_from"),
        ("0.3,0.7", "nan,0.7", "impossible unsure_from"),
    ],
)
def test_a_summary_that_is_not_ours_is_one_line(tmp_path, old, new, fault):
    folder = write_mask_folder(tmp_path, {"a": marked_mask()})
    summary = folder / "summary.csv"
    summary.write_text(summary.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=fault):
        MaskFolder.read(folder)


def test_a_folder_without_a_summary_is_no_folder_of_masks(tmp_path):
    with pytest.raises(InputError, match=r"holds no summary\.csv"):
        MaskFolder.read(tmp_path)
