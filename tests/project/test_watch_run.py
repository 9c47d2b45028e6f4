import csv
import errno
import io
import os
import signal
import sys

import pytest
import starfile
from rich.console import Console

from bright_blocks import BLOCK, noise_with_block, write_micrographs
from cryoice.errors import InputError
from cryoice.files.growing_star import GrowingStar
from cryoice.files.mrc import write_mrc
from cryoice.project import watch_lists
from cryoice.project.stopping import stopping
from cryoice.project.watch_lists import Pace, write_watch_lists
from cryoice.project.watch_run import WatchRun
from cryoice.project.watch_view import WatchView, printable
from cryoice.project.watch_warning import Alarm, BadSpell, Warner
from watching import SETTLE, Later, Watched

LONG = 200.0


class Day:
    """A run whose time passes as fast as it is waited for; ``events`` happen at their moments."""

    def __init__(self, watched, *, stop_after=LONG, of=0, alarm=None):
        self.watched, self.now, self.events, self.pauses = watched, 0.0, {}, 0
        self.output = watched.watch.batch.output
        self.output.mkdir(exist_ok=True)
        view = WatchView(self.output / "watch.log", Console(file=io.StringIO()))
        watched.watch.watched.tell = view.tell = self.say
        self.run = WatchRun(
            watched.watch, view, Warner(BadSpell(of), alarm, self.output, self.say), stop_after
        )

    def say(self, line):
        self.watched.said.append(line)

    def pause(self, watch, seconds):
        self.now += seconds
        self.pauses += 1
        for moment in [moment for moment in self.events if moment <= self.now]:
            self.events.pop(moment)()

    def go(self, interval=1.0):
        return self.run.run(interval=interval, clock=lambda: self.now, pause=self.pause)


@pytest.fixture(autouse=True)
def _no_picture(monkeypatch):
    monkeypatch.setattr(watch_lists, "save_figure", lambda figure, path: path.touch())


def summary(folder):
    with (folder / "summary.csv").open(newline="") as stream:
        return [row["stem"] for row in csv.DictReader(stream)]


def listed(folder, name):
    table = starfile.read(folder / name, always_dict=True)["micrographs"]
    return [name.rpartition("/")[2] for name in table["rlnMicrographName"]]


def test_a_watch_ends_when_nothing_new_came_for_so_long(tmp_path):
    first, second = write_micrographs(tmp_path / "in", 2)
    away = second.rename(tmp_path / "m01.mrc")
    day = Day(Watched(tmp_path / "in", tmp_path / "out"))
    day.events[LONG - 60] = lambda: away.rename(second)
    assert day.go() is None
    assert 2 * LONG - 60 < day.now < 2 * LONG
    assert summary(tmp_path / "out") == ["m00", "m01"]
    assert (tmp_path / "out/watch.png").exists()
    assert len((tmp_path / "out/watch.log").read_text().splitlines()) == 2
    assert first.exists()


def test_with_no_time_to_wait_a_watch_ends_when_all_there_is_is_done(tmp_path):
    write_micrographs(tmp_path / "in", 3)
    (tmp_path / "in/bad.mrc").write_bytes(b"")
    day = Day(Watched(tmp_path / "in", tmp_path / "out"), stop_after=0.0)
    assert day.go() is None
    assert 60 <= day.now < 70
    assert summary(tmp_path / "out") == ["m00", "m01", "m02"]
    assert [name for name, _ in day.watched.watch.failures] == [str(tmp_path / "in/bad.mrc")]
    assert (tmp_path / "out/failures.csv").exists()


def test_a_list_that_is_being_rewritten_empties_no_list_and_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 3)
    path = tmp_path / "list.star"

    def rewrite(number):
        rows = "".join(f"in/m0{index}.mrc 1.0\n" for index in range(number))
        path.write_text(f"data_\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n{rows}")

    rewrite(3)
    Day(Watched(GrowingStar(path, None, SETTLE), tmp_path / "out"), stop_after=0.0).go()
    before = (tmp_path / "out/accepted.star").read_bytes()
    rewrite(1)  # half-written, and its last line is whole
    day = Day(Watched(GrowingStar(path, None, SETTLE), tmp_path / "out"), stop_after=0.0)
    seen = []

    def finish():
        seen.append((tmp_path / "out/accepted.star").read_bytes())
        rewrite(3)

    day.events[SETTLE - 1] = finish
    assert day.go() is None
    assert seen == [before]
    assert day.now >= 2 * SETTLE - 1
    assert (tmp_path / "out/accepted.star").read_bytes() == before
    assert summary(tmp_path / "out") == ["m00", "m01", "m02"]


