"""What a prepared data set holds, so that runs on the same data can be told from others."""

import hashlib
import json
from typing import TypedDict

import numpy as np

from cryoice.constants import BAD
from cryoice.learn.prepare import Prepared


class MicrographFacts(TypedDict):
    """One micrograph: its shape as stored in px, Å/px, and how many picks of it are there."""

    entry: str
    name: str
    shape: tuple[int, int]
    pixel_size: float
    picks: int


class Contents(TypedDict):
    """A data set: the `digest` of its contents, counts, and its micrographs by entry and name."""

    digest: str
    entries: list[str]
    n_micrographs: int
    n_picks: int
    n_bad: int
    micrographs: list[MicrographFacts]


def contents(prepared: Prepared) -> Contents:
    """Return what a data set holds.

    The digest (SHA-256, the first 16 hexadecimal digits) covers each micrograph's entry, name, shape and
    pixel size, and each pick's row, column, label and true label. It covers neither pixels nor places nor
    times: the same files elsewhere have the same digest, and a file whose pixels alone changed has it too.
    """
    hashed = hashlib.sha256()
    facts: list[MicrographFacts] = []
    picks = prepared.picks
    own = picks.groupby("micrograph").indices
    columns = picks[["row", "col", "label", "true_label"]].to_numpy("<f8")
    order = sorted(
        range(len(prepared.micrographs)),
        key=lambda index: (prepared.micrographs[index].entry, prepared.micrographs[index].name),
    )
    for index in order:
        micrograph = prepared.micrographs[index]
        rows = own.get(index, np.empty(0, dtype=np.intp))
        fact = MicrographFacts(
            entry=micrograph.entry,
            name=micrograph.name,
            shape=prepared.shapes[index],
            pixel_size=prepared.pixel_sizes[index],
            picks=len(rows),
        )
        facts.append(fact)
        hashed.update(json.dumps(fact, sort_keys=True).encode())
        hashed.update(columns[rows].tobytes())
    return Contents(
        digest=hashed.hexdigest()[:16],
        entries=sorted({fact["entry"] for fact in facts}),
        n_micrographs=len(facts),
        n_picks=len(picks),
        n_bad=int((picks["label"] == BAD).sum()),
        micrographs=facts,
    )
