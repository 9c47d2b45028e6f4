import errno
import os
import tempfile
from pathlib import Path

import pytest
import starfile

from cryoice.errors import InputError
from cryoice.files.relion_job import (
    ABORT_NOW,
    ABORTED,
    FAILURE,
    LOG,
    MICROGRAPHS,
    OUTPUT_NODES,
    PARTICLES,
    SUCCESS,
    JobAbortedError,
    RelionJob,
)

MADE = [("micrographs.star", MICROGRAPHS), ("particles.star", PARTICLES), ("logfile.pdf", LOG)]


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return RelionJob(Path("External/job010/"))


def nodes(job):
    (table,) = starfile.read(job.folder / OUTPUT_NODES, always_dict=True).values()
    return table


def test_a_job_begins_without_what_an_earlier_run_told(job):
    job.begin()
    for name in (SUCCESS, FAILURE, ABORTED, ABORT_NOW):
        (job.folder / name).touch()
    job.begin()
    assert [path.name for path in job.folder.iterdir()] == [ABORT_NOW]


def test_a_request_to_end_is_heard_and_taken_away_when_it_is_granted(job):
    job.begin()
    job.require_wanted()
    (job.folder / ABORT_NOW).touch()
    with pytest.raises(JobAbortedError):
        job.require_wanted()
    job.end(ABORTED)
    assert [path.name for path in job.folder.iterdir()] == [ABORTED]


def test_a_job_has_ended_in_one_way(job):
    job.begin()
    job.end(ABORTED)
    job.end(FAILURE)
    assert [path.name for path in job.folder.iterdir()] == [FAILURE]


def test_outputs_are_named_from_the_project_and_typed_for_every_relion_since_31(job):
    job.write_output_nodes(MADE)
    assert "data_output_nodes" in (job.folder / OUTPUT_NODES).read_text().splitlines()
    assert nodes(job).to_dict("list") == {
        "rlnPipeLineNodeName": [f"External/job010/{name}" for name, _ in MADE],
        "rlnPipeLineNodeTypeLabel": [
            "MicrographGroupMetadata.star.relion",
            "ParticleGroupMetadata.star.relion",
            "LogFile.pdf.relion",
        ],
        "rlnPipeLineNodeType": [1, 3, 13],
    }


def test_the_name_of_an_absolute_folder_in_the_project_is_relative_too(job):
    RelionJob(job.folder.absolute()).write_output_nodes(MADE)
    assert nodes(job)["rlnPipeLineNodeName"][0] == "External/job010/micrographs.star"


@pytest.mark.parametrize(
    ("pipeline", "label", "expected"),
    [
        ("default", "MicrographsData.star.relion.ctf", "MicrographsData.star.relion"),
        ("default", "MicrographGroupMetadata.star.relion.ctf", "MicrographGroupMetadata.star.relion"),
        ("default", "ProcessData.star.relion.postprocess", "MicrographGroupMetadata.star.relion"),
        ("job", "ParticlesData.star.relion", "MicrographsData.star.relion"),
    ],
)
def test_types_are_called_as_the_project_s_own_relion_calls_them(pipeline, label, expected, job):
    job.begin()
    folder = Path() if pipeline == "default" else job.folder
    (folder / f"{pipeline}_pipeline.star").write_text(
        f"data_pipeline_nodes\n\nloop_\n_a #1\n_b #2\nx {label}\n"
    )
    job.write_output_nodes(MADE)
    assert nodes(job)["rlnPipeLineNodeTypeLabel"][0] == expected


def test_the_job_s_own_pipeline_is_newer_than_the_project_s_first_entries(job):
    job.begin()
    Path("default_pipeline.star").write_text("x MicrographsData.star.relion\n")
    (job.folder / "job_pipeline.star").write_text("x MicrographGroupMetadata.star.relion.ctf\n")
    job.write_output_nodes(MADE)
    assert nodes(job)["rlnPipeLineNodeTypeLabel"][0] == "MicrographGroupMetadata.star.relion"


@pytest.mark.parametrize("file", ["job.star", "job_pipeline.star"])
@pytest.mark.parametrize(
    ("version", "listed", "expected"),
    [
        ("50001", "MicrographsData.star.relion", "MicrographGroupMetadata.star.relion"),
        ("30001", "MicrographGroupMetadata.star.relion", "MicrographsData.star.relion"),
    ],
)
def test_the_version_that_started_the_job_comes_before_labels_of_others(file, version, listed, expected, job):
    job.begin()
    Path("default_pipeline.star").write_text(f"# version 30001\n\nx {listed}\n")
    (job.folder / file).write_text(f"\n# version {version}\n\ndata_job\n\n")
    (job.folder / "job_pipeline.star").open("a").close()
    job.write_output_nodes(MADE)
    assert nodes(job)["rlnPipeLineNodeTypeLabel"][0] == expected


def test_a_folder_that_cannot_be_written_is_one_line(job, monkeypatch):
    def read_only(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    job.begin()
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    with pytest.raises(InputError, match=r"job010: cannot be written \(Read-only file system\); mark"):
        job.begin()
    monkeypatch.setattr(Path, "touch", read_only)
    with pytest.raises(InputError, match=f"{FAILURE}: cannot be written .*; mark the job in RELION"):
        job.end(FAILURE)
