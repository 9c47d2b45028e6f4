"""Which files of a folder are cleaned, and which outputs would collide."""

from pathlib import Path

import pytest

from cryoice.errors import InputError
from cryoice.project.coordinate_jobs import coordinate_jobs

GROUP = "results:\n  location:\n    metafile: '>{}'\n  blob:\n    metafile: '>{}'\n"


def names_in(folder):
    return [job.source.name for job in coordinate_jobs([folder], output=Path("out"), rejected=None)]


def filled(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "a.box_scores.csv",
        "out_failures.csv",
        "job.star",
        "default_pipeline.star",
        "job_pipeline.star",
        "coords_suffix_autopick.star",
        "RELION_OUTPUT_NODES.star",
        "backup_selection.star",
        "summary.star",
        "note.txt",
    ],
)
def test_what_programs_write_beside_coordinates_is_none(tmp_path, name):
    assert names_in(filled(tmp_path / "job", name, "b_autopick.star", "a.box")) == [
        "a.box",
        "b_autopick.star",
    ]


def test_a_folder_of_nothing_else_holds_no_coordinates(tmp_path):
    with pytest.raises(InputError, match="holds no coordinate file"):
        names_in(filled(tmp_path / "job", "job.star", "note.txt", "a_scores.csv"))


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path):
    (tmp_path / "job.star").write_text("")
    (job,) = coordinate_jobs([tmp_path / "job.star"], output=tmp_path / "out.star", rejected=None)
    assert job.source == tmp_path / "job.star"


def test_data_sets_of_a_group_are_cleaned_with_it(tmp_path):
    folder = filled(tmp_path / "J3", "picks.cs", "passthrough.cs", "other.cs")
    (folder / "picks.csg").write_text(GROUP.format("passthrough.cs", "picks.cs"))
    assert names_in(folder) == ["other.cs", "picks.csg"]


def test_a_broken_group_hides_no_data_set(tmp_path):
    folder = filled(tmp_path / "J3", "picks.cs")
    (folder / "picks.csg").write_text("- no group")
    assert names_in(folder) == ["picks.cs", "picks.csg"]


def test_scores_of_two_formats_of_one_name_do_not_collide(tmp_path):
    jobs = coordinate_jobs([filled(tmp_path / "in", "a.box", "a.json")], output=tmp_path, rejected=None)
    assert len(jobs) == 2


def test_scores_that_would_replace_a_cleaned_file_are_refused(tmp_path):
    given = [tmp_path / "a.box", tmp_path / "a.box_scores.csv"]
    with pytest.raises(InputError, match=r"a\.box_scores\.csv: would be written twice"):
        coordinate_jobs(given, output=tmp_path / "out", rejected=None)
