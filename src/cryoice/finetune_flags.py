"""Flags of ``cryoice finetune``; its signature gives the defaults."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Micrographs = Annotated[
    list[Path],
    typer.Argument(metavar="MICROGRAPHS...", help="Files, folders, or one micrographs.star of RELION."),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="The tuned weights; ends in .safetensors.")
]
Masks = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of NAME_mask.mrc or NAME_mask.png, as cryoice mask has them."),
]
Corrections = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Corrections of a review page to the masks; learns from what was corrected."
    ),
]
Mended = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Keep the corrected masks there too, drawn over their micrographs."),
]
Good = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Picks of particles on clean film: any coordinate file, or a folder."),
]
Bad = Annotated[Path | None, typer.Option(metavar="FILE", help="Picks on artifacts of any kind, likewise.")]
Angpix = Annotated[
    float | None, typer.Option(metavar="A", help="Å/px; without it that of the STAR file or the header.")
]
Model = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A .safetensors or .ckpt to start from instead of what is built in."),
]
Radius = Annotated[
    float | None, typer.Option(metavar="Å", help="What a pick tells about; the particle's own radius.")
]
FlipY = Annotated[
    bool | None,
    typer.Option(
        "--flip-y/--no-flip-y",
        help="Rows of the picks count from the other end than the format's, or not.",
        show_default=False,
    ),
]
Epochs = Annotated[int, typer.Option(metavar="N", help="Each takes a fraction of a minute.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Of all random numbers.")]
Device = Annotated[Literal["auto", "cpu", "gpu", "mps"], typer.Option(help="Where to compute.")]
