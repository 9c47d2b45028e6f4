"""Tell simulated patches from real ones with a classifier that never saw these micrographs.

Classifier two-sample test: Lopez-Paz & Oquab 2017, arXiv:1610.06545.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from benchmarks.realism.measures import BINNINGS, radial_power
from benchmarks.realism.patches import Patches
from cryoice.signal.augment import apply_d4, change_contrast
from cryoice.signal.statistics import block_mean, skewness_and_kurtosis

FOLDS = 3
WIDTHS = (16, 32, 64, 64)
BATCH = 32
LEARNING_RATE = 3e-3
GAIN_JITTER, OFFSET_JITTER = 0.1, 0.1
LARGE = 256
"""Side in px from which the first layer strides by 4: one run stays near ten seconds."""

Scorer = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
"""Learns from (patches, simulated or not), scores other patches; the last number is the seed."""


@dataclass(frozen=True)
class Verdict:
    """AUROC of each fold of each seed, and the mean score of every patch, real ones first."""

    aurocs: list[float]
    scores: Float[np.ndarray, " n"]


def two_sample_test(real: Patches, simulated: Patches, scorer: Scorer, *, seeds: int) -> Verdict:
    """Score every patch by a classifier trained on other micrographs; 0.5 means that none is known."""
    values = np.concatenate([real.values, simulated.values])
    label = np.repeat([0, 1], [len(real.values), len(simulated.values)])
    aurocs, scores = [], np.zeros(len(label))
    for seed in range(seeds):
        for held_out in _folds(real, simulated, seed):
            train = balanced(np.flatnonzero(~held_out), label, seed)
            found = scorer(values[train], label[train], values[held_out], seed)
            aurocs.append(float(roc_auc_score(label[held_out], found)))
            scores[held_out] += found / seeds
    return Verdict(aurocs, scores)


def balanced(
    indices: Int[np.ndarray, " n"], label: Int[np.ndarray, " all"], seed: int
) -> Int[np.ndarray, " m"]:
    """Keep as many of the commoner class as there are of the other."""
    kinds = [indices[label[indices] == kind] for kind in (0, 1)]
    rng, number = np.random.default_rng(seed), min(len(kind) for kind in kinds)
    return np.concatenate([rng.permutation(kind)[:number] for kind in kinds])


def score_by_network(epochs: int) -> Scorer:
    """Make a small convolutional network's scorer: logits of being simulated."""

    def scorer(train: np.ndarray, label: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        net = _network(train.shape[-1])
        _train(net, _standardised(train), torch.from_numpy(label).float(), epochs)
        net.eval()
        with torch.no_grad():
            return torch.cat([_logits(net, part) for part in torch.split(_standardised(test), 64)]).numpy()

    return scorer


def score_by_spectrum(
    train: Float32[np.ndarray, "n side side"], label: np.ndarray, test: np.ndarray, seed: int
) -> np.ndarray:
    """Logistic regression on 24 bands of the log power spectrum and on the moments."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, random_state=seed))
    model.fit(_features(train), label)
    scores: np.ndarray = model.decision_function(_features(test))
    return scores


def _folds(real: Patches, simulated: Patches, seed: int) -> Iterator[Bool[np.ndarray, " n"]]:
    """Mark the patches of a third of the groups of each kind, in turn; the thirds depend on the seed."""
    parts = []
    for patches in (real, simulated):
        groups = np.random.default_rng(seed).permutation(np.unique(patches.group))
        thirds = np.array_split(groups, FOLDS)
        parts.append([np.isin(patches.group, third) for third in thirds])
    for of_real, of_simulated in zip(*parts, strict=True):
        if of_real.any() and of_simulated.any():
            yield np.concatenate([of_real, of_simulated])


def _features(patches: Float32[np.ndarray, "n side side"]) -> Float[np.ndarray, "n features"]:
    standard = _standardised(patches).numpy()
    power = np.log(radial_power(standard)[:, 1:])
    bands = np.array_split(power, min(24, power.shape[1]), axis=1)
    moments = [
        [value for factor in BINNINGS for value in skewness_and_kurtosis(block_mean(patch, factor))]
        for patch in standard
    ]
    return np.column_stack([*(band.mean(axis=1) for band in bands), np.array(moments)])


def _standardised(patches: Float32[np.ndarray, "n side side"]) -> Float[Tensor, "n side side"]:
    values = torch.from_numpy(np.ascontiguousarray(patches))
    centred = values - values.mean(dim=(1, 2), keepdim=True)
    return centred / centred.std(dim=(1, 2), keepdim=True)


def _network(side: int) -> nn.Module:
    stride, layers, before = (4 if side >= LARGE else 2), [], 1
    for width in WIDTHS:
        conv = nn.Conv2d(before, width, 2 * stride if before == 1 else 3, stride, 1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        stride, before = 2, width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1))
    return net.to(memory_format=torch.channels_last)


def _logits(net: nn.Module, patches: Float[Tensor, "n side side"]) -> Float[Tensor, " n"]:
    """Run in half precision: three times as quick on a CPU."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found: Tensor = net(patches[:, None])[:, 0]
    return found.float()


def _train(
    net: nn.Module, patches: Float[Tensor, "n side side"], label: Float[Tensor, " n"], epochs: int
) -> None:
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=1e-2)
    batches = max(1, len(patches) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=epochs * batches)
    net.train()
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(patches)), BATCH)[:batches]:
            batch = apply_d4(patches[chosen], torch.randint(8, (len(chosen),)))
            gain = 1 + GAIN_JITTER * torch.randn(len(chosen))
            batch = change_contrast(batch, gain=gain, offset=OFFSET_JITTER * torch.randn(len(chosen)))
            loss = nn.functional.binary_cross_entropy_with_logits(_logits(net, batch), label[chosen])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
