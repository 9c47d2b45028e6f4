"""The lists that a job of RELION takes and makes: micrographs and particles, accepted and rejected."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.files.coordinates_star import StarCoordinates, read
from cryoice.files.star import Table, write_star
from cryoice.files.star_pairs import with_tables
from cryoice.project.clean_picks import Cleaned, CleanSettings, clean_file
from cryoice.project.frame_probe import probe_frame
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.pick_files import PickFile, masks_of
from cryoice.project.relion_outputs import (
    MICROGRAPHS,
    OF_PARTICLES,
    PARTICLES,
    REJECTED_MICROGRAPHS,
    REJECTED_PARTICLES,
)
from cryoice.project.select_micrographs import Selected, select_micrographs

_NAME, _GROUP, _SIZE = "rlnMicrographName", "rlnOpticsGroup", "rlnMicrographPixelSize"


@dataclass(frozen=True)
class ParticleList:
    """Particles of many micrographs, as RELION's Extract and later jobs list them."""

    file: StarCoordinates
    picks: PickFile

    @classmethod
    def read(cls, path: Path) -> "ParticleList":
        """Read a list.

        Raises
        ------
        InputError
            It cannot be read, is empty, or does not name the micrographs.
        """
        file = read(path, box_size=None)
        if _NAME not in file.star.columns(file.block):
            raise InputError(f"{path}: names no micrographs (_{_NAME}); give particles of a RELION job")
        if not len(file.particles.x):
            raise InputError(f"{path}: lists no particles; give a list with rows")
        return cls(file, PickFile.of(file))

    def write_micrographs(self, folder: Path) -> Path:
        """Write a list of the micrographs that the particles name, with the optics groups of the particles.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        star, first = self.file.star, [int(rows[0]) for rows in self.picks.rows.values()]
        table: dict[str, list[str | int | float]] = {_NAME: list(self.picks.rows)}
        if _GROUP in star.columns(self.file.block):
            groups = star.table(self.file.block, [_GROUP])[_GROUP].to_list()
            table[_GROUP] = [groups[row] for row in first]
        blocks: dict[str, Table] = {}
        optics = with_tables(star, _GROUP, _SIZE)
        block = optics.block_with(_GROUP, _SIZE)
        if block is not None and block != self.file.block:
            blocks["optics"] = {str(name): cells.to_list() for name, cells in optics.table(block).items()}
        elif self.file.particles.pixel_size is not None:
            table[_SIZE] = [float(self.file.particles.pixel_size[row]) for row in first]
        path = folder / OF_PARTICLES
        write_star(path, blocks | {"micrographs": table})
        return path


def write_micrograph_lists(folder: Path, masks: Path) -> Selected:
    """Split the list of masked micrographs by their verdicts into accepted and rejected ones.

    Raises
    ------
    InputError
        The masks' list cannot be read, or the folder cannot be written.
    """
    accepted, rejected = folder / MICROGRAPHS, folder / REJECTED_MICROGRAPHS
    return select_micrographs(masks, {}, verdict=True, accepted=accepted, rejected=rejected)


def write_particle_lists(
    folder: Path,
    particles: ParticleList,
    masks: Path,
    settings: CleanSettings,
    *,
    before_each: Callable[[], None],
) -> tuple[Cleaned, str | None]:
    """Judge particles by the masks of their micrographs and write accepted and rejected ones.

    Parameters
    ----------
    folder
        Of the job.
    particles, masks, settings
        What is judged, the folder of masks, and how.
    before_each
        Called before each micrograph; what it raises stops the work, and nothing is written.

    Returns
    -------
    What became of the particles, and what the micrographs say against their frame, in words.

    Raises
    ------
    InputError
        The masks cannot be read or are all of other micrographs, or the folder cannot be written.
    """

    def track(items: Sequence[Any], words: str) -> Iterable[Any]:
        for item in items:
            before_each()
            yield item

    picks, known = particles.picks, MaskFolder.read(masks)
    found = masks_of([picks], known, exact=True)  # of one project, whose jobs pass names on as they are
    if not found:
        raise InputError(
            f"{masks}: none of the micrographs of {particles.file.path} is masked there by its name; "
            "give masks of the list that they were extracted from"
        )
    probed = probe_frame([picks], known, found, settings)
    cleaned = clean_file(picks, found, settings, track=track)
    file, columns = particles.file, cleaned.columns
    file.write(folder / PARTICLES, keep=cleaned.keep, columns=columns)
    file.write(folder / REJECTED_PARTICLES, keep=~cleaned.keep, columns=columns)
    return cleaned, probed.words if probed else None
