"""How well probabilities come true: as the network gives them, calibrated, and on sources left out."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64
from rich.table import Table
from sklearn.isotonic import IsotonicRegression

from benchmarks.calibrate.fit import MOST, TINY, Picture, fit
from cryoice.constants import CLASSES
from cryoice.mask.calibration import Calibration
from cryoice.report.reliability import Reliability

ANY, TOP = "any artifact", "likeliest class"
GIVEN, FITTED, LEFT_OUT = "as given", "calibrated", "source left out"

IDENTITY = Calibration(1.0, (0.0,) * len(CLASSES))

Curves = dict[str, Reliability]


def curves(pictures: Sequence[Picture], calibration: Mapping[str, Calibration]) -> Curves:
    """Reliability of any artifact, of each class and of the likeliest one; pictures weigh the same.

    ``calibration`` is by source.
    """
    found: Curves = {}
    for picture in pictures:
        probabilities = picture.probabilities(calibration[picture.source])
        top = probabilities.argmax(axis=1)
        questions = {ANY: (1 - probabilities[:, 0], picture.truth > 0)}
        questions |= {
            name: (probabilities[:, value], picture.truth == value) for value, name in enumerate(CLASSES)
        }
        questions[TOP] = (probabilities.max(axis=1), picture.truth == top)
        for name, (probability, came_true) in questions.items():
            part = Reliability.of(probability.clip(0, 1), came_true, weight=1 / len(picture.truth))
            found[name] = found[name] + part if name in found else part
    return found


def left_out(pictures: Sequence[Picture], *, pull: float, shared: bool) -> dict[str, Calibration]:
    """Fit for each source on all pictures of the others."""
    sources = dict.fromkeys(picture.source for picture in pictures)
    others = {source: [p for p in pictures if p.source != source] for source in sources}
    return {source: fit(known, pull=pull, shared=shared) for source, known in others.items()}


def surprise(pictures: Sequence[Picture], calibration: Mapping[str, Calibration]) -> float:
    """Mean negative log-likelihood of the labels, nats; pictures weigh the same."""
    chances = [
        np.take_along_axis(p.probabilities(calibration[p.source]), p.truth[:, None].astype(np.intp), axis=1)
        for p in pictures
    ]
    return float(np.mean([-np.log(np.maximum(chance, TINY)).mean() for chance in chances]))


def isotonic_left_out(pictures: Sequence[Picture]) -> float:
    """ECE of P(any artifact) by isotonic regression on the other sources: the yardstick."""
    total: Reliability | None = None
    for source in dict.fromkeys(picture.source for picture in pictures):
        parts = [_any(p, step=-(-len(p.truth) // MOST)) for p in pictures if p.source != source]
        weight = np.concatenate([np.full(len(truth), 1 / len(truth)) for _, truth in parts])
        said, seen = (np.concatenate(values) for values in zip(*parts, strict=True))
        curve = IsotonicRegression(out_of_bounds="clip").fit(said, seen, sample_weight=weight)
        for picture in pictures:
            if picture.source == source:
                said, seen = _any(picture, step=1)
                part = Reliability.of(curve.predict(said), seen > 0, weight=1 / len(seen))
                total = part if total is None else total + part
    return np.nan if total is None else total.ece


def _any(picture: Picture, *, step: int) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    probability = 1 - picture.probabilities(IDENTITY)[::step, 0]
    return probability, (picture.truth[::step] > 0).astype(np.float64)


def by_question(measured: Mapping[str, Curves]) -> Table:
    """ECE of every question, a column for each way to calibrate."""
    title = "Expected calibration error, and without the lowest bin; 15 bins, pictures alike"
    table = Table("", *measured, title=title)
    for name in measured[GIVEN]:
        found = [way[name] for way in measured.values()]
        table.add_row(name, *(f"{curve.ece:.4f}, {curve.but_lowest.ece:.3f}" for curve in found))
    return table


def by_source(pictures: Sequence[Picture], ways: Mapping[str, Mapping[str, Calibration]]) -> Table:
    """Tell what is said of each source's share of artifacts, what it is, and the ECE."""
    table = Table(title="Any artifact by source")
    for heading in ("source", "n", "is", *(f"{kind}, {way}" for way in ways for kind in ("says", "ECE"))):
        table.add_column(heading, justify="left" if heading == "source" else "right")
    for source in dict.fromkeys(picture.source for picture in pictures):
        own = [picture for picture in pictures if picture.source == source]
        found = [curves(own, calibration)[ANY] for calibration in ways.values()]
        cells = [f"{value:.3f}" for curve in found for value in (curve.said.sum() / len(own), curve.ece)]
        table.add_row(source, str(len(own)), f"{found[0].seen.sum() / len(own):.3f}", *cells)
    return table
