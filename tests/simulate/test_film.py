import numpy as np
import pytest

from cryoice.simulate.film import FilmSettings, add_film, draw_film
from cryoice.simulate.grid import Grid
from cryoice.simulate.specimen import Specimen

LEVEL = {
    "thickness": 400.0,
    "thickness_gradient": 0.0,
    "meniscus": 0.0,
    "steps": 0.0,
    "step_width": 300.0,
    "roughness": 0.0,
}


def film(pixel_size=4.0, seed=0, **changes):
    grid = Grid.around((round(2048 / pixel_size),) * 2, pixel_size=pixel_size)
    specimen = Specimen.empty(grid)
    add_film(specimen, **(LEVEL | changes), rng=np.random.default_rng(seed))
    return grid.crop(specimen.ice)


def test_a_level_film_has_its_thickness_everywhere():
    np.testing.assert_array_equal(film(), 400.0)


def test_roughness_is_in_angstrom_rms():
    assert np.mean([film(roughness=20.0, seed=seed).std() for seed in range(4)]) == pytest.approx(
        20, rel=0.15
    )


def test_a_wedge_differs_by_its_gradient_from_side_to_side():
    # along an axis it differs by gradient · thickness = 200 Å, along a diagonal by up to √2 times that
    spans = [np.ptp(film(thickness_gradient=0.5, seed=seed)) for seed in range(4)]
    assert all(150 < span < 450 for span in spans)


def test_a_meniscus_adds_the_square_of_the_distance_from_its_thinnest_point():
    bowl = film(meniscus=0.5)
    assert bowl.min() == pytest.approx(400, abs=1)
    row, column = np.unravel_index(bowl.argmin(), bowl.shape)
    # half a diagonal of 2048 Å is 1448 Å; ± the coarse grid's 24 Å
    corner = np.hypot(row, column) * 4
    assert bowl[0, 0] == pytest.approx(400 * (1 + 0.5 * (corner / 1448) ** 2), rel=0.03)


def test_steps_are_as_wide_as_asked():
    sharp, soft = (
        np.abs(np.diff(film(steps=0.3, step_width=width), axis=0)).max() for width in (60.0, 600.0)
    )
    assert sharp > 3 * soft > 0


def test_no_film_is_thinner_than_a_share_of_its_mean():
    assert film(roughness=100.0, thickness_gradient=1.5).min() == pytest.approx(0.15 * 400)


def test_both_samplings_show_the_same_film():
    wild = {"thickness_gradient": 0.6, "meniscus": 0.4, "steps": 0.1, "roughness": 20.0}
    fine, coarse = film(1.0, **wild), film(8.0, **wild)
    np.testing.assert_allclose(fine[::8, ::8], coarse, atol=0.5)


def test_everything_drawn_lies_within_its_prior_and_repeats():
    settings = FilmSettings((200, 300), (0.1, 0.2), (0, 0.5), (0, 0.1), (60, 90), (2, 3), 4000.0)
    drawn = draw_film(settings, np.random.default_rng(5))
    assert drawn == draw_film(settings, np.random.default_rng(5))
    assert drawn.keys() == LEVEL.keys()
    assert all(
        getattr(settings, name)[0] <= value <= getattr(settings, name)[1] for name, value in drawn.items()
    )
