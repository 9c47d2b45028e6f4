import pytest

from cryoice.errors import InputError
from cryoice.files.mask_names import read_mask_names, write_mask_names


def test_names_are_added_and_replaced(tmp_path):
    assert read_mask_names(tmp_path) == {}
    write_mask_names(tmp_path, {"a": "gridA/a.mrc", "b": "gridA/b, 2.mrc"})
    write_mask_names(tmp_path, {"b": "gridB/b.mrc", "c": "gridB/c.mrc"})
    assert read_mask_names(tmp_path) == {"a": "gridA/a.mrc", "b": "gridB/b.mrc", "c": "gridB/c.mrc"}


def test_a_summary_tells_too_and_another_table_nothing(tmp_path):
    (tmp_path / "summary.csv").write_text("micrograph,height,stem\nin/a.mrc,5,a\n")
    assert read_mask_names(tmp_path) == {"a": "in/a.mrc"}
    (tmp_path / "micrographs.csv").write_text("stem,other\na,b\n")
    assert read_mask_names(tmp_path) == {"a": "in/a.mrc"}
    (tmp_path / "micrographs.csv").write_bytes(b"stem,micrograph\n\xff,b\n")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_mask_names(tmp_path)
