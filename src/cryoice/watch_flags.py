"""Flags of ``cryoice watch`` beside those of ``cryoice mask``; its signature gives the defaults."""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    Path,
    typer.Argument(metavar="DIR|STAR", help="Folder that fills, or a list of micrographs that grows."),
]
Pattern = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="Only files of such names, may be repeated; else all but pictures."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="No files or folders of such names; may be repeated."),
]
Recursive = Annotated[
    bool,
    typer.Option("--recursive", "-r", help="Files in sub-folders too, those that appear later included."),
]
Settle = Annotated[
    float, typer.Option(metavar="S", help="A file is taken once it has not changed for so many seconds.")
]
StopAfter = Annotated[
    float | None,
    typer.Option(metavar="MIN", help="End when nothing new came for so long; 0: when all there is is done."),
]
WarnAfter = Annotated[
    int, typer.Option(metavar="N", help="Warn when 8 in 10 of the last N exposures are bad; 0: never.")
]
OnWarning = Annotated[
    str | None,
    typer.Option(metavar="COMMAND", help="Program to start then, and when they are good again."),
]
