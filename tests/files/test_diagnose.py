from dataclasses import replace

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries
from cryoice.files.diagnose import AUTO, diagnose_entry, frame_in_force
from cryoice.files.micrograph import write_mrc
from cryoice.files.orientation import FRAMES
from cryoice.files.remarks import notes, troubles
from cryoice.files.survey import survey_entry
from cryoice.report.entry_facts import entry_facts
from entry_builder import write_csv, write_entry, write_picks


def entry_of(folder):
    (entry,) = find_entries(folder)
    return entry


def survey_of(folder, *, pixel_size=None):
    return survey_entry(entry_of(folder), pixel_size=pixel_size, track=lambda items, _: items)


@pytest.fixture
def folder(tmp_path):
    return write_entry(tmp_path / "10000")


def test_a_sound_entry_is_ready_to_train_on(folder):
    diagnosis = diagnose_entry(entry_of(folder), pixel_size=None)
    assert diagnosis.frame == "cryoppp"
    assert diagnosis.pixel_size == 10
    assert [micrograph.name for micrograph in diagnosis.micrographs] == ["m0", "m1", "m2"]
    assert diagnosis.problems == ()
    assert diagnosis.remarks == []
    survey = diagnosis.survey
    assert survey.probe.winner == "cryoppp"
    assert (survey.good, survey.bad, survey.invalid, survey.diameter) == (75, 30, 0, 12)
    assert survey.shapes == {(96, 121): 3}
    assert troubles(survey, frame="cryoppp") == []
    assert notes(survey, frame="cryoppp") == []


@pytest.mark.parametrize("true", FRAMES)
def test_auto_refuses_coordinates_in_a_frame_that_is_not_declared(tmp_path, true):
    entry = entry_of(write_entry(tmp_path / "10000", frame=true))
    if true == "cryoppp":
        assert diagnose_entry(entry, pixel_size=None).frame == "cryoppp"
        return
    with pytest.raises(InputError, match=f'10000: the picks fit frame "{true}"'):
        diagnose_entry(entry, pixel_size=None)
    assert diagnose_entry(entry, frame=true, pixel_size=None).frame == true


def test_a_lite_entry_declares_top(tmp_path):
    lite = entry_of(write_entry(tmp_path / "10000", frame="top", lite=True, depth=2.0))
    assert diagnose_entry(lite, pixel_size=10.0).frame == "top"
    assert frame_in_force(lite, AUTO) == "top"


def test_a_forced_frame_is_obeyed_with_a_remark_when_another_one_wins(folder):
    diagnosis = diagnose_entry(entry_of(folder), frame="top", pixel_size=None)
    assert diagnosis.frame == "top"
    (remark,) = diagnosis.remarks
    assert 'the picks fit frame "cryoppp"' in remark
    assert remark.endswith("(used as it is)")


def test_an_unknown_frame_names_the_key(folder):
    with pytest.raises(InputError, match=r"data\.frame=up: unknown; choose one of auto, cryoppp"):
        diagnose_entry(entry_of(folder), frame="up", pixel_size=None)


def test_a_bad_micrograph_is_named_and_the_rest_go_on(folder):
    broken = folder / "micrographs/m1.mrc"
    broken.write_bytes(broken.read_bytes()[:5000])
    diagnosis = diagnose_entry(entry_of(folder), pixel_size=None)
    assert [micrograph.name for micrograph in diagnosis.micrographs] == ["m0", "m2"]
    ((name, reason),) = diagnosis.problems
    assert name == "m1"
    assert "m1.mrc: truncated" in reason
    assert troubles(diagnosis.survey, frame="cryoppp") == [reason]
    assert diagnosis.survey.good == 50


def test_a_constant_micrograph_is_found_by_the_probe(folder):
    write_mrc(folder / "micrographs/m1.mrc", np.ones((96, 121), dtype=np.float32), pixel_size=10.0)
    ((name, reason),) = diagnose_entry(entry_of(folder), pixel_size=None).problems
    assert name == "m1"
    assert "the same value" in reason


def test_a_pick_file_without_columns_costs_its_micrograph_only(folder):
    write_csv(folder / "ground_truth/particle_coordinates/m2.csv", [(1, 2, 3)], header="a,b,c")
    ((name, reason),) = diagnose_entry(entry_of(folder), pixel_size=None).problems
    assert name == "m2"
    assert "no column X-Coordinate" in reason


def test_when_every_micrograph_is_bad_the_entry_is(folder):
    for path in (folder / "micrographs").iterdir():
        path.write_text("<html>gone</html>")
    with pytest.raises(
        InputError, match=r"10000: none of 3 micrographs can be used; the first: .*m0\.mrc: holds"
    ):
        diagnose_entry(entry_of(folder), pixel_size=None)


