import math

import pytest

from cryoice.errors import InputError
from cryoice.files.corrections import COLUMNS, Correction, Corrections

HEADER = ",".join(COLUMNS)


def read(tmp_path, *lines, header=HEADER):
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return Corrections.read(path)


def test_every_kind_is_read_in_the_order_of_the_file(tmp_path):
    found = read(
        tmp_path,
        "Movies/a.mrc,a,verdict,,,,rejected",
        "Movies/a.mrc,a,region,10.5,20.25,,support",
        '"Movies/b, 2.mrc","b, 2",disc,0,3e2,120.5,unknown',
        "",
        "Movies/a.mrc,a,whole,,,,right",
    )
    assert found.faults == ()
    assert [(row.line, row.stem, row.kind, row.label) for row in found.actions] == [
        (2, "a", "verdict", "rejected"),
        (3, "a", "region", "support"),
        (4, "b, 2", "disc", "unknown"),
        (6, "a", "whole", "right"),
    ]
    region, disc = found.actions[1:3]
    assert (region.row, region.column, math.isnan(region.radius)) == (10.5, 20.25, True)
    assert disc == Correction(4, "Movies/b, 2.mrc", "b, 2", "disc", "unknown", 0.0, 300.0, 120.5)


def test_a_byte_order_mark_and_columns_in_another_order_are_read(tmp_path):
    header = "\ufefflabel,radius,column,row,kind,stem,micrograph,note"
    found = read(tmp_path, "clean,,7,5,region,a,a.mrc,by me", header=header)
    assert (found.actions[0].row, found.actions[0].column) == (5, 7)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.mrc,a,circle,1,2,3,clean", "kind 'circle' is none of region, disc, whole, verdict"),
        ("a.mrc,a,region,1,2,,ice", "label 'ice' of a region is none of clean, crystalline, contamination"),
        ("a.mrc,a,region,1,2,,right", "label 'right' of a region is none of clean"),
        ("a.mrc,a,verdict,,,,clean", "label 'clean' of a verdict is none of accepted, rejected"),
        ("a.mrc,a,disc,1,2,,clean", "radius '' of a disc is no number"),
        ("a.mrc,a,disc,1,2,-5,clean", "radius -5 Å must be above 0"),
        ("a.mrc,a,disc,nan,2,5,clean", "row 'nan' of a disc is no number"),
        ("a.mrc,a,region,1,x,,clean", "column 'x' of a region is no number"),
        ("a.mrc,a", "kind '' is none of"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_costs_no_other(row, said, tmp_path):
    found = read(tmp_path, "a.mrc,a,whole,,,,right", row, "b.mrc,b,whole,,,,clean")
    assert [action.stem for action in found.actions] == ["a", "b"]
    [fault] = found.faults
    assert (fault.line, fault.micrograph, fault.stem) == (3, "a.mrc", "a")
    assert fault.reason.startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"micrograph,stem\na,b\n", "no column kind, row, column, radius, label"),
        (b"", "no column micrograph"),
        (b"\xff\xfe\x00", "cannot be read as CSV"),
    ],
)
def test_another_file_is_refused_in_one_line(content, said, tmp_path):
    path = tmp_path / "corrections.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        Corrections.read(path)
    assert str(path) in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        Corrections.read(tmp_path / "none.csv")
