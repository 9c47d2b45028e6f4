from dataclasses import replace

import numpy as np
import pytest

from cryoice.simulate.grid import MARGIN, Grid
from cryoice.simulate.particles import ParticleSettings, draw_copies, place_particles
from cryoice.simulate.proteins import MIXED, Protein, draw_protein, find_protein
from cryoice.simulate.spacing import spaced
from cryoice.simulate.specimen import CLEAN, CONTAMINATION, SUPPORT, Specimen
from cryoice.simulate.views import FLIP_COLUMNS, FLIP_ROWS, SYMMETRIES, TRANSPOSE, Stamps

SETTINGS = ParticleSettings(
    size=(80.0, 400.0),
    filaments=0.15,
    softness=(3.5, 3.5),
    potential=(2.0, 2.0),
    coverage=(0.3, 0.3),
    overlap=(0.0, 0.0),
    edge=(0.0, 0.0),
    stray_share=0.5,
    debris=(0, 0),
)
GLOBULAR = find_protein("globular")


def mixed(seed) -> Protein:
    return draw_protein(np.random.default_rng(seed), size=(80.0, 400.0), filaments=0.15)


def film(side=2400, pixel=8.0, ice=300.0):
    specimen = Specimen.empty(Grid.around((round(side / pixel),) * 2, pixel_size=pixel))
    specimen.ice += ice
    return specimen


@pytest.mark.parametrize("pixel", [1.0, 8.0])
@pytest.mark.parametrize("name", ["ring", MIXED])
def test_copies_keep_their_volume(name, pixel):
    specimen, protein = film(800, pixel), mixed(2) if name == MIXED else find_protein(name)
    centres = np.random.default_rng(0).uniform(300, 500, (7, 2))
    draw_copies(specimen, protein, centres, rng=np.random.default_rng(1))
    volume = 7 * len(protein.points) * protein.point_volume
    assert specimen.protein.sum() * pixel**2 == pytest.approx(volume, rel=2e-3)  # tails are cut


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fine_and_coarse_pixels_show_the_same_copies(seed):
    protein, rng = mixed(seed), np.random.default_rng(seed)
    centres = rng.uniform(0, 800, (12, 2))
    fine, coarse = film(800, 1.0), film(800, 8.0)
    for specimen in (fine, coarse):
        draw_copies(specimen, protein, centres, rng=np.random.default_rng(9))
    margin, wide = fine.grid.margin, coarse.grid.margin
    # pixel k of the coarse one spans 8 k - 4 to 8 k + 4 Å: half of each outer pixel of the mean
    rows = fine.protein[margin - 4 : margin + 797, margin - 4 : margin + 797]
    mean = np.mean([rows[a : a + 800, b : b + 800] for a in (0, 1) for b in (0, 1)], axis=0)
    mean = mean.reshape(100, 8, 100, 8).mean(axis=(1, 3))
    seen = coarse.protein[wide : wide + 100, wide : wide + 100]
    assert np.corrcoef(mean.ravel(), seen.ravel())[0, 1] > 0.98
    assert np.abs(mean - seen).max() < 0.15 * mean.max()


@pytest.mark.parametrize("pixel", [1.0, 3.0, 8.0])
@pytest.mark.parametrize("symmetry", range(SYMMETRIES))
def test_a_stamp_lies_where_its_symmetry_puts_it(symmetry, pixel):
    points = np.array([[[12.0, 4.0], [12.0, 4.0], [0.0, 0.0]]], dtype=np.float32)
    specimen, centre = film(200, pixel), np.array([103.3, 97.9])
    stamps = Stamps.of(points, volume=100.0, softness=3.5, pixel=pixel)
    one = np.zeros(1, dtype=np.int64)
    for window, stamp in stamps.placed(specimen.grid, centre[None], views=one, symmetries=one + symmetry):
        specimen.protein[window] += stamp
    mean = np.array([8.0, 8 / 3])[:: -1 if symmetry & TRANSPOSE else 1]
    mean = mean * [-1 if symmetry & FLIP_ROWS else 1, -1 if symmetry & FLIP_COLUMNS else 1]
    total = specimen.protein.sum()
    found = [specimen.protein.sum(axis=1 - k) @ specimen.grid.axis(k) / total for k in (0, 1)]
    np.testing.assert_allclose(found, centre + mean, atol=1.1)  # within a part of a pixel


