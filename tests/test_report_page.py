"""The review page in a real browser: what it counts, draws, takes and gives back."""

import csv
import io

import numpy as np
import pytest
import starfile
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.mask.regions import enlarge
from cryoice.project.mask_folder import MaskFolder
from cryoice.project.review_pictures import mask_digest
from cryoice.project.select_micrographs import select_micrographs
from page_browser import Review, browser
from review_samples import ANGPIX, FACTOR, FORMULA, HOSTILE, MARKED, SHAPE, marked_mask, review_folder

COUNT = 30
GREY = [128, 128, 128]
CRYSTALLINE = (0x56, 0xB4, 0xE9)


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    folder = review_folder(tmp_path_factory.mktemp("review") / "masks", count=COUNT)
    (folder / "next.csv").write_text(
        "rank,micrograph,stem,score,reason\n1,Movies/m009.mrc,m009,0.9,unsure\n2,Movies/m004.mrc,m004,0.5,new\n"
    )
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def review(chromium, masks):
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    opened = Review(context, masks / "report.html")
    yield opened
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()


def selected(masks, folder, verdict=False, **limits):
    """Number and files of accepted and rejected ones as ``cryoice select`` has them."""
    columns = {
        f"cryoice{name.title()}{'' if name == 'iciness' else 'Fraction'}": limit
        for name, limit in limits.items()
    }
    paths = folder / "yes.star", folder / "no.star"
    found = select_micrographs(masks, columns, verdict=verdict, accepted=paths[0], rejected=paths[1])
    return found.accepted, paths[0].read_bytes(), paths[1].read_bytes()


def corrections(review):
    return list(csv.DictReader(io.StringIO(review.saved("#export-corrections").decode(), newline="")))


def test_at_first_the_page_counts_as_masked_and_the_lists_are_those_of_select(review, masks, tmp_path):
    count, accepted, rejected = selected(masks, tmp_path, verdict=True)
    assert 0 < count < COUNT
    assert (review.count("accepted"), review.count("rejected")) == (count, COUNT - count)
    assert review.count("undecided") == COUNT
    assert review.saved("#export-accepted") == accepted
    assert review.saved("#export-rejected") == rejected


def test_every_limit_counts_as_select_does_and_so_do_all_together(review, masks, tmp_path):
    shares = {"bad": 0.2, "crystalline": 0.1, "contamination": 0.05, "support": 0.1, "other": 0.15}
    for key, limit in shares.items():
        review.limit(key, 100 * limit)
        told = selected(masks, tmp_path, verdict=key != "bad", **{key: limit})
        assert review.count("accepted") == told[0], key
        review.page.click(f"button[aria-label^='No limit of {'bad area' if key == 'bad' else key}']")
    review.limit("iciness", 0.7)
    assert review.count("accepted") == selected(masks, tmp_path, verdict=True, iciness=0.7)[0]
    for key, limit in shares.items():
        review.limit(key, 100 * limit)
    count, accepted, rejected = selected(masks, tmp_path, iciness=0.7, **shares)
    assert review.count("accepted") == count
    assert (review.saved("#export-accepted"), review.saved("#export-rejected")) == (accepted, rejected)


def test_the_slider_counts_at_once_and_shows_its_limit(review, masks, tmp_path):
    review.page.focus("#limit-bad")
    for _ in range(40):
        review.page.keyboard.press("ArrowLeft")
    review.settle()
    limit = float(review.page.input_value("#number-bad")) / 100
    assert 0 < limit < 0.3
    assert review.count("accepted") == selected(masks, tmp_path, bad=limit)[0]
    review.page.click("#no-limits")
    assert review.count("accepted") == selected(masks, tmp_path, verdict=True)[0]


def test_a_mask_is_drawn_where_it_lies_and_its_layer_can_be_hidden(review):
    tile = "#tile-0 canvas"
    review.settle()
    places = {
        "top right": (0.15, 0.85),
        "top left": (0.15, 0.1),
        "lower left": (0.9, 0.08),
        "lower right": (0.9, 0.9),
    }
    shown = {name: review.pixel(tile, *place) for name, place in places.items()}
    tinted = [round(grey + 0.22 * (colour - grey)) for grey, colour in zip(GREY, CRYSTALLINE, strict=True)]
    assert np.abs(np.array(shown["top right"]) - tinted).max() <= 4
    assert shown["top left"] == shown["lower right"] == GREY
    assert shown["lower left"] != GREY
    review.press("1")  # crystalline
    assert review.pixel(tile, *places["top right"]) == GREY
    assert review.pixel(tile, *places["lower left"]) == shown["lower left"]
    review.press("1", "6")  # and back, and no data
    assert review.pixel(tile, *places["top right"]) == shown["top right"]
    assert review.pixel(tile, *places["lower left"]) == GREY


