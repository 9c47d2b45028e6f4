import csv
import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import starfile

from bright_blocks import brightness_model, noise_with_block, write_micrographs
from cryoice.errors import InputError
from cryoice.files.micrograph_list import list_micrographs
from cryoice.files.mrc import read_mrc, write_mrc
from cryoice.mask.region_settings import RegionSettings
from cryoice.project import mask_lists, mask_one
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_lists import begin, finish
from cryoice.project.mask_settings import MaskSettings, Microscope
from cryoice.project.seen_micrograph import SeenMicrograph


def batch_of(folder, output, **settings):
    listed = list_micrographs([folder], angpix=None)
    return MaskBatch(listed, output, brightness_model(), MaskSettings(**settings))


def run(batch):
    with batch.alone():
        return list(batch.run(jobs=1))


def finished(batch):
    with batch.alone():
        begin(batch)
        return finish(batch, list(batch.run(jobs=1)))


def test_outcomes_come_with_rows_and_skipped_ones_with_those_of_before(tmp_path):
    write_micrographs(tmp_path / "in", 2)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    first = run(batch)
    again = run(batch)
    assert [outcome.skipped for outcome in first] == [False, False]
    assert [outcome.skipped for outcome in again] == [True, True]
    assert [outcome.row for outcome in again] == [outcome.row for outcome in first]


def test_outputs_replaced_by_a_killed_run_are_not_taken_for_those_of_the_run_before(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 1)
    before = batch_of(tmp_path / "in", tmp_path / "out")
    run(before)

    def killed(masked, folder, stem, **options):
        write_mrc(folder / f"{stem}_mask.mrc", np.full((2, 2), 4, dtype=np.uint16), pixel_size=8.0)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(mask_one, "write_outputs", killed)
        run(batch_of(tmp_path / "in", tmp_path / "out", full_size=True))
    (outcome,) = run(before)
    assert not outcome.skipped
    assert read_mrc(tmp_path / "out/m00_mask.mrc")[0].shape == (40, 45)


def test_a_failed_repetition_leaves_the_outputs_and_their_record(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    run(batch)
    path.rename(tmp_path / "away.mrc")
    (outcome,) = run(batch)
    assert (outcome.row, outcome.reason) == (None, "no such file; correct the list or the name")
    (tmp_path / "away.mrc").rename(path)
    (outcome,) = run(batch)
    assert outcome.skipped


def test_the_ice_map_and_picture_of_an_earlier_run_do_not_outlive_it(tmp_path):
    array = noise_with_block(side=(300, 300))
    write_micrographs(tmp_path / "in", 1)
    for size, expected in ((1.0, {"m00_ice.mrc", "m00.png"}), (8.0, set())):
        write_mrc(tmp_path / "in/m00.mrc", array, pixel_size=size)
        run(batch_of(tmp_path / "in", tmp_path / "out", overlay=bool(expected)))
        found = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
        assert found == {"m00_mask.mrc", "m00_score.mrc"} | expected


def test_a_batch_that_ends_early_lists_what_is_done(tmp_path):
    write_micrographs(tmp_path / "in", 6)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    with batch.alone():
        outcomes = batch.run(jobs=1)
        taken = [next(outcomes)]
        outcomes.close()
        result = finish(batch, taken)
    records = list((tmp_path / "out/.cryoice").glob("*.json"))
    assert 1 <= len(result.rows) == len(records) < 6
    assert result.failures == []


@pytest.mark.parametrize("theirs", [True, False])
def test_relion_s_own_ring_density_stays_and_ours_has_another_name(theirs, tmp_path, monkeypatch):
    write_micrographs(tmp_path, 1)
    column = "\n_rlnCtfIceRingDensity #2\nm00.mrc 0.75\n" if theirs else "\nm00.mrc\n"
    (tmp_path / "list.star").write_text(f"data_\n\nloop_\n_rlnMicrographName #1{column}")
    monkeypatch.chdir(tmp_path)
    listed = list_micrographs([tmp_path / "list.star"], angpix=8.0)
    finished(MaskBatch(listed, tmp_path / "out", brightness_model(), MaskSettings()))
    text = (tmp_path / "out/micrographs.star").read_text()
    assert ("0.75" in text) == theirs
    assert ("_rlnCtfIceRingDensity" in text) == theirs
    assert "_cryoiceRingDensity" in text
    row = next(line for line in text.splitlines() if line.startswith("m00.mrc")).split()
    assert row[-4:] == ["nan", "nan", "context", "good"]


@pytest.mark.parametrize("before", [True, False])
def test_a_micrograph_replaced_while_it_is_read_is_not_taken_for_masked(before, tmp_path, monkeypatch):
    (path,) = write_micrographs(tmp_path / "in", 1)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    read = SeenMicrograph.of

    def replaced(listed):
        seen = None if before else read(listed)
        write_mrc(path, noise_with_block(seed=1, side=(48, 45)), pixel_size=8.0)
        return seen or read(listed)

    with monkeypatch.context() as patched:
        patched.setattr(SeenMicrograph, "of", replaced)
        (outcome,) = run(batch)
    assert (outcome.row, outcome.reason) == (None, "was replaced while it was read; mask it again")
    assert list((tmp_path / "out/.cryoice").glob("*.json")) == []
    (outcome,) = run(batch)
    assert outcome.row["height"] == 48


def test_a_full_disk_is_told_apart_from_a_micrograph_s_own_faults(tmp_path, monkeypatch):
    (path,) = write_micrographs(tmp_path / "in", 1)

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(path), "replace", full)
        (outcome,) = run(batch_of(tmp_path / "in", tmp_path / "out"))
    assert outcome.refused
    assert "cannot be written (No space left on device)" in outcome.reason
    path.write_bytes(b"")
    (outcome,) = run(batch_of(tmp_path / "in", tmp_path / "out"))
    assert not outcome.refused


