"""Tables as Markdown."""

import re
from collections.abc import Sequence

from cryoice.learn.metrics import Interval


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose first column is text and whose others are numbers."""
    rule = [":--", *["--:"] * (len(header) - 1)]
    return [f"| {' | '.join(line)} |" for line in (header, rule, *rows)]


def with_bounds(found: Interval, *, sign: bool = False) -> str:
    """Return ``0.912 [0.880, 0.941]``, with signs for differences."""
    form = "{:+.3f}" if sign else "{:.3f}"
    return f"{form} [{form}, {form}]".format(found.estimate, found.low, found.high)


def sections_of(text: str) -> dict[str, str]:
    """Return a page's sections, headings included, by their titles."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}
