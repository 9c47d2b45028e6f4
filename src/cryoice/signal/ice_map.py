"""Where a micrograph holds crystalline ice, by its spectra alone."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64
from torch import Tensor

from cryoice.signal.ice_evidence import (
    CEILING,
    CLIP,
    Neighbours,
    beside_ice_band,
    flat_power,
    ice_band,
    mean_peak_evidence,
    peak_evidence,
    ring_evidence,
    ring_excess,
)
from cryoice.signal.ice_rings import iciness, ring_density, ring_visible
from cryoice.signal.ice_spots import own_power
from cryoice.signal.ice_windows import IceWindows, ice_windows

THRESHOLD = 5.0
"""`IceMap.values` from which a cell is called crystalline: one cell of noise in 100 000 reaches it."""
_TESTS = 3
_HONEST = 1.6
"""Evidence that 5 % of noise windows reach by their peaks: log10(2 tests / 0.05)."""
_NO_DATA = 1e-6
"""Times the median window's power below which a window holds no data, as where NaN was filled."""


@dataclass(frozen=True)
class IceMap:
    """Crystalline ice in windows of about 256 Å, half overlapping, that cover the micrograph.

    Vitreous ice's broad ring near 3.7 Å does not count; of neighbouring windows only the spots of
    one's own and what all have in common do.

    Attributes
    ----------
    values
        Evidence: -log10 of the chance that noise alone shows as much in this window, 0-30. Noise has 0
        mostly, 0.35 on average at most, and exceeds v with a chance of about 10^-v at most. The largest
        evidence of the three parts below, less log10 3. Spots count that no overlapping window has over 4
        times as strong, so that crystals end near their edges. Where peaks right beside the ice band are
        larger than noise makes them (denoised pictures), that of the peaks is scaled down.
    spot
        Strongest power of a window in 3.4-3.95 Å over its background; noise has ln n + 0.58 on
        average of n frequencies (8.3 at 256 Å). Fringes c·cos(2πk·x) over white noise of variance v add
        c²·D²/(9·v·pixel_size²) for a window D Å across, up to 48 % less where k lies between its bins.
    shared
        The same of the mean over the window and its up to eight neighbours, each clipped at 6.
    ring
        By how many standard deviations the powder rings stand out, from that mean; see
        `ice_evidence.ring_excess`. Noise has 0.4 ± 0.9, or less where rings lie near Nyquist.
    pixel_size
        Å between grid rows, between grid columns.
    origin
        Centre of the first window, Å (row, column) from the centre of the micrograph's pixel (0, 0).
    """

    values: Float32[np.ndarray, "rows cols"]
    spot: Float32[np.ndarray, "rows cols"]
    shared: Float32[np.ndarray, "rows cols"]
    ring: Float32[np.ndarray, "rows cols"]
    pixel_size: tuple[float, float]
    origin: tuple[float, float]


@dataclass(frozen=True)
class IceMeasures:
    """What the spectra of one micrograph tell about ice.

    Attributes
    ----------
    map
        None where 3.44 Å lies beyond Nyquist (1.72 Å/px), or the micrograph is smaller than a window.
    iciness
        See `ice_rings.iciness`; NaN where not measurable.
    ring_density
        See `ice_rings.ring_density`; NaN where not measurable.
    """

    map: IceMap | None
    iciness: float
    ring_density: float


def measure_ice(
    level: Float[np.ndarray, "h w"],
    *,
    pixel_size: float,
    missing: Bool[np.ndarray, "h w"] | None = None,
) -> IceMeasures:
    """Measure ice in a `levelled` micrograph at its own ``pixel_size`` (Å/px), from one set of spectra.

    Windows with more than a few ``missing`` pixels (None: there are none) do not count.
    """
    if 2 * pixel_size > 3.9:
        return IceMeasures(None, math.nan, math.nan)
    windows = ice_windows(level, pixel_size=pixel_size, missing=missing)
    if windows is None or not bool(windows.mean.sum() > 0):
        return IceMeasures(None, math.nan, math.nan)
    plane = windows.whole_plane()
    return IceMeasures(
        map=_map(windows) if ring_visible(pixel_size) else None,
        iciness=float(iciness(plane, pixel_size=pixel_size)),
        ring_density=float(ring_density(plane, pixel_size=pixel_size)),
    )


def _map(windows: IceWindows) -> IceMap:
    missing = _fill_missing(windows)
    flat, clipped = flat_power(windows)
    neighbours = Neighbours(windows)
    band = ice_band(windows)
    inside, outside = flat[..., band], flat[..., beside_ice_band(windows)]
    spot, shared, peaks = _peaks(inside, own_power(inside, windows, band), neighbours)
    *_, beside = _peaks(outside, outside, neighbours)
    trust = min(1.0, _HONEST / max(float(np.quantile(beside[~missing], 0.95)), _HONEST))
    ring = ring_excess(clipped, windows, neighbours)
    values = np.maximum(peaks * trust, ring_evidence(ring)) - math.log10(_TESTS)
    values = np.where(missing, 0, np.clip(values, 0, CEILING))
    centre = (windows.side - 1) / 2 * windows.pixel_size
    return IceMap(
        values=values.astype(np.float32),
        spot=spot,
        shared=shared,
        ring=ring.astype(np.float32),
        pixel_size=(windows.hop[0] * windows.pixel_size, windows.hop[1] * windows.pixel_size),
        origin=(centre, centre),
    )


def _peaks(
    flat: Float32[Tensor, "rows cols band"], own: Float32[Tensor, "rows cols band"], neighbours: Neighbours
) -> tuple[
    Float32[np.ndarray, "rows cols"], Float32[np.ndarray, "rows cols"], Float64[np.ndarray, "rows cols"]
]:
    """Return the strongest power of windows and of means over neighbours, and evidence of own and mean."""
    spot = flat.amax(dim=-1)
    shared = neighbours.mean(flat.clamp(max=CLIP)).amax(dim=-1)
    number = flat.shape[-1]
    evidence = np.maximum(
        peak_evidence(own.amax(dim=-1), number=number),
        mean_peak_evidence(shared, number=number, neighbours=neighbours),
    )
    return spot.numpy(), shared.numpy(), evidence


def _fill_missing(windows: IceWindows) -> Bool[np.ndarray, "rows cols"]:
    """Give windows without data the power of typical noise, and tell which they are."""
    total = windows.power.mean(dim=-1)
    typical = total[total > 0].median()
    missing = total < _NO_DATA * typical
    windows.power.clamp_(min=float(_NO_DATA * typical))
    windows.power[missing] = windows.power[~missing].mean(dim=0)
    return missing.numpy()
