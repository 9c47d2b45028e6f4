"""Fixtures that several rooms' tests share: small data sets, one finished training."""

import os
import signal

import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from training import compose_config, tiny, write_blobs

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start programs in the background deaf to it
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a core each, for the programs that tests start too


@pytest.fixture(scope="session")
def blobs(tmp_path_factory):
    """Return a folder with one entry of six micrographs; read only."""
    root = tmp_path_factory.mktemp("blobs")
    write_blobs(root / "10000")
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return a folder for resampled micrographs that all trainings on `blobs` share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def finished(blobs, cache, tmp_path_factory):
    """Return the folder of a finished training on `blobs`, its monitored value and its overrides."""
    from cryoice.experiment.run import train

    folder, overrides = tmp_path_factory.mktemp("finished") / "outputs/train/run", tiny(blobs, cache)
    folder.mkdir(parents=True)
    return folder, train(compose_config(*overrides, run_dir=folder)), overrides


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Return what ``cryoice simulate`` writes of three micrographs of 256 px at 6 Å/px; read only."""
    folder = tmp_path_factory.mktemp("simulated") / "sim"
    words = ("-n", "3", "--size", "256", "--angpix", "6", "--seed", "1", "--jobs", "1")
    assert CliRunner().invoke(app, ["simulate", "-o", str(folder), *words]).exit_code == 0
    return folder
