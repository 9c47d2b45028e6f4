import csv

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.files.corrections import COLUMNS
from cryoice.files.micrograph import write_mrc
from mask_folder import marked_mask, write_mask_folder

FACTS = ("clean", "crystalline", "contamination", "support", "other", "unsure", "iciness", "ring_density")
KINDS = {
    # doubt, then support, unsure and iciness
    "carbon1": (0.18, 0.4, 0.1, 0.8),
    "carbon2": (0.16, 0.4, 0.1, 0.8),
    "drops": (0.10, 0.0, 0.2, 0.8),
    "ice": (0.08, 0.0, 0.0, 3.0),
    "film1": (0.01, 0.0, 0.0, 0.8),
    "film2": (0.01, 0.0, 0.0, 0.8),
}


@pytest.fixture
def masks(tmp_path):
    folder = write_mask_folder(tmp_path / "masks", {stem: marked_mask() for stem in KINDS})
    table = pd.read_csv(folder / "summary.csv")
    for stem, (doubtful, support, unsure, iciness) in KINDS.items():
        score = np.full((20, 25), doubtful, dtype=np.float32)
        score[0] = np.nan  # no data
        write_mrc(folder / f"{stem}_score.mrc", score, pixel_size=8.0)
        told = (1 - support, 0, 0, support, 0, unsure, iciness, "")
        table.loc[table["stem"] == stem, list(FACTS)] = told
    table.to_csv(folder / "summary.csv", index=False)
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["next", *map(str, arguments)], env={"COLUMNS": "200"})


def rows(folder):
    with (folder / "next.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_each_kind_comes_before_a_second_of_one_kind(masks):
    done = run(masks)
    assert done.exit_code == 0, done.output
    found = rows(masks)
    assert list(found[0]) == ["rank", "micrograph", "stem", "score", "reason"]
    assert [row["rank"] for row in found] == list("123456")
    stems = [row["stem"] for row in found]
    assert stems[0] == "carbon1"
    assert set(stems[:3]) == {"carbon1", "drops", "ice"}
    assert stems[-1] in ("carbon2", "film1", "film2")
    assert found[0]["micrograph"] == "MotionCorr/job002/Movies/carbon1.mrc"
    assert float(found[0]["score"]) == pytest.approx(0.18)


def test_reasons_are_told_in_words_and_shown(masks):
    done = run(masks, "-n", "3")
    reasons = {row["stem"]: row["reason"] for row in rows(masks)}
    assert reasons["carbon1"] == "18.0 % of its area may be wrong, more than of any other"
    assert reasons["ice"].startswith("8.0 % of its area may be wrong; iciness 3, not 0.8 as on rank ")
    assert len(reasons) == 3
    assert "more than of any other" in done.output
    assert f"{masks / 'next.csv'}: 3 micrographs" in done.output


def write_corrections(folder, *lines):
    path = folder / "corrections.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
    return path


def test_what_was_reviewed_is_done_and_the_next_differ_from_it(masks):
    name = "MotionCorr/job002/Movies/{0}.mrc,{0}"
    given = write_corrections(masks.parent, f"{name.format('carbon1')},verdict,,,,accepted")
    done = run(masks, "--corrections", given)
    assert done.exit_code == 0
    stems = [row["stem"] for row in rows(masks)]
    assert set(stems) == set(KINDS) - {"carbon1"}
    assert stems.index("carbon2") > stems.index("drops")
    assert "carbon1" in next(row["reason"] for row in rows(masks) if row["stem"] == "carbon2")
    assert "reviewed before: 1" in done.output


def test_what_cannot_be_read_is_told_and_the_rest_is_ranked(masks):
    (masks / "ice_score.mrc").write_bytes(b"nothing")
    given = write_corrections(masks.parent, "m.mrc,m,whole,,,,right", "m.mrc,m,circle,,,,right")
    done = run(masks, "--corrections", given)
    assert done.exit_code == 1
    assert set(KINDS) - {"ice"} == {row["stem"] for row in rows(masks)}
    faults = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [fault.split(": ")[2] for fault in faults[:2]] == ["line 3", "line 2"]
    assert "ice_score.mrc" in faults[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "summary.csv").unlink(), "holds no summary.csv"),
        (lambda folder: [path.unlink() for path in folder.glob("*_score.mrc")], "holds no score map"),
        (
            lambda folder: (folder / "summary.csv").write_text(
                (folder / "summary.csv").read_text().replace("iciness", "icy")
            ),
            "no column iciness; run cryoice mask again",
        ),
    ],
)
def test_a_folder_that_cannot_be_ranked_is_one_line(masks, change, said):
    change(masks)
    done = run(masks)
    assert done.exit_code == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (masks / "next.csv").exists()
