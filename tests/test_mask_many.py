"""Masks in shards, by jobs and on several devices are those of one process, to the bit."""

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from submitit.core.utils import DelayedSubmission
from submitit.slurm import slurm

import bright_blocks
from bright_blocks import Brightness, brightness_model, write_micrographs
from cryoice import mask_cluster
from cryoice.files.micrograph_list import list_micrographs
from cryoice.mask import model as model_module
from cryoice.mask_cluster import MaskJob
from cryoice.project import mask_batch, mask_devices
from cryoice.project.folder_lock import folder_held
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_settings import MaskSettings
from cryoice.project.progressed import Progressed
from cryoice.project.records import Stamp
from cryoice.project.shard import Shard
from cryosparc_project import write_job
from test_mask_command import STAR, failures, outputs, records, run, summary, times

ROOT = Path(__file__).parents[1]


@pytest.fixture
def _quick_model(monkeypatch):
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())


quick = pytest.mark.usefixtures("_quick_model")


@pytest.fixture
def alone(tmp_path, _quick_model):
    """Return what one process makes of the five micrographs in ``in``."""
    write_micrographs(tmp_path / "in", 5)
    assert run(tmp_path / "in", "-o", tmp_path / "alone").exit_code == 0
    return outputs(tmp_path / "alone")


def test_two_shards_and_a_merge_leave_what_one_process_leaves(alone, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "out")
    for shard in ("2/2", "1/2"):
        result = run(*given, "--shard", shard)
        assert result.exit_code == 0, result.output
        assert not (tmp_path / "out/summary.csv").exists()
    assert "shard 1/2: 3 micrographs, 0 of them done before, 0 failed" in result.stdout
    merged = run(*given, "--merge", "--shards", "2")
    assert merged.exit_code == 0, merged.output
    assert outputs(tmp_path / "out") == alone


@quick
def test_shards_of_relions_list_and_of_cryosparcs_merge_to_the_lists_of_one_process(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 3)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.star").write_text(STAR)
    names = [f"in/m0{number}.mrc" for number in range(3)]
    exposures = write_job(tmp_path / "J1", names, shape=(40, 45), pixel_size=8.0)
    for kind, listed in (("relion", "list.star"), ("cryosparc", exposures)):
        one = run(listed, "-o", f"{kind}-one")
        for way in (("--shard", "1/2"), ("--shard", "2/2"), ("--merge",)):
            done = run(listed, "-o", f"{kind}-shards", *way)
        assert done.exit_code == one.exit_code == (kind == "relion")  # whose list names one that is gone
        assert outputs(tmp_path / f"{kind}-shards") == outputs(tmp_path / f"{kind}-one")


def test_the_command_without_a_shard_merges_too(alone, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "out")
    for shard in ("1/2", "2/2"):
        run(*given, "--shard", shard)
    before = times(tmp_path / "out")
    assert run(*given).exit_code == 0
    assert times(tmp_path / "out") == before
    assert outputs(tmp_path / "out") == alone


