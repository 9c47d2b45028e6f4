"""Micrographs are prepared once, whatever is wrong with some of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.diagnose import diagnose_entry
from cryoice.files.micrograph import write_mrc
from cryoice.learn import build, views
from cryoice.learn.prepare import prepare
from entry_builder import write_entry, write_picks
from training import write_blobs

SHAPE = (60, 75)


def prepared(root, cache, **changes):
    options = {
        "entries": None,
        "frame": "cryoppp",
        "pixel_sizes": {},
        "pixel_size": 1.5,
        "spectrum_pixel_size": 1.5,
    }
    return prepare(root, **(options | changes), cache=cache)


@pytest.fixture
def root(tmp_path):
    write_blobs(tmp_path / "data/10000", count=3, shape=SHAPE)
    return tmp_path / "data"


def unread(*_arguments):
    raise AssertionError("a micrograph was read")


def test_a_second_call_reads_no_micrograph(root, tmp_path, monkeypatch):
    first = prepared(root, tmp_path / "cache")
    monkeypatch.setattr(views, "read_micrograph", unread)
    monkeypatch.setattr(build, "diagnose_entry", unread)
    second = prepared(root, tmp_path / "cache")
    assert second.micrographs == first.micrographs
    assert second.picks.equals(first.picks)


def test_new_picks_keep_the_arrays(root, tmp_path, monkeypatch):
    before = prepared(root, tmp_path / "cache").micrographs
    write_picks(root / "10000", "m0", np.array([[30.0, 30.0]]), shape=SHAPE, frame="cryoppp", kind="bad")
    monkeypatch.setattr(views, "read_micrograph", unread)
    after = prepared(root, tmp_path / "cache")
    assert after.micrographs == before
    assert (after.picks["micrograph"] == 0).sum() == 26


def test_a_changed_micrograph_is_read_again(root, tmp_path):
    before = prepared(root, tmp_path / "cache").micrographs[0].real
    path = root / "10000/micrographs/m0.mrc"
    new = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    write_mrc(path, new, pixel_size=1.5)
    os.utime(path, ns=(1, 1))
    after = prepared(root, tmp_path / "cache").micrographs[0].real
    assert after.path != before.path
    assert np.corrcoef(after.open().ravel(), new.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("content", ["nan", "truncated", "xml", "constant"])
def test_a_bad_micrograph_is_skipped_and_named_and_the_others_go_on(root, tmp_path, content):
    damage(root / "10000/micrographs/m1.mrc", content)
    found = prepared(root, tmp_path / "cache")
    assert [m.name for m in found.micrographs] == ["m0", "m2"]
    assert sorted(found.picks["micrograph"].unique()) == [0, 1]
    (note,) = [note for note in found.notes if "m1" in note]
    assert note.startswith("10000/m1: ")
    assert found.left_out["micrographs skipped"] == 1


def damage(path, content):
    if content == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif content == "xml":
        path.write_text("<?xml version='1.0'?><Error/>")
    else:
        value = np.nan if content == "nan" else 3.0
        write_mrc(path, np.full(SHAPE, value, dtype=np.float32), pixel_size=1.5)


@pytest.mark.parametrize("content", ["nan", "truncated", "xml"])
def test_nothing_but_bad_micrographs_is_an_error(root, tmp_path, content):
    for path in (root / "10000/micrographs").iterdir():
        damage(path, content)
    with pytest.raises(InputError, match=r"m0"):
        prepared(root, tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("index.json"))


def test_picks_off_the_micrograph_are_marked_and_stay_where_they_are(root, tmp_path):
    positions = np.array([[-5.0, 10.0], [10.0, 10.0], [10.0, 80.0]])
    write_picks(root / "10000", "m0", positions, shape=SHAPE, frame="cryoppp", kind="bad")
    found = prepared(root, tmp_path / "cache").picks
    own = found[(found["micrograph"] == 0) & (found["label"] == 1)]
    assert own[["row", "col"]].to_numpy().tolist() == positions.tolist()
    assert own["inside"].tolist() == [False, True, False]


def test_a_coarse_entry_has_no_spectrum_and_keeps_its_pixels(tmp_path):
    write_blobs(tmp_path / "data/10000", count=1, shape=SHAPE, pixel_size=2.5)
    found = prepared(tmp_path / "data", tmp_path / "cache")
    assert found.micrographs[0].spectrum.path is None
    assert found.micrographs[0].real.pixel_size == 2.5
    assert found.micrographs[0].real.open().shape == SHAPE


def test_a_finer_entry_is_resampled_to_the_size_asked_for(root, tmp_path):
    found = prepared(root, tmp_path / "cache", pixel_size=3.0).micrographs[0]
    assert found.real.open().shape == (30, 38)
    assert found.real.scale == (30 / 60, 38 / 75)
    assert found.spectrum.open().shape == SHAPE


def test_a_spectrum_too_coarse_for_ice_is_not_measured(root, tmp_path):
    assert prepared(root, tmp_path / "cache", spectrum_pixel_size=1.7).micrographs[0].spectrum.path
    assert prepared(root, tmp_path / "cache", spectrum_pixel_size=1.8).micrographs[0].spectrum.path is None


def test_eight_bit_pictures_have_no_spectrum(tmp_path):
    write_entry(tmp_path / "data/10000", count=1, lite=True, frame="top")
    found = prepared(tmp_path / "data", tmp_path / "cache", frame="top", pixel_sizes={"10000": 1.0})
    assert found.micrographs[0].spectrum.path is None


def test_a_prepared_data_set_is_found_from_another_folder(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepared(root, Path("cache"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(views, "read_micrograph", unread)
    assert prepared(root, Path("../cache")).micrographs[0].real.open().shape == SHAPE


@pytest.mark.parametrize("which", ["one", "all"])
def test_deleted_arrays_are_made_again(root, tmp_path, which):
    first = prepared(root, tmp_path / "cache")
    arrays = sorted((tmp_path / "cache/arrays").glob("*.npy"))
    for path in arrays[:1] if which == "one" else arrays:
        path.unlink()
    assert prepared(root, tmp_path / "cache").micrographs == first.micrographs
    assert sorted((tmp_path / "cache/arrays").glob("*.npy")) == arrays


def test_an_interrupted_build_leaves_no_index(root, tmp_path, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(views, "resampled_view", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepared(root, tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("index.json"))
    assert len(prepared(root, tmp_path / "cache").micrographs) == 3


def test_two_runs_at_once_build_once(root, tmp_path, monkeypatch):
    begun = []

    def counted(*arguments, **options):
        begun.append(arguments)
        return diagnose_entry(*arguments, **options)

    monkeypatch.setattr(build, "diagnose_entry", counted)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: prepared(root, tmp_path / "cache"), range(2))
    assert first.micrographs == second.micrographs
    assert len(begun) == 1


def test_an_entry_without_micrographs_is_skipped_with_a_note_unless_it_is_named(root, tmp_path):
    (root / "10001/micrographs").mkdir(parents=True)
    found = prepared(root, tmp_path / "cache")
    assert {micrograph.entry for micrograph in found.micrographs} == {"10000"}
    assert any("10001/micrographs: no micrographs" in note for note in found.notes)
    with pytest.raises(InputError, match="10001/micrographs: no micrographs"):
        prepared(root, tmp_path / "cache", entries=["10000", "10001"])
    with pytest.raises(InputError, match="10001/micrographs: no micrographs"):
        prepared(root / "10001", tmp_path / "cache")


def test_entries_of_one_name_stay_apart(tmp_path):
    for parent in ("a", "b"):
        write_blobs(tmp_path / "data" / parent / "10000", count=1, shape=SHAPE)
    found = prepared(tmp_path / "data", tmp_path / "cache", pixel_sizes={"b/10000": 1.6})
    assert [micrograph.entry for micrograph in found.micrographs] == ["a/10000", "b/10000"]
    assert found.pixel_sizes == [1.5, 1.6]


def test_a_pixel_size_by_entry_wins_over_the_header(root, tmp_path):
    found = prepared(root, tmp_path / "cache", pixel_sizes={"10000": 2.0}, pixel_size=2.0)
    assert found.pixel_sizes == [2.0] * 3
    assert found.micrographs[0].spectrum.path is None


def test_brightness_is_measured_on_the_scale_of_the_micrograph(root, tmp_path):
    array = np.random.default_rng(1).normal(1000, 50, SHAPE).astype(np.float32)
    array[20:40, 27:48] += 500  # ten standard deviations of the noise
    write_mrc(root / "10000/micrographs/m0.mrc", array, pixel_size=1.5)
    real = prepared(root, tmp_path / "cache").micrographs[0].real.open().astype(np.float32)
    assert np.median(real) == pytest.approx(0, abs=0.02)
    assert real[20:40, 27:48].mean() - real[:, :27].mean() == pytest.approx(10, rel=0.3)
