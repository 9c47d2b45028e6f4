"""Entries of CryoPPP and CryoPPP-Lite as they lie on disk.

Layout: Dhakal et al., A large expert-curated cryo-EM image dataset, doi:10.1038/s41597-023-02280-2.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoice.errors import InputError
from cryoice.files.micrograph import MICROGRAPH_SUFFIXES, micrograph_name
from cryoice.files.names import match_names
from cryoice.files.pick_tables import star_names
from cryoice.files.picks import EntryMicrograph, Picks, read_picks
from cryoice.files.picture import PICTURE_SUFFIXES

__all__ = ["Entry", "EntryMicrograph", "Picks", "find_entries", "read_picks"]

_MICROGRAPHS, _TRUTH = "micrographs", "ground_truth"
_GOOD_FOLDER, _BAD_FOLDER, _LABELS_FOLDER = "particle_coordinates", "false_positives", "true_labels"
_BAD_ENDING = "_false_positives"
_GOOD_STAR, _BAD_STAR = "*_particles_selected.star", "*_particles_excluded.star"


@dataclass(frozen=True)
class Entry:
    """One protein of CryoPPP; ``lite`` when its micrographs are pictures, not MRC files.

    ``name`` is the folder's, or its path below the data's root where two folders share that one.
    """

    name: str
    root: Path
    lite: bool
    micrographs: tuple[EntryMicrograph, ...]

    def goes_by(self, name: str) -> bool:
        """Whether a user may mean this entry: by its name, its folder's or the folder's above."""
        return name in _aliases(self.root, self.name)


def find_entries(root: Path, *, names: Sequence[str] | None = None) -> list[Entry]:
    """Find the entries in ``root``, which holds them one or two folders deep or is one itself.

    Parameters
    ----------
    root
        Folder of the data.
    names
        Entries to keep, in this order; '10389' stands for '10389/10389A' and '10389/10389B'.

    Returns
    -------
    list
        An entry whose micrographs are missing is among them, with none.

    Raises
    ------
    InputError
        The folder is missing or holds no entry, or an entry is unknown.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; give the folder that holds the CryoPPP entries")
    folders = _entry_folders(root)
    if not folders:
        raise InputError(f"{root}: no CryoPPP entry, a folder with '{_MICROGRAPHS}/' in it; give another")
    named = _named(root, folders)
    chosen = folders if names is None else _chosen(root, named, names)
    return [_entry(folder, named[folder]) for folder in chosen]


def _entry_folders(root: Path) -> list[Path]:
    if _is_entry(root):
        return [root]
    found: list[Path] = []
    for child in _subfolders(root):
        found += [child] if _is_entry(child) else filter(_is_entry, _subfolders(child))
    return found


def _is_entry(folder: Path) -> bool:
    return (folder / _MICROGRAPHS).is_dir() or (folder / _TRUTH).is_dir()


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_dir()]


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); change its permissions") from error


def _named(root: Path, folders: list[Path]) -> dict[Path, str]:
    taken = Counter(_name(folder) for folder in folders)
    return {
        folder: _name(folder) if taken[_name(folder)] == 1 else folder.relative_to(root).as_posix()
        for folder in folders
    }


def _chosen(root: Path, named: dict[Path, str], names: Sequence[str]) -> list[Path]:
    chosen: list[Path] = []
    for name in names:
        found = [folder for folder, own in named.items() if name in _aliases(folder, own)]
        if not found:
            raise InputError(f"{root}: no entry {name}; there are {', '.join(named.values())}")
        chosen += found
    return list(dict.fromkeys(chosen))


def _aliases(folder: Path, name: str) -> tuple[str, str, str]:
    return name, _name(folder), _name(folder.parent)


def _name(folder: Path) -> str:
    return folder.name if folder.name not in ("", "..") else folder.resolve().name


def _entry(folder: Path, name: str) -> Entry:
    paths = _micrograph_paths(folder / _MICROGRAPHS)
    truth = folder / _TRUTH
    good, bad = _csv_files(truth / _GOOD_FOLDER, ""), _csv_files(truth / _BAD_FOLDER, _BAD_ENDING)
    if good or bad:
        micrographs = _with_csv(paths, good, bad, _csv_files(truth / _LABELS_FOLDER, ""))
    else:
        micrographs = _with_star(paths, _first(truth, _GOOD_STAR), _first(truth, _BAD_STAR))
    lite = bool(paths) and all(path.suffix.lower() in PICTURE_SUFFIXES for path in paths.values())
    return Entry(name=name, root=folder, lite=lite, micrographs=micrographs)


def _micrograph_paths(folder: Path) -> dict[str, Path]:
    """Micrographs by name; of a name's MRC file and its pictures, the MRC file."""
    paths = [path for path in _listed(folder) if path.name.lower().endswith(MICROGRAPH_SUFFIXES)]
    pictures_first = sorted(paths, key=lambda path: path.suffix.lower() not in PICTURE_SUFFIXES)
    by_name = {micrograph_name(path): path for path in pictures_first}
    return dict(sorted(by_name.items()))


def _csv_files(folder: Path, ending: str) -> dict[str, Path]:
    paths = [path for path in _listed(folder) if path.suffix.lower() == ".csv"]
    return {path.stem.removesuffix(ending): path for path in paths}


def _with_csv(
    paths: dict[str, Path], good: dict[str, Path], bad: dict[str, Path], truth: dict[str, Path]
) -> tuple[EntryMicrograph, ...]:
    pairs = [(files, match_names(paths, files)) for files in (good, bad, truth)]

    def found(name: str) -> list[Path | None]:
        return [files[match[name]] if name in match else None for files, match in pairs]

    micrographs = []
    for name, path in paths.items():
        of_good, of_bad, of_truth = found(name)
        micrographs.append(EntryMicrograph(path=path, name=name, good=of_good, bad=of_bad, truth=of_truth))
    return tuple(micrographs)


def _with_star(paths: dict[str, Path], good: Path | None, bad: Path | None) -> tuple[EntryMicrograph, ...]:
    known = [name for star in (good, bad) if star is not None for name in star_names(star)]
    match = match_names(paths, known)
    return tuple(
        EntryMicrograph(path=path, name=name, good=good, bad=bad, truth=None, star_name=match[name])
        if name in match
        else EntryMicrograph(path=path, name=name, good=None, bad=None, truth=None)
        for name, path in paths.items()
    )


def _first(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)