def test_a_merge_names_the_command_of_a_lost_shard_which_runs_it_alone(alone, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1", "--no-overlay")
    assert run(*given, "--shard", "1/2").exit_code == 0
    before = times(tmp_path / "out")
    merged = run(*given, "--merge", "--shards", "2")
    assert merged.exit_code == 1
    [line] = [line for line in merged.stderr.splitlines() if line.startswith("shard")]
    said, _, command = line.partition("; to run it alone: cryoice mask ")
    assert said == "shard 2/2: 2 of 2 micrographs are not masked"
    assert [row["stem"] for row in summary(tmp_path / "out")] == ["m00", "m02", "m04"]
    assert run(*shlex.split(command)).exit_code == 0
    assert run(*given, "--merge").exit_code == 0
    after = times(tmp_path / "out")
    assert {path: after[path] for path in before} == before
    assert {path.name[:3] for path in after.keys() - before.keys()} == {"m01", "m03"}


def test_a_merge_that_knows_no_number_of_shards_counts_what_is_missing(alone, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "out")
    run(*given, "--shard", "1/2")
    merged = run(*given, "--merge")
    assert merged.exit_code == 1
    first = tmp_path / "in/m01.mrc"
    assert f"2 of 5 micrographs are not masked yet, such as {first}; the command without" in merged.stderr
    assert records(tmp_path / "out")
    assert len(records(tmp_path / "out")) == 3


def test_a_micrograph_that_failed_in_a_shard_is_a_failure_of_the_merge_and_no_lost_shard(alone, tmp_path):
    broken = tmp_path / "in/m01.mrc"
    broken.write_bytes(broken.read_bytes()[:5000])
    given = (tmp_path / "in", tmp_path / "gone.mrc", "-o", tmp_path / "out")
    first, second = (run(*given, "--shard", f"{number}/2") for number in (1, 2))
    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "gone.mrc" not in first.stderr + second.stderr
    merged = run(*given, "--merge", "--shards", "2")
    assert merged.exit_code == 1
    assert "to run it alone" not in merged.stderr
    found = failures(tmp_path / "out")
    assert found[str(tmp_path / "gone.mrc")] == "no such file"
    assert "truncated" in found[str(broken)]
    write_micrographs(tmp_path / "in", 2)  # mended, and both new: what was known of the old ones is void
    assert "2 of 5 micrographs are not masked yet" in run(*given, "--merge").stderr


def test_a_shard_takes_lists_away_only_where_it_replaces_what_they_tell_of(alone, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "alone")
    assert run(*given, "--shard", "1/2").exit_code == 0
    assert outputs(tmp_path / "alone") == alone
    assert run(*given, "--shard", "1/2", "--threshold", "0.6").exit_code == 0
    assert not (tmp_path / "alone/summary.csv").exists()
    assert not (tmp_path / "alone/micrographs.star").exists()


@quick
def test_neither_a_shard_nor_a_merge_clears_what_a_shard_may_be_writing_even_where_locks_do_not_reach(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("filelock._unix.lock_fd_nonblocking", lambda fd: True)
    write_micrographs(tmp_path / "in", 2)
    given = (tmp_path / "in", "-o", tmp_path / "out")
    theirs = [tmp_path / "out/.partial-theirs.mrc", tmp_path / "out/.cryoice/.partial-theirs.json"]
    with folder_held(tmp_path / "out", shard=Shard(1, 2)):
        for path in theirs:
            path.write_bytes(b"half")
        for way in (("--shard", "2/2"), ("--merge",), ()):
            run(*given, *way)
            assert all(path.exists() for path in theirs)
    long_ago = time.time() - 2 * 3600
    for path in theirs:
        os.utime(path, (long_ago, long_ago))
    run(*given, "--merge")
    assert not any(path.exists() for path in theirs)


@quick
def test_after_ctrl_c_a_shard_says_what_is_done_and_writes_no_lists(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 8)
    run_all = mask_batch.MaskBatch.run

    def stopped_after_one(batch, *, jobs):
        for outcome in run_all(batch, jobs=jobs):
            yield outcome
            raise KeyboardInterrupt

    monkeypatch.setattr(mask_batch.MaskBatch, "run", stopped_after_one)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1", "--shard", "2/2")
    assert result.exit_code == 130
    done = len(records(tmp_path / "out"))
    said = f"stopped: {done} of 4 micrographs of shard 2/2 are done; the same command continues\n"
    assert result.stderr == said
    assert not (tmp_path / "out/summary.csv").exists()


@quick
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--shard", "3"), "--shard: 3 is no part of a whole; give K/N, such as 3/8"),
        (("--shard", "1/2", "--merge"), "--shard: does not go with --merge"),
        (("--cluster", "local"), "--cluster local: needs their number; add --shards N"),
        (("--shards", "2"), "--shards: goes with --cluster or --merge"),
        (("--cluster", "local", "--shards", "9"), "--shards: 9 for 2 micrographs; give fewer"),
        (("--merge", "--shards", "0"), "--shards: 0 must be a whole number"),
        (("--slurm", "partition=gpu"), "--slurm: goes with --cluster slurm"),
        (("--devices", "0"), "--devices: 0 must be a whole number"),
        (("--device", "cuda", "--devices", "2"), "device 'cuda': this machine has 0 of that kind"),
        (("--device", "cuda:0", "--devices", "2"), "--device cuda:0: is a single one"),
    ],
)
def test_flags_that_contradict_each_other_are_one_line_and_nothing_is_written(flags, said, tmp_path):
    write_micrographs(tmp_path / "in", 2)
    result = run(tmp_path / "in", "-o", tmp_path / "out", *flags)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}"), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def programs(folder, **scripts):
    """Write programs of these names and return a search path that begins with them."""
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


