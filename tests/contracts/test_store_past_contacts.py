"""What a few months of contacts tell of some days is what all of the history tells of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, index, local_day, to_ns
from forecast.vintage import Archive
from store.days import save_hours
from store.facts import open_archive
from store.past_contacts import MARGIN_DAYS, load_past
from store.queue_map import save_queue_map
from store.queues import Queue, save_queue
from store.settings import Settings
from store.signals import save_signals
from store.volumes import save_volumes

TZ = "Europe/Amsterdam"
NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
TODAY = local_day(to_ns(NOW), TZ)
DAYS = 500  # held
# days before today of which there are contacts; of an empty day within its first and last there is no row either
LIVES: dict[str, Callable[[int], bool]] = {
    "living": lambda day: day % 7 < 5,
    "thin": lambda day: day % 13 == 0,
    "dead": lambda day: day > 40,
    "dead for long": lambda day: day > 250,
    "thin once, now quiet": lambda day: day % 30 == 0 and day > 25,
    "late": lambda day: day < 30,
    "away": lambda day: not 20 <= day < 75,
    "ended with the rest": lambda day: day > 3,
}


def fill(session: Session, name: str) -> Queue:
    """The queue, hourly, from eight to noon, with a handling time; another one with contacts on every day; posts."""
    for one in (name, "other"):
        save_queue(session, Queue(one, "phone", "all", Interval.HOUR, TZ))
        grid = Grid.days(TODAY - DAYS, TODAY - 1, Interval.HOUR, TZ)
        came = (grid.slot >= 8) & (grid.slot < 12)
        came &= one == "other" or np.array(
            [LIVES.get(name, LIVES["living"])(TODAY - int(day)) for day in grid.day]
        )
        ds, offered = index(grid.ds[came]), np.random.default_rng(3).poisson(9, int(came.sum())) + 1.0
        rows = {"queue": one, "ds": ds, "known_at": ds + pd.Timedelta(hours=1), "offered": offered}
        save_volumes(
            session,
            pd.DataFrame({**rows, "handled": offered, "aht_seconds": 200.0 + offered}),
            upload_id=None,
        )
    posts = pd.DataFrame({"signal": "posts", "ds": index(grid.ds[-48:]), "value": 2.0})
    save_signals(session, posts, interval=Interval.HOUR, tz=TZ)
    return Queue(name, "phone", "all", Interval.HOUR, TZ)


def told(archive: Archive, queue: Queue, first: int) -> list[np.ndarray[Any, Any]]:
    """Of the days from `first` on: what came, what it took and when it was open."""
    grid, snapshot = Grid.days(first, TODAY - 1, queue.interval, queue.tz), archive.at(to_ns(NOW))
    history, handling = snapshot.history(queue.name), snapshot.series(queue.name).handling
    place = np.searchsorted(history.grid.ds, grid.ds)
    inside = place < len(history.grid)
    y = np.full(len(grid), np.nan)
    y[inside] = history.y[place[inside]]
    assert handling is not None
    last = np.array([history.series.offered.ds.max()])
    return [y, handling.on(grid.ds).aht, history.scheduled(grid), last]


@pytest.mark.parametrize("days", [1, 7, 93])
@pytest.mark.parametrize("hours", [True, False])
@pytest.mark.parametrize("life", LIVES)
def test_the_days_asked_for_are_those_of_the_whole_history(
    session: Session, life: str, hours: bool, days: int
) -> None:
    queue = fill(session, life)
    if hours:
        given = pd.DataFrame([(life, day, "08:00", "12:00") for day in range(5)], columns=["queue", "weekday", "opens", "closes"])  # fmt: skip
        save_hours(session, given)
    whole = open_archive(session, Settings(), [life])
    part = load_past(session, Settings(), queue, TODAY - days, now=NOW, corrected=True)
    for one, other in zip(told(part, queue, TODAY - days), told(whole, queue, TODAY - days), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_a_queue_that_lives_no_more_than_is_needed_is_loaded(session: Session) -> None:
    queue = fill(session, "living")
    part = load_past(session, Settings(), queue, TODAY - 7, now=NOW, corrected=True)
    assert local_day(int(part.series["living"].offered.ds.min()), TZ) >= TODAY - 7 - MARGIN_DAYS
    assert not part.signals and open_archive(session, Settings(), ["living"]).signals


def test_contacts_that_moved_from_another_queue_are_its_own(session: Session) -> None:
    fill(session, "living")
    date = pd.Timestamp("2026-09-01", tz="UTC")
    save_queue(session, Queue("new", "phone", "all", Interval.HOUR, TZ))
    moves = pd.DataFrame([("living", "new", date, 1.0)], columns=["queue", "into", "date", "share"])
    save_queue_map(session, moves, now=NOW)
    queue = Queue("new", "phone", "all", Interval.HOUR, TZ)
    whole = open_archive(session, Settings(), ["new"])
    part = load_past(session, Settings(), queue, TODAY - 7, now=NOW, corrected=True)
    for one, other in zip(told(part, queue, TODAY - 7), told(whole, queue, TODAY - 7), strict=True):
        np.testing.assert_array_equal(one, other)
