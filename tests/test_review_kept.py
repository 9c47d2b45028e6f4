"""What a reviewer did is not lost: by imports, other tabs, longer lists, or masks made anew."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.constants import CLASSES
from cryoice.files.mrc import write_mrc
from page_browser import Review, browser
from review_samples import ANGPIX, FACTOR, MARKED, marked_mask, review_folder

COUNT = 6
HEAD = "micrograph,stem,kind,row,column,radius,label\n"
FITS = f"Movies/{MARKED}.mrc,{MARKED},verdict,,,,rejected\n"


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


def page_of(folder):
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    return folder / "report.html"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return page_of(review_folder(tmp_path_factory.mktemp("review") / "masks", count=COUNT))


@pytest.fixture
def context(chromium):
    made = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield made
    made.close()


@pytest.fixture
def review(context, page):
    opened = Review(context, page)
    yield opened
    assert opened.errors == []


def rows(review):
    """Stem, kind and label of each action."""
    text = review.saved("#export-corrections").decode()
    return [
        (row["stem"].strip(), row["kind"], row["label"])
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def reviewed(review):
    """Reject the marked one and correct it."""
    review.page.focus("#gallery")
    review.press("Home", "r")
    review.open(MARKED)
    review.press("w", "Escape")
    return rows(review)


def imported(review, folder, text, name="corrections.csv"):
    """What the page says of a file."""
    (folder / name).write_text(text)
    review.page.evaluate("document.querySelector('#said').textContent = ''")
    review.page.set_input_files("#import", folder / name)
    review.page.wait_for_function("() => document.querySelector('#said').textContent !== ''")
    return review.page.inner_text("#said")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "it holds no rows"),
        (HEAD + "Movies/z.mrc,z,verdict,,,,rejected\nb.mrc,b,whole,,,,right\n", "none of its 2 rows fits"),
        ('{"cryoice": "review", "limits": {}, "corrections": []}', "it holds no rows"),
        ('{"cryoice": "review", "limits": {}, "corrections": "all"}', "no review of cryoice"),
        ('{"cryoice": "review", "limits": [1], "corrections": []}', "its limits cannot be read"),
    ],
)
def test_a_file_of_which_nothing_fits_changes_nothing(review, tmp_path, text, said):
    before = reviewed(review)
    told = imported(review, tmp_path, text, "review.json" if text.startswith("{") else "corrections.csv")
    assert said in told
    assert "nothing has changed" in told
    assert rows(review) == before == [(MARKED, "verdict", "rejected"), (MARKED, "whole", "right")]


def test_an_import_is_one_step_that_is_undone_even_after_a_reload(review, tmp_path):
    before = reviewed(review)
    review.limit("bad", 20)
    review.press("Tab")
    text = HEAD + "Movies/m003.mrc,m003,verdict,,,,accepted\nMovies/m004.mrc,m004,verdict,,,,accepted\n"
    state = {
        "cryoice": "review",
        "limits": {"bad": 0.5},
        "corrections": [row.split(",") for row in text.split("\n")[1:3]],
    }
    assert imported(review, tmp_path, json.dumps(state), "review.json").startswith("review.json: 2 actions.")
    after = [("m003", "verdict", "accepted"), ("m004", "verdict", "accepted")]
    assert rows(review) == after
    assert review.page.input_value("#number-bad") == "50"
    review.page.reload()
    review.page.wait_for_selector("html[data-ready]")
    review.page.focus("#gallery")
    review.press("Home", "a")
    assert rows(review) == [*after, (MARKED, "verdict", "accepted")]
    review.press("u")
    assert rows(review) == after
    review.press("u")
    assert review.page.inner_text("#said") == "Undone: import"
    review.settle()
    assert review.page.input_value("#number-bad") == "20"
    assert rows(review) == before


@pytest.mark.parametrize(
    "row",
    [
        "region,,,,clean",
        "region,5,,,clean",
        "region,-1,5,,clean",
        "region,5,101,,clean",
        "region,0x5,5,,clean",
        "disc,5,5,,clean",
        "disc,5,5,0,clean",
        "disc,5,5,inf,clean",
        "region,5,5,,right",
        "circle,5,5,9,clean",
    ],
)
def test_a_row_without_sense_is_left_out_and_told(review, tmp_path, row):
    told = imported(review, tmp_path, f"{HEAD}{FITS}Movies/{MARKED}.mrc,{MARKED},{row}\n")
    assert told.startswith("corrections.csv: 1 actions; 1 rows or limits left out")
    assert rows(review) == [(MARKED, "verdict", "rejected")]


def test_limits_out_of_range_and_corrections_of_another_mask_are_left_out(review, tmp_path):
    fitting = [f"Movies/{MARKED}.mrc", MARKED, "whole", "", "", "", "right"]
    state = {
        "cryoice": "review",
        "limits": {"bad": 1.5, "iciness": -1, "other": "0.1", "colour": 1, "support": 0.25},
        "corrections": [[*fitting, "0" * 12], [*fitting[:6], "clean", ""], "row", None],
    }
    told = imported(review, tmp_path, json.dumps(state), "review.json")
    assert told.startswith("review.json: 1 actions; 7 rows or limits left out")
    assert rows(review) == [(MARKED, "whole", "clean")]
    assert [review.page.input_value(f"#number-{key}") for key in ("bad", "support")] == ["", "25"]


def test_two_tabs_share_one_review(context, page):
    first, second = Review(context, page), Review(context, page)
    first.page.bring_to_front()
    first.page.focus("#gallery")
    first.press("Home", "r")
    second.page.bring_to_front()
    second.page.wait_for_function(f"() => document.querySelector('#undecided').textContent === '{COUNT - 1}'")
    second.page.focus("#gallery")
    second.press("End", "a")
    first.page.bring_to_front()
    first.press("ArrowRight", "a")
    assert first.count("undecided") == COUNT - 3
    assert rows(first) == [
        (MARKED, "verdict", "rejected"),
        ("m005", "verdict", "accepted"),
        (first.stems()[2], "verdict", "accepted"),
    ]
    assert first.errors == second.errors == []


def test_a_review_goes_on_when_the_list_grows_and_only_corrections_of_changed_masks_are_left_aside(
    context, tmp_path
):
    folder = review_folder(tmp_path / "masks", count=COUNT)
    review = Review(context, page_of(folder))
    before = reviewed(review)
    review.open("m004")
    review.press("w", "Escape")
    review.limit("bad", 20)
    review.press("Tab")
    review_folder(folder, count=COUNT + 3)
    changed = marked_mask()
    changed[0, 0] = CLASSES.index("other")
    write_mrc(folder / f"{MARKED}_mask.mrc", changed, pixel_size=FACTOR * ANGPIX)
    page_of(folder)
    review.page.reload()
    review.page.wait_for_selector("html[data-ready]")
    assert "1 correction is left aside: their masks have changed" in review.page.inner_text("#said")
    assert review.count("undecided") == COUNT + 3 - 1
    assert rows(review) == [before[0], ("m004", "whole", "right")]
    assert review.page.input_value("#number-bad") == "20"
    review.page.focus("#gallery")
    review.press("End", "r")
    review_folder(folder, count=COUNT)  # as it was
    page_of(folder)
    review.page.reload()
    review.page.wait_for_selector("html[data-ready]")
    assert set(rows(review)) == {*before, ("m004", "whole", "right")}
    assert review.count("undecided") == COUNT - 1


def test_folders_of_one_name_have_reviews_of_their_own(context, page, tmp_path):
    first = Review(context, page)
    first.page.focus("#gallery")
    first.press("Home", "r")
    other = Review(context, page_of(review_folder(tmp_path / "masks", count=COUNT)))
    assert other.count("undecided") == COUNT
