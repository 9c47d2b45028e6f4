"""How well fringes of ice are found that are injected into clean real micrographs."""
