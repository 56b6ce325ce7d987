"""The quality report: every queue looked at by every module, in an order in which what one explains the next leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.arrays import Flags
from forecast.quality.channels import find_channel_shifts
from forecast.quality.clock_changes import find_hours
from forecast.quality.closed_hours import find_closed
from forecast.quality.completeness import company_line, find_completeness
from forecast.quality.counts import find_contradictions
from forecast.quality.duplicates import find_copies, find_doubled
from forecast.quality.findings import Finding, in_order
from forecast.quality.gaps import find_gaps
from forecast.quality.handle_times import find_handle_times
from forecast.quality.intervals import find_summed
from forecast.quality.outliers import far_days, find_days, find_rows
from forecast.quality.record import Around, Record
from forecast.quality.shifts import find_shifts, told
from forecast.quality.silences import find_stopped
from forecast.quality.usual import Usual
from forecast.quality.zones import find_beside_hours, find_jumps

LEAST_DAYS = 21  # of a history, before anything but its completeness is judged
NEAR = 28  # days about a channel shift in which a level shift is the same thing
Claims = dict[str, Flags]


def examine(records: Sequence[Record], around: Around) -> list[Finding]:
    """records -> findings of all queues and the company, in order. An empty store gives none."""
    held = [record for record in records if len(record)]
    judged = [record for record in held if record.counted and len(record.days) >= LEAST_DAYS]
    found, claims = _as_told(judged)
    usuals = {
        record.queue: Usual.of(record, claims[record.queue] | around.calendar.special(record.days))
        for record in judged
    }
    stopped = find_stopped(usuals, around)
    found += list(stopped.values())
    found += _by_day(usuals, around, claims, frozenset(stopped))
    found += _levels(usuals, around, frozenset(stopped))
    lines = []
    for record in held:
        line, until, missing = find_completeness(
            usuals.get(record.queue), record, around, record.queue in stopped
        )
        found.append(line)
        if record.queue not in stopped:
            lines.append((record, until, missing))
    whole = company_line(lines)
    return in_order([*found, *([whole] if whole is not None else [])])


def _as_told(records: Sequence[Record]) -> tuple[list[Finding], Claims]:
    """What is wrong with how the rows were written: sums, copies, zones, contradictions."""
    found: list[Finding] = []
    claims: Claims = {}
    for record in records:
        summed, claims[record.queue] = find_summed(record)
        found += [*summed, *find_contradictions(record), *find_handle_times(record)]
    copies, copied = find_copies(records)
    found += copies
    for record in records:
        left = claims[record.queue] | copied[record.queue]
        jumps, moved = find_jumps(record, left)
        beside = None if jumps else find_beside_hours(record)
        found += [*jumps, *([] if beside is None else [beside])]
        claims[record.queue] = left
        hours_left = left | moved if beside is None else np.ones_like(left)
        found += find_closed(record, hours_left)
    return found, claims


def _by_day(
    usuals: Mapping[str, Usual], around: Around, claims: Claims, stopped: frozenset[str]
) -> list[Finding]:
    """Days and hours that are missing, twice there, or far out."""
    found: list[Finding] = []
    silent = _silent(usuals)
    left: Claims = {}
    for queue, usual in usuals.items():
        ended = _ended(usual) if queue in stopped else np.zeros_like(claims[queue])
        found += find_hours(usual, claims[queue])
        twice, doubled = find_doubled(usual, claims[queue])
        gaps, missing = find_gaps(usual, around, claims[queue] | doubled | ended, silent[queue])
        left[queue] = claims[queue] | doubled | missing | ended
        rows, typed = find_rows(usual, left[queue])
        found += [*twice, *gaps, *rows]
        left[queue] = left[queue] | typed
    far = {queue: far_days(usual, around, left[queue]) for queue, usual in usuals.items()}
    for queue, usual in usuals.items():
        alike: dict[int, int] = {}
        for other, scores in far.items():
            if other == queue:
                continue
            for at in np.flatnonzero(scores).tolist():
                day = int(usuals[other].record.days[at])
                place = day - usual.record.first_day
                if 0 <= place < len(far[queue]) and far[queue][place] * scores[at] > 0:
                    alike[day] = alike.get(day, 0) + 1
        found += find_days(usual, around, left[queue], alike)
    return found


def _ended(usual: Usual) -> Flags:
    """bool[d]: the days after the last contact."""
    held = np.flatnonzero(usual.record.totals > 0)
    return np.asarray(np.arange(len(usual.record.days)) > held[-1])


def _silent(usuals: Mapping[str, Usual]) -> dict[str, dict[int, int]]:
    """Queue -> local day -> how many other queues had no contact on a day on which they usually do."""
    empty = {
        queue: set(usual.record.days[(usual.record.totals == 0) & (usual.totals >= 14)].tolist())
        for queue, usual in usuals.items()
    }
    out: dict[str, dict[int, int]] = {}
    for queue in usuals:
        mine: dict[int, int] = {}
        for other, days in empty.items():
            if other != queue:
                for day in days:
                    mine[day] = mine.get(day, 0) + 1
        out[queue] = mine
    return out


def _levels(usuals: Mapping[str, Usual], around: Around, stopped: frozenset[str]) -> list[Finding]:
    """Lasting changes: of a channel's share, else of a queue's level."""
    alive = {queue: usual for queue, usual in usuals.items() if queue not in stopped}
    moved, days = find_channel_shifts(alive, around)
    shifts = [
        one
        for one in find_shifts(alive, around)
        if not any(abs(one.day - day) <= NEAR for day in days.get(one.queue, []))
    ]
    return [*moved, *told(shifts, alive)]
