"""Tiny EER movies, written by the format's description: there is no encoder to be had.

A BigTIFF with one strip a frame. The strip is a stream of bits, the lowest of a byte first: for each
electron the number of empty pixels before it, then its place within the pixel; a number of all ones
means that many empty pixels and no electron yet. The last number reaches past the last pixel, and whole
words of 16 bits are written.
"""

import struct
from pathlib import Path

import numpy as np

RUN_BITS = {65000: 8, 65001: 7, 65002: 7}
PLACE_BITS = 4


def encoded(frame: np.ndarray, *, run_bits: int, place: int) -> bytes:
    """Encode a frame of zeros and ones; every electron lies at the same place of its pixel."""
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend(value >> bit & 1 for bit in range(count))

    longest, last = (1 << run_bits) - 1, -1
    for position in [*np.flatnonzero(frame).tolist(), frame.size]:
        run, last = position - last - 1, position
        while run >= longest:
            put(longest, run_bits)
            run -= longest
        put(run, run_bits)
        put(place, PLACE_BITS)
    bits.extend([0] * (-len(bits) % 16))
    return np.packbits(np.array(bits, dtype=np.uint8), bitorder="little").tobytes()


def write_eer(path: Path, frames: np.ndarray, *, compression: int = 65001, metadata: str = "") -> Path:
    """Write frames of zeros and ones, and the items of their acquisition's metadata."""
    text = f"<metadata>{metadata}</metadata>".encode()
    content = bytearray(b"II\x2b\0\x08\0\0\0" + bytes(8))
    place_of_text = len(content)
    content += text
    link = 8
    for number, frame in enumerate(frames):
        strip = encoded(frame, run_bits=RUN_BITS[compression], place=number % 16)
        offset = len(content)
        content += strip
        height, width = frame.shape
        entries = [(256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, compression), (273, 16, 1, offset)]
        entries += [(278, 4, 1, height), (279, 16, 1, len(strip)), (65001, 7, len(text), place_of_text)]
        struct.pack_into("<Q", content, link, len(content))
        content += struct.pack("<Q", len(entries))
        content += b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
        link = len(content)
        content += bytes(8)
    path.write_bytes(content)
    return path
