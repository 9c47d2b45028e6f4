"""Flags of ``cryoice clean``; its signature gives the defaults."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Coordinates = Annotated[
    list[Path],
    typer.Argument(
        metavar="COORDINATES",
        help=".star .cs .csg .box .cbox .json .txt .coord .csv; several, or a folder.",
    ),
]
Masks = Annotated[Path, typer.Option(metavar="DIR", help="Folder that cryoice mask wrote.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Accepted particles; a folder for several.")
]
Angpix = Annotated[
    float | None,
    typer.Option(metavar="A", help="Å/px that the coordinates count in; else what their file says."),
]
Distance = Annotated[
    float, typer.Option(metavar="D", help="Å around a particle's centre that must be free of artifacts.")
]
FromBox = Annotated[
    bool, typer.Option("--from-box", help="Count the distance from the edge of the particle's box.")
]
BoxSize = Annotated[
    float | None, typer.Option(metavar="PX", help="Side of the box where the file does not tell.")
]
Rejected = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the rejected particles too; a folder for several."),
]
Classes = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Only these artifacts count, such as crystalline,support."),
]
FlipY = Annotated[
    bool | None,
    typer.Option(
        "--flip-y/--no-flip-y",
        help="Rows count from the other end than the format's, or not; .cs: as its micrographs show.",
        show_default=False,
    ),
]
Unmasked = Annotated[
    Literal["keep", "reject"],
    typer.Option(help="What to do with particles of micrographs without a mask."),
]
