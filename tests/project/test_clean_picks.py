"""Coordinate files against masks: every frame by a marked pixel, every fault in a line."""

from dataclasses import replace

import numpy as np
import pytest

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.particles import Particles
from cryoice.project.clean_picks import CleanSettings, clean_file
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.pick_files import PickFile, masks_of
from mask_folder import InMemory, marked_mask, write_mask_folder

HEIGHT, WIDTH = 80, 100  # px of the micrographs; their masks have 20 x 25


def picks(*centres, micrograph="a", frame="top", box=None, pixel_size=None, shapes=None):
    names = micrograph if isinstance(micrograph, list) else [micrograph] * len(centres)
    x, y = np.array(centres, dtype=np.float64).reshape(-1, 2).T
    return InMemory(
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
    picks = PickFile.of(file)
    return clean_file(picks, masks_of([picks], folder), options, track=lambda items, words: items)


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
    told = replace(binned, particles=replace(binned.particles, pixel_size=np.array([4.0])))
    assert cleaned(tmp_path, told).keep.tolist() == [False]
    assert cleaned(tmp_path, binned).keep.tolist() == [True]


def test_a_shape_told_by_the_file_goes_before_pixel_sizes(tmp_path):
    shapes = np.array([[HEIGHT * 2, WIDTH * 2]])
    found = cleaned(tmp_path, picks((32, 24), shapes=shapes, pixel_size=np.array([7.0])))
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
        grouped = PickFile.of(file)
        masks = masks_of([grouped], MaskFolder.read(folder))
        found = clean_file(grouped, masks, settings, track=lambda items, words: items)
        assert found.keep.tolist() == keep
        assert [name for name, _ in found.failures] == ["a"]
        assert "a_mask.mrc" in found.failures[0][1]
        assert np.isnan(found.score[0])


def test_a_micrograph_without_a_mask_is_named(tmp_path):
    found = cleaned(tmp_path, picks((1, 1), (2, 2), micrograph="elsewhere"))
    assert (found.unmasked, found.keep.tolist()) == (2, [True, True])
    assert found.failures == [("elsewhere", "no mask; give its micrograph to cryoice mask (2 coordinates)")]


def test_coordinates_off_the_micrograph_and_no_numbers_are_rejected_and_told(tmp_path):
    found = cleaned(tmp_path, picks((50, 50), (WIDTH + 1, 5), (5, -2), (np.nan, 5)))
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


def sized(*sizes, centre=(16, 12)):
    """Particles at one place, each of its own pixel size, on micrographs a, b, ..."""
    names = list("abcdef"[: len(sizes)])
    return picks(*[centre] * len(sizes), micrograph=names, pixel_size=np.array(sizes, dtype=np.float64))


def test_another_calibration_of_the_same_pixels_moves_nothing_and_is_told(tmp_path):
    # masks at 2 Å/px; a pixel size off by 6 % would move a pick at the far corner by 6 px
    found = cleaned(tmp_path, sized(1.88, centre=(96, 76)), marked_mask((19, 24)))
    assert found.keep.tolist() == [False]
    assert list(found.doubts) == [
        "the coordinates' pixel size 1.88 Å differs from the mask's 2 Å: taken for the same pixels"
    ]
    assert not cleaned(tmp_path, sized(2.0), marked_mask((3, 4))).doubts


@pytest.mark.parametrize(("size", "centre"), [(4.0, (8, 6)), (1.0, (32, 24)), (6.06, (5, 4))])
def test_binned_and_super_resolution_pixels_are_told_by_a_whole_ratio(tmp_path, size, centre):
    assert cleaned(tmp_path, sized(size, centre=centre)).keep.tolist() == [False]


def test_a_ratio_that_is_neither_is_a_failure_of_its_micrograph_alone(tmp_path):
    found = cleaned(tmp_path, sized(2.7, 2.0), marked_mask((3, 4)), marked_mask((3, 4)))
    assert found.keep.tolist() == [True, False]
    assert "pixels of 2.7 Å and its mask was made at 2 Å/px" in dict(found.failures)["a"]


def test_each_micrograph_has_the_pixel_size_of_its_own_optics_group(tmp_path):
    file = sized(2.0, 4.0, centre=(8, 6))
    found = cleaned(tmp_path, file, marked_mask((3, 4)), marked_mask((3, 4)))
    assert found.keep.tolist() == [True, False]


def test_two_pixel_sizes_on_one_micrograph_are_refused(tmp_path):
    file = picks((16, 12), (16, 12), pixel_size=np.array([2.0, 4.0]))
    assert "pixel sizes from 2 to 4" in dict(cleaned(tmp_path, file).failures)["a"]


def test_a_flag_against_the_file_is_told(tmp_path):
    found = cleaned(tmp_path, sized(2.0), pixel_size=4.0)
    assert list(found.doubts) == ["--angpix 4 is taken, though the file says 2 Å/px"]


def test_coordinates_that_fill_a_corner_only_are_told(tmp_path):
    rng = np.random.default_rng(0)
    corner = picks(*rng.uniform(0, 45, (200, 2)))
    assert "one corner" in next(iter(cleaned(tmp_path, corner).doubts))
    assert not cleaned(tmp_path, picks(*rng.uniform(0, 79, (200, 2)))).doubts


def test_a_shape_of_another_aspect_is_another_micrograph(tmp_path):
    found = cleaned(tmp_path, picks((16, 12), shapes=np.array([[40, 120]])))
    assert "says 120 x 40 px and its mask was made of 100 x 80 px" in dict(found.failures)["a"]


def test_a_distance_beyond_the_micrograph_is_no_trouble(tmp_path):
    found = cleaned(tmp_path, picks((90, 70), (1, 1)), distance=1e9)
    assert found.keep.tolist() == [False, False]
