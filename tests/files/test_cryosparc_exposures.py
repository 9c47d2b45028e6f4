"""Exposures of cryoSPARC go in and come out as the same groups, less some rows."""

import csv

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from bright_blocks import brightness_model, write_micrographs
from cryoice.cli import app
from cryoice.errors import InputError
from cryoice.files.cryosparc_exposures import read_exposures
from cryoice.files.micrograph_list import list_micrographs
from cryoice.mask import model as model_module
from cryosparc_project import (
    PASSED,
    exposures,
    loaded,
    passed,
    saved,
    uids,
    write_exported,
    write_job,
    write_particles,
)

SHAPE, ANGPIX = (40, 45), 8.0
GIVEN = {"shape": SHAPE, "pixel_size": ANGPIX}
NAMES = [f"J14/motioncorrected/00{n}4567890123456789_m0{n}_patch_aligned_doseweighted.mrc" for n in range(3)]


@pytest.fixture(autouse=True)
def _quick_model(monkeypatch):
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a project of three micrographs; the middle one has no bright block. It is the current folder."""
    plain = (slice(0, 0), slice(0, 0))
    for n, (name, path) in enumerate(zip(NAMES, write_micrographs(tmp_path / "raw", 3), strict=True)):
        if n == 1:
            (path,) = write_micrographs(tmp_path / "plain", 1, block=plain)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def exported(project):
    """Return the group as exported: links to the jobs' folders lie beside it."""
    folder = project / "exports/groups/J14_exposures"
    folder.mkdir(parents=True)
    (folder / "J14").symlink_to(project / "J14")
    return write_exported(folder, NAMES, **GIVEN)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_an_exported_group_names_micrographs_in_its_own_folder(exported, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = read_exposures(exported)
    assert found.names == tuple(NAMES)
    assert found.micrographs == tuple(exported.parent / name for name in NAMES)
    assert found.pixel_sizes == (8.0,) * 3
    assert found.uids.tolist() == uids(3).tolist()


def test_a_job_s_group_names_micrographs_from_the_project_s_folder(project, monkeypatch):
    path = write_job(project / "J15", NAMES, **GIVEN)
    monkeypatch.chdir("/")
    assert read_exposures(path).micrographs == tuple(project / name for name in NAMES)


def test_paths_of_an_exported_group_are_not_looked_for_in_the_project(exported, project):
    (exported.parent / "J14").unlink()
    assert read_exposures(exported).micrographs == (None,) * 3
    listed = list_micrographs([exported], angpix=None)
    assert listed.micrographs == ()
    assert [name for name, _ in listed.failures] == NAMES
    assert "but there is no such file; run in the cryoSPARC project's folder" in listed.failures[0][1]


def test_a_pixel_size_in_single_precision_is_the_decimal_that_was_typed(project):
    path = write_job(project / "J15", NAMES, shape=SHAPE, pixel_size=0.83)
    assert read_exposures(path).pixel_sizes == (0.83,) * 3
    assert list_micrographs([path], angpix=1.5).micrographs[0].pixel_size == 1.5
    untold = write_job(project / "J16", NAMES, shape=SHAPE, pixel_size=0)
    assert read_exposures(untold).pixel_sizes == (None,) * 3


def test_exposures_are_masked_and_split_into_groups_with_uids_passthroughs_and_order(exported):
    done = run("mask", exported, "-o", "masks", "--max-bad", "0.01")
    assert done.exit_code == 0, done.output
    done = run("select", "masks", "--exposures", exported)
    assert done.exit_code == 0, done.output
    whole = loaded(exported.with_suffix(".cs"))
    for name, rows in (("accepted", [1]), ("rejected", [0, 2])):
        path = exported.with_name(f"J14_exposures_exported_{name}.csg")
        content, before = yaml.safe_load(path.read_text()), yaml.safe_load(exported.read_text())
        held = f"J14_exposures_exported_{name}_J14_exposures_exported.cs"
        assert loaded(path.with_name(held)).dtype == whole.dtype
        assert (loaded(path.with_name(held)) == whole[rows]).all()
        for slot, result in content["results"].items():
            assert result == before["results"][slot] | {"metafile": f">{held}", "num_items": len(rows)}
        assert {key: content[key] for key in ("created", "group", "version")} == {
            key: before[key] for key in ("created", "group", "version")
        }
        assert read_exposures(path).micrographs == tuple(exported.parent / NAMES[row] for row in rows)
        with path.with_name(f"{path.name}_scores.csv").open(newline="") as stream:
            scores = list(csv.DictReader(stream))
        assert [row["uid"] for row in scores] == [str(uid) for uid in uids(3)[rows]]
        assert {row["cryoiceVerdict"] for row in scores} == {"good" if name == "accepted" else "bad"}


def test_a_job_s_group_keeps_each_data_set_in_its_own_order(project):
    path = write_job(project / "J15", NAMES, **GIVEN)
    run("mask", path, "-o", "masks", "--max-bad", "0.01")
    (project / "imports").mkdir()
    done = run(
        "select", "masks", "--exposures", path, "-o", "imports/good.csg", "--rejected", "imports/bad.csg"
    )
    assert done.exit_code == 0, done.output
    assert "imports/bad.csg: 2 micrographs" in done.stdout
    expected = exposures(NAMES, **GIVEN, exported=False)
    assert (loaded(project / "imports/bad_exposures.cs") == expected[[0, 2]]).all()
    assert (loaded(project / "imports/bad_passthrough.cs") == passed(3)[::-1][[0, 2]]).all()
    assert read_exposures(project / "imports/bad.csg").names == (NAMES[0], NAMES[2])


def test_keeping_all_exposures_gives_the_same_bytes(exported):
    read_exposures(exported).write(exported.with_name("all.csg"), keep=np.ones(3, dtype=bool), columns={})
    written = exported.with_name("all_J14_exposures_exported.cs")
    assert written.read_bytes() == exported.with_suffix(".cs").read_bytes()


def test_a_data_set_alone_is_split_into_data_sets(project):
    path = saved(project / "J15/exposures.cs", exposures(NAMES, **GIVEN, exported=False))
    run("mask", path, "-o", "masks", "--max-bad", "0.01")
    assert run("select", "masks", "--exposures", path).exit_code == 0
    assert loaded(project / "J15/exposures_accepted.cs")["uid"].tolist() == [uids(3)[1]]


def test_exposures_that_failed_are_in_neither_file_and_counted(exported, project):
    (project / NAMES[2]).write_bytes(b"")
    assert run("mask", exported, "-o", "masks").exit_code == 1
    done = run("select", "masks", "--exposures", exported)
    assert "1 exposures have no mask and are in neither file" in done.stdout
    assert "_accepted.csg: 2 micrographs" in done.stdout.replace("\n", "")


def test_paths_that_count_from_a_file_s_folder_are_not_written_elsewhere(exported, project):
    run("mask", exported, "-o", "masks")
    done = run("select", "masks", "--exposures", exported, "-o", "good.csg")
    assert done.exit_code == 1
    assert done.stderr.startswith(
        "error: good.csg: the paths in J14_exposures_exported.csg count from its own"
    )
    assert not (project / "good.csg").exists()
    particles = write_particles(exported.with_name("p.cs"), NAMES[:1], [(0.5, 0.5)], **GIVEN, exported=True)
    refused = run("clean", particles, "--masks", "masks", "-o", "clean.cs", "--no-flip-y")
    assert refused.exit_code == 1
    assert "the paths in p.cs count from its own folder" in (project / "clean.cs_failures.csv").read_text()
    assert not (project / "clean.cs").exists()
    given = ("clean", particles, "--masks", "masks", "--no-flip-y")
    assert run(*given, "-o", particles.with_name("clean.cs")).exit_code == 0


def test_particles_of_an_exported_group_are_cleaned_where_their_fractions_lie(exported):
    run("mask", exported, "-o", "masks")  # the block: rows 6-17, columns 24-33 of 40 x 45
    fractions = [
        ((29.0) / 45, 12.0 / 40),
        (29.0 / 45, 28.0 / 40),
        (10.0 / 45, 12.0 / 40),
        (29.0 / 45, 12.0 / 40),
    ]
    path = write_particles(
        exported.with_name("p.cs"), [*NAMES[:1] * 3, NAMES[1]], fractions, **GIVEN, exported=True
    )
    done = run(
        "clean", path, "--masks", "masks", "--distance", "0", "-o", path.with_name("c.cs"), "--no-flip-y"
    )
    assert done.exit_code == 0, done.output
    assert loaded(path.with_name("c.cs"))["uid"].tolist() == uids(4)[1:].tolist()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (passed(2), "holds movies; give exposures behind motion correction"),
        (np.zeros(2, dtype=PASSED[:1] + PASSED[2:]), "no micrograph_blob/path"),
        (exposures([], shape=SHAPE, pixel_size=1, exported=False), "lists no exposures"),
    ],
)
def test_a_file_without_micrographs_is_one_line(rows, fault, tmp_path):
    path = saved(tmp_path / "a.cs", rows)
    with pytest.raises(InputError, match=fault):
        list_micrographs([path], angpix=None)


