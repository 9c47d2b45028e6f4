from dataclasses import dataclass

import pytest

from cryoice.errors import InputError
from cryoice.simulate.priors import counts, interval, names, number, numbers, pair, parse, share, whole


@dataclass(frozen=True)
class Ice:
    share: float = share()
    depth: tuple[float, float] = interval(0.0, 10.0)


@dataclass(frozen=True)
class All:
    ice: Ice
    seed: int = whole(0)
    pixel: float = number(0.2, 10.0)
    size: tuple[int, int] = pair(8)
    drops: tuple[int, int] = counts(1)
    voltages: tuple[float, ...] = numbers(60.0, 1200.0)
    kinds: tuple[str, ...] = names(lambda name: None if name in ("a", "b") else "is unknown; choose a or b")


RIGHT = {
    "ice": {"share": 0.5, "depth": [1, 2.5]},
    "seed": 0,
    "pixel": 1,
    "size": [20, 8],
    "drops": [1, 1],
    "voltages": [300, 200.0],
    "kinds": ["b", "a"],
}


def test_plain_values_become_typed_ones():
    assert parse(All, RIGHT, key="simulation") == All(
        Ice(0.5, (1.0, 2.5)), 0, 1.0, (20, 8), (1, 1), (300.0, 200.0), ("b", "a")
    )


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": -1}, "simulation.seed: -1 must be a whole number of at least 0"),
        ({"seed": True}, "simulation.seed: True must be a whole number of at least 0"),
        ({"seed": 1.5}, "simulation.seed: 1.5 must be a whole number of at least 0"),
        ({"pixel": float("nan")}, "simulation.pixel: nan must be a number from 0.2 to 10"),
        ({"pixel": "fine"}, "simulation.pixel: fine must be a number from 0.2 to 10"),
        ({"size": 20}, "simulation.size: 20 is not a list of 2 values; write [a, b]"),
        ({"size": [20, 7]}, "simulation.size: 7 must be a whole number of at least 8"),
        ({"drops": [3, 2]}, "simulation.drops: [3, 2] must rise, lower end first"),
        ({"voltages": []}, "simulation.voltages: [] is not a list; write [a, b, ...]"),
        ({"voltages": [3]}, "simulation.voltages: 3 must be a number from 60 to 1200"),
        ({"kinds": ["c"]}, "simulation.kinds: c is unknown; choose a or b"),
        ({"kinds": ["a", "a"]}, "simulation.kinds: names one twice"),
        (
            {"more": 1},
            "simulation.more: is unknown; use one of ice, seed, pixel, size, drops, voltages, kinds",
        ),
        ({"ice": 3}, "simulation.ice: 3 is not a group of settings; write key: value lines below it"),
        ({"ice": {"share": 0.5}}, "simulation.ice.depth: is missing; set it as in the preset 'default'"),
        (
            {"ice": {"share": 2, "depth": [1, 2]}},
            "simulation.ice.share: 2 must be a number from 0 to 1",
        ),
    ],
)
def test_a_wrong_value_is_named_in_one_line(change, line):
    with pytest.raises(InputError) as caught:
        parse(All, RIGHT | change, key="simulation")
    assert str(caught.value) == line


def test_a_missing_value_is_named():
    with pytest.raises(InputError, match=r"simulation\.seed: is missing"):
        parse(All, {key: value for key, value in RIGHT.items() if key != "seed"}, key="simulation")
