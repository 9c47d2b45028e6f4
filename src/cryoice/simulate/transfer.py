"""Linear filters of a picture: transfer functions of the frequency, applied in one pass."""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float, Float32

Curve = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]
"""A real transfer as a function of the frequency's magnitude in 1/Å."""
Transfer = Callable[[Float32[np.ndarray, "r 1"], Float32[np.ndarray, " c"]], Float32[np.ndarray, "r c"]]
"""A real transfer as a function of the frequencies along rows and columns in 1/Å."""

_STRIP = 32
"""Rows of a spectrum filtered at once: they stay in the processor's cache."""
_ENTRIES = 8192
"""Of a table up to the corner of the spectrum: a 1/8192 of it is finer than any curve here."""


def radial(curve: Curve, *, pixel: float) -> Transfer:
    """Transfer that depends on the frequency's magnitude alone, for pixels of ``pixel`` Å."""
    corner = np.sqrt(0.5) / pixel
    step = corner / (_ENTRIES - 2)
    table = curve(step * np.arange(_ENTRIES)).astype(np.float32)

    def transfer(
        rows: Float32[np.ndarray, "r 1"], columns: Float32[np.ndarray, " c"]
    ) -> Float32[np.ndarray, "r c"]:
        entry = np.sqrt(np.square(rows / np.float32(step)) + np.square(columns / np.float32(step)))
        entry += np.float32(0.5)
        return table[entry.astype(np.int32)]

    return transfer


def filtered(
    array: Float32[np.ndarray, "h w"], transfers: Sequence[Transfer], *, pixel: float, scale: int = 1
) -> Float32[np.ndarray, "height width"]:
    """Interpolate to ``scale`` times finer pixels of ``pixel`` Å and apply the transfers."""
    height, width = scale * array.shape[0], scale * array.shape[1]
    spectrum: Complex64[np.ndarray, "height half"] = scipy.fft.rfft2(array)
    if scale > 1:
        spectrum = _padded(spectrum, array.shape, scale=scale)
    rows = scipy.fft.fftfreq(height, pixel).astype(np.float32)[:, None]
    columns = scipy.fft.rfftfreq(width, pixel).astype(np.float32)
    for start in range(0, height, _STRIP):
        for transfer in transfers:
            spectrum[start : start + _STRIP] *= transfer(rows[start : start + _STRIP], columns)
    return scipy.fft.irfft2(spectrum, (height, width), overwrite_x=True)


def _padded(
    small: Complex64[np.ndarray, "h half"], shape: tuple[int, ...], *, scale: int
) -> Complex64[np.ndarray, "height width"]:
    """Spectrum of ``scale`` times finer pixels; the frequency at Nyquist itself is left out."""
    spectrum = np.zeros((scale * shape[0], scale * shape[1] // 2 + 1), dtype=np.complex64)
    top, left = (shape[0] + 1) // 2, (shape[1] + 1) // 2
    spectrum[:top, :left] = small[:top, :left] * scale**2
    spectrum[1 - top :, :left] = small[1 - top :, :left] * scale**2
    return spectrum
