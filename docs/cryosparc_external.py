r"""Mask exposures of a cryoSPARC project as an External job, and clean particles of what lies on artifacts.

    pip install "cryoice[cryosparc]"              # cryosparc-tools, of the minor version of your cryoSPARC
    python -m cryosparc.tools login                               # once, where you work
    python cryosparc_external.py https://cryosparc.example.com P3 W1 --exposures J12:exposures \
        --particles J20:particles --distance 50 --threshold 0.6

All other flags go to ``cryoice mask``. Run it where the project's folder can be written under
the path that cryoSPARC has for it: masks, lists and scores stay in the job's folder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cryoice.cli import app


def main(words: Sequence[str] | None = None) -> None:
    """Run the whole job."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url", help="as in the browser")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("workspace", metavar="WORKSPACE")
    parser.add_argument("--exposures", metavar="JOB:OUTPUT", required=True, help="behind motion correction")
    parser.add_argument("--particles", metavar="JOB:OUTPUT", help="with locations on these exposures")
    parser.add_argument("--distance", metavar="Å", default="100", help="free of artifacts around a particle")
    given, for_mask = parser.parse_known_args(words)
    from cryosparc.tools import CryoSPARC

    project = CryoSPARC(given.url).find_project(given.project)
    job = project.create_external_job(given.workspace, title="cryoice")
    declare(job, "exposures", "exposure", "micrograph_blob", given.exposures)
    if given.particles:
        declare(job, "particles", "particle", "location", given.particles)
    with job.run():
        try:
            work(job, given, for_mask)
        except KeyboardInterrupt as stop:  # cryosparc-tools calls only an Exception a failure
            raise RuntimeError("stopped by Ctrl-C") from stop
    print(f"{given.project} {job.uid}: {job.dir}")


def work(job: Any, given: argparse.Namespace, for_mask: Sequence[str]) -> None:
    """Mask, select and clean, and save what comes out."""
    folder = Path(str(job.dir))
    exposures = load(job, "exposures", "micrograph_blob", folder)
    # 1: a micrograph failed; the others are masked, and failures.csv tells
    cryoice("mask", folder / "exposures.cs", "-o", folder / "masks", *for_mask, allowed=(0, 1))
    cryoice("select", folder / "masks", "--exposures", folder / "exposures.cs")
    save(job, "exposures", exposures, folder)
    if given.particles:
        particles = load(job, "particles", "location", folder)
        accepted, rejected = (folder / f"particles_{name}.cs" for name in ("accepted", "rejected"))
        words = ("--masks", folder / "masks", "-o", accepted, "--rejected", rejected)
        cryoice("clean", folder / "particles.cs", *words, "--distance", given.distance, allowed=(0, 1))
        save(job, "particles", particles, folder)


def declare(job: Any, name: str, kind: str, slot: str, source: str) -> None:
    """Connect an input, and add outputs that pass all its other slots through."""
    uid, _, output = source.partition(":")
    job.connect(name, uid, output, slots=[slot])
    for verdict in ("accepted", "rejected"):
        title = f"{name.title()} {verdict}"
        job.add_output(kind, f"{name}_{verdict}", slots=[slot], passthrough=name, title=title)


def load(job: Any, name: str, slot: str, folder: Path) -> Any:
    """Load an input and keep it as a file that cryoice reads."""
    dataset = job.load_input(name, [slot])
    dataset.save(folder / f"{name}.cs")
    return dataset


def save(job: Any, name: str, dataset: Any, folder: Path) -> None:
    """Save what cryoice has written of a data set; in neither output is what could not be judged."""
    for verdict in ("accepted", "rejected"):
        kept = np.load(folder / f"{name}_{verdict}.cs", allow_pickle=False)["uid"]
        keep = np.isin(np.asarray(dataset["uid"]), kept)
        job.save_output(f"{name}_{verdict}", dataset.mask(keep))
        job.log(f"cryoice: {int(keep.sum())} of {len(keep)} {name} {verdict}")


def cryoice(*words: object, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a command in this process."""
    status = app([str(word) for word in words], standalone_mode=False) or 0
    if status not in allowed:
        raise RuntimeError(f"cryoice {words[0]} ended with status {status}")


if __name__ == "__main__":
    main()
