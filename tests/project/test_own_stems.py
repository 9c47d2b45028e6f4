"""Micrographs of one name in several folders: masked side by side, and called the same on every run."""

import csv
import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bright_blocks import BLOCK, brightness_model, write_micrographs
from cryoice.cli import app
from cryoice.files.growing_star import GrowingStar
from cryoice.files.own_stems import own_stems
from cryoice.mask import model as model_module
from watching import SETTLE, Watched

A, B = "Movies/gridA/m00.mrc", "Movies/gridB/m00.mrc"


def hashed(name):
    return f"m00_{hashlib.sha256(name.encode()).hexdigest()[:6]}"


@pytest.fixture(autouse=True)
def _twins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())
    write_micrographs(Path(A).parent, 1, block=(slice(0), slice(0)))
    write_micrographs(Path(B).parent, 1)  # bright on BLOCK


def run(*words):
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result


def star(*names):
    rows = "".join(f"{name} 8.0\n" for name in names)
    Path("list.star").write_text(
        f"data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnMicrographPixelSize #2\n{rows}"
    )


def summary(folder="out"):
    """Return name by stem."""
    with Path(folder, "summary.csv").open(newline="") as stream:
        return {row["stem"]: row["micrograph"] for row in csv.DictReader(stream)}


def outputs(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def test_a_joined_list_has_a_mask_of_each_and_a_list_of_both():
    star(A, B)
    run("mask", "list.star", "-o", "out")
    assert summary() == {"m00": A, hashed(B): B}
    assert Path("out/m00_mask.mrc").read_bytes() != Path(f"out/{hashed(B)}_mask.mrc").read_bytes()
    assert [name in Path("out/micrographs.star").read_text() for name in (A, B)] == [True, True]
    assert not Path("out/failures.csv").exists()


def test_particles_of_namesakes_are_judged_each_by_its_own_mask():
    star(A, B)
    run("mask", "list.star", "-o", "out")
    top, left = BLOCK[0].start, BLOCK[1].start
    places = "".join(f"{name} {left} {row}\n" for name in (A, B) for row in (top, top - 1))
    Path("picks.star").write_text(
        "data_particles\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n" + places
    )
    run("clean", "picks.star", "--masks", "out", "-o", "clean.star", "--distance", "0")
    kept = [line.split()[::2] for line in Path("clean.star").read_text().splitlines() if ".mrc" in line]
    assert [row[:2] for row in kept] == [[A, str(top)], [A, str(top - 1)], [B, str(top - 1)]]
    run("select", "out", "--max-bad", "1", "-o", "good.star", "--rejected", "bad.star")
    assert [name in Path("good.star").read_text() for name in (A, B)] == [True, True]
    run("report", "out", "-o", "page.html")


@pytest.mark.parametrize("later", [(A, B), (B, A), ("Movies/grid0/m00.mrc", B, A)])
def test_a_list_run_again_or_grown_or_turned_round_masks_nothing_twice(later):
    write_micrographs(Path("Movies/grid0"), 1)
    star(A, B)
    run("mask", "list.star", "-o", "out")
    times = {path: path.stat().st_mtime_ns for path in Path("out").glob("m00*_*.mrc")}
    star(*later)
    run("mask", "list.star", "-o", "out")
    names = {name: stem for stem, name in summary().items()}
    assert names == {name: "m00" if name == A else hashed(name) for name in later}
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_masks_of_another_list_in_the_folder_stay_as_they_are():
    run("mask", B, "-o", "out")
    before = Path("out/m00_mask.mrc").read_bytes()
    run("mask", A, "-o", "out")
    assert summary() == {"m00": B, hashed(A): A}
    assert Path("out/m00_mask.mrc").read_bytes() == before
    Path(B).unlink()
    run("mask", "Movies/gridA", "-o", "new")
    assert summary("new") == {"m00": A}


def test_two_shards_are_one_process():
    star(A, B)
    run("mask", "list.star", "-o", "one")
    for shard in ("2/2", "1/2"):
        run("mask", "list.star", "-o", "two", "--shard", shard)
    run("mask", "list.star", "-o", "two", "--merge", "--shards", "2")
    assert outputs("two") == outputs("one")


def test_a_watch_masks_both_and_calls_them_the_same_when_it_is_begun_again():
    star(B)
    source = GrowingStar(Path("list.star"), None, SETTLE)
    watched = Watched(source, Path("out"))
    watched.after(0)
    star(A, B)
    watched.after(1)
    for _ in range(2):
        watched.after(SETTLE)
    assert sorted(watched.masked) == sorted(["m00", hashed(A)])
    assert {item.name: item.stem for item in watched.watch.rows} == {A: hashed(A), B: "m00"}
    again = Watched(GrowingStar(Path("list.star"), None, SETTLE), Path("out"))
    assert again.after(0) == again.after(SETTLE) == []
    assert {item.name: item.stem for item in again.watch.rows} == {A: hashed(A), B: "m00"}


def test_files_whose_names_look_like_hashes_and_links_to_one_file_share_no_outputs(tmp_path):
    clash = Path(f"Movies/gridC/{hashed(B)}.mrc")
    link = Path("Movies/gridD/m00.mrc")
    write_micrographs(clash.parent, 1)[0].rename(clash)
    link.parent.mkdir()
    link.symlink_to(Path(A).resolve())
    files = [(path, str(path)) for path in (clash, Path(A), Path(B), link)]
    stems = own_stems(files)
    assert stems == [hashed(B), "m00", f"{hashed(B)}_2", hashed(str(link))]
    owners = {stem: str(path.resolve()) for stem, (path, _) in zip(stems, files, strict=True)}
    assert own_stems(files, owners.get) == stems
