"""What became of one micrograph of a batch."""

from dataclasses import dataclass

from cryoice.files.micrograph_list import ListedMicrograph
from cryoice.project.records import Row

DOUBT, OF_STAR = "doubt", "of_star"
"""Keys of a row that the summary leaves out: what is doubtful about the pixel size, or None; and whether
a STAR file lists the micrograph."""


@dataclass(frozen=True)
class Outcome:
    """What became of one micrograph.

    Attributes
    ----------
    micrograph
        Which one.
    row
        What the summary tells; None where it failed.
    reason
        Why it failed.
    skipped
        It was done before.
    refused
        It failed for want of the machine, as on a full disk or a full GPU: so would others.
    """

    micrograph: ListedMicrograph
    row: Row | None
    reason: str = ""
    skipped: bool = False
    refused: bool = False
