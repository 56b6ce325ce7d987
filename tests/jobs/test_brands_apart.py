"""Own brands are counted one by one where the configuration has more than one to tell, also of posts that are forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.social.mention import Mention
from jobs import retain, signals
from store.chain import Chain, receive
from store.settings import Settings
from store.signals import load_signals

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
LUMEN = {"name": "Lumen", "words": ["lumen"]}
SPARK = {"name": "Spark", "words": ["spark"]}
RIVAL = {"name": "Rival", "words": ["rival"], "competitor": True}
ONE_BY_ONE = {"posts[@Lumen]", "negative[@Lumen]"}


def post(id: str, text: str, minute: int = 10) -> Mention:
    return Mention("x", id, dt.datetime(2026, 3, 6, 8, minute, tzinfo=dt.UTC), text, author=f"a{id}")


def with_brands(settings: Settings, **social: Any) -> Settings:
    return Settings(database=settings.database, social=social)


def take(session: Session, settings: Settings, posts: list[Mention], now: pd.Timestamp = NOW) -> None:
    receive(session, Chain(settings), posts, now=now.to_pydatetime())
    signals.run(session, settings, now)


def counted(session: Session) -> dict[str, float]:
    held = load_signals(session)
    every = held[held["topic"] == "all"]
    return dict(zip(every["signal"], every["value"], strict=True))


@pytest.mark.parametrize(
    ("social", "apart"),
    [
        ({"brand": "Lumen"}, False),
        ({"brands": [LUMEN]}, False),
        ({"brands": [LUMEN, SPARK]}, True),
        ({"brands": [LUMEN, RIVAL]}, True),
    ],
    ids=["a name", "one rule", "two of our own", "one and a competitor"],
)
def test_an_own_brand_is_counted_by_itself_only_where_another_is_configured(
    session: Session, settings: Settings, social: dict[str, Any], apart: bool
) -> None:
    branded = with_brands(settings, **social)
    take(session, branded, [post("1", "Waardeloos, Lumen"), post("2", "Lumen storing")])
    held = counted(session)
    assert held["posts"] == 2 and (held.keys() >= ONE_BY_ONE) is apart
    assert any("[@" in name for name in held) is apart


def test_two_own_brands_share_the_posts_between_them(session: Session, settings: Settings) -> None:
    branded = with_brands(settings, brands=[LUMEN, SPARK])
    take(session, branded, [post("1", "Lumen storing"), post("2", "Spark storing"), post("3", "spark?")])
    held = counted(session)
    assert (held["posts[@Lumen]"], held["posts[@Spark]"], held["posts"]) == (1, 2, 3)


def test_a_brand_keeps_its_forgotten_posts_beside_a_late_one(session: Session, settings: Settings) -> None:
    branded = with_brands(settings, brands=[LUMEN, SPARK])
    take(session, branded, [post("1", "Lumen storing"), post("2", "Spark storing")])
    later = NOW + pd.Timedelta(days=36)
    assert retain.run(session, branded, later).done["rows"] == 2
    take(session, branded, [post("3", "Lumen doet het weer", minute=20)], later)
    held = counted(session)
    assert (held["posts[@Lumen]"], held["posts[@Spark]"], held["posts"]) == (2, 1, 3)
