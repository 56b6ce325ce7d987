"""The bucket under way is counted for warnings as its posts come in, and is nowhere stored."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval, column_ns, to_ns
from forecast.days import Calendar
from forecast.social.mention import Mention
from forecast.vintage import Archive, Signal, Versions
from jobs import signals
from jobs.running import with_running
from store.chain import REVISION, Chain, receive
from store.settings import Settings
from store.signals import load_signals

NINE = pd.Timestamp("2026-03-02 09:00", tz="UTC")


def minute(number: int) -> pd.Timestamp:
    return NINE + pd.Timedelta(minutes=number)


def said(session: Session, settings: Settings, minutes: list[int]) -> None:
    for number in minutes:
        at = minute(number).to_pydatetime()
        post = Mention("x", str(number), at, f"Stroomstoring, alweer! {number * 'x'}")
        receive(session, Chain(settings), [post], now=at, mode=REVISION)


def held(interval: Interval = Interval.HALF_HOUR) -> Archive:
    before = Versions.of([to_ns(minute(-30))], [2.0], [to_ns(NINE)])
    posts = Signal("posts", interval, "UTC", before)
    return Archive({}, {"posts": posts}, calendar=Calendar())


def test_posts_of_the_running_bucket_count_from_the_next_five_minutes_on(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        said(session, settings, [1, 2, 7, 11])
        found = with_running(session, settings, held(), minute(12)).signals["posts"].values
        running = found.ds == to_ns(NINE)
        assert found.value[running].tolist() == [2.0, 3.0]  # the fourth is heard at the next step
        assert ((found.known_at[running] - to_ns(NINE)) // 60_000_000_000).tolist() == [5, 10]
        assert found.value[~running].tolist() == [2.0]


def test_what_is_stored_knows_a_bucket_only_when_it_is_over(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        said(session, settings, [1, 2])
        with_running(session, settings, held(), minute(12))
        signals.run(session, settings, minute(12))
        assert load_signals(session).empty
        signals.run(session, settings, minute(35))
        counted = load_signals(session).query("signal == 'posts' and topic == 'all'")
        assert column_ns(counted["ds"]).tolist() == [to_ns(NINE)]
        assert np.array_equal(counted["value"], [2.0])


def test_without_a_post_in_it_nothing_is_added(sessions: sessionmaker[Session], settings: Settings) -> None:
    with sessions() as session:
        said(session, settings, [-10])
        archive = held()
        assert with_running(session, settings, archive, minute(12)) is archive