SBATCH = (
    """n=$(ls "$JOBS" | wc -l); cp "$1" "$JOBS/$((17 + n)).sh"; echo "Submitted batch job $((17 + n))" """
)
SLURM = ("--cluster", "slurm", "--shards", "2", "--slurm", "partition=gpu", "--slurm", "gpus-per-node=1")


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """Return the folder into which ``sbatch`` puts what it is given, from job 17 on."""
    (tmp_path / "jobs").mkdir()
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", sbatch=SBATCH, srun="true"))
    monkeypatch.setenv("JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(slurm.SlurmExecutor, "_throttle", lambda self: None)
    return tmp_path / "jobs"


def test_the_jobs_that_slurm_gets_mask_and_merge_what_one_process_does(alone, scheduler, tmp_path):
    given = (tmp_path / "in", "-o", tmp_path / "out", "--jobs", "3")
    result = run(*given, *SLURM, "--slurm", "setup=module load cryoice", "--slurm", "account=0123")
    assert result.exit_code == 0, result.output
    assert "job 17: 2 shards; job 18: the merge when they have ended" in result.stdout
    array, merge = ((scheduler / f"{job}.sh").read_text() for job in (17, 18))
    for asked in (
        "array=0-1%2",
        "partition=gpu",
        "gpus-per-node=1",
        "cpus-per-task=3",
        "time=240",
        "account=0123",
    ):
        assert f"#SBATCH --{asked}\n" in array
    assert "\nmodule load cryoice\n" in array
    assert all(" --cpus-per-task=3 " in script.partition("\nsrun ")[2] for script in (array, merge))
    assert "#SBATCH --dependency=afterany:17\n" in merge
    assert "--array" not in merge
    [logs] = (tmp_path / "out/.cryoice/jobs").iterdir()
    for job in ("17_1", "17_0", "18"):
        assert not (tmp_path / "out/summary.csv").exists()
        DelayedSubmission.load(logs / f"{job}_submitted.pkl").result()
    assert outputs(tmp_path / "out") == alone


def test_words_for_srun_come_behind_ours_and_cores_are_those_of_the_job(alone, scheduler, tmp_path):
    more = ("--slurm", "cpus_per_task=5", "--slurm", "srun_args=--exact")
    assert run(tmp_path / "in", "-o", tmp_path / "out", *SLURM, *more).exit_code == 0
    script = (scheduler / "17.sh").read_text()
    assert "#SBATCH --cpus-per-task=5\n" in script
    assert " --cpus-per-task=5 --exact " in script.partition("\nsrun ")[2]


def test_jobs_that_are_out_of_time_again_and_again_go_on_all_the_same(alone, scheduler, tmp_path):
    assert run(tmp_path / "in", "-o", tmp_path / "out", *SLURM).exit_code == 0
    [logs] = (tmp_path / "out/.cryoice/jobs").iterdir()
    for job in ("17_0", "18"):
        assert DelayedSubmission.load(logs / f"{job}_submitted.pkl")._timeout_countdown >= 1000


@quick
@pytest.mark.parametrize("flags", [SLURM[:4], ("--cluster", "local", "--shards", "2")])
def test_masks_among_their_micrographs_are_refused_before_anything_is_submitted(flags, scheduler, tmp_path):
    write_micrographs(tmp_path / "in", 2)
    result = run(tmp_path / "in", "-o", tmp_path / "in", *flags)
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr == f"error: {tmp_path / 'in'}: holds m00.mrc itself; choose another folder for masks\n"
    )
    assert not list(scheduler.iterdir())
    assert not (tmp_path / "in/.cryoice").exists()


