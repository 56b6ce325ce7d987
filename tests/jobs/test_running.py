"""Posts are counted for warnings as they come in, nowhere stored, and a storm is told in the half hour it begins in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.alerts import Surge
from forecast.buckets import Interval, column_ns, from_ns, to_ns
from forecast.days import Calendar
from forecast.social.mention import Mention
from forecast.storms import surges
from forecast.vintage import Archive, Signal, Snapshot, Versions
from jobs import alert, signals
from jobs.running import with_running
from store.chain import REVISION, Chain, receive
from store.queues import Queue, save_queue
from store.settings import Settings
from store.signals import load_signals, save_signals
from store.volumes import save_volumes
from tests.unit.test_storms import HALF, world
from tests.worlds import MINUTE, TZ

NINE = pd.Timestamp("2026-03-02 09:00", tz="UTC")
HALF_HOUR = pd.Timedelta(HALF)


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


def test_a_bucket_that_is_over_and_not_stored_yet_is_counted_too(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        said(session, settings, [3, 29, 33])
        found = with_running(session, settings, held(), minute(40)).signals["posts"].values
        assert dict(zip(*found.latest(), strict=True)) == {
            to_ns(minute(-30)): 2.0,
            to_ns(NINE): 2.0,
            to_ns(minute(30)): 1.0,
        }


def test_the_stored_number_is_the_last_word_on_its_bucket(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        said(session, settings, [3, 29])
        signals.run(session, settings, minute(31))
        stored = Versions.of([to_ns(NINE)], [7.0], [to_ns(minute(30))])
        archive = Archive({}, {"posts": Signal("posts", Interval.HALF_HOUR, "UTC", stored)})
        found = with_running(session, settings, archive, minute(40)).signals["posts"].values
        assert found.value.tolist() == [1.0, 7.0]


def test_the_silence_of_a_signal_counts_where_others_have_posts(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        said(session, settings, [-10])
        archive = held()
        quiet = Signal("posts:invoice", Interval.HALF_HOUR, "UTC", archive.signals["posts"].values)
        other = Signal("posts_x", Interval.HALF_HOUR, "UTC", archive.signals["posts"].values)
        archive = Archive({}, {**archive.signals, "posts:invoice": quiet, "posts_x": other})
        found = with_running(session, settings, archive, minute(12)).signals
        assert {name: one.counted_every for name, one in found.items()} == {
            "posts": 300,
            "posts:invoice": 300,
            "posts_x": None,
        }
        assert len(found["posts:invoice"].values) == 1


def test_without_a_post_of_the_last_day_nothing_is_added(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        archive = held()
        assert with_running(session, settings, archive, minute(12)) is archive


def company(session: Session, settings: Settings) -> int:
    """The world of the detector's own tests as jobs store it: past half hours at their end, the storm post by post. -> its onset."""
    archive, onset = world()
    queue, posts = archive.series["calls"].offered, archive.signals["posts"].values
    save_queue(session, Queue("calls", "phone", "all", Interval.HALF_HOUR, TZ))
    ds = pd.to_datetime(queue.ds[queue.ds < onset], utc=True)
    rows = {"queue": "calls", "ds": ds, "offered": queue.value[queue.ds < onset], "known_at": ds + HALF_HOUR}
    save_volumes(session, pd.DataFrame(rows).astype({"queue": object}), upload_id=None)
    start, value = posts.latest()
    ds = pd.to_datetime(start[start < onset], utc=True)
    counted = {"signal": "posts", "topic": "all", "ds": ds, "value": value[start < onset], "kind": "count"}
    counted["known_at"] = ds + HALF_HOUR
    save_signals(session, pd.DataFrame(counted), interval=Interval.HALF_HOUR, tz=TZ)
    for bucket in (onset, onset + HALF):
        mine = (posts.ds == bucket) & (posts.known_at <= onset + 40 * MINUTE)
        fresh = np.diff(posts.value[mine], prepend=0.0).astype(int)
        for known, count in zip(posts.known_at[mine].tolist(), fresh.tolist(), strict=True):
            at = from_ns(known - MINUTE).to_pydatetime()
            said = [
                Mention("x", f"{known}-{n}", at, f"Stroomstoring! {f'{known}-{n} ' * 3}")
                for n in range(count)
            ]
            receive(session, Chain(settings), said, now=at, mode=REVISION)
    session.commit()
    return onset


def seen(session: Session, settings: Settings, now: int) -> list[Surge]:
    """What the detector itself finds when the job `alert` runs."""
    found: list[Surge] = []

    def look(snapshot: Snapshot, name: str) -> list[Surge]:
        found.extend(surges(snapshot, name))
        return list(found)

    alert.run(session, settings, from_ns(now), look=look)
    return found


def test_a_storm_is_seen_in_its_first_half_hour_and_stays_seen_whichever_job_comes_first(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        onset = company(session, settings)
        signals.run(session, settings, from_ns(onset + MINUTE))
        assert seen(session, settings, onset) == []
        (soon,) = seen(session, settings, onset + 25 * MINUTE)
        (before,) = seen(session, settings, onset + 30 * MINUTE)
        signals.run(session, settings, from_ns(onset + 30 * MINUTE))
        (after,) = seen(session, settings, onset + 30 * MINUTE)
        assert soon.sureness > 0.8
        assert before == after
