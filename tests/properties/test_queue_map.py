"""Nothing is lost and nothing made where queues are merged and split, at whatever moment one looks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.buckets import Interval, day_start
from forecast.queue_map import Move, QueueMap
from forecast.vintage import Archive, Series, Versions
from tests.worlds import HOUR, MONDAY, TZ

QUEUES = "abcde"
DAYS = 6

row = st.tuples(st.integers(0, DAYS - 1), st.integers(0, 2), st.integers(0, 99), st.integers(0, 200))
worlds = st.lists(st.lists(row, max_size=12), min_size=len(QUEUES), max_size=len(QUEUES))


@st.composite
def maps(draw: st.DrawFn) -> QueueMap:
    """Moves from a queue to later ones of the alphabet, at most one day for each, so that no two contradict."""
    moves, gone = [], dict.fromkeys(QUEUES, DAYS + 1)
    for at, queue in reversed(list(enumerate(QUEUES[:-1]))):
        later = list(QUEUES[at + 1 :])
        into = draw(st.lists(st.sampled_from(later), max_size=2, unique=True))
        day = draw(st.integers(0, DAYS))
        into = [name for name in into if gone[name] >= day]
        parts = draw(st.lists(st.integers(1, 5), min_size=len(into), max_size=len(into)))
        left = draw(st.integers(0, 2))
        total = sum(parts) + left
        moves += [
            Move(MONDAY + day, queue, name, part / total) for name, part in zip(into, parts, strict=True)
        ]
        if into and left == 0:
            gone[queue] = day
    return QueueMap(tuple(moves))


def archive(rows: list[list[tuple[int, int, int, int]]]) -> Archive:
    """A queue per list of (day, hour, contacts, hours until known)."""
    held = {}
    for name, mine in zip(QUEUES, rows, strict=True):
        ds = [int(day_start([MONDAY + day], TZ)[0]) + hour * HOUR for day, hour, _, _ in mine]
        known = [start + late * HOUR for start, (_, _, _, late) in zip(ds, mine, strict=True)]
        versions = Versions.of(ds, [contacts for _, _, contacts, _ in mine], known)
        held[name] = Series(name, Interval.HOUR, TZ, versions)
    return Archive(held)


def total(held: Archive, names: set[str], cutoff: int) -> dict[int, float]:
    """Contacts per bucket over these queues, as known at the cutoff."""
    sums: dict[int, float] = {}
    for name in names & set(held.series):
        ds, value = held.series[name].offered.until(cutoff).latest()
        for start, contacts in zip(ds.tolist(), value.tolist(), strict=True):
            sums[start] = sums.get(start, 0.0) + contacts
    return sums


cutoffs = st.integers(0, 400).map(lambda hours: int(day_start([MONDAY], TZ)[0]) + hours * HOUR)


@given(worlds, maps(), cutoffs)
@settings(max_examples=150, deadline=None)
def test_the_rows_of_one_move_are_found_in_full_where_they_went(
    rows: list[list[tuple[int, int, int, int]]], moves: QueueMap, cutoff: int
) -> None:
    """Only the moves of one queue: what the others gained and what it kept is what it had."""
    world = archive(rows)
    for queue in QUEUES:
        mine = QueueMap(tuple(move for move in moves.moves if move.queue == queue))
        if not mine:
            continue
        moved, gone = mine.apply(world), mine.ends(queue) is not None
        others = set(QUEUES) - {queue}
        start = int(day_start([mine.moves[0].from_day], TZ)[0])
        had = {ds: sum_ for ds, sum_ in total(world, {queue}, cutoff).items() if ds < start}
        gained, own = total(moved, others, cutoff), total(world, others, cutoff)
        kept = {} if gone else total(moved, {queue}, cutoff)
        for ds, contacts in had.items():
            assert np.isclose(gained.get(ds, 0.0) - own.get(ds, 0.0) + kept.get(ds, 0.0), contacts)


@given(worlds, maps(), cutoffs)
@settings(max_examples=150, deadline=None)
def test_along_chains_too_every_contact_is_found_once_among_the_queues_that_live_on(
    rows: list[list[tuple[int, int, int, int]]], moves: QueueMap, cutoff: int
) -> None:
    """Rows after a queue's own end stay with it; all others are spread over those that have no end."""
    world, moved = archive(rows), moves.apply(archive(rows))
    ends = {name: moves.ends(name) for name in QUEUES}
    living = {name for name in QUEUES if ends[name] is None}
    want: dict[int, float] = {}
    for name in QUEUES:
        stop = np.inf if ends[name] is None else int(day_start([ends[name]], TZ)[0])
        for ds, contacts in total(world, {name}, cutoff).items():
            want[ds] = want.get(ds, 0.0) + (contacts if ds < stop else 0.0)
    found = total(moved, living, cutoff)
    for ds, contacts in want.items():
        assert np.isclose(found.get(ds, 0.0), contacts)
