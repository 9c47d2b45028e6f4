"""A table of a STAR file with rows dropped and columns added or replaced, as pieces of the new file."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Bool

from cryoice.files.star_blocks import Loop, Rows, iterate_rows

_NEEDS_QUOTES = re.compile(r"""\s|^["'#]|^$""")


def edited_pieces(
    text: bytes,
    loop: Loop,
    *,
    keep: Bool[np.ndarray, " n"] | None,
    columns: Mapping[str, Sequence[str]],
) -> Iterator[bytes]:
    """Pieces of the file after the edit; arguments as `StarText.edited`.

    Raises
    ------
    ValueError
        There are more or fewer values than rows.
    InputError
        As `iterate_rows`.
    """
    new = [name for name in columns if name not in loop.columns]
    yield text[: loop.labels_end]
    yield _labels(text[: loop.labels_end], new, len(loop.columns))
    replaced = sorted((loop.columns.index(name), name) for name in columns if name not in new)
    done = 0
    for rows in iterate_rows(text, loop):
        part = slice(done, done + len(rows.lines))
        yield _edited(
            rows,
            keep=None if keep is None else keep[part].tolist(),
            replaced=[(column, columns[name][part]) for column, name in replaced],
            added=[columns[name][part] for name in new],
        )
        done = part.stop
    for values in (*columns.values(), *(() if keep is None else (keep,))):
        if len(values) != done:
            raise ValueError(f"{len(values)} values for the {done} rows of data_{loop.name}")
    yield text[loop.rows_end :]


def _labels(before: bytes, names: Sequence[str], count: int) -> bytes:
    end_of_line = b"\r\n" if before.endswith(b"\r\n") else b"\n"
    labels = [f"_{name} #{count + number}".encode() for number, name in enumerate(names, start=1)]
    first = b"" if before.endswith(b"\n") or not labels else end_of_line
    return first + b"".join(label + end_of_line for label in labels)


def _edited(
    rows: Rows,
    *,
    keep: list[bool] | None,
    replaced: Sequence[tuple[int, Sequence[str]]],
    added: Sequence[Sequence[str]],
) -> bytes:
    piece, parts, done = rows.piece, [], 0
    cells = [
        (rows.begins[:, column].tolist(), rows.ends[:, column].tolist(), values)
        for column, values in replaced
    ]
    last = rows.ends[:, -1].tolist()
    for row, (begin, end) in enumerate(rows.lines.tolist()):
        if keep is not None and not keep[row]:
            parts.append(piece[done:begin])
            done = end
            continue
        for begins, ends, values in cells:
            parts += (piece[done : begins[row]], quoted(values[row]))
            done = ends[row]
        for values in added:
            parts += (piece[done : last[row]], b" ", quoted(values[row]))
            done = last[row]
    return b"".join((*parts, piece[done:]))


def quoted(value: str) -> bytes:
    """Write a text as one cell, in quotes where white space or its first letter would break it.

    Raises
    ------
    ValueError
        The text holds an end of line, or both kinds of quotes where it needs some.
    """
    if _NEEDS_QUOTES.search(value) is None:
        return value.encode("utf-8", "surrogateescape")
    mark = next((mark for mark in ('"', "'") if mark not in value), None)
    if mark is None or "\n" in value:
        raise ValueError(f"{value!r} cannot stand in one cell of a STAR file")
    return f"{mark}{value}{mark}".encode("utf-8", "surrogateescape")
