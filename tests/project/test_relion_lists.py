import pytest
import starfile

import star_samples
from cryoice.errors import InputError
from cryoice.files.star_micrographs import read_star_micrographs
from cryoice.project.relion_lists import ParticleList

SECOND = "MotionCorr/job002/m2.mrc"


@pytest.mark.parametrize(
    ("text", "names", "sizes"),
    [
        (star_samples.RELION_30, ("Micrographs/m1.mrc", "Micrographs/m2.mrc"), (5.0, 5.0)),
        (star_samples.RELION_31, ("MotionCorr/job002/m1.mrc", SECOND), (0.885, 0.885)),
        (star_samples.RELION_5, ("m1.mrc", "m2.mrc"), (1.0, 1.0)),
        (star_samples.RELION_31.replace(f"{SECOND}  1", f"{SECOND}  7"), None, (0.885, None)),
    ],
)
def test_micrographs_are_listed_once_with_the_pixel_size_that_their_particles_tell(
    text, names, sizes, tmp_path
):
    (tmp_path / "particles.star").write_text(text)
    path = ParticleList.read(tmp_path / "particles.star").write_micrographs(tmp_path)
    found = read_star_micrographs(path, angpix=None)
    assert names is None or found.names == names
    assert found.pixel_sizes == sizes


def test_optics_groups_are_those_of_the_particles_to_the_letter(tmp_path):
    (tmp_path / "particles.star").write_text(star_samples.RELION_31)
    path = ParticleList.read(tmp_path / "particles.star").write_micrographs(tmp_path)
    strings = ["rlnMicrographPixelSize", "rlnVoltage"]
    optics = starfile.read(path, always_dict=True, parse_as_string=strings)["optics"]
    assert optics["rlnOpticsGroupName"].tolist() == ["opticsGroup1"]
    assert [optics[name].tolist() for name in strings] == [["0.885000"], ["300.000000"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (star_samples.PICKS_OF_ONE, "names no micrographs"),
        (star_samples.RELION_31.partition(" 1572")[0], "lists no particles"),
        (star_samples.LIST_OF_FILES, "lists coordinate files"),
    ],
)
def test_a_list_that_is_none_of_particles_is_one_line(text, said, tmp_path):
    (tmp_path / "a.star").write_text(text)
    with pytest.raises(InputError, match=f"^{tmp_path}/a.star: {said}"):
        ParticleList.read(tmp_path / "a.star")