def test_a_list_that_grows_all_the_time_is_believed_after_a_while(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_micrographs(tmp_path / "in", 1)
    path, rows = tmp_path / "list.star", "in/m00.mrc 1.0\n"
    path.write_text(f"data_\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n{rows}")
    watched = Watched(GrowingStar(path, None, SETTLE), tmp_path / "out")
    for second in range(int(SETTLE) + 1):
        assert not watched.watch.watched.answered
        watched.after(second and 1)
        with path.open("a") as stream:
            stream.write(rows)
    assert watched.watch.watched.answered


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_watch_with_those_in_flight_finished_and_listed(number, tmp_path):
    write_micrographs(tmp_path / "in", 6)
    before = signal.getsignal(number)
    day = Day(Watched(tmp_path / "in", tmp_path / "out", pool=Later()))
    day.events[20.0] = lambda: signal.raise_signal(number)
    assert day.go() == number
    assert day.now < 21
    done = summary(tmp_path / "out")
    assert len(done) == day.watched.watch.in_flight.depth == 4
    assert day.watched.watch.waiting == 2
    assert signal.getsignal(number) == before


def test_a_fault_of_ours_ends_a_watch_with_those_in_flight_finished_and_listed(tmp_path, monkeypatch):
    write_micrographs(tmp_path / "in", 2)
    day = Day(Watched(tmp_path / "in", tmp_path / "out", pool=Later()))

    def fault():
        monkeypatch.setattr(day.watched.watch.watched.source, "look", lambda now: 1 / 0)

    day.events[10.0] = fault
    with pytest.raises(ZeroDivisionError):
        day.go()
    assert summary(tmp_path / "out") == ["m00", "m01"]


def test_a_second_signal_ends_a_program_at_once():
    with stopping() as stopped:
        assert stopped.signal is None
        signal.raise_signal(signal.SIGTERM)
        assert stopped.signal == signal.SIGTERM
        assert signal.getsignal(signal.SIGINT) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


def test_lists_are_those_of_a_batch_and_split_by_verdict(tmp_path):
    from cryoice.files.micrograph_list import list_micrographs
    from cryoice.project.mask_batch import MaskBatch
    from cryoice.project.mask_lists import finish

    folder = tmp_path / "in"
    write_micrographs(folder, 11, block=(slice(0, 2), slice(0, 2)))
    write_mrc(folder / "m2.mrc", noise_with_block(), pixel_size=8.0)
    watched = Watched(folder, tmp_path / "watched", max_bad=0.05)
    day = Day(watched, stop_after=0.0)
    day.go()
    batch = MaskBatch(
        list_micrographs([folder], angpix=None),
        tmp_path / "batch",
        watched.watch.batch.model,
        watched.watch.batch.settings,
    )
    finish(batch, list(batch.run(jobs=1)))
    for name in ("summary.csv", "micrographs.star"):
        assert (tmp_path / "watched" / name).read_bytes() == (tmp_path / "batch" / name).read_bytes()
    assert listed(tmp_path / "watched", "rejected.star") == ["m2.mrc"]
    assert len(listed(tmp_path / "watched", "accepted.star")) == 11


def test_before_anything_is_masked_there_are_empty_lists(tmp_path):
    (tmp_path / "in").mkdir()
    watched = Watched(tmp_path / "in", tmp_path / "out")
    watched.after(0)
    write_watch_lists(watched.watch)
    assert summary(tmp_path / "out") == []
    assert "_rlnMicrographName" in (tmp_path / "out/accepted.star").read_text()


def test_lists_that_cannot_be_written_are_told_once_and_written_later(tmp_path, monkeypatch):
    (path,) = write_micrographs(tmp_path / "in", 1)
    day = Day(Watched(tmp_path / "in", tmp_path / "out"))
    replace, full = type(path).replace, [True]

    def refused(self, target):
        if full and target.name == "summary.csv":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(type(path), "replace", refused)
    day.events[60.0] = full.clear
    day.go()
    (line,) = day.watched.said
    assert line.endswith(
        "summary.csv: cannot be written (No space left on device); "
        "make room or choose another folder; trying again"
    )
    assert summary(tmp_path / "out") == ["m00"]


def test_what_is_written_anew_as_a_whole_takes_a_twentieth_of_the_time():
    pace = Pace(5.0)
    written = []

    def slow():
        written.append(1)
        watch_lists.time.sleep(0.02)

    assert pace.due(0.0, changes=0)
    pace.spend(0.0, slow, changes=0, tell=print)
    assert not pace.due(100.0, changes=0)
    assert not pace.due(4.9, changes=1)
    assert pace.due(5.1, changes=1)
    quick = Pace(0.0)
    quick.spend(0.0, slow, changes=0, tell=print)
    assert not quick.due(0.39, changes=1)


def test_a_bad_spell_is_told_once_and_its_end_too():
    spell = BadSpell(5)
    verdicts = ["good"] * 5 + ["bad"] * 8 + ["good"] * 2 + ["bad"] + ["good"] * 5 + ["bad"] * 2
    turned = [n for n in range(1, len(verdicts) + 1) if spell.turns(verdicts[max(0, n - 5) : n])]
    assert turned == [9, 17]  # 4 of 5 bad; 2 of 5
    assert not BadSpell(0).turns([])


def test_warnings_say_how_many_of_what_kind_and_start_a_program_without_a_shell(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        block = (slice(0, 2), slice(0, 2)) if number == 3 else BLOCK
        path = folder / f"m{number}; touch pwned.mrc"
        write_mrc(path, noise_with_block(seed=number, block=block), pixel_size=8.0)
        os.utime(path, ns=(0, -number))  # the last one that comes was the first one taken
    program = tmp_path / "note.py"
    program.write_text(
        "import os, pathlib\n"
        "facts = [os.environ[f'CRYOICE_{name}'] for name in ('EVENT', 'BAD', 'OF', 'CLASS', 'LAST')]\n"
        "(pathlib.Path(os.environ['CRYOICE_OUTPUT']) / 'told').write_text('|'.join(facts))\n"
    )
    alarm = Alarm.of(f"{sys.executable} {program}")
    day = Day(Watched(folder, tmp_path / "out", max_bad=0.05), stop_after=0.0, of=2, alarm=alarm)
    day.go()
    for child in day.run.warner._started:
        child.wait()
    last = folder / "m0; touch pwned.mrc"
    assert day.watched.said == [
        f"warning: 2 of the last 2 exposures are bad, most of it contamination; the last one is {last}",
    ]
    told = (tmp_path / "out/told").read_text()
    assert told == f"bad|2|2|contamination|{last}"
    assert not list(tmp_path.rglob("pwned"))


def test_a_program_that_fails_or_is_none_is_one_line(tmp_path):
    for command in ("", "no-such-program --loud", "'"):
        with pytest.raises(InputError, match="--on-warning: "):
            Alarm.of(command)
    said = []
    warner = Warner(BadSpell(1), Alarm.of("false"), tmp_path, said.append)
    warner.judge(
        [
            {
                "verdict": "bad",
                "micrograph": "m",
                "crystalline": 1,
                "contamination": 0,
                "support": 0,
                "other": 0,
            }
        ]
    )
    warner._started[0].wait()
    warner.attend()
    warner.attend()
    assert said[1:] == ["--on-warning: the program ended with status 1"]


def test_names_of_files_cannot_move_a_terminal_s_cursor():
    assert printable("a\x1b[2Jb\nc µ\udcff") == r"a\x1b[2Jb\x0ac µ\xdcff"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    WatchView(tmp_path / "gone/watch.log").note("masked")
    assert list(tmp_path.iterdir()) == []
