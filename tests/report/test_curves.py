"""Histories of resumed runs join, and curves bear gaps and missing classes."""

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from cryoice.report.curves import plot_curves, plot_performance, read_history
from cryoice.report.figures import save_figure


def write_history(run_dir, version, text):
    folder = run_dir / f"history/version_{version}"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(text)


def test_a_resumed_run_replaces_the_steps_it_repeats_and_keeps_the_rest(tmp_path):
    write_history(tmp_path, 0, "epoch,step,train/loss,val/loss\n0,0,5,\n0,1,4,\n0,1,,6\n1,2,3,\n")
    write_history(tmp_path, 1, "epoch,step,train/loss,val/loss\n1,2,2,\n1,3,1,\n1,3,,3\n")
    write_history(tmp_path, 10, "epoch,step,test/loss\n1,0,9\n")
    joined = read_history(tmp_path)
    assert joined["train/loss"].dropna().tolist() == [5, 4, 2, 1]
    assert joined["val/loss"].dropna().tolist() == [6, 3]
    assert joined["test/loss"].dropna().tolist() == [9]
    assert joined.loc[joined["train/loss"].notna(), "step"].tolist() == [0, 1, 2, 3]


def test_no_history_is_an_empty_table_and_an_empty_figure(tmp_path):
    history = read_history(tmp_path)
    assert history.empty
    save_figure(plot_curves(history), tmp_path / "curves.png")


def test_gaps_are_left_out_of_the_curves_and_losses_stand_apart(tmp_path):
    write_history(
        tmp_path,
        0,
        "epoch,step,train/loss,val/loss,val/auroc,lr-Adam\n0,0,0.7,,,1\n0,1,0.6,,,1\n0,1,,0.65,0.8,\n",
    )
    left, right = plot_curves(read_history(tmp_path)).axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in [*left.lines, *right.lines]}
    assert drawn["train/loss"] == [[0, 0.7], [1, 0.6]]
    assert drawn["val/loss"] == [[1, 0.65]]
    assert [line.get_label() for line in right.lines] == ["val/auroc"]


def predictions(label, true_label=-1):
    n = len(label)
    return pd.DataFrame(
        {
            "entry": "a",
            "micrograph": [f"m{k % 3}" for k in range(n)],
            "label": label,
            "true_label": true_label,
            "probability": np.linspace(0.05, 0.95, n),
        }
    )


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_performance_names_its_scores_against_both_kinds_of_label(tmp_path):
    figure = plot_performance(predictions([0, 1, 0, 1], true_label=[0, 0, 1, 1]))
    save_figure(figure, tmp_path / "performance.png")
    roc, precision, reliability, confusion = figure.axes
    legend = [text.get_text() for text in roc.get_legend().get_texts()]
    assert legend == ["labels: AUROC 0.750", "true labels: AUROC 1.000", "chance"]
    assert texts(confusion) == ["1\n50.0%", "1\n50.0%", "1\n50.0%", "1\n50.0%"]
    assert "prevalence 0.500" in [text.get_text() for text in precision.get_legend().get_texts()]
    assert reliability.get_title() == "Reliability"


@pytest.mark.parametrize("only", [0, 1])
def test_a_missing_class_leaves_the_roc_out(only, tmp_path):
    figure = plot_performance(predictions([only] * 5))
    save_figure(figure, tmp_path / "one.png")
    assert texts(figure.axes[0]) == ["needs both classes"]
    assert texts(figure.axes[1]) == ([] if only else ["needs BAD examples"])


def test_no_predictions_are_still_a_figure(tmp_path):
    empty = predictions([]).astype({"label": np.int64, "true_label": np.int64})
    save_figure(plot_performance(empty), tmp_path / "none.png")
    assert matplotlib.image.imread(tmp_path / "none.png").shape[:2] == (1290, 1440)
