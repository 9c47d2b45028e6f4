"""On how many devices a run trains, and what must be so for several."""

from collections.abc import Mapping
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import get_class

from cryoice.errors import InputError
from cryoice.experiment.processes import is_first, launched
from cryoice.learn.share import Share

ONE_DEVICE = "one_device"
"""Attribute of classes that keep a record of every example: processes would each keep their own."""

SKIPS_WEIGHTS = "skips_weights"
"""Attribute of networks whose loss does not depend on all their weights in every batch."""

FINDS_UNUSED = "ddp_find_unused_parameters_true"
"""The strategy for those: processes would wait for each other's gradients for ever."""


def check_devices(settings: Mapping[str, Any]) -> None:
    """Check the devices of a run whose classes are known to exist.

    Raises
    ------
    InputError
        More than one without ``trainer=ddp``; or with it no number of them, another number than the
        processes that were started, a batch that they cannot share, a sweep, batch normalisation over
        devices that cannot do it, or a class of one device only.
    """
    trainer = settings["trainer"]
    devices, count = trainer["devices"], _count(trainer["devices"])
    if "strategy" not in trainer:
        if count != 1:
            raise InputError(
                f"trainer.devices={devices}: a run uses one device; add trainer=ddp for more, or use "
                "trainer.devices=1"
            )
        if not is_first():
            raise InputError("trainer: several processes were started for a run of one; add trainer=ddp")
        return
    if count is None:
        raise InputError(f"trainer.devices={devices}: must be the number of devices in each node, or a list")
    world = count * trainer["num_nodes"]
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        raise InputError("trainer=ddp: the jobs of a sweep use one device each; leave out trainer=ddp or -m")
    by, processes = launched() or ("", world)
    if processes != world:
        raise InputError(
            f"trainer.devices={devices}: times trainer.num_nodes={trainer['num_nodes']} makes {world} "
            f"processes, and {by} started {processes}; let them agree"
        )
    Share(rank=0, world=world).rows(settings["batch_size"])
    if trainer["sync_batchnorm"] and (trainer["accelerator"] == "cpu" or not torch.cuda.is_available()):
        raise InputError("trainer.sync_batchnorm=true: needs GPUs; use false")
    _check_classes(settings)


def one_device(trainer: Mapping[str, Any]) -> list[int] | int:
    """Return the value of ``devices`` for one process that scores what a run has trained."""
    devices = trainer["devices"]
    return devices[:1] if isinstance(devices, list) else 1


def _count(devices: Any) -> int | None:
    if isinstance(devices, list):
        return len(devices) or None
    try:
        return int(devices) if int(devices) > 0 else None
    except ValueError:
        return None


def _check_classes(settings: Mapping[str, Any]) -> None:
    for name, group in settings.items():
        if isinstance(group, dict) and "_target_" in group:
            target = get_class(group["_target_"])
            if getattr(target, ONE_DEVICE, False):
                raise InputError(
                    f"{name}._target_={group['_target_']}: keeps a record of every example, which devices do "
                    "not share; leave out trainer=ddp"
                )
            if getattr(target, SKIPS_WEIGHTS, False) and settings["trainer"]["strategy"] != FINDS_UNUSED:
                raise InputError(
                    f"{name}._target_={group['_target_']}: does not use all its weights in every batch; set "
                    f"trainer.strategy={FINDS_UNUSED}"
                )
