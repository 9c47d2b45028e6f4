import numpy as np
import pytest
import starfile

from cryoice.errors import InputError
from cryoice.files.coordinate_files import read_coordinates
from cryoice.files.frames import to_positions
from score_columns import scored
from star_samples import LIST_OF_FILES, PICKS_OF_ONE, PYEM, RELION_5, RELION_30, RELION_31


def coordinates_of(folder, text, *, name="particles.star", box_size=None):
    path = folder / name
    path.write_text(text)
    return read_coordinates(path, box_size=box_size)


@pytest.mark.parametrize("shape", [(8, 13), (9, 12)])
def test_a_marked_pixel_is_found_where_relion_counts_it(tmp_path, shape):
    array = np.zeros(shape)
    array[2, 7] = 1
    particles = coordinates_of(
        tmp_path, "data_\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n7.0 2.0\n"
    ).particles
    ((row, column),) = to_positions(particles.x, particles.y, shape=shape, frame=particles.frame).astype(int)
    assert array[row, column] == 1


def test_relion_30_has_one_table_whose_magnification_tells_the_pixel_size(tmp_path):
    particles = coordinates_of(tmp_path, RELION_30).particles
    assert particles.micrograph.tolist() == ["Micrographs/m1.mrc", "Micrographs/m1.mrc", "Micrographs/m2.mrc"]
    assert particles.x.tolist() == [1024.5, 7, 300]
    assert particles.y.tolist() == [12, 2048.25, 400]
    assert particles.pixel_size.tolist() == [5] * 3  # 5 µm / 10,000
    assert particles.box_size is None
    assert particles.shapes is None


def test_the_magnification_of_particle_images_is_not_believed(tmp_path):
    text = RELION_30.replace("_rlnAutopickFigureOfMerit", "_rlnImageName")
    assert coordinates_of(tmp_path, text).particles.pixel_size is None


def test_relion_31_tells_pixel_size_and_box_in_the_optics_group(tmp_path):
    particles = coordinates_of(tmp_path, RELION_31).particles
    assert particles.pixel_size.tolist() == [0.885] * 3
    np.testing.assert_allclose(particles.box_size, 256)  # 64 px binned by 4
    assert particles.micrograph.tolist() == [f"MotionCorr/job002/m{n}.mrc" for n in (1, 1, 2)]


def test_boxes_are_those_of_each_particles_group(tmp_path):
    particles = coordinates_of(tmp_path, RELION_5).particles
    assert particles.box_size.tolist() == [200, 400, 200]
    assert particles.pixel_size.tolist() == [1] * 3


def test_pixel_size_and_box_are_those_of_each_particles_own_micrograph(tmp_path):
    text = RELION_5.replace("opticsGroup2     1.000000", "opticsGroup2     1.250000")
    particles = coordinates_of(tmp_path, text).particles
    assert particles.pixel_size.tolist() == [1, 1.25, 1]
    assert particles.box_size.tolist() == [200, 320, 200]  # 100 px of 4 Å are 320 px of 1.25 Å


@pytest.mark.parametrize("untold", ["none    ", "0.000000", "-1.00000"])
def test_a_group_that_tells_no_pixel_size_leaves_that_of_the_others(tmp_path, untold):
    text = RELION_5.replace("opticsGroup2     1.000000", f"opticsGroup2     {untold}")
    particles = coordinates_of(tmp_path, text).particles
    np.testing.assert_array_equal(particles.pixel_size, [1, np.nan, 1])
    assert particles.box_size is None


def test_particles_that_name_no_group_are_of_the_only_one(tmp_path):
    text = RELION_5.replace("_rlnOpticsGroup #4", "_rlnClassNumber #4")
    particles = coordinates_of(tmp_path, text).particles
    assert (particles.pixel_size, particles.box_size) == (None, None)
    second = "           2 opticsGroup2     1.000000     4.000000          100 \n"
    particles = coordinates_of(tmp_path, text.replace(second, "")).particles
    assert particles.pixel_size.tolist() == [1] * 3
    assert particles.box_size.tolist() == [200] * 3


