import errno
import os
import re
from pathlib import Path

import pytest

from cryoice.errors import InputError
from cryoice.files.atomic import replacing


def full_disk(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_appears_when_the_block_ends_and_not_before(tmp_path):
    path = tmp_path / "new" / "a.csv"
    with replacing(path) as scratch:
        scratch.write_text("whole")
        assert scratch.suffix == ".csv"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    said = f"{re.escape(str(path))}: cannot be written \\(No space left on device\\); make room or choose"
    with pytest.raises(InputError, match=said) as error, replacing(path):
        full_disk()
    assert "\n" not in str(error.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_rename_that_the_system_refuses_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "replace", full_disk)
    path = tmp_path / "a.csv"
    with pytest.raises(InputError, match=r"a\.csv: cannot be written \(No space"), replacing(path) as scratch:
        scratch.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_fault_of_the_system_passes_through(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.csv"):
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []
