import csv
import json

import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from review_samples import MARKED, review_folder


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def masks(tmp_path):
    return review_folder(tmp_path / "masks", count=5)


def test_a_page_is_written_where_it_is_wanted_and_else_beside_the_masks(masks, tmp_path):
    done = run("report", masks)
    assert (done.exit_code, done.stderr.strip()) == (0, "")
    assert done.stdout == f"{masks}/report.html: 5 micrographs, 0.1 MB\n"
    run("report", masks, "-o", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == (masks / "report.html").read_bytes()


def test_a_mask_that_cannot_be_read_costs_no_other_one_and_the_exit_status_tells(masks):
    (masks / "m003_mask.mrc").write_bytes(b"")
    done = run("report", masks)
    assert done.exit_code == 1
    assert "Movies/m003.mrc" in done.stderr
    assert (masks / "report.html").is_file()


def test_micrographs_without_a_picture_are_counted(masks):
    for path in (masks / ".cryoice").glob("m00*.jpg"):
        path.unlink()
    done = run("report", masks)
    assert done.exit_code == 0
    assert done.stderr.strip().startswith(
        "warning: 2 shown by their score maps, such as Movies/m003.mrc: no picture"
    )


def told_of(page):
    """Facts of the micrographs, and which of them have a picture."""
    text = page.read_text()
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    lines = text.split('id="pictures">')[1].split("</script>")[0].split("\n")[:-1]
    return data["micrographs"], [bool(line) for line in lines]


def test_pictures_are_of_those_most_worth_a_look_and_lists_of_all(masks):
    with (masks / "summary.csv").open(newline="") as stream:
        unsure = {row["stem"]: float(row["unsure"]) for row in csv.DictReader(stream)}
    assert max(unsure, key=unsure.get) == MARKED
    (masks / "next.csv").write_text("rank,micrograph,stem,score,reason\n1,Movies/m004.mrc,m004,0.9,new\n")
    (masks / "m003_mask.mrc").write_bytes(b"")  # costs nothing where it is not shown
    done = run("report", masks, "--pictures", "2")
    assert (done.exit_code, done.stderr.strip()) == (0, "")
    assert done.stdout.startswith(f"{masks}/report.html: 5 micrographs, 2 of them shown, 0.1 MB")
    facts, pictured = told_of(masks / "report.html")
    assert [one["stem"] for one, shown in zip(facts, pictured, strict=True) if shown] == [MARKED, "m004"]
    assert [one.get("leftOut", False) for one in facts] == [not shown for shown in pictured]
    assert all(one["bad"] is not None for one in facts)


def test_a_page_too_large_for_a_browser_is_warned_of_with_what_to_do(masks, monkeypatch):
    monkeypatch.setattr("cryoice.report_command._MANY", 4)
    assert run("report", masks).stderr.startswith("warning: 5 masks make a page of some 0 MB")
    assert "--pictures 2000 shows those most worth a look" in run("report", masks).stderr
    assert run("report", masks, "--pictures", "4").stderr.strip() == ""


def test_masks_that_the_list_leaves_out_are_told(masks):
    text = (masks / "micrographs.star").read_text()
    (masks / "micrographs.star").write_text(
        "\n".join(line for line in text.split("\n") if "m004" not in line)
    )
    assert (
        "1 masks of earlier runs are not in micrographs.star, nor on the page" in run("report", masks).stdout
    )


@pytest.mark.parametrize(
    ("remove", "said"),
    [("summary.csv", "holds no summary.csv"), ("micrographs.star", "holds no micrographs.star")],
)
def test_another_folder_is_refused_in_a_line(masks, remove, said):
    (masks / remove).unlink()
    done = run("report", masks)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert f"error: {masks}: {said}; give the folder that cryoice mask wrote" in done.stderr


def test_a_page_where_none_can_be_written_is_refused_before_masks_are_read(masks, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("report", masks, "-o", tmp_path / "file/report.html")
    assert done.exit_code == 1
    assert "report.html: cannot be written" in done.stderr


def test_the_help_has_examples():
    told = run("report", "--help").stdout
    assert "cryoice report masks -o report.html" in told
    assert "corrections.csv" in told
