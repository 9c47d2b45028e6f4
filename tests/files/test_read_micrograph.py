import bz2
import gzip

import mrcfile
import numpy as np
import pytest
from PIL import Image

from cryoice.errors import InputError
from cryoice.files.micrograph import micrograph_name, read_header, read_micrograph, write_mrc

RAMP = np.arange(15).reshape(3, 5)


@pytest.fixture
def mrc(tmp_path):
    path = tmp_path / "m.mrc"
    write_mrc(path, RAMP.astype(np.float32), pixel_size=1.5)
    return path


def patch_header(path, **fields):
    with mrcfile.open(path, mode="r+", permissive=True) as file:
        for name, value in fields.items():
            file.header[name] = value


@pytest.mark.parametrize(("kind", "mode"), [("f4", 2), ("f2", 12), ("u2", 6), ("i2", 1), ("i1", 0)])
def test_each_pixel_type_keeps_its_mode_and_comes_back_as_float32(tmp_path, kind, mode):
    path = tmp_path / "m.mrc"
    write_mrc(path, RAMP.astype(kind), pixel_size=0.3185)
    with mrcfile.open(path) as file:
        assert file.header.mode == mode
    micrograph = read_micrograph(path)
    assert micrograph.array.dtype == np.float32
    np.testing.assert_array_equal(micrograph.array, RAMP)
    assert micrograph.pixel_size == 0.3185
    assert micrograph.name == "m"
    assert read_header(path) == ((3, 5), 0.3185)


def test_row_0_is_the_first_row_of_the_file(mrc):
    pixels = np.frombuffer(mrc.read_bytes()[1024:], dtype="<f4")
    np.testing.assert_array_equal(pixels[:5], read_micrograph(mrc).array[0])


def test_writing_twice_gives_the_same_bytes(tmp_path, mrc):
    again = tmp_path / "again.mrc"
    write_mrc(again, RAMP.astype(np.float32), pixel_size=1.5)
    assert again.read_bytes() == mrc.read_bytes()
    assert mrcfile.validate(again)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_packed_file_reads_like_the_plain_one(tmp_path, mrc, suffix, pack):
    packed = tmp_path / f"m.mrc{suffix}"
    packed.write_bytes(pack(mrc.read_bytes()))
    micrograph = read_micrograph(packed)
    np.testing.assert_array_equal(micrograph.array, RAMP)
    assert micrograph.name == "m"
    assert read_header(packed) == ((3, 5), 1.5)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_packed_file_that_ends_early_is_truncated(tmp_path, mrc, suffix, pack, reader):
    rng = np.random.default_rng(0)
    write_mrc(mrc, rng.normal(size=(40, 40)).astype(np.float32), pixel_size=1.0)
    packed = tmp_path / f"m.mrc{suffix}"
    whole = pack(mrc.read_bytes())
    packed.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(InputError, match=r"m\.mrc.*truncated"):
        reader(packed)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize("bytes_left", [1024, 1024 + 59])
def test_a_truncated_file_is_named_with_its_sizes(mrc, reader, bytes_left):
    mrc.write_bytes(mrc.read_bytes()[:bytes_left])
    with pytest.raises(InputError, match=rf"m\.mrc: truncated, holds {bytes_left} of 1084 bytes"):
        reader(mrc)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty, a download error"),
        (b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>' * 40, "XML or HTML page, a download"),
        (b"\n\n<!DOCTYPE html><html>" * 80, "XML or HTML page, a download error"),
        (b"404: Not Found", "text, a download error"),
        (b"\x00\x01\x02", "cannot be read as MRC"),
    ],
)
def test_a_failed_download_is_called_one(mrc, reader, content, said):
    mrc.write_bytes(content)
    with pytest.raises(InputError, match=said):
        reader(mrc)


def test_a_missing_map_stamp_is_tolerated(mrc):
    patch_header(mrc, map=b"\0\0\0\0")
    np.testing.assert_array_equal(read_micrograph(mrc).array, RAMP)
    assert read_header(mrc) == ((3, 5), 1.5)


@pytest.mark.parametrize("cell", [0.0, -7.5, np.nan])
def test_a_pixel_size_that_is_no_length_is_unknown(mrc, cell):
    patch_header(mrc, cella=(cell, cell, cell))
    assert read_micrograph(mrc).pixel_size is None
    assert read_header(mrc) == ((3, 5), None)


def test_a_header_without_a_sampling_has_no_pixel_size(mrc):
    patch_header(mrc, mx=0)
    assert read_header(mrc) == ((3, 5), None)


