"""A small RELION project with lists as CtfFind and Extract of RELION 5 write them, two optics groups in them.

Micrographs 0 and 2 have a bright block, 1 and 3 none. Of each micrograph's particles the first lies on the
first pixel of the block's first row, the second one pixel above it, the third far from it.
"""

from benchmarks.relion_project import MICROGRAPHS, PARTICLES, relion_block, write_blocks

from bright_blocks import ANGPIX, BLOCK, noise_with_block
from cryoice.files.micrograph import write_mrc

JOB = "External/job021"
TOP, LEFT = BLOCK[0].start, BLOCK[1].start
PLACES = ((LEFT, TOP), (LEFT, TOP - 1), (5, 35))
"""Column and row of the particles."""

_OPTICS = ["rlnOpticsGroupName", "rlnOpticsGroup", "rlnMicrographPixelSize", "rlnVoltage"]
_LISTED = ["rlnMicrographName", "rlnOpticsGroup", "rlnCtfImage", "rlnDefocusU", "rlnCtfMaxResolution"]
_EXTRACTED = ["rlnCoordinateX", "rlnCoordinateY", "rlnImageName", "rlnMicrographName", "rlnOpticsGroup"]


def name(number):
    return f"MotionCorr/job002/Movies/m{number:02d}.mrc"


def image(number, place):
    return f"{place:06d}@Extract/job020/Movies/m{number:02d}.mrcs"


def write_relion_project(root, *, micrographs=4, named=None):
    """Write a project; ``named`` are the micrographs whose particles are listed, all by default."""
    (root / "MotionCorr/job002/Movies").mkdir(parents=True)
    for number in range(micrographs):
        block = BLOCK if number % 2 == 0 else (slice(0), slice(0))
        write_mrc(root / name(number), noise_with_block(seed=number, block=block), pixel_size=ANGPIX)
    optics = [(f"opticsGroup{group}", group, ANGPIX, voltage) for group, voltage in ((1, 300.0), (2, 200.0))]
    listed = [
        (name(number), 1 + number % 2, f"CtfFind/job003/m{number:02d}.ctf:mrc", 10863.857422, 4.809192)
        for number in range(micrographs)
    ]
    extracted = [
        (float(x), float(y), image(number, place), name(number), 1 + number % 2)
        for number in (range(micrographs) if named is None else named)
        for place, (x, y) in enumerate(PLACES, start=1)
    ]
    for path, kind, columns, rows in (
        (MICROGRAPHS, "micrographs", _LISTED, listed),
        (PARTICLES, "particles", _EXTRACTED, extracted),
    ):
        blocks = (relion_block("optics", _OPTICS, optics), relion_block(kind, columns, rows))
        write_blocks(root / path, *blocks)
    (root / JOB).mkdir(parents=True)
    return root
