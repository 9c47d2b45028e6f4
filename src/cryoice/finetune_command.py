"""``cryoice finetune``: the network that ships goes on learning from a user's own micrographs."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from cryoice import finetune_flags as flags
from cryoice.errors import InputError
from cryoice.terminal import console, faults_in_one_line

if TYPE_CHECKING:
    from cryoice.experiment.finetune import Tuned
    from cryoice.project.mended_masks import MendedMasks


_FLAGS = {
    "data.angpix": "--angpix",
    "data.radius": "--radius",
    "init": "--model",
    "trainer.max_epochs": "--epochs",
    "seed": "--seed",
}
"""Flags by the keys that faults name."""


def finetune(
    micrographs: flags.Micrographs,
    output: flags.Output,
    masks: flags.Masks = None,
    corrections: flags.Corrections = None,
    mended: flags.Mended = None,
    good: flags.Good = None,
    bad: flags.Bad = None,
    angpix: flags.Angpix = None,
    model: flags.Model = None,
    radius: flags.Radius = None,
    flip_y: flags.FlipY = None,
    epochs: flags.Epochs = 6,
    seed: flags.Seed = 0,
    device: flags.Device = "auto",
) -> None:
    """Teach the network your own micrographs: a few with masks, or with good and bad picks.

    - `cryoice finetune Micrographs --masks masks --corrections corrections.csv -o tuned.safetensors`
    - `cryoice finetune Micrographs --masks mended -o tuned.safetensors`
    - `cryoice finetune Micrographs --good particles.star --bad on_ice.star -o tuned.safetensors`

    **Corrections.** Run `cryoice mask Micrographs -o masks`, correct some in the page of `cryoice report`
    (`cryoice next masks` tells which) and export the corrections. Learnt from are the micrographs with a
    corrected region, disc or whole mask; elsewhere on them the mask counts as right, but what is unsure and
    was not touched counts as not told. "Right" touches the whole mask. Verdicts teach nothing. A micrograph
    with a row that cannot be followed is left out. `--mended DIR` shows the masks as learnt from; painted
    over, they are learnt from with `--masks DIR` and without corrections, which would replace them.

    **Masks.** Or mend the worst masks with a program that paints MRC or PNG, and keep only mended ones in a
    folder. A PNG is one grey value a pixel, its rows run as the micrograph's: 0 clean, 1 crystalline,
    2 contamination, 3 support, 4 other, 254 an artifact of whatever kind, 255 not told. Leave doubtful places
    at 255.

    **Picks.** The film within the radius of a good pick is clean, that of a bad one is some artifact. Bad
    picks must lie on artifacts: those that merely miss a particle would teach that empty film is bad.

    Three micrographs can help much where they show what the network gets wrong; ten are better. Of four or
    more, every fourth is held out and shows what is gained: keep the old weights when nothing is. Some
    simulated micrographs are made and rehearsed beside yours; other data is forgotten in part all the
    same, so keep a tuned network for what it was tuned on. Takes minutes.
    Then: `cryoice mask Micrographs --model tuned.safetensors -o better`.

    Å/px are those of the masks that were corrected, unless `--angpix` says otherwise.

    Exits with 1 when a correction could not be followed; the others are learnt from all the same.
    """
    with faults_in_one_line():
        if output.suffix != ".safetensors":
            raise InputError(f"{output}: must end in .safetensors")
        _require_labels(masks, corrections, mended, picks=good is not None or bad is not None)
        values = {
            "data.micrographs": [str(path) for path in micrographs],
            "data.masks": _text(masks),
            "data.good": _text(good),
            "data.bad": _text(bad),
            "data.angpix": angpix,
            "data.radius": radius,
            "data.flip_y": flip_y,
            "init": _text(model) or "shipped",
            "trainer.max_epochs": epochs,
            "trainer.accelerator": device,
            "seed": seed,
        }
        with TemporaryDirectory(prefix="cryoice-") as scratch:
            failed = False
            if masks is not None and corrections is not None:
                done = _mend(masks, corrections, micrographs, Path(scratch), kept=mended)
                failed = bool(done.failures)
                values["data.masks"] = scratch
                if angpix is None and len(done.pixel_sizes) == 1:
                    values["data.angpix"] = min(done.pixel_sizes)  # that of the masks, whoever told it
            tuned = _tune(output, values)
    _show(tuned)
    typer.echo(f"{output}: use it with cryoice mask --model {output}")
    raise typer.Exit(code=int(failed))


def _require_labels(
    masks: Path | None, corrections: Path | None, mended: Path | None, *, picks: bool
) -> None:
    if (masks is not None) == picks:
        raise InputError("give --masks, or --good and --bad, and not both")
    if corrections is not None and masks is None:
        raise InputError("--corrections: give --masks too, the folder of cryoice mask that they correct")
    if mended is not None and corrections is None:
        raise InputError("--mended: keeps masks that --corrections changed; give those too")


def _mend(
    masks: Path, corrections: Path, micrographs: list[Path], output: Path, *, kept: Path | None
) -> "MendedMasks":
    """Write the masks to learn from and tell of them, and of what could not be followed."""
    from cryoice.files.corrections import Corrections
    from cryoice.files.micrograph_list import list_micrographs
    from cryoice.project.mask_folder import MaskFolder
    from cryoice.project.mended_masks import mend_masks

    listed = list_micrographs(micrographs, angpix=None)
    listed.require_some()
    folder, rows = MaskFolder.read(masks), Corrections.read(corrections)
    done = mend_masks(folder, rows, listed.micrographs, output, kept=kept)
    for failure in done.failures:
        typer.echo(f"error: {failure}", err=True)
    if not done.stems:
        raise InputError(
            f"{corrections}: corrects the pixels of no micrograph; nothing can be learnt from it"
        )
    typer.echo(f"{len(done.stems)} micrographs with {done.actions} corrections to learn from")
    return done


def _tune(output: Path, values: dict[str, Any]) -> "Tuned":
    from cryoice.experiment.finetune import finetune as tune

    try:
        return tune(output, values)
    except InputError as error:
        key, _, rest = str(error).partition("=")
        raise InputError(f"{_FLAGS[key]} {rest}" if key in _FLAGS else str(error)) from error
    except SystemExit as stop:  # Lightning's, with a status on Ctrl-C and without one on SIGTERM
        typer.echo(f"stopped: {output} is not written; the same command begins anew", err=True)
        raise typer.Exit(code=130 if stop.code else 143) from stop


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _show(tuned: "Tuned") -> None:
    from rich.table import Table

    title = f"learnt from {tuned.micrographs} micrographs; {tuned.held_out} held out"
    table = Table("not learnt from", "AP before", "after", "AUROC before", "after", title=title)
    for kind, before in tuned.before.items():
        after: dict[str, Any] = tuned.after[kind]
        cells = (_cell(scores[name]) for name in ("ap", "auroc") for scores in (before, after))
        table.add_row(kind, *cells)
    console().print(table)


def _cell(score: float) -> str:
    return f"{score:.3f}" if math.isfinite(score) else "–"
