"""What a watch says: lines on the terminal and in a log, and one that lives."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

LOG = "watch.log"


@dataclass
class WatchView:
    """Lines for the user; a terminal has a line below them that is always current.

    Attributes
    ----------
    log
        File that gets the lines too, and one for each micrograph, each with the time.
    """

    log: Path
    console: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    )
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        self.live = Live("", console=self.console, transient=True, refresh_per_second=4)

    def __enter__(self) -> "WatchView":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.live.stop()

    def tell(self, line: str) -> None:
        """Say something, on the terminal and in the log."""
        self.console.print(printable(line))
        self.note(line)

    def note(self, line: str) -> None:
        """Say something in the log alone; a log that cannot be written stops nothing."""
        try:
            with self.log.open("a", encoding="utf-8") as stream:
                stream.write(
                    f"{datetime.now().astimezone().isoformat(timespec='milliseconds')} {printable(line)}\n"
                )
        except OSError:
            pass

    def show(self, status: str) -> None:
        """Renew the line that lives, which only a terminal has."""
        self.live.update(Text(status, overflow="ellipsis", no_wrap=True))

    @property
    def lives(self) -> bool:
        """Whether there is a terminal that shows such a line."""
        return self.live.is_started


def printable(line: str) -> str:
    """Write control characters, and what is no character, as numbers: names of files may hold any."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in line)
