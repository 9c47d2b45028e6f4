"""Which mask the particles of a micrograph are judged by: its own, or none."""

import pytest

from bright_blocks import brightness_model, write_micrographs
from cryoice.errors import InputError
from cryoice.files.micrograph_list import list_micrographs
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.mask_lists import finish
from cryoice.project.mask_settings import MaskSettings
from cryoice.project.pick_files import PickFile, masks_of
from cryoice.project.relion_lists import ParticleList

OTHER = "MotionCorr/job012/Movies/m00.mrc"
OWN = "MotionCorr/job002/Movies/m00.mrc"


def write_particles(path, *names):
    rows = "".join(f"{name} 5 5\n" for name in names)
    labels = "_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
    path.write_text(f"data_particles\n\nloop_\n{labels}{rows}")
    return ParticleList.read(path).picks


@pytest.fixture(params=["failed", "gone", "stopped before it"])
def masks(request, tmp_path, monkeypatch):
    """Masks of a list of two micrographs of one name, of which the second has none."""
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "MotionCorr/job002/Movies", 1)
    write_micrographs(tmp_path / "MotionCorr/job012/Movies", 1)
    if request.param == "failed":
        (tmp_path / OTHER).write_bytes(b"")
    elif request.param == "gone":
        (tmp_path / OTHER).unlink()
    (tmp_path / "list.star").write_text(f"data_micrographs\n\nloop_\n_rlnMicrographName #1\n{OWN}\n{OTHER}\n")
    listed = list_micrographs([tmp_path / "list.star"], angpix=8.0)
    batch = MaskBatch(listed, tmp_path / "masks", brightness_model(), MaskSettings())
    with batch.alone():
        running = batch.run(jobs=1)
        outcomes = [next(running)] if request.param == "stopped before it" else list(running)
        running.close()
        if request.param == "stopped before it":  # one in flight was finished
            for path in (tmp_path / "masks/.cryoice").glob("m00_*.json"):
                path.unlink()
        finish(batch, outcomes)
    return MaskFolder.read(tmp_path / "masks")


def test_a_micrograph_that_has_no_mask_is_not_judged_by_its_namesake_s(masks, tmp_path):
    both = [write_particles(tmp_path / f"{number}.star", name) for number, name in enumerate((OWN, OTHER))]
    assert masks_of(both[:1], masks)[OWN].name == OWN
    assert masks_of(both[1:], masks) == {}
    assert list(masks_of(both, masks)) == [OWN]


def test_a_name_that_may_mean_either_is_refused_though_one_has_no_mask(masks, tmp_path):
    with pytest.raises(InputError, match=r"^m00\.mrc: may be any of .*job002.*job012"):
        masks_of([write_particles(tmp_path / "a.star", "m00.mrc")], masks)


def test_a_name_of_another_job_finds_the_only_micrograph_of_that_name_unless_names_are_exact(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (path,) = write_micrographs(tmp_path / "MotionCorr/job002/Movies", 1)
    batch = MaskBatch(
        list_micrographs([path.relative_to(tmp_path)], angpix=None),
        tmp_path / "masks",
        brightness_model(),
        MaskSettings(),
    )
    with batch.alone():
        finish(batch, list(batch.run(jobs=1)))
    picks: PickFile = write_particles(tmp_path / "a.star", OTHER)
    folder = MaskFolder.read(tmp_path / "masks")
    assert masks_of([picks], folder)[OTHER].name == OWN
    assert masks_of([picks], folder, exact=True) == {}
