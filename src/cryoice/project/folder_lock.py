"""Who may write into a folder of masks: one program for all of it, or several, each for its shard.

The locks are advisory (flock; a marker file where the file system has none). They keep a user from
starting the same work twice. That shards leave each other's files alone follows from their sharing no
micrograph, and that no file is seen half-written from its being renamed into place: both hold on network
file systems whose locks do not.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from cryoice.errors import InputError
from cryoice.files.lock import held
from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.project.shard import Shard

_STARTING_S = 30.0
"""For so long a shard waits for others that are starting: each holds the folder's lock for a moment."""


@contextlib.contextmanager
def folder_held(output: Path, *, shard: Shard | None = None) -> Iterator[None]:
    """Hold a folder, or one shard of it, until the block ends or the process dies.

    Raises
    ------
    InputError
        Another program is at work there that does not leave room for this one, or the folder cannot be
        written.
    """
    folder = output / RECORDS_FOLDER
    with contextlib.ExitStack() as locks:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            whole = held(folder / "lock", timeout=0 if shard is None else _STARTING_S)
            locks.enter_context(whole)
            _require_room(output, shard)
            if shard is not None:
                locks.enter_context(held(_lock_of(folder, shard), timeout=0))
                whole.lock.release()
        except Timeout as error:
            who = (
                "another cryoice"
                if Path(error.lock_file).name in ("lock", "lock.marker")
                else f"shard {shard}"
            )
            raise InputError(f"{output}: {who} is at work there; wait for it") from error
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{output}: cannot be written ({reason}); choose another folder") from error
        yield


def _require_room(output: Path, shard: Shard | None) -> None:
    """Refuse where shards are at work; shards of one division do not disturb each other."""
    for path in _locks_of_shards(output):
        _, number, _, count = path.stem.split("-")
        if shard is not None and count == str(shard.count):
            continue
        try:
            held(path, timeout=0).lock.release()
        except Timeout as error:
            raise InputError(f"{output}: shard {number}/{count} is at work there; wait for it") from error


def was_shared(output: Path) -> bool:
    """Whether shards were ever at work on a folder; where locks do not reach them, they may still be."""
    return bool(_locks_of_shards(output))


def _locks_of_shards(output: Path) -> list[Path]:
    return sorted((output / RECORDS_FOLDER).glob("shard-*-of-*.lock"))


def _lock_of(folder: Path, shard: Shard) -> Path:
    return folder / f"shard-{shard.number}-of-{shard.count}.lock"
