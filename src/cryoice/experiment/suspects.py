"""Suspect labels written into a folder: of a run's own test picks, or of several runs' joined."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pytorch_lightning.loggers import Logger

from cryoice.experiment.run_log import log_figures
from cryoice.experiment.wandb_tables import log_suspects
from cryoice.learn.datamodule import CryoPPPDataModule
from cryoice.learn.judgements import join_judgements
from cryoice.learn.suspect_places import Micrographs
from cryoice.learn.suspects import find_suspects
from cryoice.report.figures import save_figure
from cryoice.report.suspects import (
    SHEET,
    first_of_each,
    plot_suspects,
    suspects_for_people,
    write_lists,
)


def report_suspects(
    predictions: pd.DataFrame,
    data: CryoPPPDataModule,
    loggers: Sequence[Logger],
    *,
    run_dir: Path,
    rows: int,
) -> None:
    """Write the suspects among a run's test picks: suspects.csv, .star and .png, ``rows`` of them to W&B."""
    table = join_judgements([predictions])
    micrographs = micrographs_of(data)
    suspects = micrographs.place(find_suspects(table))
    write_suspects(suspects, run_dir, micrographs=micrographs, picks=len(table))
    log_suspects(loggers, suspects_for_people(suspects), rows=rows)
    if (run_dir / SHEET).exists():
        log_figures(loggers, {"f_suspects": run_dir / SHEET})


def micrographs_of(data: CryoPPPDataModule) -> Micrographs:
    """Return the prepared micrographs of a data module, read from the cache where they lie there."""
    prepared = data.prepared()
    return Micrographs(prepared, data.root, patch=data.patch, pixel_size=data.pixel_size)


def write_suspects(
    suspects: pd.DataFrame, folder: Path, *, micrographs: Micrographs | None, picks: int
) -> None:
    """Write lists of placed suspects, and the sheet where there are micrographs and suspects to show.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    write_lists(suspects, folder)
    (folder / SHEET).unlink(missing_ok=True)
    if micrographs is None or suspects.empty:
        return
    shown = first_of_each(suspects)
    figure = plot_suspects(
        micrographs.patches(shown),
        shown,
        title=f"The surest of {len(suspects)} suspect labels among {picks}",
        pixel_size=micrographs.pixel_size,
    )
    save_figure(figure, folder / SHEET)
