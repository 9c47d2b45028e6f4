import pytest

from cryoice.errors import InputError
from cryoice.files.growing_star import GrowingStar

HEAD = "data_micrographs\n\nloop_\n_rlnMicrographName #1\n_rlnDefocusU #2\n"
SETTLE = 5.0


@pytest.fixture
def star(tmp_path, monkeypatch):
    """Return a list's path in the current folder, which holds three micrographs and lacks a fourth."""
    monkeypatch.chdir(tmp_path)
    for name in "abc":
        (tmp_path / f"{name}.mrc").touch()
    return tmp_path / "list.star"


def write(star, letters, *, end=""):
    star.write_text(HEAD + "".join(f"{letter}.mrc 12000.10\n" for letter in letters) + end)


def stems(listed):
    return [item.stem for item in listed.micrographs]


def test_rows_that_are_added_are_seen_at_once(star):
    write(star, "a")
    growing = GrowingStar(star, None, SETTLE)
    first = growing.look(0.0)
    assert growing.look(1.0) is first
    write(star, "ab")
    assert stems(growing.look(2.0)) == ["a", "b"]


def test_rows_that_go_are_believed_once_the_file_has_not_changed_for_a_while(star):
    write(star, "abc")
    growing = GrowingStar(star, None, SETTLE)
    growing.look(0.0)
    write(star, "a")  # rewritten in pieces
    assert stems(growing.look(1.0)) == ["a", "b", "c"]
    write(star, "ab")
    assert stems(growing.look(SETTLE)) == ["a", "b", "c"]
    assert stems(growing.look(2 * SETTLE - 0.1)) == ["a", "b", "c"]
    assert stems(growing.look(2 * SETTLE)) == ["a", "b"]


@pytest.mark.parametrize("end", ["c.mrc 120", "c.mrc", "c.m", "c.mrc 12000.10 7\n"])
def test_a_row_that_is_cut_off_is_waited_for(end, star):
    write(star, "ab")
    growing = GrowingStar(star, None, SETTLE)
    growing.look(0.0)
    write(star, "ab", end=end)
    assert stems(growing.look(1.0)) == ["a", "b"]
    write(star, "abc")
    assert stems(growing.look(2.0)) == ["a", "b", "c"]


def test_a_file_that_stays_damaged_is_one_line_and_a_mended_one_goes_on(star):
    growing = GrowingStar(star, None, SETTLE)
    with pytest.raises(InputError, match=r"list\.star: cannot be read \(No such file or directory\)"):
        growing.look(0.0)
    write(star, "", end="a.mrc\n")
    with pytest.raises(InputError, match=r"list\.star: is being written"):
        growing.look(1.0)
    with pytest.raises(InputError, match=r"list\.star: .* write the file again"):
        growing.look(1.0 + SETTLE)
    write(star, "a")
    assert stems(growing.look(20.0)) == ["a"]


def test_a_list_that_is_replaced_while_it_is_read_is_read_again(star, monkeypatch):
    from cryoice.files import growing_star

    write(star, "a")
    growing = GrowingStar(star, None, SETTLE)
    read = growing_star.read_star_micrographs

    def replaced(path, *, angpix):
        table = read(path, angpix=angpix)
        write(star, "abc")
        return table

    with monkeypatch.context() as patched:
        patched.setattr(growing_star, "read_star_micrographs", replaced)
        with pytest.raises(InputError, match="is being written"):
            growing.look(0.0)
    assert stems(growing.look(0.1)) == ["a", "b", "c"]


def test_a_file_that_is_not_there_yet_is_a_failure_until_it_is(star):
    write(star, "ad")
    growing = GrowingStar(star, None, SETTLE)
    first = growing.look(0.0)
    assert (stems(first), [name for name, _ in first.failures]) == (["a"], ["d.mrc"])
    assert growing.look(1.0) is first
    (star.parent / "d.mrc").touch()
    last = growing.look(2.0)
    assert (stems(last), last.failures) == (["a", "d"], ())


def test_files_that_are_known_are_not_looked_for_again(star, monkeypatch):
    from cryoice.files import named_micrographs

    write(star, "ab")
    growing = GrowingStar(star, None, SETTLE)
    growing.look(0.0)
    asked = []
    monkeypatch.setattr(named_micrographs, "find_listed", lambda name, roots: asked.append(name))
    write(star, "abd")
    growing.look(1.0)
    assert asked == ["d.mrc"]


def test_a_list_is_settled_once_it_has_not_changed_for_a_while_missing_ones_too(star):
    growing = GrowingStar(star, None, SETTLE)
    for moment, settled in ((0.0, False), (SETTLE, True)):
        with pytest.raises(InputError, match="No such file"):
            growing.look(moment)
        assert growing.settled is settled
    write(star, "a")
    growing.look(10.0)
    assert not growing.settled
    growing.look(10.0 + SETTLE)
    assert growing.settled
