"""The same values twice: a day copied to another day or queue, a day counted twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.quality.findings import Finding, command, date, load_again
from forecast.quality.record import Record
from forecast.quality.usual import Usual

TELLING = (
    30.0  # nats; a day's values that chance repeats once in e^30 pairs, far below once in a company's history
)
EVEN = (
    14  # slots above zero that are all even numbers: once in 2^14 days by chance, and twice the usual besides
)
TWICE = (1.6, 2.6)


def find_copies(records: Sequence[Record]) -> tuple[list[Finding], dict[str, Flags]]:
    """Days whose values are, slot by slot, those of another day or queue -> findings, and bool[d] the days by queue."""
    seen: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for number, record in enumerate(records):
        for at in np.flatnonzero(_telling(record.came) >= TELLING).tolist():
            key = f"{record.interval}".encode() + record.came[at].tobytes()
            seen[key].append((number, at))
    pairs: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for places in seen.values():
        origin = min(places, key=lambda place: (records[place[0]].days[place[1]], place[0]))
        for number, at in places:
            if (number, at) != origin:
                lag = int(records[number].days[at] - records[origin[0]].days[origin[1]])
                pairs[origin[0], number, lag].append(at)
    claimed = {record.queue: np.zeros(len(record.days), dtype=bool) for record in records}
    found = []
    for (source, copy, lag), days in sorted(pairs.items()):
        for first, last in _spans(sorted(days)):
            claimed[records[copy].queue][first : last + 1] = True
            found.append(_copied(records[source], records[copy], lag, first, last))
    return found, claimed


def _telling(came: Floats) -> Floats:
    """float[d, slots] -> float[d]: nats against a chance repeat; two Poisson counts of mean m agree with about (4 pi m)^-1/2."""
    busy = came > 0
    different = np.array([len(np.unique(day[day > 0])) for day in came])
    surprise = np.where(busy, 0.5 * np.log(4 * np.pi * np.maximum(came, 1.0)), 0.0).sum(axis=1)
    return np.where(different >= 4, surprise, 0.0)


def _spans(days: Sequence[int]) -> list[tuple[int, int]]:
    """Places of copied days, ascending -> runs; up to three days between (a weekend, a thin day) are bridged."""
    spans: list[tuple[int, int]] = []
    for day in days:
        if spans and day - spans[-1][1] <= 4:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _copied(source: Record, copy: Record, lag: int, first: int, last: int) -> Finding:
    begin, stop = int(copy.days[first]), int(copy.days[last])
    days = last - first + 1
    what = "1 day is" if days == 1 else f"{days} days are"
    if source.queue != copy.queue and lag == 0:
        whose = f"those of the queue {source.queue} on the same days"
        guess = f"The same rows came in under two names: {source.queue} and {copy.queue}."
    else:
        name = "" if source.queue == copy.queue else f" of the queue {source.queue}"
        whose = f"those of {lag} days before{name}"
        guess = f"The rows of {date(begin - lag)} were copied under another date."
    upload = copy.only_upload(begin, stop)
    return Finding(
        copy.queue,
        "duplicate",
        date(begin),
        date(stop),
        float(days),
        f"{what}, value by value, {whose}.",
        guess,
        load_again() if upload is None else command("uploads", "remove", str(upload)),
        "problem",
    )


def find_doubled(usual: Usual, left: Flags) -> tuple[list[Finding], Flags]:
    """Days at about twice the usual with even numbers alone: counted twice. left: bool[d] not to be looked at."""
    record, claimed, found = usual.record, np.zeros(len(left), dtype=bool), []
    came, ratio = record.came, record.totals / np.maximum(usual.totals, 1.0)
    odd = ((came > 0) & (came % 2 != 0)).any(axis=1)
    busy = (came > 0).sum(axis=1)
    flags = ~left & ~odd & (busy >= EVEN) & (ratio >= TWICE[0]) & (ratio <= TWICE[1])
    for first, last in _spans(np.flatnonzero(flags).tolist()):
        claimed[first : last + 1] = True
        upload = record.only_upload(int(record.days[first]), int(record.days[last]))
        found.append(
            Finding(
                record.queue,
                "duplicate",
                date(record.days[first]),
                date(record.days[last]),
                float(np.median(ratio[first : last + 1][flags[first : last + 1]])),
                f"{ratio[first]:.1f} times the usual, and every value is even.",
                "The rows were added up twice.",
                load_again() if upload is None else command("uploads", "remove", str(upload)),
                "problem",
                0.99,
            )
        )
    return found, claimed
