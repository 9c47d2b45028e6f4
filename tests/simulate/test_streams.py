import numpy as np

from cryoice.simulate.streams import Streams


def draws(streams, name):
    return streams(name).random(4).tolist()


def test_a_part_draws_the_same_numbers_each_time():
    streams = Streams(np.random.SeedSequence(5, spawn_key=(1, 2)))
    assert draws(streams, "film") == draws(streams, "film")


def test_parts_and_micrographs_draw_other_numbers():
    one, other = (Streams(np.random.SeedSequence(5, spawn_key=(1, index))) for index in (0, 1))
    assert len({tuple(draws(*case)) for case in ((one, "film"), (one, "picks"), (other, "film"))}) == 3