def test_names_that_are_no_unicode_stand_in_all_lists_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [os.fsdecode(b"m\xe9.mrc"), os.fsdecode(b"gone\xe9.mrc")]
    write_micrographs(tmp_path, 1)[0].rename(names[0])
    rows = b"".join(os.fsencode(name) + b"\n" for name in names)
    (tmp_path / "list.star").write_bytes(b"data_\n\nloop_\n_rlnMicrographName #1\n" + rows)
    listed = list_micrographs([tmp_path / "list.star"], angpix=8.0)
    finished(MaskBatch(listed, tmp_path / "out", brightness_model(), MaskSettings()))
    assert b"m\xe9.mrc" in (tmp_path / "out/micrographs.star").read_bytes()
    assert (tmp_path / "out/failures.csv").read_bytes().splitlines()[1].startswith(b"gone\xe9.mrc,")
    assert b"\nm\xe9.mrc," in (tmp_path / "out/summary.csv").read_bytes()


def summary_of(folder):
    with (folder / "summary.csv").open(newline="") as stream:
        return {row["stem"]: row for row in csv.DictReader(stream)}


def listed_names(folder):
    table = starfile.read(folder / "micrographs.star", always_dict=True)["micrographs"]
    return [name.rpartition("/")[2] for name in table["rlnMicrographName"]]


def files_batch(paths, output, **settings):
    return MaskBatch(
        list_micrographs(paths, angpix=None), output, brightness_model(), MaskSettings(**settings)
    )


def test_a_second_run_with_other_micrographs_keeps_those_of_the_first_in_both_lists(tmp_path):
    first, second, third = write_micrographs(tmp_path / "in", 3)
    output = tmp_path / "out"
    finished(files_batch([first, second], output))
    first.unlink()  # its mask stays true
    result = finished(files_batch([third, second], output))
    assert result.earlier == 1
    assert list(summary_of(output)) == ["m00", "m02", "m01"]
    assert listed_names(output) == ["m00.mrc", "m02.mrc", "m01.mrc"]
    (output / "m00_mask.mrc").unlink()
    finished(files_batch([third], output))
    assert list(summary_of(output)) == ["m01", "m02"]


def test_masks_of_an_older_version_are_left_out_and_counted(tmp_path):
    first, second = write_micrographs(tmp_path / "in", 2)
    output = tmp_path / "out"
    finished(files_batch([first], output))
    [record] = (output / ".cryoice").glob("*.json")
    content = json.loads(record.read_text())
    del content["row"]["views"]
    record.write_text(json.dumps(content))
    result = finished(files_batch([second], output))
    assert (result.earlier, list(summary_of(output))) == (0, ["m01"])
    assert "1 masks of an older version are left out of summary.csv; mask them again" in result.doubts


def test_a_star_file_s_list_is_its_own_and_what_it_leaves_out_is_told(tmp_path, monkeypatch):
    write_micrographs(tmp_path, 2)
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out"
    (tmp_path / "list.star").write_text("data_\n\nloop_\n_rlnMicrographName #1\nm00.mrc\nm00.mrc\n")
    finished(files_batch([tmp_path / "m01.mrc"], output))
    result = finished(files_batch([tmp_path / "list.star"], output))
    assert set(summary_of(output)) == {"m00", "m01"}
    rows = [line for line in (output / "micrographs.star").read_text().splitlines() if ".mrc" in line]
    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert rows[0].startswith("m00.mrc")
    assert "1 masks of earlier runs are in summary.csv but not listed in micrographs.star" in result.doubts
    assert "--kV" not in " ".join(result.doubts)


