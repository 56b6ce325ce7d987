"""Signals from mentions: how many posts per bucket and topic, as versions. A run costs by what is new.

The cursor says from which moment on mentions may be uncounted. It stands at the start of the bucket that was running
at the last run: a bucket is counted when it is over. An import of older mentions moves it back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, end, floor, from_ns, to_ns
from forecast.social.signals import build_signals
from jobs.ledger import Outcome, checkpoint
from store.cursors import load_cursor, save_cursor
from store.mentions import load_scored
from store.settings import Settings
from store.signals import save_signals

CURSOR = "signals"
WINDOW = pd.Timedelta(days=92)  # so many days of posts are in memory at a time


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Count the mentions known or changed since the last run; buckets without such a mention are not touched."""
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    since = load_cursor(session, CURSOR)
    fresh = load_scored(session, since=None if since is None else pd.Timestamp(since))
    created = column_ns(fresh["created_at"])
    touched = np.unique(floor(created[created < to_ns(now)], interval, tz))
    written = 0
    for starts in _windows(touched):
        first, last = from_ns(starts[0]), from_ns(end(starts[-1:], interval, tz)[0])
        mentions = load_scored(session, start=first, end=last)
        mine = np.isin(floor(column_ns(mentions["created_at"]), interval, tz), starts)
        counted = build_signals(mentions[mine].drop(columns="text"), interval=interval, tz=tz, asof=now)
        if len(counted):
            written += save_signals(session, counted, interval=interval, tz=tz)
        checkpoint(session)
    current = floor(np.array([to_ns(now)]), interval, tz)[0]
    save_cursor(session, CURSOR, from_ns(int(current)).isoformat())
    return Outcome({"mentions": len(fresh), "buckets": len(touched), "versions": written})


def rewind(session: Session, settings: Settings, moment: pd.Timestamp) -> None:
    """Mentions made at `moment` came in: the next run looks back that far."""
    since = load_cursor(session, CURSOR)
    if since is not None and pd.Timestamp(since) > moment:
        save_cursor(session, CURSOR, moment.isoformat())


def _windows(
    starts: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """Ascending bucket starts -> the same in pieces of about three months."""
    if len(starts) == 0:
        return []
    number = (starts - starts[0]) // WINDOW.value
    return np.split(starts, np.flatnonzero(np.diff(number)) + 1)