@quick
def test_a_command_of_very_many_words_is_told_as_a_script_that_runs_it(scheduler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "it's in", 2)
    paths = [f"it's in/m0{number % 2}.mrc" for number in range(300)]
    result = run(*paths, "-o", "out", *SLURM)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) < 200
    script = tmp_path / "out/.cryoice/again.sh"
    assert f"a lost shard K again: bash {script} --shard K/2\n" in result.stdout
    merged = run(*paths, "-o", "out", "--merge", "--shards", "2")
    assert f"to run it alone: bash {script} --shard 1/2\n" in merged.stderr
    path = programs(tmp_path / "bin2", cryoice='printf "%s\\n" "$PWD" "$@"')
    command = ["bash", script, "--shard", "1/2"]
    done = subprocess.run(command, cwd="/", env={"PATH": path}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(tmp_path), "mask", *paths, "--output", "out", "--shard", "1/2"]


class Started:
    """An executor of this machine that only notes what it is given."""

    def __init__(self, folder):
        self.jobs = []
        folder.mkdir(parents=True)
        Started.last = self

    def update_parameters(self, **given):
        assert given == {"timeout_min": 60 * 24 * 365}

    def submit(self, job, words):
        self.jobs.append(job)
        return SimpleNamespace(done=lambda: True, paths=SimpleNamespace(stderr=Path("log")))


@quick
@pytest.mark.parametrize(
    ("visible", "number", "taken"),
    [
        ("5,GPU-8932f937", 2, ["5", "GPU-8932f937", "5"]),
        ("3,7,9", 2, ["3", "7", "3"]),
        (None, 2, ["0", "1", "0"]),
        ("", 0, [None] * 3),
    ],
)
def test_shards_on_this_machine_take_the_devices_that_the_program_may_see_in_turn(
    visible, number, taken, tmp_path, monkeypatch
):
    write_micrographs(tmp_path / "in", 3)
    monkeypatch.setattr(mask_cluster, "LocalExecutor", Started)
    monkeypatch.setattr("torch.cuda.device_count", lambda: number)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    run(tmp_path / "in", "-o", tmp_path / "out", "--cluster", "local", "--shards", "3")
    assert [job.device for job in Started.last.jobs] == taken
    seen = []
    monkeypatch.setattr(
        "cryoice.cli.app", lambda *_, **__: seen.append(os.environ.get("CUDA_VISIBLE_DEVICES"))
    )
    for job in Started.last.jobs:
        job([])
    assert seen == [visible if device is None else device for device in taken]


@quick
def test_progress_counts_records_of_this_run_and_looks_at_no_micrograph_again(tmp_path, monkeypatch):
    paths = write_micrographs(tmp_path / "in", 4)
    given = (tmp_path / "in", "-o", tmp_path / "out")
    run(*given, "--shard", "1/2")
    run(paths[1], "-o", tmp_path / "out", "--threshold", "0.6")  # a record that is void
    batch = MaskBatch(
        list_micrographs([tmp_path / "in"], angpix=None), tmp_path / "out", brightness_model(), MaskSettings()
    )
    progress = Progressed.of(batch)
    monkeypatch.setattr(MaskBatch, "known", lambda *_: pytest.fail("looked"))
    assert progress.count() == 2
    batch.records.write_failure("m03", "broken", stamp=Stamp("", 0, 0), digest="")
    batch.records.write("elsewhere", {}, stamp=Stamp("", 0, 0), digest="", outputs=())
    assert progress.count() == 3
    batch.records.write("m01", {}, stamp=Stamp("", 0, 0), digest="", outputs=())
    assert progress.count() == 4


def test_a_job_whose_command_fails_fails_and_one_that_is_out_of_time_goes_on_with_the_same(
    alone, scheduler, tmp_path
):
    run(tmp_path / "in", "-o", tmp_path / "out", *SLURM)
    [logs] = (tmp_path / "out/.cryoice/jobs").iterdir()
    job = DelayedSubmission.load(logs / "17_0_submitted.pkl")
    again = job.function.checkpoint(*job.args)
    assert (type(again.function), again.args) == (type(job.function), job.args)
    (tmp_path / "in/m00.mrc").write_bytes(b"")
    with pytest.raises(RuntimeError, match="cryoice ended with status 1"):
        job.result()
    assert len(records(tmp_path / "out")) == 2


