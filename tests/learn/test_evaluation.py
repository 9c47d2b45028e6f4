"""What baselines and tables see of a data set."""

import numpy as np
import pandas as pd
import pytest
import torch

from cryoice.learn.baselines import baseline_probabilities
from cryoice.learn.dataset import PatchDataset, PreparedMicrograph, View
from cryoice.learn.evaluation import Spectra, baseline_features, high_frequency_scores, prediction_table

AVERAGED = {"kind": "averaged", "pixel_size": 1.5, "field": 48, "window": "tukey"}


def batches(measured=(True, True)):
    generator = torch.Generator().manual_seed(0)
    for first, known in enumerate(measured):
        yield {
            "real": torch.randn(3, 32, 32, generator=generator) + first,
            "region": torch.randn(3, 32, 32, generator=generator) * known,
            "measured": torch.full((3,), known),
            "label": torch.tensor([0, 1, 0]),
        }


def spectra(spectrum=AVERAGED):
    return Spectra.of({"use": ["real"], "spectrum": spectrum}, patch=32, pixel_size=4.0)


def test_the_spectral_view_is_measured_where_there_is_one():
    assert spectra() == Spectra(patch=32, pixel_size=1.5, window="tukey")
    assert spectra({"kind": "plain"}) == Spectra(patch=32, pixel_size=4.0, window="hann")


def test_features_begin_with_mean_and_standard_deviation():
    found = baseline_features(batches(), spectra())
    real = torch.cat([batch["real"] for batch in batches()])
    assert found.statistics[:, 0] == pytest.approx(real.mean(dim=(1, 2)).numpy(), abs=1e-6)
    assert found.statistics[:, 1] == pytest.approx(real.std(dim=(1, 2)).numpy(), abs=1e-6)
    assert found.label.tolist() == [0, 1, 0, 0, 1, 0]
    assert np.isfinite(found.iciness).all()
    assert np.isfinite(found.statistics).all()


def test_an_unmeasured_spectrum_is_no_feature_and_has_no_iciness():
    whole, part = (
        baseline_features(batches(), spectra()),
        baseline_features(batches((True, False)), spectra()),
    )
    own = (whole.statistics.shape[1] - 2) // 2
    assert part.statistics.shape == whole.statistics.shape
    assert np.isfinite(part.statistics[:, : 2 + own]).all()
    assert np.isnan(part.statistics[:, 2 + own :]).all(axis=1).tolist() == [False] * 3 + [True] * 3
    assert np.isnan(part.iciness).tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize("both_ways", [1, -1])
def test_splits_with_and_without_a_spectrum_are_compared_by_what_both_have(both_ways):
    splits = [baseline_features(batches(measured), spectra()) for measured in ((True, False), (True, True))]
    found = baseline_probabilities(*splits[::both_ways], seed=0)
    assert found["iciness"] is None
    assert found["logistic"].shape == (6,)


def test_scores_come_in_the_loaders_order():
    both = high_frequency_scores(batches(), spectra())
    one = high_frequency_scores(batches((True,)), spectra())
    assert both.shape == (6,)
    assert both[:3] == pytest.approx(one)


def test_the_table_has_a_row_a_pick_in_pixels_as_stored():
    view = View(path=None, pixel_size=1.5, scale=(1.0, 1.0))
    micrographs = [PreparedMicrograph(entry="e", name=n, path=n, real=view, spectrum=view) for n in "ab"]
    picks = pd.DataFrame(
        {
            "micrograph": [1, 0],
            "row": [3.0, 5.0],
            "col": [4.0, 6.0],
            "label": [0, 1],
            "true_label": [0, -1],
        }
    )
    dataset = PatchDataset(micrographs, picks, patch=8, pixel_size=1.5, region=0)
    table = prediction_table(dataset, torch.tensor([0.25, 0.5]))
    assert table.to_dict("records") == [
        {
            "entry": "e",
            "micrograph": "b",
            "y": 3.0,
            "x": 4.0,
            "label": 0,
            "true_label": 0,
            "probability": 0.25,
        },
        {
            "entry": "e",
            "micrograph": "a",
            "y": 5.0,
            "x": 6.0,
            "label": 1,
            "true_label": -1,
            "probability": 0.5,
        },
    ]
