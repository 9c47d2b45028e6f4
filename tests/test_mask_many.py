"""Masks in shards, by jobs and on several devices are those of one process, to the bit."""

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from submitit.core.utils import DelayedSubmission
from submitit.slurm import slurm

from bright_blocks import Brightness, brightness_model, write_micrographs
from cryoice import mask_cluster
from cryoice.mask import model as model_module
from cryoice.mask_cluster import MaskJob
from cryoice.project import mask_batch
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
def test_a_shard_leaves_what_others_are_writing_and_a_merge_clears_what_killed_ones_left(tmp_path):
    write_micrographs(tmp_path / "in", 2)
    given = (tmp_path / "in", "-o", tmp_path / "out")
    run(*given, "--shard", "1/2")
    theirs = tmp_path / "out/.partial-theirs.mrc"
    theirs.write_bytes(b"half")
    run(*given, "--shard", "2/2")
    assert theirs.exists()
    run(*given, "--merge")
    assert not theirs.exists()


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
    assert "#SBATCH --dependency=afterany:17\n" in merge
    assert "--array" not in merge
    [logs] = (tmp_path / "out/.cryoice/jobs").iterdir()
    for job in ("17_1", "17_0", "18"):
        assert not (tmp_path / "out/summary.csv").exists()
        DelayedSubmission.load(logs / f"{job}_submitted.pkl").result()
    assert outputs(tmp_path / "out") == alone


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
        "PATH", programs(tmp_path / "bin", srun='"$@"', cryoice='printf "%s\\n" "$@" >> "$JOBS"')
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
