"""Lists of suspects that people, RELION and the next training can read."""

import numpy as np
import pandas as pd
import pytest
import starfile
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cryoice.files.coordinates_star import read
from cryoice.learn.cleaning import read_suspects
from cryoice.learn.suspect_places import without_place
from cryoice.learn.suspects import find_suspects
from cryoice.report.suspects import first_of_each, plot_suspects, summarise, write_lists
from judgement_tables import judged


def placed(n=400):
    table, _ = judged(good_to_bad=0.2, bad_to_good=0.1, n=n)
    found = find_suspects(table)
    return table, found.assign(
        file="10000/micrographs/m.mrc", x=found["col"], y=99 - found["row"], pixel_size=1.5
    )


def test_relion_finds_x_along_a_row_and_y_down_the_rows(tmp_path):
    _, suspects = placed()
    write_lists(suspects, tmp_path)
    blocks = starfile.read(tmp_path / "suspects.star")
    particles = blocks["particles"]
    assert particles["rlnCoordinateX"].tolist() == [7.0] * len(suspects)
    assert particles["rlnCoordinateY"].tolist() == suspects["row"].tolist()
    assert set(particles["cryoiceLabel"]) == {"GOOD", "BAD"}
    assert (particles["cryoiceLabel"] != particles["cryoiceSuggested"]).all()
    assert particles["cryoiceQuality"].between(0, 1).all()
    found = read(tmp_path / "suspects.star", box_size=None).particles
    assert (found.frame, found.pixel_size[0], found.micrograph[0]) == ("top", 1.5, "10000/micrographs/m.mrc")


def test_without_micrographs_the_star_file_has_no_optics(tmp_path):
    table, _ = judged(good_to_bad=0.2, bad_to_good=0.1, n=400)
    write_lists(without_place(find_suspects(table)), tmp_path)
    found = read(tmp_path / "suspects.star", box_size=None).particles
    assert found.pixel_size is None
    assert found.micrograph[0].startswith("10000/m")


def test_the_csv_file_is_what_the_next_training_reads(tmp_path):
    _, suspects = placed()
    write_lists(suspects, tmp_path)
    read_back = read_suspects(tmp_path / "suspects.csv")
    names = ["entry", "micrograph", "row", "col", "label", "suggested"]
    pd.testing.assert_frame_equal(read_back[names], suspects[names], check_dtype=False)
    shown = pd.read_csv(tmp_path / "suspects.csv")
    assert shown["rank"].tolist() == list(range(1, len(suspects) + 1))
    assert shown["y"].tolist() == (99 - suspects["row"]).tolist()
    assert shown["reason"].str.startswith("labelled").all()


def test_no_suspects_give_files_of_no_rows(tmp_path):
    _, suspects = placed()
    write_lists(suspects.head(0), tmp_path)
    assert len(read_suspects(tmp_path / "suspects.csv")) == 0
    assert "_rlnCoordinateX" in (tmp_path / "suspects.star").read_text()


def test_the_summary_counts_and_judges_itself_where_the_truth_is_known():
    table, suspects = placed(4000)
    found = summarise(table, suspects, listed=7)
    assert (found["picks"], found["suspects"], found["listed"]) == (4000, len(suspects), 7)
    assert found["good_to_bad"] == pytest.approx(0.2, abs=0.04)
    assert found["bad_to_good"] == pytest.approx(0.1, abs=0.05)  # where classes overlap, too high
    assert found["entries"]["10000"]["suspects"] == len(suspects)
    flipped = table["label"] != table["true_label"]
    assert found["known_flips"] == flipped.sum()
    right = suspects["label"] != suspects["true_label"]
    assert found["precision"] == right.mean()
    assert found["recall"] == right.sum() / flipped.sum()
    assert found["precision_at_recall_0.5"] > 0.8
    assert "known_flips" not in summarise(table.assign(true_label=-1), suspects, listed=7)


@pytest.mark.parametrize(("bad", "good"), [(15, 3), (2, 0)])
def test_the_sheet_shows_the_surest_of_both_labels_side_by_side(bad, good):
    _, suspects = placed(4000)
    labels = [suspects[suspects["label"] == 1].head(bad), suspects[suspects["label"] == 0].head(good)]
    shown = first_of_each(pd.concat(labels).sort_values("rank"))
    assert (shown["label"] == 1).sum() == min(bad, 12)
    patches = np.random.default_rng(0).normal(size=(len(shown), 8, 8)).astype(np.float32)
    figure = plot_suspects(patches, shown, title="t", pixel_size=4.0)
    FigureCanvasAgg(figure).draw()
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == len(shown)
    for axes, (_, row) in zip(
        drawn, shown.sort_values(["label", "rank"], ascending=[False, True]).iterrows(), strict=True
    ):
        assert axes.get_title().startswith(f"{row['rank']}: p(BAD) {row['probability']:.2f}")
    assert "patches of 32 Å" in figure.get_suptitle()
