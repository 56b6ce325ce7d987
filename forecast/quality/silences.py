"""A queue that stops: dead, its feed gone, or under another name since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.arrays import Floats
from forecast.quality.findings import Finding, command, date
from forecast.quality.record import Around, Record
from forecast.quality.usual import IMPROBABLE, Usual

LEAST_DAYS = (
    5  # open days of silence before a queue is told to have stopped; a shorter one is a file that is late
)
NEAR = 10  # days between the end of one queue and the beginning of the other
ALIKE = 0.9  # correlation of two weeks' shapes
SIZES = (0.5, 2.0)
WEEKS = 6


def find_stopped(usuals: Mapping[str, Usual], around: Around) -> dict[str, Finding]:
    """Queue -> finding, of each that had no contact for longer than chance explains while others had."""
    found = {}
    for queue, usual in usuals.items():
        last = _stopped(usual, [other for name, other in usuals.items() if name != queue], around)
        if last is not None:
            found[queue] = _finding(usual, last, _heir(usual, last, usuals), around)
    return found


def last_contact(record: Record) -> int:
    """Place of the last day with a contact; -1 without one."""
    held = np.flatnonzero(record.totals > 0)
    return int(held[-1]) if len(held) else -1


def _stopped(usual: Usual, others: Sequence[Usual], around: Around) -> int | None:
    """The last local day with contacts, where the queue stopped after it."""
    record = usual.record
    at = last_contact(record)
    if at < 13:
        return None
    day = int(record.days[at])
    later = {
        int(each) for other in others for each in other.record.days[other.record.totals > 0] if each > day
    }
    later |= {int(each) for each in record.days[at + 1 :]}  # its own rows say zero
    works = expected_ahead(usual, at)
    silent = [
        each
        for each in sorted(later)
        if each < around.today(record.tz) and not around.calendar.special(np.array([each]))[0]
    ]
    means = np.array([works[(each + 3) % 7] for each in silent])
    if (means > 0).sum() < LEAST_DAYS or around.is_moved(record.queue, day):
        return None
    return day if float(usual.empty_by_chance(means.sum())) < IMPROBABLE else None


def expected_ahead(usual: Usual, at: int) -> Floats:
    """float[7]: contacts of each weekday, by the six weeks up to the day at that place."""
    record = usual.record
    near = slice(max(0, at - 7 * WEEKS + 1), at + 1)
    weekday, totals = (record.days[near] + 3) % 7, record.totals[near]
    sums, count = np.bincount(weekday, weights=totals, minlength=7), np.bincount(weekday, minlength=7)
    return np.asarray(sums / np.maximum(count, 1))


def _heir(usual: Usual, last: int, usuals: Mapping[str, Usual]) -> str | None:
    """The queue that began as this one ended, of a like size and shape."""
    best, score = None, ALIKE
    for name, other in usuals.items():
        record = other.record
        begun = np.flatnonzero(record.totals > 0)
        if name == usual.record.queue or len(begun) < 5 or record.interval != usual.record.interval:
            continue
        if not -2 <= int(record.days[begun[0]]) - last <= NEAR:
            continue
        old = _shape(usual.record, last - usual.record.first_day - 41, last - usual.record.first_day)
        new = _shape(record, int(begun[0]), int(begun[0]) + 41)
        size = new.sum() / max(old.sum(), 1e-9)
        alike = float(np.corrcoef(old.ravel(), new.ravel())[0, 1]) if new.std() > 0 and old.std() > 0 else 0.0
        if SIZES[0] <= size <= SIZES[1] and alike > score:
            best, score = name, alike
    return best


def _shape(record: Record, first: int, last: int) -> Floats:
    """float[weekend, slots]: mean contacts of working days and weekends between two places."""
    places = np.arange(max(0, first), min(len(record.days), last + 1))
    weekend = (record.days[places] + 3) % 7 >= 5
    return np.stack(
        [
            record.came[places[weekend == kind]].mean(axis=0)
            if (weekend == kind).any()
            else np.zeros(record.interval.slots)
            for kind in (False, True)
        ]
    )


def _finding(usual: Usual, last: int, heir: str | None, around: Around) -> Finding:
    record = usual.record
    until = around.today(record.tz) - 1
    if heir is None:
        guess = "The queue was closed down, or its rows are no longer in the files."
        action = command("import", "volumes", "FILE")
    else:
        guess = f"It is called {heir} since: that queue began then, with the same shape of the day."
        action = command("queues", "rename", record.queue, heir, "--from", date(last + 1))
    return Finding(
        record.queue,
        "sudden_zero",
        date(last + 1),
        date(until),
        float(until - last),
        f"No contact since {date(last + 1)}, while other queues go on.",
        guess,
        action,
        "problem",
        1 - IMPROBABLE,
    )
