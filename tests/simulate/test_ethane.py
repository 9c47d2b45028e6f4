import numpy as np
import pytest

from cryoice.simulate.ethane import ETHANE, EthaneSettings, add_ethane
from cryoice.simulate.grid import Grid
from cryoice.simulate.materials import ICE
from cryoice.simulate.optics import Optics
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.proteins import find_protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CONTAMINATION, Specimen

COARSE = Grid.around((256, 256), pixel_size=8.0)
SCENE = Scene(
    optics=Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=60.0),
    ice=300.0,
    mean_free_path=4000.0,
    protein=find_protein("ring"),
)


def drawn(grid=COARSE, seed=0, **changes):
    settings = parse(EthaneSettings, load_preset("default")["ethane"] | changes, key="ethane")
    specimen = Specimen.empty(grid)
    add_ethane(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(seed))
    return specimen


def test_ethane_scatters_by_its_density_and_its_atoms():
    # 0.72 g/cm³ of 30.07 g/mol: 0.0144 molecules per Å³; potential and path relative to ice's
    assert ETHANE.density == pytest.approx(0.72 * 0.60221 / 30.07, rel=0.01)
    ratio = ETHANE.density * ETHANE.scattering[0] / (ICE.density * ICE.scattering[0])
    assert ETHANE.potential == pytest.approx(ICE.potential * ratio, rel=0.02)
    assert ETHANE.free_path == pytest.approx(10 * ICE.density / (18 * ETHANE.density), rel=0.02)


def test_the_mask_is_contamination_exactly_where_there_is_ethane():
    for seed in range(3):
        specimen = drawn(seed=seed)
        inside = specimen.mask == CONTAMINATION
        np.testing.assert_array_equal(inside, specimen.absorption > 0)
        assert not specimen.phase[~inside].any()


def test_patches_are_about_as_large_as_drawn():
    shares = []
    for seed in range(6):
        specimen = drawn(seed=seed, size=[800, 800])
        patches = specimen.parameters["ethane"]["patches"]
        assert all(patch["size"] == pytest.approx(800) for patch in patches)
        assert 1 <= len(patches) <= 3
        rows, columns = np.nonzero(specimen.mask)
        centres = np.array([patch["centre"] for patch in patches])
        y = COARSE.axis(0)[rows] - centres[:, :1]
        x = COARSE.axis(1)[columns] - centres[:, 1:]
        # waves and lace move the border: nearly all lies within 1.7 radii of a patch
        shares.append(np.mean(np.hypot(y, x).min(axis=0) < 1.7 * 400))
    assert np.mean(shares) > 0.97


def test_a_large_patch_covers_the_field_and_is_mottled():
    specimen = drawn(seed=3, size=[50000, 50000], thickness=[1000, 1000], extinction=[2, 2])
    assert (specimen.mask == CONTAMINATION).mean() > 0.9
    depth = specimen.absorption
    # 1000 Å · 2 / (1.2 · 4000 Å) = 0.42 where thickest, less by the rim and the mottle
    assert 0.2 < depth.mean() < 0.45
    assert 0.15 < depth.std() / depth.mean() < 0.7


def test_extinction_deepens_the_shade_and_leaves_the_phase():
    plain, strong = (drawn(seed=1, extinction=[e, e]) for e in (1.0, 3.0))
    np.testing.assert_allclose(strong.absorption, 3 * plain.absorption, rtol=1e-4)
    np.testing.assert_array_equal(strong.phase, plain.phase)


def test_two_samplings_show_the_same_ethane():
    for seed in (0, 1):
        fine = drawn(Grid.around((1024, 1024), pixel_size=2.0), seed)
        coarse = drawn(COARSE, seed)
        assert fine.parameters == coarse.parameters
        inner = slice(COARSE.margin, COARSE.margin + 256)
        start = fine.grid.margin
        same = fine.absorption[start : start + 1024 : 4, start : start + 1024 : 4]
        assert np.corrcoef(same.ravel(), coarse.absorption[inner, inner].ravel())[0, 1] > 0.99


def test_the_same_seed_gives_the_same_bytes():
    first, second, other = (drawn(seed=seed) for seed in (4, 4, 5))
    assert first.absorption.tobytes() == second.absorption.tobytes()
    assert first.absorption.tobytes() != other.absorption.tobytes()
