"""Lists of accepted and rejected micrographs keep everything but the rows."""

import pytest
import starfile
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.errors import InputError
from cryoice.project.select_micrographs import select_micrographs

HEAD = """
# version 50001

data_optics

loop_
_rlnOpticsGroup #1
_rlnMicrographPixelSize #2
1 0.8850000

# a comment that stays

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_cryoiceBadFraction #3
_cryoiceIciness #4
_cryoiceVerdict #5
"""
ROWS = [
    "a.mrc 1 0.10 0.5000 good\n",
    "b.mrc 1 0.30 nan bad\n",
    "c.mrc 1 0.31 0.2 bad\n",
    "d.mrc 1 0.00 2.0 good\n",
]
BAD, ICINESS = "cryoiceBadFraction", "cryoiceIciness"


@pytest.fixture
def masks(tmp_path):
    (tmp_path / "micrographs.star").write_text(HEAD + "".join(ROWS))
    return tmp_path


def test_the_lists_differ_from_the_list_in_their_rows_alone(masks):
    accepted, rejected = masks / "yes.star", masks / "no.star"
    counts = select_micrographs(
        masks, {BAD: 0.3, ICINESS: 1.5}, verdict=False, accepted=accepted, rejected=rejected
    )
    assert accepted.read_text() == HEAD + ROWS[0] + ROWS[1]
    assert rejected.read_text() == HEAD + ROWS[2] + ROWS[3]
    assert (counts.accepted, counts.rejected, counts.unmeasured) == (2, 2, 1)


def test_the_command_writes_both_lists_into_the_folder(masks):
    done = CliRunner().invoke(app, ["select", str(masks), "--max-bad", "0.05"])
    assert done.exit_code == 0, done.output
    assert starfile.read(masks / "accepted.star")["micrographs"]["rlnMicrographName"].tolist() == ["d.mrc"]
    assert len(starfile.read(masks / "rejected.star")["micrographs"]) == 3


def test_without_a_limit_the_verdict_of_the_masks_decides(masks):
    done = CliRunner().invoke(app, ["select", str(masks)])
    assert done.exit_code == 0, done.output
    assert (masks / "accepted.star").read_text() == HEAD + ROWS[0] + ROWS[3]
    assert (masks / "rejected.star").read_text() == HEAD + ROWS[1] + ROWS[2]


def test_a_limit_of_another_column_adds_to_the_verdict_and_max_bad_overrides_it(masks):
    CliRunner().invoke(app, ["select", str(masks), "--max-iciness", "1"])
    assert (masks / "accepted.star").read_text() == HEAD + ROWS[0]
    CliRunner().invoke(app, ["select", str(masks), "--max-bad", "0.3"])
    assert (masks / "accepted.star").read_text() == HEAD + ROWS[0] + ROWS[1] + ROWS[3]


def test_impossible_limits_and_lists_are_one_line(masks, tmp_path):
    places = {"verdict": False, "accepted": masks / "y.star", "rejected": masks / "n.star"}
    for limit in (-1.0, 30.0):
        with pytest.raises(InputError, match="give a share of the area, 0 to 1"):
            select_micrographs(masks, {BAD: limit}, **places)
    with pytest.raises(InputError, match="would be replaced by a part of itself"):
        select_micrographs(masks, {BAD: 0.1}, **places | {"rejected": masks / "micrographs.star"})
    with pytest.raises(InputError, match="no block with cryoiceSupportFraction"):
        select_micrographs(masks, {"cryoiceSupportFraction": 0.1}, **places)
    with pytest.raises(InputError, match="give two names"):
        select_micrographs(
            masks, {BAD: 0.1}, verdict=False, accepted=masks / "y.star", rejected=masks / "y.star"
        )
    with pytest.raises(InputError, match=r"holds no micrographs\.star"):
        select_micrographs(tmp_path / "nowhere", {BAD: 0.1}, **places)
