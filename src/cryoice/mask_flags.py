"""Flags of the commands that mask micrographs, declared once; each command's signature gives the defaults."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryoice.errors import InputError
from cryoice.mask.region_settings import MAX_BAD, RegionSettings

if TYPE_CHECKING:
    from cryoice.project.mask_settings import MaskSettings

JOBS = 2
"""Cores at work."""

Micrographs = Annotated[
    list[Path],
    typer.Argument(metavar="MICROGRAPHS...", help="Files, folders, or one micrographs.star of RELION."),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for masks, made when missing.")
]
Angpix = Annotated[
    float | None, typer.Option(metavar="A", help="Å/px; without it that of the STAR file or the header.")
]
ModelFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A .ckpt of train.py or .safetensors instead of what is built in."),
]
Threshold = Annotated[
    float, typer.Option(metavar="P", help="Probability of an artifact above which a region starts.")
]
Unsure = Annotated[
    float | None,
    typer.Option(metavar="P", help="Closer to the threshold, a pixel is unsure; 0.2 around 0.5."),
]
Low = Annotated[
    float | None,
    typer.Option(metavar="P", help="Probability down to which it grows; 0.6 of the threshold."),
]
MinArea = Annotated[float, typer.Option(metavar="Å²", help="Smaller regions are dropped.")]
MaxHole = Annotated[float, typer.Option(metavar="Å²", help="Clean holes in regions are filled up to it.")]
Margin = Annotated[float, typer.Option(metavar="Å", help="Rim added around each region.")]
Classes = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Only these: crystalline, contamination, support, other."),
]
MaxBad = Annotated[float, typer.Option(metavar="F", help="Most of the area that a good micrograph may lose.")]
Voltage = Annotated[
    float | None, typer.Option("--kV", metavar="KV", help="Voltage, for a list made without a STAR file.")
]
Aberration = Annotated[
    float | None, typer.Option("--Cs", metavar="MM", help="Likewise the spherical aberration.")
]
Contrast = Annotated[float | None, typer.Option("--Q0", metavar="F", help="Likewise the amplitude contrast.")]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        metavar="J",
        help="Micrographs in flight, a core each; about 1 GB, and 0.3 GB for each of 4096² px.",
    ),
]
FullSize = Annotated[bool, typer.Option("--full-size", help="Masks at the micrographs' size, not at 8 Å/px.")]
Overlay = Annotated[bool, typer.Option(help="Draw each mask over its micrograph.")]


def require_jobs(jobs: int) -> None:
    """Check ``--jobs``.

    Raises
    ------
    InputError
        It is below 1.
    """
    if jobs < 1:
        raise InputError(f"--jobs: {jobs} must be a whole number of at least 1")


def mask_settings(
    *,
    threshold: float = RegionSettings.threshold,
    unsure: float | None = None,
    low: float | None = None,
    min_area: float = RegionSettings.min_area,
    max_hole: float = RegionSettings.max_hole,
    margin: float = RegionSettings.margin,
    classes: str | None = None,
    max_bad: float = MAX_BAD,
    full_size: bool = False,
    overlay: bool = True,
) -> "MaskSettings":
    """Return the settings of a batch, as the flags of these names give them.

    Raises
    ------
    InputError
        A value is out of its range; names the flag.
    """
    from cryoice.project.mask_settings import MaskSettings

    regions = RegionSettings(
        threshold=threshold,
        low=low,
        min_area=min_area,
        margin=margin,
        max_hole=max_hole,
        classes=_names(classes),
        unsure=unsure,
    )
    return MaskSettings(regions, max_bad=max_bad, full_size=full_size, overlay=overlay)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())
