"""What arrives at a W&B server from a whole training, and what becomes of it when the server goes."""

import json
import os
import subprocess
import sys
import time

import pytest

from loopback_wandb import ENTITY, LoopbackServer
from training import CONF, tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Pydantic V1 style"),  # within wandb-workspaces
]

BOUNDED = ("data.split.train=0.4", "data.split.val=0.2", "data.split.test=0.4")
"""Two test micrographs, without which no interval exists."""


def environ(server, home):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return kept | server.environ() | {"HOME": str(home), "NETRC": str(home / "none")}


def run_training(server, home, *overrides):
    return subprocess.run(
        [sys.executable, "train.py", *overrides, "logger=wandb"],
        cwd=CONF.parent, env=environ(server, home), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def arrived(blobs, cache, tmp_path_factory):
    folder = tmp_path_factory.mktemp("online")
    with LoopbackServer() as server:
        overrides = tiny(blobs, cache, *BOUNDED, f"hydra.run.dir={folder}/run")
        done = run_training(server, folder, *overrides, "logger.tags=[mine]", "logger.group=study")
    return server, done, folder / "run"


def test_a_run_says_where_it_is_and_is_marked_finished(arrived):
    server, done, _ = arrived
    assert done.returncode == 0, done.stderr
    assert f"W&B run: {server.url}/{ENTITY}/cryoice/runs/" in done.stderr
    assert server.exit_codes == [0]


def test_a_run_arrives_under_its_name_group_tags_and_config(arrived):
    first, *_ = arrived[0].variables("UpsertBucket")
    assert (first["project"], first["displayName"], first["groupName"]) == ("cryoice", "train", "study")
    commit = json.loads((arrived[2] / "metrics.json").read_text())["commit"]
    assert first["tags"] == ["mine", "default", commit]
    config = {name: item["value"] for name, item in json.loads(first["config"]).items()}
    assert (config["patch"], config["field"], config["data"]["patch"]) == (16, 24.0, 16)


def test_every_epoch_arrives_and_the_end_with_its_bounds(arrived):
    server, _, run_dir = arrived
    history = server.lines("wandb-history.jsonl")
    assert sum("val/auroc" in line for line in history) == 2
    summary = json.loads(server.uploads["wandb-summary.json"])
    found = json.loads((run_dir / "metrics.json").read_text())["test"]["label"]["network"]["auroc"]
    assert [summary[f"test/auroc{end}"] for end in ("", "_low", "_high")] == list(found.values())


def test_the_table_of_test_patches_arrives_with_its_pictures(arrived):
    server, _, run_dir = arrived
    (name,) = (name for name in server.uploads if name.endswith("tables/test_patches.table.json"))
    table = json.loads(server.uploads[name])
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert len(rows) == len((run_dir / "predictions.csv").read_text().splitlines()) - 1
    assert {row["chosen"] for row in rows} == {"random", "most wrong"}
    folder = name.split("/")[0]
    for row in rows:
        for channel in ("real", "spectrum"):
            assert server.uploads[f"{folder}/{row[channel]['path']}"].startswith(b"\x89PNG")
            assert (row[channel]["width"], row[channel]["height"]) == (16, 16)


def test_the_model_comes_from_the_run_and_the_run_from_the_data(arrived):
    server, _, run_dir = arrived
    made = {one["artifactTypeName"]: one for one in server.inputs("CreateArtifact")}
    data, model = made["dataset"], made["model"]
    assert data["artifactCollectionName"].startswith("data-")
    facts = json.loads(data["metadata"])
    assert facts["entries"] == ["10000"]
    assert facts["n_micrographs"] == 6
    told = json.loads(model["metadata"])
    assert told["data_digest"] == facts["digest"]
    assert told["monitor"] == json.loads((run_dir / "metrics.json").read_text())["monitor"]
    (used,) = server.inputs("UseArtifact")
    assert server.artifacts[used["artifactID"]] == data["artifactCollectionName"]
    assert used["runName"] == model["runName"] == server.variables("UpsertBucket")[0]["name"]
    best = (run_dir / "checkpoints/best.ckpt").read_bytes()
    assert server.uploads[f"{model['artifactCollectionName']}/best.ckpt"] == best


def test_every_panel_of_the_dashboard_names_what_a_run_logs(arrived):
    from cryoice.experiment.dashboard import build_workspace

    server = arrived[0]
    config = {
        name: item["value"]
        for name, item in json.loads(server.variables("UpsertBucket")[-1]["config"]).items()
    }
    logged = {key for line in server.lines("wandb-history.jsonl") for key in line}
    logged |= set(json.loads(server.uploads["wandb-summary.json"]))
    spec = build_workspace("someone", "cryoice")._to_model().model_dump(by_alias=True, exclude_none=True)
    sections = spec["spec"]["section"]["panelBankConfig"]["sections"]
    named = {name for section in sections for panel in section["panels"] for name in panel_keys(panel)}
    assert len(named) > 15
    assert {name for name in named if not name.startswith("config:")} <= logged
    for name in named - logged:
        value = config
        for part in name.removeprefix("config:").replace(".value", "", 1).split("."):
            value = value[part]
        assert isinstance(value, int | float), name


def test_the_dashboards_charts_are_those_that_a_run_draws(arrived):
    from cryoice.experiment.dashboard import evaluation_panels

    drawn = json.loads(arrived[0].variables("UpsertBucket")[-1]["config"])["_wandb"]["value"]["visualize"]
    panels = [panel._to_model().model_dump(by_alias=True) for panel in evaluation_panels()]
    shown = {"/".join(panel_keys(panel)): panel["config"] for panel in panels if panel["viewType"] == "Vega2"}
    assert {f"{name}_table" for name in drawn} == set(shown)
    for name, chart in drawn.items():
        for part in ("panelDefId", "fieldSettings", "stringSettings"):
            told = chart["panel_config"][part]
            given = {key: value for key, value in told.items() if value} if isinstance(told, dict) else told
            assert shown[f"{name}_table"][part] == given, (name, part)


def panel_keys(panel):
    """Return the metrics, settings, media and tables that a panel shows."""
    config, kind = panel["config"], panel["viewType"]
    if kind == "Weave":
        return [config["panel2Config"]["exp"]["fromOp"]["inputs"]["key"]["val"]]
    if kind == "Vega2":
        (query,) = config["userQuery"]["queryFields"]
        return [field["args"][0]["value"] for field in query["fields"] if field["name"] == "summaryTable"]
    found = [*config.get("metrics", []), *config.get("mediaKeys", [])]
    found += [config[key] for key in ("xAxis", "yAxis", "targetKey") if config.get(key)]
    found += [column["accessor"] for column in config.get("columns", [])]
    return [name.removeprefix("summary:") for name in found]


def test_a_server_that_drops_the_connection_costs_a_run_nothing(blobs, cache, tmp_path):
    def gone(server, path):
        """Be there while the run starts only."""
        return bool(server.streamed)

    with LoopbackServer(drops=gone) as server:
        overrides = tiny(blobs, cache, *BOUNDED, f"hydra.run.dir={tmp_path}/run", "logger.finish_timeout=4")
        start = time.perf_counter()
        done = run_training(server, tmp_path, *overrides)
        took = time.perf_counter() - start
        assert done.returncode == 0, done.stderr
        assert server.dropped
        warned = [line for line in (done.stdout + done.stderr).splitlines() if "W&B" in line]
        assert len(warned) == 1
        assert "all of it is kept. Before the run is continued: wandb sync --include-online" in warned[0]
        assert took < 180  # a training and twice 4 s; without limits W&B repeats requests for half an hour
        assert (tmp_path / "run/metrics.json").exists()
        assert len(list((tmp_path / "run/figures").glob("*.png"))) == 5
        server.drops = lambda server, path: False
        sync_later(server, tmp_path)
    summary = json.loads(server.uploads["wandb-summary.json"])
    assert "test/auroc_low" in summary
    made = {one["artifactTypeName"] for one in server.inputs("CreateArtifact")}
    assert made == {"dataset", "model", "run_table"}
    assert len(server.inputs("UseArtifact")) == 1


def sync_later(server, home):
    (folder,) = (home / "run/wandb").glob("run-*")
    command = [sys.executable, "-m", "wandb", "sync", "--include-online", str(folder)]
    done = subprocess.run(
        command, cwd=home, env=environ(server, home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
