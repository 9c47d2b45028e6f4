"""A watch that is not waited for: a clock that is told the time, and a pool that masks at once."""

from concurrent.futures import Executor, Future

from bright_blocks import brightness_model
from cryoice.files.growing_folder import GrowingFolder
from cryoice.files.micrograph_list import MicrographList
from cryoice.project.in_flight import InFlight
from cryoice.project.mask_batch import MaskBatch
from cryoice.project.mask_settings import MaskSettings
from cryoice.project.watch import Watch
from cryoice.project.watched_list import WatchedList

SETTLE = 5.0


class AtOnce(Executor):
    def submit(self, work, /, *arguments):
        future = Future()
        future.set_result(work(*arguments))
        return future


class Later(Executor):
    """Masks when told to; in between, files can change and signals come."""

    def __init__(self):
        self.waiting, self.over = [], False

    def submit(self, work, /, *arguments):
        assert not self.over, "cannot schedule new futures after shutdown"
        future = Future()
        self.waiting.append((future, work, arguments))
        return future

    def go(self):
        for future, work, arguments in self.waiting:
            future.set_result(work(*arguments))
        self.waiting.clear()

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.over = True
        self.go()


class Watched:
    """A watch of a source, the time, and what was said and masked."""

    def __init__(self, source, output, *, pool=None, **settings):
        if not hasattr(source, "look"):
            source = GrowingFolder(source, [], [], recursive=False, angpix=None)
        nothing = MicrographList((), (), (), star=None, block=None)
        batch = MaskBatch(nothing, output, brightness_model(), MaskSettings(**settings))
        self.now, self.said, self.masked = 100.0, [], []
        watched = WatchedList(source, SETTLE, self.said.append)
        self.watch = Watch(batch, watched, InFlight(pool or AtOnce(), 4), batch.recorded())

    def after(self, seconds):
        """Let the time pass, look, and take what is done; return what was masked by now."""
        self.now += seconds
        self.watch.look(self.now)
        self.masked += [row["stem"] for row, _ in self.watch.collect(self.now)]
        while any(future.done() for future in self.watch.in_flight.futures):
            self.masked += [row["stem"] for row, _ in self.watch.collect(self.now)]
        return sorted(self.masked)
