"""Micrographs at hand tell when coordinates count rows from the other end."""

from dataclasses import replace

import numpy as np
import pytest

from cryoice.files.frames import to_coordinates
from cryoice.files.micrograph import write_mrc
from cryoice.files.particles import Particles
from cryoice.project.clean_picks import CleanSettings
from cryoice.project.frame_probe import probe_frame
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.pick_files import PickFile, masks_of
from entry_builder import blob_micrograph
from mask_folder import InMemory, marked_mask, write_mask_folder

SETTINGS = CleanSettings(distance=0.0)


@pytest.fixture
def project(tmp_path):
    """Two micrographs of 160 x 200 px with dark discs, their masks, and where the discs are."""
    rng = np.random.default_rng(3)
    places, names = [], {}
    for stem in "ab":
        array, positions = blob_micrograph(rng, (160, 200), 40, depth=2.0)
        write_mrc(tmp_path / f"{stem}.mrc", array, pixel_size=2.0)
        names[stem] = str(tmp_path / f"{stem}.mrc")
        places.append(positions)
    masks = {stem: marked_mask(side=(20, 25)) for stem in "ab"}
    return MaskFolder.read(write_mask_folder(tmp_path / "masks", masks, factor=8, names=names)), places


def file_of(places, *, written, frame="top", sure=True):
    """Discs' centres as written in one frame and declared in another."""
    x, y = (np.concatenate(part) for part in zip(*(_xy(p, written) for p in places), strict=True))
    names = np.repeat(np.array(["a", "b"], dtype=object), [len(p) for p in places])
    return InMemory(
        Particles(
            micrograph=names,
            x=x,
            y=y,
            frame=frame,
            box_size=None,
            pixel_size=None,
            shapes=None,
            frame_sure=sure,
        )
    )


def probed_frame(file, folder, settings):
    picks = PickFile.of(file)
    return probe_frame([picks], folder, masks_of([picks], folder), settings)


def _xy(positions, frame):
    return to_coordinates(positions, shape=(160, 200), frame=frame)


def test_the_right_frame_is_not_spoken_of(project):
    folder, places = project
    assert probed_frame(file_of(places, written="top"), folder, SETTINGS) is None
    assert probed_frame(file_of(places, written="cryoppp", frame="cryoppp"), folder, SETTINGS) is None


def test_a_frame_upside_down_is_a_warning_with_its_remedy(project):
    folder, places = project
    probed = probed_frame(file_of(places, written="cryoppp"), folder, SETTINGS)
    assert (probed.turned, probed.settings) == (False, SETTINGS)
    assert "picks.star: the particles lie upside down" in probed.words
    assert probed.words.endswith("give --flip-y if that is so")


def test_where_the_format_is_in_doubt_the_micrographs_decide(project):
    folder, places = project
    probed = probed_frame(file_of(places, written="cryoppp", sure=False), folder, SETTINGS)
    assert (probed.turned, probed.settings.flip_y) == (True, True)
    assert probed_frame(file_of(places, written="cryoppp", sure=False), folder, probed.settings) is None


def test_what_the_user_asked_for_is_kept(project):
    folder, places = project
    for asked, written, remedy in ((True, "top", "--no-flip-y"), (False, "cryoppp", "--flip-y")):
        settings = replace(SETTINGS, flip_y=asked)
        probed = probed_frame(file_of(places, written=written, sure=False), folder, settings)
        assert (probed.turned, probed.settings) == (False, settings)
        assert f"give {remedy} if" in probed.words


def test_other_frames_are_named(project):
    folder, places = project
    probed = probed_frame(file_of(places, written="transpose"), folder, SETTINGS)
    assert "with x and y exchanged" in probed.words


def test_without_micrographs_nothing_is_said(tmp_path, project):
    _, places = project
    folder = MaskFolder.read(write_mask_folder(tmp_path / "alone", {"a": marked_mask()}))
    assert probed_frame(file_of(places, written="cryoppp"), folder, SETTINGS) is None


def test_a_frame_in_doubt_that_nobody_confirms_is_a_warning(tmp_path, project):
    _, places = project
    folder = MaskFolder.read(write_mask_folder(tmp_path / "alone", {"a": marked_mask()}))
    probed = probed_frame(file_of(places, written="top", sure=False), folder, SETTINGS)
    assert (probed.turned, probed.settings) == (False, SETTINGS)
    assert "0 micrographs at hand do not tell; give --flip-y or --no-flip-y" in probed.words


def test_micrographs_are_found_from_the_folders_above_the_masks(tmp_path, project, monkeypatch):
    _, places = project
    names = {stem: f"{stem}.mrc" for stem in "ab"}
    masks = {stem: marked_mask(side=(20, 25)) for stem in "ab"}
    folder = MaskFolder.read(write_mask_folder(tmp_path / "job/masks", masks, factor=8, names=names))
    monkeypatch.chdir(tmp_path / "job/masks")
    assert "upside down" in probed_frame(file_of(places, written="cryoppp"), folder, SETTINGS).words
