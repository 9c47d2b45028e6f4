"""Micrographs whose truth is known."""
