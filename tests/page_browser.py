"""A real browser over the review page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@contextmanager
def browser() -> Iterator:
    """Start a browser; skip the test where there is none.

    Within the block this thread runs the driver's event loop: leave it before a test needs its own.
    """
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: extra dev")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with driver.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=arguments)
        yield running
        running.close()


class Review:
    """A page that is open, with what it asked for and what went wrong in it."""

    def __init__(self, context, path: Path):
        self.requests, self.errors = [], []
        self.page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]")

    def settle(self):
        """Wait until what was asked for is laid out, and every tile in view shows what it should."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.wait_for_function(
            """() => [...document.querySelectorAll(".tile")]
            .every((tile) => tile.dataset.drawn === tile.dataset.wanted)"""
        )

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def count(self, name):
        self.settle()
        return int(self.page.inner_text(f"#{name}").split()[0])

    def choose(self, box, value):
        self.page.select_option(box, value)
        self.settle()

    def limit(self, key, percent):
        self.page.fill(f"#number-{key}", str(percent))
        self.settle()

    def stems(self):
        """Stems of the tiles in view, in their order."""
        self.settle()
        return self.page.evaluate(
            """() => [...document.querySelectorAll(".tile")]
            .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
            .map((tile) => tile.querySelector(".name").textContent)"""
        )

    def pixel(self, canvas, row, column):
        """Red, green and blue at a place of a canvas, in shares of its height and width."""
        return self.pixels(canvas, [(row, column)])[0]

    def pixels(self, canvas, places):
        """As `pixel`, of several places."""
        return self.page.evaluate(
            """([canvas, places]) => {
                const found = document.querySelector(canvas);
                const copy = new OffscreenCanvas(found.width, found.height);
                const context = copy.getContext("2d", { willReadFrequently: true });
                context.drawImage(found, 0, 0);
                return places.map(([row, column]) => {
                    const place = [Math.floor(column * found.width), Math.floor(row * found.height)];
                    return [...context.getImageData(...place, 1, 1).data].slice(0, 3);
                });
            }""",
            [canvas, places],
        )

    def drag(self, canvas, start, end):
        """Drag over a canvas from one place to another, across and down in px, negative from its end."""
        self.page.locator(canvas).scroll_into_view_if_needed()
        box = self.page.locator(canvas).bounding_box()
        places = [
            (box["x"] + across % box["width"], box["y"] + down % box["height"])
            for across, down in (start, end)
        ]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        self.page.mouse.move(*places[1], steps=3)
        self.page.mouse.up()
        self.settle()

    def saved(self, button):
        """Bytes of the file that a button exports."""
        with self.page.expect_download() as download:
            self.page.click(button)
        return Path(download.value.path()).read_bytes()

    def open(self, stem):
        self.page.click(f".tile:has(.name:text-is('{stem}'))")
        self.page.wait_for_selector(f"#one[data-drawn='{stem}']")
        self.settle()

    def click_at(self, row, column):
        """Click on the large picture at a place in shares of its height and width."""
        box = self.page.locator("#pointer").bounding_box()
        self.page.mouse.click(box["x"] + column * box["width"], box["y"] + row * box["height"])
        self.settle()
