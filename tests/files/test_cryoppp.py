import os
from pathlib import Path

import numpy as np
import pytest

from cryoice.constants import BAD, GOOD, UNKNOWN
from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries, read_picks
from cryoice.files.micrograph import write_mrc
from entry_builder import HEADER, write_csv, write_entry

FULL_HEADER = (
    "X-Coordinate,Y-Coordinate,Diameter,Angle-Psi,Origin X (Ang),Origin Y (Ang),Defocus U,Defocus V,"
    "Defocus Angle,Phase Shift,CTF B Factor"
)


def add_micrograph(folder, name):
    path = folder / "micrographs" / name
    write_mrc(path, np.arange(48, dtype=np.float32).reshape(6, 8), pixel_size=1.0)
    return path


def one(folder):
    """The only micrograph of the only entry in a folder."""
    (entry,) = find_entries(folder)
    (micrograph,) = entry.micrographs
    return micrograph


@pytest.fixture
def entry_folder(tmp_path):
    folder = tmp_path / "10000"
    add_micrograph(folder, "a.mrc")
    return folder


@pytest.fixture
def good_csv(entry_folder):
    return entry_folder / "ground_truth/particle_coordinates/a.csv"


def test_a_root_of_entries_and_an_entry_itself_are_both_taken(tmp_path):
    write_entry(tmp_path / "10002", count=1)
    write_entry(tmp_path / "10001", count=2)
    (tmp_path / "notes").mkdir()
    assert [(entry.name, len(entry.micrographs)) for entry in find_entries(tmp_path)] == [
        ("10001", 2),
        ("10002", 1),
    ]
    (alone,) = find_entries(tmp_path / "10001")
    assert alone.name == "10001"
    assert alone.root == tmp_path / "10001"
    assert not alone.lite


def test_the_working_directory_as_entry_has_its_own_name(tmp_path, monkeypatch):
    write_entry(tmp_path / "10001", count=1)
    monkeypatch.chdir(tmp_path / "10001")
    assert find_entries(Path())[0].name == "10001"


def test_an_entry_in_two_parts_is_found_by_either_name(tmp_path):
    for part in ("10389A", "10389B"):
        write_entry(tmp_path / "10389" / part, count=1)
    write_entry(tmp_path / "10001", count=1)
    assert [entry.name for entry in find_entries(tmp_path)] == ["10001", "10389A", "10389B"]
    assert [entry.name for entry in find_entries(tmp_path, names=["10389"])] == ["10389A", "10389B"]
    assert [entry.name for entry in find_entries(tmp_path, names=["10389B", "10001"])] == ["10389B", "10001"]


def test_an_unknown_entry_lists_those_there_are(tmp_path):
    write_entry(tmp_path / "10001", count=1)
    write_entry(tmp_path / "10002", count=1)
    with pytest.raises(InputError, match=r"no entry 10003; there are 10001, 10002$"):
        find_entries(tmp_path, names=["10001", "10003"])


def test_a_missing_root_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        find_entries(tmp_path / "nowhere")


def test_a_root_without_entries_is_named(tmp_path):
    with pytest.raises(InputError, match="no CryoPPP entry"):
        find_entries(tmp_path)


@pytest.mark.parametrize("folder", ["micrographs", "ground_truth"])
def test_an_empty_entry_is_found_among_the_others(tmp_path, folder):
    (tmp_path / "10001" / folder).mkdir(parents=True)
    write_entry(tmp_path / "10002", count=1)
    empty, other = find_entries(tmp_path)
    assert (empty.name, empty.micrographs, empty.lite) == ("10001", (), False)
    assert len(other.micrographs) == 1


def test_entries_of_one_name_are_told_apart_by_their_paths(tmp_path):
    for parent in ("a", "b"):
        write_entry(tmp_path / parent / "10001", count=1)
    write_entry(tmp_path / "b/10002", count=1)
    assert [entry.name for entry in find_entries(tmp_path)] == ["a/10001", "b/10001", "10002"]
    assert [entry.name for entry in find_entries(tmp_path, names=["b/10001"])] == ["b/10001"]
    assert [entry.name for entry in find_entries(tmp_path, names=["10001"])] == ["a/10001", "b/10001"]


def test_pictures_make_a_lite_entry(tmp_path):
    (entry,) = find_entries(write_entry(tmp_path / "10001", count=2, lite=True, frame="top"))
    assert entry.lite
    assert [micrograph.path.name for micrograph in entry.micrographs] == ["m0.jpg", "m1.jpg"]
    assert len(read_picks(entry.micrographs[0]).x) == 35


