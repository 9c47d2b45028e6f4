"""The entries of a data set, ready to be cut: views of micrographs, picks in array positions, cached."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cryoice.errors import InputError
from cryoice.files.cryoppp import Entry, find_entries
from cryoice.files.lock import one_at_a_time
from cryoice.files.remarks import no_micrographs
from cryoice.learn import views
from cryoice.learn.build import INDEX, PICKS, Build
from cryoice.learn.dataset import PreparedMicrograph, View
from cryoice.learn.pixel_sizes import sizes_by_entry
from cryoice.learn.views import digest, stamp

VERSION = 3
"""Raise it when the cached index or picks would come out differently."""


@dataclass(frozen=True)
class Prepared:
    """The whole data set, ready to be cut into patches.

    ``picks`` has one row a pick: ``micrograph`` (index), ``row``, ``col`` (px as stored), ``label``,
    ``true_label`` and ``inside`` (on the micrograph). ``frames`` are those in which the files count, by
    micrograph. ``notes`` tell what was skipped and what is in
    doubt, ``left_out`` counts picks and micrographs that never got here, by reason.
    """

    micrographs: list[PreparedMicrograph]
    shapes: list[tuple[int, int]]
    pixel_sizes: list[float]
    frames: list[str]
    diameters: list[float | None]
    picks: pd.DataFrame
    notes: list[str]
    left_out: dict[str, int]


def prepare(
    root: Path,
    *,
    entries: Sequence[str] | None,
    frame: str,
    pixel_sizes: Mapping[str, float],
    pixel_size: float,
    spectrum_pixel_size: float | None,
    cache: Path,
) -> Prepared:
    """Prepare the entries under ``root`` for patches at ``pixel_size`` and spectra at another (Å/px).

    Arrays are cached by file and pixel size, the rest by everything it depends on, so that a second
    call, in a sweep say, reads two small files. A micrograph that cannot be read is noted and skipped,
    and so is an entry without micrographs unless it is the only one or named in ``entries``.

    Raises
    ------
    InputError
        Nothing usable is left, a pixel size is unknown or for no entry, or the picks fit another frame.
    """
    found = find_entries(root, names=entries)
    bare = [entry for entry in found if not entry.micrographs]
    if bare and (entries is not None or bare == found):
        raise InputError(no_micrographs(bare[0]))
    wanted = {
        "version": [VERSION, views.VERSION],
        "frame": frame,
        "pixel_sizes": sizes_by_entry(root, found, pixel_sizes),
        "real": pixel_size,
        "spectrum": spectrum_pixel_size,
        "entries": [entry.name for entry in found],
        "files": [stamp(path) for entry in found for path in _files(entry)],
    }
    folder = cache / "prepared" / digest(wanted)
    if not _is_whole(folder, cache):
        with one_at_a_time(folder.with_suffix(".lock")):
            if not _is_whole(folder, cache):
                Build(wanted, cache).run(found, folder)
    return _load(folder, cache)


def _is_whole(folder: Path, cache: Path) -> bool:
    index = folder / INDEX
    if not index.exists():
        return False
    rows = json.loads(index.read_text())["micrographs"]
    names = [row[view]["path"] for row in rows for view in ("real", "spectrum")]
    return all((cache / name).exists() for name in names if name is not None)


def _load(folder: Path, cache: Path) -> Prepared:
    index = json.loads((folder / INDEX).read_text())
    rows = index["micrographs"]
    return Prepared(
        micrographs=[
            PreparedMicrograph(
                entry=row["entry"],
                name=row["name"],
                path=row["path"],
                real=_as_view(row["real"], cache),
                spectrum=_as_view(row["spectrum"], cache),
            )
            for row in rows
        ],
        shapes=[(row["shape"][0], row["shape"][1]) for row in rows],
        pixel_sizes=[row["native"] for row in rows],
        frames=[row["frame"] for row in rows],
        diameters=[row["diameter"] for row in rows],
        picks=pd.read_csv(folder / PICKS),
        notes=index["notes"],
        left_out=index["left_out"],
    )


def _as_view(row: Mapping[str, Any], cache: Path) -> View:
    path = None if row["path"] is None else str((cache / row["path"]).resolve())
    return View(path=path, pixel_size=row["pixel_size"], scale=(row["scale"][0], row["scale"][1]))


def _files(entry: Entry) -> list[Path]:
    return [path for m in entry.micrographs for path in (m.path, m.good, m.bad, m.truth) if path is not None]
