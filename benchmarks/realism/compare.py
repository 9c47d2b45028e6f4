"""One comparison from its micrographs to its tables and figures."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.realism.data import Sample
from benchmarks.realism.figure import plot_comparison, plot_telling
from benchmarks.realism.measures import comparison, markdown, patch_measures, sample_measures
from benchmarks.realism.patches import Patches, cut_patches, quartered
from benchmarks.realism.two_sample import Verdict, score_by_network, score_by_spectrum, two_sample_test
from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.report.figures import save_figure

SAME_PIXEL = 0.01
"""Relative difference of pixel sizes that no spectrum shows."""


@dataclass(frozen=True)
class Request:
    """What to compare and how: patches a kind of ``field`` Å, epochs of the network, seeds, bands."""

    name: str
    output: Path
    bands: tuple[str, ...]
    field: float
    patches: int
    epochs: int
    seeds: int


def compare(
    real: Sequence[Sample], simulated: Sequence[Sample] | None, request: Request, console: Console
) -> dict[str, Any]:
    """Compare two kinds of micrographs and write <output>/<name>.{json,md,csv,png}.

    Without ``simulated``, a random half of the real micrographs takes their place.
    """
    start = time.monotonic()
    kinds = _kinds(real, simulated)
    _refuse_other_pixels(kinds, request)
    patches = {kind: _cut(samples, "all", request) for kind, samples in kinds.items()}
    counts = ", ".join(f"{len(p.values)} {kind} of {len(kinds[kind])}" for kind, p in patches.items())
    console.print(f"{request.name}: patches {counts}, {patches['real'].values.shape[-1]} px")
    rows = _measured(kinds, patches)
    _write(request, "csv", _csv(rows))
    _write(request, "md", markdown(rows))
    save_figure(plot_comparison(patches, title=request.name), request.output / f"{request.name}.png")
    console.print(markdown(rows), f"[{time.monotonic() - start:.0f} s]", markup=False, soft_wrap=True)
    tests: dict[str, dict[str, Any]] = {}
    for band in request.bands:
        tests |= _tested(kinds, band, request, console)
        console.print(f"[{time.monotonic() - start:.0f} s]", markup=False)
    report: dict[str, Any] = {"request": asdict(request) | {"output": str(request.output)}}
    report |= {"command": " ".join(sys.argv), "commit": _commit()}
    report |= {"patches": counts, "measures": rows, "tests": tests}
    _write(request, "json", json.dumps(report, indent=1) + "\n")
    return report


def _kinds(real: Sequence[Sample], simulated: Sequence[Sample] | None) -> dict[str, list[Sample]]:
    groups = quartered(real)
    if simulated is not None:
        return {"real": groups, "simulated": quartered(simulated)}
    halves = np.array_split(np.random.default_rng(0).permutation(len(groups)), 2)
    return {
        kind: [groups[index] for index in half]
        for kind, half in zip(("real", "simulated"), halves, strict=True)
    }


def _refuse_other_pixels(kinds: Mapping[str, Sequence[Sample]], request: Request) -> None:
    sizes = {kind: samples[0].pixel_size for kind, samples in kinds.items()}
    if abs(sizes["simulated"] / sizes["real"] - 1) > SAME_PIXEL:
        raise InputError(
            f"{request.name}: {sizes['simulated']} Å/px simulated, {sizes['real']} real; "
            "simulate at the real pixel size"
        )


def _cut(samples: Sequence[Sample], band: str, request: Request) -> Patches:
    rng = np.random.default_rng(0)  # the same squares in every band
    return cut_patches(samples, band=band, field=request.field, number=request.patches, rng=rng)


def _measured(
    kinds: Mapping[str, Sequence[Sample]], patches: Mapping[str, Patches]
) -> list[dict[str, float | str]]:
    found = {
        kind: patch_measures(patches[kind].values, patches[kind].pixel_size) | sample_measures(samples)
        for kind, samples in kinds.items()
    }
    return comparison(found["real"], found["simulated"])


def _tested(
    kinds: Mapping[str, Sequence[Sample]], band: str, request: Request, console: Console
) -> dict[str, dict[str, Any]]:
    cut = {kind: _cut(samples, band, request) for kind, samples in kinds.items()}
    scorers = {"network": score_by_network(request.epochs), "spectrum and moments": score_by_spectrum}
    tests = {}
    for scorer_name, scorer in scorers.items():
        verdict = two_sample_test(cut["real"], cut["simulated"], scorer, seeds=request.seeds)
        name = f"{scorer_name}, band {band}"
        mean, spread = float(np.mean(verdict.aurocs)), float(np.std(verdict.aurocs))
        console.print(f"AUROC {name}: {mean:.3f} ± {spread:.3f} over {len(verdict.aurocs)} held-out parts")
        tests[name] = {"auroc": mean, "sd": spread, "aurocs": verdict.aurocs}
        if scorer_name == "network":
            _write_scores(kinds, cut, verdict, band, request)
    return tests


def _write_scores(
    kinds: Mapping[str, Sequence[Sample]],
    cut: dict[str, Patches],
    verdict: Verdict,
    band: str,
    request: Request,
) -> None:
    number = len(cut["real"].values)
    scores = {"real": verdict.scores[:number], "simulated": verdict.scores[number:]}
    lines = ["kind,micrograph,row,column,logit of simulated"]
    for kind, patches in cut.items():
        for index, (row, col), score in zip(patches.group, patches.corner, scores[kind], strict=True):
            lines.append(f"{kind},{kinds[kind][index].name},{row},{col},{score:.4f}")
    _write(request, f"{band}.scores.csv", "\n".join(lines) + "\n")
    figure = plot_telling(cut, scores, title=f"{request.name}, band {band}")
    save_figure(figure, request.output / f"{request.name}.{band}.telling.png")


def _csv(rows: Sequence[Mapping[str, float | str]]) -> str:
    lines = [",".join(rows[0])]
    lines += [
        ",".join(f'"{value}"' if isinstance(value, str) else f"{value:.6g}" for value in row.values())
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _write(request: Request, suffix: str, text: str) -> None:
    with replacing(request.output / f"{request.name}.{suffix}") as scratch:
        scratch.write_text(text, encoding="utf-8")


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
