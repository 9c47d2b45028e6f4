from dataclasses import replace

import numpy as np
import pytest

from cryoice.simulate.crystals import CrystallineSettings, add_crystalline
from cryoice.simulate.diffraction import add_diffracted, displacement
from cryoice.simulate.grid import Grid
from cryoice.simulate.lattice import CRYSTALS
from cryoice.simulate.optics import Optics
from cryoice.simulate.powder import Powder, add_powder
from cryoice.simulate.presets import load_preset
from cryoice.simulate.priors import parse
from cryoice.simulate.proteins import find_protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import CRYSTALLINE, Beam, Specimen

OPTICS = Optics(voltage=300.0, defocus_um=1.0, cs=0.0, amplitude_contrast=0.0, b_factor=0.0)
SETTINGS = replace(
    parse(CrystallineSettings, load_preset("default")["crystalline"], key="crystalline"),
    whole_share=0.0,
    domains=(1, 1),
    size=(900.0, 900.0),
    mottle=(0.3, 0.3),
    aperture_share=0.0,
    moire_share=0.0,
    powder_share=0.0,
)


def crystalline(size, pixel_size, *, seed=2, optics=OPTICS, **changes):
    specimen = Specimen.empty(Grid.around(size, pixel_size=pixel_size))
    specimen.ice += 400
    protein = find_protein("ring")
    scene = Scene(optics=optics, ice=400.0, mean_free_path=4000.0, protein=protein)
    settings = replace(SETTINGS, **changes)
    add_crystalline(specimen, settings=settings, scene=scene, rng=np.random.default_rng(seed))
    return specimen


def diffracted(specimen, optics=OPTICS):
    image = np.zeros(specimen.grid.shape, dtype=np.float32)
    add_diffracted(specimen, image, optics=optics)
    return image


def marked_beam(reflection):
    """Specimen of which a single pixel (row 30, column 40) sends 20 % of its electrons along g."""
    specimen = Specimen.empty(Grid.around((300, 300), pixel_size=2.0))
    specimen.absorption[30, 40] = -np.log(0.8)
    window = (slice(30, 31), slice(40, 41))
    share = np.full((1, 1), 0.2, dtype=np.float32)
    specimen.beams.append(Beam(window, share, np.array(reflection)))
    return specimen


def test_a_marked_pixel_s_ghost_lies_at_wavelength_times_defocus_times_g():
    # 0.019687 Å · 2·10⁴ Å / 3.672 Å = 107.2 Å = 53.6 px of 2 Å, against g
    optics = replace(OPTICS, defocus_um=2.0)
    image = diffracted(marked_beam([-1 / 3.672, 0.0]), optics)
    assert np.argwhere(image).tolist() == [[30 + 54, 40]]
    assert image[84, 40] == pytest.approx(0.2)
    assert np.argwhere(diffracted(marked_beam([0.0, -1 / 3.672]), optics)).tolist() == [[30, 94]]
    assert not diffracted(marked_beam([1 / 3.672, 0.0]), optics).any()  # out of the frame


def test_a_ghost_lies_where_the_lens_carries_its_wave():
    optics = replace(OPTICS, defocus_um=1.5, cs=2.7)
    reflection, pixel, side = np.array([0.1, -0.05]), 2.0, 256
    axis = (np.arange(side) - side / 2) * pixel
    patch = np.exp(-0.5 * (axis[:, None] ** 2 + axis**2) / 40.0**2)
    tilted = np.exp(2j * np.pi * (reflection[0] * axis[:, None] + reflection[1] * axis))
    image = optics.image((patch * tilted).astype(np.complex64), pixel=pixel)
    centre = [(image.sum(axis=1 - k) * axis).sum() / image.sum() for k in (0, 1)]
    np.testing.assert_allclose(centre, displacement(reflection, optics), atol=0.5)


def test_grains_and_ghosts_together_keep_all_electrons():
    specimen = crystalline((256, 256), 8.0, seed=5, crystallinity=(0.05, 0.05))
    shares = np.zeros(specimen.grid.shape)
    for beam in specimen.beams:
        shares[beam.window] += beam.share
    specimen.absorption[:] = -np.log1p(-shares)
    image = np.exp(-specimen.absorption)
    missing = float((1 - image).sum())
    assert missing > 5
    assert diffracted(specimen).sum() == pytest.approx(missing, rel=0.02)


def test_a_hole_torn_later_sends_no_ghost():
    specimen = crystalline((256, 256), 8.0, seed=5)
    assert diffracted(specimen).max() > 0.05
    specimen.absorption[:] = 0
    assert not diffracted(specimen).any()


