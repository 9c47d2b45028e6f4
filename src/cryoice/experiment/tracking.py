"""Where a run's history goes: a CSV file, and Weights & Biases when wanted. Never waits for a network."""

import logging
import math
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning.loggers import CSVLogger, Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from cryoice.errors import InputError
from cryoice.experiment.lineage import log_artifacts_without_waiting
from cryoice.experiment.run_log import wandb_loggers

KINDS = ("wandb", "csv", "none")
HISTORY = "history"
"""Folder of the CSV history inside a run's folder; `report.curves.read_history` reads it."""

KILLED = 255
"""Exit code by which W&B knows a run that somebody stopped."""

Mode = Literal["online", "shared", "offline", "disabled"]
_MODES: dict[str, Mode] = {
    "online": "online",
    "run": "online",
    "shared": "shared",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
_NEEDS_KEY = ("online", "shared")

_log = logging.getLogger(__name__)


def resolve_wandb_mode(environ: Mapping[str, str], *, has_key: bool) -> Mode:
    """Return ``online``, ``shared``, ``offline`` or ``disabled``: WANDB_MODE, but offline without a key.

    Raises
    ------
    InputError
        WANDB_MODE is not one of W&B's modes.
    """
    asked = environ.get("WANDB_MODE", "").strip().lower() or "online"
    if asked not in _MODES:
        raise InputError(f"WANDB_MODE: {asked!r} is not a mode; choose one of {', '.join(_MODES)}")
    mode = _MODES[asked]
    return "offline" if mode in _NEEDS_KEY and not has_key else mode


def make_logger(
    settings: Mapping[str, Any],
    *,
    run_dir: Path,
    name: str,
    config: Mapping[str, Any],
    continues: Path | None = None,
) -> list[Logger]:
    """Build the Lightning loggers of one run.

    Parameters
    ----------
    settings
        The resolved ``logger`` config: kind, and for W&B project, group, tags, init_timeout (s) and
        finish_timeout (s).
    run_dir
        Everything is written here: ``history/version_<k>/metrics.csv``, one version per start, so
        that a resumed run keeps what came before, and ``wandb/``.
    name, config
        The run's name and its whole resolved config, as W&B shows them.
    continues
        Folder of the run that this one continues: online it goes on in the same W&B run.

    Returns
    -------
    list of Logger
        Empty for ``none``; a CSVLogger for ``csv``; with a WandbLogger after it for ``wandb``, unless
        W&B cannot start even offline (a warning says so) or this is not the first process.

    Raises
    ------
    InputError
        Unknown kind, or unknown WANDB_MODE.
    """
    kind = settings["kind"]
    if kind not in KINDS:
        raise InputError(f"logger.kind: {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    if kind == "none":
        return []
    loggers: list[Logger] = [CSVLogger(run_dir, name=HISTORY)]
    run = _start_wandb(settings, run_dir, name, config, continues) if kind == "wandb" else None
    if run is not None:
        loggers.append(WandbLogger(experiment=run, name=name, save_dir=run_dir))
    return loggers


def by_agent(environ: Mapping[str, str]) -> bool:
    """Whether ``wandb agent`` started this program."""
    return "WANDB_SWEEP_ID" in environ


def finish(loggers: Sequence[Logger], *, exit_code: int) -> str | None:
    """End the W&B run, so that the next job of a sweep gets its own, and say where to look at it.

    ``exit_code`` tells W&B how it ended: 0 finished, `KILLED` stopped, anything else failed.
    """
    for logger in loggers:
        logger.save()
    run = next((logger.experiment for logger in wandb_loggers(loggers)), None)
    if run is None:
        return None
    folder, url = Path(run.settings.sync_dir), None if run.offline else run.url
    disabled = run.disabled
    try:
        run.finish(exit_code=exit_code)
    except TimeoutError:
        kept = shlex.quote(_shortest(folder))
        _log.warning(
            "W&B did not take everything in time; all of it is kept. Before the run is continued: "
            "wandb sync --include-online %s",
            kept,
        )
        return None
    if disabled:
        return None
    if url:
        return f"W&B run: {url}"
    quoted = shlex.quote(_shortest(folder))
    return f"W&B run (offline): {folder.name}\n  look:   wandb leet {quoted}\n  upload: wandb sync {quoted}"


@rank_zero_only
def _start_wandb(
    settings: Mapping[str, Any], run_dir: Path, name: str, config: Mapping[str, Any], continues: Path | None
) -> Any:
    """Return a started run: online if the server answers in time, else offline, else None."""
    import wandb

    run_dir.mkdir(parents=True, exist_ok=True)
    wandb.setup(settings=wandb.Settings(silent=True))
    wandb.finish()  # a run that a failed job left open
    options = wandb.Settings(
        init_timeout=float(settings["init_timeout"]),
        silent=True,
        console="off",
        **_patience(float(settings["finish_timeout"])),
    )
    for mode in dict.fromkeys((_mode(), "offline")):
        before = set(run_dir.glob("wandb/run-*"))
        try:
            run = wandb.init(
                project=settings["project"], group=settings["group"], tags=list(settings["tags"]),
                config=dict(config), dir=run_dir, mode=mode, settings=options,
                **{"name": name, **(_continued(continues) if mode in _NEEDS_KEY else {})},
            )  # fmt: skip
        except wandb.Error as error:
            _log.warning("W&B does not start %s: %s", mode, _one_line(error))
            _discard(set(run_dir.glob("wandb/run-*")) - before)
            continue
        log_artifacts_without_waiting(run)
        run.define_metric("trainer/global_step")
        run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
        return run
    return None


def _continued(folder: Path | None) -> dict[str, Any]:
    """Return how to go on in the W&B run that a folder tells of; nothing where it tells of none online."""
    found = [] if folder is None else sorted(folder.glob("wandb/run-*-*"), key=lambda path: path.name)
    if not found:
        return {}
    return {"id": found[-1].name.split("-", 2)[2], "resume": "allow", "name": None}  # as it was called before


def _patience(seconds: float) -> dict[str, Any]:
    """Return settings that let no request to a server that is gone be repeated for longer.

    ``finish_timeout`` alone bounds the run's stream, not artifacts that are still being sent, which are
    repeated for half an hour. Repeats wait 2, 4, 8, ... s: n of them take 2 (2ⁿ - 1) s.
    """
    repeats = int(math.log2(seconds / 2 + 1))
    kinds = ("x_graphql_retry", "x_file_transfer_retry")
    return {"finish_timeout": seconds, "finish_timeout_raises": True} | {
        f"{kind}_{name}": value
        for kind in kinds
        for name, value in (("max", repeats), ("wait_min_seconds", 2.0), ("wait_max_seconds", seconds))
    }


def _mode() -> Mode:
    import wandb

    mode = resolve_wandb_mode(os.environ, has_key=True)
    if mode not in _NEEDS_KEY:
        return mode
    try:
        has_key = wandb.login(prompt=False, verify=False)
    except wandb.Error as error:
        _log.warning("W&B key unusable: %s", _one_line(error))
        has_key = False
    return resolve_wandb_mode(os.environ, has_key=has_key)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _discard(folders: set[Path]) -> None:
    """Remove what a start without a server left behind: nothing was logged into it."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _shortest(path: Path) -> str:
    inside = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)
