"""``cryoice simulate``: micrographs whose truth is known, for people without YAML."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoice.errors import InputError
from cryoice.simulate.presets import PRESETS, load_preset
from cryoice.terminal import faults_in_one_line

if TYPE_CHECKING:
    from cryoice.report.contact_sheet import Miniature
    from cryoice.simulate.layout_on_disk import Place
    from cryoice.simulate.settings import SimulationSettings

_LARGEST_SIDE = 20000
"""px; cameras have at most 11520, and the memory for the wave grows with the square."""

_FLAGS = {"seed": "--seed", "proteins": "--protein", "pixel_size": "--angpix", "size": "--size"}
"""Flags that stand for settings."""

_CONTACT_SHEET = "contact_sheet.png"
_SHOWN = 12  # micrographs on the contact sheet


def simulate(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of its own, made when missing.")
    ],
    micrographs: Annotated[
        int, typer.Option("--micrographs", "-n", metavar="N", help="How many, over all proteins.")
    ] = 12,
    seed: Annotated[int, typer.Option(metavar="S", help="Same seed, same micrographs.")] = 0,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help=f"What they are made of: {', '.join(PRESETS)}.")
    ] = "default",
    protein: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Instead of the preset's; give several times.")
    ] = None,
    angpix: Annotated[
        float | None, typer.Option(metavar="A", help="Pixel size in Å/px instead of the preset's.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="HxW", help="Height and width in px instead of the preset's; N is N x N."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="J", help="Processes at work; one a core.")
    ] = None,
) -> None:
    """Simulate micrographs of which everything is known: each pixel's class, each particle.

    - `cryoice simulate -o sim --micrographs 12 --seed 1`: the default preset
    - `cryoice simulate -o coarse -n 100 --angpix 4 --size 1024x1024`: quick, no ice rings
    - `cryoice simulate -o rods -n 6 --protein rod --jobs 2`: one protein, two processes

    DIR then holds CryoPPP entries (`synthetic-<protein>/`: micrographs, picks, masks, parameters),
    the same for RELION (`micrographs.star`, `particles.star`; run RELION in DIR) and a picture of
    it all (`contact_sheet.png`). A mask's pixels are 0 clean, 1 crystalline, 2 contamination,
    3 support, 4 other, 255 not labelled.

    Stopped, it continues with the same command. The same seed gives the same bytes.
    """
    with faults_in_one_line():
        given = {"seed": seed, "proteins": protein, "pixel_size": angpix, "size": size and _sides(size)}
        settings = _settings(preset, given, micrographs=micrographs, jobs=jobs)
        done = _simulate(output, settings, micrographs=micrographs, jobs=jobs or os.cpu_count() or 1)
    typer.echo(f"{output}: {done} micrographs, micrographs.star, particles.star, {_CONTACT_SHEET}")


def _sides(text: str) -> list[int]:
    found = re.fullmatch(r"(\d+)(?:[xX×](\d+))?", text.strip())
    if not found:
        raise InputError(f"--size: {text} is no size; write HxW in px, such as 4096x4096")
    sides = [int(side or found[1]) for side in found.groups()]
    if max(sides) > _LARGEST_SIDE:
        raise InputError(f"--size: {text} is too large; at most {_LARGEST_SIDE} px a side")
    return sides


def _settings(
    preset: str, given: Mapping[str, Any], *, micrographs: int, jobs: int | None
) -> "SimulationSettings":
    """Put the flags in the place of a preset's settings; a wrong one is named by its flag."""
    from cryoice.simulate.settings import SimulationSettings

    checks = {item.name: item.metadata["check"] for item in fields(SimulationSettings) if item.metadata}
    values = load_preset(preset)
    for name, flag in _FLAGS.items():
        if given[name] is not None:
            checks[name](flag, given[name])
            values[name] = given[name]
    for flag, number in (("--micrographs", micrographs), ("--jobs", 1 if jobs is None else jobs)):
        checks["micrographs"](flag, number)
    values["micrographs"] = -(-micrographs // len(values["proteins"]))
    return SimulationSettings.parse(values)


def _simulate(output: Path, settings: "SimulationSettings", *, micrographs: int, jobs: int) -> int:
    from cryoice.simulate.dataset import places_below, simulate_into

    places = places_below(output, settings, micrographs=micrographs)
    try:
        simulate_into(output, settings, micrographs=micrographs, jobs=jobs)
        if not (output / _CONTACT_SHEET).exists():
            _write_contact_sheet(output / _CONTACT_SHEET, places)
    except MemoryError as error:
        raise InputError(
            f"--jobs: {jobs} at once need more memory; set fewer, or a smaller --size"
        ) from error
    except KeyboardInterrupt as stop:
        done = sum(place.parameters.exists() for place in places)
        typer.echo(
            f"stopped: {done} of {len(places)} micrographs are done; the same command continues", err=True
        )
        raise typer.Exit(code=130) from stop
    return len(places)


def _write_contact_sheet(path: Path, places: "Sequence[Place]") -> None:
    import numpy as np

    from cryoice.report.contact_sheet import plot_contact_sheet
    from cryoice.report.figures import save_figure

    shown = np.linspace(0, len(places) - 1, min(_SHOWN, len(places))).round().astype(int)
    figure = plot_contact_sheet(
        [_miniature(places[number]) for number in shown],
        title=f"{len(shown)} of {len(places)} micrographs, beside them the class of each pixel",
    )
    save_figure(figure, path)


def _miniature(place: "Place") -> "Miniature":
    from cryoice.files.mrc import read_mrc
    from cryoice.report.contact_sheet import Miniature
    from cryoice.simulate.layout_on_disk import read_record

    record = read_record(place)
    array, _ = read_mrc(place.micrograph)
    mask, _ = read_mrc(place.mask)
    title = f"{place.stem}   {record['defocus_um']:.1f} µm"
    return Miniature.of(array, mask, pixel_size=record["pixel_size"], title=title)
