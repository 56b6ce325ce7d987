"""A large company for the bench of the pages: 50 queues, three years of half hours, a forecast of 18 months, posts, a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import DAY, Grid, Interval, index, to_ns
from forecast.models.base import BANDS, QUANTILES
from forecast.overriding import Override
from store.database import connect, sessions, upgrade
from store.days import save_hours
from store.forecasts import create_version, publish_version, save_forecast
from store.overrides import add_override
from store.queues import Queue, save_queue
from store.runs import begin_run, finish_run
from store.scores import save_report
from store.signals import save_signals
from store.staffing import save_staffing
from store.volumes import save_volumes

Numbers: TypeAlias = npt.NDArray[np.float64]
QUEUES, YEARS, WEEKS, LONG = 50, 3, 8, 548
TZ = "Europe/Amsterdam"
NOW = dt.datetime(2026, 3, 10, 9, 42, tzinfo=dt.UTC)
TODAY = 20_522  # 10 March 2026 as days since 1970
TOPICS = ("billing", "outage", "moving", "contract", "meter")
CHANNELS = ("phone", "phone", "email", "chat")
SPREAD = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])


def make(folder: Path) -> str:
    """The company; the address of its database."""
    url = f"sqlite:///{folder / 'forecall.db'}"
    engine = connect(url)
    upgrade(engine)
    with sessions(engine)() as session:
        for number in range(QUEUES):
            topic = TOPICS[number % len(TOPICS)]
            save_queue(session, Queue(name(number), channel(number), topic, Interval.HALF_HOUR, TZ))
        _hours(session)
        session.commit()
        for number in range(QUEUES):
            _volumes(session, number)
            session.commit()
        _posts(session)
        _plan(session)
        _forecasts(session)
        _judged(session)
        session.commit()
    engine.dispose()
    return url


def name(number: int) -> str:
    return f"queue {number:02}"


def channel(number: int) -> str:
    return CHANNELS[number % len(CHANNELS)]


def _rate(grid: Grid) -> Numbers:
    """Contacts per bucket: open from 8 to 20, a hump at eleven, quieter weekends."""
    hour = (grid.slot + 0.5) * 24 / grid.slots
    open_ = (hour > 8) & (hour < 20) if grid.slots > 1 else np.ones(len(grid), dtype=bool)
    hump = 12 + 10 * np.exp(-(((hour - 11) / 3) ** 2)) if grid.slots > 1 else np.full(len(grid), 380.0)
    return (
        np.where(open_, hump * np.where(grid.weekday < 5, 1.0, 0.4), 0.0)
        * grid.interval.seconds
        / (1800 if grid.slots > 1 else 86400)
    )


def _hours(session: Session) -> None:
    rows = [(name(number), weekday, "08:00", "20:00") for number in range(QUEUES) for weekday in range(7)]
    save_hours(session, pd.DataFrame(rows, columns=["queue", "weekday", "opens", "closes"]))


def _volumes(session: Session, number: int) -> None:
    grid = Grid.days(TODAY - 365 * YEARS, TODAY, Interval.HALF_HOUR, TZ)
    grid = grid.take(grid.ds < to_ns(NOW) - 1800 * 10**9)
    offered = np.random.default_rng(number).poisson(_rate(grid))
    ds = index(grid.ds)
    volumes = pd.DataFrame({"queue": name(number), "ds": ds, "offered": offered.astype(float), "handled": offered * 0.95,
                            "abandoned": offered * 0.05, "aht_seconds": 300.0, "known_at": ds + pd.Timedelta(minutes=30)})  # fmt: skip
    save_volumes(session, volumes, upload_id=None)


def _posts(session: Session) -> None:
    """Three years of counts per half hour: all posts and the negative ones, on each reason and on all."""
    grid = Grid.days(TODAY - 365 * YEARS, TODAY, Interval.HALF_HOUR, TZ)
    grid = grid.take(grid.ds < to_ns(NOW) - 1800 * 10**9)
    ds = index(grid.ds)
    for place, topic in enumerate((*TOPICS, "all")):
        posts = np.random.default_rng(1000 + place).poisson(1.5, len(grid)).astype(float)
        for signal, values in (("posts", posts), ("negative", np.floor(posts / 2))):
            rows = pd.DataFrame(
                {
                    "signal": signal,
                    "topic": topic,
                    "ds": ds,
                    "value": values,
                    "known_at": ds + pd.Timedelta(minutes=30),
                }
            )
            save_signals(session, rows, interval=Interval.HALF_HOUR, tz=TZ)


def _plan(session: Session) -> None:
    grid = Grid.days(TODAY - 7, TODAY + 28, Interval.HALF_HOUR, TZ)
    for number in range(QUEUES):
        agents = np.ceil(_rate(grid) / 5)
        save_staffing(
            session,
            pd.DataFrame({"group": name(number), "ds": index(grid.ds), "agents": agents, "gross": 0.0}),
            upload_id=None,
        )


def _forecasts(session: Session) -> None:
    """What was published at midnight a week ago, at midnight, and this half hour."""
    for day, days in ((TODAY - 7, LONG), (TODAY, LONG)):
        _version(session, day, days)
        session.commit()


def _version(session: Session, day: int, days: int) -> None:
    cutoff = pd.Timestamp(Grid.days(day, day, Interval.DAY, TZ).ds[0], unit="ns", tz="UTC").to_pydatetime()
    version = create_version(session, run_id=None, cutoff=cutoff, now=cutoff)
    steps = ((Interval.HALF_HOUR, "interval", 7 * WEEKS), (Interval.HOUR, "hour", 7 * WEEKS), (Interval.DAY, "day", days),
             (Interval.WEEK, "week", days), (Interval.MONTH, "month", days))  # fmt: skip
    for step, word, length in steps:
        grid = Grid.days(day, day + length - 1, step, TZ)
        mean = _rate(grid) if step.slots > 1 else _total(grid, day, length)
        values = np.maximum(mean[:, None] + np.sqrt(mean)[:, None] * 2.5 * SPREAD[None, :], 0.0)
        aht = np.full_like(values, 300.0)
        for number in range(QUEUES):
            save_forecast(session, version, name(number), word, grid.ds, values, costs=(aht, values * 300))
    publish_version(session, version, cutoff)


def _total(grid: Grid, day: int, length: int) -> Numbers:
    """The same rate over days, weeks or months."""
    daily = Grid.days(day, day + length - 1, Interval.DAY, TZ)
    place = np.searchsorted(grid.ds, daily.ds, side="right") - 1
    return np.bincount(np.maximum(place, 0), weights=_rate(daily), minlength=len(grid)).astype(np.float64)


def _judged(session: Session) -> None:
    """Rows of an evaluation for every queue, and an adjustment."""
    run = begin_run(session, "select", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
    if run is None:
        raise RuntimeError("the ledger of a new database is taken")
    bands = [band for band, _, _ in BANDS]
    save_report(session, run.id, {"scores": _scores(bands), "evidence": _evidence(bands)})
    finish_run(session, run.id, now=NOW, state="done", outcome={})
    start = pd.Timestamp(NOW) + pd.Timedelta(days=2)
    begin = to_ns(start.floor("h"))
    letters = Override(
        0, name(3), "", "", "volume", "percent", 10.0, begin, begin + DAY // 4, "letters", "bench"
    )
    add_override(session, letters, now=NOW)


def _scores(bands: Sequence[str]) -> list[dict[str, object]]:
    return [
        {"series": name(number), "model": model, "lead_band": band, "n": 400, "mean_volume": 12.0, "wape": wape, "poisson_floor": 0.09,
         "mase": 0.8, "bias": 0.01, "wql": 0.09, "wape_interval": [wape - 0.01, wape + 0.01], "skill_vs_mean8": 1 - wape / 0.2,
         "skill_vs_seasonal_naive": 0.3, "calibration": {"0.1": {"below": 0.08, "at_or_below": 0.11}, "0.9": {"below": 0.88, "at_or_below": 0.91}}}
        for number in range(QUEUES) for band in bands for model, wape in (("champion", 0.14), ("mean8", 0.2))
    ]  # fmt: skip


def _evidence(bands: Sequence[str]) -> list[dict[str, object]]:
    return [
        {"series": name(number), "signal": f"{kind}:{TOPICS[number % len(TOPICS)]}", "lead_band": band, "leads_by_minutes": 30, "lift": 0.03,
         "lower": 0.01, "upper": 0.05, "gate": "open", "n": 400, "why": ""}
        for number in range(QUEUES) for band in bands for kind in ("posts", "negative")
    ]  # fmt: skip
