import hashlib
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from archive_server import Served, entry_archive, serving
from cryoice.cli import app
from cryoice.files.cryoppp_catalogue import catalogue

Usage = namedtuple("Usage", "total used free")


def run(*arguments):
    return CliRunner().invoke(app, ["fetch", *map(str, arguments)])


@pytest.fixture
def web():
    with serving() as served:
        for name in ("10005", "10017"):
            served.files[f"/{name}.tar.gz"] = Served(entry_archive(name, seed=int(name)))
        yield served


@pytest.fixture
def fetch(web, tmp_path):
    """Run the command on the server of this machine, into a folder of its own."""
    return lambda *arguments: run(*arguments, "-o", tmp_path / "data", "--base-url", web.address)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def wait_for(path, *, size):
    end = time.monotonic() + 60
    while not (path.exists() and path.stat().st_size >= size):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_entries_are_fetched_and_a_second_call_asks_for_nothing(fetch, web, data):
    result = fetch("10017", "EMPIAR-10005")
    assert result.exit_code == 0, result.output
    assert visible(data) == ["10005", "10005.tar.gz.sha256", "10017", "10017.tar.gz.sha256"]
    assert sorted(path.name for path in (data / "10017/micrographs").iterdir()) == ["m0.mrc", "m1.mrc"]
    assert f"10017: 2 micrographs in {data / '10017'} (CryoPPP tells of 84)" in result.stdout
    assert result.stdout.splitlines()[-1] == f"next: cryoice check {data}"
    asked = len(web.asked)
    again = fetch("10017", "10005")
    assert again.exit_code == 0
    assert again.stdout.count("here before") == 2
    assert len(web.asked) == asked


def test_a_failed_entry_is_one_line_and_the_others_are_there(fetch, web, data):
    web.files["/10005.tar.gz"].content = b"<html>Service moved</html>"
    result = fetch("10005", "99999", "10028", "10017")
    assert result.exit_code == 1
    assert visible(data) == ["10017", "10017.tar.gz.sha256"]
    faults = [line for line in result.stderr.splitlines() if "downloading" not in line]
    assert len(faults) == 4
    assert faults[0].startswith(f"10005: {web.address}/10005.tar.gz: the server sent an XML or HTML page")
    assert faults[1] == "99999: not an entry of CryoPPP; `cryoice fetch` lists them"
    assert "10028.tar.gz: HTTP 404" in faults[2]
    assert faults[3] == "3 of 4 entries failed"


def test_a_transfer_that_breaks_off_ends_in_the_same_bytes(fetch, web, data, monkeypatch):
    web.files["/10017.tar.gz"].drops = [15_000]
    monkeypatch.setattr("time.sleep", lambda _: None)
    result = fetch("10017", "--keep-archive")
    assert result.exit_code == 0, result.output
    assert web.ranges("/10017.tar.gz") == [None, "bytes=15000-"]
    assert (data / "10017.tar.gz").read_bytes() == web.files["/10017.tar.gz"].content
    assert "continuing after 15.0 kB of" in result.stderr


def test_ctrl_c_leaves_a_part_that_the_same_command_continues(fetch, web, data):
    content = entry_archive(size=100_000)
    served = web.files["/10017.tar.gz"] = Served(content, drops=[150_000], hangs=True)
    code = "import sys; from cryoice.cli import app; app()"
    command = [sys.executable, "-c", code, "fetch", "10017", "-o", str(data), "--base-url", web.address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        wait_for(data / "10017.tar.gz.part", size=2 << 16)
        program.send_signal(signal.SIGINT)
        told = program.communicate(timeout=60)[1]
    assert program.returncode == 130
    assert told.splitlines()[-1] == "stopped: what has come is kept; the same command continues"
    served.hangs = False
    assert "so far" in run("10017", "--list", "-o", data).stdout
    assert fetch("10017", "--keep-archive").exit_code == 0
    assert web.ranges("/10017.tar.gz") == [None, f"bytes={2 << 16}-"]  # whole pieces of 64 KiB
    assert (data / "10017.tar.gz").read_bytes() == content


def test_a_wrong_checksum_keeps_the_archive_under_another_name(fetch, web, data):
    result = fetch("10005", "10017", "--sha256", f"10017={'0' * 64}")
    assert result.exit_code == 1
    assert visible(data) == ["10005", "10005.tar.gz.sha256", "10017.tar.gz.bad"]
    digest = hashlib.sha256(web.files["/10017.tar.gz"].content).hexdigest()
    assert f"its sha256 is {digest}, not the one given; kept as {data / '10017.tar.gz.bad'}" in result.stderr
    (data / "10017.tar.gz.bad").rename(data / "10017.tar.gz")
    asked = len(web.asked)
    assert fetch("10017", "--sha256", digest.upper()).exit_code == 0
    assert len(web.asked) == asked


def test_a_later_download_must_match_the_recorded_checksum(fetch, web, data):
    assert fetch("10017").exit_code == 0
    digest = hashlib.sha256(web.files["/10017.tar.gz"].content).hexdigest()
    assert (data / "10017.tar.gz.sha256").read_text() == f"{digest}  10017.tar.gz\n"
    shutil.rmtree(data / "10017")
    web.files["/10017.tar.gz"] = Served(entry_archive("10017", seed=9))
    result = fetch("10017")
    assert result.exit_code == 1
    assert "not the one in 10017.tar.gz.sha256 of an earlier download" in result.stderr
    (data / "10017.tar.gz.sha256").write_text("gone\n")
    assert "10017.tar.gz.sha256: holds no sha256; delete it" in fetch("10017").stderr
    (data / "10017.tar.gz.sha256").unlink()
    assert fetch("10017").exit_code == 0


def test_a_checksum_is_held_against_that_of_an_entry_that_is_here(fetch, web, data):
    digest = hashlib.sha256(web.files["/10017.tar.gz"].content).hexdigest()
    assert fetch("10017").exit_code == 0
    assert fetch("10017", "--sha256", digest.upper()).exit_code == 0
    result = fetch("10017", "10005", "--sha256", f"10017={'0' * 64}")
    assert result.exit_code == 1
    assert f"10017: {data / '10017'}: is here, but not known to have the sha256 given" in result.stderr
    assert (data / "10005").is_dir()
    (data / "10017.tar.gz.sha256").unlink()
    assert "there is no 10017.tar.gz.sha256" in fetch("10017", "--sha256", digest).stderr
    assert fetch("10017").exit_code == 0


def test_too_little_room_is_told_in_numbers_before_a_byte_is_written(fetch, web, data, monkeypatch):
    web.files["/10017.tar.gz"].content += bytes(100_000 - len(web.files["/10017.tar.gz"].content))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 219_999))
    result = fetch("10017")
    assert result.exit_code == 1
    assert visible(data) == []
    assert (
        "220.0 kB are free; 100.0 kB are to be downloaded and about 120.0 kB to be unpacked" in result.stderr
    )


