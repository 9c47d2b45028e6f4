"""A group of data sets of cryoSPARC (.csg): YAML that names, per property, the .cs file that holds it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cryoice.errors import InputError
from cryoice.files.atomic import replacing
from cryoice.files.cryosparc_dataset import FROM_ITSELF, read_dataset, require_paths_hold, write_dataset

SUFFIX = ".csg"


@dataclass(frozen=True)
class Group:
    """A group in memory.

    Attributes
    ----------
    path
        Where it was read from.
    content
        The file's content.
    datasets
        Rows of each data set by its file's name.
    """

    path: Path
    content: dict[str, Any]
    datasets: dict[str, np.ndarray]

    def datasets_for(self, result: str) -> Iterator[np.ndarray]:
        """All data sets, first the one that the group names for this result."""
        named = self.content["results"].get(result)
        first = _metafile(named) if named else None
        for name in sorted(self.datasets, key=lambda name: name != first):
            yield self.datasets[name]

    def check_uids(self, uids: np.ndarray, *, of: str = "particles without a location") -> None:
        """Refuse a group whose data sets do not hold the same items.

        Parameters
        ----------
        uids
            Those of the items that can be judged.
        of
            What the others are.

        Raises
        ------
        InputError
            A data set lacks some of these uids, or has others.
        """
        for name, rows in self.datasets.items():
            missing = int(np.count_nonzero(~np.isin(uids, rows["uid"])))
            if missing:
                raise InputError(f"{self.path}: {name} lacks {missing} of {len(uids)} uids; export it again")
            more = int(np.count_nonzero(~np.isin(rows["uid"], uids)))
            if more:
                raise InputError(f"{self.path}: {name} has {more} of {len(rows)} {of}; export it again")

    def write(self, path: Path, *, uids: np.ndarray) -> None:
        """Write the data sets' rows of these uids beside ``path``, then the group that names them.

        Raises
        ------
        InputError
            The folder cannot be written or is not the one from which paths count, or ``path`` does not
            end in .csg.
        """
        if path.suffix.lower() != SUFFIX:
            raise InputError(f"{path}: a group is written as {SUFFIX}; give a name that ends so")
        for rows in self.datasets.values():
            require_paths_hold(self.path, path, rows)
        counts = {}
        for name, rows in self.datasets.items():
            kept = rows[np.isin(rows["uid"], uids)]
            counts[name] = len(kept)
            write_dataset(path.with_name(f"{path.stem}_{name}"), kept)
        content = copy.deepcopy(self.content)
        for key, result in self.content["results"].items():
            metafile = _metafile(result)
            if metafile is not None:
                content["results"][key] |= {
                    "metafile": f"{FROM_ITSELF}{path.stem}_{metafile}",
                    "num_items": counts[metafile],
                }
        with replacing(path) as scratch:
            scratch.write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=False))


def read_group(path: Path) -> Group:
    """Read a group and its data sets, which must lie in its own folder.

    Raises
    ------
    InputError
        A file is missing or broken, or the group names a file outside of its folder.
    """
    content = _content(path)
    return Group(path, content, {name: read_dataset(_beside(path, name)) for name in _names(content)})


def dataset_names(path: Path) -> tuple[str, ...]:
    """Names of the data sets' files as a group holds them; none is opened.

    Raises
    ------
    InputError
        The group is missing or broken.
    """
    return tuple(_names(_content(path)))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as .csg ({reason}); export it again") from error
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict) or not all(isinstance(result, dict) for result in results.values()):
        raise InputError(f"{path}: no group of cryoSPARC, it has no 'results'; give a .csg file")
    return content


def _names(content: dict[str, Any]) -> dict[str, None]:
    return dict.fromkeys(name for name in map(_metafile, content["results"].values()) if name is not None)


def _metafile(result: dict[str, Any]) -> str | None:
    named = result.get("metafile")
    return named.removeprefix(FROM_ITSELF) if isinstance(named, str) else None


def _beside(path: Path, name: str) -> Path:
    folder = path.parent
    found = folder / name
    try:
        # a name with folders, or a link to another one, may lead anywhere
        inside = Path(name).name == name and found.resolve().parent == folder.resolve()
    except (OSError, ValueError, RuntimeError):  # a character that no name has, a ring of links
        inside = False
    if not inside:
        raise InputError(f"{path}: names {name!r}, which is not in its own folder; put all files beside it")
    return found
