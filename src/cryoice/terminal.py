"""How the commands speak: faults in one line, tables and progress that fit a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from cryoice.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def faults_in_one_line() -> Iterator[None]:
    """End the program with status 1 and one line on the error stream on an `InputError`."""
    try:
        yield
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(code=1) from error


def comma_separated(text: str | None) -> tuple[str, ...] | None:
    """Split the words of a flag; None where it was not given."""
    if text is None:
        return None
    return tuple(word.strip() for word in text.split(",") if word.strip())


def progress(items: Sequence[Any], words: str) -> Iterable[Any]:
    """Pass items through; a terminal shows how far they have come."""
    from rich.console import Console
    from rich.progress import track

    said = Console(stderr=True)
    return track(items, description=words, console=said, transient=True, disable=not said.is_terminal)


def console() -> "Console":
    """Return a console that prints words as they are."""
    from rich.console import Console

    return Console(highlight=False)


def show_failures(failures: Sequence[tuple[str, str]]) -> None:
    """Print what failed and why on the error stream, as a table; nothing when nothing failed."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if failures:
        table = Table("failed", "why", title=f"{len(failures)} to mend", title_justify="left")
        for file, reason in failures:
            table.add_row(escape(file), escape(reason.removeprefix(f"{file}: ")))
        Console(stderr=True, highlight=False).print(table)
