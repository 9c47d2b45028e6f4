"""Picks of a user's own: discs of the right size at the right place, whatever the format counts."""

import numpy as np
import pytest

from cryoice.constants import ARTIFACT, BAD, GOOD, IGNORE
from cryoice.errors import InputError
from cryoice.files.micrograph import read_micrograph
from cryoice.learn.own_masks import Field
from cryoice.learn.own_picks import PickLabels
from entry_builder import write_csv, write_entry

FIELD = Field(shape=(400, 600), pixel_size=4.0, view=(200, 300))
CRYOPPP = "X-Coordinate,Y-Coordinate,Diameter"
TOP = "rlnCoordinateX,rlnCoordinateY"


def found(*, good=None, bad=None, radius=None, flip_y=None):
    return PickLabels.find({GOOD: good, BAD: bad}, ["dir/a.mrc"], radius=radius, flip_y=flip_y)


def centre(marks):
    return np.argwhere(marks).mean(axis=0).tolist()


def test_a_disc_has_its_radius_in_angstrom_and_its_centre_on_the_pick(tmp_path):
    good = write_csv(tmp_path / "good/a.csv", [(300, 99, 40)], CRYOPPP)  # row 400 - 1 - 99 = 300
    bad = write_csv(tmp_path / "bad/a.csv", [(100, 60)], TOP)
    labels = found(good=good, bad=bad.parent)
    assert labels.micrographs == {"dir/a.mrc"}
    label = labels.label("dir/a.mrc", FIELD)
    assert centre(label == 0) == [150, 150]
    assert centre(label == ARTIFACT) == [30, 50]
    area = np.pi * (40 / 2 * 4.0 / 8.0) ** 2  # the GOOD picks' diameter is 40 px of 4 Å; 8 Å/px
    assert (label == 0).sum() == (label == ARTIFACT).sum() == pytest.approx(area, rel=0.05)
    assert set(np.unique(label)) == {0, ARTIFACT, IGNORE}


def test_what_is_near_both_kinds_has_no_label(tmp_path):
    good = write_csv(tmp_path / "good/a.csv", [(100, 100)], TOP)
    bad = write_csv(tmp_path / "bad/a.csv", [(104, 100)], TOP)
    label = found(good=good, bad=bad, radius=40.0).label("dir/a.mrc", FIELD)
    assert label[50, 51] == IGNORE
    assert (label == 0).sum() == (label == ARTIFACT).sum() > 0


def test_rows_count_from_the_other_end_when_told_so(tmp_path):
    good = write_csv(tmp_path / "a.csv", [(300, 100)], TOP)
    assert found(good=good, flip_y=True).positions("dir/a.mrc", FIELD, GOOD).tolist() == [[299, 300]]


def test_coordinates_of_binned_pixels_are_scaled(tmp_path):
    star = tmp_path / "a.star"
    names = ("MicrographName", "CoordinateX", "CoordinateY", "MicrographPixelSize")
    head = "".join(f"_rln{name} #{number}\n" for number, name in enumerate(names, start=1))
    star.write_text(f"data_\n\nloop_\n{head}a.mrc 50 25 8.0\n")
    assert found(good=star).positions("dir/a.mrc", FIELD, GOOD).tolist() == [[50, 100]]


def test_picks_that_lie_on_particles_only_when_turned_are_refused(tmp_path):
    entry = write_entry(tmp_path / "e", count=2, shape=(150, 161), depth=3.0, frame="top")
    places = sorted((entry / "micrographs").glob("*.mrc"))
    labels = PickLabels.find(
        {GOOD: entry / "ground_truth/particle_coordinates", BAD: None},
        [place.name for place in places],
        radius=None,
        flip_y=None,
    )
    samples = [
        (place.name, read_micrograph(place).array, Field((150, 161), 10.0, (188, 201))) for place in places
    ]
    with pytest.raises(InputError, match=r"only when turned \(cryoppp, .*--flip-y"):
        labels.require_frame(samples)


def test_what_cannot_be_used_is_told(tmp_path):
    other = write_csv(tmp_path / "b.csv", [(1, 1)], TOP)
    with pytest.raises(InputError, match=r"b\.csv: no pick is on one of the micrographs"):
        found(good=other)
    mine = write_csv(tmp_path / "a.csv", [(1, 1)], TOP)
    with pytest.raises(InputError, match=r"a\.csv: tells no diameter; give the radius"):
        found(bad=mine).label("dir/a.mrc", FIELD)
    with pytest.raises(InputError, match="radius 0: must be above 0"):
        found(bad=mine, radius=0.0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: holds no coordinate file"):
        found(bad=tmp_path / "empty")
