"""The LightningDataModule for tuning a network: a user's own micrographs and some simulated ones."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.files.micrograph_list import list_micrographs
from cryoice.learn.own_masks import MaskLabels
from cryoice.learn.own_micrographs import Labels, OwnTiles, own_set, own_tiles
from cryoice.learn.own_picks import PickLabels
from cryoice.learn.pixel_datamodule import PixelDataModule
from cryoice.learn.pixel_dataset import PixelDataset, PixelSet
from cryoice.learn.splits import SPLITS

log = logging.getLogger(__name__)

FEWEST = 4
"""Micrographs of which one can be spared to validate on."""

_OTHERS = 1_000_003
"""Added to the simulations' seeds: what is rehearsed is not what the network was trained on."""


class OwnDataModule(PixelDataModule):
    """A user's own labelled micrographs, and simulated ones so that nothing is forgotten.

    An epoch shows every simulated tile once and the own ones so often that they are at least about half
    of it. Of four or more own micrographs every fourth, by how much of it is an artifact, is held out: it
    validates; with fewer, simulated ones do. Those held out and the simulated ones test: where a
    checkpoint is chosen it is chosen on the former, so their figures are optimistic. ``cryoice finetune``
    chooses none.

    Parameters
    ----------
    micrographs
        Files, folders, or one STAR file of RELION, as ``cryoice mask`` takes them.
    angpix
        Å/px; None: as STAR file or header say.
    masks
        Folder of masks, as `MaskLabels` finds them.
    good, bad
        Files (or folders of them) of picks instead, as `PickLabels` reads them.
    radius, flip_y
        As in `PickLabels`.
    rehearsal
        Simulated micrographs in all, in the proportions of ``simulations``.
    side
        Side of all views, px.
    simulation
        As `PixelDataModule` takes it.
    """

    def __init__(
        self,
        *,
        micrographs: str | Sequence[str],
        angpix: float | None,
        masks: str | None,
        good: str | None,
        bad: str | None,
        radius: float | None,
        flip_y: bool | None,
        rehearsal: int,
        side: int,
        **simulation: Any,
    ) -> None:
        super().__init__(**simulation)
        if (masks is None) == (good is None and bad is None):
            raise InputError("labels: give a folder of masks, or GOOD and BAD picks, and not both")
        given = [micrographs] if isinstance(micrographs, str) else micrographs
        self.listed = list_micrographs([Path(place) for place in given], angpix=angpix)
        self.masks = None if masks is None else Path(masks)
        self.picks = {kind: None if path is None else Path(path) for kind, path in ((GOOD, good), (BAD, bad))}
        self.radius, self.flip_y, self.side = radius, flip_y, side
        self.learnt: frozenset[str] = frozenset()
        """`OwnTiles.key` of micrographs that the network to be tuned knows: they are not held out."""
        whole = sum(one["micrographs"] for one in self.simulations.values())
        self.simulations = {
            name: one
            | {
                "micrographs": max(1, round(rehearsal * one["micrographs"] / whole)),
                "size": [side, side],
                "pixel_size": self.pixel_size,
                "seed": one["seed"] + _OTHERS,
            }
            for name, one in self.simulations.items()
        }

    def setup(self, stage: str) -> None:
        """Fill ``datasets``, once."""
        if self.datasets:
            return
        self.listed.require_some()
        for name, reason in self.listed.failures:
            log.warning("%s: %s; it is left out", name, reason)
        tiles = own_tiles(self.listed.micrographs, self.labels(), pixel_size=self.pixel_size, side=self.side)
        tiles, held = split_own(tiles, self.learnt)
        if not held:
            log.warning("%d own micrographs: none is held out, validated is on simulated ones", len(tiles))
        super().setup(stage)
        simulated = {name: self.datasets[name].chosen for name in SPLITS}
        sets = [*self.datasets["train"].sets, own_set(tiles), *([own_set(held)] if held else [])]
        own, spared = (
            _all_of(sets, len(sets) - (2 if held else 1)),
            _all_of(sets, len(sets) - 1) if held else [],
        )
        times = max(1, round(len(simulated["train"]) / len(own)))
        chosen = {
            "train": [*simulated["train"], *own * times],
            "val": spared or simulated["val"],
            "test": [*simulated["test"], *spared],
        }
        self.datasets = {name: PixelDataset(sets, chosen[name]) for name in SPLITS}

    def labels(self) -> Labels:
        """Find the labels of the micrographs.

        Raises
        ------
        InputError
            None are found.
        """
        stems = {micrograph.name: micrograph.stem for micrograph in self.listed.micrographs}
        if self.masks is not None:
            return MaskLabels.find(self.masks, stems)
        return PickLabels.find(self.picks, list(stems), radius=self.radius, flip_y=self.flip_y)


def split_own(
    tiles: Sequence[OwnTiles], learnt: Collection[str] = ()
) -> tuple[list[OwnTiles], list[OwnTiles]]:
    """Return the micrographs to learn from and those held out: none of less than `FEWEST`, none learnt."""
    ranked = sorted(tiles, key=lambda one: (-one.bad, one.name))
    if len(ranked) < FEWEST:
        return ranked, []
    fresh = [one for one in ranked if one.key not in learnt]
    held = fresh[1::FEWEST] or fresh[:1]
    return [one for one in ranked if one not in held], held


def _all_of(sets: Sequence[PixelSet], number: int) -> list[tuple[int, int]]:
    return [(number, row) for row in range(len(sets[number].stems))]
