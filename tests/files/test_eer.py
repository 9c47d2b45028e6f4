import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.micrograph import read_header, read_micrograph
from eer_writer import write_eer

SHAPE = (20, 33)
SIZE = '<item name="sensorPixelSize.width" unit="m">7.06e-11</item>'


@pytest.fixture
def frames():
    """Return seven frames in which a tenth of the pixels saw an electron; the marked one always."""
    seen = np.random.default_rng(0).random((7, *SHAPE)) < 0.1
    seen[:, 3, 5] = True
    seen[:, 10:] = False  # a run longer than one code holds
    seen[:, 19, 31] = True
    return seen


@pytest.mark.parametrize("compression", [65000, 65001, 65002])
def test_a_movie_is_the_sum_of_its_frames_with_row_0_the_first_of_the_file(tmp_path, frames, compression):
    path = write_eer(tmp_path / "m.eer", frames, compression=compression)
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.array, frames.sum(axis=0))
    assert micrograph.array[3, 5] == 7
    assert micrograph.array[19, 31] == 7
    assert micrograph.array.dtype == np.float32
    assert micrograph.name == "m"


def test_more_frames_than_a_byte_counts_are_summed(tmp_path):
    frames = np.zeros((300, 4, 6), dtype=bool)
    frames[:, 1, 2] = True
    assert read_micrograph(write_eer(tmp_path / "m.eer", frames)).array[1, 2] == 300


@pytest.mark.parametrize(
    ("metadata", "expected"), [(SIZE, 0.706), ("", None), (SIZE.replace("7.06", "-1"), None)]
)
def test_the_sensors_pixel_at_the_specimen_is_the_pixel_size(tmp_path, frames, metadata, expected):
    path = write_eer(tmp_path / "m.eer", frames, metadata=metadata)
    assert read_header(path) == (SHAPE, expected)
    assert read_micrograph(path).pixel_size == expected


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.97])
def test_a_truncated_movie_is_one_line(tmp_path, frames, reader, kept):
    path = write_eer(tmp_path / "m.eer", frames)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"m\.eer: (truncated|cannot be read as TIFF)") as error:
        reader(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_web_page_in_place_of_a_movie_is_called_a_download_error(tmp_path, reader):
    path = tmp_path / "m.eer"
    path.write_text("<html>gone</html>")
    with pytest.raises(InputError, match=r"m\.eer: .*download error"):
        reader(path)


def test_another_tiff_is_no_movie(tmp_path, frames):
    path = write_eer(tmp_path / "m.eer", frames)
    path.write_bytes(path.read_bytes().replace(b"<metadata>", b"<somethin>"))
    with pytest.raises(InputError, match=r"m\.eer: no EER movie"):
        read_micrograph(path)


def test_a_movie_without_electrons_is_refused(tmp_path):
    path = write_eer(tmp_path / "m.eer", np.zeros((2, 8, 9), dtype=bool))
    with pytest.raises(InputError, match=r"m\.eer: every pixel has the same value"):
        read_micrograph(path)
