from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from benchmarks.patch_size import PICK, Job, draw, read_jobs, score, table, under_picks

from cryoice.constants import BAD, GOOD
from cryoice.errors import InputError
from cryoice.files.mrc import write_mrc

CRYSTALLINE, OTHER = 1, 4
MICROGRAPHS = 4


def job(probability, *, channels="real", side=64.0):
    """On each of four micrographs two particles, one false positive on a crystal, one on nothing.

    ``probability`` is that of BAD for these four picks; the last micrograph has one on something else.
    """
    rows = [
        {
            "entry": "a",
            "micrograph": f"m{number}",
            "y": 0.0,
            "x": float(place),
            "true_label": label,
            "under": under,
        }
        for number in range(MICROGRAPHS)
        for place, (label, under) in enumerate([(GOOD, 0), (GOOD, 0), (BAD, CRYSTALLINE), (BAD, 0)])
    ]
    table = pd.DataFrame(rows).assign(probability=np.tile(np.asarray(probability, dtype=float), MICROGRAPHS))
    table.loc[len(table)] = ["a", "m3", 9.0, 9.0, BAD, OTHER, 0.5]
    return Job(channels, side, table)


def test_a_kind_is_scored_against_particles_on_clean_film():
    found = score([job([0.1, 0.6, 0.8, 0.3])], draws=50)
    assert found["crystalline", "real", 64.0] == (1.0, 1.0, 1.0)
    assert found["no particle", "real", 64.0][0] == pytest.approx(0.5)


def test_a_kind_on_few_micrographs_is_left_out():
    kinds = {kind for kind, _, _ in score([job([0.1, 0.2, 0.3, 0.4])], draws=5)}
    assert kinds == {"any artifact", "crystalline", "no particle"}


def test_seeds_are_averaged_and_other_sides_and_channels_are_not():
    right, wrong = [0.1, 0.1, 0.9, 0.9], [0.9, 0.9, 0.1, 0.1]
    jobs = [job(right), job(wrong), job(wrong, side=128.0), job(right, channels="spectrum")]
    found = score(jobs, draws=5)
    assert found["crystalline", "real", 64.0][0] == 0.5
    assert found["crystalline", "real", 128.0][0] == 0.0
    assert found["crystalline", "spectrum", 64.0][0] == 1.0


def test_micrographs_that_disagree_give_bounds():
    one = job([0.1, 0.1, 0.9, 0.9])
    disagreeing = one.predictions["micrograph"].isin(["m0", "m1"])
    one.predictions.loc[disagreeing, "probability"] = 0.05
    value, low, high = score([one], draws=200)["crystalline", "real", 64.0]
    assert low < value < high


def test_the_class_under_a_pick_is_that_of_its_own_pixel(tmp_path):
    mask = np.zeros((20, 30), dtype=np.uint16)
    mask[3, 17] = OTHER
    (tmp_path / "ground_truth/masks").mkdir(parents=True)
    write_mrc(tmp_path / "ground_truth/masks/m_mask.mrc", mask, pixel_size=1.0)
    micrograph = SimpleNamespace(entry="a", name="m", path=str(tmp_path / "micrographs/m.mrc"))
    picks = pd.DataFrame({"micrograph": 0, "row": [3.0, 17.0], "col": [17.0, 3.0]})
    found = under_picks(SimpleNamespace(micrographs=[micrograph], picks=picks))
    assert found[["y", "x", "under"]].to_numpy().tolist() == [[3.0, 17.0, OTHER], [17.0, 3.0, 0.0]]
    assert set(PICK) <= set(found.columns)


def test_the_figure_has_a_panel_for_each_kind_and_a_point_for_each_side():
    jobs = [job([0.1, 0.2, 0.3, 0.4], side=side) for side in (41.0, 1000.0)]
    found = score(jobs, draws=5)
    panels = {axes.get_title(): axes for axes in draw(found).axes if axes.get_title()}
    assert set(panels) == {"any artifact", "crystalline", "no particle"}
    assert panels["crystalline"].get_xscale() == "log"
    assert panels["crystalline"].lines[0].get_xdata().tolist() == [41.0, 1000.0]
    assert table(found, jobs).row_count == 3


def test_a_folder_without_finished_jobs_is_refused(tmp_path):
    with pytest.raises(InputError, match="no finished job"):
        read_jobs([tmp_path])
