"""The studies in the order in which they build on each other."""

import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results.studies import Study

JOBLIB = "hydra/launcher=joblib"

DEFAULT = Study("default", ("-m", "experiment=default", "seed=0,1,2", JOBLIB))
NOISE = Study("noise_study", ("experiment=noise_study",))
FOLDS = Study("noise_folds", ("experiment=noise_folds",))
CLEANED = Study("noise_cleaned", ("experiment=noise_cleaned",))
TOLD = Study("noise_told", ("experiment=noise_told",))
PROTEINS = Study("leave_one_protein_out", ("experiment=leave_one_protein_out", "seed=0,1,2", JOBLIB))
KNOWN_PROTEINS = Study(
    "known_proteins",
    ("-m", "experiment=leave_one_protein_out", "~split", "name=known_proteins", "seed=0,1,2", JOBLIB),
)
"""The trainings of `PROTEINS` with every protein among what is learnt from."""

SWEEP = Study("patch_depth_lr", ("experiment=patch_depth_lr", JOBLIB))
FIELDS = Study("patch_size_study", ("experiment=patch_size_study", JOBLIB))

PLAN = (NOISE, FOLDS, CLEANED, TOLD, PROTEINS, KNOWN_PROTEINS, SWEEP, DEFAULT, FIELDS)
"""What needs no other data than the embedded."""


@dataclass(frozen=True)
class RealEntry:
    """The studies on an entry at hand.

    Attributes
    ----------
    losses
        Every loss, on its labels as they are and with a fifth of them flipped.
    folds
        Networks that never saw what they judge.
    cleaned
        Plain cross-entropy on labels that the folds' suspects cleaned.
    told
        `forward`, told how often labels are wrong by what the folds' suspects estimate.
    """

    losses: Study
    folds: Study
    cleaned: Study
    told: Study

    @classmethod
    def at(cls, root: Path) -> "RealEntry":
        """Return those on EMPIAR-10146 as CryoPPP lays it out; its files do not tell 1.5 Å/px."""
        place = str(root) if re.fullmatch(r"[\w/.\-]+", str(root)) else f"'{root}'"
        told = (f"data.root={place}", "data.entries=[10146]", "data.pixel_sizes={10146:1.5}")
        names = ("noise_real", "noise_real_folds", "noise_real_cleaned", "noise_real_told")
        return cls(*(Study(name, (f"experiment={name}", *told)) for name in names))

    @property
    def plan(self) -> tuple[Study, ...]:
        """All of them, in the order in which they build on each other."""
        return (self.losses, self.folds, self.cleaned, self.told)
