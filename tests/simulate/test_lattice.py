import numpy as np
import pytest

from cryoice.constants import ICE_IH_SPACINGS
from cryoice.simulate.grid import Grid
from cryoice.simulate.lattice import CUBIC, HEXAGONAL, ZONES, add_lattice
from cryoice.simulate.optics import Optics
from cryoice.simulate.specimen import Specimen

OPTICS = Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=60.0)


def lattice(zone, *, angle=0.3, contrast=0.02, pixel_size=1.0, optics=OPTICS):
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=pixel_size))
    shape = specimen.grid.shape
    add_lattice(
        specimen,
        (slice(0, shape[0]), slice(0, shape[1])),
        np.ones(shape, dtype=np.float32),
        zone=zone,
        angle=angle,
        contrast=contrast,
        optics=optics,
        rng=np.random.default_rng(0),
    )
    return specimen


def spots(array, pixel_size=1.0, faintest=1e-3):
    """Frequencies (row, column) in 1/Å of the peaks of the windowed spectrum, strongest first."""
    window = np.outer(*(np.hanning(side) for side in array.shape))
    power = np.square(np.abs(np.fft.fft2(window * array)))
    peaks = []
    limit = faintest * power.max()
    while power.max() > limit:
        row, column = np.unravel_index(np.argmax(power), power.shape)
        peaks.append(
            [np.fft.fftfreq(n, pixel_size)[k] for n, k in zip(power.shape, (row, column), strict=True)]
        )
        for step in np.ndindex(9, 9):
            power[(row + step[0] - 4) % power.shape[0], (column + step[1] - 4) % power.shape[1]] = 0
    return np.array(peaks)


def inner(peaks, spacing, bins):
    return peaks[np.abs(np.linalg.norm(peaks, axis=1) - 1 / spacing) < bins]


@pytest.mark.parametrize(
    ("zone", "spacings"),
    [
        # 1/d² = 4(h² + hk + k²)/3a² + l²/c², a = 4.498, c = 7.338 Å
        ("[0001]", [3.895, 2.249, 1.948]),
        ("[11-20]", [3.895, 3.669, 3.441, 2.671]),
        ("[10-10]", [3.669, 2.249, 1.918]),
        # a/√(h² + k² + l²), a = 6.36 Å
        ("[001]", [2.249]),
        ("[011]", [3.672, 2.249, 1.918]),
        ("[111]", [2.249]),
        ("[112]", [3.672, 2.249, 1.918]),
    ],
)
def test_bragg_peaks_lie_at_the_cited_spacings_and_nowhere_else(zone, spacings):
    specimen = lattice(zone, pixel_size=0.8)
    bin_width = 1 / (specimen.grid.shape[0] * 0.8)
    lengths = np.linalg.norm(spots(specimen.phase, 0.8, faintest=1e-4), axis=1)
    for spacing in spacings:
        assert np.abs(lengths - 1 / spacing).min() < bin_width
    allowed = 1 / np.array([*spacings, 2.072, 1.948, 1.947, 1.918, 1.883, 1.836, 1.721])
    assert np.abs(lengths[:, None] - allowed).min(axis=1).max() < bin_width


def test_the_basal_zone_shows_six_spots_60_degrees_apart():
    specimen = lattice("[0001]")
    peaks = inner(spots(specimen.phase), 3.895, 1 / 456)
    assert len(peaks) == 6
    angles = sorted(np.degrees(np.arctan2(peaks[:, 0], peaks[:, 1])))
    np.testing.assert_allclose(np.diff(angles), 60.0, atol=1.5)
    # a crystal turned by 0.3 rad has its first {100} spot at (row, column) = (-sin, cos)/d
    first = np.array([-np.sin(0.3), np.cos(0.3)]) / 3.895
    assert np.abs(peaks - first).max(axis=1).min() < 1 / 456


def angle_between(zone, spacings):
    g = ZONES[zone].reflections
    lengths = np.linalg.norm(g, axis=1)
    first, second = (g[np.abs(lengths - 1 / d) < 1e-3] for d in spacings)
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)
    return np.degrees(np.arccos(np.clip(np.abs(first @ second.T) / lengths, 0, 1)))


def test_prism_and_basal_planes_stand_at_right_angles():
    assert angle_between("[11-20]", (3.895, 3.669)) == pytest.approx(90.0)


def test_octahedral_planes_of_cubic_ice_meet_at_70_53_degrees():
    # their cosine is 1/3
    pairs = angle_between("[011]", (3.672, 3.672))
    assert pairs[0, 1] == pytest.approx(70.5288, abs=1e-3)


@pytest.mark.parametrize(
    ("crystal", "forbidden", "allowed"),
    [
        (
            HEXAGONAL,
            [(0, 0, 1), (0, 0, 3), (1, 1, 1)],
            [(1, 0, 0), (0, 0, 2), (1, 0, 1), (1, 0, 2), (1, 1, 2)],
        ),
        (CUBIC, [(1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 2, 2), (4, 2, 0)], [(1, 1, 1), (2, 2, 0), (3, 1, 1)]),
    ],
)
def test_forbidden_reflections_are_absent(crystal, forbidden, allowed):
    np.testing.assert_allclose(crystal.structure_factor(np.array(forbidden)), 0, atol=1e-9)
    assert crystal.structure_factor(np.array(allowed)).min() > 0.02


def test_the_cited_spacings_are_those_of_hexagonal_ice():
    lengths = np.linalg.norm(HEXAGONAL.vectors(HEXAGONAL.reflections()), axis=1)
    for spacing in ICE_IH_SPACINGS:
        assert np.abs(1 / lengths - spacing).min() < 0.003


def test_a_fringe_has_its_contrast_in_the_image_where_the_transfer_is_full():
    frequency2 = 1 / 3.672**2
    # without spherical aberration sin(πλΔz g²) = 1 at λΔz g² = ½
    defocus = 0.5 / (0.0196875 * frequency2) / 1e4
    optics = Optics(voltage=300.0, defocus_um=defocus, cs=0.0, amplitude_contrast=0.0, b_factor=60.0)
    specimen = lattice("row {111}", contrast=0.02, optics=optics)
    image = optics.image(specimen.exit_wave(), pixel=1.0)
    middle = image[60:-60, 60:-60]
    # a cosine of amplitude c has the rms c/√2; the envelope on the intensity is still to come
    seen = middle.std() / middle.mean() * optics.envelope(np.array([frequency2]))[0]
    assert np.sqrt(2) * seen == pytest.approx(0.02, rel=0.05)


def test_fringes_finer_than_nyquist_are_left_out():
    assert not lattice("[001]", pixel_size=1.2).phase.any()  # 2.249 Å at a Nyquist of 2.4 Å
    lengths = np.linalg.norm(spots(lattice("[011]", pixel_size=1.2).phase, 1.2), axis=1)
    np.testing.assert_allclose(lengths, 1 / 3.672, atol=1 / 360)


def test_the_same_generator_gives_the_same_fringes():
    assert np.array_equal(lattice("[112]").phase, lattice("[112]").phase)
