from pathlib import Path

import pytest
from benchmarks.relion import JOB, compare, compare_all
from benchmarks.relion_project import MICROGRAPHS, PARTICLES, write_project
from typer.testing import CliRunner

from cryoice.cli import app


def test_a_simulated_project_comes_back_with_every_cell_as_it_was(simulated, tmp_path, monkeypatch):
    monkeypatch.chdir(write_project(simulated, tmp_path / "project"))
    lists = ("--in_mics", MICROGRAPHS, "--in_parts", PARTICLES, "--j", "2")
    done = CliRunner().invoke(app, ["relion", "--o", f"{JOB}/", *lists])
    assert done.exit_code == 0, done.output
    found = compare_all(Path())
    print(found)
    assert found["micrographs"].rows == 3
    assert found["particles"].rows > 3
    for counts, added in zip(found.values(), (11, 2), strict=True):
        assert counts.accepted + counts.rejected == counts.rows
        assert (counts.blocks, counts.added) == (2, added)


BEFORE = "data_optics\n\nloop_\n_g #1\n1\n2\n\ndata_list\n\nloop_\n_id #1\n_x #2\na 1.50\nb 2.0\nc 3.0\n"
PARTS = ("a 1.50 n\nc 3.0 n\n", "b 2.0 n\n")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a 1.50", "a 1.5", "rows"),
        ("a 1.50 n\nc 3.0 n", "c 3.0 n\na 1.50 n", "rows"),
        ("c 3.0 n\n", "", "a row in no list"),
        ("c 3.0 n\n", "b 2.0 n\nc 3.0 n\n", "a row in both lists"),
        ("1\n2\n", "1\n3\n", "optics"),
        ("_x #2", "_y #2", "columns"),
        ("data_optics", "data_others", "blocks"),
    ],
)
def test_a_comparison_sees_what_differs(old, new, told, tmp_path):
    paths = [tmp_path / f"{name}.star" for name in ("before", "accepted", "rejected")]
    head = BEFORE.partition("a 1.50")[0].replace("_x #2\n", "_x #2\n_ours #3\n")
    for path, text in zip(paths, (BEFORE, head + PARTS[0], head + PARTS[1]), strict=True):
        path.write_text(text)
    same = compare(*paths, key="id")
    assert (same.rows, same.accepted, same.rejected, same.added, same.cells) == (3, 2, 1, 1, 8)
    paths[1].write_text((head + PARTS[0]).replace(old, new))
    with pytest.raises(AssertionError, match=told):
        compare(*paths, key="id")