def test_what_is_unsure_is_dotted_until_its_layer_is_off(review):
    review.open(MARKED)
    places = np.stack(np.mgrid[0.62:0.78:20j, 0.75:0.97:20j], axis=-1).reshape(-1, 2).tolist()

    def white():
        return review.pixels("#one-canvas", places).count([255, 255, 255])

    assert 10 < white() < 200
    review.press("5")
    assert white() == 0


def test_keys_alone_open_accept_reject_undo_and_go_back(review):
    review.choose("#sort", "list")
    review.page.focus("#gallery")
    review.press("Home", "Enter")
    assert review.page.inner_text("#one-name") == f"Movies/{MARKED}.mrc"
    review.press("r")
    assert review.page.inner_text("#one-name") == "Movies/</script>.mrc"
    review.press("ArrowLeft")
    assert "rejected by eye" in review.page.inner_text("#one-verdict")
    review.press("a")
    review.press("ArrowLeft")
    assert "accepted by eye" in review.page.inner_text("#one-verdict")
    review.press("u")
    assert "rejected by eye" in review.page.inner_text("#one-verdict")
    review.press("Escape")
    assert not review.page.is_visible("#one")
    assert review.page.evaluate("document.activeElement.id") == "gallery"
    review.press("End", "r", "Home", "ArrowRight", "ArrowDown", "u")
    assert review.count("undecided") == COUNT - 1
    assert [row["label"] for row in corrections(review)] == ["rejected"]
    assert review.page.inner_text("#said").startswith("corrections.csv: 1 row")


def test_a_verdict_by_eye_counts_before_the_limits_and_moves_its_row(review, masks, tmp_path):
    count, accepted, _ = selected(masks, tmp_path, verdict=True)
    review.choose("#verdict", "accepted")
    review.page.focus("#gallery")
    review.press("Home", "r")
    assert review.count("accepted") == count - 1
    (row,) = corrections(review)
    written = review.saved("#export-accepted")
    assert len(written) < len(accepted)
    assert row["micrograph"].encode() not in written
    assert row["micrograph"].encode() in review.saved("#export-rejected")
    (tmp_path / "exported.star").write_bytes(written)
    table = starfile.read(tmp_path / "exported.star", always_dict=True)["micrographs"]
    assert len(table) == review.count("accepted")
    (masked,) = (one for one in MaskFolder.read(masks).masked if one.stem == row["stem"])
    assert row | {"micrograph": "", "stem": ""} == {
        **{"micrograph": "", "stem": "", "kind": "verdict", "row": "", "column": "", "radius": ""},
        **{"label": "rejected", "digest": mask_digest(masked, *masked.read())},
    }


def test_a_click_relabels_the_region_below_it_and_names_a_place_in_it(review):
    review.open(MARKED)
    review.press("g")
    review.page.check("input[name=label][value=support]")
    review.click_at(2.5 / SHAPE[0], 24.5 / SHAPE[1])
    (row,) = corrections(review_closed(review))
    assert (row["kind"], row["label"], row["radius"]) == ("region", "support", "")
    assert (row["micrograph"], row["stem"]) == (f"Movies/{MARKED}.mrc", MARKED)
    assert (float(row["row"]), float(row["column"])) == (2 * FACTOR, 24 * FACTOR)
    whole = enlarge(marked_mask(), (SHAPE[0] * FACTOR, SHAPE[1] * FACTOR))
    assert whole[int(float(row["row"])), int(float(row["column"]))] == 1


def review_closed(review):
    if review.page.is_visible("#one"):
        review.press("Escape")
    return review


def test_a_region_ends_at_another_class_and_goes_on_across_corners(review):
    review.open(MARKED)
    review.press("g")
    review.page.check("input[name=label][value=clean]")
    below, beside = (10.5 / SHAPE[0], 6.5 / SHAPE[1]), (12.5 / SHAPE[0], 9.5 / SHAPE[1])
    before = review.pixel("#one-canvas", *beside)
    review.click_at(*below)
    assert before != GREY
    assert review.pixel("#one-canvas", *beside) == GREY
    assert review.pixel("#one-canvas", 2.5 / SHAPE[0], 19.5 / SHAPE[1]) != GREY
    review.press("u")
    assert review.pixel("#one-canvas", *beside) == before
    review.click_at(18.5 / SHAPE[0], 2.5 / SHAPE[1])
    assert "no data here" in review.page.inner_text("#said")
    assert corrections(review_closed(review)) == []


