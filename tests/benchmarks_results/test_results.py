"""RESULTS.md tells what the finished jobs of its studies found."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from benchmarks.results.jobs import read_jobs
from benchmarks.results.markdown import table, with_bounds
from benchmarks.results.noise import CLEAN, PLAIN, NoiseScores, noise_report, verdicts
from benchmarks.results.studies import COMPLETE, TIMES, Study
from benchmarks.results.suspects import suspects_report, write_lists

from cryoice.errors import InputError
from cryoice.learn.metrics import Interval

NOISY = ("good_to_bad", 0.4)


def write_job(folder, *, loss, noise, seed, predictions, fold=0):
    """A finished job as train.py leaves it, as far as the page reads it."""
    (folder / ".hydra").mkdir(parents=True)
    kind, rate = noise
    (folder / ".hydra/config.yaml").write_text(
        f"seed: {seed}\ndata: {{noise: {{kind: {kind}, rate: {rate}}}}}\n"
    )
    told = [f"loss={loss}", f"seed={seed}", f"data.noise={{kind:{kind},rate:{rate}}}", f"fold={fold}"]
    results = {"commit": "abc", "seed": seed, "overrides": told}
    (folder / "metrics.json").write_text(json.dumps(results))
    predictions.to_csv(folder / "predictions.csv", index=False)


def predictions(apart, *, seed, shift=0.0, micrographs=8, each=40):
    """Scores of GOOD and BAD that lie ``apart`` in a logit of unit noise, and ``shift`` too high."""
    rng = np.random.default_rng(seed)
    label = np.tile([0, 1], micrographs * each // 2)
    logit = (label - 0.5) * apart + shift + rng.normal(size=len(label))
    return pd.DataFrame(
        {
            "entry": "10000",
            "micrograph": np.repeat([f"m{i}" for i in range(micrographs)], each),
            "y": np.arange(len(label), dtype=float),
            "x": 0.0,
            "label": label,
            "true_label": label,
            "probability": 1 / (1 + np.exp(-apart * logit)),
        }
    )


@pytest.fixture
def study(tmp_path):
    """Clean labels and noisy ones; under noise ``robust`` is as good as ever, plain cross-entropy is not."""
    number = 0
    for loss in (PLAIN, "robust"):
        for noise in (CLEAN, NOISY):
            for seed in range(3):
                worse = loss == PLAIN and noise == NOISY
                found = predictions(1.5 if worse else 3.0, seed=seed, shift=2.0 if worse else 0.0)
                write_job(tmp_path / f"{number}", loss=loss, noise=noise, seed=seed, predictions=found)
                number += 1
    return tmp_path


def scores_of(folder):
    jobs = read_jobs(folder)
    return NoiseScores.of(
        {loss: [job for job in jobs if job.told("loss") == loss] for loss in (PLAIN, "robust")}
    )


def test_what_is_kept_is_the_share_of_the_clean_gain_over_chance(study):
    scores = scores_of(study)
    assert scores.kept(CLEAN, PLAIN).mean() == pytest.approx(1)
    auroc = [scores.mean(noise, PLAIN, "auroc").estimate for noise in (CLEAN, NOISY)]
    assert scores.kept(NOISY, PLAIN).mean() == pytest.approx((auroc[1] - 0.5) / (auroc[0] - 0.5))


def test_a_method_that_is_better_in_everything_is_named(study):
    scores = scores_of(study)
    assert scores.keeps_all(NOISY, "robust")
    assert not scores.keeps_all(NOISY, PLAIN)
    line, _ = verdicts(scores)
    assert line.endswith("kept by robust.")


def test_that_none_is_good_enough_is_said(study):
    for job in read_jobs(study):
        if job.told("loss") == "robust" and job.noise == NOISY:
            predictions(1.4, seed=job.seed, shift=2.0).to_csv(job.folder / "predictions.csv", index=False)
    line, _ = verdicts(scores_of(study))
    assert "no way of training reaches all of it" in line


def test_the_report_names_every_method_and_draws_the_figure(study, tmp_path):
    text = noise_report(scores_of(study), tmp_path)
    assert "| robust | " in text
    assert "GOOD→BAD 40 %" in text
    assert (tmp_path / "noise.png").stat().st_size > 5000


def test_suspects_are_scored_against_the_planted_flips(tmp_path):
    for seed in range(2):
        for fold in range(2):
            found = predictions(6.0, seed=10 * seed + fold)
            found["micrograph"] = [f"{name}-{fold}" for name in found["micrograph"]]
            flips = (np.random.default_rng(seed).random(len(found)) < 0.4) & (found["label"] == 0)
            found["label"] = np.where(flips, 1, found["label"])
            folder = tmp_path / f"{2 * seed + fold}"
            write_job(folder, loss=PLAIN, noise=NOISY, seed=seed, predictions=found, fold=fold)
    line = suspects_report(read_jobs(tmp_path)).splitlines()[2]
    title, share, precision, listed, recall, planted, *_ = (
        cell.strip() for cell in line.strip("|").split("|")
    )
    assert title == "GOOD→BAD 40 %"
    assert float(share.split()[0]) == pytest.approx(0.2, abs=0.03)
    assert float(precision.split()[0]) > 0.95
    assert float(listed.split()[0]) > 0.95
    assert float(recall.split()[0]) > 0.75  # of so few picks the rates come out low, and the list short
    assert float(planted.split()[0]) == pytest.approx(0.4, abs=0.05)


def test_a_study_tells_its_command_its_commits_and_its_minutes(study):
    (study / TIMES).write_text("90\n30\n")
    facts = Study(study.name, ("-m", "seed=0,1,2")).facts(study.parent)
    assert facts == "`python train.py -m seed=0,1,2`: 12 trainings, commit `abc`, 2 min; NOT FINISHED."
    (study / COMPLETE).touch()
    assert Study(study.name, ()).facts(study.parent).endswith(" 2 min.")


def test_of_jobs_told_the_same_the_newest_counts(study):
    before = read_jobs(study)
    again = study / "99"
    shutil.copytree(study / "3", again)
    os.utime(again / "metrics.json", (2e9, 2e9))
    found = read_jobs(study)
    assert [job.folder.name for job in found] == [
        job.folder.name for job in before if job.folder.name != "3"
    ] + ["99"]


def test_jobs_tested_on_other_picks_are_not_paired(study):
    for job in (job for job in read_jobs(study) if job.told("loss") == "robust"):
        table = job.predictions()
        table.assign(y=table["y"] + 1).to_csv(job.folder / "predictions.csv", index=False)
    with pytest.raises(InputError, match="hold other test picks"):
        scores_of(study)


def test_lists_are_written_once_and_again_when_a_fold_is_newer_and_what_learnt_from_them_goes(
    study, tmp_path
):
    jobs, out = [job for job in read_jobs(study) if job.told("loss") == PLAIN], tmp_path / "lists"
    conditions = {(*noise, seed) for noise in (CLEAN, NOISY) for seed in range(3)}
    assert set(write_lists(jobs, out)) == conditions
    assert write_lists(jobs, out) == []
    os.utime(jobs[-1].folder / "metrics.json", (2e9, 2e9))
    assert write_lists(jobs, out) == [(*NOISY, 2)]
    (study / COMPLETE).touch()
    Study(study.name, ()).forget(study.parent, [(*CLEAN, 9)])
    assert Study(study.name, ()).complete(study.parent)
    Study(study.name, ()).forget(study.parent, [(*NOISY, 2)])
    assert not Study(study.name, ()).complete(study.parent)
    left = read_jobs(study)
    assert len(left) == 10
    assert not [job for job in left if (*job.noise, job.seed) == (*NOISY, 2)]


def test_tables_and_bounds_read_as_everywhere():
    assert table(["a", "b"], [["x", "1"]]) == ["| a | b |", "| :-- | --: |", "| x | 1 |"]
    assert with_bounds(Interval(0.5, 0.25, 0.75), sign=True) == "+0.500 [+0.250, +0.750]"
