"""How well masks agree with labels of real micrographs and with the truth of simulated ones."""
