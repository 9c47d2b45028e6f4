"""Which data a run learnt from and which model came out of it, as W&B's artifacts."""

import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from cryoice.experiment.run_log import wandb_loggers
from cryoice.learn.contents import Contents, contents
from cryoice.learn.prepare import Prepared
from cryoice.learn.views import digest
from cryoice.report.results import Monitored

MANIFEST = "contents.json"
"""The one file of a data artifact: `learn.contents.Contents`; micrographs stay where they are."""


def log_data_artifact(loggers: Sequence[Logger], data: pl.LightningDataModule) -> str | None:
    """Declare the data set as the run's input ``data-<entries>``, and return the digest of its contents.

    Runs on the same entries share the name and, while the contents are the same, the version. None where
    there is no W&B run, or data that are not prepared entries (a per-pixel run's simulations: their
    settings stand in the run's config).
    """
    runs = [logger.experiment for logger in wandb_loggers(loggers)]
    prepared = data.prepared() if runs and hasattr(data, "prepared") else None
    if not isinstance(prepared, Prepared):
        return None
    found = contents(prepared)
    for run in runs:
        _publish(run, _data_artifact(found), used=True)
        run.config.update({"data_digest": found["digest"]})
    return found["digest"]


def log_checkpoint_artifact(
    loggers: Sequence[Logger], path: Path, *, monitor: Monitored, commit: str | None, data: str | None
) -> None:
    """Add a checkpoint to the run as ``model-<run id>``: by whom it was chosen, of which code and data."""
    import wandb

    for logger in wandb_loggers(loggers):
        run = logger.experiment
        metadata = {"monitor": dict(monitor), "commit": commit, "data_digest": data}
        model = wandb.Artifact(f"model-{run.id}", type="model", metadata=metadata)
        model.add_file(str(path))
        _publish(run, model)


def log_artifacts_without_waiting(run: Any) -> None:
    """Let a run keep artifacts, those of its tables among them, in its own record, as offline runs do.

    W&B's way for online runs asks the server first: it fails when the server is gone, and leaves nothing
    for ``wandb sync`` to send later.
    """
    run.log_artifact = partial(_publish, run)


def _data_artifact(found: Contents) -> Any:
    import wandb

    artifact = wandb.Artifact(
        f"data-{digest(found['entries'])[:8]}",
        type="dataset",
        description="Entries, shapes and counts of picks; the micrographs themselves are not uploaded.",
        metadata={key: value for key, value in found.items() if key != "micrographs"},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MANIFEST
        path.write_text(json.dumps(found, indent=1), encoding="utf-8")
        artifact.add_file(str(path))  # W&B keeps a copy
    return artifact


def _publish(run: Any, artifact: Any, *, used: bool = False) -> Any:
    """Write an artifact into the run's record, ``used`` as an input, which W&B offers online runs alone."""
    if not run.disabled:
        artifact.finalize()
        run._interface.publish_artifact(
            run, artifact, ["latest"], is_user_created=used, use_after_commit=used
        )
    return artifact
