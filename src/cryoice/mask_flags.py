"""Flags of the commands that mask micrographs, declared once; each command's signature gives the defaults."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cryoice.errors import InputError

JOBS = 2
"""Cores at work."""

Micrographs = Annotated[
    list[Path],
    typer.Argument(
        metavar="MICROGRAPHS...", help="Files, folders, or one list: RELION's .star, cryoSPARC's .csg or .cs."
    ),
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

ShardOf = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        help="Every N-th micrograph from the K-th on, beside other shards; no lists.",
    ),
]
Shards = Annotated[
    int | None, typer.Option(metavar="N", help="Number of shards, for --cluster; --merge names lost ones.")
]
Merge = Annotated[
    bool, typer.Option("--merge", help="Mask nothing: write the lists of what the shards have done.")
]
Cluster = Annotated[
    Literal["slurm", "local"] | None,
    typer.Option(help="Run --shards N as jobs of SLURM or processes of this machine, then merge."),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Of the jobs, one flag a key: partition, account, time (minutes), mem, gpus_per_node, setup ...",
    ),
]
Devices = Annotated[int, typer.Option(metavar="D", help="Devices of this machine; --jobs counts for each.")]


def require_jobs(jobs: int, *, devices: int = 1) -> None:
    """Check ``--jobs`` and ``--devices``.

    Raises
    ------
    InputError
        One is below 1.
    """
    for flag, number in (("--jobs", jobs), ("--devices", devices)):
        if number < 1:
            raise InputError(f"{flag}: {number} must be a whole number of at least 1")


def require_one_way(
    *, shard: str | None, shards: int | None, merge: bool, cluster: str | None, slurm: list[str] | None
) -> None:
    """Check that the flags of one way to mask many micrographs are given, and all that it needs.

    Raises
    ------
    InputError
        They contradict each other, or one is missing.
    """
    ways = {"--shard": shard is not None, "--merge": merge, "--cluster": cluster is not None}
    given = [flag for flag, wanted in ways.items() if wanted]
    if len(given) > 1:
        raise InputError(f"{given[0]}: does not go with {given[1]}; leave one out")
    if cluster is not None and shards is None:
        raise InputError(f"--cluster {cluster}: needs their number; add --shards N")
    if shards is not None and shards < 1:
        raise InputError(f"--shards: {shards} must be a whole number of at least 1")
    if shards is not None and not (merge or cluster):
        raise InputError("--shards: goes with --cluster or --merge; for one of them give --shard K/N")
    if slurm and cluster != "slurm":
        raise InputError("--slurm: goes with --cluster slurm; add it or leave this out")
