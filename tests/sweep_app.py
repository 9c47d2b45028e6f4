"""A program that sweeps as ``train.py`` does; its jobs take no time and fail where the environment says."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig

from cryoice.experiment.command_line import one_line_composition, one_line_errors
from cryoice.experiment.sweep_job import settled_job
from cryoice.experiment.sweep_program import sweep_goes_on
from cryoice.schema import register

register()
SCORES = ("auroc", "accuracy", "f1", "loss")


@hydra.main(version_base="1.3", config_path=".", config_name="sweep_app")
def main(config):
    with one_line_errors(), settled_job() as value:
        if value is not None:
            return value
        folder = Path(HydraConfig.get().runtime.output_dir)
        with (folder.parent / "pids.txt").open("a") as pids:
            pids.write(f"{os.getpid()}\n")
        if config.patch == int(os.environ.get("KILLED_AT", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        if config.patch == int(os.environ.get("NO_MEMORY_AT", 0)):
            raise MemoryError("cannot allocate 2 GB")
        if "POOLED" in os.environ:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                assert pool.submit(abs, -config.patch).result() == config.patch
        time.sleep(config.seconds)
        value = config.patch / 100 + config.lr
        scores = {name: {"estimate": value, "low": None, "high": None} for name in SCORES}
        monitor = {"metric": "val/auroc", "mode": "max", "value": value}
        results = {"monitor": monitor, "test": {"label": {"network": scores}}}
        (folder / "metrics.json").write_text(json.dumps(results))
        with (folder.parent / "ran.txt").open("a") as ran:
            ran.write(f"{config.patch}\n")
        return value


if __name__ == "__main__":
    assert "torch" not in sys.modules
    with one_line_composition(), sweep_goes_on():
        main()
