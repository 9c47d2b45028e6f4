"""Coordinate files against masks: every frame by a marked pixel, every fault in a line."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.particles import Particles
from cryoice.project.clean_picks import CleanSettings, clean_file
from cryoice.project.mask_folder import MaskFolder
from mask_folder import marked_mask, write_mask_folder

HEIGHT, WIDTH = 80, 100  # px of the micrographs; their masks have 20 x 25


@dataclass(frozen=True)
class File:
    """Particles in memory, as if read."""

    particles: Particles
    path: Path = Path("picks.star")

    def write(self, path, *, keep, score):
        raise NotImplementedError


def picks(*centres, micrograph="a", frame="top", box=None, pixel_size=None, shapes=None):
    names = micrograph if isinstance(micrograph, list) else [micrograph] * len(centres)
    x, y = np.array(centres, dtype=np.float64).reshape(-1, 2).T
    return File(
        Particles(
            micrograph=np.array(names, dtype=object),
            x=x,
            y=y,
            frame=frame,
            box_size=box,
            pixel_size=pixel_size,
            shapes=shapes,
        )
    )


def cleaned(tmp_path, file, *masks, **settings):
    stems = dict(zip("abcdef", masks or [marked_mask((3, 4))], strict=False))
    folder = MaskFolder.read(write_mask_folder(tmp_path, stems))
    options = CleanSettings(**({"distance": 0.0} | settings))
    return clean_file(file, folder, options, track=lambda items, words: items)


def test_a_particle_on_the_marked_pixel_goes(tmp_path):
    # mask pixel (3, 4) lies at micrograph row 12, column 16
    found = cleaned(tmp_path, picks((16, 12), (12, 16), (50, 50)))
    assert found.keep.tolist() == [False, True, True]
    assert found.score.tolist() == [0.75, 0.125, 0.125]
    assert found.failures == []


def test_a_frame_from_the_other_end_is_turned(tmp_path):
    found = cleaned(tmp_path, picks((16, HEIGHT - 1 - 12), (16, 12), frame="cryoppp"))
    assert found.keep.tolist() == [False, True]


@pytest.mark.parametrize(("frame", "y"), [("top", HEIGHT - 1 - 12), ("cryoppp", 12)])
def test_flip_y_turns_the_frame_of_the_format(tmp_path, frame, y):
    assert cleaned(tmp_path, picks((16, y), frame=frame), flip_y=True).keep.tolist() == [False]


def test_coordinates_of_a_binned_micrograph_count_larger_pixels(tmp_path):
    # the masked micrographs have 2 Å/px; these coordinates count pixels of 4 Å
    binned = picks((8, HEIGHT // 2 - 1 - 6), frame="cryoppp")
    assert cleaned(tmp_path, binned, pixel_size=4.0).keep.tolist() == [False]
    told = replace(binned, particles=replace(binned.particles, pixel_size=4.0))
    assert cleaned(tmp_path, told).keep.tolist() == [False]
    assert cleaned(tmp_path, binned).keep.tolist() == [True]


def test_a_shape_told_by_the_file_goes_before_pixel_sizes(tmp_path):
    shapes = np.array([[HEIGHT * 2, WIDTH * 2]])
    found = cleaned(tmp_path, picks((32, 24), shapes=shapes, pixel_size=7.0))
    assert found.keep.tolist() == [False]


def test_the_distance_is_in_angstrom_whatever_the_pixel_size(tmp_path):
    # its pixel's edge is 4 Å from the mark's centre at column 16: 36 Å on, 18 px, at column 36
    for centre, stays in (((35.9, 12), False), ((36.1, 12), True)):
        assert cleaned(tmp_path, picks(centre), distance=36.0).keep.tolist() == [stays]


def test_the_box_counts_in_pixels_of_the_coordinates(tmp_path):
    file = picks((36.1, 12), box=np.array([36.0]))
    assert cleaned(tmp_path, file, distance=0.0).keep.tolist() == [True]
    assert cleaned(tmp_path, file, distance=0.0, from_box=True).keep.tolist() == [True]
    wide = picks((36.1, 12), box=np.array([36.4]))
    assert cleaned(tmp_path, wide, distance=0.0, from_box=True).keep.tolist() == [False]


def test_from_box_needs_a_box(tmp_path):
    with pytest.raises(InputError, match=r"picks\.star: tells no box size; give --box-size"):
        cleaned(tmp_path, picks((1, 1)), from_box=True)


def test_particles_are_judged_on_their_own_micrograph_in_any_order(tmp_path):
    file = picks((16, 12), (16, 12), (16, 12), (20, 20), micrograph=["b", "a", "b", "a"])
    found = cleaned(tmp_path, file, marked_mask((3, 4)), marked_mask((5, 5)))
    assert found.keep.tolist() == [True, False, True, True]


def test_an_unreadable_mask_is_a_line_and_the_rest_goes_on(tmp_path):
    file = picks((16, 12), (16, 12), micrograph=["a", "b"])
    folder = write_mask_folder(tmp_path, {"a": marked_mask((3, 4)), "b": marked_mask((3, 4))})
    (folder / "a_mask.mrc").write_bytes(b"torn")
    for unmasked, keep in (("keep", [True, False]), ("reject", [False, False])):
        settings = CleanSettings(distance=0.0, unmasked=unmasked)
        found = clean_file(file, MaskFolder.read(folder), settings, track=lambda items, words: items)
        assert found.keep.tolist() == keep
        assert [name for name, _ in found.failures] == ["a"]
        assert "a_mask.mrc" in found.failures[0][1]
        assert np.isnan(found.score[0])


def test_a_micrograph_without_a_mask_is_named(tmp_path):
    found = cleaned(tmp_path, picks((1, 1), (2, 2), micrograph="elsewhere"))
    assert (found.unmasked, found.keep.tolist()) == (2, [True, True])
    assert found.failures == [("elsewhere", "no mask; give its micrograph to cryoice mask (2 coordinates)")]


def test_coordinates_off_the_micrograph_and_no_numbers_are_rejected_and_told(tmp_path):
    found = cleaned(tmp_path, picks((50, 50), (WIDTH, 5), (5, -1), (np.nan, 5)))
    assert found.keep.tolist() == [True, False, False, False]
    assert found.outside == 3
    (failure,) = found.failures
    assert failure[1].startswith("3 of 4 coordinates lie off the micrograph (100 x 80 px at 2 Å/px)")


def test_a_file_without_coordinates_is_told(tmp_path):
    found = cleaned(tmp_path, picks())
    assert found.failures == [("picks.star", "holds no coordinates; nothing to clean")]


def test_a_place_without_data_is_no_place_for_a_particle(tmp_path):
    found = cleaned(tmp_path, picks((16, 12)), marked_mask((3, 4), value=IGNORE))
    assert found.keep.tolist() == [False]


@pytest.mark.parametrize(("name", "value"), [("distance", -1.0), ("distance", np.inf), ("pixel_size", 0.0)])
def test_impossible_settings_are_one_line(name, value):
    with pytest.raises(InputError, match="--"):
        CleanSettings(**({"distance": 1.0} | {name: value}))
