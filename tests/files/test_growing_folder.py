import os

import pytest

from cryoice.errors import InputError
from cryoice.files.growing_folder import GrowingFolder


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def growing(folder, *, patterns=(), exclude=(), recursive=False):
    return GrowingFolder(folder, patterns, exclude, recursive, angpix=None)


def names(folder, **options):
    listed = growing(folder, **options).look(0.0)
    return [str(item.path.relative_to(folder)) for item in listed.micrographs]


def test_all_micrographs_are_listed_but_hidden_ones_previews_and_what_is_no_micrograph(tmp_path):
    touch(
        tmp_path, "m10.mrc", "m9.tif", "m9.jpg", "m9.png", ".m8.mrc", "m7.mrc.part", "m10.log", "sub/m1.mrc"
    )
    assert names(tmp_path) == ["m9.tif", "m10.mrc"]
    assert names(tmp_path, patterns=["*.jpg", "m1?.mrc"]) == ["m9.jpg", "m10.mrc"]


def test_patterns_with_a_slash_fit_the_path_below_the_folder(tmp_path):
    touch(tmp_path, "Grid_1/Data/a.mrc", "Grid_1/Thumbs/b.mrc", "Grid_2/Data/c.mrc", "Grid_2/Data/c_PS.mrc")
    assert names(tmp_path, recursive=True, patterns=["*/Data/*"], exclude=["*_PS.mrc"]) == [
        "Grid_1/Data/a.mrc",
        "Grid_2/Data/c.mrc",
    ]
    assert names(tmp_path, patterns=["*/Data/*"]) == []


def test_folders_with_masks_and_links_to_folders_are_not_entered(tmp_path):
    touch(tmp_path, "Grid_1/a.mrc", "masks/a_mask.mrc", "masks/.cryoice/a.json")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path, recursive=True) == ["Grid_1/a.mrc"]


def test_the_list_is_the_same_object_until_something_comes_or_goes(tmp_path):
    touch(tmp_path, "a2.mrc", "a10.mrc")
    folder = growing(tmp_path)
    first = folder.look(0.0)
    assert folder.look(1.0) is first
    touch(tmp_path, "a1.mrc")
    second = folder.look(2.0)
    assert [item.stem for item in second.micrographs] == ["a2", "a10", "a1"]  # in the order of arrival
    assert second.micrographs[0] == first.micrographs[0]
    (tmp_path / "a2.mrc").unlink()
    assert [item.stem for item in folder.look(3.0).micrographs] == ["a10", "a1"]


def test_a_name_is_free_again_when_the_file_that_had_it_goes(tmp_path):
    touch(tmp_path, "a.mrc")
    folder = growing(tmp_path)
    folder.look(0.0)
    touch(tmp_path, "a.eer")
    listed = folder.look(1.0)
    assert [item.path.name for item in listed.micrographs] == ["a.mrc", "a.eer"]
    first, second = (item.stem for item in listed.micrographs)
    assert (first, len(second), second[:2]) == ("a", 8, "a_")
    assert listed.failures == ()
    (tmp_path / "a.mrc").unlink()
    listed = folder.look(2.0)
    assert [item.path.name for item in listed.micrographs] == ["a.eer"]
    assert listed.failures == ()


def test_a_name_that_no_list_can_hold_is_a_failure(tmp_path):
    touch(tmp_path, "a\nb.mrc", "c µ.mrc")
    listed = growing(tmp_path).look(0.0)
    assert [item.path.name for item in listed.micrographs] == ["c µ.mrc"]
    ((name, fault),) = listed.failures
    assert name.endswith("a\\nb.mrc'")
    assert fault == "its name holds signs that no list can; rename it"


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"gone: cannot be listed \(No such file or directory\)"):
        growing(tmp_path / "gone").look(0.0)


def refusing(monkeypatch, folder, error):
    """Have the system refuse to list one folder."""
    scan = os.scandir

    def refused(path):
        if str(path) == str(folder):
            raise error
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)


def test_a_sub_folder_that_cannot_be_listed_is_a_doubt_and_keeps_what_was_seen_in_it(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.mrc", "b/2.mrc", "b/deep/3.mrc", "c/4.mrc")
    fresh, folder = growing(tmp_path, recursive=True), growing(tmp_path, recursive=True)
    before = folder.look(0.0)
    with monkeypatch.context() as patched:
        refusing(patched, tmp_path / "b", PermissionError(13, "Permission denied"))
        listed = folder.look(1.0)
        assert listed.doubts == (f"{tmp_path / 'b'}: cannot be listed (Permission denied); passed over",)
        assert listed.micrographs == before.micrographs
        assert folder.look(2.0) is listed
        touch(tmp_path, "c/5.mrc")
        assert [item.stem for item in folder.look(3.0).micrographs] == ["1", "2", "3", "4", "5"]
        assert [item.stem for item in fresh.look(0.0).micrographs] == ["1", "4", "5"]
    assert folder.look(4.0).doubts == ()
    assert [item.stem for item in fresh.look(1.0).micrographs] == ["1", "4", "5", "2", "3"]


def test_a_sub_folder_that_goes_while_it_is_looked_at_is_gone(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.mrc", "b/2.mrc")
    folder = growing(tmp_path, recursive=True)
    folder.look(0.0)
    refusing(monkeypatch, tmp_path / "b", FileNotFoundError(2, "No such file or directory"))
    listed = folder.look(1.0)
    assert ([item.stem for item in listed.micrographs], listed.doubts) == (["1"], ())


def test_folders_that_are_excluded_are_not_entered(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.mrc", "Thumbs/2.mrc", "a/Thumbs/3.mrc", "a/old/4.mrc")
    refusing(monkeypatch, tmp_path / "Thumbs", AssertionError)
    assert names(tmp_path, recursive=True, exclude=["Thumbs", "a/old"]) == ["a/1.mrc"]