def test_micrographs_without_pick_files_are_a_note(folder):
    (folder / "ground_truth/particle_coordinates/m1.csv").unlink()
    (folder / "ground_truth/false_positives/m1_false_positives.csv").unlink()
    survey = survey_of(folder)
    assert survey.missing == ("m1",)
    assert troubles(survey, frame="cryoppp") == []
    assert notes(survey, frame="cryoppp") == ["10000: no pick file for m1"]


def test_a_micrograph_with_empty_pick_files_is_a_note(folder):
    for kind in ("good", "bad"):
        write_picks(folder, "m1", np.empty((0, 2)), shape=(96, 121), frame="cryoppp", kind=kind)
    survey = survey_of(folder)
    assert survey.empty == ("m1",)
    assert len(survey.micrographs) == 2
    assert notes(survey, frame="cryoppp") == ["10000: no picks in the files of m1"]


def test_an_entry_without_any_pick_is_trouble(folder):
    for path in (folder / "ground_truth").rglob("*.csv"):
        path.unlink()
    survey = survey_of(folder)
    (trouble,) = troubles(survey, frame="cryoppp")
    assert "no picks for any of 3 micrographs" in trouble
    assert notes(survey, frame="cryoppp") == ["10000: no pick file for m0, m1, m2"]
    with pytest.raises(InputError, match="no picks for any"):
        diagnose_entry(entry_of(folder), pixel_size=None)


def test_an_entry_without_bad_picks_says_so(folder):
    for path in (folder / "ground_truth/false_positives").iterdir():
        path.unlink()
    assert notes(survey_of(folder), frame="cryoppp") == [
        "10000: no BAD picks, so it cannot train a classifier alone"
    ]


def test_many_names_are_cut_short(tmp_path):
    folder = write_entry(tmp_path / "10000", count=8, shape=(48, 49), depth=3.0)
    for path in (folder / "ground_truth").rglob("m[1-7]*.csv"):
        path.unlink()
    assert "no pick file for m1, m2, m3, m4, m5 and 2 more" in notes(survey_of(folder), frame="cryoppp")[0]


def test_an_unknown_pixel_size_names_the_key(tmp_path):
    folder = write_entry(tmp_path / "10000", pixel_size=0.0)
    with pytest.raises(InputError, match=r"10000: .*set data\.pixel_sizes={10000:\.\.\.}"):
        diagnose_entry(entry_of(folder), pixel_size=None)
    assert diagnose_entry(entry_of(folder), pixel_size=12.0).pixel_size == 12


@pytest.mark.parametrize("pixel_size", [0.0, -1.0, float("nan")])
def test_an_impossible_pixel_size_is_refused(folder, pixel_size):
    with pytest.raises(InputError, match=r"10000: pixel size .* is impossible"):
        diagnose_entry(entry_of(folder), pixel_size=pixel_size)


@pytest.mark.parametrize(("pixel_size", "diameter"), [(3.0, 36), (90.0, 1080)])
def test_a_scale_no_particle_has_is_trouble(folder, pixel_size, diameter):
    (trouble,) = troubles(survey_of(folder, pixel_size=pixel_size), frame="cryoppp")
    assert f"a particle of {diameter} Å, outside 40-1000 Å; mend data.pixel_sizes={{10000:...}}" in trouble


def test_the_wrong_pixel_size_of_10345_is_known(tmp_path):
    folder = write_entry(tmp_path / "10345", pixel_size=0.673)
    (trouble,) = troubles(survey_of(folder), frame="cryoppp")
    assert trouble == "10345: 0.673 Å/px is known to be wrong; set data.pixel_sizes={10345:1.345}"
    assert f"{trouble} (used as it is)" in diagnose_entry(entry_of(folder), pixel_size=None).remarks
    mended = troubles(survey_of(folder, pixel_size=1.345), frame="cryoppp")
    assert not any("known to be wrong" in line for line in mended)


def test_a_micrograph_of_another_pixel_size_is_left_out_unless_one_is_given(folder):
    write_entry(folder.parent / "other", pixel_size=20.0)
    (folder.parent / "other/micrographs/m1.mrc").replace(folder / "micrographs/m1.mrc")
    ((name, reason),) = diagnose_entry(entry_of(folder), pixel_size=None).problems
    assert name == "m1"
    assert "its header says 20 Å/px, most of the entry 10" in reason
    assert diagnose_entry(entry_of(folder), pixel_size=10.0).problems == ()


