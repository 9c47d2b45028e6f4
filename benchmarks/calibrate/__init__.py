"""Fit the calibration of a per-pixel network on labelled micrographs, and measure what it is worth."""
