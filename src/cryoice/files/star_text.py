"""STAR files edited in place: every cell, block, comment and blank that is not edited stays byte for byte.

Read without starfile, which turns cells into numbers, forgets comments and blanks, and holds a million
rows several times over; the tests hold the two readers against each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64, Int64

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.star_blocks import Loop, Rows, find_loops, iterate_rows
from cryoice.files.star_edit import edited_pieces

_SHARED = 1 << 16  # different texts of a column that are kept once: names repeat, numbers do not


class StarText:
    """A STAR file in memory; an edit gives another one and leaves this one as it was.

    ``path`` is where it was read from. Columns are named without their leading underscore.
    """

    def __init__(self, path: Path, pieces: Callable[[], Iterable[bytes]]) -> None:
        self.path = path
        self._pieces = pieces

    @classmethod
    def read(cls, path: Path) -> "StarText":
        """Read a whole file.

        Raises
        ------
        InputError
            The file is missing, cannot be read, or is no STAR file.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); give a STAR file") from error
        star = cls(path, lambda: (text,))
        if b"\0" in text or not star._found[1]:
            raise InputError(f"{path}: not a STAR file, no line begins with 'data_'; give another")
        return star

    @cached_property
    def text(self) -> bytes:
        """The whole file."""
        return b"".join(self._pieces())

    @cached_property
    def _found(self) -> tuple[list[Loop], int]:
        return find_loops(self.text)

    @cached_property
    def _loops(self) -> dict[str, Loop]:
        loops: dict[str, Loop] = {}
        for loop in self._found[0]:
            loops.setdefault(loop.name, loop)
        return loops

    def block_with(self, *columns: str) -> str | None:
        """Name of the first table that has all the columns, '' for a nameless one; None when none has."""
        return next((name for name, loop in self._loops.items() if set(columns) <= set(loop.columns)), None)

    def columns(self, block: str) -> list[str]:
        """Columns of a table, in its order.

        Raises
        ------
        InputError
            There is no such table.
        """
        return list(self._loop(block).columns)

    def table(self, block: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Cells of a table as text without their quotes, of all columns or the given ones.

        Raises
        ------
        InputError
            There is no such table or column, or a row has more or fewer cells than there are labels.
        """
        names = self.columns(block) if columns is None else list(columns)
        cells: list[list[str]] = [[] for _ in names]
        shared: list[dict[str, str]] = [{} for _ in names]
        for parts in self._cells(block, names):
            for part, column, known in zip(parts, cells, shared, strict=True):
                column += [known.setdefault(cell, cell) for cell in part] if len(known) < _SHARED else part
        return pd.DataFrame(dict(zip(names, cells, strict=True)), columns=names, dtype=object)

    def numbers(self, block: str, columns: Sequence[str]) -> Float64[np.ndarray, "n columns"]:
        """Cells of the columns as numbers, NaN where a cell is none; takes less memory than `table`.

        Raises
        ------
        InputError
            As `table`.
        """
        found = [np.empty((0, len(columns)))]
        for parts in self._cells(block, columns):
            numbers = [pd.to_numeric(pd.Series(part, dtype=object), errors="coerce") for part in parts]
            found.append(np.stack([column.to_numpy(dtype=np.float64) for column in numbers], axis=1))
        return np.concatenate(found)

    def row_spans(self, block: str) -> Int64[np.ndarray, "n 2"]:
        """Begin and end in the file's bytes of the line of each row of a table, its end of line included.

        Without some of them the file is what `edited` leaves of it.

        Raises
        ------
        InputError
            As `table`.
        """
        loop = self._loop(block)
        begin, spans = loop.labels_end, [np.empty((0, 2), dtype=np.int64)]
        try:
            for rows in iterate_rows(self.text, loop):
                spans.append(rows.lines + begin)
                begin += len(rows.piece)
        except InputError as error:
            raise self._ragged(error) from error
        return np.concatenate(spans)

    def edited(
        self,
        block: str,
        *,
        keep: Bool[np.ndarray, " n"] | None = None,
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> "StarText":
        """Drop the rows of a table that ``keep`` does not mark; add columns, or replace their cells.

        Parameters
        ----------
        block
            Name of the table.
        keep
            One value per row of the table; None keeps all.
        columns
            Texts for each row of the table as it is, dropped rows included; quoted where need be.

        Raises
        ------
        InputError
            There is no such table.
        """
        loop = self._loop(block)

        def pieces() -> Iterator[bytes]:
            try:
                yield from edited_pieces(self.text, loop, keep=keep, columns=columns or {})
            except InputError as error:
                raise self._ragged(error) from error

        return StarText(self.path, pieces)

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        InputError
            The folder cannot be written, or a row of an edited table has more or fewer cells than labels.
        """
        with replacing(path) as scratch, scratch.open("wb") as stream:
            stream.writelines(self._pieces())

    def _loop(self, block: str) -> Loop:
        if block not in self._loops:
            raise InputError(f"{self.path}: no table data_{block}; it has {self._listed()}")
        return self._loops[block]

    def _listed(self) -> str:
        return ", ".join(f"data_{name}" for name in self._loops) or "none"

    def _cells(self, block: str, columns: Sequence[str]) -> Iterator[list[list[str]]]:
        loop = self._loop(block)
        missing = [name for name in columns if name not in loop.columns]
        if missing:
            raise InputError(
                f"{self.path}: data_{block} has no column {', '.join(missing)}; give another file"
            )
        places = [loop.columns.index(name) for name in columns]
        try:
            for rows in iterate_rows(self.text, loop):
                yield [_texts(rows, place) for place in places]
        except InputError as error:
            raise self._ragged(error) from error

    def _ragged(self, error: InputError) -> InputError:
        return InputError(f"{self.path}: {error}; write the file again")


def _texts(rows: Rows, column: int) -> list[str]:
    places = zip(rows.begins[:, column].tolist(), rows.ends[:, column].tolist(), strict=True)
    if rows.piece.isascii():
        text = rows.piece.decode("ascii")
        cells = [text[begin:end] for begin, end in places]
    else:
        cells = [rows.piece[begin:end].decode("utf-8", "surrogateescape") for begin, end in places]
    return [_unquoted(cell) for cell in cells] if b'"' in rows.piece or b"'" in rows.piece else cells


def _unquoted(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] in "\"'" and cell[-1] == cell[0] else cell
