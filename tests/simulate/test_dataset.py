import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from settings_of_tests import PLAIN, merged, settings_with

from cryoice.errors import InputError
from cryoice.files.cryoppp import find_entries, read_picks
from cryoice.files.micrograph import read_micrograph
from cryoice.files.orientation import to_positions
from cryoice.simulate import dataset
from cryoice.simulate.dataset import places_below, simulate_dataset, simulate_into
from marked_micrograph import simulate_marked

SETTINGS = merged(
    PLAIN,
    {
        "proteins": ["globular", "rod"],
        "size": [320, 352],
        "contaminants": {"share": 1.0},
        "aggregates": {"share": 1.0},
    },
)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return simulate_dataset(SETTINGS, tmp_path_factory.mktemp("data"), jobs=1)


@pytest.fixture
def quick(monkeypatch):
    """Return settings of four micrographs of two proteins that are made in no time."""
    monkeypatch.setattr(dataset, "simulate_micrograph", simulate_marked)
    return settings_with(PLAIN, proteins=["ring", "rod"], size=[256, 300])


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_the_number_of_processes(root, tmp_path):
    assert contents(simulate_dataset(SETTINGS, tmp_path, jobs=2)) == contents(root)


def test_an_interrupted_data_set_is_continued_to_the_same_bytes(root, tmp_path, monkeypatch):
    real, done = dataset.simulate_micrograph, []

    def interrupted(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(dataset, "simulate_micrograph", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(SETTINGS, tmp_path, jobs=1)
    monkeypatch.setattr(
        dataset, "simulate_micrograph", lambda *arguments: done.append(arguments) or real(*arguments)
    )
    continued = simulate_dataset(SETTINGS, tmp_path, jobs=1)
    assert len(done) == 4
    assert contents(continued) == contents(root)


def test_a_complete_data_set_is_returned_untouched(root, monkeypatch):
    monkeypatch.setattr(dataset, "simulate_micrograph", None)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert simulate_dataset(SETTINGS, root.parent, jobs=1) == root
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_lists_and_tuples_name_the_same_folder(root):
    changed = SETTINGS | {"proteins": tuple(SETTINGS["proteins"])}
    assert simulate_dataset(changed, root.parent, jobs=1) == root


def test_the_manifest_holds_all_settings(root):
    manifest = json.loads((root / "dataset.json").read_text())
    assert manifest["settings"] == SETTINGS
    assert (manifest["version"], manifest["micrographs"], manifest["finished"]) == (2, 4, True)


def test_entries_are_ordinary_cryoppp_ones(root):
    entries = find_entries(root)
    assert [entry.name for entry in entries] == ["synthetic-globular", "synthetic-rod"]
    for entry in entries:
        assert len(entry.micrographs) == 2
        for micrograph in entry.micrographs:
            picture = read_micrograph(micrograph.path)
            assert picture.array.shape == (320, 352)
            assert picture.pixel_size == pytest.approx(3.0)
            picks = read_picks(micrograph)
            assert len(picks.x) > 0
            assert set(picks.true_label) <= {0, 1}


def test_coordinates_read_back_in_cryoppp_s_frame_land_on_particles_and_artifacts(root):
    for entry in find_entries(root):
        for micrograph in entry.micrographs:
            picks = read_picks(micrograph)
            truth = entry.root / "ground_truth"
            mask = read_micrograph(truth / "masks" / f"{micrograph.name}_mask.mrc").array
            known = json.loads((truth / "parameters" / f"{micrograph.name}.json").read_text())
            positions = to_positions(picks.x, picks.y, shape=mask.shape, frame="cryoppp").astype(int)
            good = positions[picks.true_label == 0]
            assert (mask[good[:, 0], good[:, 1]] == 0).all()
            distance = np.linalg.norm(good[:, None] - np.array(known["particles"]), axis=2).min(axis=1)
            assert distance.max(initial=0) < 5
            bad = positions[picks.true_label == 1]
            assert (mask[bad[:, 0], bad[:, 1]] > 0).mean() > 0.6


def test_good_picks_are_darker_than_their_surroundings_in_the_declared_frame_only(tmp_path):
    settings = merged(PLAIN, {"micrographs": 1, "size": [512, 400], "particles": {"potential": [5.0, 5.0]}})
    (entry,) = find_entries(simulate_dataset(settings, tmp_path, jobs=1))
    array = read_micrograph(entry.micrographs[0].path).array
    picks = read_picks(entry.micrographs[0])
    contrast = {}
    for frame in ("cryoppp", "top"):
        values = []
        for row, column in to_positions(picks.x, picks.y, shape=array.shape, frame=frame)[
            picks.true_label == 0
        ]:
            rows, columns = np.ogrid[: array.shape[0], : array.shape[1]]
            distance = np.hypot(rows - row, columns - column) * 3.0
            values.append(array[distance < 60].mean() - array[(distance > 90) & (distance < 120)].mean())
        contrast[frame] = np.mean(values) / array.std()
    assert contrast["cryoppp"] < -0.1
    assert contrast["cryoppp"] < contrast["top"] - 0.1


def test_pick_files_hold_whole_pixels_and_the_diameter(root):
    table = pd.read_csv(root / "synthetic-rod/ground_truth/particle_coordinates/rod-0000.csv")
    assert list(table) == ["X-Coordinate", "Y-Coordinate", "Diameter"]
    assert all(kind == np.int64 for kind in table.dtypes)
    assert (table["Diameter"] == 80).all()  # 240 Å at 3 Å/px


def test_a_micrograph_does_not_depend_on_what_else_is_simulated(root, tmp_path):
    alone = simulate_dataset(SETTINGS | {"proteins": ["rod"], "micrographs": 1}, tmp_path, jobs=1)
    path = Path("synthetic-rod/micrographs/rod-0000.mrc")
    assert (alone / path).read_bytes() == (root / path).read_bytes()


def test_the_proteins_take_turns_until_there_are_enough(tmp_path):
    settings = settings_with(PLAIN, proteins=["rod", "globular", "ring"])
    for total, expected in (
        (1, ["rod-0000"]),
        (5, ["rod-0000", "rod-0001", "globular-0000", "globular-0001", "ring-0000"]),
    ):
        assert [place.stem for place in places_below(tmp_path, settings, micrographs=total)] == expected


def test_processes_stopped_for_memory_are_one_line(quick, tmp_path, monkeypatch):
    class Pool:
        def __init__(self, *arguments, **options):
            pass

        def submit(self, *arguments):
            raise BrokenProcessPool("terminated abruptly")

        def shutdown(self, **options):
            pass

    monkeypatch.setattr(dataset, "ProcessPoolExecutor", Pool)
    with pytest.raises(InputError, match=r"^jobs: 2 at once were stopped, likely for memory; set fewer$"):
        simulate_into(tmp_path / "sim", quick, micrographs=2, jobs=2)


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        (None, "size", [128, 512]),
        (None, "size", 512),
        (None, "pixel_size", 0.0),
        (None, "pixel_size", 11),
        (None, "micrographs", 0),
        (None, "seed", -1),
        (None, "proteins", ["unobtainium"]),
        (None, "proteins", []),
        (None, "colour", "blue"),
        ("picks", "label_noise", 1.2),
        ("microscope", "defocus", [2.0, 1.0]),
        ("camera", "dose", "40"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(group, key, value, tmp_path):
    settings = merged(PLAIN, {group: {key: value}} if group else {key: value})
    name = f"{group}.{key}" if group else key
    with pytest.raises(InputError, match=rf"^data\.simulation\.{name}: ") as error:
        simulate_dataset(settings, tmp_path, jobs=1)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_setting_is_refused_by_its_key(tmp_path):
    camera = {key: value for key, value in PLAIN["camera"].items() if key != "dose"}
    with pytest.raises(InputError, match=r"^data\.simulation\.camera\.dose: is missing"):
        simulate_dataset(PLAIN | {"camera": camera}, tmp_path, jobs=1)


def test_no_process_at_all_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least 1"):
        simulate_dataset(PLAIN, tmp_path, jobs=0)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        simulate_dataset(PLAIN, blocker, jobs=1)