def test_a_disc_is_drawn_in_angstrom_around_the_place_that_was_clicked(review):
    review.open(MARKED)
    review.press("d")
    review.page.check("input[name=label][value=other]")
    review.page.fill("#radius", "24")
    row, column = 8.25, 15.0  # px of the mask, its first pixel from 0 to 1
    review.click_at(row / SHAPE[0], column / SHAPE[1])
    radius = 24 / (ANGPIX * FACTOR)
    for away, reached in ((radius - 0.9, True), (radius + 1.1, False)):
        for down, aside in ((0, 1), (0, -1), (1, 0)):
            seen = review.pixel(
                "#one-canvas", (row + down * away) / SHAPE[0], (column + aside * away) / SHAPE[1]
            )
            assert (seen != GREY) == reached, (away, down, aside)
    (told,) = corrections(review_closed(review))
    assert (told["kind"], told["label"], float(told["radius"])) == ("disc", "other", 24)
    assert float(told["row"]) == pytest.approx((row - 0.5) * FACTOR, abs=0.3)
    assert float(told["column"]) == pytest.approx((column - 0.5) * FACTOR, abs=0.3)


def test_the_cross_is_moved_and_used_by_keys(review):
    review.open(MARKED)
    review.press("d", "ArrowUp", "ArrowUp", "ArrowRight", "Shift+ArrowRight", "Enter")
    (told,) = corrections(review_closed(review))
    assert (float(told["row"]), float(told["column"])) == ((2 - 0.5) * FACTOR, (12.5 + 5 - 0.5) * FACTOR)


def test_a_whole_micrograph_is_called_right_or_of_one_class(review):
    review.open(MARKED)
    review.press("w")
    review.page.check("input[name=label][value=clean]")
    review.page.click("#whole-label")
    assert review.page.inner_text("td[data-corrected=bad]") == "→ 0.0 %"
    rows = corrections(review_closed(review))
    assert [(row["kind"], row["row"], row["label"]) for row in rows] == [
        ("whole", "", "right"),
        ("whole", "", "clean"),
    ]


def test_a_picture_that_is_damaged_hides_no_mask(chromium, tmp_path):
    folder = review_folder(tmp_path / "masks", count=3)
    thumbnail_path(folder, MARKED).write_bytes(thumbnail_path(folder, MARKED).read_bytes()[:40])
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0
    context = chromium.new_context()
    review = Review(context, folder / "report.html")
    review.open(MARKED)
    assert review.page.inner_text("#one-grey") == "The picture of the micrograph cannot be read."
    clean, crystalline = review.pixels("#one-canvas", [(0.9, 0.9), (0.15, 0.85)])
    assert clean == [0, 0, 0]
    assert crystalline[2] > crystalline[0] > 0
    assert review.errors == []
    context.close()


def test_names_are_text_and_no_formula(review):
    review.choose("#sort", "list")
    assert review.stems()[:3] == [MARKED, HOSTILE, FORMULA]
    review.page.focus("#gallery")
    review.press("Home", "ArrowRight", "r", "r")
    text = review.saved("#export-corrections").decode()
    head, hostile, formula, end = text.split("\r\n")
    assert head == "micrograph,stem,kind,row,column,radius,label,digest"
    assert hostile.startswith(f"Movies/</script>.mrc,{HOSTILE},verdict,,,,rejected,")
    assert formula.startswith('" =1+1.mrc"," =1+1",verdict,,,,rejected,')
    assert end == ""
    assert review.page.locator("img").count() == 0


def test_a_review_survives_a_reload_and_a_way_through_either_file(review, tmp_path):
    review.limit("bad", 10)
    review.page.focus("#gallery")
    review.press("r", "a")
    review.open(MARKED)
    review.press("w", "Escape")
    counts = [review.count(name) for name in ("accepted", "rejected", "undecided")]
    rows = corrections(review)
    files = {
        name: review.saved(f"#export-{name.split('.')[0]}") for name in ("review.json", "corrections.csv")
    }

    def told():
        return [review.count(name) for name in ("accepted", "rejected", "undecided")], corrections(review)

    review.page.reload()
    review.page.wait_for_selector("html[data-ready]")
    assert told() == (counts, rows)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        review.page.focus("#gallery")
        review.press("u", "u", "u")
        assert told()[1] == []
        review.page.set_input_files("#import", tmp_path / name)
        review.page.wait_for_function(
            f"() => document.querySelector('#said').textContent.startsWith('{name}: 3')"
        )
        assert told() == (counts, rows), name
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    review.page.set_input_files("#import", tmp_path / "other.csv")
    review.page.wait_for_function(
        "() => document.querySelector('#said').textContent.includes('no column micrograph')"
    )
    assert told()[1] == rows


