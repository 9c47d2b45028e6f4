"""Several devices: what is refused before anything starts, and which process is the first."""

import time

import pytest

from cryoice.errors import InputError
from cryoice.experiment import processes
from cryoice.experiment.devices import check_devices, one_device
from cryoice.experiment.processes import is_first, launched, one_voice, started
from cryoice.experiment.settings import plain_settings
from cryoice.learn.losses import CrossEntropy
from training import compose_config


def check(tmp_path, *overrides, mode="RUN"):
    config = compose_config("data=cryoppp", "data.root=x", *overrides, run_dir=tmp_path, mode=mode)
    check_devices(plain_settings(config))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("trainer.devices=2",), "trainer.devices=2: a run uses one device; add trainer=ddp for more"),
        (("trainer.devices=auto",), "trainer.devices=auto: a run uses one device"),
        (("trainer=ddp", "trainer.devices=auto"), "trainer.devices=auto: must be the number of devices"),
        (("trainer=ddp", "trainer.devices=0"), "trainer.devices=0: must be the number of devices"),
        (("trainer=ddp", "batch_size=15"), "batch_size=15: 2 devices share each batch equally"),
        (("trainer=ddp", "trainer.num_nodes=3"), "batch_size=64: 6 devices share"),
        (
            ("trainer=ddp", "trainer.sync_batchnorm=true", "trainer.accelerator=cpu"),
            "trainer.sync_batchnorm=true: needs GPUs",
        ),
        (
            ("trainer=ddp", "model=two_stream"),
            "TwoStreamClassifier: does not use all its weights .* set trainer.strategy=ddp_find_unused",
        ),
    ],
)
def test_devices_that_cannot_train_together_are_refused_by_the_key(tmp_path, overrides, said):
    with pytest.raises(InputError, match=said):
        check(tmp_path, *overrides)


@pytest.mark.parametrize(
    "overrides",
    [
        ("trainer=ddp",),
        ("trainer=ddp", "trainer.devices=[0,1]"),
        ("trainer=ddp", "trainer.devices=4", "trainer.num_nodes=2"),
        ("trainer=ddp", "trainer.strategy=ddp_find_unused_parameters_true", "model=two_stream"),
        ("trainer.devices=[1]",),
    ],
)
def test_devices_that_can_pass(tmp_path, overrides):
    assert check(tmp_path, *overrides) is None


def test_a_sweep_is_for_one_device(tmp_path):
    with pytest.raises(InputError, match="trainer=ddp: the jobs of a sweep use one device each"):
        check(tmp_path, "trainer=ddp", mode="MULTIRUN")


def test_a_loss_that_remembers_examples_is_for_one_device(tmp_path, monkeypatch):
    monkeypatch.setattr(CrossEntropy, "one_device", True, raising=False)
    check(tmp_path)
    with pytest.raises(InputError, match=r"loss\._target_=.*CrossEntropy: keeps a record of every example"):
        check(tmp_path, "trainer=ddp")


def test_the_processes_that_were_started_are_those_that_were_asked_for(tmp_path, monkeypatch):
    for name, value in {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "3", "RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=r"makes 2 processes, and torchrun started 3; let them agree"):
        check(tmp_path, "trainer=ddp")
    with pytest.raises(InputError, match="several processes were started for a run of one; add trainer=ddp"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("environ", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"RANK": "2", "LOCAL_RANK": "0"}, False),
        ({"RANK": "0", "LOCAL_RANK": "0", "SLURM_PROCID": "1"}, True),  # torchrun inside a job
        ({"SLURM_PROCID": "0", "LOCAL_RANK": "1"}, False),
        ({"NODE_RANK": "1", "LOCAL_RANK": "0"}, False),
    ],
)
def test_the_first_process_is_known_by_its_rank(environ, first):
    assert is_first(environ) == first


@pytest.mark.parametrize(
    ("environ", "by"),
    [
        ({}, None),
        ({"WORLD_SIZE": "2", "LOCAL_RANK": "1"}, None),  # by the run itself
        ({"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "4"}, ("torchrun", 4)),
        ({"SLURM_NTASKS": "8", "SLURM_JOB_NAME": "cryoice"}, ("SLURM", 8)),
        ({"SLURM_NTASKS": "8", "SLURM_JOB_NAME": "interactive"}, None),
    ],
)
def test_who_started_the_processes_is_known(environ, by):
    assert launched(environ) == by


def test_slurms_tasks_name_their_folder_alike(monkeypatch):
    tasks = {"NTASKS": "2", "JOB_NAME": "cryoice", "JOB_ID": "17", "STEP_ID": "3"}
    for name, value in tasks.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert started.__wrapped__("%Y") == "slurm-17.3"
    monkeypatch.setenv("SLURM_NTASKS", "1")
    assert started.__wrapped__("%Y") == time.strftime("%Y")


def test_another_process_leaves_the_first_one_time_to_tell_of_a_fault(monkeypatch):
    waited = []
    monkeypatch.setattr(processes.time, "sleep", waited.append)
    with pytest.raises(InputError), one_voice():
        raise InputError("of the first")
    assert waited == []


def test_one_process_scores_on_one_device():
    assert one_device({"devices": 4}) == one_device({"devices": "1"}) == 1
    assert one_device({"devices": [2, 3]}) == [2]
