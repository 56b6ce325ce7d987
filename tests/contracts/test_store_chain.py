"""Posts through the chain, the counts and retention, on every database."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy.orm import Session

from forecast.social.mention import Mention
from forecast.social.sources.base import Deletion
from jobs import retain, signals
from store.chain import Chain, receive, take_back
from store.mentions import count_mentions, load_scored
from store.personal import erase_person, personal_data
from store.settings import Settings
from store.signals import load_signals
from store.spending import record_spending, spent_this_month

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
SPAM = "Win nu een gratis telefoon bij deze geweldige actie klik hier snel"


def test_posts_are_received_counted_answered_erased_and_forgotten(session: Session) -> None:
    at = dt.datetime(2026, 3, 6, 8, 5, tzinfo=dt.UTC)
    chain = Chain(Settings())
    posts = [
        Mention("x", f"s{n}", at + dt.timedelta(minutes=n % 20), f"{SPAM} {n}", author=f"b{n}")
        for n in range(15)
    ]
    posts += [Mention("x", "q", at, "Stroomstoring, \x00 niemand neemt op", author="Jan", reach=10)]
    posts += [
        Mention(
            "x", "a", at + dt.timedelta(minutes=9), "Komt goed", author="wij", direction="out", reply_to="q"
        )
    ]
    for _ in range(2):
        receive(session, chain, posts, now=NOW.to_pydatetime())
    assert count_mentions(session) == 17
    held = load_scored(session).query("question and replied_at.notna()")
    assert held["replied_at"].tolist() == [pd.Timestamp(at) + pd.Timedelta(minutes=9)]
    signals.run(session, chain.settings, NOW)
    before = load_signals(session)
    counted = before[before["topic"] == "all"].groupby("signal")["value"].sum()
    assert (counted["posts"], counted["copies"]) == (13, 3)
    assert take_back(session, chain, "x", [Deletion("s1", NOW.to_pydatetime())]) == 1
    assert len(personal_data(session, chain.settings, "@jan")) == 1
    assert erase_person(session, chain.settings, "jan", now=NOW.to_pydatetime()) == 1
    later = NOW + pd.Timedelta(days=40)
    assert retain.run(session, chain.settings, later).done["rows"] == 17
    assert receive(session, chain, posts, now=later.to_pydatetime()).changed == 0
    pd.testing.assert_frame_equal(load_signals(session), before)


def test_what_was_read_for_money_adds_up_by_month(session: Session) -> None:
    for day in (1, 2, 2):
        record_spending(session, "x", 10, now=dt.datetime(2026, 3, day, tzinfo=dt.UTC))
    assert spent_this_month(session, "x", now=dt.datetime(2026, 3, 9, tzinfo=dt.UTC)) == 30
    assert spent_this_month(session, "x", now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC)) == 0
