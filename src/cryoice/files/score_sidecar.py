"""Scores of particles beside a coordinate file whose format has no place for them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cryoice.files.atomic import replacing

SCORE_COLUMN = "cryoiceScore"
SCORES_ENDING = "_scores.csv"


def scores_path(path: Path) -> Path:
    """Where the scores of a written coordinate file lie: 'a/clean.box' has 'a/clean.box_scores.csv'."""
    return path.with_name(f"{path.name}{SCORES_ENDING}")


def write_scores(path: Path, *, particles: Mapping[str, np.ndarray], score: Float[np.ndarray, " n"]) -> None:
    """Write a CSV file beside ``path``, one row per particle in that file's order.

    Parameters
    ----------
    path
        The coordinate file that the scores belong to.
    particles
        Columns that tell which particle a row is, such as its uid or its centre in px.
    score
        Probability of an artifact, 0-1.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    cells = [list(map(str, column.tolist())) for column in particles.values()]
    rows = map(",".join, zip(*cells, score_texts(score), strict=True))
    header = ",".join((*particles, SCORE_COLUMN))
    with replacing(scores_path(path)) as scratch:
        scratch.write_text("\n".join((header, *rows, "")))


def score_texts(score: Float[np.ndarray, " n"]) -> list[str]:
    """Scores as files hold them: four decimals."""
    return [f"{value:.4f}" for value in score.tolist()]
