"""Is the review page quick at 2,000 micrographs? Time to write it, its size, and what a browser needs for it.

    python -m benchmarks.page [--micrographs N] [--keep DIR]

The folder is made once and kept: masks of 512 x 512 px (4096² at 1 Å/px) of discs and a band of support, and
noise as pictures, 64 of each, over and over under other names. Times in the browser (Debian's
chromium-headless-shell, 1440 x 900) run from the event to the frame that shows what came of it, the wait for
that frame included: 16.7 ms where nothing is to be computed. Screenshots lie in DIR.
"""

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from typer.testing import CliRunner

from cryoice.cli import app
from cryoice.constants import CLASSES
from cryoice.files.mrc import write_mrc
from cryoice.files.recorded_outputs import thumbnail_path
from cryoice.files.star import write_star
from cryoice.mask.regions import fractions
from cryoice.project.mask_lists import write_summary
from cryoice.project.records import Row
from cryoice.report.mask_overlay import thumbnail

SIDE, FACTOR, KINDS = 512, 8, 64
BAND = (0.3, 0.7)
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")

SLIDE = """async () => {
    const slider = document.querySelector("#limit-bad"), taken = [];
    for (let step = 0; step < 100; step++) {
        slider.value = 20 + ((step * 37) % 160);
        const begin = performance.now();
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        taken.push(performance.now() - begin);
    }
    return taken;
}"""

SCROLL = """async (far) => {
    const gallery = document.querySelector("#gallery"), taken = { frame: [], pictures: [] };
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const isDrawn = (tile) => tile.dataset.drawn === tile.dataset.wanted;
    const drawn = () => [...document.querySelectorAll(".tile")].every(isDrawn);
    for (let step = 0; step < 40; step++) {
        const begin = performance.now();
        gallery.scrollTop = far ? (step * 7919 * 13) % (gallery.scrollHeight - 800) : step * 120;
        await frame();
        await frame();
        taken.frame.push(performance.now() - begin);
        while (!drawn()) await frame();
        taken.pictures.push(performance.now() - begin);
    }
    return taken;
}"""


def main() -> None:
    """Make the folder, write the page, look at it, print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--micrographs", type=int, default=2000, metavar="N")
    parser.add_argument("--keep", type=Path, default=Path("outputs/benchmarks/page"), metavar="DIR")
    given = parser.parse_args()
    masks, page, out = given.keep / f"masks{given.micrographs}", given.keep / "report.html", Console()
    if not (masks / "micrographs.star").is_file():
        make_folder(masks, given.micrographs)
    CliRunner().invoke(app, ["report", str(masks), "-o", str(page)])  # imports, and files into memory
    begin = time.perf_counter()
    done = CliRunner().invoke(app, ["report", str(masks), "-o", str(page)])
    if done.exit_code:
        raise SystemExit(done.output)
    out.print(f"written in {time.perf_counter() - begin:.1f} s")
    size = page.stat().st_size
    out.print(f"{size / 1e6:.1f} MB, {size / given.micrographs / 1e3:.1f} kB a micrograph")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(f"no browser: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        look(running.new_page(viewport={"width": 1440, "height": 900}), page.resolve(), given.keep, out)
        running.close()


def look(page: Page, path: Path, folder: Path, out: Console) -> None:
    """Measure in the browser and take pictures."""
    loads = []
    for _ in range(3):
        begin = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        loads.append(1e3 * (time.perf_counter() - begin))
    out.print(f"loaded, counted and laid out: {told(loads)}")
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / "page.png")
    out.print(f"slider, recount and redraw: {told(page.evaluate(SLIDE))}")
    page.click("#no-limits")
    for far, words in ((False, "scroll by 120 px"), (True, "jump anywhere")):
        taken: Any = page.evaluate(SCROLL, far)
        out.print(f"{words}: tiles laid out {told(taken['frame'])}, all pictures {told(taken['pictures'])}")
    page.focus("#gallery")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "one.png")


def told(values: Sequence[float]) -> str:
    """Tell median and 95 % of times in ms."""
    return f"{np.median(values):.0f} ms (95 %: {np.percentile(values, 95):.0f})"


def make_folder(folder: Path, number: int) -> None:
    """Write a folder as ``cryoice mask`` does."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [make_kind(folder, f"kind{kind:02d}", rng) for kind in range(KINDS)]
    rows: list[Row] = []
    for place in range(number):
        kind, stem = kinds[place % KINDS], f"GridSquare_{place // 50:03d}_exposure_{place:05d}"
        thumbnail_path(folder, stem).hardlink_to(thumbnail_path(folder, kind["stem"]))
        iciness = round(float(rng.lognormal(-0.2, 0.4)), 4)
        name = f"MotionCorr/job002/Movies/{stem}.mrc"
        rows.append(kind | {"micrograph": name, "stem": stem, "iciness": iciness})
    write_summary(folder, rows)
    keys = {"Bad": "bad"} | {name.title(): name for name in CLASSES[1:]}
    table: dict[str, list[Any]] = {"rlnMicrographName": [row["micrograph"] for row in rows]}
    table |= {f"cryoice{title}Fraction": [row[key] for row in rows] for title, key in keys.items()}
    table |= {"cryoiceVerdict": [row["verdict"] for row in rows]}
    write_star(folder / "micrographs.star", {"micrographs": table})