def test_particles_without_optics_may_tell_a_pixel_size_each(tmp_path):
    text = RELION_30.replace("_rlnAutopickFigureOfMerit", "_rlnMicrographPixelSize")
    particles = coordinates_of(tmp_path, text).particles
    np.testing.assert_array_equal(particles.pixel_size, [0.1234, np.nan, 1])


@pytest.mark.parametrize(
    ("old", "new", "pixel_size"),
    [
        ("_rlnMicrographPixelSize", "_rlnMicrographOriginalPixelSize", None),  # of the movie before binning
        ("     0.885000 ", "     0.000000 ", None),
        ("           64 ", "           nan ", 0.885),
        ("_rlnImageSize #6", "_rlnOddZernike #6", 0.885),
        ("opticsGroup1            1 ", "opticsGroup1            9 ", None),
    ],
)
def test_what_the_optics_do_not_tell_is_not_guessed(tmp_path, old, new, pixel_size):
    assert old in RELION_31
    particles = coordinates_of(tmp_path, RELION_31.replace(old, new)).particles
    assert (particles.pixel_size is None) == (pixel_size is None)
    assert pixel_size is None or particles.pixel_size.tolist() == [pixel_size] * 3
    assert particles.box_size is None


def test_a_given_box_size_is_taken_in_place_of_the_files(tmp_path):
    assert coordinates_of(tmp_path, RELION_31, box_size=180.0).particles.box_size.tolist() == [180] * 3
    assert coordinates_of(tmp_path, RELION_30, box_size=180.0).particles.box_size.tolist() == [180] * 3


@pytest.mark.parametrize(
    ("name", "micrograph"),
    [
        ("m1_autopick.star", "m1"),
        ("m1_manualpick.star", "m1"),
        ("m1.star", "m1"),
        ("_autopick.star", "_autopick"),
    ],
)
def test_picks_of_one_micrograph_are_named_after_their_file(tmp_path, name, micrograph):
    particles = coordinates_of(tmp_path, PICKS_OF_ONE, name=name).particles
    assert particles.micrograph.tolist() == [micrograph] * 2
    assert particles.x.tolist() == [100, 110]
    assert particles.pixel_size is None


ONE_PARTICLE = (
    "# version 30001\n\ndata_optics\n\n_rlnOpticsGroup 1\n_rlnMicrographPixelSize 0.5 # of the micrograph\n\n"
    "data_particles\n\n_rlnCoordinateX 10.500\n# a note\n_rlnCoordinateY  20.0\r\n"
    '_rlnMicrographName "two words.mrc"\n_rlnOpticsGroup 1\n\ndata_job\n\n_rlnJobTypeLabel relion.extract\n'
)


def test_a_single_particle_in_pairs_of_label_and_value_is_read(tmp_path):
    particles = coordinates_of(tmp_path, ONE_PARTICLE).particles
    assert (particles.x.tolist(), particles.y.tolist()) == ([10.5], [20])
    assert particles.micrograph.tolist() == ["two words.mrc"]
    assert particles.pixel_size.tolist() == [0.5]


@pytest.mark.parametrize(("keep", "row"), [(True, '10.500 20.0 "two words.mrc" 1 0.2500\n'), (False, "")])
def test_a_single_particle_in_pairs_is_written_as_a_table(tmp_path, keep, row):
    file = coordinates_of(tmp_path, ONE_PARTICLE)
    file.write(tmp_path / "out.star", keep=np.array([keep]), columns=scored([0.25]))
    top, rest = ONE_PARTICLE.split("_rlnCoordinateX")
    table = (
        "loop_\n_rlnCoordinateX\n# a note\n_rlnCoordinateY\n_rlnMicrographName\n_rlnOpticsGroup\n"
        f"_cryoiceScore #5\n{row}"
    )
    assert (tmp_path / "out.star").read_bytes().decode() == top + table + rest[rest.index("\ndata_job") :]
    assert len(read_coordinates(tmp_path / "out.star").particles.x) == keep


