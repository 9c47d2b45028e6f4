import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.picture import lettering, read_picture, write_png


def test_a_written_picture_is_read_back_with_row_0_on_top(tmp_path):
    picture = np.zeros((5, 8, 3), dtype=np.uint8)
    picture[1, 6] = 200
    write_png(tmp_path / "a.png", picture)
    assert np.argwhere(read_picture(tmp_path / "a.png") == 200).tolist() == [[1, 6]]
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/a\.png: cannot be written"):
        write_png(tmp_path / "file" / "a.png", np.zeros((2, 2, 3), dtype=np.uint8))


def test_lines_of_letters_are_of_one_height_and_longer_ones_wider():
    short, long = lettering("a", size=13), lettering("agÅ %", size=13)
    assert short.shape[0] == long.shape[0]
    assert short.shape[1] < long.shape[1]
    assert short.max() > 200
    assert lettering("", size=13).max() == 0
