"""The days on which clocks change: the hour that is skipped, and the one that comes twice."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, index, zone
from forecast.quality.findings import Finding, date, load_again
from forecast.quality.record import Record
from forecast.quality.usual import Usual

HOUR = DAY // 24
ENOUGH = 1e-4  # two days a year are looked at; with this no queue is told of falsely in a century
LEAST = 30.0  # contacts expected, from which on twice as many are told from chance
NORMAL = 1.35  # the hours beside are not above this many times their usual


def change_days(record: Record) -> list[tuple[int, int]]:
    """-> (place among the record's days, hours by which local time jumps: 1 in spring, -1 in autumn)."""
    starts = index(np.append(record.days, record.last_day + 1) * DAY).tz_localize(None)
    offsets = np.array(
        [int(zone(record.tz).utcoffset(one.to_pydatetime()).total_seconds()) for one in starts]  # type: ignore[union-attr]
    )
    jumps = np.diff(offsets)
    return [(int(at), round(float(jumps[at]) / 3600)) for at in np.flatnonzero(jumps)]


def find_hours(usual: Usual, claimed: Flags) -> list[Finding]:
    """Contacts in the hour that comes twice, and after the hour that is skipped, against the same hour of other weeks."""
    record = usual.record
    if record.interval.slots == 1 or record.interval.seconds > 3600:
        return []
    found = []
    for at, jump in change_days(record):
        if claimed[at] or abs(jump) != 1:
            continue
        made = _spring(usual, at) if jump > 0 else _autumn(usual, at)
        if made is not None:
            found.append(made)
    return found


def _day(usual: Usual, at: int) -> tuple[Ns, Ns, Floats]:
    """The buckets of a day: ds, slot, contacts (NaN without a row)."""
    record = usual.record
    grid = record.grid.take(record.grid.day == record.days[at])
    values = np.full(len(grid), np.nan)
    place = np.searchsorted(record.ds, grid.ds)
    hit = place < len(record.ds)
    hit[hit] = record.ds[place[hit]] == grid.ds[hit]
    values[hit] = record.offered[place[hit]]
    return grid.ds, grid.slot, values


def _beside(usual: Usual, at: int, slots: Ns) -> float:
    """How the rest of the day compares with its usual."""
    record = usual.record
    rest = np.ones(record.interval.slots, dtype=bool)
    rest[slots] = False
    mean = float(usual.expected[at][rest].sum())
    return float(record.came[at][rest].sum()) / mean if mean > 0 else np.inf


def _autumn(usual: Usual, at: int) -> Finding | None:
    _, slot, values = _day(usual, at)
    unique, count = np.unique(slot, return_counts=True)
    twice = unique[count == 2]
    if len(twice) == 0:
        return None
    first, second = (np.array([np.flatnonzero(slot == each)[which] for each in twice]) for which in (0, 1))
    one, other = values[first], values[second]
    mean = float(usual.expected[at][twice].sum())
    came = float(np.nansum(one) + np.nansum(other))
    emptier = min(np.nansum(one), np.nansum(other))
    if emptier == 0 and came > 0 and usual.empty_by_chance(mean) < ENOUGH:
        return _told(usual, at, twice, came, mean, "The file holds the repeated hour once.")
    halves = np.array_equal(one, other) and bool((np.nan_to_num(one) % 1 == 0.5).any())
    if halves:
        return _told(
            usual, at, twice, came, mean, "The file holds the repeated hour once; it was split evenly."
        )
    if mean * 2 >= LEAST and came >= 1.8 * 2 * mean and _beside(usual, at, twice) <= NORMAL:
        return _told(usual, at, twice, came, mean, "Both hours hold the contacts of both.")
    return None


def _told(usual: Usual, at: int, slots: Ns, came: float, mean: float, guess: str) -> Finding:
    record = usual.record
    day = date(record.days[at])
    clocks = f"{record.slot_clock(int(slots[0]))} comes twice"
    return Finding(
        record.queue,
        "clock_change",
        day,
        day,
        came - 2 * mean,
        f"The hour from {clocks}: {came:,.0f} contacts, where twice {mean:,.0f} are usual.",
        guess,
        load_again(),
        "warning",
        0.99,
    )


def _spring(usual: Usual, at: int) -> Finding | None:
    record = usual.record
    _, slot, values = _day(usual, at)
    missing = np.setdiff1d(np.arange(record.interval.slots), slot)
    if len(missing) == 0 or missing[-1] + 1 >= record.interval.slots:
        return None
    after = np.arange(missing[-1] + 1, min(missing[-1] + 1 + len(missing), record.interval.slots))
    came = float(np.nansum(values[np.isin(slot, after)]))
    mean, lost = float(usual.expected[at][after].sum()), float(usual.expected[at][missing].sum())
    both = mean + lost
    if lost < LEAST or came < 0.85 * both or came < 1.6 * mean or _beside(usual, at, after) > NORMAL:
        return None
    day = date(record.days[at])
    return Finding(
        record.queue,
        "clock_change",
        day,
        day,
        came - mean,
        f"The hour from {record.slot_clock(int(after[0]))}, after the one that is skipped: {came:,.0f} contacts, where {mean:,.0f} are usual.",
        "The file has rows in the hour that did not exist: its times are of another zone.",
        load_again(),
        "warning",
        0.95,
    )
