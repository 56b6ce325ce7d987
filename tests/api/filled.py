"""A small database with something of everything, filled by the store's own functions, and an app on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.app import create_app
from forecast.buckets import Grid, Interval, to_ns
from forecast.models.base import QUANTILES
from store.database import sessions
from store.days import save_hours
from store.forecasts import create_version, publish_version, save_forecast
from store.keys import create_key
from store.queues import Queue, save_queue
from store.runs import begin_run, finish_run
from store.scores import save_report
from store.settings import Settings
from store.signals import save_signals
from store.volumes import save_volumes

TZ = "Europe/Amsterdam"
CUTOFF = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)  # the day before the clocks go back
NOW = CUTOFF + dt.timedelta(minutes=20)
SETTINGS = Settings(push={"stream_minutes": 0.002})  # a stream of events ends before a test does
WIDTH = 1 + len(QUANTILES)


@dataclass(frozen=True)
class Filled:
    """The app, its engine and a key per scope."""

    app: FastAPI
    engine: Engine
    keys: Mapping[str, str]

    def client(self, scope: str | None = "read", **options: Any) -> TestClient:
        """A client that holds a key of the scope, or none."""
        headers = {} if scope is None else {"Authorization": f"Bearer {self.keys[scope]}"}
        return TestClient(self.app, headers=headers, raise_server_exceptions=False, **options)


def day(date: str) -> int:
    """`2026-10-24` -> whole days since 1970-01-01."""
    return int(np.datetime64(date, "D").astype(np.int64))


def fill(session: Session) -> dict[str, str]:
    """Fill the database; returns a key per scope."""
    save_queue(session, Queue("Outage", "phone", "outage", Interval.HALF_HOUR, TZ))
    save_queue(session, Queue("Billing", "email", "billing", Interval.HOUR, TZ))
    hours = {
        "queue": ["Outage"] * 2,
        "weekday": [0, 5],
        "opens": ["08:00", "09:00"],
        "closes": ["20:00", "17:00"],
    }
    save_hours(session, pd.DataFrame(hours))
    _volumes(session)
    _signals(session)
    _report(session)
    version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
    forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR)
    forecast(session, version, "Billing", "2026-10-24", "2026-10-27", Interval.HOUR)
    for name, interval in (("hour", Interval.HOUR), ("day", Interval.DAY)):
        forecast(session, version, "Outage", "2026-10-24", "2026-10-27", interval, granularity=name)
    publish_version(session, version, CUTOFF + dt.timedelta(minutes=5))
    return {
        scope: create_key(session, f"{scope} key", [scope], now=CUTOFF)
        for scope in ("read", "write", "plan", "admin")
    }


def forecast(
    session: Session,
    version: int,
    series: str,
    first: str,
    last: str,
    interval: Interval,
    *,
    granularity: str = "interval",
    add: float = 0.0,
) -> Grid:
    """Save whole local days of a forecast: the mean counts up, the quantiles lie around it."""
    grid = Grid.days(day(first), day(last), interval, TZ)
    spread = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])
    values = np.arange(len(grid))[:, None] + 10.1 + add + 8 * spread[None, :]
    save_forecast(session, version, series, granularity, grid.ds, values)
    return grid


def _volumes(session: Session) -> None:
    for queue, interval in (("Outage", Interval.HALF_HOUR), ("Billing", Interval.HOUR)):
        grid = Grid.days(day("2026-10-20"), day("2026-10-23"), interval, TZ)
        offered = 5.0 + grid.slot
        frame = pd.DataFrame(
            {
                "queue": queue,
                "ds": pd.to_datetime(grid.ds, utc=True),
                "offered": offered,
                "handled": offered - 1,
                "aht_seconds": 300.0,
                "known_at": pd.Timestamp(CUTOFF),
            }
        )
        save_volumes(session, frame.astype({"queue": object}), upload_id=None)


def _signals(session: Session) -> None:
    grid = Grid.days(day("2026-10-23"), day("2026-10-24"), Interval.HALF_HOUR, TZ)
    ds = grid.ds[grid.ds < to_ns(CUTOFF)]
    for name, value in (("posts", 4.0), ("negative", 1.0)):
        for topic in ("all", "outage"):
            frame = pd.DataFrame(
                {
                    "signal": name,
                    "topic": topic,
                    "ds": pd.to_datetime(ds, utc=True),
                    "value": value,
                    "kind": "count",
                }
            )
            save_signals(session, frame, interval=Interval.HALF_HOUR, tz=TZ)


def _report(session: Session) -> None:
    run = begin_run(
        session, "select", now=CUTOFF, lease_seconds=60, config_hash="c", code_version="1", cutoff=CUTOFF
    )
    assert run is not None
    bands = ("0-1h", "1-4h", "4-24h", "1-3d")
    scores = [
        {
            "series": "Outage",
            "model": model,
            "lead_band": band,
            "n": 300,
            "mean_volume": 28.0,
            "wape": 0.2,
            "poisson_floor": 0.15,
            "bias": 0.01,
            "calibration": {"0.1": {"below": 0.08, "at_or_below": 0.12}},
            "skill_vs_mean8": 0.1,
            "skill_vs_seasonal_naive": 0.2,
        }
        for model in ("champion", "mean8")
        for band in bands
    ]
    evidence = [
        {
            "series": "Outage",
            "signal": "posts:outage",
            "lead_band": band,
            "leads_by_minutes": 60,
            "lift": 0.08,
            "lower": 0.02 if at < 2 else -0.01,
            "upper": 0.12,
            "gate": "open" if at < 2 else "shut",
            "n": 300,
            "why": "gain",
        }
        for at, band in enumerate(bands)
    ]
    champions = [{"series": "Outage", "model": "level_profile", "lead_band": band} for band in bands]
    save_report(session, run.id, {"scores": scores, "evidence": evidence, "champions": champions})
    finish_run(session, run.id, now=NOW, state="done", outcome={"queues": 2})


def open_app(engine: Engine, keys: Mapping[str, str], settings: Settings = SETTINGS) -> Filled:
    """An app on a filled database, at NOW."""
    return Filled(create_app(settings, sessions(engine), clock=lambda: NOW), engine, keys)
