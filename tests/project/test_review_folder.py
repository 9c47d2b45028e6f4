"""What a review page is told of a folder of masks."""

import json
import os
import re
import zlib

import numpy as np
import pytest
from test_mask_batch import batch_of, finished

from bright_blocks import BLOCK, write_micrographs
from cryoice.errors import InputError
from cryoice.files.mrc import write_mrc
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.project.review_folder import ReviewFolder
from review_samples import FORMULA, HOSTILE, MARKED, marked_mask, review_folder


def unpacked(pictures):
    """Symbols of the pixels, as a page unpacks them."""
    symbols = np.frombuffer(zlib.decompress(pictures.classes), dtype=np.uint8).reshape(pictures.shape)
    return np.bitwise_xor.accumulate(symbols, axis=0)


def loaded(folder):
    review = ReviewFolder.read(folder)
    return [review.load(one) for one in review.micrographs]


def test_masking_keeps_a_small_picture_and_the_page_takes_it_with_the_mask(tmp_path):
    write_micrographs(tmp_path / "in", 2)
    output = tmp_path / "out"
    finished(batch_of(tmp_path / "in", output, overlay=False))
    record = json.loads((output / ".cryoice/m00.json").read_text())
    assert ".cryoice/m00.jpg" in record["outputs"]
    (first, fault), _ = loaded(output)
    assert (first.stem, first.shape, first.pixel_size, fault) == ("m00", (40, 45), 8.0, None)
    assert (first.statistics["bad"], first.statistics["iciness"]) == (round(120 / 1800, 5), None)
    assert first.pictures is not None
    assert first.pictures.grey == (output / ".cryoice/m00.jpg").read_bytes()
    expected = np.zeros((40, 45))
    expected[BLOCK] = 2
    np.testing.assert_array_equal(unpacked(first.pictures), expected)


def test_a_micrograph_whose_picture_is_lost_is_masked_again(tmp_path):
    write_micrographs(tmp_path / "in", 1)
    batch = batch_of(tmp_path / "in", tmp_path / "out")
    finished(batch)
    thumbnail_path(tmp_path / "out", "m00").unlink()
    assert batch.find(batch.listed.micrographs[0]) is None
    finished(batch)
    assert thumbnail_path(tmp_path / "out", "m00").is_file()


