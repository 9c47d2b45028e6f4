"""``cryoice select``: lists of the micrographs worth going on with, and of the rest."""

from pathlib import Path

from cryoice import select_flags as flags
from cryoice.terminal import console, faults_in_one_line


def select(
    masks: flags.Masks,
    max_bad: flags.MaxBad = None,
    max_crystalline: flags.MaxCrystalline = None,
    max_contamination: flags.MaxContamination = None,
    max_support: flags.MaxSupport = None,
    max_other: flags.MaxOther = None,
    max_unsure: flags.MaxUnsure = None,
    max_iciness: flags.MaxIciness = None,
    exposures: flags.Exposures = None,
    output: flags.Output = None,
    rejected: flags.Rejected = None,
) -> None:
    """Split the micrographs of a masked project into accepted and rejected ones.

    - `cryoice select masks`: what cryoice mask called good, by its own --max-bad
    - `cryoice select masks --max-bad 0.2`: at most 20 % of the area bad, whatever it was called
    - `cryoice select masks --max-crystalline 0.05 --max-iciness 1.5 -o good.star`
    - `cryoice select masks --exposures J12_exposures_exported.csg`: J12_exposures_exported_accepted.csg
      and _rejected.csg beside it, uids, passthroughs and order kept, for cryoSPARC's Import Result Group

    Both lists keep blocks, columns and order of DIR/micrographs.star. Micrographs whose iciness
    could not be measured are not rejected for it; those that failed to be masked are in neither list.
    """
    from cryoice.project.select_micrographs import select_micrographs

    with faults_in_one_line():
        limits = {
            "cryoiceBadFraction": max_bad,
            "cryoiceCrystallineFraction": max_crystalline,
            "cryoiceContaminationFraction": max_contamination,
            "cryoiceSupportFraction": max_support,
            "cryoiceOtherFraction": max_other,
            "cryoiceUnsureFraction": max_unsure,
            "cryoiceIciness": max_iciness,
        }
        accepted = output or _default(masks, exposures, "accepted")
        others = rejected or _default(masks, exposures, "rejected")
        counts = select_micrographs(
            masks,
            limits,
            verdict=max_bad is None,
            accepted=accepted,
            rejected=others,
            exposures=exposures,
        )
    out = console()
    out.print(f"{accepted}: {counts.accepted} micrographs", markup=False)
    out.print(f"{others}: {counts.rejected} micrographs", markup=False)
    if counts.unmeasured:
        out.print(f"{counts.unmeasured} accepted ones have no measured iciness", markup=False)
    if counts.unlisted:
        out.print(f"{counts.unlisted} exposures have no mask and are in neither file", markup=False)


def _default(masks: Path, exposures: Path | None, name: str) -> Path:
    """Files of exposures lie beside them: there the paths in exported ones hold."""
    if exposures is None:
        return masks / f"{name}.star"
    return exposures.with_name(f"{exposures.stem}_{name}{exposures.suffix}")
