"""Flags of ``cryoice relion``; its signature gives the defaults."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Output = Annotated[
    Path,
    typer.Option("--o", metavar="DIR", help="The job's folder: External/job010/."),
]
InMics = Annotated[
    Path | None,
    typer.Option("--in_mics", metavar="STAR", help="Micrographs to mask and to select from."),
]
InParts = Annotated[
    Path | None,
    typer.Option("--in_parts", metavar="STAR", help="Particles to clean; alone, of their micrographs."),
]
Jobs = Annotated[
    int, typer.Option("--j", metavar="J", help="Micrographs in flight, a core each; RELION's threads.")
]
Masks = Annotated[
    Path | None,
    typer.Option("--masks", metavar="DIR", help="Masks of an earlier job to clean by; none is made."),
]
Angpix = Annotated[
    float | None,
    typer.Option("--angpix", metavar="A", help="Å/px of the micrographs; else as listed."),
]
Model = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="A network instead of what is built in.")
]
Threshold = Annotated[
    float,
    typer.Option("--threshold", metavar="P", help="Probability above which a region starts."),
]
Unsure = Annotated[
    float | None,
    typer.Option("--unsure", metavar="P", help="Closer to the threshold, a pixel is unsure."),
]
Low = Annotated[
    float | None, typer.Option("--low", metavar="P", help="Probability down to which a region grows.")
]
MinArea = Annotated[float, typer.Option("--min_area", metavar="Å²", help="Smaller regions are dropped.")]
MaxHole = Annotated[
    float, typer.Option("--max_hole", metavar="Å²", help="Clean holes in regions are filled up to it.")
]
Margin = Annotated[float, typer.Option("--margin", metavar="Å", help="Rim added around each region.")]
Classes = Annotated[
    str | None,
    typer.Option("--classes", metavar="A,B", help="Of crystalline, contamination, support, other."),
]
MaxBad = Annotated[
    float,
    typer.Option("--max_bad", metavar="F", help="Most of the area that an accepted micrograph may lose."),
]
Distance = Annotated[
    float,
    typer.Option("--distance", metavar="D", help="Å around a particle that must be free of artifacts."),
]
FromBox = Annotated[
    bool, typer.Option("--from_box", help="Count the distance from the edge of the particle's box.")
]
FlipY = Annotated[bool, typer.Option("--flip_y", help="Rows of the coordinates count from the other end.")]
Unmasked = Annotated[
    Literal["keep", "reject"],
    typer.Option("--unmasked", help="What to do with particles of micrographs without a mask."),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.")]
FullSize = Annotated[bool, typer.Option("--full_size", help="Masks at the micrographs' size, not at 8 Å/px.")]
Overlay = Annotated[bool, typer.Option("--overlay/--no_overlay", help="Draw each mask over its micrograph.")]
PipelineControl = Annotated[str | None, typer.Option("--pipeline_control", hidden=True)]
"""RELION adds it to commands in whose words "relion_" occurs."""
