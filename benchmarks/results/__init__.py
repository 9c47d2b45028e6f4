"""Every table of RESULTS.md, from presets on simulated data and, where it is at hand, a real entry."""
