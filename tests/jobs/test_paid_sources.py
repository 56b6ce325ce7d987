"""What a supplier bills is committed before anything else happens, so that no failure can lose the month's cap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.social.mention import Mention
from forecast.social.sources.base import Page
from jobs import ingest
from jobs.ledger import FAILED, Outcome, execute
from jobs.sources import Line
from store.chain import Chain, Received
from store.cursors import load_cursor
from store.mentions import count_mentions
from store.settings import Settings
from store.spending import record_spending, spent_this_month
from tests.peers.base import NOW, Post
from tests.peers.x import TOKEN, XSearchPeer

AT = pd.Timestamp(NOW)
LINE = Line(httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0)), lambda _: None)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[XSearchPeer]:
    """X with 200 posts."""
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    with XSearchPeer() as peer:
        start = NOW - dt.timedelta(hours=10)
        peer.publish([Post(str(n), start + dt.timedelta(minutes=n), f"Storing {n}") for n in range(200)])
        yield peer


def configured(settings: Settings, peer: XSearchPeer, **social: Any) -> Settings:
    """A cap of fifty posts a month."""
    source = {"kind": "x_search", "name": "x", "query": "Lumen", "price": 0.5, "cap": 25.0, "url": peer.url}
    return Settings(database=settings.database, social={"sources": [source], **social})


def read(sessions: sessionmaker[Session], settings: Settings, now: pd.Timestamp = AT) -> Any:
    return execute("ingest", sessions, settings, now, job=partial(ingest.run, over=LINE))


def spent(sessions: sessionmaker[Session]) -> int:
    """As another connection sees it: only what is committed."""
    with sessions() as other:
        return spent_this_month(other, "x", now=NOW)


def test_posts_that_cannot_be_stored_are_still_spent(
    sessions: sessionmaker[Session], settings: Settings, peer: XSearchPeer, tmp_path: Path
) -> None:
    """The scorer's file is gone: every page is read and paid for, and none can be stored."""
    broken = {"scorer": "trained", "model": tmp_path / "gone.npz"}
    outcome = read(sessions, configured(settings, peer, sentiment=broken))
    assert outcome.state == FAILED and any("gone.npz" in said for said in outcome.problems)
    with sessions() as other:
        assert count_mentions(other) == 0 and load_cursor(other, "source:x") is None
    assert spent(sessions) == 50


def test_runs_that_fail_again_and_again_ask_for_no_more_than_the_cap(
    sessions: sessionmaker[Session], settings: Settings, peer: XSearchPeer, tmp_path: Path
) -> None:
    broken = {"scorer": "trained", "model": tmp_path / "gone.npz"}
    failing = configured(settings, peer, sentiment=broken)
    for turn in range(4):
        outcome = read(sessions, failing, AT + pd.Timedelta(minutes=15 * turn))
    assert len(peer.asked) == 1 and spent(sessions) == 50
    assert any("cap is spent" in said for said in outcome.problems)


def test_what_is_stored_is_spent_once(
    sessions: sessionmaker[Session], settings: Settings, peer: XSearchPeer
) -> None:
    read(sessions, configured(settings, peer))
    with sessions() as other:
        assert count_mentions(other) == spent(sessions) == 50


class Pages:
    """A source of two pages of three posts; what is committed is looked at while the second is asked for."""

    name = "x"

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self.seen: list[tuple[int, int]] = []

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        for page in range(2):
            with self._sessions() as other:
                self.seen.append((spent(self._sessions), count_mentions(other)))
            posts = [Mention("x", f"{page}-{n}", now - dt.timedelta(hours=1), "Storing") for n in range(3)]
            yield Page(str(page), tuple(posts), spent=3)


def test_each_page_is_committed_with_what_it_cost_before_the_next_is_asked_for(
    sessions: sessionmaker[Session], settings: Settings, peer: XSearchPeer
) -> None:
    paid = configured(settings, peer)
    pages = Pages(sessions)

    def job(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        source = settings.social.sources[0]
        ingest.read_source(session, Chain(settings), source, pages, now, Received(), [])
        return Outcome({})

    execute("ingest", sessions, paid, AT, job=job)
    assert pages.seen == [(0, 0), (3, 3)] and spent(sessions) == 6


def test_a_cap_begins_anew_at_midnight_utc_of_the_first(session: Session) -> None:
    last = dt.datetime(2026, 11, 30, 23, 59, tzinfo=dt.UTC)
    for moment, posts in ((NOW, 10), (NOW, 5), (last, 7)):
        record_spending(session, "x", posts, now=moment)
        record_spending(session, "y", 100, now=moment)
    assert spent_this_month(session, "x", now=last) == 22
    assert spent_this_month(session, "x", now=last + dt.timedelta(minutes=1)) == 0