@quick
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("partitio=gpu", "--slurm: Unknown argument 'partitio'"),
        ("gpu", "--slurm: gpu has no value"),
        ("time=04:00:00", "--slurm: time=04:00:00: must be a whole number of minutes"),
    ],
)
def test_an_option_that_slurm_does_not_know_is_one_line(option, said, scheduler, tmp_path):
    write_micrographs(tmp_path / "in", 2)
    result = run(tmp_path / "in", "-o", tmp_path / "out", *SLURM, "--slurm", option)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert not list(scheduler.iterdir())


@quick
def test_a_machine_without_slurm_and_a_refusal_of_slurm_are_one_line(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 2)
    refused = "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1"
    for path, said in (
        ("/nonexistent", 'Could not detect "srun"'),
        (programs(tmp_path / "bin", sbatch=refused, srun="true"), "invalid partition specified: gpu"),
    ):
        monkeypatch.setenv("PATH", path)
        result = run(tmp_path / "in", "-o", tmp_path / "out", *SLURM)
        assert result.exit_code == 1
        last = result.stderr.splitlines()[-1]  # submitit shows what sbatch says before
        assert last.startswith("error: --cluster slurm: ")
        assert said in last


def test_the_array_in_the_docs_masks_what_one_process_does(alone, tmp_path, monkeypatch):
    script = (ROOT / "docs/mask.sbatch").read_text().replace("SHARDS=16", "SHARDS=2")
    assert "#SBATCH --array=1-16\n" in (ROOT / "docs/mask.sbatch").read_text()
    monkeypatch.setenv(
        "PATH",
        programs(
            tmp_path / "bin",
            srun='[ "$1" = --cpus-per-task=4 ] && shift && "$@"',
            cryoice='printf "%s\\n" "$@" >> "$JOBS"',
        ),
    )
    monkeypatch.chdir(tmp_path)
    for task in ("1", "2"):
        environ = {"SLURM_ARRAY_TASK_ID": task, "SLURM_CPUS_PER_TASK": "4", "JOBS": f"task-{task}"}
        command = ["bash", "-c", script, "mask.sbatch", "in", "-o", "out"]
        subprocess.run(command, env=os.environ | environ, check=True)
        words = Path(f"task-{task}").read_text().splitlines()
        assert words[0] == "mask"
        assert run(*words[1:]).exit_code == 0
    assert run("in", "-o", "out", "--merge", "--shards", "2").exit_code == 0
    masks = {name: content for name, content in alone.items() if name.endswith((".mrc", ".png"))}
    assert masks.items() <= outputs(tmp_path / "out").items()


def test_a_shard_that_is_lost_on_this_machine_is_told_with_its_log(alone, tmp_path, monkeypatch):
    def only_the_first(batch, command, *, count):
        MaskJob()(command.plus("--shard", f"1/{count}"))
        return {Shard(number, count): tmp_path / f"{number}.err" for number in (1, 2)}

    monkeypatch.setattr(mask_cluster, "run_here", only_the_first)
    result = run(tmp_path / "in", "-o", tmp_path / "out", "--cluster", "local", "--shards", "2")
    assert result.exit_code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("shard 2/2: 2 of 2 micrographs are not masked; to run it alone: cryoice mask ")
    assert last.endswith(f"--shard 2/2; its log: {tmp_path / '2.err'}")


def test_a_micrograph_that_changes_when_a_device_has_masked_it_fails_for_a_reason(tmp_path, monkeypatch):
    paths = write_micrographs(tmp_path / "in", 1)
    monkeypatch.setattr(mask_devices, "_predict", lambda trainer, masking: None)
    monkeypatch.setattr(mask_devices, "_heard", lambda running, receivers: iter([(0, None)]))
    listed = list_micrographs(paths, angpix=None)
    batch = MaskBatch(listed, tmp_path / "out", brightness_model(), MaskSettings())
    [outcome] = mask_devices.run_on_devices(batch, accelerator="cpu", devices=2, jobs=1)
    assert (outcome.row, outcome.reason) == (None, mask_devices._CHANGED)


