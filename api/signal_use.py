"""Does social count in a row of the forecast? By the gates of the latest evidence and the age of the signal's data."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, end, to_ns
from forecast.models.base import band_of, bands
from store.queues import Queue
from store.scores import load_evidence
from store.signals import load_signal_catalogue

Use: TypeAlias = Literal["used", "not_proven", "stale"]
RULE = re.compile(r" \(assumption \d+\)$")
FRESH = dt.timedelta(hours=3)


def uses(session: Session, cutoff: dt.datetime | None) -> dict[str, dict[str, Use]]:
    """Series -> lead band -> used or stale, for the open gates; what is not named is not proven.

    A signal is fresh when any of its topics has a bucket that ended less than three hours before the cutoff: a topic
    nobody wrote about has no buckets, a feed that broke has none at all.
    """
    opened = [row for row in load_evidence(session) if row.get("gate") == "open" and not assumed(row)]
    if not opened or cutoff is None:
        return {}
    reached = _reached(session)
    found: dict[str, dict[str, Use]] = {}
    for row in opened:
        name = str(row.get("signal", ""))
        last = reached.get(name.rpartition(":")[0] or name, reached.get(name))
        fresh = last is not None and to_ns(cutoff) - last < FRESH.total_seconds() * 1e9
        held = found.setdefault(str(row.get("series")), {})
        band = str(row.get("lead_band"))
        held[band] = "used" if fresh or held.get(band) == "used" else "stale"
    return found


def assumed(row: Mapping[str, object]) -> bool:
    """Is the row of a rule of thumb? These are scored, and never used."""
    return RULE.search(str(row.get("signal", ""))) is not None


def _reached(session: Session) -> dict[str, int]:
    """Signal -> the end of its latest bucket, in ns."""
    reached: dict[str, int] = {}
    held = load_signal_catalogue(session)
    last_ns = column_ns(held["last"])
    for at, (name, interval, tz) in enumerate(zip(held["signal"], held["interval"], held["tz"], strict=True)):
        last = int(end(last_ns[at : at + 1], Interval(interval), tz)[0])
        reached[name] = max(last, reached.get(name, last))
    return reached


def of_rows(held: Mapping[str, Use], queue: Queue, cutoff: dt.datetime | None, starts: object) -> list[Use]:
    """Starts [n] of a queue's buckets -> the use of social in each, by its lead from the cutoff."""
    ns = column_ns(starts)  # type: ignore[arg-type]
    if cutoff is None or not held:
        return ["not_proven"] * len(ns)
    lead = np.maximum((ns - to_ns(cutoff)) // 1_000_000_000, 0)
    names = [name for name, _, _ in bands(queue.interval)]
    return [held.get(names[at], "not_proven") for at in band_of(lead, queue.interval)]
