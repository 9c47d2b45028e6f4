import argparse

import pytest
from benchmarks.watch import make_micrographs, watch_killed, yardstick

pytestmark = pytest.mark.slow


def test_a_watch_killed_in_the_middle_masks_each_micrograph_once(tmp_path, capsys):
    given = argparse.Namespace(micrographs=20, every=0.05, side=96, settle=0.5, jobs=2, keep=tmp_path)
    make_micrographs(tmp_path / "batch/in", side=given.side, number=given.micrographs)
    watch_killed(given, yardstick(tmp_path / "batch", jobs=given.jobs))
    said = capsys.readouterr().out
    assert said.count("  yes: ") == 6
    assert "yes: both logs tell" in said
    assert "NO: " not in said
