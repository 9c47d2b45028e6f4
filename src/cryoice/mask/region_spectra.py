"""Averaged spectra of overlapping regions, each of their windows transformed once."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from cryoice.mask.mirror import MirroredView
from cryoice.signal.fourier import whole_plane, window_2d

NEGLIGIBLE = 1e-6
"""Share of a window's transform at zero frequency below which it counts as 0 at another."""


@dataclass(frozen=True)
class RegionSpectra:
    """`signal.fourier.averaged_spectrum` of the regions centred on a grid of a view.

    Regions are ``side`` px, their windows ``patch`` px at a hop of half of it. The ``grid`` has its first
    point on pixel (0, 0) and the next ones ``hops`` hops on, so that neighbours share windows and a
    region's average is a mean over a box of them. The region's mean m goes after the transform, by
    ``|F - mW|² = |F|² - 2m Re(F W*) + m²|W|²`` with W the transform of the window function itself, which
    for a Hann window differs from 0 at nine frequencies only. Equal to the direct way but for rounding.
    """

    view: MirroredView
    patch: int
    side: int
    hops: int
    grid: tuple[int, int]
    window: str
    device: torch.device

    def rows(self) -> Iterator[Float[Tensor, "columns patch patch"]]:
        """Yield the spectra of each row of the grid, from the top; one region's height is in memory."""
        hop, count = self.patch // 2, self._count
        known: dict[int, tuple[Tensor, Tensor]] = {}
        for row in range(self.grid[0]):
            first = row * self.hops
            strip = self._strip(first * hop - self.side // 2)
            known = {
                number: known[number] if number in known else self._sums(strip, (number - first) * hop)
                for number in range(first, first + count)
            }
            power, cross = (torch.stack(part).sum(0) / count**2 for part in zip(*known.values(), strict=True))
            yield self._centred(power, cross, self._means(strip))

    @property
    def _count(self) -> int:
        """Windows along a side of a region."""
        return (self.side - self.patch) // (self.patch // 2) + 1

    @cached_property
    def _taper(self) -> Float[Tensor, "patch patch"]:
        return window_2d(self.window, self.patch).to(self.device)

    @cached_property
    def _own(self) -> Complex[Tensor, " frequencies"]:
        """W over the half plane, flat."""
        return torch.fft.rfft2(self._taper).flatten()

    @cached_property
    def _bins(self) -> Int[Tensor, " bins"]:
        """Where W is not 0."""
        return torch.nonzero(self._own.abs() > NEGLIGIBLE * self._own[0].abs())[:, 0]

    def _strip(self, top: int) -> Float[Tensor, "side width"]:
        width = self.side + (self.grid[1] - 1) * self.hops * (self.patch // 2)
        array = self.view.strip(top=top, height=self.side, left=-(self.side // 2), width=width)
        return torch.from_numpy(array).to(self.device)

    def _sums(self, strip: Float[Tensor, "side width"], top: int) -> tuple[Tensor, Tensor]:
        """Transform a row of windows; sum power and cross terms over those that each region has of it."""
        tiles = strip[top : top + self.patch].unfold(1, self.patch, self.patch // 2).transpose(0, 1)
        transform = torch.fft.rfft2(tiles * self._taper)
        power = transform.real.square() + transform.imag.square()
        cross = (transform.flatten(1)[:, self._bins] * self._own[self._bins].conj()).real
        return self._of_regions(power), self._of_regions(cross)

    def _of_regions(self, values: Tensor) -> Tensor:
        """Sum values of windows (first axis) over those of each region."""
        return values.unfold(0, self._count, self.hops).sum(-1)

    def _means(self, strip: Float[Tensor, "side width"]) -> Float[Tensor, " regions"]:
        return strip.mean(0).unfold(0, self.side, self.hops * (self.patch // 2)).mean(-1)

    def _centred(
        self,
        power: Float[Tensor, "regions patch half"],
        cross: Float[Tensor, "regions bins"],
        mean: Float[Tensor, " regions"],
    ) -> Float[Tensor, "regions patch patch"]:
        own = self._own[self._bins].abs().square()
        flat = power.flatten(1)
        flat[:, self._bins] += mean[:, None].square() * own - 2 * mean[:, None] * cross
        return whole_plane(power.clamp(min=0) / self._taper.square().sum(), self.patch)
