import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.files.coordinates_text import read
from cryoice.files.frames import to_positions
from score_columns import scored

TOPAZ = (
    "image_name\tx_coord\ty_coord\tscore\nmic 1\t3\t5\t4.25\nmic 1\t7\t2\t-0.5\nFoilHole_9\t10\t11\t1e-3\n"
)


def written(tmp_path, text, name="picks.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("shape", [(16, 24), (15, 23)])
def test_a_marked_pixel_is_found_by_topaz_and_by_bare_columns(tmp_path, shape):
    array = np.zeros(shape)
    array[5, 3] = 1
    for text in (TOPAZ, "3\t5\n7\t2\n"):
        particles = read(written(tmp_path, text), box_size=None).particles
        row, column = to_positions(particles.x, particles.y, shape=shape, frame=particles.frame)[0].astype(
            int
        )
        assert array[row, column] == 1


def test_topaz_names_the_micrograph_of_each_row(tmp_path):
    particles = read(written(tmp_path, TOPAZ), box_size=64.0).particles
    assert particles.micrograph.tolist() == ["mic 1", "mic 1", "FoilHole_9"]
    assert particles.x.tolist() == [3, 7, 10]
    assert particles.y.tolist() == [5, 2, 11]
    assert particles.box_size.tolist() == [64, 64, 64]
    assert particles.shapes is None


def test_bare_columns_are_of_the_micrograph_that_the_file_is_named_after(tmp_path):
    particles = read(written(tmp_path, "1.5 2.5\n", "mic_7.coord"), box_size=None).particles
    assert particles.micrograph.tolist() == ["mic_7"]
    assert (particles.x.tolist(), particles.y.tolist()) == ([1.5], [2.5])
    assert particles.box_size is None


def test_kept_rows_of_topaz_stay_as_they_are_but_for_the_score(tmp_path):
    found = read(written(tmp_path, TOPAZ), box_size=None)
    found.write(tmp_path / "a.txt", keep=np.array([True, False, True]), columns=scored([0.125, 0.9, 1.0]))
    assert (tmp_path / "a.txt").read_text() == (
        "image_name\tx_coord\ty_coord\tscore\tcryoiceScore\n"
        "mic 1\t3\t5\t4.25\t0.1250\nFoilHole_9\t10\t11\t1e-3\t1.0000\n"
    )


def test_cleaning_twice_replaces_the_score(tmp_path):
    read(written(tmp_path, TOPAZ), box_size=None).write(
        tmp_path / "a.txt", keep=np.ones(3, bool), columns=scored(np.zeros(3))
    )
    read(tmp_path / "a.txt", box_size=None).write(
        tmp_path / "b.txt", keep=np.ones(3, bool), columns=scored(np.full(3, 0.5))
    )
    assert (tmp_path / "b.txt").read_text() == (tmp_path / "a.txt").read_text().replace("0.0000", "0.5000")


def test_a_table_parted_by_blanks_keeps_them(tmp_path):
    text = " image_name  x_coord y_coord cryoiceScore\r\n a   1  2 0.3\r\n"
    read(written(tmp_path, text), box_size=None).write(
        tmp_path / "a.txt", keep=np.ones(1, bool), columns=scored([0.75])
    )
    assert (tmp_path / "a.txt").read_bytes().decode() == text.replace("0.3", "0.7500")


@pytest.mark.parametrize("text", ["1 2\n3\t4\n\n# end\u2028of it", "", "\n", "1 2\r\n3 4\r\n"])
def test_bare_columns_come_back_byte_for_byte(tmp_path, text):
    found = read(written(tmp_path, text, "m.coord"), box_size=None)
    n = len(found.particles.x)
    found.write(tmp_path / "b.coord", keep=np.ones(n, bool), columns=scored(np.zeros(n)))
    assert (tmp_path / "b.coord").read_bytes() == text.encode()


def test_bare_columns_have_their_scores_beside_them(tmp_path):
    found = read(written(tmp_path, "1 2\n3 4\n5 6\n", "m.coord"), box_size=None)
    found.write(
        tmp_path / "out/b.coord",
        keep=np.array([True, False, True]),
        columns=scored([0.1, 0.2, 0.3]),
    )
    assert (tmp_path / "out/b.coord").read_text() == "1 2\n5 6\n"
    assert (
        tmp_path / "out/b.coord_scores.csv"
    ).read_text() == "x,y,cryoiceScore\n1.0,2.0,0.1000\n5.0,6.0,0.3000\n"


def test_accepted_and_rejected_rows_are_all_rows(tmp_path):
    found, keep = read(written(tmp_path, TOPAZ), box_size=None), np.array([False, True, False])
    found.write(tmp_path / "yes.txt", keep=keep, columns=scored(np.zeros(3)))
    found.write(tmp_path / "no.txt", keep=~keep, columns=scored(np.zeros(3)))
    first, second, third = TOPAZ.split("\n")[1:-1]
    assert (tmp_path / "yes.txt").read_text().split("\n")[1:-1] == [f"{second}\t0.0000"]
    assert (tmp_path / "no.txt").read_text().split("\n")[1:-1] == [f"{first}\t0.0000", f"{third}\t0.0000"]


def test_a_table_of_topaz_without_rows_has_no_particles(tmp_path):
    found = read(written(tmp_path, "image_name\tx_coord\ty_coord\tscore\n"), box_size=8.0)
    assert len(found.particles.x) == len(found.particles.micrograph) == len(found.particles.box_size) == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1 2\n3 four\n", "line 2 needs numbers in the place of '3 four'"),
        ("1 2\n3\n", "line 2 has 1 columns"),
        ("image_name\tx_coord\ty_coord\na\t1\t2\na\t1\n", "line 3 has 2 columns, the header 3"),
        ("image_name\tx_coord\ty_coord\na\tb\t2\n", "line 2 needs numbers in the place of 'b 2'"),
        ("1 2\0", "no text file"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path, text, fault):
    with pytest.raises(InputError, match=fault) as caught:
        read(written(tmp_path, text), box_size=None)
    assert "\n" not in str(caught.value)
    assert "picks.txt" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "gone.coord", box_size=None)