def test_an_aperture_stops_ghosts_and_fringes_but_not_the_mottle():
    stopped = crystalline((512, 512), 1.2, aperture_share=1.0)
    passed = crystalline((512, 512), 1.2, aperture_share=0.0)
    assert passed.beams
    assert not stopped.beams
    np.testing.assert_array_equal(stopped.absorption, passed.absorption)
    assert (passed.phase - stopped.phase).std() > 1e-4


@pytest.mark.parametrize("whole", [0.0, 1.0])
def test_the_mask_is_the_domain(whole):
    specimen = crystalline((200, 256), 8.0, whole_share=whole, crystallinity=(1.0, 1.0))
    marked = specimen.mask == CRYSTALLINE
    assert (specimen.ice[~marked] == 400).all()
    assert (specimen.ice[marked] < 400).all()
    assert (specimen.absorption[~marked] == 0).all()
    assert set(np.unique(specimen.mask)) <= {0, CRYSTALLINE}
    assert marked.mean() == 1 if whole else 0.03 < marked.mean() < 0.6


def test_two_samplings_show_the_same_domain():
    fine, coarse = crystalline((768, 768), 1.0), crystalline((96, 96), 8.0)
    blocks = fine.grid.crop(fine.absorption).reshape(96, 8, 96, 8).mean(axis=(1, 3))
    assert np.corrcoef(blocks.ravel(), coarse.grid.crop(coarse.absorption).ravel())[0, 1] > 0.97
    same = fine.grid.labels(fine.mask)[::8, ::8] == coarse.grid.labels(coarse.mask)
    assert same.mean() > 0.99
    assert fine.parameters == coarse.parameters


def test_fringes_vanish_at_coarse_pixels_and_show_at_fine_ones():
    smooth = {"whole_share": 1.0, "crystallinity": (0.05, 0.05)}
    fine, coarse = crystalline((300, 300), 1.0, **smooth), crystalline((38, 38), 8.0, **smooth)

    def roughness(specimen):
        return np.diff(specimen.phase, axis=0).std()

    assert roughness(fine) > 100 * roughness(coarse)


def test_the_same_seed_gives_the_same_bytes():
    first, second = (crystalline((300, 300), 1.2, whole_share=1.0) for _ in range(2))
    assert first.phase.tobytes() == second.phase.tobytes()
    assert first.parameters == second.parameters
    other = crystalline((300, 300), 1.2, whole_share=1.0, seed=9)
    assert other.parameters != first.parameters


def powder(size, lattice="cubic", pixel_size=1.0):
    specimen = Specimen.empty(Grid.around((700, 700), pixel_size=pixel_size))
    add_powder(
        specimen,
        (slice(0, specimen.grid.shape[0]), slice(0, specimen.grid.shape[1])),
        np.ones(specimen.grid.shape, dtype=np.float32),
        Powder(CRYSTALS[lattice], size=size, contrast=0.04),
        optics=OPTICS,
        rng=np.random.default_rng(0),
    )
    return specimen.phase


def test_powder_has_the_set_rms():
    # contrast c of the image is a phase of c/2; c/√2 rms
    assert powder(40.0, pixel_size=0.5).std() == pytest.approx(0.5 * 0.04 / np.sqrt(2), rel=0.03)


def test_a_powder_ring_is_as_strong_at_every_pixel_size():
    def ring(pixel_size):
        phase = powder(40.0, pixel_size=pixel_size)
        power = np.square(np.abs(np.fft.fft2(phase))) / phase.size**2
        frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(len(phase), pixel_size)] * 2))
        return power[np.abs(frequency - 1 / 3.672) < 0.02].sum()

    np.testing.assert_allclose([ring(1.0), ring(1.5)], ring(0.7), rtol=0.08)


@pytest.mark.parametrize("size", [50.0, 80.0])
def test_a_powder_ring_has_its_radius_and_scherrer_width(size):
    phase = powder(size)
    power = np.square(np.abs(np.fft.fft2(phase * np.outer(np.hanning(len(phase)), np.hanning(len(phase))))))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(len(phase)), np.fft.fftfreq(len(phase))))
    step = 0.001
    bins = (frequency / step).astype(int).ravel()
    profile = (np.bincount(bins, power.ravel()) / np.maximum(np.bincount(bins), 1))[248:297]
    at = (np.arange(248, 297) + 0.5) * step
    centre = (profile * at).sum() / profile.sum()
    assert centre == pytest.approx(1 / 3.672, abs=0.001)
    # full width at half maximum 0.9/D of a Gaussian: σ = 0.9/(2.355 D)
    width = np.sqrt((profile * (at - centre) ** 2).sum() / profile.sum())
    assert width == pytest.approx(0.9 / (2.355 * size), rel=0.1)


def test_powder_rings_beyond_nyquist_are_left_out():
    assert not powder(40.0, "hexagonal", pixel_size=2.0).any()
