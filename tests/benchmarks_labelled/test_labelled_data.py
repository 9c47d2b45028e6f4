import numpy as np
import pytest
from benchmarks.labelled.data import on_map, read_labelled, read_simulated, without_boundaries

from cryoice.constants import IGNORE
from cryoice.errors import InputError
from cryoice.files.mrc import write_mrc
from cryoice.files.picture import write_png
from cryoice.simulate.layout_on_disk import Place, write_micrograph
from marked_micrograph import marked


@pytest.mark.parametrize("side", [20, 21])
def test_three_pixels_on_both_sides_of_a_boundary_are_left_out(side):
    label = np.zeros((side, side), dtype=np.uint8)
    label[:, 10:] = 2
    found = without_boundaries(label)
    assert found[0].tolist() == [0] * 7 + [IGNORE] * 6 + [2] * (side - 13)


@pytest.mark.parametrize(
    ("label", "micrograph", "shape", "marked"),
    [
        ((40, 40), (40, 40), (5, 5), (16, 24)),  # map pixel (2, 3) of 8 px lies at exactly that pixel
        ((10, 10), (40, 40), (5, 5), (4, 6)),
        ((41, 39), (41, 39), (5, 5), (16, 23)),  # 2 · 41/5 = 16.4 and 3 · 39/5 = 23.4
    ],
)
def test_a_map_pixel_has_the_label_under_its_place(label, micrograph, shape, marked):
    labels = np.zeros(label, dtype=np.uint8)
    labels[marked] = 3
    found = on_map(labels, shape, micrograph=micrograph)
    assert np.argwhere(found == 3).tolist() == [[2, 3]]


def write_index(folder, *, use="yes", note="", source="10146", angpix="1.5"):
    label, array = np.zeros((20, 24, 3), dtype=np.uint8), np.arange(480, dtype=np.float32).reshape(20, 24)
    label[:10] = 3
    write_png(folder / "label.png", label)
    write_mrc(folder / "m.mrc", array, pixel_size=1.5)
    (folder / "index.csv").write_text(
        f"source,image,label,angpix,use,note\n{source},m.mrc,label.png,{angpix},{use},{note}\n"
    )


@pytest.mark.parametrize(("note", "first"), [("high", 3), ("MRC rows run the other way: row = H-1-y", 0)])
def test_labels_are_turned_where_the_index_says_that_rows_run_the_other_way(tmp_path, note, first):
    write_index(tmp_path, note=note)
    (found,) = read_labelled(tmp_path, angpix={})
    assert (found.label[0, 0], found.label[-1, 0]) == (first, 3 - first)
    assert (found.array[0, 0], found.pixel_size, found.source, found.spectrum) == (0, 1.5, "10146", True)


def test_useless_rows_are_left_out_and_doubtful_ones_apart(tmp_path):
    write_index(tmp_path, use="no")
    assert list(read_labelled(tmp_path, angpix={})) == []
    write_index(tmp_path, use="doubtful")
    assert next(read_labelled(tmp_path, angpix={})).source == "10146 (doubtful)"


def test_a_pixel_size_is_given_or_guessed_or_asked_for(tmp_path):
    write_index(tmp_path, source="10947", angpix="")
    assert next(read_labelled(tmp_path, angpix={})).pixel_size == 3.7
    assert next(read_labelled(tmp_path, angpix={"10947": 4.2})).pixel_size == 4.2
    write_index(tmp_path, source="new", angpix="")
    with pytest.raises(InputError, match=r"new has no pixel size; give --angpix new="):
        next(read_labelled(tmp_path, angpix={}))


def test_a_folder_without_index_is_named(tmp_path):
    with pytest.raises(InputError, match=r"index\.csv: no such file"):
        next(read_labelled(tmp_path, angpix={}))


@pytest.mark.parametrize("unknown", [False, True])
def test_simulated_micrographs_bring_their_masks_and_pixel_size(tmp_path, unknown):
    mask = np.zeros((256, 300), dtype=np.uint16)
    mask[100:, 200:] = 2
    micrograph = marked(pixels=[(30, 200)], size=(256, 300), pixel_size=2.5, mask=mask)
    if unknown:
        micrograph.parameters["pixel_size_known"] = False
    write_micrograph(micrograph, Place(tmp_path, "ring", 0), pixel_size=2.5, record={"pixel_size": 2.5})
    (found,) = read_simulated(tmp_path)
    assert (found.source, found.name, found.pixel_size) == (f"simulated: {tmp_path.name}", "ring-0000", 2.5)
    assert found.array[30, 200] == 1
    assert [int(found.label[row, 250]) for row in (96, 97, 102, 103)] == [0, IGNORE, IGNORE, 2]