def test_data_sets_of_other_exposures_and_lists_of_other_micrographs_are_refused(project):
    path = write_job(project / "J15", NAMES, **GIVEN)
    saved(project / "J15/passthrough.cs", passed(4))
    with pytest.raises(InputError, match=r"passthrough\.cs has 1 of 4 exposures without a micrograph"):
        read_exposures(path)
    path = write_job(project / "J15", NAMES, **GIVEN)
    run("mask", project / NAMES[0], "-o", "masks")
    other = write_job(project / "J16", ["J16/other_a.mrc"], **GIVEN)
    refused = run("select", "masks", "--exposures", other)
    assert "none of its exposures is in micrographs.star" in refused.stderr
    assert "stays a .csg file" in run("select", "masks", "--exposures", path, "-o", "a.star").stderr
    assert "is not alone" in run("mask", path, NAMES[0], "-o", "masks").stderr


def test_no_path_in_a_list_of_exposures_leads_outputs_out_of_their_folder(project):
    (project / "m.mrc").write_bytes((project / NAMES[0]).read_bytes())
    (project / "J15").mkdir()
    path = write_job(project / "J15", ["../../m.mrc", "J15/../m.mrc"], **GIVEN)
    run("mask", path, "-o", "out/masks")
    outside = {item.name for item in (project / "out").iterdir()} | {
        item.name for item in project.glob("*_mask.mrc")
    }
    assert outside == {"masks"}


def test_a_micrograph_without_dose_weighting_is_masked_under_the_name_of_the_weighted_one(project):
    (project / NAMES[0].replace("_doseweighted", "")).write_bytes((project / NAMES[1]).read_bytes())
    rows = exposures(NAMES, exported=False, **GIVEN)
    both = np.zeros(3, dtype=[*rows.dtype.descr, ("micrograph_blob_non_dw/path", "S120")])
    for column in rows.dtype.names:
        both[column] = rows[column]
    both["micrograph_blob_non_dw/path"] = [NAMES[0].replace("_doseweighted", "").encode(), b"gone.mrc", b""]
    path = saved(project / "J14/both.cs", both)
    listed = list_micrographs([path], angpix=None)
    assert [item.name for item in listed.micrographs] == NAMES
    assert [item.stem.endswith("doseweighted") for item in listed.micrographs] == [False, True, True]
    assert run("mask", path, "-o", project / "masks", "--max-bad", "0.01").exit_code == 0
    assert run("select", project / "masks", "--exposures", path).exit_code == 0
    assert loaded(project / "J14/both_accepted.cs")["uid"].tolist() == uids(3)[:2].tolist()