def test_without_a_kept_picture_it_is_made_of_the_micrograph_and_else_of_the_score(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    output = tmp_path / "out"
    finished(batch_of(tmp_path / "in", output))
    kept = thumbnail_path(output, "m00").read_bytes()
    record = output / ".cryoice/m00.json"
    values = json.loads(record.read_text())
    values["outputs"].remove(".cryoice/m00.jpg")  # as an older version wrote it
    record.write_text(json.dumps(values))
    thumbnail_path(output, "m00").unlink()
    ((first, fault),) = loaded(output)
    assert first.pictures is not None
    assert (first.pictures.grey, first.pictures.grey_is, fault) == (kept, "micrograph", None)
    path.unlink()
    ((first, fault),) = loaded(output)
    assert first.pictures is not None
    assert first.pictures.grey_is == "score"
    assert "no such file" in str(fault)


def test_a_micrograph_that_was_replaced_since_is_not_shown_below_its_old_mask(tmp_path):
    (path,) = write_micrographs(tmp_path / "in", 1)
    output = tmp_path / "out"
    finished(batch_of(tmp_path / "in", output))
    record = output / ".cryoice/m00.json"
    values = json.loads(record.read_text())
    values["outputs"].remove(".cryoice/m00.jpg")
    record.write_text(json.dumps(values))
    thumbnail_path(output, "m00").unlink()
    os.utime(path, ns=(0, 0))
    ((first, fault),) = loaded(output)
    assert first.pictures is not None
    assert first.pictures.grey_is == "score"
    assert str(fault).startswith(f"{path.resolve()}: has changed since it was masked")


def test_classes_no_data_and_what_is_unsure_are_packed_row_by_row(tmp_path):
    (marked, _), *_ = loaded(review_folder(tmp_path / "masks", count=3))
    assert marked.pictures is not None
    symbols, mask = unpacked(marked.pictures), marked_mask()
    np.testing.assert_array_equal(symbols & 7, np.where(mask == 255, 5, mask))
    assert np.argwhere(symbols & 8).min(axis=0).tolist() == [12, 18]
    assert np.argwhere(symbols & 8).max(axis=0).tolist() == [15, 24]


def test_a_mask_of_full_size_is_shown_at_the_sampling_of_its_score(tmp_path):
    folder = review_folder(tmp_path / "masks", count=3)
    write_mrc(
        folder / f"{MARKED}_mask.mrc",
        np.kron(marked_mask(), np.ones((4, 4), dtype=np.uint16)),
        pixel_size=2.0,
    )
    (marked, _), *_ = loaded(folder)
    assert marked.pictures is not None
    np.testing.assert_array_equal(unpacked(marked.pictures) & 7, np.minimum(marked_mask(), 5))


def test_a_mask_that_cannot_be_read_is_told_and_its_micrograph_stays(tmp_path):
    folder = review_folder(tmp_path / "masks", count=5)
    (folder / "m003_mask.mrc").write_bytes(b"")
    found = loaded(folder)
    assert [one.stem for one, _ in found] == [MARKED, HOSTILE, FORMULA, "m003", "m004"]
    assert [one.pictures is None for one, _ in found] == [False, False, False, True, False]
    assert "m003_mask.mrc" in str(found[3][1])


def test_rows_of_the_list_are_its_bytes_and_name_their_micrograph(tmp_path):
    folder = review_folder(tmp_path / "masks", count=4)
    lines = (folder / "micrographs.star").read_text().splitlines(keepends=True)
    again = next(line for line in lines if line.startswith("=1+1.mrc"))
    (folder / "micrographs.star").write_text("".join(lines) + again)  # listed twice
    review = ReviewFolder.read(folder)
    told = [(review.star.text[begin:end].split()[0], place) for begin, end, place in review.rows]
    names = [b"Movies/marked.mrc", b"Movies/</script>.mrc", b"=1+1.mrc", b"Movies/m003.mrc"]
    assert told == [*zip(names, range(4), strict=True), (b"=1+1.mrc", 2)]
    assert len(review.micrographs) == 4


def test_the_order_of_review_is_told_where_there_is_one(tmp_path):
    folder = review_folder(tmp_path / "masks", count=5)
    (folder / "next.csv").write_text(
        "rank,micrograph,stem,score,reason\n"
        '1,Movies/m004.mrc,m004,0.9,"much, unsure"\n'
        "2,=1+1.mrc,=1+1,0.5,new\n"
    )
    found = {one.stem: (one.rank, one.reason) for one, _ in loaded(folder)}
    assert found["m004"] == (1, "much, unsure")
    assert found[FORMULA] == (2, "new")
    assert found[MARKED] == (None, "")


def test_a_place_in_an_order_older_than_its_mask_does_not_count(tmp_path):
    folder = review_folder(tmp_path / "masks", count=5)
    rows = ("2,Movies/m003.mrc,m003,0.5,new\n", "1,Movies/m004.mrc,m004,0.9,new\n")
    (folder / "next.csv").write_text(f"rank,micrograph,stem,score,reason\n{''.join(rows)}")
    os.utime(folder / "m003_score.mrc", (2e9, 2e9))
    found = ReviewFolder.read(folder)
    ranks = {one.masked.stem: one.rank for one in found.micrographs}
    assert (ranks["m003"], ranks["m004"], found.outdated) == (None, 1, 1)


def test_a_folder_is_known_again_when_it_grows_is_masked_anew_or_is_moved(tmp_path):
    folder = review_folder(tmp_path / "masks", count=3)
    other = review_folder(tmp_path / "other" / "masks", count=3)
    found = ReviewFolder.read(folder).contents([]).identity
    assert re.fullmatch("[0-9a-f]{16}", found)
    assert ReviewFolder.read(other).contents([]).identity != found
    review_folder(folder, count=5)
    moved = folder.rename(tmp_path / "job021")
    assert ReviewFolder.read(moved).contents([]).identity == found
    (moved / ".cryoice/review.id").write_text("<script>")
    assert re.fullmatch("[0-9a-f]{16}", ReviewFolder.read(moved).contents([]).identity)


def test_a_folder_that_cannot_be_written_is_known_by_its_place(tmp_path):
    folder = review_folder(tmp_path / "masks", count=3, pictures=False)
    (folder / ".cryoice").write_text("")  # so that nobody, root neither, writes into it
    found = ReviewFolder.read(folder).contents([]).identity
    assert re.fullmatch("[0-9a-f]{16}", found)
    assert ReviewFolder.read(folder).contents([]).identity == found


def test_a_page_is_called_by_its_folder_and_the_one_around_it(tmp_path):
    folder = review_folder(tmp_path / "External/job021/masks", count=3)
    assert ReviewFolder.read(folder).contents([]).title == "job021/masks"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("summary.csv", "verdict", "judgement", r"summary\.csv: no column verdict"),
        ("summary.csv", "marked,80", "../marked,80", r"'\.\./marked' is no file name"),
        (
            "summary.csv",
            "m003.mrc,m003",
            "m009.mrc,m003",
            r"micrographs\.star: Movies/m003\.mrc is not in summary",
        ),
        ("micrographs.star", "_rlnMicrographName", "_rlnImageName", r"no table has rlnMicrographName"),
        ("next.csv", "1,", "first,", r"next\.csv: rank 'first' is no whole number"),
        ("next.csv", "stem", "name", r"next\.csv: no column stem"),
    ],
)
def test_a_damaged_folder_is_refused_in_a_line(tmp_path, file, old, new, said):
    folder = review_folder(tmp_path / "masks", count=4)
    (folder / "next.csv").write_text("rank,micrograph,stem,score,reason\n1,Movies/m003.mrc,m003,0.5,new\n")
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        ReviewFolder.read(folder)


def test_a_statistic_that_is_no_number_is_named(tmp_path):
    folder = review_folder(tmp_path / "masks", count=4)
    text = (folder / "summary.csv").read_text()
    (folder / "summary.csv").write_text(text.replace(",0.05,,context", ",much,,context", 1))
    with pytest.raises(InputError, match=r"summary\.csv: Movies/</script>\.mrc: iciness 'much' is no number"):
        loaded(folder)
