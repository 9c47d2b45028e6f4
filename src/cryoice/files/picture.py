"""Pictures: JPEG and PNG as micrographs (CryoPPP-Lite, screen exports), and what is drawn for people."""

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image, ImageDraw, ImageFont

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.download import refuse_failed_download

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
_END_MARKS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}
_TAIL_BYTES = 1 << 16
_QUALITIES = (75, 55, 40, 28, 20, 14, 10)
_GREY_MODES = ("L", "F", "I", "I;16", "I;16B", "I;16L")


def read_picture_shape(path: Path) -> tuple[int, int]:
    """Height and width in pixels, without decoding.

    Raises
    ------
    InputError
        The file is missing, no JPEG or PNG, or lacks its end.
    """
    with _opened(path) as picture:
        width, height = picture.size
        mark = _END_MARKS.get(picture.format or "")
    if mark is not None and mark not in _tail(path):
        raise InputError(f"{path}: truncated, the picture has no end; fetch it again")
    return height, width


def read_picture(path: Path) -> Float32[np.ndarray, "height width"]:
    """Grey values as float32, top row first; colours become ITU-R 601 luminance.

    Raises
    ------
    InputError
        The file is missing, truncated or no JPEG or PNG.
    """
    with _opened(path) as picture:
        grey = picture if picture.mode in _GREY_MODES else picture.convert("L")
        return np.asarray(grey, dtype=np.float32)


def through_jpeg(
    array: UInt8[np.ndarray, "height width"], *, quality: int
) -> UInt8[np.ndarray, "height width"]:
    """Grey values as a JPEG of ``quality`` 1 to 100 gives them back; in memory."""
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as picture:
        return np.asarray(picture)


def small_jpeg(grey: UInt8[np.ndarray, "height width"], *, side: int, size: int) -> bytes:
    """Bytes of a JPEG whose longer side is at most ``side`` px, each pixel the mean of those below it.

    Of the best quality that takes at most ``size`` bytes; noise may take more at the least. The edges stay
    where they are: pixel (r, c) of (h, w) covers the rows from r·height/h to (r + 1)·height/h.
    """
    longest, found = max(grey.shape), b""
    height, width = (max(1, round(length * min(1.0, side / longest))) for length in grey.shape)
    small = Image.fromarray(grey).resize((width, height), Image.Resampling.BOX)
    for quality in _QUALITIES:
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=quality, optimize=True)
        found = stream.getvalue()
        if len(found) <= size:
            break
    return found


def write_png(path: Path, picture: UInt8[np.ndarray, "height width *rgb"]) -> None:
    """Write grey values, or red, green and blue; row 0 at the top.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(path) as scratch:
        # level 1: noise hardly shrinks any further, and level 6 takes four times as long
        Image.fromarray(picture).save(scratch, "PNG", compress_level=1)


@lru_cache(maxsize=256)
def lettering(text: str, *, size: int) -> UInt8[np.ndarray, "height width"]:
    """Draw a line of text ``size`` px high: how much of each pixel is ink, 0 to 255.

    Its height is that of the font, so that lines of any letters stand on one base line; read only.
    """
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow came without FreeType; install a wheel of it")
    ascent, descent = font.getmetrics()
    ink = Image.new("L", (max(1, math.ceil(font.getlength(text))), ascent + descent))
    ImageDraw.Draw(ink).text((0, 0), text, fill=255, font=font)
    drawn = np.array(ink)
    drawn.flags.writeable = False
    return drawn


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        refuse_failed_download(path)
        with warnings.catch_warnings():
            # a 11520 x 8184 camera is past the size Pillow calls suspicious
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=list(_END_MARKS))
        with picture:
            yield picture
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: cannot be read as a picture ({error}); fetch it again") from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return stream.read()
