from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from cryoice.constants import BAD, GOOD, UNKNOWN
from cryoice.errors import InputError
from cryoice.files.cryoppp import Picks, find_entries, read_picks
from cryoice.files.micrograph import read_micrograph
from cryoice.files.orientation import FRAMES, FrameProbe, choose_frame, doubt, probe_frames, to_coordinates
from cryoice.files.pick_contrast import contrast_map, score_positions
from entry_builder import DIAMETER, blob_micrograph

REAL = Path(__file__).parents[3] / "shared/data/cryoppp/10146"


def picks_at(positions, shape, frame, *, diameter=float(DIAMETER), label=GOOD):
    x, y = to_coordinates(positions, shape=shape, frame=frame)
    labels = np.full(len(x), label, dtype=np.int64)
    return Picks(x=x, y=y, label=labels, true_label=np.full_like(labels, UNKNOWN), diameter=diameter)


def particles(frame, *, seed=0, shape=(96, 121), depth=1.0, **how):
    array, positions = blob_micrograph(np.random.default_rng(seed), shape, 25, depth)
    return array, picks_at(positions, shape, frame, **how)


def noise(seed, *, sigma, shape=(96, 121), count=40):
    rng = np.random.default_rng(seed)
    array = ndimage.gaussian_filter(rng.normal(size=shape), sigma)
    positions = rng.uniform(0, np.array(shape) - 1, (count, 2)).round()
    return array, picks_at(positions, shape, "top")


def probe_of(**z):
    values = dict.fromkeys(FRAMES, 0.0) | z
    return FrameProbe(z=values, contrast=dict.fromkeys(FRAMES, 0.0), micrographs=1)


@pytest.mark.parametrize("shape", [(96, 121), (121, 96), (101, 101)])
@pytest.mark.parametrize("depth", [1.0, -1.0])
@pytest.mark.parametrize("frame", FRAMES)
def test_the_true_frame_wins_for_dark_and_bright_particles(frame, depth, shape):
    probe = probe_frames([particles(frame, seed=seed, depth=depth, shape=shape) for seed in range(3)])
    assert probe.winner == frame
    assert np.sign(probe.contrast[frame]) == -np.sign(depth)
    assert probe.micrographs == 3


@pytest.mark.parametrize("declared", FRAMES)
@pytest.mark.parametrize("true", FRAMES)
def test_a_declared_frame_stands_only_when_it_is_the_true_one(true, declared):
    probe = probe_frames([particles(true, seed=seed) for seed in range(3)])
    if declared == true:
        assert choose_frame("10000", probe, declared=declared) == declared
        return
    with pytest.raises(
        InputError, match=rf'10000: the picks fit frame "{true}" \(z = .*set data.frame={true}'
    ):
        choose_frame("10000", probe, declared=declared)


@pytest.mark.parametrize("sigma", [0, 4])
def test_z_of_picks_on_noise_is_a_standard_normal(sigma):
    z = np.array([list(probe_frames([noise(seed, sigma=sigma)]).z.values()) for seed in range(200)])
    assert np.sqrt((z**2).mean()) == pytest.approx(1, abs=0.1)
    assert (z > 3).mean() < 0.01


def test_clustered_picks_on_noise_are_not_taken_for_signal():
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(200):
        contrast = contrast_map(ndimage.gaussian_filter(rng.normal(size=(96, 121)), 4), float(DIAMETER))
        scores.append(score_positions(contrast, rng.normal((40, 60), 10, (60, 2)).clip(0, 95))[1])
    assert np.std(scores) == pytest.approx(1, abs=0.2)
    assert np.mean(scores) == pytest.approx(0, abs=0.2)


def test_pure_noise_keeps_the_declared_frame_in_doubt():
    probe = probe_frames([noise(seed, sigma=2) for seed in range(6)])
    assert probe.winner is None
    assert choose_frame("10000", probe, declared="flip_x") == "flip_x"
    assert "flip_x (z = " in doubt("10000", probe, frame="flip_x")
    assert "taken unconfirmed" in doubt("10000", probe, frame="flip_x")


def test_particles_dark_in_half_of_the_micrographs_and_bright_in_the_rest_prove_nothing():
    samples = [particles("top", seed=seed, depth=1.0 if seed % 2 else -1.0) for seed in range(4)]
    assert probe_frames(samples).z["top"] < probe_frames(samples[:1]).z["top"] / 4


def test_of_two_frames_that_fit_alike_the_declared_one_is_kept_and_the_better_one_named():
    probe = probe_of(cryoppp=9.0, top=11.0)
    assert probe.winner is None
    assert choose_frame("10000", probe, declared="cryoppp") == "cryoppp"
    assert choose_frame("10000", probe, declared="top") == "top"
    assert doubt("10000", probe, frame="top") is None
    said = doubt("10000", probe, frame="cryoppp")
    assert "cryoppp (z = 9.0) is taken, though top (z = 11.0) fits a little better" in said


