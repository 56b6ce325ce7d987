"""A filled database, a server on it, and a browser. Without a browser these tests are skipped, and say so."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.dashboard import mount
from store.database import connect, sessions, upgrade
from store.settings import Api, Settings
from tests.browser.filled import NOW, fill

ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sessionmaker[Session]]:
    """Sessions on a database with a company in it."""
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('dashboard') / 'forecall.db'}")
    upgrade(engine)
    fill(sessions(engine))
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def own(
    filled: sessionmaker[Session], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sessionmaker[Session]]:
    """Sessions on a copy of the filled database that the tests of one module may change."""
    path = tmp_path_factory.mktemp("own") / "forecall.db"
    with filled() as session:
        source = session.get_bind().engine.url.database
    with closing(
        sqlite3.connect(str(source))
    ) as copied:  # SQLAlchemy would begin a transaction, in which VACUUM is refused
        copied.execute("VACUUM INTO ?", (str(path),))
    engine = connect(f"sqlite:///{path}")
    yield sessions(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def empty(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sessionmaker[Session]]:
    """Sessions on a database with tables and nothing in them."""
    path = tmp_path_factory.mktemp("empty") / "forecall.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    yield sessions(engine)
    engine.dispose()


@dataclass
class Served:
    """The dashboard on a port of this machine, in a thread, ended by `stop`."""

    make: sessionmaker[Session]
    address: str = ""
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None

    def build(self) -> FastAPI:
        """The pages alone, without a guard before them."""
        app = FastAPI()
        mount(app, Settings(), self.make, clock=lambda: NOW)
        return app

    def start(self) -> None:
        app = self.build()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none")
        )
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        self.address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 20
        while not self.server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the server of the dashboard did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        assert self.server is not None and self.thread is not None
        self.server.should_exit = True
        self.thread.join(timeout=10)
        assert not self.thread.is_alive()


@dataclass
class House(Served):
    """The whole application with the guard before it. may: what its visitors may do without signing in."""

    may: tuple[str, ...] = ("read", "plan", "write")

    def build(self) -> FastAPI:
        api = Api.model_validate({"open_dashboard": True, "open_scopes": self.may})
        return create_app(Settings(api=api), self.make, clock=lambda: NOW)


@pytest.fixture(scope="module")
def house(own: sessionmaker[Session]) -> Iterator[str]:
    """The address of a company whose visitors may change everything, on `own`."""
    server = House(own)
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def house_of_viewers(own: sessionmaker[Session]) -> Iterator[str]:
    """The same company, where visitors may only look."""
    server = House(own, may=("read",))
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def served(filled: sessionmaker[Session]) -> Iterator[str]:
    """The address of the filled dashboard."""
    server = Served(filled)
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def served_empty(empty: sessionmaker[Session]) -> Iterator[str]:
    """The address of a dashboard on an empty database."""
    server = Served(empty)
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; its profile is new and goes with it."""
    path = os.environ.get("FORECALL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "the dashboard is not tested in a browser: no chromium found; name one in FORECALL_CHROMIUM"
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What must not happen: requests to other machines, errors in the console."""

    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.strangers.append(request.url)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One visitor for all tests: a second page need not load the scripts again."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-GB", accept_downloads=True
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext, watch: Watch) -> Iterator[Page]:
    """A new page in English on a desktop screen that remembers nothing; afterwards nothing was asked of another machine
    and nothing failed."""
    opened = visitor.new_page()
    watch.over(opened)
    yield opened
    if opened.url.startswith("http"):
        opened.evaluate("localStorage.clear()")
    opened.close()
    assert watch.strangers == []
    assert watch.errors == []