def test_what_a_star_file_listed_stays_out_of_a_list_made_without_one(tmp_path, monkeypatch):
    write_micrographs(tmp_path, 3)
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out"
    (tmp_path / "list.star").write_text("data_\n\nloop_\n_rlnMicrographName #1\nm00.mrc\nm01.mrc\n")
    finished(files_batch([tmp_path / "list.star"], output))
    result = finished(files_batch([tmp_path / "m01.mrc"], output))
    assert listed_names(output) == ["m01.mrc"]
    assert any(doubt.startswith("1 masks of earlier runs are in summary.csv") for doubt in result.doubts)
    finished(files_batch([tmp_path / "m02.mrc"], output))  # m01 is one of a list of ours by now
    assert listed_names(output) == ["m01.mrc", "m02.mrc"]
    assert list(summary_of(output)) == ["m00", "m01", "m02"]


def test_a_micrograph_of_the_same_name_elsewhere_does_not_replace_masks(tmp_path):
    (first,) = write_micrographs(tmp_path / "in", 1)
    (twin,) = write_micrographs(tmp_path / "twin", 1, block=(slice(0, 20), slice(0, 20)))
    output = tmp_path / "out"
    finished(files_batch([first], output))
    before = (output / "m00_mask.mrc").read_bytes()
    result = finished(files_batch([twin], output))
    assert result.failures == [
        (str(twin), f"its outputs would replace those of {first.resolve()}; mask it elsewhere")
    ]
    assert (output / "m00_mask.mrc").read_bytes() == before
    assert summary_of(output)["m00"]["micrograph"] == str(first)
    first.unlink()
    assert finished(files_batch([twin], output)).failures == []
    assert (output / "m00_mask.mrc").read_bytes() != before


def test_lists_do_not_tell_of_masks_that_a_killed_run_has_replaced(tmp_path, monkeypatch):
    paths = write_micrographs(tmp_path / "in", 3)
    output = tmp_path / "out"
    finished(files_batch(paths, output))
    with monkeypatch.context() as patched:  # from the first replaced file on, nothing more is written
        patched.setattr(mask_one, "write_outputs", lambda *arguments, **options: [])
        batch = files_batch(paths[:2], output, full_size=True)
        with batch.alone():
            begin(batch)
            list(batch.run(jobs=1))
    assert list(summary_of(output)) == ["m02"]
    assert listed_names(output) == ["m02.mrc"]


def test_a_failed_micrograph_is_not_in_the_lists_by_its_earlier_mask(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    finished(files_batch([path], tmp_path / "out"))
    path.write_bytes(b"")
    result = finished(files_batch([path], tmp_path / "out"))
    assert [name for name, _ in result.failures] == [str(path)]
    assert summary_of(tmp_path / "out") == {}


def test_lists_are_written_while_the_folder_is_held(tmp_path, monkeypatch):
    (path,) = write_micrographs(tmp_path / "in", 1)
    batch = files_batch([path], tmp_path / "out")
    tried = []

    def another(*arguments):
        with pytest.raises(InputError, match="another cryoice is at work there"), batch.records.alone():
            pass
        tried.append(arguments)

    monkeypatch.setattr(mask_lists, "write_summary", another)
    finished(batch)
    assert len(tried) == 1


def test_a_class_that_the_network_does_not_tell_stops_the_batch_before_it_begins(tmp_path):
    paths = write_micrographs(tmp_path / "in", 1)
    listed = list_micrographs(paths, angpix=None)
    model = replace(brightness_model(), classes=("good", "bad"))
    for name, allowed in (("support", False), ("other", True)):
        settings = MaskSettings(RegionSettings(classes=(name,)))
        if allowed:
            MaskBatch(listed, tmp_path / "out", model, settings)
        else:
            with pytest.raises(InputError, match="--classes: the network tells good, bad and no support"):
                MaskBatch(listed, tmp_path / "out", model, settings)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.0, None, None), "--kV: 0 is no voltage"),
        ((None, -1.0, None), "--Cs: -1 is no spherical aberration"),
        ((None, None, 10.0), "--Q0: 10 is no share; give 0 to 1"),
    ],
)
def test_impossible_optics_are_refused(values, said):
    with pytest.raises(InputError, match=said):
        Microscope(*values)


def test_another_share_that_may_be_bad_masks_nothing_and_changes_the_verdicts_of_all(tmp_path):
    paths = write_micrographs(tmp_path / "in", 3)
    output = tmp_path / "out"
    finished(files_batch(paths, output))
    assert {row["verdict"] for row in summary_of(output).values()} == {"good"}
    share = float(summary_of(output)["m00"]["bad"])
    with_outcomes = files_batch(paths[:2], output, max_bad=share / 2)
    with with_outcomes.alone():
        outcomes = list(with_outcomes.run(jobs=1))
        finish(with_outcomes, outcomes)
    assert [outcome.skipped for outcome in outcomes] == [True, True]
    assert {row["verdict"] for row in summary_of(output).values()} == {"bad"}  # of the third one too
    listed = starfile.read(output / "micrographs.star")["micrographs"]
    assert listed["cryoiceVerdict"].tolist() == ["bad"] * 3
    finished(files_batch(paths, output, max_bad=share))  # as it is told, to the last digit
    assert summary_of(output)["m00"]["verdict"] == "good"
