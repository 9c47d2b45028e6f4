"""W&B's page of a project as code: a workspace of panels, and a report of a sweep.

Every panel names keys that a training of patches logs; `tests/experiment/test_dashboard.py` holds it.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import wandb
import wandb_workspaces.expr
import wandb_workspaces.reports.v2
import wandb_workspaces.workspaces
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from cryoice.errors import InputError
from cryoice.experiment.wandb_tables import (
    CALIBRATION,
    CONFUSION,
    PER_ENTRY,
    PRECISION_RECALL,
    ROC,
    SUSPECTS,
    TEST_PATCHES,
)
from cryoice.files.atomic import replacing

reports: Any = wandb_workspaces.reports.v2  # what they hold is told by star imports, which mypy refuses
workspaces: Any = wandb_workspaces.workspaces
expr: Any = wandb_workspaces.expr

NAME = "cryoice"
_STEP = "trainer/global_step"
_GOAL = "test/auroc"
_AREA = {"x-axis-title": "False positive rate", "y-axis-title": "True positive rate", "title": "ROC Curve"}


def sweep_panels() -> list[Any]:
    """Return what compares runs: against the patch's side in Å, by all settings at once, by each."""
    columns = (
        reports.Config("field"),
        reports.Config("model.depth"),
        reports.Config("optimizer.lr"),
        reports.SummaryMetric(_GOAL),
    )
    names = ("patch (Å)", "depth", "learning rate", "test AUROC")
    return [
        reports.ScatterPlot(
            title="Test AUROC against the side of the patch (Å)",
            x=reports.Config("field"),
            y=reports.SummaryMetric(_GOAL),
        ),
        reports.ParallelCoordinatesPlot(
            title="Settings and what came of them",
            columns=[
                reports.ParallelCoordinatesPlotColumn(metric=metric, display_name=name)
                for metric, name in zip(columns, names, strict=True)
            ],
        ),
        reports.ParameterImportancePlot(with_respect_to=_GOAL),
        reports.BarPlot(title="Test AUROC by run", metrics=[_GOAL]),
        reports.RunComparer(diff_only="split"),
    ]


def training_panels() -> list[Any]:
    """Return curves against the optimiser's step."""
    curves = {
        "Loss": ["train/loss_epoch", "val/loss"],
        "Validation AUROC": ["val/auroc"],
        "Validation AUPRC": ["val/auprc"],
        "Accuracy": ["train/accuracy", "val/accuracy"],
    }
    return [reports.LinePlot(title=title, x=_STEP, y=keys) for title, keys in curves.items()]


def evaluation_panels() -> list[Any]:
    """Return curves, confusion, calibration and the table of entries of the test split."""
    area = "wandb/area-under-curve/v0"
    recall = {"title": "Precision-Recall Curve", "x-axis-title": "Recall", "y-axis-title": "Precision"}
    counts = {name: name for name in ("Actual", "Predicted", "nPredictions")}
    return [
        _chart(ROC, area, {"x": "fpr", "y": "tpr", "class": "class"}, _AREA),
        _chart(PRECISION_RECALL, area, {"x": "recall", "y": "precision", "class": "class"}, recall),
        _chart(CONFUSION, "wandb/confusion_matrix/v1", counts, {"title": "Confusion Matrix Curve"}),
        _chart(CALIBRATION, "wandb/line/v0", {"x": "predicted", "y": "observed"}, {"title": "Calibration"}),
        reports.ScatterPlot(
            title="Calibration error against AUROC",
            x=reports.SummaryMetric(_GOAL),
            y=reports.SummaryMetric("test/ece"),
        ),
        reports.WeavePanelSummaryTable(table_name=PER_ENTRY),
    ]


def data_panels() -> list[Any]:
    """Return pictures and tables of test patches."""
    return [
        reports.MediaBrowser(title="Sample patches", media_keys=["samples/real", "samples/spectrum"]),
        reports.MediaBrowser(title="A micrograph and its picks", media_keys=["figures/a_micrograph"]),
        reports.WeavePanelSummaryTable(table_name=TEST_PATCHES),
        reports.WeavePanelSummaryTable(table_name=SUSPECTS),
    ]


SECTIONS: dict[str, Callable[[], list[Any]]] = {
    "Sweep": sweep_panels,
    "Training": training_panels,
    "Evaluation": evaluation_panels,
    "Data": data_panels,
}
"""Panels by the heading above them."""


def build_workspace(entity: str, project: str) -> Any:
    """Return the workspace, all its sections open."""
    sections = [
        workspaces.Section(name=name, panels=panels(), is_open=True) for name, panels in SECTIONS.items()
    ]
    return workspaces.Workspace(entity=entity, project=project, name=NAME, sections=sections)


def build_report(entity: str, project: str, *, group: str | None = None, sweep: str | None = None) -> Any:
    """Return a report of the runs of a group (a sweep of Hydra), of a sweep of W&B, or of all runs."""
    told = {"Group": group, "Sweep": sweep}
    of_sweep = [expr.Metric(name) == value for name, value in told.items() if value is not None]
    name_of_runs = group or sweep or "all runs"
    blocks = []
    for name in ("Sweep", "Evaluation", "Training"):
        runs = reports.Runset(  # of the report's own project
            name=name_of_runs, filters=expr.And(*of_sweep) if of_sweep else ""
        )
        blocks += [reports.H2(text=name), reports.PanelGrid(runsets=[runs], panels=SECTIONS[name]())]
    return reports.Report(
        entity=entity,
        project=project,
        title=f"cryoice: {name_of_runs}"[:128],
        description="Test AUROC against patch size and settings; bounds stand in test/auroc_low and _high.",
        blocks=blocks,
    )


def write_specs(path: Path, *, entity: str, project: str, group: str | None, sweep: str | None) -> None:
    """Write workspace and report as JSON, as they would be sent; needs neither key nor network."""
    models = {
        "workspace": build_workspace(entity, project)._to_model(),
        "report": build_report(entity, project, group=group, sweep=sweep)._to_model(),
    }
    specs = {
        name: model.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, model in models.items()
    }
    with replacing(path) as scratch:
        scratch.write_text(json.dumps(specs, indent=1) + "\n", encoding="utf-8")


def create(
    *, entity: str | None, project: str, group: str | None, sweep: str | None, report: bool
) -> Iterator[str]:
    """Create the workspace, and the report where wanted; yield the address of each once it stands.

    Raises
    ------
    InputError
        Nobody is logged in, or the server does not answer or refuses.
    """
    wandb.setup(settings=wandb.Settings(silent=True))
    try:
        if not wandb.login(prompt=False, verify=False):
            raise InputError(
                "W&B: not logged in; run `wandb login`, or set WANDB_API_KEY, or use --dry-run FILE"
            )
        entity = entity or wandb.Api().default_entity
        if entity is None:
            raise InputError("W&B: the server does not say who you are; give --entity")
        made = [build_workspace(entity, project)]
        made += [build_report(entity, project, group=group, sweep=sweep)] if report else []
        for one in made:
            yield str(one.save().url)
    except (wandb.Error, WandbApiFailedError, OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"W&B: {said}; check --entity, --project and the network") from error


def _chart(key: str, kind: str, fields: dict[str, str], strings: dict[str, str]) -> Any:
    """Return one of W&B's own charts over the table that `wandb.plot` logs beside it."""
    return reports.CustomChart(
        query={"summaryTable": {"tableKey": f"{key}_table"}},
        chart_name=kind,
        chart_fields=fields,
        chart_strings=strings,
    )
