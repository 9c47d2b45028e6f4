import errno
import gzip
import io
import shutil
import tarfile
from collections import namedtuple

import pytest

from archive_server import archive_of, entry_archive
from cryoice.errors import InputError
from cryoice.files.archive import DamagedError, unpack
from cryoice.files.entry_folder import is_lite, micrographs_in, unpack_entry

Usage = namedtuple("Usage", "total used free")
MICROGRAPH = "10017/micrographs/m0.mrc"


def ignore(_):
    """Nobody is told."""


@pytest.fixture
def packed(tmp_path):
    """Write an archive to a folder of its own."""
    (tmp_path / "here").mkdir()

    def write(content):
        path = tmp_path / "here/10017.tar.gz"
        path.write_bytes(content if isinstance(content, bytes) else archive_of(content))
        return path

    return write


def names_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_an_entry_is_unpacked_to_its_place(packed):
    archive = packed(entry_archive(count=2))
    done = []
    unpack_entry(archive, archive.with_name("10017"), advance=done.append)
    assert [path.name for path in micrographs_in(archive.with_name("10017"))] == ["m0.mrc", "m1.mrc"]
    assert names_below(archive.parent)[:2] == ["10017", "10017.tar.gz"]
    assert not [name for name in names_below(archive.parent) if name.startswith(".")]
    assert 0 < sum(done) <= archive.stat().st_size


@pytest.mark.parametrize(
    ("member", "content", "fault"),
    [
        ("../evil", b"x", "outside"),
        ("10017/../../evil", b"x", "outside"),
        ("/tmp/evil-of-cryoice", b"x", "outside"),
        ("10017\\..\\..\\evil", b"x", "outside"),
        ("C:\\evil", b"x", "outside"),
        ("10017/link", (tarfile.SYMTYPE, "/etc/passwd"), "a link"),
        ("10017/link", (tarfile.SYMTYPE, "micrographs"), "a link"),
        ("10017/link", (tarfile.LNKTYPE, MICROGRAPH), "a link"),
        ("10017/device", (tarfile.CHRTYPE, ""), "no plain file"),
        ("10017/disk", (tarfile.BLKTYPE, ""), "no plain file"),
        ("10017/pipe", (tarfile.FIFOTYPE, ""), "no plain file"),
    ],
)
def test_what_could_leave_the_folder_is_refused_whole(packed, member, content, fault):
    archive = packed({MICROGRAPH: b"m", member: content})
    with pytest.raises(DamagedError, match=f"{fault}.*nothing of the archive is used"):
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert names_below(archive.parent.parent) == ["here", "here/10017.tar.gz"]


@pytest.mark.parametrize("headers", [{"path": "10017/a\0b"}, {"mtime": "nan"}, {"mtime": "1e300"}])
def test_headers_without_sense_are_damage(packed, headers):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("10017/a")
        member.pax_headers = headers
        tar.addfile(member)
    archive = packed(content.getvalue())
    (archive.parent / "out").mkdir()
    with pytest.raises(DamagedError, match="is damaged"):
        unpack(archive, archive.parent / "out", advance=ignore)


@pytest.mark.parametrize("cut", [0.3, 0.9, 0.9999])
def test_an_archive_that_is_cut_short_leaves_no_entry(packed, cut):
    whole = entry_archive()
    archive = packed(whole[: int(cut * len(whole))])
    with pytest.raises(DamagedError, match="damaged or cut short"):
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert names_below(archive.parent) == ["10017.tar.gz"]


def test_a_tar_that_was_packed_cut_short_is_refused(packed):
    whole = gzip.decompress(entry_archive())
    archive = packed(gzip.compress(whole[:15_000]))
    with pytest.raises(DamagedError, match="unexpected end of data"):
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)


def test_one_wrong_byte_is_noticed(packed):
    content = bytearray(gzip.compress(gzip.decompress(entry_archive()), compresslevel=0))
    content[5000] ^= 1
    archive = packed(bytes(content))
    with pytest.raises(DamagedError, match="CRC"):
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)


@pytest.mark.parametrize("members", [{"10017/readme": b"x"}, {"10017/micrographs/.m0.mrc": b"x"}])
def test_an_archive_without_micrographs_is_no_entry(packed, members):
    archive = packed(members)
    with pytest.raises(DamagedError, match="holds no 'micrographs/'"):
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert names_below(archive.parent) == ["10017.tar.gz"]


@pytest.mark.parametrize("top", ["", "./10017/", "other/", "srv/data/10017/"])
def test_the_entry_is_found_wherever_its_folder_starts(packed, top):
    archive = packed({f"{top}micrographs/m0.mrc": b"m", f"{top}ground_truth/x.star": b"s"})
    unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert names_below(archive.with_name("10017"))[-1] == "micrographs/m0.mrc"


def test_an_entry_of_two_halves_keeps_them(packed):
    archive = packed({f"10389/10389{half}/micrographs/m{half}.mrc": b"m" for half in "AB"})
    unpack_entry(archive, archive.with_name("10389"), advance=ignore)
    assert [path.name for path in micrographs_in(archive.with_name("10389"))] == ["mA.mrc", "mB.mrc"]


def test_a_member_larger_than_the_disk_is_refused_before_it_is_written(packed, monkeypatch):
    archive = packed(entry_archive(size=20_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, (1 << 28) + 19_999))
    with pytest.raises(InputError, match=r"too little for 10017/micrographs/m0\.mrc \(20\.0 kB\)") as told:
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert not isinstance(told.value, DamagedError)
    assert names_below(archive.parent) == ["10017.tar.gz"]


def test_a_disk_that_fills_up_leaves_the_archive_and_no_entry(packed, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = packed(entry_archive())
    monkeypatch.setattr(tarfile, "copyfileobj", full)
    with pytest.raises(InputError, match="No space left on device") as told:
        unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert not isinstance(told.value, DamagedError)
    assert names_below(archive.parent) == ["10017.tar.gz"]


def test_what_a_killed_program_left_is_removed(packed):
    archive = packed(entry_archive())
    left = archive.with_name(".unpacking-10017") / "10017/micrographs"
    left.mkdir(parents=True)
    (left / "half.mrc").write_bytes(b"h")
    unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert "half.mrc" not in {path.name for path in micrographs_in(archive.with_name("10017"))}
    assert not left.exists()


def test_owners_and_modes_of_the_archive_do_not_count(packed, tmp_path):
    archive = packed(b"")
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(MICROGRAPH)
        member.mode, member.uid = 0o4000, 12345
        tar.addfile(member)
    (tmp_path / "out").mkdir()
    unpack(archive, tmp_path / "out", advance=ignore)
    found = (tmp_path / "out" / MICROGRAPH).stat()
    assert found.st_mode & 0o7777 == 0o600
    assert found.st_uid != 12345


def test_pictures_are_the_lite_edition(packed):
    archive = packed(entry_archive(suffix=".jpg"))
    unpack_entry(archive, archive.with_name("10017"), advance=ignore)
    assert is_lite(micrographs_in(archive.with_name("10017")))
    assert not is_lite([])
