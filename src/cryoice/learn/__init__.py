"""Data module, networks, training and evaluation."""
