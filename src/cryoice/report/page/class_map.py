"""A mask and what is unsure of it, packed small; `masks.js` unpacks it."""

import zlib

import numpy as np
from jaxtyping import Bool, Integer, UInt8

from cryoice.constants import CLASSES

NO_DATA = len(CLASSES)
UNSURE = 8
"""Bit of a pixel that is unsure; the lower three bits hold its class or `NO_DATA`."""


def pack(mask: Integer[np.ndarray, "h w"], unsure: Bool[np.ndarray, "h w"]) -> bytes:
    """Deflate a byte a pixel, row 0 first, each row but the first as its difference (xor) to the one above.

    Parameters
    ----------
    mask
        Index in `cryoice.constants.CLASSES`, 255 where there are no data.
    unsure
        What is dotted.
    """
    symbols: UInt8[np.ndarray, "h w"] = np.minimum(mask, NO_DATA).astype(np.uint8)
    symbols |= np.where(unsure, UNSURE, 0).astype(np.uint8)
    symbols[1:] ^= symbols[:-1].copy()
    return zlib.compress(symbols.tobytes(), 6)
