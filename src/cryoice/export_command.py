"""``cryoice export``: a training's checkpoint as a small file of weights to pass on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cryoice.errors import InputError
from cryoice.terminal import faults_in_one_line

METRICS = "metrics.json"
"""What a finished run has beside its folder of checkpoints."""


def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CKPT", help="best.ckpt of train.py.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Ends in .safetensors.")],
) -> None:
    """Write the network of a checkpoint as .safetensors: no code, no optimiser, its facts beside it.

    **Example:** `cryoice export outputs/detector/…/checkpoints/best.ckpt -o detector.safetensors`
    """
    with faults_in_one_line():
        facts = export_weights(checkpoint, output)
    typer.echo(f"{output}: {facts['kind']}, {len(facts['classes'])} classes at {facts['pixel_size']:g} Å/px")


def export_weights(checkpoint: Path, output: Path) -> dict[str, Any]:
    """Write a checkpoint's bare network and return the facts beside it.

    These are the module's hyperparameters that `learn.weights_file.FACTS` asks for, the name of the
    file, the run's settings but for where its cache lay, epoch and step, and its commit and test scores
    where the run has finished.

    Raises
    ------
    InputError
        The checkpoint cannot be read or is no finished network, or the file cannot be written.
    """
    from cryoice.learn.checkpoint_file import SETTINGS, read_checkpoint
    from cryoice.learn.weights_file import save_weights

    if output.suffix != ".safetensors":
        raise InputError(f"{output}: must end in .safetensors")
    content = read_checkpoint(checkpoint)
    known = content.get("hyper_parameters", {})
    pixels = "classes" in known
    facts = {
        "kind": "pixels" if pixels else "patches",
        "classes": known["classes"] if pixels else ["good", "bad"],
        "channels": known.get("channels"),
        **{key: known.get(key) for key in ("pixel_size", "patch", "model")},
        "name": output.stem,
        **{key: content.get(key) for key in ("epoch", "global_step")},
        "settings": _without_places(content[SETTINGS]),
        **_of_the_run(checkpoint),
    }
    state = {
        name.removeprefix("net."): values
        for name, values in content.get("state_dict", {}).items()
        if name.startswith("net.")
    }
    save_weights(output, state=state, facts=facts)
    return facts


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_places(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if key != "cache"
    }


def _of_the_run(checkpoint: Path) -> dict[str, Any]:
    """Return commit and test scores as the run wrote them, nothing before its end."""
    import json

    try:
        found = json.loads((checkpoint.resolve().parents[1] / METRICS).read_text("utf-8"))
    except (OSError, ValueError, IndexError):
        return {}
    return {"commit": found.get("commit"), "metrics": found.get("test")}
