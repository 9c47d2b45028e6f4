import errno
from pathlib import Path

import mrcfile
import pytest
from settings_of_tests import PLAIN, settings_with

from cryoice.errors import InputError
from cryoice.simulate import dataset, layout_on_disk
from cryoice.simulate.dataset import simulate_into
from marked_micrograph import simulate_marked


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


@pytest.fixture
def quick(monkeypatch):
    """Return settings of four micrographs of two proteins that are made in no time."""
    monkeypatch.setattr(dataset, "simulate_micrograph", simulate_marked)
    return settings_with(PLAIN, proteins=["ring", "rod"], size=[256, 300])


@pytest.mark.parametrize(
    ("changes", "micrographs", "said"),
    [
        ({"seed": 4}, 4, "seed 3, not 4"),
        ({"size": [300, 256]}, 4, r"size \[256, 300\], not \[300, 256\]"),
        ({"picks": {"jitter": 3.0}}, 4, r"picks\.jitter 2\.0, not 3\.0"),
        ({"proteins": ["rod", "ring"]}, 4, "proteins"),
        ({}, 5, "micrographs 4, not 5"),
    ],
)
def test_a_folder_of_other_settings_is_refused_by_the_one_that_differs(
    changes, micrographs, said, quick, tmp_path
):
    simulate_into(tmp_path / "sim", quick, micrographs=4, jobs=1)
    before = contents(tmp_path)
    other = settings_with(PLAIN, **({"proteins": ["ring", "rod"], "size": [256, 300]} | changes))
    with pytest.raises(InputError, match=f"sim: holds a data set of {said}.*; choose another folder"):
        simulate_into(tmp_path / "sim", other, micrographs=micrographs, jobs=1)
    assert contents(tmp_path) == before


def test_a_folder_of_another_version_is_refused(quick, tmp_path, monkeypatch):
    simulate_into(tmp_path / "sim", quick, micrographs=2, jobs=1)
    monkeypatch.setattr(dataset, "VERSION", 99)
    with pytest.raises(InputError, match="version 2, not 99"):
        simulate_into(tmp_path / "sim", quick, micrographs=2, jobs=1)


def test_a_folder_of_other_files_is_refused_and_left_alone(quick, tmp_path):
    (tmp_path / "micrographs.star").write_text("mine")
    with pytest.raises(InputError, match="holds other files; choose a new or an empty folder"):
        simulate_into(tmp_path, quick, micrographs=2, jobs=1)
    assert contents(tmp_path) == {"micrographs.star": b"mine"}


def test_a_manifest_that_cannot_be_read_is_refused_in_one_line(quick, tmp_path):
    for text in ("{", "[1]"):
        (tmp_path / "dataset.json").write_text(text)
        with pytest.raises(InputError, match=r"dataset\.json: cannot be read") as error:
            simulate_into(tmp_path, quick, micrographs=2, jobs=1)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("writer", "named"),
    [("mrcfile.new", "ring-0000.mrc"), ("replacing", "ring-0000.csv"), ("json.dumps", "dataset.json")],
)
def test_a_full_disk_is_one_line_that_names_the_file(writer, named, quick, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    if writer == "replacing":
        monkeypatch.setattr(layout_on_disk.csv, "writer", full)
    elif writer == "json.dumps":
        monkeypatch.setattr(Path, "write_text", full)
    else:
        monkeypatch.setattr(mrcfile, "new", full)
    with pytest.raises(InputError, match=rf"{named}: cannot be written \(No space left on device\)") as error:
        simulate_into(tmp_path / "sim", quick, micrographs=2, jobs=1)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.rglob(".partial*"))