@pytest.mark.slow
def test_two_processes_of_submitit_leave_what_one_process_leaves(tmp_path):
    write_micrographs(tmp_path / "in", 4)
    (tmp_path / "in/m03.mrc").write_bytes(b"")
    for name, flags in (("one", ()), ("two", ("--cluster", "local", "--shards", "2"))):
        result = run(tmp_path / "in", "-o", tmp_path / name, *flags)
        assert result.exit_code == 1
        assert "1 to mend" in result.stderr
        assert "to run it alone" not in result.stderr
    assert outputs(tmp_path / "two") == outputs(tmp_path / "one")
    assert len(list((tmp_path / "two/.cryoice").glob("jobs/*/*_log.err"))) == 2


@pytest.mark.slow
def test_a_shard_that_is_killed_is_named_by_the_merge_and_its_command_alone_makes_the_whole(alone, tmp_path):
    words = ("in", "-o", "out", "--jobs", "1")
    assert run(tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1", "--shard", "1/2").exit_code == 0
    first = set(records(tmp_path / "out"))
    command = [sys.executable, bright_blocks.__file__, "1.5", "mask", *words, "--shard", "2/2"]
    with subprocess.Popen(command, cwd=tmp_path) as shard:
        deadline = time.monotonic() + 120
        while not (set(records(tmp_path / "out")) - first):
            assert shard.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        shard.kill()
    assert shard.returncode == -signal.SIGKILL
    [done] = set(records(tmp_path / "out")) - first
    before = {path: when for path, when in times(tmp_path / "out").items() if path.name[:3] == done.stem}
    given = (tmp_path / "in", "-o", tmp_path / "out", "--jobs", "1")
    merged = run(*given, "--merge", "--shards", "2")
    assert merged.exit_code == 1
    [line] = [line for line in merged.stderr.splitlines() if line.startswith("shard")]
    said, _, again = line.partition("; to run it alone: cryoice ")
    assert said == "shard 2/2: 1 of 2 micrographs are not masked"
    assert run(*shlex.split(again)[1:]).exit_code == 0
    assert run(*given, "--merge", "--shards", "2").exit_code == 0
    made = {name: found for name, found in outputs(tmp_path / "out").items() if name[0] != "."}
    assert made == alone
    assert times(tmp_path / "out").items() >= before.items()
    assert len(before) >= 3


class Dying(Brightness):
    """A network whose process is killed where a file says so, behind a few micrographs."""

    def __init__(self, marker):
        super().__init__(delay=0.05)
        self.marker, self.seen = str(marker), 0

    def forward(self, views):
        self.seen += 1
        if self.seen > 2 and Path(self.marker).exists():
            Path(self.marker).unlink()
            os.kill(os.getpid(), 9)
        return super().forward(views)


@pytest.mark.slow
def test_a_device_that_dies_loses_no_work_of_the_others_and_the_same_command_continues(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 12)
    (tmp_path / "in/m05.mrc").write_bytes(b"")
    marker = tmp_path / "die"
    model = replace(brightness_model(), net=Dying(marker))
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: model)
    alone = run(tmp_path / "in", "-o", tmp_path / "alone", "--jobs", "1")
    marker.touch()
    given = (tmp_path / "in", "-o", tmp_path / "out", "--device", "cpu", "--devices", "2", "--jobs", "1")
    died = run(*given)
    assert died.exit_code == 1
    said = died.stderr.splitlines()[-1]
    assert said.startswith("error: device ")
    assert said.endswith("terminated with signal SIGKILL; what is masked stays, the same command continues")
    done = {path.stem for path in records(tmp_path / "out")}
    before = {path: time for path, time in times(tmp_path / "out").items() if path.name[:3] in done}
    assert 1 <= len(done) < 11
    assert len(summary(tmp_path / "out")) == len(done)
    again = run(*given)
    assert again.exit_code == alone.exit_code == 1
    assert times(tmp_path / "out").items() >= before.items()
    assert outputs(tmp_path / "out") == outputs(tmp_path / "alone")
    assert again.stderr.splitlines()[0] == alone.stderr.splitlines()[0]  # and nothing of Lightning's
