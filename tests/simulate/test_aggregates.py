import numpy as np
import pytest

from cryoice.simulate.aggregates import AggregateSettings, add_aggregates
from cryoice.simulate.debris import add_debris
from cryoice.simulate.denatured import DenaturedSettings, add_denatured
from cryoice.simulate.grid import Grid
from cryoice.simulate.optics import Optics
from cryoice.simulate.proteins import find_protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CLEAN, OTHER, SUPPORT, Specimen
from cryoice.simulate.vesicles import VesicleSettings, add_vesicle, add_vesicles

RING = find_protein("ring")
OPTICS = Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=60.0)
SCENE = Scene(optics=OPTICS, ice=300.0, mean_free_path=4000.0, protein=RING)
AGGREGATES = AggregateSettings(share=1.0, number=(3, 3), size=(300.0, 900.0))
DENATURED = DenaturedSettings(
    share=1.0, number=(2, 2), size=(800.0, 1500.0), thickness=(50.0, 50.0), mesh=(100.0, 150.0)
)
VESICLES = VesicleSettings(share=1.0, filled=1.0, number=(2, 2), size=(500.0, 900.0), leaflets=(37.0, 37.0))


def film(side=2400, pixel=8.0):
    specimen = Specimen.empty(Grid.around((round(side / pixel),) * 2, pixel_size=pixel))
    specimen.ice += 300
    return specimen


@pytest.mark.parametrize(("add", "settings"), [(add_aggregates, AGGREGATES), (add_denatured, DENATURED)])
def test_the_mask_covers_what_is_drawn_and_little_else(add, settings):
    specimen = film(pixel=4.0)
    add(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(0))
    drawn, other = specimen.protein, specimen.mask == OTHER
    assert drawn[other].sum() > 0.97 * drawn.sum()
    assert drawn[~other].max() < 20
    assert 0.02 < other.mean() < 0.6
    assert drawn[other].mean() > 8


@pytest.mark.parametrize(
    ("add", "settings"), [(add_aggregates, AGGREGATES), (add_denatured, DENATURED), (add_vesicles, VESICLES)]
)
def test_two_samplings_agree(add, settings):
    fine, coarse = film(pixel=2.0), film(pixel=8.0)
    for specimen in (fine, coarse):
        add(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(1))
    assert fine.parameters == coarse.parameters
    start, margin = fine.grid.margin, coarse.grid.margin
    mean = (
        fine.protein[start - 2 : start + 1198, start - 2 : start + 1198].reshape(300, 4, 300, 4).mean((1, 3))
    )
    seen = coarse.protein[margin : margin + 300, margin : margin + 300]
    assert seen.sum() > 0
    assert np.corrcoef(mean.ravel(), seen.ravel())[0, 1] > 0.95
    masks = (
        fine.mask[start : start + 1200 : 4, start : start + 1200 : 4],
        coarse.mask[margin : margin + 300, margin : margin + 300],
    )
    assert np.mean(masks[0] != masks[1]) < 0.01


@pytest.mark.parametrize(
    ("add", "settings"), [(add_aggregates, AGGREGATES), (add_denatured, DENATURED), (add_vesicles, VESICLES)]
)
def test_nothing_hangs_where_there_is_no_film_and_support_stays_support(add, settings):
    specimen = film()
    specimen.ice[:, 160:], specimen.mask[:150] = 0, SUPPORT
    add(specimen, settings=settings, scene=SCENE, rng=np.random.default_rng(2))
    assert np.all(specimen.mask[:150] == SUPPORT)
    assert np.all(specimen.mask[150:, 160:] == CLEAN)
    if add is not add_vesicles:
        assert not specimen.protein[:, 160:].any()


def test_aggregates_are_of_every_kind():
    specimen, many = film(), AggregateSettings(share=1.0, number=(30, 30), size=(200.0, 300.0))
    add_aggregates(specimen, settings=many, scene=SCENE, rng=np.random.default_rng(3))
    kinds = [record["kind"] for record in specimen.parameters["aggregates"]]
    assert set(kinds) == {"clump", "cloud", "chain", "network"}
    assert len(kinds) == 30


def test_the_leaflets_of_a_membrane_lie_at_their_distance():
    specimen, centre = film(1200, 1.0), np.array([600.0, 600.0])
    rng = np.random.default_rng(0)
    add_vesicle(specimen, centre, np.array([400.0, 400.0]), angle=0.0, leaflets=37.0, limp=0.0, rng=rng)
    profile = specimen.protein[specimen.grid.margin + 600]
    inner, outer = (
        np.argmax(profile[specimen.grid.margin + 600 + start :][:40]) + start for start in (360, 400)
    )
    # the projected maximum of a layer lies by its inner face
    np.testing.assert_allclose([inner, outer], [400 - 18.5 - 4, 400 + 18.5 - 4], atol=2)
    assert outer - inner == pytest.approx(37, abs=1)
    middle = specimen.protein[specimen.grid.margin + 600, specimen.grid.margin + 600]
    assert middle == pytest.approx(2 * 2 * 8, rel=0.01)  # 8 Å of head groups crossed four times
    assert not specimen.mask.any()


@pytest.mark.parametrize("pixel", [2.0, 8.0])
def test_debris_has_the_volume_of_the_broken_copies(pixel):
    specimen = film(1800, pixel)
    add_debris(specimen, RING, copies=50.0, rng=np.random.default_rng(4))
    volume = specimen.protein.sum() * pixel**2 / (len(RING.points) * RING.point_volume)
    assert volume == pytest.approx(50, rel=0.1)  # the grid ends somewhat beyond its margins
    quarters = [specimen.protein[a::2, b::2].sum() for a in (0, 1) for b in (0, 1)]
    np.testing.assert_allclose(quarters, np.mean(quarters), rtol=0.1)
    assert not specimen.mask.any()


def test_no_copies_leave_no_debris():
    specimen = film()
    add_debris(specimen, RING, copies=0.0, rng=np.random.default_rng(4))
    assert not specimen.protein.any()