def make_kind(folder: Path, stem: str, rng: np.random.Generator) -> Row:
    """Write a mask, a score map and a picture, and return a row that names them."""
    row, column = np.mgrid[:SIDE, :SIDE]
    mask = np.zeros((SIDE, SIDE), dtype=np.uint16)
    edge = np.full((SIDE, SIDE), np.inf)
    if rng.random() < 0.3:
        away = row + column * rng.normal() - rng.uniform(0, SIDE / 2)
        mask[away < 0], edge = 3, np.abs(away)
    for _ in range(rng.poisson(4)):
        centre, radius = rng.uniform(0, SIDE, size=2), rng.lognormal(3.2, 0.6)
        away = np.hypot(row - centre[0], column - centre[1]) * (1 + 0.1 * rng.random((SIDE, SIDE))) - radius
        mask[away < 0] = rng.choice([1, 2, 2, 4])
        edge = np.minimum(edge, np.abs(away))
    score = np.where(mask > 0, 1 - 0.5 * np.exp(-edge / 3), 0.5 * np.exp(-edge / 3)).astype(np.float32)
    write_mrc(folder / f"{stem}_mask.mrc", mask, pixel_size=float(FACTOR))
    write_mrc(folder / f"{stem}_score.mrc", score, pixel_size=float(FACTOR))
    grey = np.clip(128 + 40 * rng.normal(size=mask.shape) - 40 * (mask > 0), 0, 255).astype(np.uint8)
    thumbnail_path(folder, stem).parent.mkdir(exist_ok=True)
    thumbnail_path(folder, stem).write_bytes(thumbnail(grey))
    shares = fractions(mask)
    bad = round(1 - shares["clean"], 5)
    return {
        **{"stem": stem, "height": SIDE * FACTOR, "width": SIDE * FACTOR, "angpix": 1.0},
        **{"mask": f"{stem}_mask.mrc", "score": f"{stem}_score.mrc"},
        **{key: round(share, 5) for key, share in shares.items()},
        **{"bad": bad, "unsure": round(float(((score > BAND[0]) & (score < BAND[1])).mean()), 5)},
        **{"unsure_from": BAND[0], "unsure_to": BAND[1], "ring_density": round(float(rng.gamma(4)), 4)},
        **{"views": "context+spectrum", "verdict": "good" if bad <= 0.1 else "bad", "model": "none"},
    }


if __name__ == "__main__":
    main()
