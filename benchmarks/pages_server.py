"""What the benches of the pages share: a company served by a process of its own, and a browser that waits for answers."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = 0.25  # seconds without a callback under way after which a page has answered
LONGEST = 60.0
ARGS = ["--headless", "--no-sandbox", "--disable-gpu"]
COUNTING = """(() => {
  window.__open = 0; window.__last = performance.now();
  const real = window.fetch;
  window.fetch = (...all) => {
    window.__open += 1;
    return real(...all).finally(() => { window.__open -= 1; window.__last = performance.now(); });
  };
})()"""


def demo(folder: Path) -> tuple[dict[str, Any], str]:
    """A demo company made anew in a folder -> its settings, and the moment its clock stands at (ISO 8601)."""
    import yaml

    command = [sys.executable, "-m", "cli.main", "demo", "--no-serve", "--folder", str(folder / "demo")]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[1])
    facts = yaml.safe_load((folder / "demo" / "config.yaml").read_text("utf-8"))
    return facts, _clock(folder / "demo" / "forecall.db")


def _clock(path: Path) -> str:
    """The moment the newest forecast was made at: the demo's clock stands there."""
    import datetime as dt
    import sqlite3

    with sqlite3.connect(path) as database:
        micros = database.execute("SELECT max(created_at) FROM forecast_versions").fetchone()[0]
    return (dt.datetime.fromtimestamp(micros / 1e6, dt.UTC) + dt.timedelta(minutes=5)).isoformat()


@contextmanager
def served(facts: dict[str, Any], moment: str) -> Iterator[str]:
    """The application in a process of its own, ended at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(facts, moment, port), daemon=True)
    process.start()
    try:
        deadline = time.monotonic() + LONGEST
        while True:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise RuntimeError("the server of the bench did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join(timeout=10)


def _serve(facts: dict[str, Any], moment: str, port: int) -> None:
    import datetime as dt

    import uvicorn

    from api.app import create_app
    from store.database import connect, sessions
    from store.settings import Settings

    now = dt.datetime.fromisoformat(moment)
    api = {"open_dashboard": True, "open_scopes": ["read", "plan", "write"]}
    settings = Settings.model_validate(facts | {"api": api, "access": {"limits": {"enabled": False}}})
    app = create_app(settings, sessions(connect(settings.database.url)), clock=lambda: now)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", ws="none")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; RuntimeError without one."""
    path = os.environ.get("FORECALL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("no chromium found; name one in FORECALL_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


def answered(page: Page, began: float, *, quiet: float = QUIET) -> float:
    """Seconds from `began` (ms of the page's clock) to the last answer, once it has been quiet for a while."""
    page.locator("main h1").first.wait_for(timeout=1000 * LONGEST)
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        time.sleep(0.03)
        open_, last, now = page.evaluate("[window.__open, window.__last, performance.now()]")
        if open_ == 0 and now - max(last, began) > 1000 * quiet:
            return max(0.0, float(last) - began) / 1000
    raise RuntimeError(f"{page.url} did not come to rest")
