import errno
import gzip
import io
import json
from pathlib import Path

import pytest

from archive_server import Served, serving
from cryoice.errors import InputError
from cryoice.files.http_client import remote_size, require_web_address
from cryoice.files.http_download import download

CONTENT = gzip.compress(bytes(range(256)) * 40, compresslevel=0)  # 10,2xx bytes
OTHER = gzip.compress(bytes(reversed(range(256))) * 40, compresslevel=0)
PATH = "/10017.tar.gz"


class Recorder:
    def __init__(self):
        self.started, self.bytes, self.said = [], 0, []

    def starts(self, *, size, have):
        self.started.append((size, have))

    def advances(self, count):
        self.bytes += count

    def says(self, text):
        self.said.append(text)


@pytest.fixture
def web():
    with serving() as served:
        yield served


@pytest.fixture
def target(tmp_path):
    return tmp_path / "10017.tar.gz"


def bring(web, target, *, pauses=(0.0, 0.0)):
    follower = Recorder()
    download(web.address + PATH, target, follower, pauses=pauses)
    return follower


def left_behind(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_a_file_comes_whole_and_as_it_was_sent(web, target):
    web.files[PATH] = Served(CONTENT)
    follower = bring(web, target)
    assert target.read_bytes() == CONTENT
    assert follower.started == [(len(CONTENT), 0)]
    assert follower.bytes == len(CONTENT)
    assert left_behind(target) == [target.name]


def test_a_transfer_that_breaks_off_is_continued_by_a_range(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000, 3000])
    follower = bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH) == [None, "bytes=4000-", "bytes=7000-"]
    assert follower.started == [(len(CONTENT), have) for have in (0, 4000, 7000)]


def test_a_later_call_continues_what_an_earlier_one_left(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    with pytest.raises(InputError, match=r"broke off.*the same command continues"):
        bring(web, target, pauses=())
    assert target.with_name(target.name + ".part").read_bytes() == CONTENT[:4000]
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH) == [None, "bytes=4000-"]


def test_bytes_that_arrive_start_the_tries_over(web, target):
    web.files[PATH] = Served(CONTENT, drops=[1000] * 5)
    bring(web, target, pauses=(0.0,))
    assert target.read_bytes() == CONTENT


def test_a_whole_part_is_not_asked_for_again(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    target.with_name(target.name + ".part").write_bytes(CONTENT)
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert len(web.asked) == 1


@pytest.mark.parametrize("heeds", [True, False])
def test_a_file_that_changed_in_between_is_not_glued_on(web, target, heeds):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    web.files[PATH] = Served(OTHER, etag='"2"', heeds_if_range=heeds)
    follower = bring(web, target)
    assert target.read_bytes() == OTHER
    assert "another file is there now; starting anew" in follower.said[0]


def test_a_file_that_became_shorter_than_the_part_starts_anew(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    short = gzip.compress(b"short")
    web.files[PATH] = Served(short, etag='"2"', heeds_if_range=False)
    bring(web, target)
    assert target.read_bytes() == short


def test_a_server_without_ranges_starts_anew_and_it_is_said(web, target):
    web.files[PATH] = Served(CONTENT, ranges=False, drops=[4000])
    follower = bring(web, target)
    assert target.read_bytes() == CONTENT
    assert "the server cannot continue a download; starting anew" in follower.said[-1]


@pytest.mark.parametrize("etag", [None, 'W/"1"'])
def test_without_a_strong_mark_of_the_file_nothing_is_glued_on(web, target, etag):
    web.files[PATH] = Served(CONTENT, etag=etag, drops=[4000])
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH) == [None, None]


def test_the_date_of_a_file_stands_in_for_its_mark(web, target):
    web.files[PATH] = Served(CONTENT, etag=None, modified="Wed, 21 Oct 2015 07:28:00 GMT", drops=[4000])
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    web.files[PATH].drops = [2000]
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH) == [None, "bytes=4000-", "bytes=6000-"]
    target.unlink()
    web.files[PATH].drops = [4000]
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    web.files[PATH] = Served(OTHER, etag=None, modified="Thu, 22 Oct 2015 07:28:00 GMT")
    bring(web, target)
    assert target.read_bytes() == OTHER


