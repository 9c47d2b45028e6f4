"""Many micrographs to masks: several in flight, what is done is left alone, what fails stops nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from cryoice import __version__
from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList, resolve_pixel_size
from cryoice.files.picture import PICTURE_SUFFIXES
from cryoice.mask.masking import MAX_BAD, mask_level, missing_pixels
from cryoice.mask.model import Model
from cryoice.mask.region_settings import RegionSettings
from cryoice.mask.score_map import SAMPLING
from cryoice.project.mask_outputs import summary_row, write_outputs
from cryoice.project.records import Records, Row, Stamp, digest_of
from cryoice.project.select_micrographs import LIST
from cryoice.report.mask_overlay import shrunk
from cryoice.signal.fourier import rescaled_shape
from cryoice.signal.views import levelled

DOUBT = "doubt"
"""Key of a row: what is doubtful about the pixel size, or None; the summary leaves it out."""


@dataclass(frozen=True)
class MaskSettings:
    """What decides the outputs of a micrograph beside its pixels, their size and the network.

    Attributes
    ----------
    regions
        How masks are cut out of score maps.
    max_bad
        Share of artifacts in the area above which the verdict is ``bad``; 0 to 1.
    full_size
        Write masks at the micrographs' own shape.
    overlay
        Draw masks over micrographs.

    Raises
    ------
    InputError
        A value is out of its range; names the flag.
    """

    regions: RegionSettings = field(default_factory=RegionSettings)
    max_bad: float = MAX_BAD
    full_size: bool = False
    overlay: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.max_bad <= 1:
            raise InputError(f"--max-bad: {self.max_bad:g} is no share of the area; give 0 to 1")


@dataclass(frozen=True)
class Outcome:
    """What became of one micrograph.

    Attributes
    ----------
    micrograph
        Which one.
    row
        What the summary tells; None where it failed.
    reason
        Why it failed.
    skipped
        It was done before.
    """

    micrograph: ListedMicrograph
    row: Row | None
    reason: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class MaskBatch:
    """A list of micrographs, the folder of their masks and what they are masked with."""

    listed: MicrographList
    output: Path
    model: Model
    settings: MaskSettings

    def run(self, *, jobs: int) -> Iterator[Outcome]:
        """Mask what is not done yet and yield what became of each micrograph, as it happens.

        Stopped in between, those in flight are finished first.

        Parameters
        ----------
        jobs
            Micrographs in flight: one is read while another is computed and a third is written.

        Raises
        ------
        InputError
            The folder cannot be written, is in use, or holds a micrograph or the list itself.
        """
        self._require_apart()
        with self._records.alone():
            pool = ThreadPoolExecutor(jobs)
            try:
                waiting = []
                for micrograph in self.listed.micrographs:
                    row = self.find(micrograph)
                    if row is None:
                        waiting.append(pool.submit(self._attempt, micrograph))
                    else:
                        yield Outcome(micrograph, row, skipped=True)
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def find(self, micrograph: ListedMicrograph) -> Row | None:
        """Return what the summary tells of a micrograph that is done; None of any other."""
        try:
            stamp = Stamp.of(micrograph.path)
        except InputError:
            return None
        return self._records.find(micrograph.stem, stamp=stamp, digest=self._digest(micrograph))

    @property
    def _records(self) -> Records:
        return Records(self.output)

    def _require_apart(self) -> None:
        """Keep overlays from replacing pictures, and one list the other."""
        folder, star = self.output.resolve(), self.listed.star
        inputs = [micrograph.path for micrograph in self.listed.micrographs]
        if star is not None and star.path.name == LIST:
            inputs.append(star.path)
        for path in inputs:
            if path.parent.resolve() == folder:
                raise InputError(f"{self.output}: holds {path.name} itself; choose another folder for masks")

    def _digest(self, micrograph: ListedMicrograph) -> str:
        given = asdict(self.settings) | {"pixel_size": micrograph.pixel_size}
        return digest_of({"version": __version__, "model": self.model.digest, "settings": given})

    def _attempt(self, micrograph: ListedMicrograph) -> Outcome:
        try:
            return Outcome(micrograph, self._mask(micrograph))
        except InputError as error:
            return Outcome(micrograph, None, reason=str(error).removeprefix(f"{micrograph.path}: "))
        except Exception as error:  # a fault of ours must not cost the other micrographs
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            return Outcome(micrograph, None, reason=reason)

    def _mask(self, listed: ListedMicrograph) -> Row:
        settings, stamp, seen = self.settings, Stamp.of(listed.path), _Seen.of(listed)
        masked = mask_level(
            seen.level,
            self.model,
            missing=seen.missing,
            pixel_size=seen.pixel_size,
            settings=settings.regions,
            max_bad=settings.max_bad,
            spectrum=listed.path.suffix.lower() not in PICTURE_SUFFIXES,
        )
        self._records.forget(listed.stem)
        outputs = write_outputs(
            masked,
            self.output,
            listed.stem,
            pixel_size=seen.pixel_size,
            full_size=settings.full_size,
            shown=seen.small if settings.overlay else None,
            low=settings.regions.growth_limit,
        )
        row = summary_row(masked, listed.stem, pixel_size=seen.pixel_size, model=self.model.digest)
        row |= {DOUBT: seen.doubt}
        self._records.write(listed.stem, row, stamp=stamp, digest=self._digest(listed), outputs=outputs)
        return row


@dataclass(frozen=True)
class _Seen:
    """What is kept of a micrograph once it is read; the array itself is not."""

    level: Float32[np.ndarray, "height width"]
    missing: Bool[np.ndarray, "height width"] | None
    small: Float32[np.ndarray, "rows columns"]
    pixel_size: float
    doubt: str | None

    @classmethod
    def of(cls, listed: ListedMicrograph) -> "_Seen":
        micrograph = read_micrograph(listed.path)
        pixel_size, doubt = resolve_pixel_size(listed, micrograph.pixel_size)
        missing = missing_pixels(micrograph.array)
        height, width = micrograph.array.shape
        small = rescaled_shape((height, width), pixel_size=pixel_size, target=SAMPLING)
        return cls(levelled(micrograph.array), missing, shrunk(micrograph.array, small), pixel_size, doubt)