def test_a_micrograph_with_a_preview_beside_it_counts_once(entry_folder):
    (entry_folder / "micrographs/a.jpg").write_bytes(b"preview")
    (entry_folder / "micrographs/._a.mrc").write_bytes(b"left by a Mac")
    (entry_folder / "micrographs/list.txt").write_text("a.mrc")
    assert one(entry_folder).path.name == "a.mrc"
    assert not find_entries(entry_folder)[0].lite


def test_good_picks_come_before_bad_ones_with_their_labels(entry_folder, good_csv):
    write_csv(good_csv, [(1, 2, 8), (3, 4, 10)])
    write_csv(entry_folder / "ground_truth/false_positives/a_false_positives.csv", [(5, 0, 30)])
    picks = read_picks(one(entry_folder))
    assert picks.x.tolist() == [1, 3, 5]
    assert picks.y.tolist() == [2, 4, 0]
    assert picks.label.tolist() == [GOOD, GOOD, BAD]
    assert picks.true_label.tolist() == [UNKNOWN] * 3
    assert picks.diameter == 10
    assert picks.invalid == 0


def test_a_micrograph_without_pick_files_stays_without_picks(entry_folder, good_csv):
    add_micrograph(entry_folder, "b.mrc")
    write_csv(good_csv, [(1, 2, 8)])
    _, without = find_entries(entry_folder)[0].micrographs
    assert (without.name, without.good, without.bad) == ("b", None, None)
    picks = read_picks(without)
    assert len(picks.x) == 0
    assert picks.diameter is None


@pytest.mark.parametrize(
    ("micrograph", "csv_name"),
    [
        ("a_patch_aligned_doseweighted.mrc", "a"),
        ("a.frames.mrc", "a"),
        ("a.mrc", "a.frames"),
        ("a.mrc", "004411_a"),
        ("004411_a.mrc", "a"),
        ("grid 3 hole 1.mrc", "grid 3 hole 1"),
    ],
)
def test_pick_files_are_found_under_the_names_they_really_have(tmp_path, micrograph, csv_name):
    folder = tmp_path / "10000"
    add_micrograph(folder, micrograph)
    write_csv(folder / f"ground_truth/particle_coordinates/{csv_name}.csv", [(1, 2, 8)])
    write_csv(folder / f"ground_truth/false_positives/{csv_name}_false_positives.csv", [(3, 4, 8)])
    assert read_picks(one(folder)).label.tolist() == [GOOD, BAD]


def test_columns_are_read_by_name(entry_folder, good_csv):
    row = (1, 2, 84, -1.5, 0, 0, 15000, 14000, 30, 0, 0)
    write_csv(good_csv, [row], header=FULL_HEADER)
    assert read_picks(one(entry_folder)).diameter == 84
    write_csv(good_csv, [(84, 2, 1)], header="Diameter, Y-Coordinate ,X-Coordinate")
    picks = read_picks(one(entry_folder))
    assert (picks.x.tolist(), picks.y.tolist(), picks.diameter) == ([1], [2], 84)


def test_the_diameter_may_be_missing(entry_folder, good_csv):
    write_csv(good_csv, [(1, 2)], header="X-Coordinate,Y-Coordinate")
    assert read_picks(one(entry_folder)).diameter is None


def test_a_byte_order_mark_and_quoted_rows_are_read_through(entry_folder, good_csv):
    write_csv(good_csv, [])
    good_csv.write_bytes(
        b'\xef\xbb\xbf"X-Coordinate,Y-Coordinate,Diameter"\r\n"1,2,84"\r\n"3","4","84"\r\n\r\n'
    )
    assert read_picks(one(entry_folder)).x.tolist() == [1, 3]


def test_a_header_without_rows_means_no_picks(entry_folder, good_csv):
    write_csv(good_csv, [])
    assert len(read_picks(one(entry_folder)).x) == 0


@pytest.mark.parametrize("header", ["X,Y,Diameter", "", "X-Coordinate,Diameter"])
def test_a_missing_column_names_file_and_column(entry_folder, good_csv, header):
    write_csv(good_csv, [(1, 2, 3)], header=header)
    with pytest.raises(InputError, match=r"a\.csv: no column .*Y-Coordinate"):
        read_picks(one(entry_folder))


def test_a_binary_csv_is_named(entry_folder, good_csv):
    write_csv(good_csv, [])
    good_csv.write_bytes(b"\xff\xfe\x00\x01" * 10)
    with pytest.raises(InputError, match=r"a\.csv: cannot be read as CSV"):
        read_picks(one(entry_folder))


