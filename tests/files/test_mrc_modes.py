import gzip
import struct

import mrcfile
import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.micrograph import read_header, read_micrograph, write_mrc

IMOD_STAMP = 1146047817
SIGNED, PACKED = 1, 16
MARKED = np.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]])


def write_raw(path, pixels, *, width, height, mode, order="<", imod_flags=None, maximum=0.0, stamped=True):
    """Write a header by the byte offsets of MRC2014, 1.5 Å/px across, and the pixels behind it."""
    header = bytearray(1024)
    struct.pack_into(f"{order}4i", header, 0, width, height, 1, mode)
    struct.pack_into(f"{order}3i3f", header, 28, width, height, 1, 1.5 * width, 1.5 * height, 1.5)
    struct.pack_into(f"{order}3i3f", header, 64, 1, 2, 3, 0.0, maximum, 0.0)
    if imod_flags is not None:
        struct.pack_into(f"{order}2i", header, 152, IMOD_STAMP, imod_flags)
    if stamped:
        header[208:216] = b"MAP " + (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    path.write_bytes(bytes(header) + pixels)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.mrc"


# two rows of 5 pixels; 3 bytes a row, the first pixel in the low half of the first byte
PACKED_ROWS = bytes([0x21, 0x43, 0x05, 0x76, 0x98, 0x0A])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("stamped", [True, False])
def test_mode_101_holds_two_pixels_a_byte_low_half_first_and_whole_bytes_a_row(path, order, stamped):
    write_raw(path, PACKED_ROWS, width=5, height=2, mode=101, order=order, stamped=stamped)
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.array, MARKED[:2])
    assert micrograph.array.dtype == np.float32
    assert micrograph.pixel_size == 1.5
    assert read_header(path) == ((2, 5), 1.5)


def test_an_even_row_of_mode_101_is_not_padded(path):
    write_raw(path, bytes([0x21, 0x43, 0x65, 0x87]), width=4, height=2, mode=101)
    np.testing.assert_array_equal(read_micrograph(path).array, [[1, 2, 3, 4], [5, 6, 7, 8]])


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_truncated_mode_101_file_is_named_with_its_sizes(path, reader):
    write_raw(path, PACKED_ROWS[:-1], width=5, height=2, mode=101)
    with pytest.raises(InputError, match=r"m\.mrc: truncated, holds 1029 of 1030 bytes"):
        reader(path)


def test_a_packed_file_of_packed_pixels_reads_like_the_plain_one(path):
    write_raw(path, PACKED_ROWS, width=5, height=2, mode=101)
    squeezed = path.with_name("m.mrc.gz")
    squeezed.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_micrograph(squeezed).array, MARKED[:2])


def test_imods_flag_for_packed_bytes_doubles_the_width_and_keeps_the_pixel_size(path):
    write_raw(path, bytes([0x21, 0x43, 0x65, 0x87]), width=2, height=2, mode=0, imod_flags=PACKED)
    assert read_header(path) == ((2, 4), 1.5)
    np.testing.assert_array_equal(read_micrograph(path).array, [[1, 2, 3, 4], [5, 6, 7, 8]])


@pytest.mark.parametrize(
    ("flags", "maximum", "value"),
    [
        (SIGNED, 0.0, -56),
        (0, 0.0, 200),  # IMOD and SerialEM: unsigned unless flagged
        (None, 0.0, -56),  # MRC2014: signed
        (None, 200.0, 200),  # no signed byte is that large
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_bytes_are_signed_as_the_header_says(path, flags, maximum, value, order):
    write_raw(
        path, bytes([0, 200]), width=2, height=1, mode=0, order=order, imod_flags=flags, maximum=maximum
    )
    np.testing.assert_array_equal(read_micrograph(path).array, [[0, value]])


@pytest.mark.parametrize("mode", [3, 4])
@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_fourier_transform_is_no_micrograph(path, mode, reader):
    write_raw(path, bytes(64), width=4, height=2, mode=mode)
    with pytest.raises(
        InputError, match=rf"m\.mrc: MRC mode {mode} holds a Fourier transform; give the micro"
    ):
        reader(path)


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize(("mode", "kind"), [(0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")])
def test_big_endian_files_read_alike_with_and_without_a_machine_stamp(path, mode, kind, stamped):
    pixels = MARKED.astype(np.dtype(kind).newbyteorder(">")).tobytes()
    write_raw(path, pixels, width=5, height=3, mode=mode, order=">", stamped=stamped)
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.array, MARKED)
    assert micrograph.pixel_size == 1.5
    assert read_header(path) == ((3, 5), 1.5)


def test_pixels_begin_behind_the_extended_header_of_a_packed_file(path):
    write_mrc(path, MARKED.astype(np.int16), pixel_size=2.0)
    with mrcfile.open(path, mode="r+") as file:
        file.set_extended_header(np.full(64, 7, dtype="u1").view("V1"))
    squeezed = path.with_name("m.mrc.gz")
    squeezed.write_bytes(gzip.compress(path.read_bytes()))
    for reading in (path, squeezed):
        np.testing.assert_array_equal(read_micrograph(reading).array, MARKED)


@pytest.mark.parametrize("ending", [".mrc", ".mrc.gz"])
@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_header_that_declares_more_than_any_memory_holds_is_a_truncated_file(tmp_path, ending, reader):
    path = tmp_path / f"m{ending}"
    write_raw(path, bytes(100), width=1_000_000, height=1_000_000, mode=2)
    if ending.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match=r"truncated, holds 1124 of 4000000001024 bytes"):
        reader(path)
