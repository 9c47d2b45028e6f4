"""Which data sets count as the same."""

import os
import shutil

import pytest

from cryoice.learn.contents import contents
from cryoice.learn.prepare import prepare
from training import write_blobs


def found(root, cache):
    prepared = prepare(
        root, entries=None, frame="auto", pixel_sizes={}, pixel_size=1.5, spectrum_pixel_size=1.5, cache=cache
    )
    return contents(prepared)


@pytest.fixture
def entry(tmp_path):
    write_blobs(tmp_path / "here/10000", count=3)
    return tmp_path / "here"


def test_the_same_files_elsewhere_and_later_are_the_same_data(entry, tmp_path):
    before = found(entry, tmp_path / "cache")
    shutil.copytree(entry, tmp_path / "there")
    for path in (tmp_path / "there").rglob("*.mrc"):
        os.utime(path, (1, 1))
    after = found(tmp_path / "there", tmp_path / "other")
    assert after == before
    assert before["entries"] == ["10000"]
    assert before["n_micrographs"] == len(before["micrographs"]) == 3
    assert before["n_picks"] == sum(one["picks"] for one in before["micrographs"])
    assert 0 < before["n_bad"] < before["n_picks"]


def test_a_pick_less_is_other_data(entry, tmp_path):
    before = found(entry, tmp_path / "cache")
    picks = next((entry / "10000/ground_truth/false_positives").glob("*.csv"))
    lines = picks.read_text().splitlines(keepends=True)
    picks.write_text("".join(lines[:-1]))
    after = found(entry, tmp_path / "cache")
    assert after["digest"] != before["digest"]
    assert after["n_picks"] == before["n_picks"] - 1
    assert after["entries"] == before["entries"]
