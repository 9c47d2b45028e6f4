"""Micrograph lists by what the masks found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool

from cryoice.errors import InputError
from cryoice.files.cryosparc_exposures import read_exposures
from cryoice.files.names import match_micrographs
from cryoice.files.star_text import StarText
from cryoice.project.listed_names import read_listed

LIST = "micrographs.star"
"""The list that ``cryoice mask`` writes, with a row a micrograph."""
_NAME, _VERDICT = "rlnMicrographName", "cryoiceVerdict"
_OURS = "cryoice"  # begins the names of the columns that masking adds
_GOOD = "good"  # `cryoice.mask.masking.GOOD`, without waiting for torch
_SHARE = "Fraction"
"""Columns that end so hold shares of the area, which are always known."""


@dataclass(frozen=True)
class Selected:
    """Numbers of micrographs.

    Attributes
    ----------
    unmeasured
        Accepted though a limited value could not be measured.
    unlisted
        Exposures that the list does not tell of: they failed, or were not masked.
    """

    accepted: int
    rejected: int
    unmeasured: int
    unlisted: int = 0


def select_micrographs(
    masks: Path,
    limits: Mapping[str, float | None],
    *,
    verdict: bool,
    accepted: Path,
    rejected: Path,
    exposures: Path | None = None,
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
        STAR files with the list's blocks, columns and order; or files of the kind of ``exposures``.
    exposures
        Exposures of cryoSPARC, .cs or .csg, which are written instead of the list's rows, in their order.

    Raises
    ------
    InputError
        There is no such list, it lacks a column, a limit is negative, a file cannot be written, or the
        exposures are none, or those of another list.
    """
    chosen = {column: limit for column, limit in limits.items() if limit is not None}
    _check(chosen)
    path = masks / LIST
    _require_apart([path, *([exposures] if exposures else [])], accepted, rejected)
    if not path.is_file():
        raise InputError(f"{masks}: holds no {LIST}; give the folder that cryoice mask wrote")
    star = StarText.read(path)
    needed = [*chosen, *([_VERDICT] if verdict else [])]
    block = star.block_with(_NAME, *needed)
    if block is None:
        raise InputError(f"{path}: has no block with {', '.join(needed)}; run cryoice mask again")
    ours = [column for column in star.columns(block) if column.startswith(_OURS)]
    table = star.table(block, list(dict.fromkeys([_NAME, *needed, *ours])))
    values = table[[*chosen]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    shares = np.array([column.endswith(_SHARE) for column in chosen], dtype=bool)
    keep = ~((values > np.array(list(chosen.values()))) | (np.isnan(values) & shares)).any(axis=1)
    if verdict:
        keep &= table[_VERDICT].to_numpy() == _GOOD
    unmeasured = keep & np.isnan(values).any(axis=1)
    if exposures is not None:
        return _select_exposures(
            exposures, masks, table, keep, unmeasured, accepted=accepted, rejected=rejected
        )
    star.edited(block, keep=keep).write(accepted)
    star.edited(block, keep=~keep).write(rejected)
    return Selected(int(keep.sum()), int((~keep).sum()), int(unmeasured.sum()))


def _check(chosen: Mapping[str, float]) -> None:
    for column, limit in chosen.items():
        most = 1 if column.endswith(_SHARE) else np.inf
        if not 0 <= limit <= most:
            raise InputError(
                f"the limit of {column}: {limit:g} is out of range; give "
                + ("a share of the area, 0 to 1" if most == 1 else "a number, 0 or more")
            )


def _require_apart(inputs: Sequence[Path], accepted: Path, rejected: Path) -> None:
    if accepted.resolve() == rejected.resolve():
        raise InputError(f"{accepted}: cannot hold accepted and rejected ones; give two names")
    for path in inputs:
        if path.resolve() in (accepted.resolve(), rejected.resolve()):
            raise InputError(f"{path}: would be replaced by a part of itself; choose another name")


def _select_exposures(
    path: Path,
    masks: Path,
    table: pd.DataFrame,
    keep: Bool[np.ndarray, " n"],
    unmeasured: Bool[np.ndarray, " n"],
    *,
    accepted: Path,
    rejected: Path,
) -> Selected:
    """Write the exposures whose micrographs are kept, and those whose are not, with our columns beside."""
    exposures = read_exposures(path)
    for target in (accepted, rejected):
        if target.suffix.lower() != path.suffix.lower():
            raise InputError(f"{target}: {path.name} stays a {path.suffix} file; give a name that ends so")
    names = [str(name) for name in table[_NAME]]
    unmasked = sorted(read_listed(masks).difference(names))  # means none of the others, whatever is like it
    pairs = match_micrographs(exposures.names, [*names, *unmasked]).pairs
    places = {name: place for place, name in enumerate(names)}
    rows = np.array([places.get(pairs.get(name, ""), -1) for name in exposures.names], dtype=np.int64)
    listed = rows >= 0
    if not listed.any():
        raise InputError(f"{path}: none of its exposures is in {LIST}; give those that were masked")
    good = listed & keep[rows]
    ours = [str(column) for column in table if str(column).startswith(_OURS)]
    found = {column: [str(cell) for cell in table[column].to_numpy()[rows]] for column in ours}
    exposures.write(accepted, keep=good, columns=found)
    exposures.write(rejected, keep=listed & ~good, columns=found)
    return Selected(
        accepted=int(good.sum()),
        rejected=int((listed & ~good).sum()),
        unmeasured=int((good & unmeasured[rows]).sum()),
        unlisted=int((~listed).sum()),
    )
