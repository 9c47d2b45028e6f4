"""Find crystalline ice, contamination and support film in cryo-EM micrographs."""

__version__ = "0.1.0"
