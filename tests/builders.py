"""Small frames for tests: say only what the test is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast.buckets import Interval
from store.queues import Queue

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def at(hours: float) -> pd.Timestamp:
    """That many hours after noon of 2 March 2026, UTC."""
    return pd.Timestamp(NOON + dt.timedelta(hours=hours)).as_unit("ns")


def times(hours: Sequence[float]) -> pd.DatetimeIndex:
    """Hours after noon [n] -> DatetimeIndex[n] in UTC."""
    return pd.DatetimeIndex([at(one) for one in hours], tz="UTC").as_unit("ns")


def queue(name: str = "calls", *, channel: str = "phone", topic: str = "all") -> Queue:
    """A queue per hour in Amsterdam."""
    return Queue(name, channel, topic, Interval.HOUR, "Europe/Amsterdam")


def volumes(
    offered: Sequence[float],
    *,
    ds: Sequence[float] | None = None,
    known: float | Sequence[float] = 48,
    name: str = "calls",
    topic: str = "all",
    assumed: bool = False,
) -> pd.DataFrame:
    """volumes[n] of one queue; `ds` and `known` in hours after noon."""
    count = len(offered)
    knowns = [known] * count if isinstance(known, int | float) else list(known)
    return pd.DataFrame(
        {
            "queue": [name] * count,
            "ds": times(range(count) if ds is None else ds),
            "offered": np.array(offered, dtype=float),
            "topic": [topic] * count,
            "known_at": times(knowns),
            "assumed": [assumed] * count,
        }
    )


def signals(
    values: Sequence[float], *, name: str = "posts", topic: str = "all", known: float | None = None
) -> pd.DataFrame:
    """signals[n] per hour from noon on; without `known` the time is left to be assumed."""
    frame = pd.DataFrame(
        {
            "signal": [name] * len(values),
            "topic": [topic] * len(values),
            "ds": times(range(len(values))),
            "value": np.array(values, dtype=float),
        }
    )
    return frame if known is None else frame.assign(known_at=times([known] * len(values)))


def mentions(texts: Sequence[str], *, known: float = 0, source: str = "file", first: int = 0) -> pd.DataFrame:
    """Scored mentions [n], one a minute from noon on."""
    count = len(texts)
    return pd.DataFrame(
        {
            "source": [source] * count,
            "id": [str(first + number) for number in range(count)],
            "created_at": times([number / 60 for number in range(count)]),
            "known_at": times([known + number / 60 for number in range(count)]),
            "text": list(texts),
            "language": ["nl"] * count,
            "sentiment": np.full(count, -0.5),
            "label": ["negative"] * count,
            "topics": [("outage",)] * count,
            "direction": ["in"] * count,
            "repost_of": pd.Series([None] * count, dtype=object),
        }
    )
