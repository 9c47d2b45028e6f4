"""Tallies of labelled micrographs, written by hand."""

import numpy as np
from benchmarks.labelled.baselines import BASELINES
from benchmarks.labelled.tally import ANY, BINS, Tally, binned, logit

ONE = np.ones((1, 1))


def a_tally(source, confusion, *, name="m", scores=None, scorers=(ANY, "other", *BASELINES)):
    """Return a tally of given weights; ``scores`` are probabilities by true class, alike for all scorers."""
    histograms = np.zeros((5, BINS))
    confusion = np.array(confusion, dtype=float) / np.sum(confusion)
    for value, weight in enumerate(confusion.sum(axis=1)):
        probability = (scores or {}).get(value, 0.1 + 0.8 * (value > 0))
        histograms[value, binned(logit(np.array([probability])))[0]] = weight
    return Tally(source=source, name=name, histograms=dict.fromkeys(scorers, histograms), confusion=confusion)


def confusion(**cells):
    """Return a matrix from cells such as t4m0=2: truth 4, mask 0, weight 2."""
    matrix = np.zeros((5, 5))
    for key, weight in cells.items():
        matrix[int(key[1]), int(key[3])] = weight
    return matrix
