"""Tuning of a network in one call: from flags to a file of weights, without a run's folder."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytorch_lightning as pl
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import RichProgressBar
from torch import nn
from torch.utils.data import DataLoader

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.experiment.limits import check_values
from cryoice.experiment.run import build_data, start_process
from cryoice.experiment.settings import check_targets, plain_settings
from cryoice.experiment.start import Start
from cryoice.experiment.tasks import build_module, require_fitting
from cryoice.files.atomic import require_writable
from cryoice.learn.own_datamodule import OwnDataModule
from cryoice.learn.own_micrographs import OWN, micrograph_key
from cryoice.learn.pixel_dataset import PixelDataset
from cryoice.learn.quiet import no_needless_warnings
from cryoice.learn.weights_file import RECORD, save_weights
from cryoice.mask.device import choose_device
from cryoice.schema import register

_OF_THE_TRAINING = ("epoch", "global_step", "commit", "metrics", RECORD)
"""Facts that are not those of the tuned network."""

_RANKS = ("ap", "auroc")

Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Tuned:
    """What became of it.

    Attributes
    ----------
    micrographs, held_out
        Number of own ones learnt from, and of those kept from it.
    before, after
        AP and AUROC of any artifact against clean film, by kind of micrographs that were not learnt from:
        own ones, where any is held out, and simulated ones; NaN where they hold one of the two only.
    """

    micrographs: int
    held_out: int
    before: Scores
    after: Scores


def finetune(output: Path, values: Mapping[str, Any]) -> Tuned:
    """Tune a network as ``experiment=finetune`` says and write its weights.

    Parameters
    ----------
    output
        A ``.safetensors`` file.
    values
        Changes of that config by dotted key.

    Raises
    ------
    InputError
        A value is wrong, this machine lacks the device, a file cannot be read, there are no labels, or the
        output cannot be written.
    """
    with TemporaryDirectory(prefix="cryoice-") as cache:
        settings = composed({"cache": cache, **values})
        _require_device(settings["trainer"]["accelerator"])
        require_writable(output)
        start_process(settings["seed"])
        start = Start.read(settings["init"], settings)
        data = build_data(settings)
        assert isinstance(data, OwnDataModule)
        data.learnt = frozenset(start.facts.get("tuned", {}).get("learnt", ()))
        with no_needless_warnings():
            module = build_module(settings)
            data.setup("fit")
            trainer = _trainer(settings)
            before = _scores(trainer, module, data)
            trainer.fit(module, data.train_dataloader(), data.val_dataloader())
            after = _scores(trainer, module, data)
    own = _own(data, "train")
    tuned = Tuned(len(own), len(_own(data, "test")), before, after)
    learnt = sorted(data.learnt.union(map(micrograph_key, own)))
    facts = {key: value for key, value in start.facts.items() if key not in _OF_THE_TRAINING}
    facts |= {"name": output.stem, "tuned": _told(tuned, start, settings) | {"learnt": learnt}}
    assert isinstance(module.net, nn.Module)
    save_weights(output, state=module.net.state_dict(), facts=facts)
    return tuned


def composed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked settings of ``experiment=finetune`` with other values by dotted key."""
    register()
    data = "own_masks" if values.get("data.masks") else "own_picks"
    folder = Path(str(resources.files("cryoice"))) / "conf"
    with initialize_config_dir(str(folder.resolve()), version_base="1.3"):
        config = compose("train", overrides=["experiment=finetune", f"data={data}"])
    for key, value in values.items():
        OmegaConf.update(config, key, value)
    settings = plain_settings(config)
    check_values(settings)
    check_targets(settings)
    require_fitting(settings)
    return settings


def _require_device(accelerator: str) -> None:
    """Check what the trainer would find missing only after the data are made."""
    if accelerator == "gpu":  # of whatever make
        if choose_device("auto").type == "cpu":
            raise InputError("device 'gpu': this machine has none; use auto or cpu")
    else:
        choose_device(accelerator)


def _trainer(settings: Mapping[str, Any]) -> pl.Trainer:
    trainer: pl.Trainer = instantiate(
        settings["trainer"],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
        callbacks=[RichProgressBar(leave=False)] if settings["trainer"]["enable_progress_bar"] else [],
    )
    return trainer


def _scores(trainer: pl.Trainer, module: pl.LightningModule, data: OwnDataModule) -> Scores:
    """Score own and simulated micrographs apart."""
    test = data.datasets["test"]
    assert isinstance(test, PixelDataset)
    found: Scores = {}
    for kind, own in ((OWN, True), ("simulated", False)):
        chosen = [test.chosen[i] for i in range(len(test)) if (test.name(i)[0] == OWN) == own]
        if chosen:
            rankable = _holds_both(test, chosen)
            loader = data.loader_of(PixelDataset(test.sets, chosen))
            found[kind] = _ranked(trainer, module, loader) if rankable else dict.fromkeys(_RANKS, math.nan)
    return found


def _holds_both(dataset: PixelDataset, chosen: Sequence[tuple[int, int]]) -> bool:
    """Whether some pixel is clean and some an artifact; else there is nothing to rank."""
    masks = [dataset.sets[number].masks[row] for number, row in chosen]
    return any((mask == 0).any() for mask in masks) and any(
        ((mask > 0) & (mask != IGNORE)).any() for mask in masks
    )


def _ranked(trainer: pl.Trainer, module: pl.LightningModule, loader: DataLoader[Any]) -> dict[str, float]:
    [found] = trainer.test(module, loader, verbose=False)
    return {name: found[f"test/{name}"] for name in _RANKS}


def _own(data: OwnDataModule, split: str) -> set[str]:
    dataset = data.datasets[split]
    named = (dataset.name(index) for index in range(len(dataset)))
    return {name for owner, name in named if owner == OWN}


def _told(tuned: Tuned, start: Start, settings: Mapping[str, Any]) -> dict[str, Any]:
    scores = {
        when: {
            kind: {name: v if math.isfinite(v) else None for name, v in row.items()}
            for kind, row in s.items()
        }
        for when, s in (("before", tuned.before), ("after", tuned.after))
    }
    return {
        "from": start.path.name,
        "digest": start.digest,
        "labels": "masks" if settings["data"]["masks"] else "picks",
        "micrographs": tuned.micrographs,
        "held_out": tuned.held_out,
        "rehearsal": settings["data"]["rehearsal"],
        "epochs": settings["trainer"]["max_epochs"],
        "lr": settings["optimizer"]["lr"],
        "seed": settings["seed"],
        "calibration": "that of the start, in the last layer; not measured anew",
        "scores": scores,
    }
