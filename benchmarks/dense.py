"""What does a network over a whole micrograph cost, and is it what it says patch by patch? Prints ratios.

    python benchmarks/dense.py [checkpoint or weights ...]

For each file (without any: an untrained network of each kind) and for noise of 2048², 4096² and 8192² px
at 1 Å/px: milliseconds on the threads that OMP_NUM_THREADS allows, and their ratio to the floor, one
real transform of the same array and the crop to 8 Å/px, in the same run; the peak memory of the process;
for patch networks the greatest difference of a probability from that of the patch data set's way, whole
precision on both sides and as it runs, at points of the smallest micrograph.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.console import Console

from cryoice.constants import CLASSES
from cryoice.learn.building import build_patch_network, build_pixel_network
from cryoice.learn.dataset import SAME_PIXEL_SIZE
from cryoice.learn.view import make_channels, spectrum_region
from cryoice.mask import patch_scores
from cryoice.mask.fusion import fuse_conv_bn
from cryoice.mask.model import PATCH_CLASSES, PATCHES, PIXELS, Model, load_model
from cryoice.mask.patch_grid import patch_grid
from cryoice.mask.score_map import SAMPLING, score_map
from cryoice.schema import register
from cryoice.signal.fourier import fourier_rescale
from cryoice.signal.patches import extract_patch
from cryoice.signal.views import levelled, resampled_view

SIDES, ROUNDS = (2048, 4096, 8192), 3
CONF = str(Path(__file__).resolve().parents[1] / "conf")


def main(files: list[str]) -> None:
    """Run every size for every network, the small ones first, since the peak memory never falls."""
    models = [load_model(Path(file)) for file in files] or [untrained(PATCHES), untrained(PIXELS)]
    for model in models:
        if model.kind == PATCHES and max(model.pixel_size, 1.0) <= SAME_PIXEL_SIZE * model.pixel_size:
            exact, fast = differences(model, noise(SIDES[0]))
            Console().print(
                f"{model.name}: greatest |dense - patch by patch| {exact:.1e} in whole precision, "
                f"{fast:.1e} as it runs on {model.device}"
            )
    for side in SIDES:
        array = noise(side)
        for model in models:
            own, floor = compare(model, array)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            Console().print(
                f"{model.name} ({model.kind}), {side} px: {own * 1000:.0f} ms = {own / floor:.1f} of the "
                f"floor ({floor * 1000:.0f} ms); peak memory {peak:.2f} GiB"
            )


def untrained(kind: str) -> Model:
    """Return the default network of a kind with its first weights."""
    register()
    overrides = [] if kind == PATCHES else ["experiment=detector"]
    with initialize_config_dir(CONF, version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("train", overrides=overrides), resolve=False)
    torch.manual_seed(0)
    channels, classes = (config["channels"], PATCH_CLASSES) if kind == PATCHES else (None, CLASSES)
    if channels is None:
        net = build_pixel_network(config["model"], classes=len(classes))
    else:
        net = build_patch_network(config["model"], channels=channels, patch=config["patch"])
    fuse_conv_bn(net.eval().requires_grad_(False))
    return Model(
        net=net.to(memory_format=torch.channels_last),
        kind=kind,
        classes=classes,
        pixel_size=config["pixel_size"],
        patch=config["patch"],
        channels=channels,
        name="untrained",
        digest="",
        device=torch.device("cpu"),
    )


def noise(side: int) -> np.ndarray:
    """Return white noise."""
    return np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)


def compare(model: Model, array: np.ndarray) -> tuple[float, float]:
    """Return the median seconds of a score map and of the floor, in turns."""
    crop = (round(array.shape[0] / SAMPLING), round(array.shape[1] / SAMPLING))
    times = [
        (
            seconds(partial(score_map, array, model, pixel_size=1.0)),
            seconds(partial(fourier_rescale, torch.from_numpy(array), crop)),
        )
        for _ in range(ROUNDS)
    ]
    own, floor = (statistics.median(column) for column in zip(*times, strict=True))
    return own, floor


def differences(model: Model, array: np.ndarray) -> tuple[float, float]:
    """Return how far dense probabilities lie from `patch_by_patch`, in whole precision and as they run."""
    level = levelled(array)
    grid = patch_grid(level, model, pixel_size=1.0, spectrum=True)
    chosen, expected = patch_by_patch(model, level, np.asarray(grid.step), grid.points)
    fast = patch_scores.patch_scores(grid, model)
    with patch.object(patch_scores, "fast_precision", lambda device: nullcontext()):
        exact = patch_scores.patch_scores(grid, model)
    whole, half = (
        max(float(np.abs(plane[chosen] - right).max()) for plane, right in zip(scores, expected, strict=True))
        for scores in (exact, fast)
    )
    return whole, half


def patch_by_patch(
    model: Model, level: np.ndarray, step: np.ndarray, points: tuple[int, int]
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Return some points of the grid and their probabilities the way of `PatchDataset`, halves and all."""
    channels: Any = model.channels
    region = spectrum_region(channels["spectrum"], patch=model.patch)
    margin = max(model.patch * model.pixel_size, region * channels["spectrum"].get("pixel_size", 0)) / 2 + 8
    index = np.argwhere(np.ones(points, dtype=bool))
    places = index * step
    inside = ((places > margin) & (places < np.asarray(level.shape) - margin)).all(axis=1)
    chosen = np.flatnonzero(inside)[::7]
    batch = {"measured": torch.ones(len(chosen), dtype=torch.bool)}
    sizes = {"real": (model.pixel_size, model.patch)}
    if region:
        sizes["region"] = (channels["spectrum"]["pixel_size"], region)
    for name, (pixel_size, side) in sizes.items():
        view = resampled_view(level, pixel_size=1.0, target=pixel_size).astype(np.float16)
        at = places[chosen] * np.divide(view.shape, level.shape)
        batch[name] = torch.from_numpy(np.stack([extract_patch(view, place, side=side) for place in at]))
    shown = make_channels(batch, **channels, patch=model.patch)
    with torch.inference_mode():
        logits = model.net(shown.to(model.device), batch["measured"].to(model.device))
    return tuple(index[chosen].T), logits.float().softmax(1).cpu().numpy().T


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
