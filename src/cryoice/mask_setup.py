"""What the commands that mask make of their flags: the batch, and who works on it."""

from pathlib import Path

from cryoice.files.micrograph_list import MicrographList
from cryoice.mask.device import accelerator_of
from cryoice.mask.model import Model
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_places import with_own_stems
from cryoice.project.mask_progress import Workers
from cryoice.project.mask_settings import MaskSettings, Microscope
from cryoice.project.records import Records
from cryoice.project.shard import Shard


def workers_of(jobs: int, devices: int, device: str | None) -> Workers:
    """Return who masks; ``device`` None: not this machine's.

    Raises
    ------
    InputError
        This machine has not so many devices of that name.
    """
    return Workers(jobs, devices, "cpu" if device is None else accelerator_of(device, devices=devices))


def batch_of(
    listed: MicrographList,
    output: Path,
    network: Model,
    settings: MaskSettings,
    *,
    microscope: Microscope | None = None,
    shard: str | None = None,
) -> MaskBatch:
    """Return the batch, or a shard ``K/N`` of it, whose stems go on as the folder records them.

    Raises
    ------
    InputError
        The shard is none.
    """
    share = None if shard is None else Shard.parse(shard)
    listed = with_own_stems(listed, Records(output).owner)
    return MaskBatch(listed, output, network, settings, microscope or Microscope(), share)