def test_picks_off_the_micrograph_are_counted_and_many_are_trouble(folder):
    path = folder / "ground_truth/false_positives/m0_false_positives.csv"
    path.write_text(path.read_text() + "500,500,12\n121,0,12\n120,95,12\n")
    survey = survey_of(folder)
    assert survey.outside["cryoppp"] == 2
    assert troubles(survey, frame="cryoppp") == []
    path.write_text(path.read_text() + "500,500,12\n" * 10)
    (trouble,) = troubles(survey_of(folder), frame="cryoppp")
    assert "12 of 118 picks are off the micrograph" in trouble


def test_picks_on_featureless_micrographs_are_remarked_as_unconfirmed(tmp_path):
    diagnosis = diagnose_entry(entry_of(write_entry(tmp_path / "10000", depth=0.0)), pixel_size=None)
    assert diagnosis.frame == "cryoppp"
    (remark,) = diagnosis.remarks
    assert remark.startswith("10000: no frame wins at z >= 3; cryoppp (z = ")
    assert remark.endswith(") is taken unconfirmed")


def test_many_unreadable_micrographs_end_in_one_line(tmp_path):
    folder = write_entry(tmp_path / "10000", count=9, shape=(48, 49), depth=3.0)
    for index in range(1, 9):
        (folder / f"micrographs/m{index}.mrc").write_text("<html>gone</html>")
    remarks = diagnose_entry(entry_of(folder), pixel_size=None).remarks
    assert [line.split(":")[0] for line in remarks[:5]] == [f"10000/m{index}" for index in range(1, 6)]
    assert remarks[5] == "10000: 3 more micrographs cannot be used"
    assert not any("m6" in line for line in remarks)


def test_an_entry_without_micrographs_has_that_one_trouble(tmp_path):
    (tmp_path / "10001/micrographs").mkdir(parents=True)
    (trouble,) = troubles(survey_of(tmp_path / "10001"), frame="cryoppp")
    assert "10001/micrographs: no micrographs; fetch them or leave the entry 10001 out" in trouble
    with pytest.raises(InputError, match="no micrographs; fetch them"):
        diagnose_entry(entry_of(tmp_path / "10001"), pixel_size=None)


def test_a_diameter_nobody_tells_is_noted(folder):
    for path in (folder / "ground_truth").rglob("*.csv"):
        rows = [line.split(",")[:2] for line in path.read_text().splitlines()[1:]]
        write_csv(path, rows, header="X-Coordinate,Y-Coordinate")
    assert any("no particle diameter" in line for line in notes(survey_of(folder), frame="cryoppp"))


def test_the_probe_reads_at_most_12_micrographs(tmp_path):
    folder = write_entry(tmp_path / "10000", count=14, shape=(48, 49), depth=3.0)
    assert survey_of(folder).probe.micrographs == 12


def facts_of(survey):
    return dict(entry_facts(survey, frame="cryoppp"))


def test_facts_tell_where_the_pixel_size_is_from(folder, tmp_path):
    assert facts_of(survey_of(folder))["pixel size"] == "10 Å/px (header)"
    assert facts_of(survey_of(folder, pixel_size=12.0))["pixel size"] == "12 Å/px (given; the header says 10)"
    silent = write_entry(tmp_path / "10001", pixel_size=0.0)
    assert facts_of(survey_of(silent))["pixel size"] == "unknown"
    assert (
        facts_of(survey_of(silent, pixel_size=12.0))["pixel size"]
        == "12 Å/px (given; the header says nothing)"
    )


@pytest.mark.parametrize(
    ("pixel_size", "said"), [(1.72, "visible: Nyquist is 3.44 Å"), (1.73, "not visible: Nyquist is 3.46 Å")]
)
def test_the_ice_ring_needs_a_nyquist_below_it(folder, pixel_size, said):
    assert facts_of(survey_of(folder, pixel_size=pixel_size))["ice at 3.44 Å"] == said


def test_eight_bit_pictures_show_no_ice_ring(tmp_path):
    lite = write_entry(tmp_path / "10000", lite=True, frame="top")
    assert facts_of(survey_of(lite, pixel_size=1.0))["ice at 3.44 Å"].startswith("not visible: 8-bit")


def test_facts_fit_into_80_columns_even_when_nothing_is_known(folder):
    survey = survey_of(folder)
    blank = replace(survey, pixel_size=None, header_pixel_size=None, diameter=None, shapes={})
    crowded = replace(survey, shapes={(7420 + index, 7676): 300 for index in range(9)})
    for shown in (blank, crowded):
        assert max(len(value) for _, value in entry_facts(shown, frame="cryoppp")) <= 80 - 22
