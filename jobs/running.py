"""Posts counted as they come in: beside the archive and never stored, so that a storm is seen in the half hour it begins in.

Stored signals know a bucket when it is over, which is when forecasts, evidence and reports are right to hear of it. A peak
warning cannot wait for half an hour, nor for the job `signals`. So the last day is counted anew in steps of five minutes,
with the bucket that runs and those that are over and not stored yet; where a bucket is stored, the stored number is the last
word on it. All of the day, since a burst that its first posts told must not be untold when its half hour is over.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import SECOND, Interval, column_ns, floor, from_ns, to_ns
from forecast.social.signals import ALL, MEASURES, STEP, SignalName, build_signals
from forecast.vintage import Archive, Signal, Versions
from jobs.signals import COUNTED
from store.cursors import load_cursor
from store.mentions import load_scored
from store.settings import Settings

DAY = pd.Timedelta(days=1)  # the detector looks back so far
FURTHEST = 14 * DAY  # what the job `signals` left undone for longer is its own to do


def with_running(session: Session, settings: Settings, archive: Archive, now: pd.Timestamp) -> Archive:
    """The archive with what each bucket of the last day held at each step up to `now`; signals it does not hold are left out.

    Also a signal without a post in the bucket that runs is told to be counted so: its silence counts. Where no post came in all
    of that time, nothing is counted in steps.
    """
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    counted = load_cursor(session, COUNTED)
    until = now - DAY if counted is None else pd.Timestamp(counted)  # buckets over by then are stored
    since = int(floor(np.array([to_ns(max(now - FURTHEST, min(until, now - DAY)))]), interval, tz)[0])
    said = load_scored(session, start=from_ns(since).to_pydatetime(), end=now.to_pydatetime())
    if said.empty:
        return archive
    rows = build_signals(
        said.drop(columns="text"),
        interval=interval,
        tz=tz,
        asof=now.to_pydatetime(),
        competitors=settings.social.competitors,
        apart=settings.social.brands_apart,
        running=True,
    )
    of = {
        str(signal) if topic == ALL else f"{signal}:{topic}": mine
        for (signal, topic), mine in rows.groupby(["signal", "topic"])
    }
    none, signals = rows.iloc[:0], dict(archive.signals)
    for name, held in archive.signals.items():
        ours = SignalName.parse(name.split(":")[0]).measure in MEASURES
        if ours and held.interval == interval:
            signals[name] = _joined(held, of.get(name, none), since, to_ns(until))
    return replace(archive, signals=signals, memo={}, recent={})


def _joined(signal: Signal, rows: pd.DataFrame, since: int, until: int) -> Signal:
    """The signal with further versions; those of a bucket that was over at `until` (ns) only while it ran."""
    length, held = signal.interval.seconds * SECOND, signal.values
    new = Versions.of(column_ns(rows["ds"]), rows["value"].to_numpy(np.float64), column_ns(rows["known_at"]))
    fresh = (new.ds + length > until) | (new.known_at < new.ds + length)
    ds, known_at = (
        np.concatenate([getattr(held, name), getattr(new, name)[fresh]]) for name in ("ds", "known_at")
    )
    values = Versions.of(ds, np.concatenate([held.value, new.value[fresh]]), known_at)
    return replace(signal, values=values, counted_every=STEP // SECOND, counted_since=since)
