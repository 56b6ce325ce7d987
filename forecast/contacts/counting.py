"""Single contacts -> volumes: every interval is counted from all of its contacts, so that counting twice gives the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, column_ns, end, floor, index

WHOLE = "all"
ANSWERED = ("handled", "transferred")  # somebody spoke to the customer


def contacts_as_volumes(
    contacts: pd.DataFrame, starts: Ns, *, interval: Interval, tz: str, outcomes: bool = True
) -> pd.DataFrame:
    """contacts[at, topic, outcome, handled_seconds] and the starts of intervals UTC ns[n] -> volumes without a queue.

    A row of the topic `all` for each start, zeros included, and one for each other topic that occurs in it. handled and
    abandoned are unknown where nothing tells outcomes. Contacts of other intervals are left aside.
    """
    place = floor(column_ns(contacts["at"]), interval, tz)
    mine = np.isin(place, starts)
    contacts, place = contacts[mine], place[mine]
    topics = contacts["topic"].to_numpy(dtype=object)
    parts = [_counted(contacts, place, starts, WHOLE, outcomes)]
    for topic in sorted({str(one) for one in topics} - {WHOLE}):
        of = topics == topic
        parts.append(_counted(contacts[of], place[of], np.unique(place[of]), topic, outcomes))
    return pd.concat(parts, ignore_index=True)


def whole_starts(first: int, last: int, interval: Interval, tz: str) -> Ns:
    """Starts of the intervals that lie wholly in first <= t < last (UTC ns)."""
    if last <= first:
        return np.zeros(0, dtype=np.int64)
    step = min(interval.seconds, 86_400) * 1_000_000_000
    probes = np.arange(first, last + step, step // 2 if interval.slots == 1 else step, dtype=np.int64)
    starts = np.unique(floor(probes, interval, tz))
    return starts[(starts >= first) & (end(starts, interval, tz) <= last)]


def _counted(contacts: pd.DataFrame, place: Ns, starts: Ns, topic: str, outcomes: bool) -> pd.DataFrame:
    outcome = contacts["outcome"].to_numpy(dtype=object)
    answered = np.isin(outcome.astype(str), ANSWERED)
    seconds = contacts["handled_seconds"].to_numpy(dtype=np.float64)
    timed = answered & np.isfinite(seconds)
    told, spent = _per(place, timed, starts), _per(place, np.where(timed, seconds, 0.0), starts)
    unknown = np.full(len(starts), np.nan)
    frame = {
        "ds": index(starts),
        "topic": pd.Series([topic] * len(starts), dtype=object),
        "offered": _per(place, np.ones(len(place)), starts),
        "handled": _per(place, answered, starts) if outcomes else unknown,
        "abandoned": _per(place, outcome == "abandoned", starts) if outcomes else unknown,
        "aht_seconds": np.divide(spent, told, out=np.full(len(starts), np.nan), where=told > 0),
        "overflow_out": _per(place, outcome == "overflowed", starts) if outcomes else unknown,
        "callbacks": _per(place, outcome == "callback", starts) if outcomes else unknown,
    }
    return pd.DataFrame(frame)


def _per(place: Ns, weight: npt.NDArray[Any], starts: Ns) -> Floats:
    """Sum of the weights [n] at each of the (ascending) starts [m]."""
    at = np.searchsorted(starts, place)
    return np.bincount(at, weights=weight.astype(np.float64), minlength=len(starts)).astype(np.float64)
