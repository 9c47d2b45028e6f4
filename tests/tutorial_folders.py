"""What readers of the tutorials on labels and on CryoPPP have before they begin; small, to take no time."""

import io
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import starfile

from archive_server import Served, serving
from cryoice.experiment import finetune as finetune_module
from cryoice.experiment.evaluate import evaluate
from cryoice.experiment.run import train
from cryoice.files import cryoppp_catalogue
from cryoice.files.corrections import COLUMNS
from training import TINY, compose_config, write_blobs

QUICK = {
    "data.rehearsal": 8,
    "data.side": 256,
    "data.jobs": 1,
    "data.split": {"by": "micrograph", "train": 0.4, "val": 0.3, "test": 0.3, "seed": 0},
    "patch": 64,
    "batch_size": 4,
    "trainer.max_epochs": 1,
    "trainer.accelerator": "cpu",
    "trainer.enable_progress_bar": False,
}
"""What makes a tuning one of seconds."""

ANGPIX = 4.0
"""Å/px of the entries, whose particles are then 48 Å across."""

CORRECTIONS = ("region,200,200,,other", "disc,120.5,40,150,contamination", "whole,,,,right")


def own_micrographs(simulated, folder, monkeypatch):
    """Copy simulated micrographs to ``Micrographs``; write what the review page exports, and picks."""
    (folder / "Micrographs").mkdir(parents=True)
    for path in sorted(simulated.glob("*/micrographs/*.mrc")):
        shutil.copy(path, folder / "Micrographs")
    stems = sorted(path.stem for path in (folder / "Micrographs").iterdir())
    rows = [
        f"Micrographs/{stem}.mrc,{stem},{action}" for stem, action in zip(stems, CORRECTIONS, strict=True)
    ]
    rows.append(f"Micrographs/{stems[0]}.mrc,{stems[0]},verdict,,,,rejected")
    (folder / "corrections.csv").write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    picks = starfile.read(simulated / "particles.star", always_dict=True)["particles"]
    picks["rlnMicrographName"] = picks["rlnMicrographName"].str.split("/").str[-1]
    starfile.write({"particles": picks}, folder / "good.star")
    starfile.write({"particles": picks.assign(rlnCoordinateX=8.0)[:9]}, folder / "on_ice.star")
    tuned = finetune_module.finetune
    quick = QUICK | {"cache": str(folder / "cache")}
    monkeypatch.setattr(finetune_module, "finetune", lambda output, values: tuned(output, values | quick))
    return folder


def cryoppp_reader(folder, monkeypatch):
    """Serve two entries on this machine where CryoPPP's are looked for; yield an empty folder."""
    known = cryoppp_catalogue.catalogue()
    with serving() as web:
        for name in ("10017", "10005"):
            write_blobs(folder / "made" / name, count=6, shape=(200, 210), pixel_size=ANGPIX)
            web.files[f"/{name}.tar.gz"] = Served(_packed(folder / "made" / name))
        here = replace(known, full=replace(known.full, address=web.address))
        monkeypatch.setattr(cryoppp_catalogue, "catalogue", lambda: here)
        (folder / "reader").mkdir()
        yield folder / "reader"


def _packed(entry):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        tar.add(entry, arcname=entry.name)
    return packed.getvalue()


def run_python(words):
    """Run ``train.py`` or ``evaluate.py`` in this process, with what makes it one of seconds."""
    program, *given = words
    [place] = [word.partition("=")[2] for word in given if word.startswith("hydra.run.dir=")]
    kept = [word for word in given if not word.startswith("hydra.")]
    if program == "train.py":
        value = train(
            compose_config(
                *kept, *TINY, f"pixel_size={ANGPIX:g}", "cache=cache", "report=scores", run_dir=place
            )
        )
        return int(not np.isfinite(value)), f"monitored: {value}"
    assert program == "evaluate.py"
    evaluate(compose_config(*kept, "bootstrap=10", run_dir=place, name="evaluate"))
    return 0, ""
