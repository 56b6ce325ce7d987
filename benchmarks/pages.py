"""How fast the pages answer: each opened by a click in Chromium, until every callback has answered.

In a company of 50 queues with three years of half hours, and in the demo. The server is a process of its own; the time is that of
the browser: from the click to the last answer of a callback, drawing included.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from benchmarks.pages_server import COUNTING, answered, chromium, demo, served

ROUNDS = 3
BARS = {"demo": 1.0, "large": 2.0}


def run(out: Path) -> None:
    """Measure both companies, and write the table."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found["large"] = _large(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        found["demo"] = _demo(Path(folder))
    (out / "pages.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (out / "pages.md").write_text(_told(found), "utf-8")


def _large(folder: Path) -> dict[str, dict[str, float]]:
    from benchmarks.pages_world import NOW, make

    url = make(folder)
    with served({"database": {"url": url}}, NOW.isoformat()) as address:
        return _measured(address)


def _demo(folder: Path) -> dict[str, dict[str, float]]:
    facts, moment = demo(folder)
    with served(facts, moment) as address:
        return _measured(address)


def _measured(address: str) -> dict[str, dict[str, float]]:
    """Path of a page -> seconds until it had answered: the first time, and the median of those after."""
    from api.dashboard.pages import PAGES

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page.add_init_script(COUNTING)
        page.goto(address)
        answered(page, 0.0, quiet=2.0)
        paths = [page.path for page in PAGES if page.listed]
        taken: dict[str, list[float]] = {one: [] for one in paths}
        for _ in range(ROUNDS + 1):
            for one in (*paths[1:], paths[0]):
                began = page.evaluate("performance.now()")
                page.locator(f"header nav a[href='{one}']").click()
                taken[one].append(answered(page, began))
    return {one: {"first": times[0], "again": statistics.median(times[1:])} for one, times in taken.items()}


def _told(found: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = [
        "# The pages, measured",
        "",
        "`./dev bench pages`. Each page opened by a click in headless Chromium on the same machine, until every callback has answered;",
        f"the first time, and the median of {ROUNDS} after that. Large: 50 queues, three years of half hours, a forecast of 18 months.",
        "",
        "| page | demo, first, s | demo, again, s | large, first, s | large, again, s |",
        "|---|---|---|---|---|",
    ]
    for path in found["demo"]:
        cells = [found[world][path][which] for world in ("demo", "large") for which in ("first", "again")]
        lines.append(f"| `{path}` | " + " | ".join(f"{one:.2f}" for one in cells) + " |")
    over = [
        f"`{path}` ({world}, {times['first']:.1f} s)"
        for world, pages in found.items()
        for path, times in pages.items()
        if times["first"] > BARS[world]
    ]
    said = "; ".join(over) or "none"
    return "\n".join(
        [
            *lines,
            "",
            f"Bars: 1 s on the demo, 2 s in the large company. Over them the first time: {said}.",
            "",
        ]
    )