def test_rows_that_are_no_position_are_counted_and_left_out(entry_folder, good_csv):
    rows = [(1, 2, 8), ("nan", 2, 8), (-1, 2, 8), (3, -0.5, 8), ("", 2, 8), ("x", 2, 8), (3,), ("inf", 1, 8)]
    write_csv(good_csv, [*rows, (0, 0, 8)])
    picks = read_picks(one(entry_folder))
    assert picks.x.tolist() == [1, 0]
    assert picks.y.tolist() == [2, 0]
    assert picks.invalid == 7


def test_true_labels_are_matched_by_position_and_label(entry_folder, good_csv):
    write_csv(good_csv, [(1, 2, 8), (3, 4, 8)])
    write_csv(entry_folder / "ground_truth/false_positives/a_false_positives.csv", [(1, 2, 8), (7, 7, 8)])
    write_csv(
        entry_folder / "ground_truth/true_labels/a.csv",
        [(3, 4, 0, 1), (1, 2, 1, 1), (1, 2, 0, 0)],
        header="X-Coordinate,Y-Coordinate,Label,True-Label",
    )
    assert read_picks(one(entry_folder)).true_label.tolist() == [GOOD, BAD, BAD, UNKNOWN]


def star_text(rows):
    lines = "\n".join(f"{name} {x} {y}" for name, x, y in rows)
    return (
        "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnMicrographPixelSize #2\n1 1.5\n\n"
        "data_particles\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
        f"{lines}\n\n"
    )


def write_stars(folder, selected, excluded):
    truth = folder / "ground_truth"
    truth.mkdir(parents=True, exist_ok=True)
    (truth / "empiar-10000_particles_selected.star").write_text(star_text(selected))
    (truth / "empiar-10000_particles_excluded.star").write_text(star_text(excluded))


def test_star_files_serve_where_there_are_no_csv_files(entry_folder):
    add_micrograph(entry_folder, "b.mrc")
    add_micrograph(entry_folder, "c.mrc")
    write_stars(
        entry_folder,
        selected=[
            ("J1/imported/0017_a.mrc", 1.5, 2),
            ("J1/imported/0018_b.mrc", 3, 4),
            ("J1/0017_a.mrc", 5, 6),
        ],
        excluded=[("../../etc/0017_a.mrc", 7, 8), ("/root/0017_a.mrc", "nan", 8)],
    )
    first, second, third = find_entries(entry_folder)[0].micrographs
    picks = read_picks(first)
    assert (picks.x.tolist(), picks.y.tolist()) == ([1.5, 5, 7], [2, 6, 8])
    assert picks.label.tolist() == [GOOD, GOOD, BAD]
    assert picks.invalid == 1
    assert picks.diameter is None
    assert read_picks(second).label.tolist() == [GOOD]
    assert (third.good, third.bad, len(read_picks(third).x)) == (None, None, 0)


def test_csv_files_go_before_star_files(entry_folder, good_csv):
    write_csv(good_csv, [(1, 2, 8)])
    write_stars(entry_folder, selected=[("a.mrc", 9, 9)], excluded=[("a.mrc", 9, 9)])
    assert read_picks(one(entry_folder)).x.tolist() == [1]


def test_a_changed_star_file_is_read_anew(entry_folder):
    write_stars(entry_folder, selected=[("a.mrc", 1, 1)], excluded=[("a.mrc", 2, 2)])
    assert read_picks(one(entry_folder)).x.tolist() == [1, 2]
    write_stars(entry_folder, selected=[("a.mrc", 5, 1)], excluded=[("a.mrc", 2, 2)])
    star = entry_folder / "ground_truth/empiar-10000_particles_selected.star"
    os.utime(star, ns=(1, 1))
    assert read_picks(one(entry_folder)).x.tolist() == [5, 2]


@pytest.mark.parametrize("content", ["data_particles\n\nloop_\n_rlnImageName #1\na\n\n", "no star file", ""])
def test_a_star_file_without_the_columns_is_named(entry_folder, content):
    write_stars(entry_folder, selected=[], excluded=[])
    (entry_folder / "ground_truth/empiar-10000_particles_selected.star").write_text(content)
    with pytest.raises(InputError, match=r"selected\.star: .*(no block|cannot be read)"):
        find_entries(entry_folder)


def test_the_header_of_the_builder_is_cryoppps(entry_folder, good_csv):
    assert FULL_HEADER.startswith(HEADER)
