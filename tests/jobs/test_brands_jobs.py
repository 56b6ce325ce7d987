"""Brand rules from the settings to the counts: own posts move nothing, competitors stand apart."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.social.mention import Mention
from jobs import signals
from store.archive import load_archive
from store.chain import Chain, receive
from store.mentions import load_scored
from store.settings import Settings
from store.signals import load_signals

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
RULES = [
    {"name": "Lumen", "handles": ["@lumen"], "words": ["lumen"]},
    {"name": "Rival", "words": ["rival"], "competitor": True},
]


@pytest.fixture
def branded(settings: Settings) -> Settings:
    return Settings(database=settings.database, social={"brands": RULES})


def take(session: Session, settings: Settings, posts: list[Mention], now: pd.Timestamp = NOW) -> None:
    receive(session, Chain(settings), posts, now=now.to_pydatetime())
    signals.run(session, settings, now)


def post(id: str, text: str, author: str = "jan", **more: object) -> Mention:
    at = dt.datetime(2026, 3, 6, 8, 10, tzinfo=dt.UTC)
    return Mention("x", id, at, text, author=author, **more)  # type: ignore[arg-type]


def test_a_hundred_own_replies_change_nothing_a_model_sees(session: Session, branded: Settings) -> None:
    take(session, branded, [post(str(n), f"Lumen storing {n}") for n in range(5)])
    before = load_signals(session)
    replies = [post(f"r{n}", f"Wij kijken er naar, {n}", "@Lumen", reply_to=str(n % 5)) for n in range(100)]
    later = NOW + pd.Timedelta(hours=1)
    take(session, branded, replies, later)
    after = load_signals(session)
    pd.testing.assert_frame_equal(after, before)
    assert load_scored(session).query("direction == 'in'")["replied_at"].notna().all()  # what they do change


def test_competitors_are_counted_apart_and_offered_to_no_model(session: Session, branded: Settings) -> None:
    posts = [post("1", "Lumen storing"), post("2", "Rival storing"), post("3", "Rival is slecht")]
    take(session, branded, posts)
    held = load_signals(session).set_index(["signal", "topic"])["value"]
    assert held["posts", "all"] == 1 and held["posts[@Rival]", "all"] == 2
    assert held["negative[@Rival]", "all"] >= 1 and held["posts[@Lumen]", "all"] == 1
    names = load_archive(session).at(to_ns(NOW)).signals
    assert all("[" not in name for name in names) and "posts" in names


@pytest.mark.parametrize("newest_first", [False, True])
def test_our_first_reply_is_the_answer_whatever_comes_first(
    session: Session, branded: Settings, newest_first: bool
) -> None:
    question = post("q", "@lumen waar blijft de monteur?")
    answers = [
        Mention(
            "x",
            f"a{n}",
            question.created_at + dt.timedelta(minutes=30 + n),
            "Komt eraan",
            author="lumen",
            reply_to="q",
        )
        for n in (20, 0, 10)
    ]
    for page in [answers, [question]] if newest_first else [[question, *answers]]:
        take(session, branded, page)
    held = load_scored(session).query("direction == 'in'").iloc[0]
    assert held["question"] and held["replied_at"] == pd.Timestamp(question.created_at) + pd.Timedelta(
        minutes=30
    )
