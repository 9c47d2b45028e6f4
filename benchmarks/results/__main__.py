"""``python -m benchmarks.results``: every training behind RESULTS.md, then RESULTS.md itself.

Started again it runs what is missing. ``--only STUDY`` runs some, ``--tables`` none; the page itself takes
minutes, for its resamples. A section of it stays as it is while the first of its studies has no results.
"""

import argparse
from pathlib import Path

from benchmarks.results.page import write_page
from benchmarks.results.plan import CLEANED, FOLDS, PLAN, TOLD, RealEntry
from benchmarks.results.studies import ROOT
from benchmarks.results.suspects import write_lists


def main() -> None:
    names = [study.name for study in (*PLAN, *RealEntry.at(Path()).plan)]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "outputs/results", help="where the trainings lie")
    parser.add_argument("--real", type=Path, help="folder that holds CryoPPP's 10146, where it is at hand")
    parser.add_argument("--only", nargs="+", metavar="STUDY", choices=names, help=f"of {', '.join(names)}")
    parser.add_argument("--tables", action="store_true", help="train nothing, write RESULTS.md anew")
    options = parser.parse_args()
    out = options.out.resolve()
    real = RealEntry.at((options.real or Path()).resolve())
    lists = {FOLDS: ("suspects", (CLEANED, TOLD)), real.folds: ("suspects_real", (real.cleaned, real.told))}
    plan = [*PLAN, *(real.plan if options.real else ())]
    for study in () if options.tables else plan:
        if options.only and study.name not in options.only:
            continue
        study.run(out)
        if study in lists:
            name, learners = lists[study]
            new = write_lists(study.jobs(out), out / name)
            for learner in learners:
                learner.forget(out, new)
    write_page(out)


if __name__ == "__main__":
    main()
