"""Limits of the review page are those of ``cryoice select``, however they are typed."""

import csv
import io

import pytest
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.project.mask_lists import write_summary
from page_browser import Review, browser
from review_samples import review_folder

COUNT = 8
COLUMNS = {"bad": "cryoiceBadFraction", "unsure": "cryoiceUnsureFraction", "iciness": "cryoiceIciness"}


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    """Of m003 the unsure share is missing, that of m004 and its bad share are 0.007."""
    folder = review_folder(tmp_path_factory.mktemp("review") / "masks", count=COUNT)
    rows = list(csv.DictReader(io.StringIO((folder / "summary.csv").read_text())))
    rows[3]["unsure"], rows[4]["unsure"], rows[4]["bad"] = "", "0.007", "0.007"
    write_summary(folder, rows)
    star = folder / "micrographs.star"
    lines = star.read_text().split("\n")
    for stem, changes in (("m003", {7: "nan"}), ("m004", {2: "0.007", 7: "0.007"})):
        place = next(place for place, line in enumerate(lines) if f"/{stem}.mrc" in line)
        cells = lines[place].split()
        for column, cell in changes.items():
            cells[column] = cell
        lines[place] = "  ".join(cells)
    star.write_text("\n".join(lines))
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def review(chromium, masks):
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    opened = Review(context, masks / "report.html")
    yield opened
    assert opened.errors == []
    context.close()


def selected(masks, folder, **limits):
    """Bytes of the accepted list and what ``cryoice select`` says beside it."""
    flags = [part for key, limit in limits.items() for part in (f"--max-{key}", str(limit))]
    paths = ["-o", str(folder / "yes.star"), "--rejected", str(folder / "no.star")]
    done = CliRunner().invoke(app, ["select", str(masks), *flags, *paths])
    assert done.exit_code == 0, done.output
    return (folder / "yes.star").read_bytes(), done.output


def test_who_lacks_a_share_is_rejected_by_its_limit_as_select_does(review, masks, tmp_path):
    review.limit("bad", 100)
    assert review.count("accepted") == COUNT
    review.limit("unsure", 100)
    accepted, _ = selected(masks, tmp_path, bad=1, unsure=1)
    assert b"m003.mrc" not in accepted
    assert review.saved("#export-accepted") == accepted
    assert review.count("accepted") == COUNT - 1


def test_accepted_ones_whose_iciness_is_unknown_are_counted_beside_its_limit(review, masks, tmp_path):
    assert not review.page.is_visible("#unmeasured-iciness")
    review.limit("bad", 100)
    review.limit("iciness", 0.1)
    accepted, told = selected(masks, tmp_path, bad=1, iciness=0.1)
    assert review.saved("#export-accepted") == accepted
    assert "3 accepted ones have no measured iciness" in told
    assert review.page.inner_text("#unmeasured-iciness") == "3 accepted ones have no measured iciness"


@pytest.mark.parametrize("key", ["bad", "unsure"])
def test_a_typed_limit_accepts_a_share_that_equals_it(review, masks, tmp_path, key):
    review.limit("bad", 100)
    review.limit(key, "0.7")
    limits = {"bad": 1} | {key: 0.007}
    accepted, _ = selected(masks, tmp_path, **limits)
    assert b"m004.mrc" in accepted
    assert review.saved("#export-accepted") == accepted


@pytest.mark.parametrize(("key", "text"), [("bad", "150"), ("bad", "-1"), ("bad", "1e"), ("iciness", "-0.5")])
def test_a_number_that_is_no_limit_changes_nothing_and_does_not_stay_in_its_box(review, key, text):
    review.limit(key, 20 if key == "bad" else 0.2)
    count, box = review.count("accepted"), f"#number-{key}"
    before = review.page.input_value(box)
    review.press("Tab")
    review.page.focus(box)
    review.press("Control+a")
    review.page.keyboard.type(text)
    review.settle()
    assert review.page.get_attribute(box, "aria-invalid") == "true"
    review.press("Enter")
    assert review.page.input_value(box) == before
    assert review.count("accepted") == count
    assert review.page.get_attribute(box, "aria-invalid") == "false"


def test_a_radius_that_is_refused_does_not_stay_in_its_box(review):
    review.open("m005")
    review.page.fill("#radius", "9000")
    review.press("Tab")
    assert review.page.input_value("#radius") == "5000"


def test_verdict_keys_work_after_a_click_on_a_button_of_the_header(review):
    review.saved("#export-review")
    assert review.page.evaluate("document.activeElement.id") == "export-review"
    review.press("r")
    assert review.count("undecided") == COUNT - 1
    review.press("u")
    assert review.count("undecided") == COUNT
    review.page.focus("#text")
    review.press("r")
    assert review.count("undecided") == COUNT
