"""Pixel sizes that a user gives by entry, from the command line to the data."""

import pytest

from cryoice.errors import InputError
from cryoice.experiment.limits import check_values
from cryoice.experiment.run import build_data
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.files.cryoppp import find_entries
from cryoice.learn.pixel_sizes import checked_sizes, sizes_by_entry
from entry_builder import write_entry
from training import compose_config


@pytest.mark.parametrize(
    ("override", "sizes"),
    [
        ("data.pixel_sizes={10345:1.345}", {"10345": 1.345}),
        ("data.pixel_sizes={10389A:1,b/10061:2.5}", {"10389A": 1.0, "b/10061": 2.5}),
        ("data.pixel_sizes=null", {}),
    ],
)
def test_the_command_line_gives_pixel_sizes_by_entry(tmp_path, override, sizes):
    settings = plain_settings(compose_config("data=cryoppp", "data.root=x", override, run_dir=tmp_path))
    check_values(settings)
    check_targets(settings)
    assert build_data(settings).pixel_sizes == sizes


def test_the_command_line_names_entries_by_number(tmp_path):
    override = "data.entries=[10061,10389A]"
    settings = plain_settings(compose_config("data=cryoppp", "data.root=x", override, run_dir=tmp_path))
    check_targets(settings)
    assert build_data(settings).entries == ["10061", "10389A"]


def test_the_command_line_of_an_evaluation_does_too(tmp_path):
    override = "data.pixel_sizes={10345:1.345}"
    config = compose_config("ckpt=x", override, run_dir=tmp_path, name="evaluate")
    assert checked_sizes(plain_settings(config)["data"]["pixel_sizes"]) == {"10345": 1.345}


@pytest.mark.parametrize("size", [0, -1.0, float("nan"), float("inf"), "abc", True, None])
def test_an_impossible_pixel_size_is_named_by_its_key(size):
    with pytest.raises(InputError, match=r"data\.pixel_sizes={10345:.*}: must be a number above 0"):
        checked_sizes({10345: size})


@pytest.fixture
def root(tmp_path):
    for name in ("10061", "10389/10389A", "10389/10389B"):
        write_entry(tmp_path / name, count=1)
    return tmp_path


@pytest.mark.parametrize("order", [1, -1])
def test_a_parent_stands_for_its_entries_but_an_entrys_own_name_wins(root, order):
    given = dict([("10389", 1.5), ("10389B", 1.6)][::order])
    assert sizes_by_entry(root, find_entries(root), given) == {"10389A": 1.5, "10389B": 1.6}


def test_a_pixel_size_for_an_entry_that_is_not_used_does_not_matter(root):
    assert sizes_by_entry(root, find_entries(root, names=["10061"]), {"10389": 1.5}) == {}


def test_a_pixel_size_for_no_entry_is_refused(root):
    with pytest.raises(
        InputError, match=r"data\.pixel_sizes={10062:1\.5}: .*no entry 10062; there are 10061"
    ):
        sizes_by_entry(root, find_entries(root), {"10062": 1.5})
