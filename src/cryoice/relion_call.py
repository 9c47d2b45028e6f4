"""How RELION calls a command as an External job, and how it hears of the end.

The command line is ``EXECUTABLE --o External/jobNNN/ --in_mics FILE --label value --j N``, put together as
text: the value of a field left empty is missing. Outputs go to run.out and run.err, the exit status nowhere.
"""

import contextlib
import signal
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from cryoice.errors import InputError
from cryoice.terminal import faults_in_one_line

if TYPE_CHECKING:
    from cryoice.files.relion_job import RelionJob

_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


class RelionCommand(TyperCommand):
    """A command that RELION runs: fields left empty count as not given, faults are told to RELION too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line of RELION.

        A wrong one ends in one line and status 1, and marks the job in the folder after ``--o`` as failed.
        """
        flags: dict[str, str | None] = {}
        for param in (param for param in self.params if getattr(param, "is_flag", False)):
            for names, others in ((param.opts, param.secondary_opts), (param.secondary_opts, param.opts)):
                flags |= dict.fromkeys(names, next(iter(others), None))
        known = {name for param in self.params for name in param.opts} - flags.keys()
        words = list(plain_words(args, known=known, flags=flags))
        try:
            return super().parse_args(ctx, [*words])  # the parser empties its list
        except typer.Exit:
            raise
        except Exception as error:  # a fault of the words, whatever the parser calls its class
            message = getattr(error, "format_message", error.__str__)()
            typer.echo(f"error: {' '.join(message.split())}", err=True)
            _mark_as_failed(words)
            raise typer.Exit(code=1) from error


def plain_words(args: Sequence[str], *, known: set[str], flags: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the words of a command line without options that lack their value.

    RELION writes the labels of its fields with underscores; hyphens in them are taken for those.

    Parameters
    ----------
    args
        As the shell split them.
    known
        Options that want a value.
    flags
        Options that want none, denials too, each with what denies it, if anything does; Yes or No may follow.
    """
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            yield word
            continue
        name = f"--{word[2:].replace('-', '_')}" if "=" not in word else word
        follows = waiting[0].strip().lower() if waiting and not waiting[0].startswith("--") else None
        if name in known:
            if follows is not None:
                value = waiting.pop(0)
                yield from (name, value) if follows else ()
        elif name in flags and follows in (*_YES, *_NO, ""):
            waiting.pop(0)
            chosen = flags[name] if follows in _NO else name  # a denial that is denied is the flag itself
            yield from (chosen,) if chosen else ()
        else:
            yield name if name in flags else word


@contextlib.contextmanager
def told_to_relion(folder: Path) -> Iterator["RelionJob"]:
    """Run a job in its folder and leave there the file that tells how it ended, whatever happens.

    Ends the program with status 0 and `SUCCESS`; 1 and `FAILURE` on a fault, which is told in one line when
    it is an `InputError`; 2 and `ABORTED` where RELION asked for the end; 128 + the signal's number and
    `ABORTED` on SIGTERM and Ctrl-C.
    """
    from cryoice.files.relion_job import ABORTED, FAILURE, SUCCESS, JobAbortedError, RelionJob

    job = RelionJob(folder)
    with faults_in_one_line(), _told_when_stopped(job):
        job.begin()
        marker, status = FAILURE, 1
        try:
            job.require_wanted()
            yield job
            marker, status = SUCCESS, 0
        except InputError as error:
            typer.echo(f"error: {error}", err=True)
        except JobAbortedError:
            marker, status = ABORTED, 2
        except KeyboardInterrupt as stop:
            marker, status = ABORTED, 128 + (stop.args[0] if stop.args else signal.SIGINT)
        except BaseException:
            with contextlib.suppress(InputError):
                job.end(FAILURE)
            raise
        job.end(marker)
    if status:
        raise typer.Exit(code=status)


@contextlib.contextmanager
def _told_when_stopped(job: "RelionJob") -> Iterator[None]:
    """Stop the block as Ctrl-C does when a queue sends SIGTERM, and tell RELION of it at once.

    What follows a SIGTERM is a SIGKILL, which may come before those in flight and the lists are done.
    """
    from cryoice.files.relion_job import ABORTED

    def stop(number: int, _: object) -> None:
        with contextlib.suppress(InputError):  # tried again at the end, and told then
            job.end(ABORTED)
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _mark_as_failed(words: Sequence[str]) -> None:
    from cryoice.files.relion_job import FAILURE, RelionJob

    folder = next((value for name, value in pairwise(words) if name == "--o"), None)
    if folder is None:
        return
    try:
        job = RelionJob(Path(folder))
        job.begin()
        job.end(FAILURE)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
