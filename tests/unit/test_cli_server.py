"""What the served application makes beside its requests, once it answers."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from cli.server import Server, ready_calendar
from forecast.days import _holidays
from store.settings import Settings

NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


async def _app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})


@contextmanager
def serving(then: Callable[[], None]) -> Iterator[tuple[Server, str]]:
    """A server in a thread, and its address; ended at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(_app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")
    server = Server(config, then)
    runs = threading.Thread(target=server.run, daemon=True)
    runs.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield server, f"http://127.0.0.1:{port}/"
    server.should_exit = True
    runs.join(20)
    assert not runs.is_alive() and not server.beside.is_alive()


def _read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return bytes(answer.read())


class TestBesideTheServer:
    def test_it_begins_once_the_server_answers_and_ends_with_it(self) -> None:
        go, found = threading.Event(), list[bytes]()

        def make() -> None:
            go.wait(20)
            found.append(b"made")

        with serving(make) as (server, address):
            assert _read(address) == b"here" and found == []  # it waits for nothing that is made beside it
            assert server.beside.is_alive()
            go.set()
        assert found == [b"made"]

    def test_a_calendar_that_cannot_be_made_fails_nothing_and_is_told_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        unknown = Settings.model_validate({"company": {"country": "XX"}})
        with (
            caplog.at_level(logging.WARNING),
            serving(lambda: ready_calendar(unknown, NOW)) as (server, address),
        ):
            server.beside.join(20)
            assert _read(address) == b"here"
        assert "calendar" in caplog.text

    def test_the_holidays_of_the_companys_country_are_there_for_the_first_visitor(self) -> None:
        _holidays.cache_clear()
        ready_calendar(Settings.model_validate({"company": {"country": "NL"}}), NOW)
        held = _holidays.cache_info().misses
        assert held > 0
        ready_calendar(Settings.model_validate({"company": {"country": "NL"}}), NOW)
        assert _holidays.cache_info().misses == held
