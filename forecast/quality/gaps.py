"""Open hours without a contact that chance does not explain: days and parts of days that are missing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.arrays import Flags
from forecast.quality.findings import Finding, command, date, load_again, runs
from forecast.quality.record import Around, Record
from forecast.quality.usual import IMPROBABLE, Usual

PART = 0.2  # of a day's contacts that must be missing
SAME_DAY_OF_YEAR = 3  # a closed day comes on about the same date again


def find_gaps(
    usual: Usual, around: Around, claimed: Flags, silent: Mapping[int, int]
) -> tuple[list[Finding], Flags]:
    """-> findings, and bool[d] the days they speak of.

    claimed: bool[d] days that another finding speaks of; silent: local day -> how many other queues that are usually
    busy on it had no contact at all
    """
    record, told = usual.record, usual.totals
    claimed = claimed | (record.days >= around.today(record.tz))  # not over yet: completeness tells of it
    special = around.calendar.special(record.days)
    empty = ~claimed & (record.totals == 0) & (told > 0)
    found, out = [], np.zeros(len(record.days), dtype=bool)
    known = empty & ~special & (usual.empty_by_chance(told) < IMPROBABLE)
    idle = (told <= 0) | special
    for first, last in runs(known | (idle & ~claimed)):
        days = np.arange(first, last + 1)[known[first : last + 1]]
        if len(days) == 0:
            continue
        out[days] = True
        found.append(_days_missing(usual, around, days, silent))
    thin = _thin_gap(usual, empty & ~special & ~known)
    if thin is not None:
        out[thin[0] : thin[1] + 1] = True
        found.append(_days_missing(usual, around, np.arange(thin[0], thin[1] + 1), silent))
    found += _parts(usual, claimed | out | special | (record.totals == 0), out)
    return found, out


def _thin_gap(usual: Usual, empty: Flags) -> tuple[int, int] | None:
    """The longest run of empty days of a thin queue, where only the whole of it is improbable."""
    works = usual.totals > 0
    best: tuple[float, tuple[int, int]] | None = None
    for first, last in runs(empty | ~works):
        mean = float(usual.totals[first : last + 1][empty[first : last + 1]].sum())
        if mean > 0 and usual.empty_by_chance(mean) < IMPROBABLE and (best is None or mean > best[0]):
            days = np.arange(first, last + 1)[empty[first : last + 1]]
            best = (mean, (int(days[0]), int(days[-1])))
    return None if best is None else best[1]


def _days_missing(
    usual: Usual, around: Around, days: np.ndarray[tuple[int], np.dtype[np.int64]], silent: Mapping[int, int]
) -> Finding:
    record = usual.record
    local = record.days[days]
    mean = float(usual.totals[days].sum())
    rows = bool((~np.isnan(record.table[days])).any())
    whole_company = len(days) <= 2 and all(silent.get(int(day), 0) > 0 for day in local)
    again = len(days) <= 2 and _every_year(record, int(local[0]))
    what = "1 open day has" if len(days) == 1 else f"{len(days)} open days have"
    if whole_company or again:
        guess = "A closed day that the calendar does not name?" + (
            " Other queues had no contact either."
            if whole_company
            else " The same date of another year is empty too."
        )
        action = command("import", "special-days", "FILE")
    elif rows:
        guess = "The rows say zero: the line was down, or the export failed."
        action = _leave_out(record, int(local[0]), int(local[-1]))
    else:
        guess = "The rows of these days were not in the files."
        action = load_again()
    return Finding(
        record.queue,
        "gap",
        date(local[0]),
        date(local[-1]),
        mean,
        f"{what} no contact, where about {mean:,.0f} are usual.",
        guess,
        action,
        "problem" if len(days) > 1 else "warning",
        1 - IMPROBABLE,
    )


def _leave_out(record: Record, first: int, last: int) -> str:
    return command(
        "days", "leave-out", date(first), date(last), "--queue", record.queue, "--reason", "data missing"
    )


def _every_year(record: Record, day: int) -> bool:
    """Is a day about the same date of another year empty too?"""
    for years in (-2, -1, 1, 2):
        at = day + round(365.25 * years) - record.first_day
        near = record.totals[max(0, at - SAME_DAY_OF_YEAR) : max(0, at + SAME_DAY_OF_YEAR + 1)]
        weekdays = (record.days[max(0, at - SAME_DAY_OF_YEAR) : max(0, at + SAME_DAY_OF_YEAR + 1)] + 3) % 7
        if bool((near[weekdays < 5] == 0).any()) and bool((near > 0).any()):
            return True
    return False


def _parts(usual: Usual, left: Flags, out: Flags) -> list[Finding]:
    """Days with contacts of which a part without a break is missing."""
    record = usual.record
    found: list[Finding] = []
    if record.interval.slots == 1:
        return found
    works = usual.expected > 0
    for at in np.flatnonzero(~left).tolist():
        quiet = works[at] & (record.came[at] == 0)
        if not quiet.any() or float(usual.expected[at][quiet].sum()) < PART * float(usual.totals[at]):
            continue
        spans = runs(quiet | ~works[at])
        means = [float(usual.expected[at, low : high + 1].sum()) for low, high in spans]
        best = int(np.argmax(means))
        mean, (low, high) = means[best], spans[best]
        if mean < PART * usual.totals[at] or usual.empty_by_chance(mean) >= IMPROBABLE:
            continue
        inside = np.arange(low, high + 1)[works[at, low : high + 1]]
        out[at] = True
        found.append(_part(usual, at, int(inside[0]), int(inside[-1]), mean))
    return found


def _part(usual: Usual, at: int, low: int, high: int, mean: float) -> Finding:
    record = usual.record
    day, open_ = int(record.days[at]), np.flatnonzero(usual.expected[at] > 0)
    stop = record.slot_clock(high + 1)
    if high == open_[-1]:
        guess = "The file was cut off, or the queue closed early."
    elif low == open_[0]:
        guess = "The file begins late, or the queue opened late."
    else:
        guess = "The line was down, or rows are missing."
    end_day = date(day + 1) + "T00:00" if stop == "24:00" else f"{date(day)}T{stop}"
    return Finding(
        record.queue,
        "gap",
        f"{date(day)}T{record.slot_clock(low)}",
        end_day,
        mean,
        f"From {record.slot_clock(low)} to {stop} no contact came, where about {mean:,.0f} are usual.",
        guess,
        load_again(),
        "warning",
        1 - IMPROBABLE,
    )
