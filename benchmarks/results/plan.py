"""The studies in the order in which they build on each other."""

from pathlib import Path

from benchmarks.results.studies import Study

JOBLIB = "hydra/launcher=joblib"

DEFAULT = Study("default", ("-m", "experiment=default", "seed=0,1,2", JOBLIB))
NOISE = Study("noise_study", ("experiment=noise_study",))
FOLDS = Study("noise_folds", ("experiment=noise_folds",))
CLEANED = Study("noise_cleaned", ("experiment=noise_cleaned",))
TOLD = Study("noise_told", ("experiment=noise_told",))
PROTEINS = Study("leave_one_protein_out", ("experiment=leave_one_protein_out", "seed=0,1,2", JOBLIB))
SWEEP = Study("patch_depth_lr", ("experiment=patch_depth_lr", JOBLIB))
FIELDS = Study("patch_size_study", ("experiment=patch_size_study", JOBLIB))

PLAN = (NOISE, FOLDS, CLEANED, TOLD, PROTEINS, SWEEP, DEFAULT, FIELDS)
"""What needs no other data than the embedded."""


def real_entry(root: Path) -> Study:
    """Return the study on EMPIAR-10146 as CryoPPP lays it out; its files do not tell 1.5 Å/px."""
    told = ("experiment=noise_real", f"data.root={root}", "data.entries=[10146]")
    return Study("noise_real", (*told, "data.pixel_sizes={10146:1.5}"))
