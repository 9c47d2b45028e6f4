"""Micrograph lists by what the masks found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cryoice.errors import InputError
from cryoice.files.star_text import StarText

LIST = "micrographs.star"
"""The list that ``cryoice mask`` writes, with a row a micrograph."""
_NAME, _VERDICT = "rlnMicrographName", "cryoiceVerdict"
_GOOD = "good"  # `cryoice.mask.masking.GOOD`, without waiting for torch
_SHARE = "Fraction"
"""Columns that end so hold shares of the area, which are always known."""


@dataclass(frozen=True)
class Selected:
    """Numbers of micrographs; ``unmeasured``: accepted though a limited value could not be measured."""

    accepted: int
    rejected: int
    unmeasured: int


def select_micrographs(
    masks: Path, limits: Mapping[str, float | None], *, verdict: bool, accepted: Path, rejected: Path
) -> Selected:
    """Write the micrographs whose columns are all at most their limits, and the others.

    Parameters
    ----------
    masks
        Folder that ``cryoice mask`` wrote.
    limits
        Largest value by column of its list; None: any.
    verdict
        Whether what masking called bad is rejected too.
    accepted, rejected
        STAR files with the list's blocks, columns and order.

    Raises
    ------
    InputError
        There is no such list, it lacks a column, a limit is negative, or a file cannot be written.
    """
    chosen = {column: limit for column, limit in limits.items() if limit is not None}
    for column, limit in chosen.items():
        most = 1 if column.endswith(_SHARE) else np.inf
        if not 0 <= limit <= most:
            raise InputError(
                f"the limit of {column}: {limit:g} is out of range; give "
                + ("a share of the area, 0 to 1" if most == 1 else "a number, 0 or more")
            )
    if accepted.resolve() == rejected.resolve():
        raise InputError(f"{accepted}: cannot hold accepted and rejected ones; give two names")
    path = masks / LIST
    if path.resolve() in (accepted.resolve(), rejected.resolve()):
        raise InputError(f"{path}: would be replaced by a part of itself; choose another name")
    if not path.is_file():
        raise InputError(f"{masks}: holds no {LIST}; give the folder that cryoice mask wrote")
    star = StarText.read(path)
    needed = [*chosen, *([_VERDICT] if verdict else [])]
    block = star.block_with(_NAME, *needed)
    if block is None:
        raise InputError(f"{path}: has no block with {', '.join(needed)}; run cryoice mask again")
    table = star.table(block, [_NAME, *needed])
    values = table[[*chosen]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    shares = np.array([column.endswith(_SHARE) for column in chosen], dtype=bool)
    keep = ~((values > np.array(list(chosen.values()))) | (np.isnan(values) & shares)).any(axis=1)
    if verdict:
        keep &= table[_VERDICT].to_numpy() == _GOOD
    star.edited(block, keep=keep).write(accepted)
    star.edited(block, keep=~keep).write(rejected)
    unmeasured = keep & np.isnan(values).any(axis=1)
    return Selected(int(keep.sum()), int((~keep).sum()), int(unmeasured.sum()))
