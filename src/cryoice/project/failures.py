"""What went wrong in a batch, a row each."""

import csv
from collections.abc import Iterable
from pathlib import Path

from cryoice.files.atomic import replacing


def write_failures(path: Path, failures: Iterable[tuple[str, str]]) -> None:
    """Write ``file,reason``; without failures there is no such file.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    rows = list(failures)
    if not rows:
        path.unlink(missing_ok=True)
        return
    with (
        replacing(path) as scratch,
        scratch.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "reason"))
        writer.writerows(rows)
