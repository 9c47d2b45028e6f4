import errno

import pytest
from filelock import FileLock

from cryoice.errors import InputError
from cryoice.files.recorded_outputs import RECORDS_FOLDER
from cryoice.project.folder_lock import folder_held
from cryoice.project.shard import Shard


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_all_shards_together_hold_each_item_once(count):
    items = tuple(range(7))
    shares = [shard.of(items) for shard in Shard.all(count)]
    assert sorted(item for share in shares for item in share) == list(items)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_third_of_eight_begins_with_the_third_item():
    shard = Shard.parse("3/8")
    assert shard.of(range(1, 21)) == range(3, 21, 8)
    assert str(shard) == "3/8"


@pytest.mark.parametrize("text", ["", "3", "0/8", "9/8", "-1/8", "1/0", "1/8/2", "a/b", "1.5/2", "1/2 "])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match=r"--shard: .* is no part of a whole; give K/N"):
        Shard.parse(text)


def test_shards_of_one_division_share_a_folder(tmp_path):
    with folder_held(tmp_path, shard=Shard(1, 3)), folder_held(tmp_path, shard=Shard(3, 3)):
        for shard in (Shard(1, 3), Shard(3, 3)):  # both are held
            with pytest.raises(InputError, match="is at work there"), folder_held(tmp_path, shard=shard):
                pass
    with folder_held(tmp_path, shard=Shard(1, 3)):  # what has ended holds nothing
        pass


@pytest.mark.parametrize(
    ("first", "second", "busy"),
    [
        (Shard(1, 3), Shard(1, 3), "shard 1/3"),
        (Shard(1, 3), Shard(2, 4), "shard 1/3"),
        (Shard(2, 3), None, "shard 2/3"),
        (None, None, "another cryoice"),
    ],
)
def test_whoever_would_do_the_same_work_again_is_refused(first, second, busy, tmp_path):
    said = f"{busy} is at work there; wait for it"
    with folder_held(tmp_path, shard=first):
        with pytest.raises(InputError, match=said), folder_held(tmp_path, shard=second):
            pass
        with pytest.raises(InputError, match=said), folder_held(tmp_path, shard=second):
            pass  # being refused has freed nothing
    with folder_held(tmp_path, shard=second):
        pass


def test_a_shard_waits_while_another_one_starts_and_not_for_a_whole_run(tmp_path, monkeypatch):
    monkeypatch.setattr("cryoice.project.folder_lock._STARTING_S", 0.05)
    with (
        folder_held(tmp_path),
        pytest.raises(InputError, match="another cryoice is at work there"),
        folder_held(tmp_path, shard=Shard(1, 2)),
    ):
        pass
    with folder_held(tmp_path, shard=Shard(1, 2)):  # holds the folder's own lock no longer
        FileLock(tmp_path / RECORDS_FOLDER / "lock").acquire(timeout=0).lock.release()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_the_file_system_has_no_locks_a_marker_takes_their_place(number, tmp_path, monkeypatch):
    def none(fd):
        raise OSError(number, "No locks available")

    monkeypatch.setattr("filelock._unix.lock_fd_nonblocking", none)
    for first, second, busy in (
        (Shard(1, 3), Shard(1, 3), "shard 1/3"),
        (Shard(1, 3), None, "shard 1/3"),
        (None, None, "another cryoice"),
    ):
        with folder_held(tmp_path, shard=first):
            assert list((tmp_path / RECORDS_FOLDER).glob("*.marker"))
            said = f"{busy} is at work there; wait for it"
            with pytest.raises(InputError, match=said), folder_held(tmp_path, shard=second):
                pass
    with folder_held(tmp_path, shard=Shard(1, 3)), folder_held(tmp_path, shard=Shard(2, 3)):
        pass
    assert not list((tmp_path / RECORDS_FOLDER).glob("*.marker"))
