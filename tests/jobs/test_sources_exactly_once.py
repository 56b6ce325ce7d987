"""A source that is killed anywhere and started again neither loses a post nor counts one twice."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys
from pathlib import Path

import httpx2
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ConfigError
from jobs import ingest, signals
from jobs.sources import Line, open_source
from store.mentions import count_mentions, load_scored
from store.settings import Settings, load_settings
from store.signals import load_signals
from store.spending import spent_this_month
from tests.peers.base import NOW, Answer, Post
from tests.peers.feeds import Rss
from tests.peers.rest import KEY, RestByNumber, RestByToken
from tests.peers.x import TOKEN, XCountsPeer, XSearchPeer

AT = pd.Timestamp(NOW)
LEASE = pd.Timedelta(minutes=31)  # a killed run holds its lease for half an hour


def posts(n: int, *, first: int = 0, minutes: float = 1.0) -> list[Post]:
    start = NOW - dt.timedelta(hours=30)
    return [
        Post(
            str(k),
            start + dt.timedelta(minutes=minutes * k),
            f"Storing nummer {k} bij Lumen",
            f"a{k % 50}",
        )
        for k in range(first, first + n)
    ]


def config(folder: Path, source: str) -> Path:
    file = folder / "forecall.yaml"
    file.write_text(
        f"database: {{url: 'sqlite:///{folder / 'forecall.db'}'}}\nsocial:\n  sources:\n    - {source}\n"
    )
    return file


def rest(peer: RestByNumber) -> str:
    return (
        f"{{kind: rest, name: rest, url: '{peer.url}/reviews.json', fields: {{id: id, created_at: date, text: review, author: by}}, "
        "params: {per_page: '10'}, paging: {by: number, parameter: page}, since: {parameter: after, format: epoch}}"
    )


@pytest.mark.timeout(280)
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.long)])
def test_killed_at_random_points_a_source_neither_loses_nor_doubles_a_post(
    kills: int, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    """Every page, every commit and every count may be where the process dies; the server counts what it sent."""
    chance = random.Random(20261122)
    with RestByNumber() as peer:
        peer.publish(posts(400))
        file = config(tmp_path, rest(peer))
        with subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py")), str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as zygote:
            assert zygote.stdin is not None and zygote.stdout is not None
            assert zygote.stdout.readline() == "ready\n"
            now, fates = AT, []
            for turn in range(kills):
                if turn % 5 == 4:  # the world goes on while we are dead
                    peer.publish(posts(20, first=len(peer.posts)))
                zygote.stdin.write(f"{chance.uniform(0.005, 0.5):.4f} {now.isoformat()}\n")
                zygote.stdin.flush()
                fates.append(zygote.stdout.readline().strip())
                now += LEASE
            zygote.stdin.write(f"60 {now.isoformat()}\n")
            zygote.stdin.close()
            assert zygote.stdout.readline() == "ended 0\n"
        assert fates.count("killed") >= kills * 0.6
        published = {pd.Timestamp(post.at) for post in peer.posts}
    with sessions() as session:
        held = load_scored(session)
        assert len(held) == len(peer.posts) and set(held["created_at"]) == published
        counted = load_signals(session)
        every = counted[(counted["signal"] == "posts") & (counted["topic"] == "all")]["value"].sum()
        assert every == len(peer.posts)


def line(slept: list[float]) -> Line:
    return Line(httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0)), slept.append)


def made(file: Path) -> Settings:
    return load_settings(file)


def test_posts_of_an_outage_count_in_their_own_buckets_known_late(session: Session, tmp_path: Path) -> None:
    with RestByNumber() as peer:
        settings = made(config(tmp_path, rest(peer)))
        peer.publish(posts(60))
        ingest.run(session, settings, AT, over=line([]))
        signals.run(session, settings, AT)
        peer.publish(posts(60, first=60))
        later = AT + pd.Timedelta(hours=20)
        ingest.run(session, settings, later, over=line([]))
        signals.run(session, settings, later)
    held = load_signals(session)
    mine = held[(held["signal"] == "posts") & (held["topic"] == "all")].set_index("ds")
    assert mine["value"].tolist() == [30.0] * 4
    assert (mine["known_at"] == later).tolist() == [False, False, True, True]


def test_a_failing_source_is_a_sentence_and_the_others_go_on(session: Session, tmp_path: Path) -> None:
    with RestByNumber() as peer, Rss() as broken:
        peer.publish(posts(5))
        broken.faults.extend([Answer(503)] * 50)
        both = config(
            tmp_path, rest(peer) + f"\n    - {{kind: feed, name: news, urls: ['{broken.url}/feed']}}"
        )
        outcome = ingest.run(session, made(both), AT, over=line([]))
    assert outcome.state == "done" and outcome.done["new"] == 5
    assert any(said.startswith("news") for said in outcome.problems)


def test_a_deletion_at_the_supplier_takes_the_text(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IN_HOUSE", KEY)
    with RestByToken() as peer:
        source = (
            f"{{kind: rest, name: rest, url: '{peer.url}/messages', items: rows, token_env: IN_HOUSE, header: X-Api-Key, scheme: '', "
            "fields: {id: nr, created_at: made, text: msg, deleted_at: gone}, params: {limit: '10'}, "
            "paging: {by: token, path: meta.cursor, parameter: cursor}, "
            "since: {parameter: changed_after, format: epoch_ms, path: changed}}"
        )
        settings = made(config(tmp_path, source))
        peer.publish(posts(4))
        ingest.run(session, settings, AT, over=line([]))
        peer.delete("2")
        ingest.run(session, settings, AT + pd.Timedelta(minutes=5), over=line([]))
    held = load_scored(session).sort_values("created_at")
    assert held["text"].isna().tolist() == [False, False, True, False]


def test_a_cap_is_never_passed_and_said(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    with XSearchPeer() as peer:
        peer.publish(posts(300))
        source = f"{{kind: x_search, name: x, query: Lumen, price: 0.5, cap: 50, url: '{peer.url}'}}"
        settings = made(config(tmp_path, source))
        for minutes in range(0, 60, 15):
            outcome = ingest.run(session, settings, AT + pd.Timedelta(minutes=minutes), over=line([]))
    assert spent_this_month(session, "x", now=NOW) <= 100
    assert count_mentions(session) >= 90
    assert any("cap" in said for said in outcome.problems)


def test_numbers_alone_become_a_signal_and_no_post(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with XCountsPeer() as peer:
        monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
        peer.publish(posts(100))
        settings = made(config(tmp_path, f"{{kind: x_counts, name: x, query: Lumen, url: '{peer.url}'}}"))
        for hours in (0, 0):
            assert ingest.run(session, settings, AT + pd.Timedelta(hours=hours), over=line([])).problems == ()
    held = load_signals(session)
    assert held["signal"].unique().tolist() == ["posts_x"] and count_mentions(session) == 0
    assert held["value"].sum() == 100 and held["value"].max() == 30


def test_a_key_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    settings = made(config(tmp_path, "{kind: x_counts, name: x, query: Lumen}"))
    with pytest.raises(ConfigError, match="X_BEARER_TOKEN"):
        open_source(settings.social.sources[0], line([]))


@pytest.mark.parametrize(
    "source",
    [
        "{kind: jetstream, name: sky, words: [Lumen], fill_gaps: true}",
        "{kind: bluesky_search, name: sky, query: Lumen}",
        "{kind: mastodon, name: toot, hashtags: [lumen], token_env: KEY}",
        "{kind: feed, name: news, urls: ['https://example.com/feed']}",
        "{kind: app_reviews, name: apple, app_id: '123', countries: [nl, be]}",
        "{kind: reddit, name: reddit, subreddits: [thenetherlands], client_id_env: KEY, secret_env: KEY}",
        "{kind: x_search, name: x, query: Lumen, token_env: KEY}",
    ],
)
def test_every_kind_of_source_can_be_configured(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "k")
    settings = made(config(tmp_path, source))
    with httpx2.Client() as client:
        assert open_source(settings.social.sources[0], Line(client)).name == settings.social.sources[0].name


def test_an_unknown_setting_of_a_source_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"social\.sources\.0\.feed\.url"):
        made(config(tmp_path, "{kind: feed, name: news, url: 'https://example.com/feed'}"))
