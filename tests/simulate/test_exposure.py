import numpy as np
import pytest

from cryoice.simulate.camera import CameraSettings
from cryoice.simulate.dose_weighting import weighting_transfer
from cryoice.simulate.exposure import Exposure, expose
from cryoice.simulate.grid import Grid
from cryoice.simulate.motion import drift_transfer
from cryoice.simulate.optics import Optics
from cryoice.simulate.proteins import Protein
from cryoice.simulate.scene import Scene
from cryoice.simulate.specimen import Specimen
from cryoice.simulate.streams import Streams
from cryoice.simulate.transfer import filtered

OPTICS = Optics(voltage=300.0, defocus_um=1.5, cs=2.7, amplitude_contrast=0.1, b_factor=80.0)
PROTEIN = Protein("point", diameter=100.0, spacing=1.0, points=np.zeros((1, 3)))
SCENE = Scene(optics=OPTICS, ice=400.0, mean_free_path=4000.0, protein=PROTEIN)


def settings(**changes):
    values = {
        "dose": (40.0, 40.0),
        "detectors": ("k2",),
        "dose_weighted": 0.0,
        "counting": (1.0, 1.0),
        "unevenness": (0.0, 0.0),
        "drifting": 0.0,
        "drift": (20.0, 20.0),
    }
    return CameraSettings(**(values | changes))


def picture(specimen, pixel_size, seed=0, **changes):
    streams = Streams(np.random.SeedSequence(seed))
    return expose(specimen, settings=settings(**changes), scene=SCENE, pixel_size=pixel_size, streams=streams)


def test_ice_of_one_free_path_lets_a_share_of_1_over_e_through():
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=2.0))
    specimen.absorption += 1.0
    counts = picture(specimen, 2.0)
    # 40 e/Å² on 4 Å²; the variance of a counted pixel is N / 0.64
    expected = 160 * np.exp(-1)
    assert counts.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / 0.64) / 256)


@pytest.mark.parametrize("cycles", [16, 30])
@pytest.mark.parametrize(("weighted", "drifting"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_a_weak_grating_keeps_envelope_weighting_drift_and_detector_transfer(weighted, drifting, cycles):
    # so many cycles over the grid along columns, seen along the drift's column part
    grid = Grid.around((256, 256), pixel_size=2.0)
    specimen = Specimen.empty(grid)
    side, amplitude = grid.shape[1], 0.02
    frequency = np.array([cycles / (side * grid.pixel)])
    wave = np.cos(2 * np.pi * frequency * grid.axis(1)).astype(np.float32)
    specimen.phase += np.float32(amplitude * np.sqrt(1 - 0.1**2)) * wave
    specimen.absorption += np.float32(2 * amplitude * 0.1) * wave
    dose = (200.0, 200.0)
    counts = picture(specimen, 2.0, dose=dose, dose_weighted=weighted, drifting=drifting)
    x = grid.axis(1)[grid.margin : grid.margin + 256]
    basis = np.stack([np.ones(256), *(f(2 * np.pi * frequency * x) for f in (np.cos, np.sin))], axis=1)
    mean, cosine, _ = np.linalg.lstsq(basis, counts.mean(axis=0), rcond=None)[0]
    kept = weighting_transfer(frequency, dose=200.0, voltage=300.0)[0] if weighted else 1.0
    camera = Exposure(200.0, "k2", dose_weighted=False, drift=(0.0, 0.0), counting=1.0, unevenness=0.0).camera
    # two camera pixels of 1 Å make one of 2 Å: Nyquist is 0.5 1/Å
    kept *= camera.signal_transfer(2 * frequency)[0] * camera.noise_transfer(2 * frequency)[0]
    kept *= np.sinc(specimen.parameters["drift"][1] * frequency[0])
    contrast = 2 * amplitude * OPTICS.ctf(frequency**2)[0] * OPTICS.envelope(frequency**2)[0] * kept
    # noise of the cosine in 256² pixels of 800 electrons, of which 0.64 count: 2.4e-4
    assert abs(contrast) > 4e-3
    assert cosine / mean == pytest.approx(contrast, abs=1.2e-3)


def test_shot_noise_is_white_but_for_the_noise_transfer_even_when_weighted():
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=1.0))
    counts = picture(specimen, 1.0, dose_weighted=1.0)
    power = np.square(np.abs(np.fft.rfft2(counts))) / 256**2
    radius = 2 * np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256))
    camera = Exposure(40.0, "k2", dose_weighted=True, drift=(0.0, 0.0), counting=1.0, unevenness=0.0).camera
    for fraction in (0.1, 0.5, 0.95):
        ring = np.abs(radius - fraction) < 0.03
        expected = 40 / 0.64 * camera.noise_transfer(np.array([fraction]))[0] ** 2
        assert power[ring].mean() == pytest.approx(expected, rel=5 / np.sqrt(ring.sum()))


@pytest.mark.parametrize("cycles", [(3, 0), (0, 4), (2, -3)])
def test_uniform_motion_by_d_transfers_the_sinc_of_d_s(cycles):
    side, pixel, drift = 64, 2.0, (12.0, 7.0)
    rows, columns = np.arange(side)[:, None], np.arange(side)
    wave = np.cos(2 * np.pi * (cycles[0] * rows + cycles[1] * columns) / side).astype(np.float32)
    turns = (drift[0] * cycles[0] + drift[1] * cycles[1]) / (side * pixel)
    moved = filtered(wave, [drift_transfer(drift)], pixel=pixel)
    np.testing.assert_allclose(moved, np.sin(np.pi * turns) / (np.pi * turns) * wave, atol=1e-5)


def test_motion_blurs_along_its_direction_only():
    point = np.zeros((33, 33), dtype=np.float32)
    point[16, 16] = 1.0
    moved = filtered(point, [drift_transfer((10.0, 0.0))], pixel=1.0)
    assert moved[:, 16].sum() == pytest.approx(1.0, abs=1e-5)
    assert moved[12:21, 16] == pytest.approx(0.1, abs=0.02)


def test_what_was_drawn_is_recorded():
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=8.0))
    picture(specimen, 8.0, detectors=("ccd",), dose_weighted=1.0, drifting=1.0)
    assert specimen.parameters["detector"] == "ccd"
    assert specimen.parameters["dose_weighted"] is True
    assert specimen.parameters["dose"] == 40.0
    assert np.hypot(*specimen.parameters["drift"]) == pytest.approx(20.0)


def test_a_micrograph_without_drift_has_none_recorded():
    specimen = Specimen.empty(Grid.around((256, 256), pixel_size=8.0))
    picture(specimen, 8.0)
    assert specimen.parameters["drift"] == (0.0, 0.0)
    assert specimen.parameters["dose_weighted"] is False
