"""The finest forecast that is stored of a queue and of its reasons: what manual changes work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, from_ns
from forecast.buckets import end as end_of
from forecast.overriding import Units
from store.forecasts import load_forecast
from store.queues import Queue
from store.reasons import reason_name

EDGE = dt.timedelta(days=2)
DAYS = "day"
NUMBERS = ("mean", "median", "aht")
NOWHERE = -1  # the version of what came before the first unit of a day


@dataclass(frozen=True)
class Choice:
    """Which rows are taken where several versions hold a bucket, as `load_forecast` takes it."""

    version: str | int = "published"
    as_of: dt.datetime | None = None


def queue_of(series: str, queues: Sequence[Queue]) -> Queue | None:
    """The queue a series is the forecast of, or of a reason of."""
    exact = next((queue for queue in queues if queue.name == series), None)
    parts = [queue for queue in queues if series.startswith(reason_name(queue.name, ""))]
    return exact or max(parts, key=lambda queue: len(queue.name), default=None)


def load_units(
    session: Session,
    queues: Sequence[Queue],
    topics: Sequence[str],
    span: tuple[int, int],
    choice: Choice,
    *,
    also: Sequence[str] = (),
) -> list[Units]:
    """The finest stored forecast of some queues over a span (ns), and of their reasons: those named, and the series `also`."""
    owners = {queue.name: (queue, "") for queue in queues}
    owners |= {
        reason_name(queue.name, topic): (queue, topic)
        for queue in queues for topic in topics
        if topic and topic != queue.topic and reason_name(queue.name, topic) not in owners
    }  # fmt: skip
    for name in also:
        queue = queue_of(name, queues)
        if queue is not None and name not in owners:
            owners[name] = queue, name[len(reason_name(queue.name, "")) :]
    first, last = (from_ns(at).to_pydatetime() for at in span)
    loaded = {
        granularity: dict(list(load_forecast(
            session, series=list(owners), start=first - EDGE, end=last + EDGE, granularity=granularity,
            version=choice.version, as_of=choice.as_of, costs=True, parts=True,
        ).groupby("series")))
        for granularity in ("interval", DAYS)
    }  # fmt: skip
    return [
        _units(name, queue, topic, loaded["interval"].get(name), loaded[DAYS].get(name))
        for name, (queue, topic) in owners.items()
        if name in loaded["interval"] or name in loaded[DAYS]
    ]


def _units(
    name: str, queue: Queue, topic: str, fine: pd.DataFrame | None, days: pd.DataFrame | None
) -> Units:
    """Intervals; the whole days that have none; and what came before the first interval of a day, where that is not kept."""
    pieces = _pieces(fine, queue.interval, queue.tz)
    if days is not None and queue.interval.slots > 1:
        pieces = pd.concat([pieces, *_beyond(pieces, _pieces(days, Interval.DAY, queue.tz))])
        pieces = pieces.sort_values("start", kind="stable")
    start, end, version = (pieces[name].to_numpy(dtype=np.int64) for name in ("start", "end", "version"))
    mean, median, aht = (pieces[name].to_numpy(dtype=np.float64) for name in NUMBERS)
    return Units(
        name, queue.name, queue.channel, topic or queue.topic, topic == "", queue.tz, start, end, mean, aht, version,
        median,
    )  # fmt: skip


def _beyond(pieces: pd.DataFrame, days: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Intervals and days [start, end, version, mean, median, aht] -> the days without intervals, and what days had before theirs."""
    starts = pieces["start"].to_numpy()
    first, last = (np.searchsorted(starts, days[name].to_numpy()) for name in ("start", "end"))
    sums = np.concatenate([[0.0], np.cumsum(pieces["mean"].to_numpy())])
    began = np.append(starts, 0)[first]
    bare = first == last
    late = ~bare & (began > days["start"].to_numpy())
    came = np.maximum(days["mean"].to_numpy() - (sums[last] - sums[first]), 0.0)
    before = days.assign(end=began, mean=came, median=came, aht=np.nan, version=NOWHERE)
    return days[bare], before[late]


def _pieces(frame: pd.DataFrame | None, length: Interval, tz: str) -> pd.DataFrame:
    """Stored rows of one series -> [start, end, version, mean, median, aht], times in ns."""
    if frame is None:
        none = {name: np.zeros(0, dtype=np.int64) for name in ("start", "end", "version")}
        return pd.DataFrame({**none, **{name: np.zeros(0) for name in NUMBERS}})
    start = column_ns(frame["ds"])
    times = {"start": start, "end": end_of(start, length, tz), "version": frame["version"].to_numpy()}
    held = frame[["mean", "0.5", "aht"]].to_numpy(dtype=np.float64)
    return pd.DataFrame({**times, **dict(zip(NUMBERS, held.T, strict=True))})
