import errno
import os
from pathlib import Path

import pytest

from bright_blocks import noise_with_block, write_micrographs
from cryoice.files.growing_star import GrowingStar
from cryoice.files.mrc import read_mrc, write_mrc
from cryoice.project.arrivals import PATIENCE, RETRY
from cryoice.project.records import Records
from cryoice.project.seen_micrograph import SeenMicrograph
from watching import SETTLE, Later, Watched


def star(path, names):
    rows = "".join(f"{name} 12000.10\n" for name in names)
    path.write_text(f"data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n{rows}")


def test_a_file_is_masked_once_it_has_not_changed_for_a_while(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    watched = Watched(tmp_path / "in", tmp_path / "out")
    assert watched.after(0) == []
    assert watched.after(SETTLE - 1) == []
    os.utime(path, ns=(0, 0))  # changed: by a clock that is far behind ours
    assert watched.after(2) == []
    assert watched.after(SETTLE) == ["m00"]
    for _ in range(3):
        assert watched.after(60) == ["m00"]
    assert (watched.watch.masked, watched.watch.waiting, watched.said) == (1, 0, [])


def test_half_a_file_is_waited_for_then_told_once_and_tried_again_when_it_changes(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    watched.after(SETTLE)
    assert (watched.said, watched.watch.waiting) == ([], 1)
    watched.after(PATIENCE)
    watched.after(PATIENCE)
    line = f"{path}: truncated, holds 5000 of {len(whole)} bytes; fetch or write it again"
    assert watched.said == [line]
    assert (watched.watch.waiting, watched.watch.failures) == (0, [tuple(line.split(": ", 1))])
    path.write_bytes(whole)
    watched.after(1)
    assert (watched.watch.waiting, watched.watch.failures) == (1, [])
    assert watched.after(SETTLE) == ["m00"]
    assert watched.said == [line]


def test_a_file_renamed_into_place_is_masked_under_its_new_name_alone(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    path.rename(tmp_path / "in/m00.tmp.mrc")
    (tmp_path / "in/.m01.mrc").write_bytes((tmp_path / "in/m00.tmp.mrc").read_bytes())
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    (tmp_path / "in/m00.tmp.mrc").rename(path)
    watched.after(SETTLE)
    (tmp_path / "in/.m01.mrc").rename(tmp_path / "in/m01.mrc")
    watched.after(1)
    assert watched.after(SETTLE) == ["m00", "m01"]
    assert watched.said == []


def test_what_comes_out_of_order_stands_in_the_order_of_its_files_times(tmp_path):
    paths = write_micrographs(tmp_path / "spare", 3)
    (tmp_path / "in").mkdir()
    watched = Watched(tmp_path / "in", tmp_path / "out")
    for number in (2, 0, 1):
        target = paths[number].rename(tmp_path / "in" / paths[number].name)
        os.utime(target, ns=(0, 10**9 * number))
        watched.after(1)
        watched.after(SETTLE)
    assert watched.masked == ["m02", "m00", "m01"]
    assert [item.row["stem"] for item in watched.watch.exposures.last(2)] == ["m01", "m02"]


def test_a_micrograph_replaced_while_it_is_read_is_no_failure_and_is_masked_as_it_is_now(
    tmp_path, monkeypatch
):
    (path,) = write_micrographs(tmp_path / "in", 1)
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    read = SeenMicrograph.of

    def replaced(listed):
        seen = read(listed)
        write_mrc(path, noise_with_block(seed=5, side=(48, 45)), pixel_size=8.0)
        return seen

    with monkeypatch.context() as patched:
        patched.setattr(SeenMicrograph, "of", replaced)
        assert watched.after(SETTLE) == []
    assert (watched.said, watched.watch.waiting) == ([], 1)
    assert watched.after(SETTLE) == ["m00"]
    assert read_mrc(tmp_path / "out/m00_mask.mrc")[0].shape == (48, 45)


def test_a_micrograph_replaced_while_it_waits_in_the_queue_settles_anew_and_is_masked_once(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    pool = Later()
    watched = Watched(tmp_path / "in", tmp_path / "out", pool=pool)
    watched.after(0)
    watched.after(SETTLE)
    write_mrc(path, noise_with_block(seed=4, side=(44, 45)), pixel_size=8.0)
    pool.go()
    assert watched.after(SETTLE) == []
    assert not (tmp_path / "out/m00_mask.mrc").exists()
    watched.after(SETTLE)
    pool.go()
    for _ in range(5):
        assert watched.after(SETTLE) == ["m00"]
    assert watched.said == []
    (row,) = watched.watch.rows.values()
    assert (row["height"], watched.watch.waiting, pool.waiting) == (44, 0, [])


def test_a_micrograph_replaced_later_leaves_the_lists_until_it_is_masked_anew(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    assert watched.after(SETTLE) == ["m00"]
    write_mrc(path, noise_with_block(seed=7, side=(44, 45)), pixel_size=8.0)
    for _ in range(2):  # the masked ones are looked at in turn
        watched.after(0.1)
    assert (watched.watch.rows, watched.watch.others, watched.watch.waiting) == ({}, [], 1)
    assert watched.after(SETTLE) == ["m00", "m00"]
    (row,) = watched.watch.rows.values()
    assert row["height"] == 44


def test_a_watch_begun_again_masks_nothing_twice_and_misses_nothing(tmp_path):
    write_micrographs(tmp_path / "in", 2)
    first = Watched(tmp_path / "in", tmp_path / "out")
    first.after(0)
    assert first.after(SETTLE) == ["m00", "m01"]
    write_micrographs(tmp_path / "in2", 4)
    for name in ("m02.mrc", "m03.mrc"):
        (tmp_path / "in2" / name).rename(tmp_path / "in" / name)
    again = Watched(tmp_path / "in", tmp_path / "out")
    again.after(0)
    assert again.watch.masked == 2
    assert again.after(SETTLE) == ["m02", "m03"]
    assert [row["stem"] for row in again.watch.rows.values()] == ["m00", "m01", "m02", "m03"]
    judged = Watched(tmp_path / "in", tmp_path / "out", max_bad=0.01)
    (tmp_path / "in/m03.mrc").rename(tmp_path / "in2/m03.mrc")
    assert judged.after(0) == judged.after(SETTLE) == []
    assert {exposure.row["verdict"] for exposure in judged.watch.exposures.last(4)} == {"bad"}
    (tmp_path / "in2/m03.mrc").rename(tmp_path / "in/m03.mrc")
    other = Watched(tmp_path / "in", tmp_path / "out", full_size=True)
    other.after(0)
    assert other.watch.masked == 0
    assert other.watch.others == []  # what is to be masked anew is listed no more
    assert len(other.after(SETTLE)) == 4


def test_a_watch_begun_again_reads_each_record_once(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 2)
    Watched(tmp_path / "in", tmp_path / "out").after(0)
    first = Watched(tmp_path / "in", tmp_path / "out")
    first.after(0)
    first.after(SETTLE)
    again, other = (Watched(tmp_path / "in", tmp_path / "out", full_size=full) for full in (False, True))
    monkeypatch.setattr(Records, "_read", lambda *_: pytest.fail("read again"))
    again.after(0)
    other.after(0)
    assert (again.watch.masked, other.watch.masked) == (2, 0)


def test_a_mask_that_went_while_its_micrograph_was_away_is_made_anew(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    first = Watched(tmp_path / "in", tmp_path / "out")
    first.after(0)
    first.after(SETTLE)
    again = Watched(tmp_path / "in", tmp_path / "out")
    again.after(0)
    path.rename(tmp_path / "m00.mrc")
    again.after(1)
    (tmp_path / "out/m00_mask.mrc").unlink()
    (tmp_path / "m00.mrc").rename(path)
    again.after(1)
    assert again.after(SETTLE) == ["m00"]


def test_a_mask_stays_listed_when_its_micrograph_is_moved_away(tmp_path):
    first, _ = write_micrographs(tmp_path / "in", 2)
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    watched.after(SETTLE)
    first.rename(tmp_path / "m00.mrc")
    watched.after(1)
    assert [row["stem"] for row in watched.watch.others] == ["m00"]
    (tmp_path / "m00.mrc").rename(first)  # or the listing lagged
    assert watched.after(1) == ["m00", "m01"]
    assert (len(watched.watch.rows), watched.watch.others, watched.watch.waiting) == (2, [], 0)


def test_a_full_disk_is_told_once_and_what_was_not_written_is_tried_again(tmp_path, monkeypatch):
    paths = write_micrographs(tmp_path / "in", 3)
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(paths[0]), "replace", full)
        watched.after(SETTLE)
        watched.after(RETRY)
    (line,) = watched.said
    assert "cannot be written (No space left on device); make room" in line
    assert (watched.watch.waiting, watched.watch.failures, watched.watch.refused) == (3, [], True)
    assert watched.after(1) == []
    assert watched.after(RETRY) == ["m00", "m01", "m02"]
    assert watched.said[1:] == [f"{tmp_path / 'out'}: masks are written again"]


def test_a_folder_that_goes_and_comes_back_is_told_and_waited_for(tmp_path):
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    watched.after(1)
    assert watched.said == [
        f"{tmp_path / 'in'}: cannot be listed (No such file or directory); waiting for it"
    ]
    write_micrographs(tmp_path / "in", 1)
    watched.after(1)
    assert watched.said[1:] == ["it is there now"]
    assert watched.after(SETTLE) == ["m00"]
    (tmp_path / "in").rename(tmp_path / "away")
    watched.after(1)
    assert len(watched.watch.rows) == 1
    (tmp_path / "away").rename(tmp_path / "in")
    assert watched.after(1) == ["m00"]
    assert watched.said[3:] == ["it is there now"]


def test_a_star_file_is_followed_and_files_it_names_are_waited_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, second = write_micrographs(tmp_path / "in", 2)
    away = second.rename(tmp_path / "m01.mrc")
    star(tmp_path / "list.star", ["in/m00.mrc"])
    watched = Watched(GrowingStar(tmp_path / "list.star", None, SETTLE), tmp_path / "out")
    watched.after(0)
    assert watched.after(SETTLE) == ["m00"]
    star(tmp_path / "list.star", ["in/m00.mrc", "in/m01.mrc"])
    watched.after(1)
    assert (watched.watch.waiting, watched.said) == (1, [])
    watched.after(PATIENCE)
    reason = "list.star lists it, but there is no such file; run in the RELION project's folder"
    assert watched.watch.failures == [("in/m01.mrc", reason)]
    assert watched.said == [f"in/m01.mrc: {reason}"]
    away.rename(second)
    watched.after(1)
    assert watched.watch.failures == []
    assert watched.after(SETTLE) == ["m00", "m01"]
    assert [item.rows for item in watched.watch.rows] == [(0,), (1,)]


def test_rows_that_move_while_their_micrograph_is_in_flight_do_not_mask_it_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 2)
    star(tmp_path / "list.star", ["in/m01.mrc"])
    pool = Later()
    watched = Watched(GrowingStar(tmp_path / "list.star", None, SETTLE), tmp_path / "out", pool=pool)
    watched.after(0)
    watched.after(SETTLE)
    star(tmp_path / "list.star", ["in/m00.mrc", "in/m01.mrc"])
    watched.after(1)
    for _ in range(3):
        pool.go()
        watched.after(SETTLE)
    assert sorted(watched.masked) == ["m00", "m01"]
    assert [(item.stem, item.rows) for item in watched.watch.rows] == [("m00", (0,)), ("m01", (1,))]


def test_a_list_whose_pixel_size_is_mended_has_its_masks_made_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 1)
    text = "data_\n\nloop_\n_rlnMicrographName #1\n_rlnMicrographPixelSize #2\nin/m00.mrc {}\n"
    (tmp_path / "list.star").write_text(text.format(8.0))
    watched = Watched(GrowingStar(tmp_path / "list.star", None, SETTLE), tmp_path / "out")
    watched.after(0)
    watched.after(SETTLE)
    (tmp_path / "list.star").write_text(text.format(7.5))
    watched.after(1)
    assert watched.watch.masked == 0
    assert watched.after(SETTLE) == ["m00", "m00"]
    (row,) = watched.watch.rows.values()
    assert row["angpix"] == 7.5


def test_a_micrograph_among_the_masks_is_a_failure_and_the_others_are_masked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 1)
    (path,) = write_micrographs(tmp_path / "out", 1)
    path = path.rename(tmp_path / "out/x.mrc")
    star(tmp_path / "list.star", ["in/m00.mrc", "out/x.mrc"])
    watched = Watched(GrowingStar(tmp_path / "list.star", None, SETTLE), tmp_path / "out")
    watched.after(0)
    path.write_bytes(path.read_bytes())  # changed: no reason to try it
    watched.after(PATIENCE)
    assert watched.after(PATIENCE) == ["m00"]
    reason = "lies among the masks, which might replace it; move it, or choose another folder for masks"
    assert watched.watch.failures == [("out/x.mrc", reason)]
    assert watched.said == [f"out/x.mrc: {reason}"]
    assert watched.watch.waiting == 0
    assert not (tmp_path / "out/x_mask.mrc").exists()


def test_a_record_that_cannot_take_over_a_new_name_is_known_by_it_all_the_same(tmp_path, monkeypatch):
    (path,) = write_micrographs(tmp_path / "in", 1)
    Watched(tmp_path / "in", tmp_path / "out").after(0)
    first = Watched(tmp_path / "in", tmp_path / "out")
    first.after(0)
    first.after(SETTLE)
    monkeypatch.chdir(tmp_path)
    again = Watched(Path("in"), tmp_path / "out")

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(path), "replace", full)
        again.after(0)
    assert [row["micrograph"] for row in again.watch.rows.values()] == ["in/m00.mrc"]
    assert again.watch.batch.records.get("m00").row["micrograph"] == str(path)
