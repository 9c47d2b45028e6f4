import time
from datetime import datetime

import numpy as np
import pytest
import yaml

from cryoice.errors import InputError
from cryoice.files.coordinates_cryosparc import read
from cryoice.files.frames import to_positions
from score_columns import scored

LOCATION = [
    ("uid", "<u8"),
    ("location/micrograph_uid", "<u8"),
    ("location/exp_group_id", "<u4"),
    ("location/micrograph_path", "S96"),
    ("location/micrograph_shape", "<u4", (2,)),
    ("location/center_x_frac", "<f4"),
    ("location/center_y_frac", "<f4"),
    ("location/micrograph_psize_A", "<f4"),
]
BLOB = [("uid", "<u8"), ("blob/path", "S32"), ("blob/idx", "<u4"), ("blob/shape", "<u4", (2,))]
BLOB += [("blob/psize_A", "<f4")]
PATHS = (
    b"J14/motioncorrected/0123_mic_a_patch_aligned_doseweighted.mrc",
    b"J14/motioncorrected/0456_mic_b.mrc",
)


def picks(n, *, shape=(30, 40), first_uid=2**63 + 5):
    rows = np.zeros(n, dtype=LOCATION)
    rows["uid"] = np.uint64(first_uid) + np.arange(n, dtype=np.uint64)
    rows["location/micrograph_path"] = np.array(PATHS)[np.arange(n) % 2] if n else b""
    rows["location/micrograph_shape"] = shape
    rows["location/center_x_frac"] = np.linspace(0.1, 0.9, n)
    rows["location/center_y_frac"] = np.linspace(0.9, 0.2, n)
    rows["location/micrograph_psize_A"] = 0.83
    return rows


def saved(path, rows):
    with path.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)
    return path


def loaded(path):
    return np.load(path, allow_pickle=False)


@pytest.mark.parametrize(
    ("shape", "fractions", "pixel"),
    [((80, 100), (0.25, 0.1), (8, 25)), ((81, 101), (33 / 101, 8 / 81), (8, 33))],
)
def test_a_fraction_counts_from_the_arrays_first_row_and_column(tmp_path, shape, fractions, pixel):
    array = np.zeros(shape)
    array[pixel] = 1
    rows = picks(1, shape=shape)
    rows["location/center_x_frac"], rows["location/center_y_frac"] = fractions
    particles = read(saved(tmp_path / "a.cs", rows), box_size=None).particles
    assert particles.frame == "top"
    np.testing.assert_allclose((particles.y[0], particles.x[0]), pixel, rtol=1e-6)
    row, column = np.rint(to_positions(particles.x, particles.y, shape=shape, frame=particles.frame)[0])
    assert array[int(row), int(column)] == 1


def test_a_data_set_tells_names_shapes_and_pixel_size(tmp_path):
    particles = read(saved(tmp_path / "a.cs", picks(3)), box_size=None).particles
    assert particles.micrograph.tolist() == [PATHS[0].decode(), PATHS[1].decode(), PATHS[0].decode()]
    assert particles.shapes.tolist() == [[30, 40]] * 3
    np.testing.assert_allclose(particles.pixel_size, [0.83] * 3, rtol=1e-6)
    assert particles.box_size is None
    np.testing.assert_allclose(particles.x, [4, 20, 36], rtol=1e-6)
    np.testing.assert_allclose(particles.y, [27, 16.5, 6], rtol=1e-6)


def test_every_particle_has_the_pixel_size_of_its_micrograph(tmp_path):
    rows = picks(3)
    rows["location/micrograph_psize_A"] = [1.5, 0, 2]
    particles = read(saved(tmp_path / "a.cs", rows), box_size=None).particles
    np.testing.assert_array_equal(particles.pixel_size, [1.5, np.nan, 2])
    rows["location/micrograph_psize_A"] = 0
    assert read(saved(tmp_path / "b.cs", rows), box_size=None).particles.pixel_size is None


