"""One HTML file from a template, a style, a few scripts and the data."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from cryoice.constants import CLASSES, IGNORE
from cryoice.files.atomic import replacing
from cryoice.report.colours import CLASS_COLOURS
from cryoice.report.page.class_map import NO_DATA
from cryoice.report.page.contents import PageContents, PageMicrograph

_SCRIPTS = (
    *("dom", "data", "review", "rows", "store", "masks", "paint", "files", "plots", "scatter_events"),
    *("limits", "filters", "gallery", "pointer", "one", "keyboard", "main"),
)
"""Names of the scripts in the order in which each may use those before it."""


def write_page(path: Path, contents: PageContents) -> None:
    """Write the page, whole or not at all.

    It asks nothing of any network and may not: its content security policy forbids all but its own script
    and style, known by their digests, and pictures of its own making. Data are text that no parser takes for
    markup. Pictures are written as they come: no more than one micrograph's are held.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    style = _text("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_text(f"{name}.js") for name in _SCRIPTS) + "\n})();\n"
    before, after = _text("page.html").split("$pictures")
    head = Template(before).substitute(
        title=html.escape(contents.title),
        policy=f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'",
        style=style,
    )
    facts = []
    with replacing(path) as scratch, scratch.open("w", encoding="utf-8", newline="") as stream:
        stream.write(head)
        for micrograph in contents.micrographs:
            stream.write(_pictures(micrograph))
            facts.append(micrograph.facts)
        stream.write(Template(after).substitute(data=_data(contents, facts), script=script))


def _data(contents: PageContents, facts: Sequence[Mapping[str, Any]]) -> str:
    """JSON in which nothing can end the element that holds it."""
    colours = {NO_DATA if value == IGNORE else value: colour for value, colour in CLASS_COLOURS.items()}
    values = {
        "folder": contents.identity,
        "classes": CLASSES,
        "colours": colours,
        "micrographs": facts,
        "star": _base64(contents.star),
        "rows": contents.rows,
    }
    return json.dumps(values, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _pictures(micrograph: PageMicrograph) -> str:
    """Return a line, grey picture and classes, so that a browser decodes what it shows alone."""
    drawn = micrograph.pictures
    return f"{_base64(drawn.grey)} {_base64(drawn.classes)}\n" if drawn else "\n"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _digest(text: str) -> str:
    """Name a script or a style as a content security policy does."""
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _text(name: str) -> str:
    return (files("cryoice.report.page") / name).read_text("utf-8")
