"""When the last exposures turn bad: said once, and once more when they are good again."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryoice.constants import CLASSES
from cryoice.errors import InputError
from cryoice.project.records import Row

_BAD, _GOOD = 0.8, 0.5
"""Shares of bad exposures among the last ones: from the first on they have turned bad, below the second
they are good again. Where a fifth of all is bad, 8 of 10 are one time in 13,000; two limits keep one
spell one."""


@dataclass
class BadSpell:
    """Bad exposures, more or less in a row.

    Attributes
    ----------
    of
        How many of the last exposures are looked at; 0 looks at none.
    now
        It lasts.
    """

    of: int
    now: bool = False

    def turns(self, verdicts: Sequence[str]) -> bool:
        """Look at the verdicts of the last exposures; whether a spell begins or ends with them."""
        if not self.of or len(verdicts) < self.of:
            return False
        share = verdicts.count("bad") / self.of
        turned = share < _GOOD if self.now else share >= _BAD
        self.now ^= turned
        return turned


@dataclass(frozen=True)
class Alarm:
    """A program that is started when exposures turn bad, and when they are good again.

    No shell sees its words, and what it should know is in its environment.

    Attributes
    ----------
    words
        The program and its arguments.
    """

    words: tuple[str, ...]

    @classmethod
    def of(cls, command: str) -> "Alarm":
        """Take a command apart as a shell would.

        Raises
        ------
        InputError
            It is no command, or there is no such program.
        """
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise InputError(f"--on-warning: {command}: {error}; give a program and its words") from error
        if not words or shutil.which(words[0]) is None:
            raise InputError(f"--on-warning: {command!r}: no such program; give a program and its words")
        return cls(words)

    def start(self, facts: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start it in the background, with ``CRYOICE_<FACT>`` in its environment.

        Raises
        ------
        InputError
            The system cannot start it.
        """
        told = {f"CRYOICE_{name.upper()}": value for name, value in facts.items()}
        try:
            return subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, env=os.environ | told, start_new_session=True
            )
        except OSError as error:
            raise InputError(
                f"--on-warning: {self.words[0]}: cannot be started ({error.strerror})"
            ) from error


@dataclass
class Warner:
    """Says when exposures turn bad and when they are good again.

    Attributes
    ----------
    spell, alarm
        What is a bad spell, and what is started.
    output
        Folder of the masks.
    tell
        Takes a line.
    """

    spell: BadSpell
    alarm: Alarm | None
    output: Path
    tell: Callable[[str], None]
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def judge(self, last: Sequence[Row]) -> None:
        """Look at what is told of the last exposures, oldest first."""
        if not self.spell.turns([row["verdict"] for row in last]):
            return
        bad, name = sum(row["verdict"] == "bad" for row in last), str(last[-1]["micrograph"])
        most = max(CLASSES[1:], key=lambda kind: sum(row[kind] for row in last))
        said = f"{bad} of the last {len(last)} exposures are bad"
        if self.spell.now:
            self.tell(f"warning: {said}, most of it {most}; the last one is {name}")
        else:
            self.tell(f"good again: {said}")
        if self.alarm is not None:
            facts = {"event": "bad" if self.spell.now else "good", "bad": str(bad), "of": str(len(last))}
            facts |= {"class": most, "last": name, "output": str(self.output.absolute())}
            try:
                self._started.append(self.alarm.start(facts))
            except InputError as error:
                self.tell(str(error))

    def attend(self) -> None:
        """Say which of the programs that were started have failed."""
        for ended in [program for program in self._started if program.poll() is not None]:
            self._started.remove(ended)
            if ended.returncode:
                self.tell(f"--on-warning: the program ended with status {ended.returncode}")