def test_a_page_instead_of_an_archive_is_refused_and_the_part_is_kept(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    with pytest.raises(InputError):
        bring(web, target, pauses=())
    web.files[PATH] = Served(b"<?xml version='1.0'?><Error>Busy</Error>", etag='"3"')
    with pytest.raises(InputError, match="the server sent an XML or HTML page"):
        bring(web, target)
    web.files[PATH] = Served(CONTENT)
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH)[-1] == "bytes=4000-"


def test_a_missing_file_is_told_at_once_and_leaves_nothing(web, target):
    with pytest.raises(InputError, match=r"10017\.tar\.gz: HTTP 404 \(Not Found\)"):
        bring(web, target)
    assert left_behind(target) == []
    assert len(web.asked) == 1


def test_a_server_that_is_not_there_is_told_at_once(target):
    with serving() as web:
        pass
    with pytest.raises(InputError, match=r"cannot be reached \(Connection refused\)"):
        bring(web, target, pauses=(60.0,))


def test_a_server_that_is_busy_in_between_is_asked_again(web, target):
    web.files[PATH] = Served(CONTENT, drops=[4000])
    follower = Recorder()

    def busy_once(text):
        follower.said.append(text)
        web.files[PATH].status = 503 if len(follower.said) == 1 else 200

    follower.says = busy_once
    download(web.address + PATH, target, follower, pauses=(0.0, 0.0))
    assert target.read_bytes() == CONTENT
    assert "broke off" in follower.said[0]
    assert "HTTP 503" in follower.said[1]


def test_a_refusal_for_want_of_room_leaves_nothing(web, target):
    web.files[PATH] = Served(CONTENT)
    follower = Recorder()

    def refuse(**_):
        raise InputError("no room")

    follower.starts = refuse
    with pytest.raises(InputError, match="no room"):
        download(web.address + PATH, target, follower)
    assert left_behind(target) == []


class _Full(io.FileIO):
    """A file on a disk that is full after 4000 bytes."""

    def write(self, data):
        if self.tell() + len(data) > 4000:
            super().write(bytes(data)[: 4000 - self.tell()])
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_keeps_what_has_come(web, target, monkeypatch):
    web.files[PATH] = Served(CONTENT)
    opened = Path.open
    with monkeypatch.context() as patched:
        patched.setattr(
            Path,
            "open",
            lambda path, mode="r", **given: (
                _Full(str(path), "ab") if mode == "ab" else opened(path, mode, **given)
            ),
        )
        with pytest.raises(InputError, match=r"No space left on device.*4,000 bytes are kept"):
            bring(web, target)
    bring(web, target)
    assert target.read_bytes() == CONTENT
    assert web.ranges(PATH) == [None, "bytes=4000-"]


def test_a_damaged_record_of_a_part_starts_anew(web, target):
    target.with_name(target.name + ".part").write_bytes(OTHER[:100])
    record = target.with_name(target.name + ".part.json")
    for text in ("{", json.dumps({"url": 1}), json.dumps([1])):
        record.write_text(text)
        web.files[PATH] = Served(CONTENT)
        bring(web, target)
        assert target.read_bytes() == CONTENT
        target.unlink()


def test_the_size_of_a_file_is_asked_for_without_the_file(web):
    web.files[PATH] = Served(CONTENT)
    assert remote_size(web.address + PATH) == len(CONTENT)
    assert remote_size(web.address + "/none") is None
    assert {method for method, *_ in web.asked} == {"HEAD"}
    web.files[PATH].status = 403
    with pytest.raises(InputError, match="HTTP 403"):
        remote_size(web.address + PATH)


@pytest.mark.parametrize("address", ["ftp://host/x", "host/x", "file:///etc", "https://"])
def test_only_web_addresses_are_taken(address):
    with pytest.raises(InputError, match="--base-url"):
        require_web_address(address)
