"""The span of a source whose rows are gone: posts in it are not counted again, what lies beyond it is news."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.social.mention import Mention
from jobs import ingest, retain, signals
from store.chain import Chain, Received, receive
from store.forgotten import load_forgotten, note_forgotten
from store.mentions import count_mentions, load_scored
from store.settings import Settings
from store.signals import load_signals

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
GONE = NOW + pd.Timedelta(days=35)  # rows received before ten o'clock go
LATER = NOW + pd.Timedelta(days=36)


def post(id: str, at: str, source: str = "x") -> Mention:
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    return Mention(source, id, moment, "Stroomstoring in de wijk")


def take(session: Session, settings: Settings, posts: list[Mention], now: pd.Timestamp) -> Received:
    found = receive(session, Chain(settings), posts, now=now.to_pydatetime())
    signals.run(session, settings, now)
    return found


def every(session: Session) -> float:
    held = load_signals(session)
    return float(held.loc[(held["signal"] == "posts") & (held["topic"] == "all"), "value"].sum())


def span(session: Session, source: str = "x") -> list[pd.Timestamp]:
    return [pd.Timestamp(end, unit="us", tz="UTC") for end in load_forgotten(session)[source]]


def test_posts_of_a_forgotten_span_are_left_out_whether_or_not_they_were_counted_there(
    session: Session, settings: Settings
) -> None:
    """Nobody can tell any more which posts of the span were counted, so none is."""
    first, last = post("1", "2026-03-06T08:05"), post("2", "2026-03-06T09:10")
    take(session, settings, [first, last], NOW)
    retain.run(session, settings, LATER)
    between, edges = post("3", "2026-03-06T08:40"), [first, last]
    again = take(session, settings, [between, *edges], LATER)
    assert again.changed == 0 and sum(again.left_out.values()) == 3
    assert every(session) == 2 and count_mentions(session) == 0


def test_a_span_reaches_from_the_first_to_the_last_post_and_binds_its_own_source_alone(
    session: Session, settings: Settings
) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05"), post("2", "2026-03-06T09:10")], NOW)
    retain.run(session, settings, LATER)
    assert span(session) == [pd.Timestamp(f"2026-03-06 {at}", tz="UTC") for at in ("08:05", "09:10")]
    news = [
        post("4", "2026-03-06T08:04"),
        post("5", "2026-03-06T09:11"),
        post("1", "2026-03-06T08:05", source="mastodon"),
    ]
    assert take(session, settings, news, LATER).changed == 3
    assert every(session) == 5


def test_a_span_ends_at_the_moment_of_forgetting_though_a_clock_ran_ahead(
    session: Session, settings: Settings
) -> None:
    """A post dated half an hour ahead of its receipt must not take with it what others wrote in that half hour."""
    received = NOW - pd.Timedelta(minutes=5)
    take(session, settings, [post("1", "2026-03-06T09:20"), post("ahead", "2026-03-06T10:25")], received)
    assert retain.run(session, settings, GONE).done["rows"] == 2
    assert span(session) == [pd.Timestamp("2026-03-06 09:20", tz="UTC"), NOW]
    late = [post("3", "2026-03-06T10:10"), post("4", "2026-03-06T09:40")]
    found = take(session, settings, late, GONE)
    assert found.changed == 1 and sum(found.left_out.values()) == 1


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [("09:00", "09:30", "08:00-10:00"), ("07:00", "07:30", "07:00-10:00"), ("09:00", "11:00", "08:00-11:00")],
    ids=["within", "before", "beyond"],
)
def test_a_span_only_grows(session: Session, first: str, last: str, expected: str) -> None:
    for ends in (("08:00", "10:00"), (first, last)):
        note_forgotten(session, "x", *(pd.Timestamp(f"2026-03-06 {at}", tz="UTC") for at in ends))
    assert "-".join(f"{end:%H:%M}" for end in span(session)) == expected


def drop(folder: Path, name: str, posts: dict[str, str]) -> None:
    rows = ({"id": id, "source": "suite", "created_at": at, "text": "storing"} for id, at in posts.items())
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    os.utime(file, (1, 1))  # written long ago, so no longer growing


@pytest.fixture
def dropping(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "drop").mkdir()
    return Settings(database=settings.database, social={"drop_folder": tmp_path / "drop"})


def test_the_first_file_after_all_rows_went_loads_as_news_and_not_as_a_history(
    session: Session, dropping: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    drop(folder, "mentions_1.jsonl", {"1": "2026-03-06T08:05Z", "2": "2026-03-06T09:10Z"})
    ingest.run(session, dropping, NOW)
    signals.run(session, dropping, NOW)
    assert load_scored(session)["known_at"].max() < NOW  # a source's first file is its history
    assert retain.run(session, dropping, LATER).done["rows"] == 2
    drop(folder, "mentions_2.jsonl", {"2": "2026-03-06T09:10Z", "3": "2026-04-11T07:05Z"})
    outcome = ingest.run(session, dropping, LATER)
    signals.run(session, dropping, LATER)
    held = load_scored(session)
    assert outcome.state == "done" and (folder / "done" / "mentions_2.jsonl").is_file()
    assert held["known_at"].tolist() == [LATER] and not held["assumed"].any()
    assert every(session) == 3


def test_a_file_of_nothing_but_forgotten_posts_is_put_away_and_counts_nothing(
    session: Session, dropping: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    for now in (NOW, LATER):
        drop(folder, "mentions.jsonl", {"1": "2026-03-06T08:05Z"})
        assert ingest.run(session, dropping, now).state == "done"
        signals.run(session, dropping, now)
        retain.run(session, dropping, LATER)
    assert count_mentions(session) == 0 and every(session) == 1
    assert not (folder / "failed").exists()
