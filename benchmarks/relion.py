"""A simulated RELION project through ``cryoice relion`` and back, read by starfile: what is left as it was.

    python -m benchmarks.relion [--micrographs N] [--size PX] [--angpix A] [--folder DIR]

Every cell of the lists that RELION wrote is compared, as text, with that of the accepted or rejected row;
blocks, columns and order too.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import starfile

from benchmarks.relion_project import MICROGRAPHS, PARTICLES, write_project

JOB = "External/job021"
_CRYOICE = (sys.executable, "-c", "from cryoice.cli import app; app()")


@dataclass(frozen=True)
class Compared:
    """A list against what became of it: numbers of rows, columns added, and cells that were compared."""

    rows: int
    accepted: int
    rejected: int
    blocks: int
    added: int
    cells: int


def compare(before: Path, accepted: Path, rejected: Path, *, key: str) -> Compared:
    """Check that two lists hold the rows of one list, all else being equal as text.

    Parameters
    ----------
    before, accepted, rejected
        STAR files.
    key
        Column that tells a row from all others.

    Raises
    ------
    AssertionError
        Something differs.
    """
    old, *new = (read_texts(path) for path in (before, accepted, rejected))
    assert all(list(blocks) == list(old) for blocks in new), "blocks"
    *others, last = old
    for name in others:
        assert all(blocks[name].equals(old[name]) for blocks in new), name
    rows, parts = old[last], [blocks[last] for blocks in new]
    for part in parts:
        assert list(part.columns[: len(rows.columns)]) == list(rows.columns), "columns"
        kept = rows[rows[key].isin(set(part[key]))].reset_index(drop=True)
        assert part[list(rows.columns)].equals(kept), "rows"
    both = pd.concat(parts)[key]
    assert both.is_unique, "a row in both lists"
    assert set(both) == set(rows[key]), "a row in no list"
    cells = sum(table.size for table in old.values())
    counts = (len(rows), len(parts[0]), len(parts[1]))
    return Compared(*counts, len(old), parts[0].shape[1] - rows.shape[1], cells)


def read_texts(path: Path) -> dict[str, pd.DataFrame]:
    """Read all blocks of a STAR file with starfile, every cell as text."""
    found = starfile.read(path, always_dict=True)
    names = sorted({str(name) for block in found.values() for name in block})
    return dict(starfile.read(path, always_dict=True, parse_as_string=names))


def compare_all(project: Path, job: str = JOB) -> dict[str, Compared]:
    """Compare both lists of a project with what a job made of them."""
    folder = project / job
    micrographs = (folder / "micrographs.star", folder / "micrographs_rejected.star")
    particles = (folder / "particles.star", folder / "particles_rejected.star")
    return {
        "micrographs": compare(project / MICROGRAPHS, *micrographs, key="rlnMicrographName"),
        "particles": compare(project / PARTICLES, *particles, key="rlnImageName"),
    }


def main() -> None:
    """Simulate, run and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--micrographs", type=int, default=24)
    parser.add_argument("--size", default="1024")
    parser.add_argument("--angpix", default="3")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = given.folder or Path(scratch)
        wanted = ("-n", str(given.micrographs), "--size", given.size, "--angpix", given.angpix)
        subprocess.run([*_CRYOICE, "simulate", "-o", str(root / "simulated"), *wanted], check=True)
        project = write_project(root / "simulated", root / "project")
        lists = ("--in_mics", MICROGRAPHS, "--in_parts", PARTICLES, "--j", "2")
        subprocess.run([*_CRYOICE, "relion", "--o", f"{JOB}/", *lists], cwd=project, check=True)
        for name, found in compare_all(project).items():
            print(
                f"{name}: {found.rows} rows, {found.accepted} accepted, {found.rejected} rejected; "
                f"{found.blocks} blocks in order, {found.added} columns added; all {found.cells} cells equal"
            )


if __name__ == "__main__":
    main()