def test_a_browser_that_keeps_nothing_is_told_and_the_review_goes_on(chromium, masks):
    context = chromium.new_context()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });"
    )
    review = Review(context, masks / "report.html")
    assert "keeps nothing" in review.page.inner_text("#said")
    review.press("r")
    assert review.count("undecided") == COUNT - 1
    assert review.errors == []
    context.close()


def test_a_script_that_would_reach_a_network_is_stopped_by_the_page(chromium, masks):
    context = chromium.new_context()
    page = Review(context, masks / "report.html").page
    told = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
            fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert told == "connect-src"
    context.close()


def test_where_most_is_to_find_comes_first_and_says_why(review):
    assert review.stems()[:3] == ["m009", "m004", MARKED]
    review.press("Home", "Enter")
    assert review.page.inner_text("#one-reason") == "#1 to review: unsure"


FALLING = """() => {
  const tiles = [...document.querySelectorAll(".tile")].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet);
  const shares = tiles.map((tile) => parseFloat(tile.querySelector(".told").innerText.split("bad ")[1]));
  return shares.every((share, place) => !place || share <= shares[place - 1]) && shares;
}"""
"""Shares of bad area in the order of the tiles, once they fall; false until then."""


def test_filters_and_orders_choose_what_is_shown(review):
    review.page.fill("#text", "M00")
    assert set(review.stems()) == {f"m{number:03d}" for number in range(3, 10)}
    review.page.fill("#text", "")
    review.choose("#sort", "bad")
    ordered = review.page.wait_for_function(FALLING).json_value()
    assert len(set(ordered)) > 5
    review.choose("#present", "crystalline")
    assert MARKED in review.stems()
    assert all(
        "crystalline" in tile
        for tile in review.page.locator(".tile").evaluate_all("all => all.map((one) => one.ariaLabel)")
    )
    review.choose("#reviewed", "yes")
    assert review.stems() == []
    assert review.page.is_visible("#nothing")


def test_what_a_filter_hides_once_it_is_corrected_keeps_its_place_in_the_order(review):
    review.choose("#sort", "list")
    review.choose("#reviewed", "no")
    review.open("m005")
    review.press("w")
    assert review.page.inner_text("#one-place") == "not among those shown"
    review.press("ArrowRight")
    assert review.page.inner_text("#one-name") == "Movies/m006.mrc"
    review.press("w", "ArrowLeft")
    assert review.page.inner_text("#one-name") == "Movies/m004.mrc"
    review.press("w", "r")
    assert review.page.inner_text("#one-name") == "Movies/m007.mrc"
    review.press("w", "Escape", "ArrowRight")
    assert review.page.locator(".tile.current .name").inner_text() == "m008"


def test_marks_on_a_histogram_and_the_scatter_plot_filter_by_mouse_and_keys(review, masks):
    with (masks / "summary.csv").open(newline="") as stream:
        shares = {row["stem"]: float(row["bad"]) for row in csv.DictReader(stream)}
    width = review.page.locator("#histogram-bad").bounding_box()["width"]
    review.drag("#histogram-bad", (0.51 * width, 5), (0.74 * width, 5))
    marked = {stem for stem, share in shares.items() if 0.5**2 <= share < 0.75**2}  # axes run as square roots
    assert set(review.stems()) == marked
    assert 0 < len(marked) < COUNT
    review.page.click("#marks button")
    assert review.count("shown") == COUNT
    review.page.focus("#histogram-bad")
    review.press("Escape", *["ArrowLeft"] * 40, "Shift+ArrowRight")
    assert set(review.stems()) == {stem for stem, share in shares.items() if share < 0.05**2}
    review.press("Escape")
    review.choose("#scatter-y", "contamination")
    middle = 38 + 0.51 * (width - 38 - 8)  # between the margins
    review.drag("#scatter", (middle, 9), (-9, -23))
    assert review.page.locator("#marks button").count() == 2
    assert set(review.stems()) == {stem for stem, share in shares.items() if share >= 0.5**2}
