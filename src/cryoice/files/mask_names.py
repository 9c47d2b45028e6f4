"""Which micrograph each mask of a folder is of: names of masks hold no folder, names of micrographs do."""

import csv
from collections.abc import Mapping
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.atomic import replacing

TOLD = ("summary.csv", "micrographs.csv")
"""Files of `cryoice mask` and of `cryoice finetune --mended`, with the columns below among theirs."""

COLUMNS = ("stem", "micrograph")


def read_mask_names(folder: Path) -> dict[str, str]:
    """Return micrographs by the stem of their mask; empty where the folder does not tell.

    Raises
    ------
    InputError
        A file is there and cannot be read.
    """
    names: dict[str, str] = {}
    for path in (folder / name for name in TOLD):
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                rows = csv.DictReader(stream, restval="")
                names |= {row["stem"]: row["micrograph"] for row in rows if row.get("stem")}
        except (FileNotFoundError, KeyError):
            continue
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{path}: cannot be read as CSV ({error}); write it again") from error
    return names


def write_mask_names(folder: Path, names: Mapping[str, str]) -> None:
    """Add to what the folder tells, or replace it for the same stems.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with replacing(folder / TOLD[-1]) as scratch, scratch.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *sorted((read_mask_names(folder) | dict(names)).items())])
