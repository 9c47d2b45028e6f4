"""What a watch does again and again, and what it costs where many micrographs are masked.

    python benchmarks/watch_many.py [--micrographs 20000]

The micrographs and their records are made up; they are read, listed, written and drawn as real ones.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from cryoice.constants import CLASSES
from cryoice.files.growing_folder import GrowingFolder
from cryoice.files.micrograph_list import ListedMicrograph, MicrographList
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.mask.model import load_model
from cryoice.project.in_flight import InFlight
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_outcome import DOUBT, OF_STAR
from cryoice.project.mask_settings import MaskSettings
from cryoice.project.records import Stamp
from cryoice.project.watch import Watch
from cryoice.project.watch_lists import draw_watch, write_watch_lists
from cryoice.project.watched_list import WatchedList


def main() -> None:
    """Time each part and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=20000)
    given = parser.parse_args()
    nothing = MicrographList((), (), (), star=None, block=None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch = MaskBatch(nothing, folder / "out", load_model(None, device="cpu"), MaskSettings())
        plant(folder / "in", batch, number=given.micrographs)
        with timed("begin again: read all records"):
            known = batch.recorded()
        source = GrowingFolder(folder / "in", (), (), recursive=False, angpix=None)
        watched = WatchedList(source, 5.0, print)
        watch = Watch(batch, watched, InFlight(ThreadPoolExecutor(1), 1), known)
        with timed("first look: compare all with their records"):
            watch.look(0.0)
        if watch.masked != given.micrographs:
            raise SystemExit(f"only {watch.masked} were found again")
        watch.look(1.0)
        with timed("a look when nothing came"):
            watch.look(2.0)
        (folder / "in/new.mrc").touch()
        with timed("a look when one came"):
            watch.look(3.0)
        with timed("write all lists"):
            write_watch_lists(watch)
        with timed("draw"):
            draw_watch(watch)


def plant(folder: Path, batch: MaskBatch, *, number: int) -> None:
    """Write files, outputs and records as if they had been masked; all files are empty."""
    folder.mkdir(parents=True)
    random.seed(0)
    for index in range(number):
        path = folder / f"m{index:05d}.mrc"
        path.touch()
        shares = {kind: round(random.random() / 5, 5) for kind in CLASSES[1:]}
        bad = round(sum(shares.values()), 5)
        row = {
            **{"micrograph": str(path), "stem": path.stem, "height": 4096, "width": 4096, "angpix": 1.0},
            **{
                "mask": f"{path.stem}_mask.mrc",
                "score": f"{path.stem}_score.mrc",
                "clean": 1 - bad,
                **shares,
            },
            **{"bad": bad, "unsure": 0.01, "unsure_from": 0.3, "unsure_to": 0.7, "iciness": 1.1},
            **{"ring_density": 0.5, "views": "context+spectrum", "verdict": "good" if bad < 0.3 else "bad"},
            **{"model": batch.model.digest, DOUBT: None, OF_STAR: False},
        }
        listed = ListedMicrograph(path, str(path), path.stem, None, ())
        outputs = [f"{path.stem}{end}" for end in ("_mask.mrc", "_score.mrc", "_ice.mrc", ".png")]
        small = thumbnail_path(batch.output, path.stem)
        outputs.append(small.relative_to(batch.output).as_posix())
        digest = batch.digest(listed)
        batch.records.write(path.stem, row, stamp=Stamp.of(path), digest=digest, outputs=outputs)
        for name in outputs:
            (batch.output / name).touch()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print what a block took."""
    begun = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