def test_older_versions_tell_no_pixel_size(tmp_path):
    older = np.zeros(2, dtype=LOCATION[:-1])
    for name in older.dtype.names:
        older[name] = picks(2)[name]
    assert read(saved(tmp_path / "a.cs", older), box_size=None).particles.pixel_size is None


def test_a_binned_particle_has_its_box_in_pixels_of_the_micrograph(tmp_path):
    rows = np.zeros(2, dtype=LOCATION + BLOB[1:])
    for name in picks(2).dtype.names:
        rows[name] = picks(2)[name]
    rows["blob/shape"], rows["blob/psize_A"] = 64, 4 * 0.83
    path = saved(tmp_path / "a.cs", rows)
    np.testing.assert_allclose(read(path, box_size=None).particles.box_size, [256, 256], rtol=1e-6)
    assert read(path, box_size=100.0).particles.box_size.tolist() == [100, 100]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_keeping_all_gives_the_same_bytes(tmp_path, n):
    path = saved(tmp_path / "a.cs", picks(n))
    read(path, box_size=None).write(tmp_path / "b.cs", keep=np.ones(n, bool), columns=scored(np.zeros(n)))
    assert (tmp_path / "b.cs").read_bytes() == path.read_bytes()


def test_accepted_and_rejected_rows_keep_uids_order_and_fields(tmp_path):
    rows, keep = picks(5), np.array([True, False, True, True, False])
    found = read(saved(tmp_path / "a.cs", rows), box_size=None)
    score = np.array([0.0, 0.75, 0.1, 0.2, 1.0])
    found.write(tmp_path / "yes.cs", keep=keep, columns=scored(score))
    found.write(tmp_path / "no.cs", keep=~keep, columns=scored(score))
    assert loaded(tmp_path / "yes.cs").dtype == rows.dtype
    assert (loaded(tmp_path / "yes.cs") == rows[keep]).all()
    assert (loaded(tmp_path / "no.cs") == rows[~keep]).all()
    assert (tmp_path / "no.cs_scores.csv").read_text() == (
        f"uid,cryoiceScore\n{2**63 + 6},0.7500\n{2**63 + 9},1.0000\n"
    )


def test_a_file_can_be_written_over_itself(tmp_path):
    rows, path = picks(4), saved(tmp_path / "a.cs", picks(4))
    read(path, box_size=None).write(path, keep=np.arange(4) < 2, columns=scored(np.zeros(4)))
    assert (loaded(path) == rows[:2]).all()


def broken_files(tmp_path):
    whole = saved(tmp_path / "whole.cs", picks(5)).read_bytes()
    no_shape = picks(2)
    no_shape["location/micrograph_shape"] = 0
    with (tmp_path / "objects.cs").open("wb") as stream:
        np.save(stream, np.array([{"uid": 1}], dtype=object), allow_pickle=True)
    with (tmp_path / "object_field.cs").open("wb") as stream:
        np.save(stream, np.zeros(1, dtype=[("uid", "<u8"), ("path", "O")]), allow_pickle=True)
    saved(tmp_path / "plain.cs", np.zeros(4))
    saved(tmp_path / "blob.cs", np.zeros(2, dtype=BLOB))
    saved(tmp_path / "no_shape.cs", no_shape)
    (tmp_path / "truncated.cs").write_bytes(whole[:-7])
    (tmp_path / "header.cs").write_bytes(whole[:40])
    (tmp_path / "empty.cs").write_bytes(b"")
    (tmp_path / "compressed.cs").write_bytes(b"\x94CSDAT" + bytes(100))
    (tmp_path / "text.cs").write_text("data_particles\n")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("objects.cs", "cannot be read as .cs"),
        ("object_field.cs", "cannot be read as .cs"),
        ("plain.cs", "no uid"),
        ("blob.cs", "no location/center_x_frac; give the job's passthrough"),
        ("no_shape.cs", "not height and width"),
        ("truncated.cs", "cannot be read as .cs"),
        ("header.cs", "cannot be read as .cs"),
        ("empty.cs", "no data set of cryoSPARC"),
        ("compressed.cs", "compressed by cryoSPARC; convert it"),
        ("text.cs", "no data set of cryoSPARC"),
        ("gone.cs", "no such file"),
        ("gone.csg", "no such file"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, name, fault):
    broken_files(tmp_path)
    with pytest.raises(InputError, match=fault) as caught:
        read(tmp_path / name, box_size=None)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def group_text(location="J12_passthrough_particles.cs", blob="particles_selected.cs"):
    return (
        "created: 2024-05-03 12:01:02.123456\ngroup:\n  description: Particles that were selected\n"
        "  name: particles_selected\n  title: Particles selected\n  type: particle\nresults:\n"
        f"  blob:\n    metafile: '>{blob}'\n    num_items: 5\n    type: particle.blob\n"
        f"  location:\n    metafile: '>{location}'\n    num_items: 5\n    type: particle.location\n"
        f"  pick_stats:\n    metafile: '>{location}'\n    num_items: 5\n    type: particle.pick_stats\n"
        "version: v4.4.1\n"
    )


