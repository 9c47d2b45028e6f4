"""Where the tables of a STAR file lie in its bytes: blocks, labels, rows and cells.

The grammar is that of RELION and starfile: a line ``data_NAME`` opens a block, ``loop_`` and labels open
its table, and every further line that is neither empty nor a comment is a row of cells between white
space. A cell that begins with a quote ends with the same quote before white space; ``#`` at the beginning
of a cell opens a comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from cryoice.errors import InputError

_PIECE = 1 << 22  # bytes looked at in one go: keeps the temporary arrays below 100 MB
_HEAD = rb"[ \t]*data_(\S*)[ \t\r]*(?:#[^\n]*)?(?=\n|\Z)"
_FIRST_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?" + _HEAD)
_NEXT_HEAD = re.compile(rb"\n" + _HEAD)  # begins with a plain character, so that searching is quick
_HIDDEN = re.compile(rb"""(?<!\S)(?:(?P<mark>["'])[^\n]*?(?P=mark)(?!\S)|(?P<comment>\#[^\n]*))""")


@dataclass(frozen=True)
class Loop:
    """One table: its block's name, its labels, and where in the file label lines and rows end."""

    name: str
    columns: tuple[str, ...]
    labels_end: int
    rows_end: int


@dataclass(frozen=True)
class Rows:
    """Some rows of a table: a piece of the file and where its cells lie in it.

    Attributes
    ----------
    piece
        Whole lines of the file, rows and what stands between them.
    lines
        Begin and end of each row's line, the end of line included.
    begins, ends
        Begin and end of each cell, quotes included.
    """

    piece: bytes
    lines: Int64[np.ndarray, "n 2"]
    begins: Int64[np.ndarray, "n columns"]
    ends: Int64[np.ndarray, "n columns"]


def find_loops(text: bytes) -> tuple[list[Loop], int]:
    """Tables of a STAR file in its order, and the number of its blocks whether or not they hold one."""
    first = _FIRST_HEAD.match(text)
    heads = [(0, first)] if first else []
    heads += [(match.start() + 1, match) for match in _NEXT_HEAD.finditer(text)]
    ends = [*(begin for begin, _ in heads), len(text)][1:]
    loops = [
        _loop(text, match[1].decode("utf-8", "surrogateescape"), begin=match.end(), end=end)
        for (_, match), end in zip(heads, ends, strict=True)
    ]
    return [loop for loop in loops if loop is not None], len(heads)


def _loop(text: bytes, name: str, *, begin: int, end: int) -> Loop | None:
    columns: list[str] = []
    labels_end, opened = begin, False
    for line_end, line in _lines(text, begin=begin, end=end):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        if not opened:
            if words[0] != b"loop_":
                return None
            opened = True
        elif words[0].startswith(b"_"):
            columns.append(words[0][1:].decode("utf-8", "surrogateescape"))
            labels_end = line_end
        else:
            break
    return Loop(name=name, columns=tuple(columns), labels_end=labels_end, rows_end=end) if columns else None


def _lines(text: bytes, *, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    while begin < end:
        found = text.find(b"\n", begin, end)
        line_end = end if found < 0 else found + 1
        yield line_end, text[begin:line_end]
        begin = line_end


def iterate_rows(text: bytes, loop: Loop) -> Iterator[Rows]:
    """All rows of a table, some at a time; the pieces together are the file between labels and next block.

    Raises
    ------
    InputError
        A row has another number of cells than the table has labels; the message begins with its line.
    """
    begin = loop.labels_end
    while begin < loop.rows_end:
        found = text.find(b"\n", begin + _PIECE, loop.rows_end)
        end = loop.rows_end if found < 0 else found + 1
        yield _located(text, begin, end, len(loop.columns))
        begin = end


def _located(text: bytes, begin: int, end: int, columns: int) -> Rows:
    piece = text[begin:end]
    codes = np.frombuffer(_cells_only(piece), dtype=np.uint8)
    solid = codes > ord(" ")
    edges = np.flatnonzero(np.diff(solid, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    line_ends = np.flatnonzero(codes == ord("\n")) + 1
    if not piece.endswith(b"\n"):
        line_ends = np.append(line_ends, len(piece))
    lines = np.stack([np.concatenate([[0], line_ends[:-1]]), line_ends], axis=1)
    counts = np.diff(np.searchsorted(begins, np.append(lines[:, 0], len(piece))))
    ragged = np.flatnonzero((counts != columns) & (counts > 0))
    if len(ragged):
        line = text.count(b"\n", 0, begin) + int(ragged[0]) + 1
        raise InputError(f"line {line} has {counts[ragged[0]]} values, its table {columns} columns")
    shape = (-1, columns)
    return Rows(piece, lines[counts > 0], begins.reshape(shape), ends.reshape(shape))


def _cells_only(piece: bytes) -> bytes:
    """Make spaces inside quotes solid and comments spaces; every byte keeps its place."""
    if not any(mark in piece for mark in (b'"', b"'", b"#")):
        return piece
    return _HIDDEN.sub(lambda found: (b" " if found["comment"] else b"x") * len(found[0]), piece)
