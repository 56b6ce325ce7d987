"""Rows that look summed: hourly totals in half-hour rows, a day's total in one slot."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags
from forecast.quality.findings import Finding, date, load_again, runs
from forecast.quality.record import Record

NEARLY_ALL = 0.98
LEAST = 24  # contacts of a day that tell where they fall
LEAST_DAYS = 3
OFTEN = 0.9  # of the days within a run


def find_summed(record: Record) -> tuple[list[Finding], Flags]:
    """-> findings, and bool[d] the days they speak of."""
    claimed = np.zeros(len(record.days), dtype=bool)
    slots, found = record.interval.slots, []
    if slots == 1:
        return [], claimed
    told = record.totals >= LEAST
    peak = record.came.max(axis=1)
    whole = told & (peak >= NEARLY_ALL * record.totals)
    steps = [step for step in (2, 4) if step * record.interval.seconds <= 3600]
    kinds = [("a day's total in one slot", whole, slots)]
    for step in reversed(steps):
        coarse = record.came.reshape(len(record.days), -1, step)
        share = coarse.sum(axis=1).max(axis=1)
        busy = (coarse.sum(axis=2) > 0).sum(axis=1)
        flags = told & (share >= NEARLY_ALL * record.totals) & (busy >= 4)
        length = step * record.interval.seconds // 60
        kinds.append((f"totals of {length} minutes in rows of {record.interval.seconds // 60}", flags, step))
    for what, flags, _ in kinds:
        for first, last in _spans(flags & ~claimed, told):
            claimed[first : last + 1] = True
            found.append(_finding(record, what, first, last))
    return found, claimed


def _spans(flags: Flags, told: Flags) -> list[tuple[int, int]]:
    """Runs of days that look so, days that tell nothing bridged, in which nearly all that tell do."""
    spans = []
    for first, last in runs(flags | ~told):
        days = np.arange(first, last + 1)[flags[first : last + 1]]
        if len(days) >= LEAST_DAYS:
            spans.append((int(days[0]), int(days[-1])))
    return spans


def _finding(record: Record, what: str, first: int, last: int) -> Finding:
    days = int((record.totals[first : last + 1] > 0).sum())
    return Finding(
        record.queue,
        "interval",
        date(record.days[first]),
        date(record.days[last]),
        float(days),
        f"{days} days hold {what}.",
        f"The file is of a longer interval than the {record.interval} it was read as.",
        load_again(),
        "problem",
    )
