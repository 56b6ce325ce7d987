"""How far the contacts of each queue are in, against now, its hours and its own usual delay; and what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.buckets import DAY, SECOND, Grid, end, local_day
from forecast.quality.findings import COMPANY, Finding, Severity, clock, command, date
from forecast.quality.record import Around, Record
from forecast.quality.silences import last_contact
from forecast.quality.usual import IMPROBABLE, Usual

RECENT = 28  # days whose delays count
LATE = 0.9  # of the rows come within the usual delay
ARRIVALS = 3  # days on which rows came in, from which on they tell a habit
FURTHEST = 400  # days looked ahead of the last contact


def usual_delay(record: Record) -> int:
    """ns from the end of a bucket to the moment it is known, for nine in ten rows of the last weeks; 0 where not told.

    A past that came in as one file says nothing of delays: of each moment of arrival only its latest day counts, and
    fewer than three days of arrival (an upload, or one that was put back) make no habit.
    """
    told = ~record.assumed & (record.places.day > record.last_day - RECENT)
    if not told.any():
        return 0
    ends = end(record.ds[told], record.interval, record.tz)
    known = record.known_at[told]
    if len(np.unique(known // DAY)) < ARRIVALS:
        return 0
    latest: dict[int, int] = {}
    for at, stop in zip((known // (3600 * SECOND)).tolist(), ends.tolist(), strict=True):
        latest[at] = max(latest.get(at, 0), stop)
    of_batch = np.array([latest[at] for at in (known // (3600 * SECOND)).tolist()])
    fresh = ends > of_batch - DAY
    return int(max(0, np.quantile(known[fresh] - ends[fresh], LATE)))


def find_completeness(
    usual: Usual | None, record: Record, around: Around, stopped: bool
) -> tuple[Finding, int, bool]:
    """-> the line of a queue; the moment (ns) up to which it is complete; is something missing?

    stopped: told as a queue that ended; then its end is no lack
    """
    last = record.last_end()
    due = around.now - usual_delay(record)
    mean = 0.0 if usual is None else _expected_between(usual, last, due, around)
    missing = usual is not None and not stopped and float(usual.empty_by_chance(mean)) < IMPROBABLE
    # without a usual week nothing says that what came after the last row is all there was
    until = last if missing or stopped or usual is None else max(last, min(due, around.now))
    until = min(until, max(last, around.now))
    if stopped:
        says, action, severity = f"Ended at {_said(last, record.tz)}.", "", "info"
    elif missing:
        says = f"Complete to {_said(last, record.tz)}; about {mean:,.0f} contacts since then are not in."
        action, severity = command("import", "volumes", "FILE"), "warning"
    else:
        says, action, severity = f"Complete to {_said(until, record.tz)}.", "", "info"
    grade: Severity = "warning" if severity == "warning" else "info"
    line = Finding(
        record.queue,
        "completeness",
        clock(int(record.ds[0]), record.tz),
        clock(until, record.tz),
        mean if missing else 0.0,
        says,
        "The last file is not in yet, or ends early." if missing else "",
        action,
        grade,
    )
    return line, until, missing


def _said(moment: int, tz: str) -> str:
    day, time = clock(moment, tz).split("T")
    return f"{time} on {day}"


def _expected_between(usual: Usual, first: int, last: int, around: Around) -> float:
    """Contacts expected in open hours between two moments (ns), as the last six weeks have them by weekday and slot."""
    record = usual.record
    if last <= first:
        return 0.0
    begin, stop = (
        local_day(first, record.tz),
        min(local_day(last, record.tz), local_day(first, record.tz) + FURTHEST),
    )
    grid = Grid.days(begin, stop, record.interval, record.tz)
    inside = (grid.ds >= first) & (end(grid.ds, record.interval, record.tz) <= last)
    inside &= ~around.calendar.special(grid.day)
    at = last_contact(record)
    if at < 0 or not inside.any():
        return 0.0
    if record.hours is not None:
        inside &= record.hours.mask(grid)
    shape = _shape(usual, at)
    return float(shape[grid.weekday[inside], grid.slot[inside]].sum())


def _shape(usual: Usual, at: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """float[7, slots]: contacts by weekday and slot of the last six weeks up to a place, of whole days."""
    record = usual.record
    near = np.arange(max(0, at - 42), at)  # the last day may be half
    out = np.zeros((7, record.interval.slots))
    for weekday in range(7):
        mine = near[((record.days[near] + 3) % 7 == weekday) & ~usual.left[near]]
        if len(mine) and np.mean(record.totals[mine] > 0) > 0.5:
            out[weekday] = record.came[mine].mean(axis=0)
    return out


def company_line(lines: Sequence[tuple[Record, int, bool]]) -> Finding | None:
    """The line of the company: complete to the moment that most queues reach, and which are behind."""
    if not lines:
        return None
    behind = [(record, until) for record, until, missing in lines if missing]
    whole = [(record, until) for record, until, missing in lines if not missing]
    reached = min(until for _, until in whole or behind)
    tz = lines[0][0].tz
    names = ", ".join(_name(record) for record, _ in behind[:4]) + (
        f" and {len(behind) - 4} more" if len(behind) > 4 else ""
    )
    missing = f"; {names} missing" if behind and whole else ""
    says = f"Complete to {_said(reached, tz)}{missing}."
    first = min(int(record.ds[0]) for record, _, _ in lines)
    return Finding(
        COMPANY,
        "completeness",
        date(local_day(first, tz)),
        clock(reached, tz),
        float(len(behind)),
        says,
        "",
        command("import", "volumes", "FILE") if behind else "",
        "warning" if behind else "info",
    )


def _name(record: Record) -> str:
    return f"{record.queue} ({'e-mail' if record.channel == 'email' else record.channel})"
