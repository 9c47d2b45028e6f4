"""What an MRC header says about the pixels behind it: type, shape, place, pixel size."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cryoice.errors import InputError

_HEADER_BYTES = 1024
_DTYPES = {1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_BYTES, _PACKED, _COMPLEX = 0, 101, (3, 4)
_IMOD_STAMP, _IMOD_SIGNED, _IMOD_PACKED = 1146047817, 1, 16
_IMOD_FIELDS = slice(40, 48)  # in `extra2`: bytes 152 to 159 of the header
_LARGEST_SIDE = 1 << 20  # px; a side read in the wrong byte order is larger, or negative


@dataclass(frozen=True)
class MrcLayout:
    """Where the pixels of a single frame lie.

    Attributes
    ----------
    shape
        Height and width, px.
    dtype
        Of one item; of a pair of pixels when ``packed``.
    packed
        Two pixels of 4 bits in a byte, rows padded to whole bytes.
    start
        Byte at which the pixels begin, in the unpacked file.
    pixel_size
        Å/px; None when unset.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    packed: bool
    start: int
    pixel_size: float | None

    @property
    def count(self) -> int:
        """How many items there are."""
        height, width = self.shape
        return height * (-(-width // 2) if self.packed else width)

    @property
    def end(self) -> int:
        """Bytes that a whole file holds at least."""
        return self.start + self.count * self.dtype.itemsize


def in_order(header: Any) -> Any:
    """Turn the bytes of a header that was read in the wrong order.

    mrcfile tells by the machine stamp and the mode; an old file has no stamp, and modes 0 and 101
    fit both orders or neither.
    """
    turned = header.view(header.dtype.newbyteorder())
    return turned if not _plausible(header) and _plausible(turned) else header


def layout_of(path: Path, header: Any) -> MrcLayout:
    """Read the layout off the header of ``path``.

    Raises
    ------
    InputError
        The mode is unknown or complex, or the file does not hold one frame.
    """
    mode, width, height, frames = (int(header[key]) for key in ("mode", "nx", "ny", "nz"))
    if mode in _COMPLEX:
        raise InputError(f"{path}: MRC mode {mode} holds a Fourier transform; give the micrograph itself")
    if mode not in (_BYTES, _PACKED, *_DTYPES):
        raise InputError(f"{path}: MRC mode {mode} is not supported; convert it to mode 2 (float32)")
    if min(width, height, frames) < 1:
        raise InputError(f"{path}: the header declares {width} x {height} x {frames} pixels; fetch it again")
    if frames != 1:
        raise InputError(f"{path}: holds {frames} frames, not one micrograph; average the frames first")
    flags = _imod_flags(header)
    halved = mode == _BYTES and bool((flags or 0) & _IMOD_PACKED)  # SerialEM: nx counts bytes
    packed = halved or mode == _PACKED
    order = header.dtype["mode"].byteorder
    kind = "u1" if packed else _byte_kind(header, flags) if mode == _BYTES else _DTYPES[mode]
    return MrcLayout(
        shape=(height, 2 * width if halved else width),
        dtype=np.dtype(kind).newbyteorder(order),
        packed=packed,
        start=_HEADER_BYTES + int(header["nsymbt"]),
        pixel_size=_pixel_size(header),
    )


def _plausible(header: Any) -> bool:
    return all(0 <= int(header[key]) < _LARGEST_SIDE for key in ("mode", "nx", "ny", "nz"))


def _imod_flags(header: Any) -> int | None:
    fields = header["extra2"].tobytes()[_IMOD_FIELDS]
    stamp, flags = np.frombuffer(fields, np.dtype("i4").newbyteorder(header.dtype["mode"].byteorder))
    return int(flags) if stamp == _IMOD_STAMP else None


def _byte_kind(header: Any, flags: int | None) -> str:
    if flags is None:
        return "u1" if float(header["dmax"]) > np.iinfo(np.int8).max else "i1"
    return "i1" if flags & _IMOD_SIGNED else "u1"


def _pixel_size(header: Any) -> float | None:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        pixel_size = float(np.float32(header["cella"]["x"]) / np.float32(header["mx"]))
    known = bool(np.isfinite(pixel_size)) and pixel_size > 0
    return float(f"{pixel_size:.6g}") if known else None  # float32 holds no more
