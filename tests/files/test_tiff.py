import numpy as np
import pytest
import tifffile

from cryoice.errors import InputError
from cryoice.files.micrograph import read_header, read_micrograph

RAMP = np.arange(15).reshape(3, 5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.tif"


def pixel_size_of(path):
    """Tell what header and whole file say, which must be the same."""
    assert read_header(path)[1] == read_micrograph(path).pixel_size
    return read_micrograph(path).pixel_size


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8", ">u2", ">f4"])
def test_each_pixel_type_comes_back_as_float32_with_row_0_the_first_of_the_file(path, kind):
    tifffile.imwrite(path, RAMP.astype(kind))
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.array, RAMP)
    assert micrograph.array.dtype == np.float32
    assert (micrograph.name, micrograph.pixel_size) == ("m", None)
    assert read_header(path) == ((3, 5), None)


@pytest.mark.parametrize("kind", ["u1", "i2", "f4"])
@pytest.mark.parametrize("compression", ["lzw", "zstd", "deflate", "packbits"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_compressed_and_big_files_read_alike(path, kind, compression, bigtiff):
    tifffile.imwrite(path, RAMP.astype(kind), compression=compression, bigtiff=bigtiff)
    np.testing.assert_array_equal(read_micrograph(path).array, RAMP)


def test_strips_tiles_and_predictors_read_alike(path):
    pixels = np.arange(33 * 50, dtype=np.uint16).reshape(33, 50)
    for options in ({"rowsperstrip": 4}, {"tile": (16, 16)}, {"compression": "lzw", "predictor": True}):
        tifffile.imwrite(path, pixels, **options)
        np.testing.assert_array_equal(read_micrograph(path).array, pixels)


def test_the_orientation_tag_turns_nothing(path):
    bottom_left = (274, "H", 1, 4, True)
    tifffile.imwrite(path, RAMP.astype(np.uint8), extratags=[bottom_left])
    np.testing.assert_array_equal(read_micrograph(path).array, RAMP)


def test_nan_passes_and_infinity_becomes_nan(path):
    tifffile.imwrite(path, np.array([[1, np.nan], [np.inf, 4]], dtype=np.float32))
    np.testing.assert_array_equal(read_micrograph(path).array, [[1, np.nan], [np.nan, 4]])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_become_luminance_and_transparency_is_dropped(path, planar):
    pixels = np.array([[[255, 0, 0, 9], [0, 255, 0, 200]]], dtype=np.uint8)
    stored = pixels if planar == "contig" else np.moveaxis(pixels, 2, 0)
    tifffile.imwrite(path, stored, photometric="rgb", planarconfig=planar, extrasamples=["unassalpha"])
    np.testing.assert_allclose(read_micrograph(path).array, [[0.299 * 255, 0.587 * 255]], rtol=1e-6)
    assert read_header(path)[0] == (1, 2)


def test_a_palette_is_looked_up(path):
    colours = np.zeros((3, 256), dtype=np.uint16)
    colours[:, 1] = 1000
    tifffile.imwrite(
        path, np.array([[0, 1], [1, 0]], dtype=np.uint8), photometric="palette", colormap=colours
    )
    np.testing.assert_allclose(read_micrograph(path).array, [[0, 1000], [1000, 0]], rtol=1e-6)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"truncate": True}, {"bigtiff": True}])
def test_frames_are_to_be_averaged_first(path, options, reader):
    tifffile.imwrite(
        path, np.stack([RAMP, RAMP, RAMP]).astype(np.uint16), photometric="minisblack", **options
    )
    with pytest.raises(InputError, match=r"m\.tif: holds 3 frames, not one micrograph; average"):
        reader(path)


def test_a_thumbnail_is_passed_over(path):
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(RAMP.astype(np.uint8))
        tiff.write(RAMP[:2, :2].astype(np.uint8))
        tiff.write(RAMP.astype(np.uint8), subfiletype=1)
    np.testing.assert_array_equal(read_micrograph(path).array, RAMP)


