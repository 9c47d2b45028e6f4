import os
import subprocess
import sys
import time

import pytest

from cryoice.errors import InputError
from cryoice.files.recorded_outputs import RECORDS_FOLDER as FOLDER
from cryoice.project.records import Records, Stamp, digest_of

ROW = {"stem": "a", "bad": 0.25, "iciness": None}
STAMP = Stamp(path="/in/a.mrc", size=10, mtime_ns=5)


@pytest.fixture
def records(tmp_path):
    found = Records(tmp_path)
    (tmp_path / "a_mask.mrc").write_bytes(b"")
    found.write("a", ROW, stamp=STAMP, digest="d", outputs=["a_mask.mrc"])
    return found


def test_a_record_is_found_while_input_settings_and_outputs_are_as_they_were(records):
    found = records.find("a", stamp=STAMP, digest="d")
    assert found is not None
    assert (found.row, found.outputs) == (ROW, ("a_mask.mrc",))
    assert records.find("a", stamp=STAMP, digest="e") is None
    assert records.find("b", stamp=STAMP, digest="d") is None
    for change in ({"path": "/in/b.mrc"}, {"size": 11}, {"mtime_ns": 6}):
        assert records.find("a", stamp=Stamp(**(vars(STAMP) | change)), digest="d") is None
    (records.output / "a_mask.mrc").unlink()
    assert records.find("a", stamp=STAMP, digest="d") is None


def test_a_claimed_record_is_not_found_and_tells_whose_it_is_to_be(records):
    assert records.owner("a") == STAMP.path
    assert records.owner("never there") is None
    records.claim("a", stamp=Stamp("/in/b.mrc", 1, 2))
    assert records.find("a", stamp=STAMP, digest="d") is None
    assert records.owner("a") == "/in/b.mrc"
    assert records.all() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stamp": 3}', '{"stamp": {"path": "x"}, "digest": "d"}'])
def test_a_record_that_makes_no_sense_is_none(records, text):
    (records.output / FOLDER / "a.json").write_text(text)
    assert records.find("a", stamp=STAMP, digest="d") is None


def test_a_stamp_tells_a_file_by_place_size_and_time(tmp_path):
    path = tmp_path / "a.mrc"
    path.write_bytes(b"12345")
    os.utime(path, ns=(1, 7))
    assert Stamp.of(path) == Stamp(path=str(path.resolve()), size=5, mtime_ns=7)
    with pytest.raises(InputError, match="no such file; correct the list"):
        Stamp.of(tmp_path / "gone.mrc")


def test_a_digest_depends_on_values_and_not_on_their_order():
    assert digest_of({"a": 1, "b": [0.5, None]}) == digest_of({"b": [0.5, None], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 1.5})


def test_what_a_killed_program_left_half_written_is_removed_and_nothing_else(tmp_path):
    (tmp_path / FOLDER).mkdir()
    left = [tmp_path / ".partial-1.mrc", tmp_path / ".partial-2.png", tmp_path / FOLDER / ".partial-3.json"]
    old, fresh = tmp_path / ".partial-4.star", tmp_path / ".partial-5.star"
    kept = [fresh, tmp_path / "partial.mrc", tmp_path / "a.mrc"]
    for path in (*left, old, *kept):
        path.write_bytes(b"")
    os.utime(old, (time.time() - 7200,) * 2)
    with Records(tmp_path).alone():
        pass
    assert not any(path.exists() for path in (*left, old))
    assert all(path.exists() for path in kept)


def test_two_programs_do_not_share_a_folder(tmp_path):
    code = (
        "import sys; from pathlib import Path; from cryoice.project.records import Records\n"
        f"with Records(Path({str(tmp_path)!r})).alone(): print('in', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(InputError, match="another cryoice is at work there"), Records(tmp_path).alone():
            pass
        other.kill()
    with Records(tmp_path).alone():  # a dead program holds nothing
        pass


def test_a_fault_inside_is_not_taken_for_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="of the block"), Records(tmp_path).alone():
        raise OSError("of the block")