def test_big_endian_files_read_alike(tmp_path):
    path = tmp_path / "m.mrc"
    with mrcfile.new(path) as file:
        file.set_data(RAMP.astype(">f4"))
    np.testing.assert_array_equal(read_micrograph(path).array, RAMP)


def test_an_extended_header_is_passed_over(mrc):
    with mrcfile.open(mrc, mode="r+") as file:
        file.set_extended_header(np.zeros(64, dtype="V1"))
    np.testing.assert_array_equal(read_micrograph(mrc).array, RAMP)
    assert read_header(mrc)[0] == (3, 5)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_an_unknown_mode_says_what_to_convert_to(mrc, reader):
    patch_header(mrc, mode=16)
    with pytest.raises(InputError, match=r"MRC mode 16 is not supported; convert"):
        reader(mrc)


def test_a_stack_of_one_frame_is_a_micrograph(tmp_path):
    path = tmp_path / "m.mrcs"
    with mrcfile.new(path) as file:
        file.set_data(RAMP[None].astype(np.float32))
    np.testing.assert_array_equal(read_micrograph(path).array, RAMP)


def test_a_movie_is_refused(tmp_path):
    path = tmp_path / "m.mrcs"
    with mrcfile.new(path) as file:
        file.set_data(np.stack([RAMP, RAMP]).astype(np.float32))
    with pytest.raises(InputError, match="holds 2 frames"):
        read_micrograph(path)


def test_a_header_of_zeros_is_refused(mrc):
    mrc.write_bytes(bytes(2048))
    with pytest.raises(InputError, match="declares 0 x 0 x 0 pixels"):
        read_micrograph(mrc)


def test_nan_passes_and_infinity_becomes_nan(tmp_path):
    path = tmp_path / "m.mrc"
    write_mrc(path, np.array([[1, np.nan], [np.inf, 4]], dtype=np.float32), pixel_size=1.0)
    np.testing.assert_array_equal(read_micrograph(path).array, [[1, np.nan], [np.nan, 4]])


@pytest.mark.parametrize(("value", "said"), [(np.nan, "no pixel is a number"), (3.0, "the same value")])
def test_a_micrograph_without_content_is_refused(tmp_path, value, said):
    path = tmp_path / "m.mrc"
    write_mrc(path, np.full((4, 5), value, dtype=np.float32), pixel_size=1.0)
    assert read_header(path) == ((4, 5), 1.0)
    with pytest.raises(InputError, match=rf"m\.mrc: .*{said}"):
        read_micrograph(path)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize("name", ["m.mrc", "m.mrc.gz", "m.tif", "m.eer", "m.jpg"])
def test_a_missing_file_is_named(tmp_path, reader, name):
    with pytest.raises(InputError, match=f"{name}: no such file"):
        reader(tmp_path / name)


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"m\.dm4: not a micrograph; give one of \.mrc"):
        read_micrograph(tmp_path / "m.dm4")


def test_a_grey_picture_has_row_0_on_top_and_no_pixel_size(tmp_path):
    path = tmp_path / "m.PNG"
    Image.fromarray(RAMP.astype(np.uint8)).save(path)
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.array, RAMP)
    assert micrograph.pixel_size is None
    assert read_header(path) == ((3, 5), None)


def test_a_16_bit_picture_keeps_its_range(tmp_path):
    path = tmp_path / "m.png"
    Image.fromarray((RAMP * 1000).astype(np.uint16)).save(path)
    assert read_micrograph(path).array.max() == 14_000


def test_colours_become_luminance(tmp_path):
    path = tmp_path / "m.png"
    Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0]]], dtype=np.uint8)).save(path)
    np.testing.assert_allclose(read_micrograph(path).array, [[0.299 * 255, 0.587 * 255]], atol=0.5)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_truncated_picture_is_refused(tmp_path, suffix, reader):
    path = tmp_path / f"m{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"m\.(jpg|png): .*truncated"):
        reader(path)


def test_a_web_page_in_place_of_a_picture_is_called_a_download_error(tmp_path):
    path = tmp_path / "m.jpg"
    path.write_text("<html><body>Service unavailable</body></html>")
    with pytest.raises(InputError, match="download error"):
        read_header(path)


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        write_mrc(tmp_path / "taken" / "m.mrc", RAMP.astype(np.float32), pixel_size=1.0)


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("a.frames.mrc", "a.frames"),
        ("a b.mrc.gz", "a b"),
        ("A.MRC", "A"),
        ("a.mrcs.bz2", "a"),
        ("a.jpeg", "a"),
        ("a_EER.eer", "a_EER"),
        ("a.ome.TIFF", "a.ome"),
    ],
)
def test_the_name_is_the_file_name_without_its_ending(tmp_path, file_name, name):
    assert micrograph_name(tmp_path / file_name) == name
