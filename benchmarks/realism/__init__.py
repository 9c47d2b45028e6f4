"""How far simulated micrographs are from real ones."""
