"""Handling times that cannot be: none, of milliseconds, of half a day, of contacts nobody handled."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags
from forecast.quality.findings import Finding, Severity, command, date
from forecast.quality.record import Record

LONGEST = 36_000.0  # seconds
MILLI = 10_000.0  # a median beyond this is no number of seconds
LEAST_ROWS = 5
LEAST_SHARE = 0.01


def find_handle_times(record: Record) -> list[Finding]:
    """One finding per kind of oddity, over the rows that show it."""
    aht, handled = record.aht_seconds, record.handled
    told = ~np.isnan(aht)
    if not told.any():
        return []
    some = told & (handled > 0)
    if some.any() and float(np.median(aht[some])) > MILLI:
        says = f"The median handling time is {np.median(aht[some]):,.0f} seconds."
        return [_finding(record, some, says, "The file tells milliseconds.", "problem")]
    cases: list[tuple[Flags, str, str, Severity]] = [
        (
            some & (aht > LONGEST),
            "handling times beyond 10 hours",
            "Contacts left open, or milliseconds in some rows.",
            "warning",
        ),
        (
            some & (aht <= 0),
            "handled contacts without handling time",
            "The column was filled with 0 where it is not known.",
            "warning",
        ),
        (
            told & (aht > 0) & ~(handled > 0) & ~np.isnan(handled),
            "handling times without a handled contact",
            "Contacts are counted where they came in, their time where they ended.",
            "info",
        ),
    ]
    return [
        _finding(record, rows, f"{int(rows.sum()):,} rows hold {what}.", guess, severity)
        for rows, what, guess, severity in cases
        if rows.sum() >= max(LEAST_ROWS, LEAST_SHARE * told.sum())
        or (what.startswith("handling times beyond") and rows.any())
    ]


def _finding(record: Record, rows: Flags, says: str, guess: str, severity: Severity) -> Finding:
    days = record.places.day[rows]
    return Finding(
        record.queue,
        "handle_time",
        date(days.min()),
        date(days.max()),
        float(rows.sum()),
        says,
        guess,
        command("import", "volumes", "FILE", "--as", "correction"),
        severity,
    )
