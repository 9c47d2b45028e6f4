"""Who may import what: rooms to the left only, and some libraries in one room only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/cryoice"
ROOMS = {
    "files": set(),
    "signal": set(),
    "simulate": {"files", "signal"},
    "learn": {"files", "signal", "simulate"},
    "mask": {"files", "signal", "learn"},
    "report": {"files", "signal", "simulate", "learn", "mask"},
    "project": {"files", "signal", "learn", "mask", "report"},
    "experiment": {"files", "signal", "simulate", "learn", "mask", "report"},
}
ONLY_IN = {
    "mrcfile": ("files/",),
    "starfile": ("files/",),
    "PIL": ("files/",),
    "tifffile": ("files/",),
    "imagecodecs": ("files/",),
    "safetensors": ("learn/",),
    "cleanlab": ("learn/",),
    "pytorch_lightning": ("learn/", "experiment/", "project/mask_devices.py"),
    "submitit": ("mask_cluster.py",),
    "wandb": ("experiment/",),
    "hydra": (
        "schema.py",
        "sweep_table.py",
        "experiment/",
        "learn/building.py",
        "learn/checkpoint_file.py",
    ),
    "requests": ("files/http_client.py", "files/http_download.py"),
    "pickle": (),
}


def modules():
    return sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))


def imports(name):
    tree = ast.parse((SOURCE / name).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            yield str(node.module)


@pytest.mark.parametrize("name", modules())
def test_a_room_imports_only_rooms_to_its_left(name):
    room = name.split("/")[0]
    if room not in ROOMS:
        return
    for module in imports(name):
        parts = module.split(".")
        if parts[0] == "cryoice" and len(parts) > 1 and parts[1] in ROOMS:
            assert parts[1] in ROOMS[room] | {room}, module


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_its_room_only(library):
    places = {name for name in modules() if library in {module.split(".")[0] for module in imports(name)}}
    assert [name for name in sorted(places) if not name.startswith(ONLY_IN[library] or "-")] == []


@pytest.mark.parametrize("library", [name for name, places in ONLY_IN.items() if places])
def test_contributing_says_where_a_library_may_be_imported(library):
    rows = (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()
    told = " ".join(row for row in rows if row.startswith("| `") and library in row)
    rooms = {place.split("/")[0] for place in ONLY_IN[library]}
    assert all(room in told for room in rooms), told


def test_only_the_downloads_reach_the_network():
    doors = ("requests", "urllib3", "urllib.request", "http", "socket", "pooch")
    places = {name for name in modules() if any(module.startswith(doors) for module in imports(name))}
    assert {name for name in places if not name.startswith("files/http_")} == set()
    assert places


def test_every_folder_is_a_known_room():
    assert {name.split("/")[0] for name in modules() if "/" in name} == set(ROOMS)


def test_numbers_are_never_unpickled():
    for name in modules():
        for node in ast.walk(ast.parse((SOURCE / name).read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            called = ast.unparse(node.func)
            if called == "torch.load" or node.func.attr == "load_from_checkpoint":
                assert given["weights_only"] == "True", name
            assert called != "np.load" or given["allow_pickle"] == "False", name


def test_help_does_not_wait_for_torch():
    code = "import sys, train, evaluate; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_names_of_entries_are_known_without_torch():
    code = "import sys, cryoice.learn.entry_names; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_a_composed_config_does_not_need_torch():
    code = (
        "import sys, runpy; sys.argv = ['train.py', '--cfg', 'job', 'model=deep']\n"
        "runpy.run_path('train.py', run_name='__main__')\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "depth: 5" in done.stdout
