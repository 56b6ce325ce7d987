"""The bucket that runs: its posts counted so far, beside the archive and never stored, so that a storm is seen at once.

Stored signals know a bucket when it is over, which is when forecasts, evidence and reports are right to hear of it. A peak
warning cannot wait for half an hour.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, floor, from_ns, to_ns
from forecast.social.signals import ALL, build_signals
from forecast.vintage import Archive, Signal, Versions
from store.mentions import load_scored
from store.settings import Settings


def with_running(session: Session, settings: Settings, archive: Archive, now: pd.Timestamp) -> Archive:
    """The archive with what the bucket under way held at each step up to `now`; signals that it does not hold are left out."""
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    first = from_ns(int(floor(np.array([to_ns(now)]), interval, tz)[0]))
    said = load_scored(session, start=first.to_pydatetime(), end=now.to_pydatetime())
    if said.empty:
        return archive
    counted = build_signals(
        said.drop(columns="text"),
        interval=interval,
        tz=tz,
        asof=now.to_pydatetime(),
        competitors=settings.social.competitors,
        apart=settings.social.brands_apart,
        running=True,
    )
    signals = dict(archive.signals)
    for (signal, topic), rows in counted.groupby(["signal", "topic"]):
        name = str(signal) if topic == ALL else f"{signal}:{topic}"
        if name in signals:
            signals[name] = _joined(signals[name], rows)
    return replace(archive, signals=signals, memo={}, recent={})


def _joined(signal: Signal, rows: pd.DataFrame) -> Signal:
    held = signal.values
    columns = (column_ns(rows["ds"]), rows["value"].to_numpy(np.float64), column_ns(rows["known_at"]))
    ds, value, known_at = (
        np.concatenate(pair) for pair in zip((held.ds, held.value, held.known_at), columns, strict=True)
    )
    return replace(signal, values=Versions.of(ds, value, known_at))
