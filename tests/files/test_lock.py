"""Only one process builds what several want."""

import threading

import pytest

from cryoice.errors import InputError
from cryoice.files.lock import one_at_a_time


def test_the_second_waits_until_the_first_is_done(tmp_path):
    path, order, waiting = tmp_path / "new/data.lock", [], threading.Event()

    def second():
        waiting.set()
        with one_at_a_time(path):
            order.append("second")

    with one_at_a_time(path):
        thread = threading.Thread(target=second)
        thread.start()
        waiting.wait()
        thread.join(timeout=0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_failed_block_frees_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), one_at_a_time(tmp_path / "data.lock"):
        _ = 1 / 0
    with one_at_a_time(tmp_path / "data.lock"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    path = tmp_path / "file/data.lock"
    path.parent.write_text("")
    with pytest.raises(InputError, match=r"data\.lock: cannot be written"), one_at_a_time(path):
        pass
