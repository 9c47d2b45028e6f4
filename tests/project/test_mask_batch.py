import numpy as np
import pytest

from bright_blocks import brightness_model, noise_with_block, write_micrographs
from cryoice.files.micrograph_list import list_micrographs
from cryoice.files.mrc import read_mrc, write_mrc
from cryoice.project import mask_batch
from cryoice.project.mask_batch import MaskBatch, MaskSettings
from cryoice.project.mask_lists import finish


def batch_of(folder, output, **settings):
    listed = list_micrographs([folder], angpix=None)
    return MaskBatch(listed, output, brightness_model(), MaskSettings(**settings))


def test_outcomes_come_with_rows_and_skipped_ones_with_those_of_before(tmp_path):
    write_micrographs(tmp_path / "in", 2)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    first = list(batch.run(jobs=1))
    again = list(batch.run(jobs=1))
    assert [outcome.skipped for outcome in first] == [False, False]
    assert [outcome.skipped for outcome in again] == [True, True]
    assert [outcome.row for outcome in again] == [outcome.row for outcome in first]


def test_outputs_replaced_by_a_killed_run_are_not_taken_for_those_of_the_run_before(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 1)
    before = batch_of(tmp_path / "in", tmp_path / "out")
    list(before.run(jobs=1))

    def killed(masked, folder, stem, **options):
        write_mrc(folder / f"{stem}_mask.mrc", np.full((2, 2), 4, dtype=np.uint16), pixel_size=8.0)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(mask_batch, "write_outputs", killed)
        list(batch_of(tmp_path / "in", tmp_path / "out", max_bad=0.5).run(jobs=1))
    (outcome,) = before.run(jobs=1)
    assert not outcome.skipped
    assert read_mrc(tmp_path / "out/m00_mask.mrc")[0].shape == (40, 45)


def test_a_failed_repetition_leaves_the_outputs_and_their_record(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    list(batch.run(jobs=1))
    path.rename(tmp_path / "away.mrc")
    (outcome,) = batch.run(jobs=1)
    assert (outcome.row, outcome.reason) == (None, "no such file; correct the list or the name")
    (tmp_path / "away.mrc").rename(path)
    (outcome,) = batch.run(jobs=1)
    assert outcome.skipped


def test_the_ice_map_and_picture_of_an_earlier_run_do_not_outlive_it(tmp_path):
    array = noise_with_block(side=(300, 300))
    write_micrographs(tmp_path / "in", 1)
    for size, expected in ((1.0, {"m00_ice.mrc", "m00.png"}), (8.0, set())):
        write_mrc(tmp_path / "in/m00.mrc", array, pixel_size=size)
        list(batch_of(tmp_path / "in", tmp_path / "out", overlay=bool(expected)).run(jobs=1))
        found = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
        assert found == {"m00_mask.mrc", "m00_score.mrc"} | expected


def test_a_batch_that_ends_early_lists_what_is_done(tmp_path):
    write_micrographs(tmp_path / "in", 6)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    outcomes = batch.run(jobs=1)
    taken = [next(outcomes)]
    outcomes.close()
    result = finish(batch, taken)
    records = list((tmp_path / "out/.cryoice").glob("*.json"))
    assert 1 <= len(result.rows) == len(records) < 6
    assert result.failures == []


@pytest.mark.parametrize("ours", [True, False])
def test_relion_s_own_ring_density_stays_and_none_is_made_up(ours, tmp_path, monkeypatch):
    write_micrographs(tmp_path, 1)
    column = "\n_rlnCtfIceRingDensity #2\nm00.mrc 0.75\n" if ours else "\nm00.mrc\n"
    (tmp_path / "list.star").write_text(f"data_\n\nloop_\n_rlnMicrographName #1{column}")
    monkeypatch.chdir(tmp_path)
    listed = list_micrographs([tmp_path / "list.star"], angpix=8.0)
    batch = MaskBatch(listed, tmp_path / "out", brightness_model(), MaskSettings())
    finish(batch, list(batch.run(jobs=1)))
    text = (tmp_path / "out/micrographs.star").read_text()
    assert ("0.75" in text) == ours
    assert ("_rlnCtfIceRingDensity" in text) == ours
    row = next(line for line in text.splitlines() if line.startswith("m00.mrc")).split()
    assert row[-2:] == ["nan", "good"]
