"""The External job of ``docs/cryosparc.md``, with a stand-in for cryosparc-tools and files on the disk."""

import contextlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from bright_blocks import brightness_model, write_micrographs
from cryoice.mask import model as model_module
from cryosparc_project import exposures, loaded, passed, saved, uids, write_particles

SCRIPT = Path(__file__).parents[1] / "docs/cryosparc_external.py"
SHAPE, ANGPIX = (40, 45), 8.0
NAMES = [f"J12/motioncorrected/m0{n}.mrc" for n in range(3)]
URL = "https://cryosparc.example.com"


class Dataset:
    """Rows, as cryosparc-tools hands them out."""

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, name):
        return self.rows[name]

    def save(self, path):
        saved(Path(path), self.rows)

    def mask(self, keep):
        return Dataset(self.rows[keep])


class Job:
    """An External job that notes what it is told."""

    uid = "J99"

    def __init__(self, folder, inputs):
        self.dir, self.inputs, self.calls, self.saved, self.ended = folder, inputs, [], {}, None
        folder.mkdir()

    def __getattr__(self, name):
        return lambda *arguments, **options: self.calls.append((name, arguments, options))

    def load_input(self, name, slots):
        self.calls.append(("load_input", (name, slots), {}))
        return Dataset(self.inputs[name])

    def save_output(self, name, dataset):
        self.calls.append(("save_output", (name, dataset), {}))
        self.saved[name] = dataset.rows

    @contextlib.contextmanager
    def run(self):
        """Mark failed what an `Exception` ends, and completed all else, as cryosparc-tools 5.0.3 does."""
        error = ""
        try:
            yield self
        except Exception as fault:
            error = str(fault)
            raise
        finally:
            self.ended = f"failed: {error}" if error else "completed"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("cryosparc_external", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Return the job that the script makes, with three exposures and four particles to connect to."""
    monkeypatch.setattr(model_module, "load_model", lambda path, *, device: brightness_model())
    monkeypatch.chdir("/")
    plain = (slice(0, 0), slice(0, 0))
    write_micrographs(tmp_path / "J12/motioncorrected", 3)
    (path,) = write_micrographs(tmp_path / "plain", 1, block=plain)
    path.rename(tmp_path / NAMES[1])
    given = {"shape": SHAPE, "pixel_size": ANGPIX, "exported": False}
    places = [(29 / 45, 12 / 40), (29 / 45, 28 / 40), (10 / 45, 12 / 40), (29 / 45, 12 / 40)]
    particles = write_particles(tmp_path / "p.cs", [NAMES[0]] * 3 + [NAMES[1]], places, **given)
    made = Job(tmp_path / "J99", {"exposures": exposures(NAMES, **given), "particles": loaded(particles)})

    class CryoSPARC:
        def __init__(self, url):
            assert url == URL

        def find_project(self, uid):
            assert uid == "P3"
            return self

        def create_external_job(self, workspace, *, title):
            assert workspace == "W1"
            return made

    tools = ModuleType("cryosparc.tools")
    tools.CryoSPARC = CryoSPARC
    if importlib.util.find_spec("cryosparc") is None:
        monkeypatch.setitem(sys.modules, "cryosparc", ModuleType("cryosparc"))
    monkeypatch.setitem(sys.modules, "cryosparc.tools", tools)
    return made


def test_accepted_and_rejected_items_are_saved_with_their_uids(script, job, capsys):
    words = (
        URL,
        "P3",
        "W1",
        "--exposures",
        "J12:exposures",
        "--particles",
        "J20:particles",
        "--distance",
        "0",
    )
    script.main([*words, "--max-bad", "0.01"])
    expected = job.inputs["exposures"]
    assert (job.saved["exposures_accepted"] == expected[[1]]).all()
    assert (job.saved["exposures_rejected"] == expected[[0, 2]]).all()
    assert job.saved["particles_accepted"]["uid"].tolist() == uids(4)[1:].tolist()
    assert job.saved["particles_rejected"]["uid"].tolist() == uids(4)[:1].tolist()
    assert job.ended == "completed"
    assert (job.dir / "masks/m00_mask.mrc").exists()
    logged = [arguments[0] for name, arguments, _ in job.calls if name == "log"]
    assert logged[0] == "cryoice: 1 of 3 exposures accepted"
    assert ("connect", ("exposures", "J12", "exposures"), {"slots": ["micrograph_blob"]}) in job.calls
    outputs = {arguments[1]: options for name, arguments, options in job.calls if name == "add_output"}
    assert {options["passthrough"] for options in outputs.values()} == {"exposures", "particles"}
    assert f"P3 J99: {job.dir}" in capsys.readouterr().out


def test_an_exposure_that_fails_is_in_neither_output_and_a_fault_fails_the_job(script, job, tmp_path):
    (tmp_path / NAMES[2]).write_bytes(b"")
    script.main([URL, "P3", "W1", "--exposures", "J12:exposures"])
    assert job.saved["exposures_accepted"]["uid"].tolist() == uids(3)[:2].tolist()
    assert len(job.saved["exposures_rejected"]) == 0
    assert job.ended == "completed"
    job.inputs["exposures"] = passed(3)  # movies
    with pytest.raises(RuntimeError, match="cryoice select ended with status 1"):
        script.main([URL, "P3", "W1", "--exposures", "J12:exposures"])
    assert job.ended == "failed: cryoice select ended with status 1"


@pytest.mark.parametrize("at", ["load_input", "save_output", "log"])
def test_ctrl_c_fails_the_job(at, script, job):
    def stopped(*arguments):
        raise KeyboardInterrupt

    setattr(job, at, stopped)
    with pytest.raises(RuntimeError, match="stopped by Ctrl-C"):
        script.main([URL, "P3", "W1", "--exposures", "J12:exposures"])
    assert job.ended == "failed: stopped by Ctrl-C"


def test_cryosparc_tools_marks_failed_what_the_script_raises(script, job, monkeypatch):
    controllers = pytest.importorskip("cryosparc.controllers.job", reason="cryosparc-tools is not installed")
    real = controllers.ExternalJobController
    ended = []
    job.start = lambda status: None
    job.stop = lambda error="": ended.append(error)
    job.run = lambda: real.run(job)
    script.main([URL, "P3", "W1", "--exposures", "J12:exposures"])
    job.inputs["exposures"] = passed(3)
    with pytest.raises(RuntimeError):
        script.main([URL, "P3", "W1", "--exposures", "J12:exposures"])
    assert ended[0] == ""
    assert "cryoice select ended with status 1" in ended[1]


def test_cryosparc_tools_takes_the_script_s_calls(script, job):
    controllers = pytest.importorskip("cryosparc.controllers.job", reason="cryosparc-tools is not installed")
    script.main([URL, "P3", "W1", "--exposures", "J12:exposures", "--particles", "J20:particles"])
    assert {name for name, *_ in job.calls} == {"connect", "add_output", "load_input", "save_output", "log"}
    for name, arguments, options in job.calls:
        inspect.signature(getattr(controllers.ExternalJobController, name)).bind(job, *arguments, **options)
    from cryosparc.dataset import Dataset as Real

    rows = Real(job.inputs["exposures"])
    rows.save(job.dir / "real.cs")
    assert np.load(job.dir / "real.cs", allow_pickle=False)["uid"].tolist() == uids(3).tolist()
    assert len(rows.mask(np.array([True, False, True]))) == 2
    written = Real.load(job.dir / "exposures_accepted.cs")
    assert list(written["micrograph_blob/path"]) == NAMES