def test_a_file_without_picks_has_none(tmp_path):
    text = PICKS_OF_ONE.replace(
        "  100.000000   200.000000     0.5 \n  110.000000   210.000000     0.4 \n", ""
    )
    file = coordinates_of(tmp_path, text)
    assert len(file.particles.x) == len(file.particles.micrograph) == 0
    file.write(tmp_path / "out.star", keep=np.zeros(0, dtype=bool), columns=scored(np.zeros(0)))
    assert "_cryoiceScore #4\n" in (tmp_path / "out.star").read_text()


def test_names_from_cryosparc_keep_their_uids(tmp_path):
    names = coordinates_of(tmp_path, PYEM).particles.micrograph
    assert names[0] == "J7/imported/013218873190254871234_m1_patch_aligned_doseweighted.mrc"


def test_cells_that_are_no_number_are_nan(tmp_path):
    particles = coordinates_of(tmp_path, PICKS_OF_ONE.replace("110.000000 ", "none ")).particles
    np.testing.assert_array_equal(particles.x, [100, np.nan])


@pytest.mark.parametrize("text", [RELION_30, RELION_31, RELION_5])
def test_kept_rows_have_their_score_and_the_rest_of_the_file_stays(tmp_path, text):
    file = coordinates_of(tmp_path, text)
    file.write(tmp_path / "out.star", keep=np.array([True, False, True]), columns=scored([0.25, 1, 1 / 3]))
    blocks = starfile.read(tmp_path / "out.star", always_dict=True)
    table = next(block for block in blocks.values() if "cryoiceScore" in block)
    assert table["cryoiceScore"].tolist() == [0.25, 0.3333]
    again = read_coordinates(tmp_path / "out.star")
    assert again.particles.x.tolist() == file.particles.x[[0, 2]].tolist()
    lines = (tmp_path / "out.star").read_text().splitlines()
    changed = [line for line in text.splitlines() if line not in lines]
    assert len(changed) == 3  # its rows: two longer, one gone


def test_a_file_that_was_cleaned_before_has_one_column_of_scores(tmp_path):
    file = coordinates_of(tmp_path, PICKS_OF_ONE)
    file.write(tmp_path / "one.star", keep=np.array([True, True]), columns=scored([0.1, 0.2]))
    once = read_coordinates(tmp_path / "one.star")
    once.write(tmp_path / "two.star", keep=np.array([True, True]), columns=scored([0.3, np.nan]))
    assert (
        starfile.read(tmp_path / "two.star", parse_as_string=["cryoiceScore"])["cryoiceScore"].iloc[0]
        == "0.3000"
    )
    assert (tmp_path / "two.star").read_text().count("cryoiceScore") == 1


def test_a_list_of_coordinate_files_is_refused_with_what_to_give(tmp_path):
    advice = r"lists coordinate files .*; give the folder in which they lie"
    with pytest.raises(InputError, match=rf"{advice} \(AutoPick/job011\), or the particles\.star of an Ext"):
        coordinates_of(tmp_path, LIST_OF_FILES)
    with pytest.raises(InputError, match=rf"{advice}, or the particles"):
        coordinates_of(tmp_path, "".join(LIST_OF_FILES.splitlines(keepends=True)[:-2]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data_\nloop_\n_rlnMicrographName #1\nm1.mrc\n", "no table with the columns rlnCoordinateX, rlnCo"),
        (RELION_30.replace("_rlnMicrographName", "_rlnTomoName"), "tomograms"),
    ],
)
def test_files_without_coordinates_in_micrographs_are_refused(tmp_path, text, said):
    with pytest.raises(InputError, match=rf"particles\.star: .*{said}"):
        coordinates_of(tmp_path, text)
