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
"""
ROWS = ["a.mrc 1 0.10 0.5000\n", "b.mrc 1 0.30 nan\n", "c.mrc 1 0.31 0.2\n", "d.mrc 1 0.00 2.0\n"]
BAD, ICINESS = "cryoiceBadFraction", "cryoiceIciness"


@pytest.fixture
def masks(tmp_path):
    (tmp_path / "micrographs.star").write_text(HEAD + "".join(ROWS))
    return tmp_path


def test_the_lists_differ_from_the_list_in_their_rows_alone(masks):
    accepted, rejected = masks / "yes.star", masks / "no.star"
    counts = select_micrographs(masks, {BAD: 0.3, ICINESS: 1.5}, accepted=accepted, rejected=rejected)
    assert accepted.read_text() == HEAD + ROWS[0] + ROWS[1]
    assert rejected.read_text() == HEAD + ROWS[2] + ROWS[3]
    assert (counts.accepted, counts.rejected, counts.unmeasured) == (2, 2, 1)


def test_the_command_writes_both_lists_into_the_folder(masks):
    done = CliRunner().invoke(app, ["select", str(masks), "--max-bad", "0.05"])
    assert done.exit_code == 0, done.output
    assert starfile.read(masks / "accepted.star")["micrographs"]["rlnMicrographName"].tolist() == ["d.mrc"]
    assert len(starfile.read(masks / "rejected.star")["micrographs"]) == 3


def test_impossible_limits_and_lists_are_one_line(masks, tmp_path):
    places = {"accepted": masks / "y.star", "rejected": masks / "n.star"}
    for limit in (-1.0, 30.0):
        with pytest.raises(InputError, match="give a share of the area, 0 to 1"):
            select_micrographs(masks, {BAD: limit}, **places)
    with pytest.raises(InputError, match="would be replaced by a part of itself"):
        select_micrographs(masks, {BAD: 0.1}, **places | {"rejected": masks / "micrographs.star"})
    with pytest.raises(InputError, match="no block with cryoiceSupportFraction"):
        select_micrographs(masks, {"cryoiceSupportFraction": 0.1}, **places)
    with pytest.raises(InputError, match="give two names"):
        select_micrographs(masks, {BAD: 0.1}, accepted=masks / "y.star", rejected=masks / "y.star")
    with pytest.raises(InputError, match=r"holds no micrographs\.star"):
        select_micrographs(tmp_path / "nowhere", {BAD: 0.1}, **places)