def write_group(folder, *, uid_order=(4, 2, 0, 1, 3)):
    folder.mkdir(exist_ok=True)
    blobs = np.zeros(len(uid_order), dtype=BLOB)
    blobs["uid"] = picks(5)["uid"][list(uid_order)]
    blobs["blob/idx"] = uid_order
    saved(folder / "particles_selected.cs", blobs)
    saved(folder / "J12_passthrough_particles.cs", picks(5))
    (folder / "particles_selected.csg").write_text(group_text())
    return folder / "particles_selected.csg"


def test_a_group_is_subset_by_uid_in_all_its_files(tmp_path):
    found = read(write_group(tmp_path / "J12"), box_size=None)
    assert found.particles.micrograph[1] == PATHS[1].decode()
    keep = np.array([True, False, True, False, True])
    found.write(tmp_path / "clean.csg", keep=keep, columns=scored(np.linspace(0, 1, 5)))
    found.write(tmp_path / "bad.csg", keep=~keep, columns=scored(np.linspace(0, 1, 5)))
    assert (loaded(tmp_path / "clean_J12_passthrough_particles.cs") == picks(5)[keep]).all()
    assert loaded(tmp_path / "clean_particles_selected.cs")["blob/idx"].tolist() == [4, 2, 0]
    assert loaded(tmp_path / "bad_particles_selected.cs")["blob/idx"].tolist() == [1, 3]
    assert (tmp_path / "bad.csg_scores.csv").read_text().split("\n")[1] == f"{2**63 + 6},0.2500"


def test_a_written_group_names_its_files_and_counts_and_keeps_the_rest(tmp_path):
    read(write_group(tmp_path / "J12"), box_size=None).write(
        tmp_path / "clean.csg", keep=np.arange(5) < 2, columns=scored(np.zeros(5))
    )
    content = yaml.safe_load((tmp_path / "clean.csg").read_text())
    assert content["results"]["blob"] == {
        "metafile": ">clean_particles_selected.cs",
        "num_items": 2,
        "type": "particle.blob",
    }
    assert content["results"]["pick_stats"]["metafile"] == ">clean_J12_passthrough_particles.cs"
    assert content["created"] == datetime(2024, 5, 3, 12, 1, 2, 123456)
    assert content["version"] == "v4.4.1"
    assert content["group"]["title"] == "Particles selected"
    assert read(tmp_path / "clean.csg", box_size=None).particles.x.tolist() == pytest.approx([4, 12])


def test_keeping_all_of_a_group_changes_only_the_names_of_its_files(tmp_path):
    path = write_group(tmp_path / "J12")
    read(path, box_size=None).write(tmp_path / "c.csg", keep=np.ones(5, bool), columns=scored(np.zeros(5)))
    assert (tmp_path / "c.csg").read_text() == path.read_text().replace("'>", "'>c_")
    for name in ("particles_selected.cs", "J12_passthrough_particles.cs"):
        assert (tmp_path / f"c_{name}").read_bytes() == (path.parent / name).read_bytes()


