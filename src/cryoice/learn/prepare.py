"""Micrographs read, normalised and resampled once; picks in array positions; all of it cached."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.progress import track

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.cryoppp import Entry, find_entries
from cryoice.files.diagnose import EntryDiagnosis, diagnose_entry
from cryoice.files.frames import to_positions
from cryoice.files.micrograph import read_micrograph
from cryoice.files.picks import EntryMicrograph, read_picks
from cryoice.learn.dataset import PreparedMicrograph, View
from cryoice.signal.fourier import fourier_rescale, rescaled_shape
from cryoice.signal.ice_rings import ring_visible
from cryoice.signal.normalise import clean_pixels, remove_plane, standardise

log = logging.getLogger(__name__)

VERSION = 1
"""Raise it when cached arrays would come out differently."""


@dataclass(frozen=True)
class Prepared:
    """The whole data set, ready to be cut into patches.

    ``picks`` has one row a pick: ``micrograph`` (index), ``row``, ``col`` (px as stored), ``label``,
    ``true_label`` and ``inside`` (on the micrograph). ``notes`` tell what was skipped and why.
    """

    micrographs: list[PreparedMicrograph]
    shapes: list[tuple[int, int]]
    pixel_sizes: list[float]
    diameters: list[float | None]
    picks: pd.DataFrame
    notes: list[str]


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
    call, in a sweep say, reads two small files. A micrograph that cannot be read is noted and skipped.

    Raises
    ------
    InputError
        Nothing usable is left, a pixel size is unknown, or the picks fit another frame.
    """
    found = find_entries(root, names=entries)
    wanted = {
        "version": VERSION,
        "frame": frame,
        "pixel_sizes": dict(pixel_sizes),
        "real": pixel_size,
        "spectrum": spectrum_pixel_size,
        "files": [_stamp(path) for entry in found for path in _files(entry)],
    }
    folder = cache / "prepared" / _digest(wanted)
    if not (folder / "index.json").exists():
        _build(found, folder, wanted, cache=cache)
    return _load(folder)


def _build(found: Iterable[Entry], folder: Path, wanted: dict[str, Any], *, cache: Path) -> None:
    rows: list[dict[str, Any]] = []
    picks: list[pd.DataFrame] = []
    notes: list[str] = []
    for entry in found:
        diagnosis = diagnose_entry(
            entry, frame=wanted["frame"], pixel_size=wanted["pixel_sizes"].get(entry.name)
        )
        notes += [f"{entry.name}/{name}: {reason}" for name, reason in diagnosis.problems]
        for micrograph in track(diagnosis.micrographs, f"preparing {entry.name}", transient=True):
            try:
                row, table = _prepare_micrograph(micrograph, diagnosis, wanted, cache=cache)
            except InputError as error:
                notes.append(str(error))
                continue
            picks.append(table.assign(micrograph=len(rows)))
            rows.append(row)
    if not rows:
        raise InputError(
            f"data.root: no micrograph can be used; first fault: {notes[0] if notes else 'no picks'}"
        )
    with replacing(folder / "picks.csv") as path:
        pd.concat(picks).to_csv(path, index=False)
    with replacing(folder / "index.json") as path:
        path.write_text(json.dumps({"micrographs": rows, "notes": notes}))


def _prepare_micrograph(
    micrograph: EntryMicrograph, diagnosis: EntryDiagnosis, wanted: Mapping[str, Any], *, cache: Path
) -> tuple[dict[str, Any], pd.DataFrame]:
    native = diagnosis.pixel_size
    loaded: list[np.ndarray] = []

    def pixels() -> np.ndarray:
        if not loaded:
            loaded.append(remove_plane(clean_pixels(read_micrograph(micrograph.path).array)))
        return loaded[0]

    def view(target: float) -> tuple[View, tuple[int, int]]:
        return _view(micrograph.path, pixels, native=native, target=target, cache=cache)

    real, shape = view(max(wanted["real"], native))
    spectrum = View(path=None, pixel_size=native, scale=(1.0, 1.0))
    if wanted["spectrum"] is not None and ring_visible(native):
        spectrum, shape = view(wanted["spectrum"])
    found = read_picks(micrograph)
    positions = to_positions(found.x, found.y, shape=shape, frame=diagnosis.frame)
    inside = ((positions >= 0) & (positions <= np.array(shape) - 1)).all(axis=1)
    table = pd.DataFrame(
        {
            "row": positions[:, 0],
            "col": positions[:, 1],
            "label": found.label,
            "true_label": found.true_label,
            "inside": inside,
        }
    )
    row = {
        "entry": diagnosis.survey.entry.name,
        "name": micrograph.name,
        "path": str(micrograph.path),
        "shape": shape,
        "native": native,
        "diameter": found.diameter,
        "real": asdict(real),
        "spectrum": asdict(spectrum),
    }
    return row, table


def _view(
    path: Path, pixels: Callable[[], np.ndarray], *, native: float, target: float, cache: Path
) -> tuple[View, tuple[int, int]]:
    key = _digest({"version": VERSION, "file": _stamp(path), "native": native, "target": target})
    array, facts = cache / "arrays" / f"{key}.npy", cache / "arrays" / f"{key}.json"
    if not facts.exists():
        source = pixels()
        shape = rescaled_shape(source.shape, pixel_size=native, target=target)
        resampled = (
            fourier_rescale(torch.from_numpy(source), shape).numpy() if shape != source.shape else source
        )
        with replacing(array) as scratch:
            np.save(scratch, standardise(resampled).astype(np.float16))
        with replacing(facts) as scratch:
            scratch.write_text(json.dumps({"stored": source.shape, "shape": shape}))
    known = json.loads(facts.read_text())
    stored, shape = known["stored"], known["shape"]
    view = View(path=str(array), pixel_size=target, scale=(shape[0] / stored[0], shape[1] / stored[1]))
    return view, (stored[0], stored[1])


def _load(folder: Path) -> Prepared:
    index = json.loads((folder / "index.json").read_text())
    rows = index["micrographs"]
    return Prepared(
        micrographs=[
            PreparedMicrograph(
                entry=row["entry"],
                name=row["name"],
                path=row["path"],
                real=_as_view(row["real"]),
                spectrum=_as_view(row["spectrum"]),
            )
            for row in rows
        ],
        shapes=[(row["shape"][0], row["shape"][1]) for row in rows],
        pixel_sizes=[row["native"] for row in rows],
        diameters=[row["diameter"] for row in rows],
        picks=pd.read_csv(folder / "picks.csv"),
        notes=index["notes"],
    )


def _as_view(row: Mapping[str, Any]) -> View:
    return View(path=row["path"], pixel_size=row["pixel_size"], scale=(row["scale"][0], row["scale"][1]))


def _files(entry: Entry) -> list[Path]:
    return [path for m in entry.micrographs for path in (m.path, m.good, m.bad, m.truth) if path is not None]


def _stamp(path: Path) -> list[Any]:
    status = path.stat()
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
