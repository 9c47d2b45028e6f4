"""What was found of particles, beside a coordinate file whose format has no place for it."""

from collections.abc import Mapping, Sequence
from itertools import compress
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from cryoice.files.atomic import replacing

SCORES_ENDING = "_scores.csv"


def scores_path(path: Path) -> Path:
    """Where the columns of a written coordinate file lie: 'a/clean.box' has 'a/clean.box_scores.csv'."""
    return path.with_name(f"{path.name}{SCORES_ENDING}")


def write_scores(
    path: Path,
    *,
    particles: Mapping[str, np.ndarray],
    keep: Bool[np.ndarray, " n"],
    columns: Mapping[str, Sequence[str]],
) -> None:
    """Write a CSV file beside ``path``, one row per particle in that file's order.

    Parameters
    ----------
    path
        The coordinate file that the columns belong to.
    particles
        Columns that tell which particle a row is, such as its uid or its centre in px; of n particles.
    keep
        Those of the n that the file holds.
    columns
        What was found of each of the n: texts without comma, quote or end of line.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    told = [map(str, column[keep].tolist()) for column in particles.values()]
    found = [compress(column, keep.tolist()) for column in columns.values()]
    rows = map(",".join, zip(*told, *found, strict=True))
    header = ",".join((*particles, *columns))
    with replacing(scores_path(path)) as scratch:
        scratch.write_text("\n".join((header, *rows, "")))
