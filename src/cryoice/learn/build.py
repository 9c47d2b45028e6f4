"""Building the index of a data set: every micrograph's views, every pick, every reason to leave one out."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import track

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.cryoppp import Entry
from cryoice.files.diagnose import EntryDiagnosis, diagnose_entry
from cryoice.files.frames import inside, to_positions
from cryoice.files.picks import EntryMicrograph, read_picks
from cryoice.files.picture import PICTURE_SUFFIXES
from cryoice.files.remarks import no_micrographs, skipped
from cryoice.learn.dataset import View
from cryoice.learn.views import Source
from cryoice.signal.ice_rings import ring_visible

INDEX, PICKS = "index.json", "picks.csv"
"""The two files of a prepared data set."""

NO_POSITION, SKIPPED, WITHOUT_PICKS = "not a position", "micrographs skipped", "micrographs without picks"
"""Why picks and micrographs are left out before any patch is cut."""


def _none_left_out() -> Counter[str]:
    return Counter({NO_POSITION: 0, SKIPPED: 0, WITHOUT_PICKS: 0})


@dataclass(frozen=True)
class Build:
    """The preparation of one data set.

    ``wanted`` holds ``frame``, ``pixel_sizes`` (by entry), ``real`` and ``spectrum`` (Å/px).
    """

    wanted: Mapping[str, Any]
    cache: Path
    rows: list[dict[str, Any]] = field(default_factory=list)
    picks: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=_none_left_out)

    def run(self, found: Sequence[Entry], folder: Path) -> None:
        """Write picks and index; the index comes last and says that everything is there."""
        for entry in found:
            if entry.micrographs:
                self._add_entry(entry)
            else:
                self.notes.append(no_micrographs(entry))
        if not self.rows:
            raise InputError(
                f"data.root: no micrograph can be used; first fault: {next(iter(self.notes), 'no picks')}"
            )
        with replacing(folder / PICKS) as path:
            pd.concat(self.picks).to_csv(path, index=False)
        with replacing(folder / INDEX) as path:
            index = {"micrographs": self.rows, "notes": self.notes, "left_out": self.left_out}
            path.write_text(json.dumps(index))

    def _add_entry(self, entry: Entry) -> None:
        sizes = self.wanted["pixel_sizes"]
        diagnosis = diagnose_entry(entry, frame=self.wanted["frame"], pixel_size=sizes.get(entry.name))
        survey, problems = diagnosis.survey, []
        for micrograph in track(diagnosis.micrographs, f"preparing {entry.name}", transient=True):
            try:
                row, table = self._prepared(micrograph, diagnosis)
            except InputError as error:
                problems.append((micrograph.name, str(error)))
                continue
            self.picks.append(table.assign(micrograph=len(self.rows)))
            self.rows.append(row)
        self.notes.extend(diagnosis.remarks + skipped(entry.name, problems))
        self.left_out[NO_POSITION] += survey.invalid
        self.left_out[SKIPPED] += len(survey.problems) + len(problems)
        self.left_out[WITHOUT_PICKS] += len(survey.missing) + len(survey.empty)

    def _prepared(
        self, micrograph: EntryMicrograph, diagnosis: EntryDiagnosis
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        native = diagnosis.pixel_size
        targets = [max(self.wanted["real"], native)]
        if _shows_ice(micrograph.path, native, self.wanted["spectrum"]):
            targets.append(self.wanted["spectrum"])
        views, shape = Source(micrograph.path, native, self.cache).views(targets)
        spectrum = views[1] if len(views) > 1 else View(path=None, pixel_size=native, scale=(1.0, 1.0))
        found = read_picks(micrograph)
        positions = to_positions(found.x, found.y, shape=shape, frame=diagnosis.frame)
        columns = {"row": positions[:, 0], "col": positions[:, 1], "label": found.label}
        columns |= {"true_label": found.true_label, "inside": inside(positions, shape)}
        row = {
            "entry": diagnosis.survey.entry.name,
            "name": micrograph.name,
            "path": str(micrograph.path),
            "shape": shape,
            "native": native,
            "frame": diagnosis.frame,
            "diameter": found.diameter,
            "real": asdict(views[0]),
            "spectrum": asdict(spectrum),
        }
        return row, pd.DataFrame(columns)


def _shows_ice(path: Path, native: float, target: float | None) -> bool:
    """Whether a spectrum at ``target`` Å/px can hold the rings of ice; 8-bit pictures never do."""
    is_picture = path.suffix.lower() in PICTURE_SUFFIXES
    return target is not None and not is_picture and ring_visible(max(native, target))
