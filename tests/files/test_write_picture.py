import io

import numpy as np
import pytest
from PIL import Image

from cryoice.errors import InputError
from cryoice.files.picture import lettering, read_picture, small_jpeg, write_png


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


def decoded(content):
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


def test_a_small_jpeg_keeps_a_marked_corner_where_it_is():
    grey = np.zeros((600, 400), dtype=np.uint8)
    grey[:60, 360:] = 255
    small = decoded(small_jpeg(grey, side=150, size=10_000))
    assert small.shape == (150, 100)
    assert small[:14, 91:].min() > 200
    assert small[17:, :].max() < 60
    assert small[:, :88].max() < 60


def test_a_small_jpeg_is_of_the_best_quality_that_fits_and_never_enlarged():
    noise = np.random.default_rng(0).integers(0, 255, size=(120, 160)).astype(np.uint8)
    small, large = (small_jpeg(noise, side=256, size=size) for size in (5_000, 50_000))
    assert len(small) <= 5_000 < len(large)
    assert decoded(small).shape == decoded(large).shape == (120, 160)
    assert (
        np.abs(decoded(large) - noise.astype(float)).mean()
        < np.abs(decoded(small) - noise.astype(float)).mean()
    )
