"""RESULTS.md: a section a study, each with its command, commits and minutes."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.patch_size import draw, score
from benchmarks.patch_size import read_jobs as patch_size_jobs
from benchmarks.results.jobs import Job
from benchmarks.results.markdown import sections_of, table
from benchmarks.results.noise import CLEAN, PLAIN, NoiseScores, noise_report, scores_table
from benchmarks.results.plan import (
    CLEANED,
    DEFAULT,
    FIELDS,
    FOLDS,
    KNOWN_PROTEINS,
    NOISE,
    PLAN,
    PROTEINS,
    SWEEP,
    TOLD,
    RealEntry,
)
from benchmarks.results.studies import ROOT, Study
from benchmarks.results.suspects import suspects_report
from cryoice.experiment.outcome import current_commit
from cryoice.files.atomic import replacing
from cryoice.report.figures import save_figure
from cryoice.report.leave_one_out import TABLE as ENTRIES
from cryoice.schema import register

DOCS = ROOT / "docs"
REAL = RealEntry.at(Path("DIR"))
"""Under the names that the page tells: folders and commands without a place of this machine."""
SHOWN = 8
"""Best jobs of the sweep on the page."""

HEAD = """# Results

Written by `make results` (`python -m benchmarks.results`), which goes on where it was stopped. Every figure
names its command and the commit of its code; in brackets 95 % intervals over resampled test micrographs, ±
the standard deviation over seeds. Embedded data: simulated micrographs, split by micrograph; the simulation's
settings and the default training's were chosen while looking at it, so these are development figures.
"""


def write_page(out: Path, page: Path = ROOT / "RESULTS.md") -> None:
    """Write the sections of the studies that have results, and their figures into docs/.

    A section stays as the page has it, with its own commit, while the first of its studies has none.
    """
    sections: Sequence[tuple[str, Study, Callable[[Path], str]]] = (
        ("Embedded data", DEFAULT, _default),
        ("Several proteins: each tested by a network that never saw it", PROTEINS, _proteins),
        ("Patch size, depth and learning rate", SWEEP, _sweep),
        ("Noisy labels", NOISE, _noise),
        ("Suspect labels found again", FOLDS, lambda out: suspects_report(FOLDS.jobs(out))),
        ("Noisy labels on a real entry", REAL.losses, _real),
        ("Where the information sits", FIELDS, _fields),
    )
    commit = current_commit()  # before the figures in docs/ change
    before = sections_of(page.read_text("utf-8")) if page.exists() else {}
    lines = [
        f"{HEAD}Scores, intervals and lists of suspects are computed by the code of commit `{commit}`.\n"
    ]
    for title, study, section in sections:
        if study.jobs(out):
            lines += [f"## {title}", "", section(out), "", study.facts(out), ""]
        elif title in before:
            lines += [before[title]]
    every = (*PLAN, *REAL.plan)
    if all(study.complete(out) for study in every):
        minutes = sum(study.seconds(out) for study in every) / 60
        lines += ["## Time", "", f"All trainings together: {minutes:.0f} min on {os.cpu_count()} cores.", ""]
    with replacing(page) as scratch:
        scratch.write_text("\n".join(lines), encoding="utf-8")


def _default(out: Path) -> str:
    jobs = DEFAULT.jobs(out)
    picture = Image.open(jobs[0].folder / "figures/a_micrograph.png").convert("RGB")
    picture.save(DOCS / "result.jpg", quality=88)
    rows = []
    for job in jobs:
        scores = job.results["test"]
        cells = [_cell(scores[against]["network"]["auroc"]) for against in ("label", "true_label")]
        rows.append([f"network, seed {job.seed}", *cells])
    for model in ("logistic", "iciness", "majority"):
        scores = jobs[0].results["test"]
        cells = [_cell((scores[against][model] or {}).get("auroc")) for against in ("label", "true_label")]
        rows.append([model, *cells])
    facts = jobs[0].results
    size = f"{facts['n_patches']} test patches of {facts['n_micrographs']} micrographs"
    lines = [f"{size}; a fifth of the false positives are good particles.", ""]
    return "\n".join([*lines, *table(["model", "against the files' labels", "against the truth"], rows)])


def _cell(found: dict[str, float | None] | None) -> str:
    if not found or found["estimate"] is None:
        return "–"
    low, high = found["low"], found["high"]
    bounds = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{found['estimate']:.3f}{bounds}"


def _proteins(out: Path) -> str:
    text = (out / PROTEINS.name / f"{ENTRIES}.md").read_text("utf-8")
    lines = [text.partition("\n")[2].strip()]
    if known := KNOWN_PROTEINS.jobs(out):
        lines += [
            "",
            "Trained as long on micrographs of every protein and tested on others, mean over entries and "
            f"worst entry: AUROC {_of_entries(known, 'label')} against the labels, "
            f"{_of_entries(known, 'true_label')} against the truth. {KNOWN_PROTEINS.facts(out)}",
        ]
    return "\n".join(lines)


def _of_entries(jobs: Sequence[Job], against: str) -> str:
    entries = [job.results["entries"][against] for job in jobs]
    found = np.array([[one[row]["auroc"]["estimate"] for row in ("mean", "worst")] for one in entries])
    spread = found.std(axis=0, ddof=1) if len(found) > 1 else np.full(2, np.nan)
    return " and ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(found.mean(axis=0), spread, strict=True))


def _sweep(out: Path) -> str:
    folder = out / SWEEP.name
    lines = (folder / "sweep.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    pictures = []
    for path in sorted((folder / "figures").glob("*.png")):
        (DOCS / f"sweep_{path.name}").write_bytes(path.read_bytes())
        pictures.append(f"![{path.stem.replace('_', ' ')}](docs/sweep_{path.name})")
    told = f"The best {SHOWN} of {len(rows) - 2}, by validation:"
    return "\n".join([told, "", *rows[: SHOWN + 2], "", *pictures])


def _noise(out: Path) -> str:
    jobs = {method: own for method, own in _by_loss(NOISE.jobs(out)).items() if method}
    cleaned = CLEANED.jobs(out)
    jobs |= _by_cleaning(cleaned)
    jobs["forward, told"] = TOLD.jobs(out)
    scores = NoiseScores.of(jobs)
    seeds = sorted({job.seed for job in NOISE.jobs(out)})
    told = (
        f"Wrong labels planted in training and validation, seeds {', '.join(map(str, seeds))}; tested on "
        "right ones. No method is told how many are wrong: `forward` and `pu` estimate it on the validation "
        f"split after a warm-up, {'`suspects` and ' * bool(cleaned)}`forward, told` by three folds, which "
        "cost three trainings more; `co_teaching` always leaves out a fifth."
    )
    extra = " ".join(study.facts(out) for study in (CLEANED, TOLD) if study.jobs(out))
    return "\n".join([told, "", noise_report(scores, DOCS), "", extra])


def _by_loss(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.told("loss"), []).append(job)
    return found


def _by_cleaning(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    own = {how: [job for job in jobs if job.told("data.cleaning") == how] for how in ("drop", "flip")}
    return {f"suspects, {how}": found for how, found in own.items() if found}


def _real(out: Path) -> str:
    jobs = _by_loss(REAL.losses.jobs(out)) | _by_cleaning(REAL.cleaned.jobs(out))
    jobs["forward, told"] = REAL.told.jobs(out)
    scores = NoiseScores.of(jobs)
    flipped = ("symmetric", 0.2)
    facts = jobs[PLAIN][0].results
    told = (
        f"EMPIAR-10146, picks of a person against places without a particle; {facts['n_patches']} test "
        f"patches of {facts['n_micrographs']} micrographs, so few that intervals mean little."
    )
    lines = [told, ""]
    for title, noise in (("Labels as they are", CLEAN), ("A fifth of them flipped", flipped)):
        if noise in scores.draws:
            lines += [
                f"**{title}**; Δ: over plain cross-entropy, paired.",
                "",
                *scores_table(scores, noise),
                "",
            ]
    if folds := REAL.folds.jobs(out):
        lines += ["**Flips found again** by three folds:", "", suspects_report(folds), ""]
    extra = [study.facts(out) for study in (REAL.folds, REAL.cleaned, REAL.told) if study.jobs(out)]
    return "\n".join([*lines, " ".join(extra)])


def _fields(out: Path) -> str:
    register()
    save_figure(draw(score(patch_size_jobs([out / FIELDS.name]), draws=500)), DOCS / "patch_size.png")
    return "![AUROC against the side of the patch](docs/patch_size.png)"
