"""The dashboard's panels as W&B would get them."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style")  # within wandb-workspaces


def test_the_workspace_is_what_its_spec_says():
    from wandb_workspaces.workspaces import internal

    from cryoice.experiment.dashboard import SECTIONS, build_workspace

    workspace = build_workspace("someone", "cryoice")
    model = workspace._to_model()
    again = internal.WorkspaceViewspec.model_validate_json(
        model.spec.model_dump_json(by_alias=True, exclude_none=True)
    )
    bank = again.section.panel_bank_config
    assert [len(section.panels) for section in bank.sections if section.panels] == [
        len(panels()) for panels in SECTIONS.values()
    ]


@pytest.mark.parametrize(("told", "key"), [({"group": "sweep-1"}, "group"), ({"sweep": "sweep-1"}, "sweep")])
def test_a_report_is_of_its_sweep_alone(told, key):
    from wandb_workspaces.reports.v2 import internal

    from cryoice.experiment.dashboard import build_report

    model = build_report("someone", "cryoice", **told)._to_model()
    spec = internal.Spec.model_validate_json(model.spec.model_dump_json(by_alias=True, exclude_none=True))
    grids = [block for block in spec.blocks if isinstance(block, internal.PanelGrid)]
    assert len(grids) == 3
    for grid in grids:
        (runs,) = grid.metadata.run_sets
        (wanted,) = runs.filters["filters"]
        assert (wanted["key"]["name"], wanted["op"], wanted["value"]) == (key, "=", "sweep-1")
