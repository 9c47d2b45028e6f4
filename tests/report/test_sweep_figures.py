"""A sweep's pictures are those that make sense for what it changed."""

import itertools

import numpy as np
import pytest
from test_sweep import add_job

from cryoice.report.sweep import changed_keys, collect_sweep, monitored_metric
from cryoice.report.sweep_figures import draw_sweep, plot_against, plot_heat_map, plot_parallel
from cryoice.report.sweep_row import FIELD


def add(folder, number, overrides, value, patch):
    add_job(folder, number, overrides, value)
    config = f"patch: {patch}\npixel_size: 4.0\ndata: {{patch: '${{patch}}'}}\n"
    (folder / f"{number}/.hydra/config.yaml").write_text(config)


@pytest.fixture
def grid(tmp_path):
    jobs = itertools.product((32, 64, 128), (3, 4), (1e-3, 3e-4))
    for number, (patch, depth, rate) in enumerate(jobs):
        told = [f"patch={patch}", f"model.depth={depth}", f"optimizer.lr={rate}", "batch_size=8"]
        add(tmp_path, number, told, None if number == 5 else patch / 256 + depth / 100, patch)
    return tmp_path


def names(folder):
    paths = draw_sweep(collect_sweep(folder), folder, metric="val/auroc")
    assert all(path.stat().st_size > 1000 for path in paths)
    return sorted(path.name for path in paths)


def test_what_a_patch_sees_is_a_column_in_angstrom(grid):
    table = collect_sweep(grid).set_index("job")
    assert [table.loc[number, FIELD] for number in (0, 4, 8)] == ["128", "256", "512"]
    assert changed_keys(table.reset_index()) == ["patch", "model.depth", "optimizer.lr", FIELD]
    assert monitored_metric(grid) == "val/auroc"


def test_a_grid_has_a_picture_a_key_a_heat_map_and_parallel_coordinates(grid):
    assert names(grid) == [
        "against_depth.png",
        "against_field_of_view.png",
        "against_learning_rate.png",
        "heat_map.png",
        "parallel_coordinates.png",
    ]


def test_seeds_are_spread_and_no_axis(tmp_path):
    for number, (patch, seed) in enumerate(itertools.product((32, 64), (0, 1))):
        add(tmp_path, number, [f"patch={patch}", f"seed={seed}"], 0.5 + patch / 1000 + seed / 100, patch)
    assert names(tmp_path) == ["against_field_of_view.png"]


def test_rates_drawn_at_random_have_no_heat_map(tmp_path):
    for number, (patch, rate) in enumerate([(32, 1e-3), (64, 2e-4), (32, 3e-3), (64, 7e-4)]):
        add(tmp_path, number, [f"patch={patch}", f"optimizer.lr={rate}"], 0.7, patch)
    assert "heat_map.png" not in names(tmp_path)


def test_words_are_an_axis_of_the_parallel_coordinates_only(tmp_path):
    for number, (model, depth) in enumerate(itertools.product(("deep", "a|b"), (3, 4))):
        add(tmp_path, number, [f"model={model}", f"model.depth={depth}"], 0.6 + number / 10, 64)
    assert names(tmp_path) == ["against_depth.png", "parallel_coordinates.png"]


def test_nothing_scored_is_nothing_drawn(tmp_path):
    add(tmp_path, 0, ["patch=64"], None, 64)
    add(tmp_path, 1, ["patch=32"], None, 32)
    assert names(tmp_path) == []


def numbers(folder):
    table = collect_sweep(folder)
    done = table[table["monitor"].notna()].copy()
    for key in ("model.depth", "optimizer.lr", FIELD):
        done[key] = done[key].astype(float)
    return done


def test_means_stand_at_the_values_and_jobs_that_differ_in_one_key_are_joined(grid):
    done, keys = numbers(grid), [FIELD, "model.depth", "optimizer.lr"]
    axes = plot_against(done, FIELD, keys, "val/auroc").axes[0]
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_allclose(lines["mean"][0], [128, 0.125 + 0.035])
    assert len(lines["a job"]) == 11
    assert sum(line.get_linewidth() == 1 for line in axes.lines) == 4
    assert axes.get_xscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("field of view (Å)", "best val/auroc")


def test_a_cell_of_the_heat_map_is_the_mean_of_its_jobs(grid):
    figure = plot_heat_map(numbers(grid), FIELD, "model.depth", "val/auroc")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[:3] == ["0.155\n× 2", "0.280\n× 1", "0.530\n× 2"]  # depth 3, the second lacks a job
    assert len(texts) == 6


def test_a_line_of_the_parallel_coordinates_runs_from_a_jobs_values_to_its_score(grid):
    axes = plot_parallel(numbers(grid), [FIELD, "model.depth", "optimizer.lr"], "val/auroc").axes[0]
    lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 4]
    assert len(lines) == 11
    np.testing.assert_allclose(sorted({round(float(line[0]), 6) for line in lines}), [0, 0.5, 1])
    assert max(line[-1] for line in lines) == 1
