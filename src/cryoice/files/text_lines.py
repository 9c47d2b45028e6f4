"""Text files of one particle a line: the lines that are kept stay byte for byte."""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from cryoice.errors import InputError
from cryoice.files.atomic import replacing


@dataclass(frozen=True)
class TextLines:
    """Lines of a text file; blank ones and those that begin with '#' hold no particle.

    Attributes
    ----------
    path
        Where they were read from.
    lines
        All lines with their ends.
    rows
        Which of the lines hold a particle, counted from 0.
    separator
        What parts their cells; None is any blank space.
    """

    path: Path
    lines: list[str]
    rows: list[int]
    separator: str | None = None

    @classmethod
    def read(cls, path: Path) -> "TextLines":
        """Read a whole file; bytes that are no UTF-8 come back when it is written.

        Raises
        ------
        InputError
            The file is missing or no text.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError as error:
            raise InputError(f"{path}: no such file") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); give a text file") from error
        if b"\0" in text:
            raise InputError(f"{path}: is no text file; give a text file of coordinates")
        # parted as bytes, since text is parted at rare characters too
        lines = [line.decode("utf-8", "surrogateescape") for line in text.splitlines(keepends=True)]
        rows = [row for row, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
        return cls(path, lines, rows)

    def below_header(self, separator: str | None) -> "TextLines":
        """Give the same lines, of which the first filled one names the columns and holds no particle."""
        return replace(self, rows=self.rows[1:], separator=separator)

    def cells(self) -> Iterator[list[str]]:
        """Cells of each particle's line; made anew at each call, for they take more room than the lines."""
        return (self.lines[row].rstrip("\r\n").split(self.separator) for row in self.rows)

    def numbers(self, *columns: int) -> Float64[np.ndarray, "n columns"]:
        """Cells of some columns, counted from 0, as numbers.

        Raises
        ------
        InputError
            A cell is missing or no number; the line is named.
        """
        values = array("d")
        for row, cells in zip(self.rows, self.cells(), strict=True):
            try:
                values.extend([float(cells[column]) for column in columns])
            except (IndexError, ValueError) as error:
                raise self._fault(row, cells, columns) from error
        return np.array(values, dtype=np.float64).reshape(-1, len(columns))

    def write(
        self, path: Path, *, keep: Bool[np.ndarray, " n"], edit: Callable[[int, str], str] | None = None
    ) -> None:
        """Write the kept particles' lines and all lines that hold none.

        Parameters
        ----------
        path
            File to write, whole or not at all.
        keep
            One value per particle.
        edit
            Gives the text to write for line number ``i`` (from 0) and its text; None writes all as they are.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        dropped = {row for row, kept in zip(self.rows, keep.tolist(), strict=True) if not kept}
        kept_lines = ((row, line) for row, line in enumerate(self.lines) if row not in dropped)
        texts = (edit(row, line) if edit else line for row, line in kept_lines)
        with replacing(path) as scratch, scratch.open("wb") as stream:
            stream.writelines(text.encode("utf-8", "surrogateescape") for text in texts)

    def _fault(self, row: int, cells: list[str], columns: tuple[int, ...]) -> InputError:
        needed = max(columns) + 1
        if len(cells) < needed:
            fault = f"has {len(cells)} columns, at least {needed} are needed"
        else:
            fault = f"needs numbers in the place of {' '.join(cells[column] for column in columns)[:60]!r}"
        return InputError(f"{self.path}: line {row + 1} {fault}; write the file again")