def test_copies_partly_outside_are_cut_and_those_far_away_left_out():
    specimen = film(400, 2.0)
    draw_copies(specimen, GLOBULAR, np.array([[-MARGIN, 200.0], [9000.0, 0.0]]), rng=np.random.default_rng(0))
    volume = len(GLOBULAR.points) * GLOBULAR.point_volume
    assert specimen.protein.sum() * 4 == pytest.approx(volume / 2, rel=0.15)


def test_spaced_positions_are_those_that_come_first():
    candidates = np.random.default_rng(3).uniform(0, 100, (600, 2))
    taken = np.array([[50.0, 50.0]])
    kept = list(taken)
    for candidate in candidates:
        if np.linalg.norm(np.array(kept) - candidate, axis=1).min() >= 7.0 and len(kept) < 61:
            kept.append(candidate)
    np.testing.assert_array_equal(spaced(candidates, 60, 7.0, taken=taken), kept[1:])
    assert len(spaced(candidates, 0, 7.0, taken=taken)) == 0


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_particles_keep_their_distance_and_cover_what_they_should(overlap):
    layout = film()
    particles = place_particles(
        layout, GLOBULAR, replace(SETTINGS, overlap=(overlap, overlap)), np.random.default_rng(5)
    )
    away = np.linalg.norm(particles[:, None] - particles, axis=2) + 1e9 * np.eye(len(particles))
    least = (1 - overlap) * 90
    assert 0.95 * least <= away.min() < 1.1 * least
    assert len(particles) * np.pi * 45**2 / (2400 + 2 * 0.9 * MARGIN) ** 2 == pytest.approx(0.3, abs=0.03)


def test_no_particle_lies_on_support_or_where_there_is_no_film():
    layout = film()
    layout.mask[:100], layout.ice[-100:] = SUPPORT, 0
    particles = place_particles(layout, GLOBULAR, SETTINGS, np.random.default_rng(6))
    rows = np.rint(particles[:, 0] / 8).astype(int) + layout.grid.margin
    assert len(particles) > 50
    assert rows.min() >= 100
    assert rows.max() < layout.grid.shape[0] - 100


def test_fewer_particles_lie_on_contaminated_film():
    layout = film(4800)
    layout.mask[:, : layout.grid.shape[1] // 2] = CONTAMINATION
    sparse = replace(SETTINGS, coverage=(0.1, 0.1), stray_share=0.2)
    particles = place_particles(layout, GLOBULAR, sparse, np.random.default_rng(7))
    on_clean = layout.class_at(particles) == CLEAN
    assert 0.05 < (~on_clean).sum() / on_clean.sum() < 0.5
    none = place_particles(layout, GLOBULAR, replace(sparse, stray_share=0.0), np.random.default_rng(7))
    assert np.all(layout.class_at(none) == CLEAN)


def test_particles_gather_at_one_side_when_asked_to():
    layout = film()
    layout.ice += layout.grid.axis(1)  # thicker to the right

    def unevenness(edge):
        chosen = replace(SETTINGS, coverage=(0.1, 0.1), edge=(edge, edge))
        places = [place_particles(layout, GLOBULAR, chosen, np.random.default_rng(k)) for k in range(6)]
        return np.mean([np.linalg.norm(place.mean(axis=0) - 1200) for place in places])

    assert unevenness(1.0) > 1.5 * unevenness(0.0)


def test_particles_are_placed_the_same_way_twice():
    first, again = (place_particles(film(), GLOBULAR, SETTINGS, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
