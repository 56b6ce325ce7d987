"""A person may see what is held of them, and have it erased."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session

from forecast.errors import ConfigError
from forecast.social.mention import Mention
from jobs import retain, signals
from store.chain import Chain, receive
from store.mentions import load_scored
from store.personal import erase_person, personal_data
from store.settings import Settings
from store.signals import load_signals

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")


def post(id: str, month: int, author: str) -> Mention:
    at = dt.datetime(2026, month, 3, 8, tzinfo=dt.UTC)
    return Mention("x", id, at, f"Stroomstoring {id}", author=author)


def test_a_person_finds_all_posts_of_the_account_and_erases_them_and_the_counts_stay(
    session: Session, settings: Settings
) -> None:
    posts = [post("a", 2, "Jan"), post("b", 3, "@jan"), post("c", 3, "Piet")]
    receive(session, Chain(settings), posts, now=NOW.to_pydatetime())
    signals.run(session, settings, NOW)
    before = load_signals(session)
    held = personal_data(session, settings, "@Jan")
    assert held["text"].tolist() == ["Stroomstoring a", "Stroomstoring b"]
    assert erase_person(session, settings, "jan", now=NOW.to_pydatetime()) == 2
    assert personal_data(session, settings, "jan").empty
    left = load_scored(session)
    assert left["text"].notna().sum() == 1 and len(left) == 3
    receive(session, Chain(settings), posts, now=(NOW + pd.Timedelta(hours=1)).to_pydatetime())
    signals.run(session, settings, NOW + pd.Timedelta(hours=1))
    pd.testing.assert_frame_equal(load_signals(session), before)
    assert load_scored(session)["text"].notna().sum() == 1


def test_nobody_is_found_where_nothing_is_held(session: Session, settings: Settings) -> None:
    assert personal_data(session, settings, "jan").empty
    assert erase_person(session, settings, "jan", now=NOW.to_pydatetime()) == 0


def test_another_secret_than_the_first_is_refused_while_posts_are_held(
    session: Session, settings: Settings
) -> None:
    receive(session, Chain(settings), [post("a", 3, "Jan")], now=NOW.to_pydatetime())
    other = settings.model_copy(
        update={"social": settings.social.model_copy(update={"author_key": SecretStr("another")})}
    )
    with pytest.raises(ConfigError, match="another FORECALL_SOCIAL__AUTHOR_KEY"):
        personal_data(session, other, "jan")
    retain.run(session, settings, NOW + pd.Timedelta(days=40))
    assert personal_data(session, other, "jan").empty  # nothing is held any more: a new beginning