def test_a_damaged_archive_is_set_aside(fetch, web, data):
    content = bytearray(web.files["/10017.tar.gz"].content)
    content[-5] ^= 1  # of the checksum or the length that gzip ends with
    web.files["/10017.tar.gz"].content = bytes(content)
    result = fetch("10017")
    assert result.exit_code == 1
    assert "is damaged or cut short" in result.stderr
    assert visible(data) == ["10017.tar.gz.bad"]


def test_the_other_edition_in_the_same_place_is_not_taken_for_it(fetch, web, data):
    assert fetch("10017").exit_code == 0
    result = fetch("10017", "--lite")
    assert result.exit_code == 1
    assert f"{data / '10017'}: is the full entry; give another --output for the lite one" in result.stderr
    (data / "10005").mkdir()
    assert "is there and holds no micrographs; move it away" in fetch("10005").stderr


def test_a_lite_entry_has_an_archive_of_its_own_name(fetch, web, data):
    web.files["/10017.tar.gz"].content = entry_archive("10017", suffix=".jpg")
    assert fetch("10017", "--lite").exit_code == 0
    assert visible(data) == ["10017", "10017_lite.tar.gz.sha256"]


def test_two_programs_do_not_fetch_into_one_folder(fetch, data):
    data.mkdir()
    with FileLock(data / ".cryoice-fetch.lock"):
        result = fetch("10017")
    assert result.exit_code == 1
    assert result.stderr == f"error: {data}: another cryoice fetch is at work there; wait for it\n"


def test_the_list_needs_no_network(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    result = run()
    assert result.exit_code == 0, result.output
    assert [name for name in catalogue().entries if f"│ {name} │" not in result.stdout] == []
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "CC BY 4.0" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_list_tells_what_is_here_and_how_large_the_archives_are(fetch, web):
    fetch("10017")
    asked = len(web.asked)
    result = fetch("10017", "10028", "--sizes")
    assert result.exit_code == 0
    rows = {line.split("│")[1].strip(): line for line in result.stdout.splitlines() if "│ 1" in line}
    assert f"{len(web.files['/10017.tar.gz'].content) / 1000:.1f} kB" in rows["10017"]
    assert "full" in rows["10017"]
    assert "–" in rows["10028"]
    assert [method for method, *_ in web.asked[asked:]] == ["HEAD", "HEAD"]


def test_the_facts_are_those_of_the_paper():
    entries = catalogue().entries.values()
    assert len(entries) == 34
    assert sum(entry.micrographs for entry in entries) == 9893  # doi:10.1038/s41597-023-02280-2, abstract
    assert catalogue().entries["10061"].micrograph_bytes == 300 * 7676 * 7420 * 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("10017", "--sha256", "abc"), "--sha256: abc is no sha256"),
        (("10017", "10005", "--sha256", "0" * 64), "of which entry? Write ENTRY=HASH"),
        (("10017", "--base-url", "ftp://x"), "--base-url: ftp://x is no web address"),
        (("--list", "5"), "5: not an entry of CryoPPP"),
        (("10017", "-o", "/proc/nowhere"), "/proc/nowhere: cannot be written"),
    ],
)
def test_a_wrong_flag_is_one_line(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_help_says_what_is_unverified_and_what_is_next():
    text = run("--help").stdout
    assert "not tried when this was" in text
    assert "cryoice check DIR" in text
