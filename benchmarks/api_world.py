"""A database with 50 queues and a published forecast per quarter hour, for the bench of the API."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.buckets import Grid, Interval, to_ns
from forecast.models.base import QUANTILES
from store.database import connect, sessions, upgrade
from store.forecasts import create_version, publish_version, save_forecast
from store.keys import create_key
from store.queues import Queue, save_queue

QUEUES = 50
TZ = "Europe/Amsterdam"
START = dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC)  # midnight there
END = START + dt.timedelta(hours=9)  # now
FIRST = 20_514  # 2 March 2026 as days since 1970


@dataclass(frozen=True)
class World:
    """path: of the SQLite file; key: holds all scopes."""

    path: Path
    key: str


def make(folder: Path, *, weeks: int) -> World:
    """A published forecast of so many weeks."""
    path = folder / "forecall.db"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    with sessions(engine)() as session:
        for number in range(QUEUES):
            save_queue(session, Queue(name(number), "phone", "all", Interval.QUARTER, TZ))
        key = create_key(session, "bench", ["admin"], now=START)
        session.commit()
    engine.dispose()
    world = World(path, key)
    write_version(world, weeks=weeks)
    return world


def name(number: int) -> str:
    return f"queue-{number:02}"


def write_version(world: World, *, weeks: int, stop: threading.Event | None = None) -> None:
    """A version of all queues, a transaction per queue, as the predict job writes it; published when whole."""
    engine = connect(f"sqlite:///{world.path}")
    grid = Grid.days(FIRST, FIRST + 7 * weeks - 1, Interval.QUARTER, TZ)
    if to_ns(START) != int(grid.ds[0]):
        raise ValueError("the first day does not begin where the bench says")
    spread = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])
    values = 20 + 10 * np.sin(np.arange(len(grid)) / 15)[:, None] + 8 * spread[None, :]
    with sessions(engine)() as session:
        version = create_version(session, run_id=None, cutoff=START, now=START)
        session.commit()
        for number in range(QUEUES):
            if stop is not None and stop.is_set():
                break
            aht = np.full_like(values, 300.0)
            save_forecast(
                session, version, name(number), "interval", grid.ds, values, costs=(aht, values * 300)
            )
            session.commit()
        if stop is None:
            publish_version(session, version, START)
            session.commit()
    engine.dispose()
