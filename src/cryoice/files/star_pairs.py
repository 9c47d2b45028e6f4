"""Blocks of a STAR file that hold one row as pairs of label and value, without ``loop_``."""

import re
from collections.abc import Iterator

from cryoice.files.star_text import StarText

_HEAD = re.compile(rb"^data_[^\n]*\n", re.MULTILINE)
_LABEL_FIRST = re.compile(rb"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*_")
_PAIR = re.compile(
    rb"""[ \t]*(?P<label>_\S+)[ \t]+(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s#]\S*)[ \t\r]*(?:\#[^\n]*)?\n?"""
)


def with_tables(star: StarText, *columns: str) -> StarText:
    """Give a STAR file in which blocks of pairs that have all the columns are tables of one row.

    Other blocks, and comments and blank lines, stay byte for byte; so does a file with such a table.
    """
    if star.block_with(*columns) is not None:
        return star
    text = star.text
    heads = list(_HEAD.finditer(text))
    ends = [*(head.start() for head in heads), len(text)][1:]
    done, pieces = 0, []
    for begin, end in zip((head.end() for head in heads), ends, strict=True):
        if _LABEL_FIRST.match(text, begin, end) is None:
            continue
        table = b"".join(_table(text[begin:end], columns))
        if table:
            pieces += [text[done:begin], table]
            done = end
    return StarText(star.path, lambda: (*pieces, text[done:])) if pieces else star


def _table(block: bytes, columns: tuple[str, ...]) -> Iterator[bytes]:
    """Pieces of the block as a table; none where it holds other lines or lacks a column."""
    lines = block.splitlines(keepends=True)
    pairs = {place: _PAIR.fullmatch(line) for place, line in enumerate(lines) if not _is_blank(line)}
    found = [pair for pair in pairs.values() if pair is not None]
    labels = {pair["label"].decode("utf-8", "surrogateescape") for pair in found}
    if len(found) < len(pairs) or not {f"_{name}" for name in columns} <= labels:
        return
    first, last = min(pairs), max(pairs)
    yield from (*lines[:first], b"loop_\n")
    for place, line in enumerate(lines[first : last + 1], start=first):
        pair = pairs.get(place)
        yield line if pair is None else pair["label"] + b"\n"
    yield b" ".join(pair["value"] for pair in found) + b"\n"
    yield from lines[last + 1 :]


def _is_blank(line: bytes) -> bool:
    return not line.strip() or line.lstrip().startswith(b"#")