def test_a_fourier_transform_is_no_micrograph(path):
    tifffile.imwrite(path, RAMP.astype(np.complex64))
    with pytest.raises(InputError, match=r"m\.tif: holds complex numbers"):
        read_micrograph(path)


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("nm", 10.0, 1.0),
        ("Angstrom", 0.8, 1.25),
        ("\\u00B5m", 1e4, 1.0),
        ("micron", 8000.0, 1.25),
        ("pixel", 1.0, None),
        ("inch", 300.0, None),
    ],
)
def test_imagejs_unit_tells_the_pixel_size(path, unit, per_unit, expected):
    tifffile.imwrite(
        path, RAMP.astype(np.float32), imagej=True, resolution=(per_unit, per_unit), metadata={"unit": unit}
    )
    assert pixel_size_of(path) == expected


def test_ome_tells_the_pixel_size_in_micrometres_unless_it_names_a_unit(path):
    for unit, size, expected in (
        (None, 1.06e-4, 1.06),
        ("nm", 0.25, 2.5),
        ("Å", 1.5, 1.5),
        ("pixel", 1, None),
    ):
        named = {} if unit is None else {"PhysicalSizeXUnit": unit}
        metadata = {"PhysicalSizeX": size, **named}
        tifffile.imwrite(path, RAMP.astype(np.float32), ome=True, metadata=metadata)
        assert pixel_size_of(path) == expected


def test_fei_tells_the_pixel_size_in_metres(path):
    text = b"[Scan]\r\nPixelWidth=1.2e-10\r\nPixelHeight=1.2e-10\r\n"
    tifffile.imwrite(path, RAMP.astype(np.uint8), extratags=[(34682, 2, len(text) + 1, text + b"\0", True)])
    assert pixel_size_of(path) == 1.2


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((200_000_000, 1), "inch", 1.27),
        ((100_000_000, 1), "centimeter", 1.0),
        ((72, 1), "inch", None),
        ((300, 1), "inch", None),
        ((1200, 1), "inch", None),
        ((100_000_000, 1), "none", None),
        ((0, 1), "inch", None),
    ],
)
def test_a_resolution_tells_the_pixel_size_unless_it_is_a_printers(path, resolution, unit, expected):
    tifffile.imwrite(
        path, RAMP.astype(np.uint8), resolution=(resolution, resolution), resolutionunit=unit, metadata=None
    )
    assert pixel_size_of(path) == expected


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_one_line(path, reader, compression, kept):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    tifffile.imwrite(path, noise, compression=compression, rowsperstrip=8)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"m\.tif: (truncated|cannot be read as TIFF)") as error:
        reader(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
def test_a_file_whose_page_list_lies_behind_its_lost_end_is_truncated(path, reader):
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(RAMP.astype(np.uint8))
        first = path.stat().st_size
        tiff.write(RAMP[:2].astype(np.uint8))
    path.write_bytes(path.read_bytes()[:first])
    with pytest.raises(InputError, match=r"m\.tif: truncated, its list of pages has no end"):
        reader(path)


@pytest.mark.parametrize("reader", [read_header, read_micrograph])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>Service unavailable</html>" * 9, "XML or HTML page, a download error"),
        (b"", "empty, a download error"),
        (b"II\x2a\0", "cannot be read as TIFF|truncated"),
        (b"\x93NUMPY\0\1" * 40, "cannot be read as TIFF"),
    ],
)
def test_what_is_no_tiff_is_one_line(path, reader, content, said):
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"m\.tif: .*({said})") as error:
        reader(path)
    assert "\n" not in str(error.value)


def test_damaged_compressed_data_are_one_line(path):
    tifffile.imwrite(path, np.arange(4096, dtype=np.uint16).reshape(64, 64), compression="zstd")
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] + bytes(100))
    with pytest.raises(InputError, match=r"m\.tif: cannot be read as TIFF") as error:
        read_micrograph(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "no pixel is a number"), (3.0, "the same value")])
def test_a_tiff_without_content_is_refused(path, value, said):
    tifffile.imwrite(path, np.full((4, 5), value, dtype=np.float32))
    with pytest.raises(InputError, match=rf"m\.tif: .*{said}"):
        read_micrograph(path)
