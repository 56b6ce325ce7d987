"""`./dev pictures`: the pages as the demo shows them, into docs/pictures, for the README and the documents."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from benchmarks.pages_server import COUNTING, answered, chromium, demo, served

OUT = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH, HEIGHT, TALLEST = 1440, 900, 1500  # pixels
STILL = 1.5  # seconds: charts and grids are drawn by scripts that come later
COLOURS = 200  # of a picture: a quarter of the bytes, and nobody sees it
SHOTS = (
    ("today", "/", "light"),
    ("today-dark", "/", "dark"),
    ("forecast", "/forecast", "light"),
    ("staffing", "/staffing", "light"),
    ("scenario", "/scenario?event=letters", "light"),
    ("social", "/social", "light"),
    ("evidence", "/evidence", "light"),
    ("accuracy", "/accuracy", "light"),
    ("data", "/data", "light"),
    ("methods", "/methods", "light"),
)


def run() -> None:
    """Make a demo, open each page, keep what it looks like."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        facts, moment = demo(Path(folder))
        with served(facts, moment) as address, chromium() as browser:
            for name, path, theme in SHOTS:
                page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
                page.add_init_script(COUNTING)
                page.add_init_script(f"localStorage.setItem('theme', JSON.stringify('{theme}'))")
                page.goto(address + path)
                answered(page, 0.0, quiet=STILL)
                _keep(page, OUT / f"{name}.png")
                page.close()


def _keep(page: Page, file: Path) -> None:
    tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": WIDTH, "height": tall})
    answered(page, page.evaluate("performance.now()"), quiet=STILL)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    run()
