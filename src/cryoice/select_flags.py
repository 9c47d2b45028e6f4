"""Flags of ``cryoice select``; its signature gives the defaults."""

from pathlib import Path
from typing import Annotated

import typer

Masks = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that cryoice mask wrote.")]
MaxBad = Annotated[
    float | None,
    typer.Option(
        metavar="F",
        help="Most of the area that may be any artifact, 0 to 1; the verdict of cryoice mask by default.",
    ),
]
MaxCrystalline = Annotated[
    float | None, typer.Option(metavar="F", help="Most of the area that may be crystalline ice.")
]
MaxContamination = Annotated[
    float | None, typer.Option(metavar="F", help="Most of the area that may be contamination.")
]
MaxSupport = Annotated[
    float | None, typer.Option(metavar="F", help="Most of the area that may be support film.")
]
MaxOther = Annotated[
    float | None, typer.Option(metavar="F", help="Most of the area that may be another artifact.")
]
MaxUnsure = Annotated[float | None, typer.Option(metavar="F", help="Most of the area that may be unsure.")]
MaxIciness = Annotated[
    float | None,
    typer.Option(metavar="X", help="Highest iciness (CTFFIND5's: below 1 is good, above 1.5 poor)."),
]
Exposures = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Split these exposures of cryoSPARC, .csg or .cs, and no STAR list."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Accepted; DIR/accepted.star by default."),
]
Rejected = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Rejected; DIR/rejected.star by default.")
]