def test_a_frame_that_is_clearly_beaten_does_not_stand_for_being_above_3():
    with pytest.raises(InputError, match='fit frame "top"'):
        choose_frame("10000", probe_of(cryoppp=4.0, top=20.0), declared="cryoppp")


def test_the_message_gives_both_z_scores():
    with pytest.raises(InputError, match=r'"top" \(z = 21\.3\), not the declared "cryoppp" \(z = 0\.4\)'):
        choose_frame("10146", probe_of(cryoppp=0.4, top=21.3), declared="cryoppp")


def test_bad_picks_count_only_where_there_are_no_good_ones():
    array, good = particles("top")
    elsewhere = np.random.default_rng(1).uniform(0, 95, (500, 2)).round()
    bad = picks_at(elsewhere, array.shape, "top", label=BAD)
    joined = {
        key: np.concatenate([getattr(good, key), getattr(bad, key)])
        for key in ("x", "y", "label", "true_label")
    }
    assert probe_frames([(array, replace(good, **joined))]).z == probe_frames([(array, good)]).z
    all_bad = replace(good, label=np.full_like(good.label, BAD))
    assert probe_frames([(array, all_bad)]).z == probe_frames([(array, good)]).z


def test_a_missing_diameter_is_guessed_from_the_spacing():
    samples = [particles("flip_x", seed=seed, diameter=None) for seed in range(3)]
    assert probe_frames(samples).winner == "flip_x"


def test_a_gradient_a_dead_column_and_an_ice_blob_do_not_hide_the_particles():
    array, picks = particles("cryoppp")
    array = array + np.linspace(0, 30, array.shape[1], dtype=np.float32)
    array[:, 30] = np.nan
    array[60:90, 80:110] -= 20
    assert probe_frames([(array, picks)]).winner == "cryoppp"


def test_hollow_packed_shells_are_seen():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:130, :151]
    centres = np.array(
        [(row, column) for row in range(8, 125, 14) for column in range(8, 145, 14)], dtype=np.float64
    )
    centres = rng.permutation(centres + rng.integers(-1, 2, centres.shape))[:50]
    array = rng.normal(size=rows.shape)
    for row, column in centres:
        distance = np.hypot(rows - row, columns - column)
        array[(distance > 4) & (distance <= 6)] -= 1
    assert probe_frames([(array, picks_at(centres, array.shape, "cryoppp"))]).winner == "cryoppp"


@pytest.mark.parametrize(
    "sample",
    [
        pytest.param((np.ones((96, 121)), 20, float(DIAMETER)), id="constant"),
        pytest.param((np.full((96, 121), np.nan), 20, float(DIAMETER)), id="nan"),
        pytest.param((np.random.default_rng(0).normal(size=(9, 9)), 3, 8.0), id="smaller than a particle"),
        pytest.param((np.random.default_rng(0).normal(size=(96, 121)), 0, None), id="no picks"),
        pytest.param((np.random.default_rng(0).normal(size=(96, 121)), 1, 0.5), id="tiny diameter"),
        pytest.param((np.random.default_rng(0).normal(size=(96, 121)), 1, None), id="one pick, no diameter"),
    ],
)
def test_a_micrograph_that_cannot_tell_gives_no_winner(sample):
    array, count, diameter = sample
    positions = np.random.default_rng(1).uniform(0, 8, (count, 2))
    probe = probe_frames([(array, picks_at(positions, array.shape, "top", diameter=diameter))])
    assert probe.winner is None
    assert all(np.isfinite(list(probe.z.values())))


def test_large_particles_are_reduced_before_they_are_probed():
    contrast = contrast_map(np.random.default_rng(0).normal(size=(600, 500)), 140.0)
    assert contrast.step == 10
    assert contrast.values.shape == (60, 50)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real entry 10146")
def test_the_probe_takes_real_picks_in_their_frame_and_refuses_mirrored_ones():
    (entry,) = find_entries(REAL)
    pairs = [
        (read_micrograph(micrograph.path).array, read_picks(micrograph))
        for micrograph in entry.micrographs[:3]
    ]
    probe = probe_frames(pairs)
    assert probe.z["cryoppp"] > 20
    assert max(probe.z[frame] for frame in FRAMES if frame != "cryoppp") < 5
    assert choose_frame("10146", probe, declared="cryoppp") == "cryoppp"
    mirrored = [(array, replace(picks, y=array.shape[0] - 1 - picks.y)) for array, picks in pairs]
    with pytest.raises(InputError, match='10146: the picks fit frame "top"'):
        choose_frame("10146", probe_frames(mirrored), declared="cryoppp")
