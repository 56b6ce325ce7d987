"""Contacts outside the opening hours that somebody gave: how many, and when."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags
from forecast.quality.findings import Finding, command, date
from forecast.quality.record import Record

LEAST, LEAST_DAYS = 20, 3  # contacts and days; less is a clock that runs a little late
GRAVE, TELL = 0.01, 0.001  # share of all contacts
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def find_closed(record: Record, left: Flags) -> list[Finding]:
    """One finding at most: all contacts outside the hours given. left: bool[d] days that another finding speaks of."""
    if record.opens is None:
        return []
    outside = np.where(record.opens | left[:, None], 0.0, record.came)
    total, by_day = float(outside.sum()), outside.sum(axis=1)
    share = total / max(record.totals[~left].sum(), 1.0)
    days = np.flatnonzero(by_day > 0)
    if total < LEAST or len(days) < LEAST_DAYS or share < TELL:
        return []
    where, guess = _where(record, outside)
    return [
        Finding(
            record.queue,
            "closed_hours",
            date(record.days[days[0]]),
            date(record.days[days[-1]]),
            share,
            f"{total:,.0f} contacts on {len(days):,} days ({share:.1%}) came outside the opening hours: {where}.",
            guess,
            command("import", "hours", "FILE"),
            "warning" if share >= GRAVE else "info",
        )
    ]


def _where(record: Record, outside: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[str, str]:
    """The weekday and slots that hold most of it, and what that may mean."""
    if record.interval.slots == 1:
        per_day = np.bincount((record.days + 3) % 7, weights=outside.sum(axis=1), minlength=7)
        return f"most on {NAMES[int(per_day.argmax())]}", "The queue is open on more days than given."
    per_slot = outside.sum(axis=0)
    held = np.flatnonzero(per_slot >= 0.1 * per_slot.sum())
    if len(held) == 0:
        held = np.array([int(per_slot.argmax())])
    per_day = np.bincount((record.days + 3) % 7, weights=outside.sum(axis=1), minlength=7)
    day = int(per_day.argmax())
    span = f"{record.slot_clock(int(held[0]))} to {record.slot_clock(int(held[-1]) + 1)}"
    if per_day[day] >= 0.7 * per_day.sum():
        return f"most on {NAMES[day]}, {span}", "The queue is open on a weekday that is given as closed."
    hour = max(1, 3600 // record.interval.seconds)
    if len(held) <= hour:
        return (
            f"most from {span}",
            "Those who wait at closing time are counted then, or hours are a little longer than given.",
        )
    return f"most from {span}", "The opening hours given are not those of the queue."
