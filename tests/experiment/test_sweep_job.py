"""A job's folder is that of its very settings."""

import math

import pytest
from omegaconf import OmegaConf

from cryoice.errors import InputError
from cryoice.experiment.sweep_job import failure, finished_value, record_failure, register_folders


def folder_of(sweep, number, task):
    """Return the folder that Hydra would give to a job, and leave its config there as Hydra does."""
    register_folders()
    subdir = f"${{job_folder:{number}}}"
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(sweep), "subdir": subdir}}, **task})
    name = config.hydra.sweep.subdir
    (sweep / name / ".hydra").mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(task), sweep / name / ".hydra/config.yaml")
    return name


def test_new_jobs_have_the_folders_of_their_numbers(tmp_path):
    assert [folder_of(tmp_path, number, {"patch": number}) for number in range(3)] == ["0", "1", "2"]


def test_a_job_finds_its_folder_whatever_its_number_and_what_does_not_touch_results(tmp_path):
    task = {"patch": 64, "optimizer": {"lr": 1e-5}, "name": "a", "data": {"patch": "${patch}", "jobs": 1}}
    assert folder_of(tmp_path, 3, task) == "3"
    other = {"data": {"jobs": None, "patch": "${patch}"}, "name": "b", "optimizer": {"lr": 1e-5}, "patch": 64}
    assert folder_of(tmp_path, 0, other) == "3"


@pytest.mark.parametrize("change", [{"patch": 32}, {"patience": 3}, {"report": "full"}, {"new": None}])
def test_other_settings_have_another_folder(tmp_path, change):
    task = {"patch": 64, "patience": 6, "report": "scores"}
    assert folder_of(tmp_path, 0, task) == "0"
    assert folder_of(tmp_path, 0, task | change) == "1"


def test_a_folder_of_unreadable_settings_is_left_alone(tmp_path):
    (tmp_path / "0/.hydra").mkdir(parents=True)
    for broken in ("", "[]", "a: [", "\0"):
        (tmp_path / "0/.hydra/config.yaml").write_text(broken)
        assert folder_of(tmp_path, 0, {"patch": 64}) == "1"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('{"monitor": {"value": 0.75}}', 0.75),
        ('{"monitor": {"value": null}}', math.nan),
        ('{"monitor": null}', math.nan),
        ('{"monitor": {"val', None),
        ("{}", None),
        (None, None),
    ],
)
def test_a_run_is_finished_when_its_numbers_can_be_read(tmp_path, written, value):
    if written is not None:
        (tmp_path / "metrics.json").write_text(written)
    assert finished_value(tmp_path) == pytest.approx(value, nan_ok=True)


def test_a_fault_of_ours_is_kept_with_its_traceback_what_a_user_gave_without(tmp_path):
    assert failure(tmp_path) is None
    assert record_failure(tmp_path, InputError("patch=0: too small")) == "patch=0: too small"
    assert (tmp_path / "failure.txt").read_text() == "patch=0: too small\n"
    record_failure(tmp_path, RuntimeError("CUDA out of memory.\nTried to allocate"))
    assert failure(tmp_path) == "RuntimeError: CUDA out of memory. Tried to allocate"
    assert "RuntimeError" in (tmp_path / "failure.txt").read_text().partition("\n")[2]
