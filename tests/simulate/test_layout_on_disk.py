import json

import numpy as np
import pandas as pd
import starfile

from cryoice.constants import IGNORE
from cryoice.files.micrograph import read_micrograph
from cryoice.simulate.layout_on_disk import Place, write_micrograph
from cryoice.simulate.relion import write_relion
from marked_micrograph import marked


def test_a_marked_pixel_has_its_array_row_in_star_files_and_the_mirrored_one_in_cryoppp_s(tmp_path):
    place = Place(tmp_path, "ring", 0)
    micrograph = marked(pixels=[(30, 200), (7, 11)], size=(256, 300), pixel_size=2.5)
    write_micrograph(micrograph, place, pixel_size=2.5, record={})
    write_relion(tmp_path, [place], pixel_size=2.5)
    particles = starfile.read(tmp_path / "particles.star")["particles"]
    assert particles["rlnCoordinateX"].tolist() == [200, 11]
    assert particles["rlnCoordinateY"].tolist() == [30, 7]
    array = read_micrograph(tmp_path / particles["rlnMicrographName"][0]).array
    assert array[30, 200] == array[7, 11] == 1
    truth = tmp_path / "synthetic-ring/ground_truth"
    good = pd.read_csv(truth / "particle_coordinates/ring-0000.csv")
    assert good.to_dict("list") == {"X-Coordinate": [200], "Y-Coordinate": [255 - 30], "Diameter": [24]}
    bad = pd.read_csv(truth / "false_positives/ring-0000_false_positives.csv")
    assert bad.to_dict("list") == {"X-Coordinate": [11], "Y-Coordinate": [255 - 7], "Diameter": [24]}


def test_a_particle_s_class_number_is_one_more_than_the_class_it_lies_on_and_0_where_there_is_none(tmp_path):
    mask = np.zeros((256, 256), dtype=np.uint16)
    mask[40:, :], mask[:, 200:] = 2, IGNORE
    pixels = [(10, 10), (50, 10), (10, 210), (255, 10)]
    place = Place(tmp_path, "ring", 0)
    write_micrograph(
        marked(pixels=pixels, size=(256, 256), pixel_size=1.5, mask=mask), place, pixel_size=1.5, record={}
    )
    write_relion(tmp_path, [place], pixel_size=1.5)
    assert starfile.read(tmp_path / "particles.star")["particles"]["rlnClassNumber"].tolist() == [1, 3, 0, 3]


def test_star_files_hold_the_true_defocus_and_an_optics_group_for_each_voltage(tmp_path):
    places = [Place(tmp_path, "ring", index) for index in range(3)]
    drawn = [
        {"voltage": 300.0, "defocus_um": 1.25, "amplitude_contrast": 0.07, "astigmatism_um": 0.1},
        {"voltage": 200.0, "defocus_um": 0.5, "amplitude_contrast": 0.1, "astigmatism_angle": 30.0},
        {"voltage": 300.0, "defocus_um": 2.0, "amplitude_contrast": 0.09},
    ]
    for place, parameters in zip(places, drawn, strict=True):
        micrograph = marked(pixels=[(30, 40)], size=(256, 256), pixel_size=1.2, **parameters)
        write_micrograph(micrograph, place, pixel_size=1.2, record={})
    write_relion(tmp_path, places, pixel_size=1.2)
    blocks = starfile.read(tmp_path / "micrographs.star")
    assert blocks["optics"].to_dict("list") == {
        "rlnOpticsGroup": [1, 2],
        "rlnOpticsGroupName": ["opticsGroup1", "opticsGroup2"],
        "rlnVoltage": [200.0, 300.0],
        "rlnSphericalAberration": [2.7, 2.7],
        "rlnAmplitudeContrast": [0.1, 0.08],
        "rlnMicrographPixelSize": [1.2, 1.2],
        "rlnMicrographOriginalPixelSize": [1.2, 1.2],
    }
    found = blocks["micrographs"]
    assert found["rlnMicrographName"].tolist() == [
        f"synthetic-ring/micrographs/ring-000{index}.mrc" for index in range(3)
    ]
    assert found["rlnOpticsGroup"].tolist() == [2, 1, 2]
    assert found["rlnDefocusU"].tolist() == [13000.0, 5000.0, 20000.0]
    assert found["rlnDefocusV"].tolist() == [12000.0, 5000.0, 20000.0]
    assert found["rlnDefocusAngle"].tolist() == [0.0, 30.0, 0.0]
    assert found["rlnMicrographIceThickness"].tolist() == [400.0, 400.0, 400.0]
    assert found["rlnAmplitudeContrast"].tolist() == [0.07, 0.1, 0.09]
    assert starfile.read(tmp_path / "particles.star")["particles"]["rlnOpticsGroup"].tolist() == [2, 1, 2]


def test_a_data_set_without_a_particle_has_star_files_all_the_same(tmp_path):
    place = Place(tmp_path, "ring", 0)
    write_micrograph(marked(pixels=[], size=(256, 256), pixel_size=1.2), place, pixel_size=1.2, record={})
    write_relion(tmp_path, [place], pixel_size=1.2)
    assert len(starfile.read(tmp_path / "particles.star")["particles"]) == 0


def test_an_unknown_pixel_size_is_left_out_of_the_header(tmp_path):
    for index, known in enumerate((True, False)):
        place = Place(tmp_path, "ring", index)
        micrograph = marked(pixels=[(30, 40)], size=(256, 256), pixel_size=1.2, pixel_size_known=known)
        write_micrograph(micrograph, place, pixel_size=1.2, record={"pixel_size": 1.2})
        assert read_micrograph(place.micrograph).pixel_size == (1.2 if known else None)
        assert json.loads(place.parameters.read_text())["pixel_size"] == 1.2


def test_values_beyond_16_bits_are_kept(tmp_path):
    place = Place(tmp_path, "ring", 0)
    micrograph = marked(pixels=[(30, 40)], size=(256, 256), pixel_size=1.2)
    micrograph.array[5, 6], micrograph.array[7, 8] = 1e5, np.nan
    write_micrograph(micrograph, place, pixel_size=1.2, record={})
    array = read_micrograph(place.micrograph).array
    assert array[5, 6] == 1e5
    assert np.isnan(array[7, 8])
