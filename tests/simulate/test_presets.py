import numpy as np
import pytest
from settings_of_tests import merged

from cryoice.errors import InputError
from cryoice.simulate.micrograph import simulate_micrograph
from cryoice.simulate.presets import PRESETS, load_preset
from cryoice.simulate.settings import SimulationSettings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_simulates_a_micrograph(name):
    settings = SimulationSettings.parse(merged(load_preset(name), {"size": [256, 320]}))
    micrograph = simulate_micrograph(settings, settings.proteins[0], np.random.SeedSequence(1))
    assert micrograph.array.shape == micrograph.mask.shape == (256, 320)
    assert np.isfinite(micrograph.array).all()
    assert micrograph.array.std() > 0


def test_a_preset_differs_from_the_one_it_builds_on_only_where_it_says_so():
    default, clean = load_preset("default"), load_preset("clean")
    assert clean["crystalline"] == default["crystalline"] | {"share": 0.0}
    assert clean["film"] == default["film"]


def test_an_unknown_preset_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"preset dirty: is unknown; choose from clean, contamination, "):
        load_preset("dirty")
