"""A project of cryoSPARC as its exports and job folders hold it: groups, passthroughs, uids."""

import shutil

import numpy as np

from cryoice.files.mrc import read_mrc
from cryoice.files.star_text import StarText

EXPOSURE = [("uid", "<u8"), ("micrograph_blob/path", "S120"), ("micrograph_blob/idx", "<u4")]
EXPOSURE += [("micrograph_blob/shape", "<u4", (2,)), ("micrograph_blob/psize_A", "<f4")]
EXPOSURE += [("micrograph_blob/format", "S9"), ("micrograph_blob/is_background_subtracted", "<u4")]
PASSED = [("uid", "<u8"), ("movie_blob/path", "S120"), ("mscope_params/accel_kv", "<f4")]
PASSED += [("ctf/exp_group_id", "<u4"), ("ctf/df1_A", "<f4")]
LOCATION = [("uid", "<u8"), ("location/micrograph_uid", "<u8"), ("location/micrograph_path", "S120")]
LOCATION += [("location/micrograph_shape", "<u4", (2,)), ("location/micrograph_psize_A", "<f4")]
LOCATION += [("location/center_x_frac", "<f4"), ("location/center_y_frac", "<f4")]

FIRST_UID = 2**63 + 11
"""Above what a signed integer holds, as many of cryoSPARC's are."""


def saved(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)
    return path


def loaded(path):
    return np.load(path, allow_pickle=False)


def uids(n):
    return np.uint64(FIRST_UID) + np.arange(n, dtype=np.uint64) * np.uint64(977)


def exposures(paths, *, shape, pixel_size, exported):
    rows = np.zeros(len(paths), dtype=EXPOSURE)
    rows["uid"] = uids(len(paths))
    rows["micrograph_blob/path"] = [f"{'>' if exported else ''}{path}".encode() for path in paths]
    rows["micrograph_blob/shape"], rows["micrograph_blob/psize_A"] = shape, pixel_size
    rows["micrograph_blob/format"] = b"MRC/1"
    return rows


def passed(n, *, exported=False):
    rows = np.zeros(n, dtype=PASSED)
    rows["uid"], rows["ctf/df1_A"] = uids(n), np.linspace(9000, 21000, n)
    rows["movie_blob/path"] = b">J1/imported/m.tif" if exported else b"J1/imported/m.tif"
    return rows


def group_text(name, kind, slots):
    """Return a group of slots by the data set that holds them, each with its number of items."""
    lines = [
        "created: 2024-05-03 12:01:02.123456",
        "group:",
        f"  description: All {kind}s",
        f"  name: {name}",
    ]
    lines += [f"  title: {name}", f"  type: {kind}", "results:"]
    for slot, (file, count) in slots.items():
        lines += [
            f"  {slot}:",
            f"    metafile: '>{file}'",
            f"    num_items: {count}",
            f"    type: {kind}.{slot}",
        ]
    return "\n".join([*lines, "version: v4.6.0", ""])


def write_exported(folder, paths, *, shape, pixel_size):
    """Write a group as Export does: one data set that holds all, with paths from its own folder."""
    name, rows = folder.name, exposures(paths, shape=shape, pixel_size=pixel_size, exported=True)
    both = np.zeros(len(rows), dtype=EXPOSURE + PASSED[1:])
    for part in (rows, passed(len(rows), exported=True)):
        for column in part.dtype.names:
            both[column] = part[column]
    saved(folder / f"{name}_exported.cs", both)
    held = (f"{name}_exported.cs", len(rows))
    slots = dict.fromkeys(("micrograph_blob", "movie_blob", "mscope_params", "ctf"), held)
    (folder / f"{name}_exported.csg").write_text(group_text(name, "exposure", slots))
    return folder / f"{name}_exported.csg"


def write_job(folder, paths, *, shape, pixel_size):
    """Write a group as a job leaves it: micrographs in one data set, all else passed through in another."""
    rows = exposures(paths, shape=shape, pixel_size=pixel_size, exported=False)
    saved(folder / "exposures.cs", rows)
    saved(folder / "passthrough.cs", passed(len(rows))[::-1])
    held, through = ("exposures.cs", len(rows)), ("passthrough.cs", len(rows))
    slots = {"ctf": through, "micrograph_blob": held, "movie_blob": through}
    (folder / "exposures.csg").write_text(group_text("exposures", "exposure", slots))
    return folder / "exposures.csg"


def write_particles(path, micrographs, fractions, *, shape, pixel_size, exported):
    """Write particles at ``fractions`` (x, y) of the micrographs named beside them, as a data set."""
    rows = np.zeros(len(fractions), dtype=LOCATION)
    rows["uid"] = uids(len(fractions))
    rows["location/micrograph_path"] = [f"{'>' if exported else ''}{name}".encode() for name in micrographs]
    rows["location/micrograph_shape"], rows["location/micrograph_psize_A"] = shape, pixel_size
    rows["location/center_x_frac"], rows["location/center_y_frac"] = np.array(fractions).T
    return saved(path, rows)


def write_particle_group(folder, *arguments, **options):
    """Write the group of a data set of particles that `write_particles` writes, as Export does."""
    path = write_particles(folder / f"{folder.name}_exported.cs", *arguments, exported=True, **options)
    slots = {"location": (path.name, len(loaded(path)))}
    path.with_suffix(".csg").write_text(group_text(folder.name, "particle", slots))
    return path.with_suffix(".csg")


def write_cryosparc_project(simulated, project):
    """Lay out what ``cryoice simulate`` wrote as a project with two exported groups; return its folder."""
    found = StarText.read(simulated / "particles.star").table("particles")
    files = sorted({simulated / name for name in found["rlnMicrographName"]})
    (project / "J12/motioncorrected").mkdir(parents=True)
    names = {path.name: f"J12/motioncorrected/{uid:021d}_{path.name}" for uid, path in enumerate(files)}
    for path in files:
        shutil.copy(path, project / names[path.name])
    array, pixel_size = read_mrc(files[0])
    height, width = array.shape
    given = {"shape": array.shape, "pixel_size": pixel_size}
    places = found[["rlnCoordinateX", "rlnCoordinateY"]].astype(float).to_numpy() / (width, height)
    micrographs = [names[name.rpartition("/")[2]] for name in found["rlnMicrographName"]]
    groups = project / "exports/groups"
    for name in ("P3_J12_exposures", "P3_J20_particles"):
        (groups / name).mkdir(parents=True)
        (groups / name / "J12").symlink_to(project / "J12")
    write_exported(groups / "P3_J12_exposures", list(names.values()), **given)
    write_particle_group(groups / "P3_J20_particles", micrographs, places, **given)
    return project
