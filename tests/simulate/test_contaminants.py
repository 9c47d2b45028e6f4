import numpy as np
import pytest

from cryoice.simulate.contaminants import ContaminantSettings, add_contaminants
from cryoice.simulate.grid import Grid
from cryoice.simulate.materials import ICE, add_material
from cryoice.simulate.optics import Optics
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.proteins import find_protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.solids import Drop, Polyhedron
from cryoice.simulate.specimen import CONTAMINATION, Specimen

GRID = Grid.around((512, 512), pixel_size=2.0)
COARSE = Grid.around((128, 128), pixel_size=8.0)


def scene_of(defocus=1.5):
    optics = Optics(voltage=300.0, defocus_um=defocus, cs=0.0, amplitude_contrast=0.1, b_factor=0.0)
    protein = find_protein("ring")
    return Scene(optics=optics, ice=300.0, mean_free_path=4000.0, protein=protein)


def settings_of(**changes):
    return parse(ContaminantSettings, load_preset("default")["contaminants"] | changes, key="contaminants")


def drawn(grid=GRID, seed=0, **changes):
    specimen = Specimen.empty(grid)
    add_contaminants(
        specimen, settings=settings_of(**changes), scene=scene_of(), rng=np.random.default_rng(seed)
    )
    return specimen


def picture(solid, grid, *, defocus):
    """Intensity behind a solid of ice in vacuum."""
    specimen, window = Specimen.empty(grid), grid.window(solid.centre, solid.reach)
    thickness = solid.thickness(grid.axis(0, window[0]), grid.axis(1, window[1]))
    add_material(specimen, thickness, ICE, scene=scene_of(defocus), window=window)
    return scene_of(defocus).optics.image(specimen.exit_wave(), pixel=grid.pixel)


def test_the_middle_of_a_drop_is_dark_by_beer_and_lambert():
    drop = Drop(np.array([512.0, 512.0]), axes=(400.0, 400.0), angle=0.0, relief=400.0)
    image = picture(drop, GRID, defocus=1.5)
    middle = GRID.margin + 256
    # 800 Å of ice of mean free path 4000 Å; λΔz/2π·φ'' changes it by less than 0.3 %
    assert image[middle - 10 : middle + 10, middle - 10 : middle + 10].mean() == pytest.approx(
        np.exp(-800 / 4000), rel=0.01
    )
    assert image[GRID.margin, GRID.margin] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("defocus", [0.5, 1.0, 2.0, 4.0])
def test_the_bright_rim_lies_at_half_the_root_of_wavelength_times_defocus(defocus):
    # Beside a straight edge of weak phase φ, I = 1 + φ (C(w) - S(w)) with Fresnel's integrals and
    # w = x √(2/λΔz) (Born & Wolf, section 8.7): steepest where cos(πw²/2) = sin(πw²/2), w² = 1/2.
    grid = Grid.around((16, 700), pixel_size=1.0)
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    plate = Polyhedron(
        np.array([0.0, 350.0]),
        normals=normals,
        distances=np.array([1000.0, 200.0, 5.0, 1000.0, 200.0, 5.0]),
        reach=1200.0,
    )
    profile = picture(plate, grid, defocus=defocus).mean(axis=0)
    outside = profile[grid.margin + 551 : grid.margin + 651]
    peak = int(outside.argmax())
    before, top, after = outside[peak - 1 : peak + 2]
    distance = 1 + peak + 0.5 * (before - after) / (before - 2 * top + after)
    expected = 0.5 * np.sqrt(scene_of().optics.wavelength * 1e4 * defocus)
    assert distance == pytest.approx(expected, abs=0.8)  # the far edge, 400 Å off, adds its fringes
    phase = 6.526e-4 * 3.5 * 10  # rad: σ at 300 kV times 3.5 V times 10 Å
    assert top - 1 == pytest.approx(0.4833 * phase, rel=0.05)  # C - S at w = √½ is 0.4833


def test_the_mask_is_contamination_exactly_where_there_is_ice():
    for seed in range(4):
        specimen = drawn(seed=seed, number=[2, 8], large_share=0.0, size=[80, 300])
        assert set(np.unique(specimen.mask)) == {0, CONTAMINATION}
        np.testing.assert_array_equal(specimen.mask == CONTAMINATION, specimen.absorption > 0)
        assert not specimen.phase[specimen.mask == 0].any()


