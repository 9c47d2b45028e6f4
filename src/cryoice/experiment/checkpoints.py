"""How a checkpoint is found and compared with the run that wants it."""

import logging
import shlex
import shutil
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cryoice.errors import InputError
from cryoice.experiment.callbacks import LAST
from cryoice.experiment.processes import is_first
from cryoice.experiment.settings import flatten
from cryoice.experiment.sweep_job import FINISHED, NOT_RESULTS, has_own_folder
from cryoice.experiment.tracking import HISTORY
from cryoice.learn.checkpoint_file import SETTINGS, read_checkpoint

log = logging.getLogger(__name__)

MAY_DIFFER = (*NOT_RESULTS, "bootstrap", "patience", "compile")
"""Settings that a resumed run may change: they do not touch the weights."""


def find_checkpoint(ckpt: str, *, outputs: Path, name: str, finished: bool) -> Path:
    """Return the checkpoint's path; ``last``: the file ``name`` of the newest run anywhere in ``outputs``.

    ``finished`` chooses among the runs that are done, or among those that are not.

    Raises
    ------
    InputError
        There is no such file, or no such run.
    """
    if ckpt != "last":
        if not Path(ckpt).is_file():
            raise InputError(f"ckpt={ckpt}: no such file; give a checkpoint's path, or last")
        return Path(ckpt)
    found = list(outputs.rglob(f"checkpoints/{name}"))
    wanted = [path for path in found if (path.parents[1] / FINISHED).exists() == finished]
    if wanted:
        return max(wanted, key=lambda path: path.stat().st_mtime)
    fault = "has finished" if finished else "is left to continue, all have finished"
    fault = fault if found else f"has a {name}"
    raise InputError(f"ckpt=last: no run under {outputs} {fault}; give a checkpoint's path")


def checkpoint_to_resume(settings: dict[str, Any], *, run_dir: Path) -> Path | None:
    """Return the checkpoint that ``ckpt`` asks to continue, its history copied into the run's folder.

    Raises
    ------
    InputError
        There is none, it cannot be read, or the run's settings differ from its.
    """
    if settings["ckpt"] is None:
        return _left_behind(settings, run_dir) if has_own_folder() else None
    path = find_checkpoint(settings["ckpt"], outputs=run_dir.parent, name=LAST, finished=False)
    require_same_settings(read_checkpoint(path), settings, path)
    history = path.resolve().parents[1] / HISTORY
    if is_first() and history.is_dir() and history != (run_dir / HISTORY).resolve():
        shutil.copytree(history, run_dir / HISTORY, dirs_exist_ok=True)
    log.info("resuming from %s", path)
    return path


def _left_behind(settings: dict[str, Any], run_dir: Path) -> Path | None:
    """Return the checkpoint that an earlier start of the same job of a sweep left, if it can be used."""
    path = run_dir / "checkpoints" / LAST
    if not path.exists():
        return None
    try:
        require_same_settings(read_checkpoint(path), settings, path)
    except InputError as error:
        log.warning("the job starts anew: %s", error)
        return None
    log.info("resuming from %s", path)
    return path


def continuation(checkpoint: Path, *, overrides: Sequence[str]) -> str:
    """Return the command that continues a run from its checkpoint."""
    kept = [override for override in overrides if not override.startswith("ckpt=")]
    return shlex.join(["python", "train.py", *kept, f"ckpt={checkpoint}"])


def require_same_settings(checkpoint: dict[str, Any], settings: dict[str, Any], path: Path) -> None:
    """Raise `InputError` where a resumed run would not continue the training that was interrupted."""
    before, now = (_decisive(one) for one in (checkpoint[SETTINGS], settings))
    changed = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if changed:
        lines = ", ".join(f"{key}={now.get(key)} (was {before.get(key)})" for key in changed[:5])
        raise InputError(
            f"ckpt={path}: cannot continue with other settings: {lines}; give the run's own overrides"
        )


def _decisive(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that the weights depend on, flat; the data's folder by its whole path."""
    flat = flatten(settings)
    if isinstance(root := flat.get("data.root"), str):
        flat["data.root"] = str(Path(root).resolve())
    return {
        key: value for key, value in flat.items() if not any(fnmatchcase(key, name) for name in MAY_DIFFER)
    }
