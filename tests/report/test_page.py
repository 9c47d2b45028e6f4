"""The review page as a file: nothing in it is taken for markup, and nothing may reach a network."""

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from cryoice.errors import InputError
from cryoice.report.page.assemble import write_page
from cryoice.report.page.class_map import pack
from cryoice.report.page.contents import STATISTICS, PageContents, PageMicrograph, Pictures

CLASSES = pack(np.zeros((10, 15), dtype=np.uint16), np.zeros((10, 15), dtype=bool))
HOSTILE = "</script><img src=x onerror=alert(1)><!--"


def micrograph(name="a.mrc", **changes):
    return replace(
        PageMicrograph(
            name=name,
            stem="a",
            shape=(40, 60),
            pixel_size=2.0,
            verdict="good",
            views="context",
            statistics=dict.fromkeys(STATISTICS, 0.25) | {"iciness": None},
            rank=None,
            reason="",
            pictures=Pictures(b"grey", "micrograph", CLASSES, (10, 15)),
        ),
        **changes,
    )


def contents(micrographs, title="masks"):
    return PageContents(title, "0123456789abcdef", micrographs, b"data_\n", [(3, 5, 0)])


class Page(HTMLParser):
    """Tags with their attributes, and the text of those that have an id."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(dict(attrs).get("id") or tag)

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def written(folder, *micrographs, **options):
    write_page(folder / "report.html", contents(micrographs, **options))
    return Page((folder / "report.html").read_text("utf-8"))


def test_hostile_names_and_titles_are_no_tags(tmp_path):
    page = written(tmp_path, micrograph(HOSTILE), title=HOSTILE)
    assert [tag for tag, _ in page.tags].count("script") == 3
    assert "img" not in [tag for tag, _ in page.tags]
    assert json.loads(page.texts["data"])["micrographs"][0]["name"] == HOSTILE
    assert page.texts["title"] == f"{HOSTILE}: review"


def test_the_policy_allows_the_page_s_own_script_and_style_and_no_network(tmp_path):
    page = written(tmp_path, micrograph())
    [policy] = [
        attributes["content"]
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    digests = {
        name: f"'sha256-{base64.b64encode(hashlib.sha256(page.texts[name].encode()).digest()).decode()}'"
        for name in ("script", "style")
    }
    assert rules["default-src"] == "'none'"
    assert (rules["script-src"], rules["style-src"]) == (digests["script"], digests["style"])
    assert {name for name in rules if name.endswith("-src")} == {
        "default-src",
        "script-src",
        "style-src",
        "img-src",
    }
    assert not [
        value for _, attributes in page.tags for value in attributes.values() if "://" in (value or "")
    ]
    assert not re.search(
        r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|fetch\(", page.texts["script"]
    )


def test_pictures_stand_in_lines_beside_the_facts(tmp_path):
    page = written(tmp_path, micrograph(), micrograph("b.mrc", stem="b", pictures=None))
    first, second, end = page.texts["pictures"].split("\n")
    assert [base64.b64decode(part) for part in first.split(" ")] == [b"grey", CLASSES]
    assert second == end == ""
    data = json.loads(page.texts["data"])
    assert data["rows"] == [[3, 5, 0]]
    assert base64.b64decode(data["star"]) == b"data_\n"
    facts = data["micrographs"][0]
    assert (facts["height"], facts["width"], facts["rows"], facts["columns"]) == (40, 60, 10, 15)
    assert (facts["bad"], facts["iciness"]) == (0.25, None)
    assert "rows" not in data["micrographs"][1]


def test_pictures_are_written_as_they_come_and_no_part_of_a_page_is_left_when_one_fails(tmp_path):
    def coming():
        for number in range(50):
            (scratch,) = tmp_path.glob(".partial-*")
            sizes.append(scratch.stat().st_size)
            noise = np.random.default_rng(number).bytes(20_000)
            yield micrograph(f"m{number}.mrc", pictures=Pictures(noise, "micrograph", CLASSES, (10, 15)))
        raise InputError("the last one is spoilt")

    sizes = []
    with pytest.raises(InputError, match="spoilt"):
        write_page(tmp_path / "report.html", contents(coming()))
    assert sizes[40] > 40 * 20_000
    assert list(tmp_path.iterdir()) == []


def test_the_digest_of_a_micrograph_follows_its_mask_and_sampling_and_nothing_else():
    found = micrograph().digest
    other = np.zeros((10, 15), dtype=np.uint16)
    other[2, 3] = 1
    sure, unsure = np.zeros((10, 15), dtype=bool), np.eye(10, 15, dtype=bool)
    for changes in (
        {"shape": (40, 61)},
        {"pixel_size": 2.1},
        {"pictures": Pictures(b"grey", "micrograph", pack(other, sure), (10, 15))},
        {"pictures": Pictures(b"grey", "micrograph", pack(other * 0, unsure), (10, 15))},
    ):
        assert micrograph(**changes).digest != found
    packed_otherwise = zlib.compress(zlib.decompress(CLASSES), 0)
    assert packed_otherwise != CLASSES
    for changes in (
        {"rank": 1, "reason": "new", "verdict": "bad"},
        {"pictures": Pictures(b"other", "score", packed_otherwise, (10, 15))},
    ):
        assert micrograph(**changes).digest == found
    assert micrograph(pictures=None).digest == ""


def test_a_page_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"report\.html: cannot be written"):
        write_page(tmp_path / "file/report.html", contents([micrograph()]))
