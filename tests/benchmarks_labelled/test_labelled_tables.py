import numpy as np
import pytest
from benchmarks.labelled.estimate import estimate
from benchmarks.labelled.gates import gate_table, gates
from benchmarks.labelled.scoring import factor_table
from benchmarks.labelled.table import any_artifact, classes, crystalline
from benchmarks.labelled.tally import ANY
from benchmarks.labelled.worst import balanced_error, copy_overlays, place_of, what_went_wrong, worst

from cryoice.constants import CLASSES
from labelled_tallies import a_tally, confusion


def rows_of(table):
    return list(zip(*(column.cells for column in table.columns), strict=True))


def test_a_class_is_measured_where_a_source_has_it():
    run = [a_tally("a", confusion(t0m0=1, t4m4=1)), a_tally("b", confusion(t0m0=1, t2m2=1))]
    ((name, source, number, there, *figures),) = rows_of(classes([run]))
    assert (name, source, number, there) == ("other", "a", "1", "1")
    assert figures == ["1.000", "1.000", "1.000", *["1.000, 1.000"] * 4]  # one micrograph: no interval
    assert [row[0] for row in rows_of(any_artifact([run]))] == ["a", "b", "all real"]


def test_a_baseline_that_cannot_be_measured_everywhere_is_a_dash():
    run = [
        a_tally(source, confusion(t0m0=1, t4m4=1), scorers=(ANY, "dark blob", *more))
        for source, more in (("a", ("iciness",)), ("b", ()))
    ]
    last = [row[-1] for row in rows_of(any_artifact([run]))]
    assert last == ["1.000, 1.000", "-", "-"]


def test_crystalline_ice_is_told_micrograph_by_micrograph_by_the_worst_network():
    first = [
        a_tally("a", confusion(t1m1=1)),
        a_tally("a", confusion(t0m0=1)),
        a_tally("b", confusion(t0m0=1)),
    ]
    second = [a_tally("a", confusion(t1m1=3, t1m0=1)), a_tally("a", confusion(t0m0=9, t0m1=1)), first[2]]
    assert rows_of(crystalline([first, second])) == [("a", "m", "0.750", "-"), ("a", "m", "-", "0.100")]


def real(**changes):
    """Return what passes every gate but for the changes, by source."""
    cells = {
        "10146": confusion(t0m0=98, t2m2=2),
        "10947": confusion(t0m0=90, t2m2=5, t3m3=5),
        "smartem": confusion(t0m0=9, t3m3=1),
        "micassess": confusion(t0m0=9, t1m1=1),
        "micassess (doubtful)": confusion(t1m1=1),
        "epu": confusion(t0m0=1),
    }
    return [perfect(source, matrix) for source, matrix in (cells | changes).items()]


def perfect(source, cells):
    """Return a tally whose scores are right, whatever its mask, beside a baseline that knows nothing."""
    one = a_tally(source, cells, scorers=(ANY,))
    for value, name in enumerate(CLASSES[1:], start=1):
        told = a_tally(source, cells, scores=dict.fromkeys(range(5), 0.1) | {value: 0.9})
        one.histograms[name] = told.histograms[ANY]
    one.histograms["dark blob"] = one.histograms[ANY].sum(axis=1, keepdims=True)
    return one


def verdicts(run):
    return {
        (gate.name, gate.where): gate.met(estimate(gate.figure, gate.runs).mean)
        for gate in gates([run])
        if gate.target
    }


def test_a_perfect_network_meets_every_gate():
    found = verdicts(real())
    assert all(found.values())
    assert len(found) == 2 + 4 + (2 + 2) + (1 + 1 + 1 + 1) + 3
    assert {row[-1] for row in rows_of(gate_table([real()]))} == {"yes", ""}


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"10146": confusion(t0m0=98, t2m2=1, t2m3=1)}, {("IoU of contamination", "10146")}),
        ({"smartem": confusion(t0m0=9, t3m3=0.59, t3m2=0.41)}, {("IoU of support", "smartem")}),
        (
            {"micassess (doubtful)": confusion(t1m1=49, t1m0=51)},
            {("crystalline micrographs found", "all, doubtful too")},
        ),
        (
            {"epu": confusion(t0m0=999, t0m1=1)},
            {("clean micrographs with a pixel called crystalline", "all real")},
        ),
        (
            {name: confusion(t0m0=980, t0m2=20) for name in ("x", "y", "z", "u", "v", "w")},
            {("median of clean area flagged", "all real")},
        ),
    ],
)
def test_each_gate_fails_alone(changes, failing):
    assert {key for key, met in verdicts(real(**changes)).items() if not met} == failing


def test_gates_count_the_networks_that_pass():
    table = gate_table([real(), real(smartem=confusion(t0m0=9, t3m2=1))])
    (row,) = [row for row in rows_of(table) if row[:2] == ("IoU of support", "smartem")]
    assert row == ("IoU of support", "smartem", "0.500", "0.707", "", ">= 0.6", "1 of 2")


def test_simulated_micrographs_have_no_gates():
    assert rows_of(gate_table([[a_tally("simulated: x", np.eye(5))]])) == []


def test_the_balanced_error_weighs_classes_alike_and_says_what_went_wrong():
    one = a_tally("a", confusion(t0m0=94, t0m1=1, t2m2=1, t2m0=3, t2m3=1))
    assert balanced_error(one) == pytest.approx((1 / 95 + 4 / 5) / 2)
    told = "clean 95.00: 1.00 called crystalline; contamination 5.00: 3.00 called clean, 1.00 called support"
    assert what_went_wrong(one) == told
    better = a_tally("a", confusion(t0m0=1, t2m2=1))
    assert worst([better, one, better], 2) == [one, better]
    assert what_went_wrong(better) == ""


def test_the_worst_overlays_lie_side_by_side_and_old_ones_go(tmp_path):
    tallies = [a_tally(source, np.eye(5), name=name) for source, name in (("b (doubtful)", "x"), ("a", "y"))]
    for tally in tallies:
        drawn = place_of(tmp_path, tally.source, tally.name)
        drawn.parent.mkdir()
        drawn.write_text(tally.name)
    copy_overlays(tallies, tmp_path)
    copy_overlays(tallies[1:], tmp_path)
    assert {path.name: path.read_text() for path in (tmp_path / "worst").iterdir()} == {"01-a-y.png": "y"}


def test_wrong_pixel_sizes_stand_side_by_side():
    good = [a_tally("a", confusion(t0m0=1, t4m4=1))]
    blind = [a_tally("a", confusion(t0m0=1, t4m4=1), scores={0: 0.5, 4: 0.5})]
    table = factor_table({0.67: [blind], 1.0: [good]})
    assert [column.header for column in table.columns] == [
        "source",
        "0.67 times the Å/px",
        "1 times the Å/px",
    ]
    assert rows_of(table) == [("a", "0.500", "1.000")]