def test_a_group_is_written_only_as_a_group(tmp_path):
    found = read(write_group(tmp_path / "J12"), box_size=None)
    with pytest.raises(InputError, match="is written as"):
        found.write(tmp_path / "clean.cs", keep=np.ones(5, bool), columns=scored(np.zeros(5)))


def test_a_group_whose_files_hold_other_particles_is_refused(tmp_path):
    with pytest.raises(InputError, match="lacks 2 of 5 uids"):
        read(write_group(tmp_path / "J12", uid_order=(0, 1, 2)), box_size=None)


def test_a_group_with_particles_without_a_location_is_refused(tmp_path):
    path = write_group(tmp_path / "J12")
    saved(tmp_path / "J12/J12_passthrough_particles.cs", picks(3))
    with pytest.raises(InputError, match=r"particles_selected\.cs has 2 of 5 particles without a location"):
        read(path, box_size=None)


def test_a_groups_boxes_are_joined_by_uid_from_its_other_data_set(tmp_path):
    path = write_group(tmp_path / "J12", uid_order=(4, 2, 0, 1, 3))
    blobs = loaded(tmp_path / "J12/particles_selected.cs")
    blobs["blob/shape"], blobs["blob/psize_A"] = 64, 2 * 0.83
    blobs["blob/psize_A"][0] = 4 * 0.83  # that of the last location
    saved(tmp_path / "J12/particles_selected.cs", blobs)
    particles = read(path, box_size=None).particles
    np.testing.assert_allclose(particles.box_size, [128, 128, 128, 128, 256], rtol=1e-6)
    assert read(path, box_size=100.0).particles.box_size.tolist() == [100] * 5


def test_boxes_of_a_micrograph_without_a_pixel_size_are_not_told(tmp_path):
    path = write_group(tmp_path / "J12")
    blobs, locations = loaded(tmp_path / "J12/particles_selected.cs"), picks(5)
    blobs["blob/shape"], blobs["blob/psize_A"] = 64, 0.83
    locations["location/micrograph_psize_A"][3] = 0
    saved(tmp_path / "J12/particles_selected.cs", blobs)
    saved(tmp_path / "J12/J12_passthrough_particles.cs", locations)
    assert read(path, box_size=None).particles.box_size is None


@pytest.mark.parametrize("name", ["../secret.cs", "/etc/passwd", "sub/a.cs", "..", "", "link.cs"])
def test_a_group_opens_nothing_outside_its_folder(tmp_path, name):
    saved(tmp_path / "secret.cs", picks(5))
    path = write_group(tmp_path / "J12")
    (tmp_path / "J12/link.cs").symlink_to(tmp_path / "secret.cs")
    path.write_text(group_text(location=name))
    with pytest.raises(InputError, match="not in its own folder"):
        read(path, box_size=None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("results: [1, 2", "cannot be read as .csg"),
        ("!!python/object/apply:os.system ['true']", "cannot be read as .csg"),
        ("- a\n- b\n", "no 'results'"),
        ("results: {a: 3}\n", "no 'results'"),
        ("results: {}\n", "none of its data sets"),
        ("results: {a: {metafile: '>\x01.cs'}}", "cannot be read as .csg"),
        ('results: {a: {metafile: ">\\0.cs"}}', "not in its own folder"),
        (group_text(location="gone.cs"), "gone.cs: no such file"),
        (group_text(location="particles_selected.cs"), "none of its data sets"),
    ],
)
def test_a_broken_group_is_refused_in_one_line(tmp_path, text, fault):
    path = write_group(tmp_path / "J12")
    path.write_text(text)
    with pytest.raises(InputError, match=fault) as caught:
        read(path, box_size=None)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_million_rows_take_no_more_than_ten_loads(tmp_path):
    path = saved(tmp_path / "a.cs", picks(1_000_000))
    started = time.perf_counter()
    np.load(path, allow_pickle=False).copy()
    floor = time.perf_counter() - started
    started = time.perf_counter()
    found = read(path, box_size=None)
    found.write(tmp_path / "b.cs", keep=np.arange(1_000_000) % 3 > 0, columns=scored(np.zeros(1_000_000)))
    taken = time.perf_counter() - started
    assert taken < 10 * floor
