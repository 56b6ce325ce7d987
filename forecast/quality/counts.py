"""Counts that contradict each other: more handled than offered, more handled and given up than offered."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats
from forecast.quality.findings import Finding, command, date
from forecast.quality.record import Record

SLACK = 1.05  # contacts of the evening are handled after midnight
LEAST = 10.0
LEAST_DAYS = 2
DEFERRED = ("email", "social")  # answered on later days: more may be handled than came


def find_contradictions(record: Record) -> list[Finding]:
    """By local day, since a contact may be handled in a later row than it was offered in."""
    if record.channel in DEFERRED:
        return []
    found = []
    for what, part in (
        ("handled", record.handled),
        ("handled and abandoned", record.handled + record.abandoned),
    ):
        days, more = _days(record, part)
        if len(days) < LEAST_DAYS:
            continue
        found.append(
            Finding(
                record.queue,
                "counts",
                date(days[0]),
                date(days[-1]),
                float(more),
                f"On {len(days):,} days more contacts were {what} than offered, {more:,.0f} in all.",
                "Offered is without transfers or overflow from other queues, or columns were mixed up.",
                command("import", "volumes", "FILE", "--as", "correction"),
                "warning",
            )
        )
        break
    return found


def _days(record: Record, part: Floats) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], float]:
    """Local days on which `part` is beyond what was offered, and by how much in all."""
    told = ~np.isnan(part) & ~np.isnan(record.offered)
    day = record.places.day[told] - record.first_day
    size = len(record.days)
    mine = np.bincount(day, weights=part[told], minlength=size)
    offered = np.bincount(day, weights=record.offered[told], minlength=size)
    beyond = mine > SLACK * offered + LEAST
    return record.days[beyond], float((mine - offered)[beyond].sum())
