"""Micrographs are prepared once, whatever is wrong with some of them."""

import os

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.micrograph import write_mrc
from cryoice.learn import prepare as prepare_module
from cryoice.learn.prepare import prepare
from entry_builder import write_picks
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
    monkeypatch.setattr(prepare_module, "read_micrograph", unread)
    monkeypatch.setattr(prepare_module, "diagnose_entry", unread)
    second = prepared(root, tmp_path / "cache")
    assert second.micrographs == first.micrographs
    assert second.picks.equals(first.picks)


def test_new_picks_keep_the_arrays(root, tmp_path, monkeypatch):
    before = prepared(root, tmp_path / "cache").micrographs
    write_picks(root / "10000", "m0", np.array([[30.0, 30.0]]), shape=SHAPE, frame="cryoppp", kind="bad")
    monkeypatch.setattr(prepare_module, "read_micrograph", unread)
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
    assert len(found.notes) == 1
    assert "m1" in found.notes[0]


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