def test_a_vitreous_drop_absorbs_as_ice_does_and_crystals_absorb_more():
    potential = 6.526e-4 * 3.5  # rad per Å
    ratios = []
    for extinction in (1.0, 6.0):
        specimen = drawn(
            number=[5, 5], large_share=0.0, crystalline=1.0, extinction=[extinction] * 2, size=[80, 300]
        )
        inside = specimen.mask == CONTAMINATION
        ratios.append(specimen.absorption[inside] * 4000 * potential / specimen.phase[inside])
    np.testing.assert_allclose(ratios[0], 1.0, rtol=1e-3)
    np.testing.assert_allclose(ratios[1], 6.0, rtol=1e-3)


def test_numbers_and_sizes_keep_to_the_settings():
    numbers, large = [], 0
    for seed in range(20):
        sizes = [
            b["size"] for b in drawn(COARSE, seed, number=[2, 9], size=[90, 200]).parameters["contaminants"]
        ]
        usual = [size for size in sizes if size < 500]
        large += len(sizes) - len(usual)
        numbers.append(len(usual))
        assert all(90 - 1e-6 <= size <= 200 + 1e-6 for size in usual)
        assert all(700 <= size <= 5000 for size in sizes if size >= 500)
    assert min(numbers) == 2
    assert max(numbers) >= 8
    assert max(numbers) <= 9
    assert 0 < large < 9  # 12 % of 20: 2.4 expected


def test_blobs_partly_outside_stay_on_the_grid():
    beyond = 0
    for seed in range(20):
        specimen = drawn(COARSE, seed, number=[1, 1], large_share=0.0, size=[400, 600])
        (blob,) = specimen.parameters["contaminants"]
        centre = np.array(blob["centre"])
        beyond += bool(np.any((centre < 0) | (centre > 1024)))
        assert np.isfinite(specimen.absorption).all()
        assert specimen.mask.any()
        rows, columns = np.nonzero(specimen.mask)
        far = np.hypot(COARSE.axis(0)[rows] - centre[0], COARSE.axis(1)[columns] - centre[1])
        assert far.max() <= 0.5 * blob["size"] + 16
    assert beyond > 2


def test_two_samplings_show_the_same_contaminants():
    for seed in range(4):
        fine = drawn(Grid.around((1024, 1024), pixel_size=1.0), seed, number=[3, 6], size=[150, 600])
        coarse = drawn(COARSE, seed, number=[3, 6], size=[150, 600])
        assert fine.parameters == coarse.parameters
        start, margin = fine.grid.margin - 4, COARSE.margin
        blocks = fine.absorption[start : start + 1024, start : start + 1024]
        blocks = blocks.reshape(128, 8, 128, 8).mean(axis=(1, 3))
        inner = coarse.absorption[margin : margin + 128, margin : margin + 128]
        assert np.corrcoef(blocks.ravel(), inner.ravel())[0, 1] > 0.98


def test_large_crystals_may_be_striped_and_small_ones_never():
    kinds = [
        blob
        for seed in range(7)
        for blob in drawn(COARSE, seed, number=[6, 6], size=[200, 800]).parameters["contaminants"]
    ]
    assert any(blob["striped"] for blob in kinds)
    assert any(blob["fringed"] for blob in kinds)
    assert not any(blob["striped"] or blob["fringed"] for blob in kinds if blob["size"] < 400)
    assert not any(blob["striped"] for blob in kinds if blob["extinction"] == 1.0)


def test_the_record_holds_plain_values():
    blobs = drawn(COARSE, number=[4, 4]).parameters["contaminants"]
    assert len(blobs) >= 4
    assert {type(value) for blob in blobs for value in blob.values()} <= {list, float, str, bool}


def test_the_same_seed_gives_the_same_bytes():
    first, second, other = (drawn(COARSE, seed, number=[5, 5]) for seed in (4, 4, 5))
    for name in ("phase", "absorption", "mask"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()
    assert first.absorption.tobytes() != other.absorption.tobytes()
