"""RESULTS.md as a whole: what is run for it, what it says, and what it leaves as it was."""

import json
import sys
from pathlib import Path

import pytest
from benchmarks.results import __main__ as program
from benchmarks.results import page, studies
from benchmarks.results.plan import CLEANED, FOLDS, KNOWN_PROTEINS, PLAN, PROTEINS, SWEEP, TOLD, RealEntry
from benchmarks.results.studies import COMPLETE, TIMES, Study
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from cryoice.experiment.outcome import current_commit
from training import compose_config

STUB = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[-1].partition("hydra.sweep.dir=")[2])
number = len(list(folder.glob("[0-9]*")))
(folder / str(number)).mkdir()
told = {"commit": "abc", "seed": number, "overrides": [f"seed={number}", *sys.argv[1:-1]]}
(folder / str(number) / "metrics.json").write_text(json.dumps(told))
sys.exit(number == 0)
"""
"""A train.py whose first start leaves a job undone."""


def add_job(folder, **results):
    folder.mkdir(parents=True)
    told = {"commit": "abc", "seed": int(folder.name), "overrides": [f"seed={folder.name}"]}
    (folder / "metrics.json").write_text(json.dumps(told | results))


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "DOCS", tmp_path / "docs")
    (tmp_path / "docs").mkdir()
    return tmp_path / "out"


def add_sweep(out):
    add_job(out / SWEEP.name / "0")
    (out / SWEEP.name / "sweep.md").write_text("# Sweep\n\n| job |\n| --: |\n| 0 |\n\nall jobs: x\n")
    (out / SWEEP.name / "figures").mkdir()
    (out / SWEEP.name / "figures/heat_map.png").write_bytes(b"picture")


@pytest.mark.parametrize("study", [*PLAN, *RealEntry.at(Path("/data/a b")).plan], ids=lambda one: one.name)
def test_every_study_is_a_sweep_that_composes(study, tmp_path):
    overrides = ["seed=0" if word == "seed=0,1,2" else word for word in study.overrides if word != "-m"]
    config = compose_config(*overrides, run_dir=tmp_path, mode="MULTIRUN")
    assert OmegaConf.to_container(config.trainer, resolve=True)["precision"] in ("32-true", "bf16-mixed")
    assert ("seed=0,1,2" in study.overrides) or HydraConfig.get().sweeper.params


def test_a_study_that_fails_says_so_and_goes_on_when_started_again(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text(STUB)
    monkeypatch.setattr(studies, "ROOT", tmp_path)
    study, out = Study("study", ("seed=0,1",)), tmp_path / "out"
    with pytest.raises(SystemExit, match="study: not every job is done; the same command continues"):
        study.run(out)
    assert study.facts(out).startswith("`python train.py seed=0,1`: 1 trainings, commit `abc`, ")
    assert study.facts(out).endswith("NOT FINISHED.")
    study.run(out)
    assert study.complete(out)
    assert len(study.jobs(out)) == 2
    assert len((out / "study" / TIMES).read_text().split()) == 2


def test_a_section_without_results_stays_and_one_with_them_is_new(out, tmp_path):
    old = tmp_path / "RESULTS.md"
    kept = "## Noisy labels on a real entry\n\nAs it was.\n\n`command`: commit `old`.\n"
    old.write_text(
        f"# Results\n\n## Patch size, depth and learning rate\n\ngone\n\n{kept}\n## Time\n\n9 min\n"
    )
    add_sweep(out)
    page.write_page(out, old)
    text = old.read_text()
    assert f"computed by the code of commit `{current_commit()}`" in text
    assert "gone" not in text
    assert "9 min" not in text
    assert (
        "The best 8 of 1, by validation:\n\n| job |\n| --: |\n| 0 |\n\n![heat map](docs/sweep_heat_map.png)"
        in text
    )
    assert text.endswith(f"NOT FINISHED.\n\n{kept}")
    assert (tmp_path / "docs/sweep_heat_map.png").read_bytes() == b"picture"
    page.write_page(out, old)
    assert old.read_text() == text


def test_proteins_are_told_beside_those_that_were_known(out, tmp_path):
    add_job(out / PROTEINS.name / "0")
    (out / PROTEINS.name / "leave_one_out.md").write_text("# Leave\n\n| entry |\n\nEvery entry\n")
    for seed, (label, truth) in enumerate(((0.7, 0.8), (0.8, 0.9))):
        entries = {
            against: {"mean": {"auroc": {"estimate": found}}, "worst": {"auroc": {"estimate": found - 0.1}}}
            for against, found in (("label", label), ("true_label", truth))
        }
        add_job(out / KNOWN_PROTEINS.name / f"{seed}", entries=entries)
    page.write_page(out, tmp_path / "RESULTS.md")
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| entry |\n\nEvery entry\n\nTrained as long" in text
    assert "AUROC 0.750 ± 0.071 and 0.650 ± 0.071 against the labels, 0.850 ± 0.071 and 0.750 ± 0.071" in text


def test_the_time_of_all_is_told_once_all_is_done(out, tmp_path):
    add_sweep(out)
    plan = (*PLAN, *RealEntry.at(tmp_path).plan)
    for study in plan:
        (out / study.name).mkdir(exist_ok=True)
        (out / study.name / COMPLETE).touch()
        (out / study.name / TIMES).write_text("60\n60\n")
    page.write_page(out, tmp_path / "RESULTS.md")
    assert f"All trainings together: {2 * len(plan)} min on" in (tmp_path / "RESULTS.md").read_text()


def test_studies_are_run_in_order_and_what_learnt_from_new_lists_is_forgotten(out, monkeypatch):
    did = []
    monkeypatch.setattr(Study, "run", lambda self, out: did.append(self.name))
    monkeypatch.setattr(Study, "jobs", lambda self, out: [self.name])
    monkeypatch.setattr(Study, "forget", lambda self, out, new: did.append(f"forget {self.name} {new}"))
    monkeypatch.setattr(program, "write_lists", lambda jobs, folder: did.append(folder.name) or jobs)
    monkeypatch.setattr(program, "write_page", lambda out: did.append("page"))

    def run(*words):
        did.clear()
        monkeypatch.setattr(sys, "argv", ["results", "--out", str(out), *words])
        program.main()
        return list(did)

    folds = [FOLDS.name, "suspects", *(f"forget {one.name} ['{FOLDS.name}']" for one in (CLEANED, TOLD))]
    assert run("--only", "noise_folds", "noise_cleaned") == [*folds, "noise_cleaned", "page"]
    assert run("--tables") == ["page"]
    whole = run("--real", str(out))
    assert [name for name in whole if name in {study.name for study in PLAN}] == [one.name for one in PLAN]
    assert whole[-6:] == [
        "suspects_real", "forget noise_real_cleaned ['noise_real_folds']",
        "forget noise_real_told ['noise_real_folds']", "noise_real_cleaned", "noise_real_told", "page",
    ]  # fmt: skip
