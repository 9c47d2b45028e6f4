"""What is left of a signal in frames that were weighted for radiation damage."""

import numpy as np
from jaxtyping import Float

_AT_200_KV = 0.8
"""Critical dose at 200 kV as a share of that at 300 kV: slower electrons damage more."""
_FINEST = 1e-6
"""1/Å; below it nothing is damaged and the power law would divide by zero."""


def critical_dose(frequency: Float[np.ndarray, "..."], *, voltage: float) -> Float[np.ndarray, "..."]:
    """Dose in e/Å² after which the signal's amplitude at s in 1/Å has fallen to 1/√e.

    N_c = 0.245 s^-1.665 + 2.81 at 300 kV, 0.8 of it at 200 kV, linear in kV between and beyond;
    Grant & Grigorieff 2015, doi:10.7554/eLife.06980. At 3.67 Å it is 4.9 e/Å².
    """
    share = np.clip(_AT_200_KV + (1 - _AT_200_KV) * (voltage - 200.0) / 100.0, 0.5, 1.5)
    return share * (0.245 * np.maximum(frequency, _FINEST) ** -1.665 + 2.81)


def weighting_transfer(
    frequency: Float[np.ndarray, "..."], *, dose: float, voltage: float
) -> Float[np.ndarray, "..."]:
    """Return the share that frames weighted for radiation damage keep of a lasting signal at s in 1/Å.

    Frames are weighted by q = exp(-n / 2N_c) at dose n, over the root of the weights' mean square, so
    that the noise stays white. What does not decay as protein does, ice above all, keeps the mean of q
    over the root of the mean of q²: (1 - e^-u) / u / √((1 - e^-2u) / 2u) with u = N / 2N_c. Frames are
    thin: u per frame « 1. The protein's own damage is part of the softness with which it is drawn.
    """
    u = dose / (2 * critical_dose(frequency, voltage=voltage))
    return -np.expm1(-u) / u / np.sqrt(-np.expm1(-2 * u) / (2 * u))
