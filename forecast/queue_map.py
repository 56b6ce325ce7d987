"""Queues renamed, merged and split with a date: their history goes where their contacts went.

    QueueMap.apply(archive) -> archive

Rows of the old queue before the date also count, times the share, in the history of the new one; rows after it stay its
own. Every version keeps its moment known, so a cutoff of any day sees what was known then, and a correction of an old
row reaches the new queue. Of several queues that became one, a bucket is the sum of what is known of each.

The map is a fact known ahead, like opening hours: it holds at every cutoff, also at one before its date. A queue that
wholly goes is forecast until the date and is zero from it on; the new one is forecast with the whole history. Where the
date still lies ahead of all rows, the new queue has until then only the part that is its own (`Before`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

import numpy as np
import pandas as pd

from forecast.arrays import Floats
from forecast.buckets import DAY, Grid, column_ns, day_start
from forecast.days import OpeningHours
from forecast.errors import InputError
from forecast.handling import Handling
from forecast.queue_life import USUAL_DAYS, Before
from forecast.versions import Versions, summed
from forecast.vintage import Archive, Driver, History, Series

WHOLE = 1 - 1e-9


@dataclass(frozen=True, order=True)
class Move:
    """From a local day on, a share of a queue's contacts comes to another queue instead."""

    from_day: int
    queue: str
    into: str
    share: float = 1.0

    @property
    def date(self) -> str:
        """The local day, ISO 8601."""
        return str(np.datetime64(self.from_day, "D"))

    def __str__(self) -> str:
        return f"{self.queue} into {self.into} from {self.date}"


@dataclass(frozen=True)
class QueueMap:
    """All moves, in the order in which they happen. InputError where they contradict each other."""

    moves: tuple[Move, ...] = ()

    def __post_init__(self) -> None:
        rank = {queue: at for at, queue in enumerate(_order(self.moves))}
        moves = sorted(self.moves, key=lambda move: (move.from_day, rank[move.queue], move))
        object.__setattr__(self, "moves", tuple(moves))
        for queue in rank:
            _require_once(queue, [move for move in moves if move.queue == queue])
        for move in moves:
            gone = self.ends(move.into)
            if gone is not None and gone < move.from_day:
                raise _refused(
                    f"{move}: the queue {move.into!r} has wholly gone before.",
                    "Name the queue that took over from it, or give the new one a name of its own.",
                )

    @classmethod
    def from_frame(cls, moves: pd.DataFrame) -> QueueMap:
        """moves[queue, into, date, share?]; `date` is the local day as midnight UTC of that date; a share of 0 is no move."""
        shares = moves["share"] if "share" in moves.columns else pd.Series(1.0, index=moves.index)
        days = column_ns(moves["date"]) // DAY
        rows = zip(days, moves["queue"], moves["into"], shares.fillna(1.0), strict=True)
        found = [Move(int(day), str(queue), str(into), float(share)) for day, queue, into, share in rows]
        return cls(tuple(move for move in found if move.share != 0))

    def __bool__(self) -> bool:
        return bool(self.moves)

    @property
    def queues(self) -> frozenset[str]:
        """Every queue that contacts go from or to."""
        return frozenset(name for move in self.moves for name in (move.queue, move.into))

    def ends(self, queue: str) -> int | None:
        """The local day from which no contact comes to a queue any more; None where some stay."""
        mine = [move for move in self.moves if move.queue == queue]
        return next((day for day, group in _by_day(mine) if _gone(group)), None)

    def with_sources(self, queues: Iterable[str]) -> list[str]:
        """These queues and all whose contacts came to them, by whatever way."""
        held = dict.fromkeys(queues)
        for move in reversed(self.moves):  # a way leads forwards in time
            if move.into in held:
                held.setdefault(move.queue)
        return list(held)

    def require(self, queues: Sequence[str]) -> None:
        """InputError unless there are contacts of every queue that goes, or of one that came into it."""
        held = set(queues)
        for move in self.moves:
            if move.queue not in held:
                near = get_close_matches(move.queue, queues, n=3, cutoff=0.4) or sorted(queues)[:5]
                raise _refused(
                    f"The queue map names the queue {move.queue!r}, of which there is no contact.",
                    f"Did you mean {', '.join(near)}?",
                )
            held.add(move.into)

    def apply(self, archive: Archive, *, hours: Mapping[str, OpeningHours] | None = None) -> Archive:
        """The archive with the histories moved; a queue without rows of its own is made, with these hours if given."""
        if not self:
            return archive
        kinds: dict[str, dict[str, Series]] = {}
        for series in archive.series.values():
            kinds.setdefault(_kind(series), {})[series.queue or series.name] = series
        made: dict[str, Series] = {}
        for kind in sorted(kinds):  # '' first: the reasons need the span of their whole queue
            moved = self._moved(kinds[kind], hours or {})
            for queue, series in moved.items():
                name = queue if kind == "" else f"{queue}/{kind}"
                span = made[queue].offered if series.span is not None and queue in made else series.span
                made[name] = replace(series, name=name, queue=queue, span=span)
        ordered = {name: made[name] for name in dict.fromkeys([*archive.series, *made])}
        drivers = self._drivers(archive)
        return replace(archive, series=ordered, drivers=drivers, memo={}, recent={})

    def _moved(self, held: dict[str, Series], hours: Mapping[str, OpeningHours]) -> dict[str, Series]:
        """Series of one kind by queue -> the same and those made, with the histories moved."""
        held = dict(held)
        for day, group in _by_day(self.moves):
            for queue, moves in groupby(group, key=lambda move: move.queue):
                if queue in held:
                    held |= _move(held, queue, day, list(moves), hours)
        return held

    def _drivers(self, archive: Archive) -> dict[str, Driver]:
        """Drivers of one queue go the way of its contacts."""
        made = dict(archive.drivers)
        for move in self.moves:
            for driver in [each for each in made.values() if each.queue == move.queue]:
                tz = next(iter(archive.series.values())).tz
                key = f"{driver.name}@{move.into}"
                gained = _part(driver.values, int(day_start([move.from_day], tz)[0]), move.share)
                own = [made[key].values] if key in made else []
                made[key] = Driver(driver.name, summed([*own, gained]), move.into, driver.worth)
        return made


def _kind(series: Series) -> str:
    """'' for a whole queue, else the contact reason."""
    return "" if series.name == (series.queue or series.name) else series.topic


def _order(moves: Sequence[Move]) -> list[str]:
    """Queues, each after those whose contacts come to it; InputError where they go in a circle."""
    sources: dict[str, set[str]] = {}
    for move in moves:
        sources.setdefault(move.into, set()).add(move.queue)
        sources.setdefault(move.queue, set())
    try:
        return list(TopologicalSorter(sources).static_order())
    except CycleError as error:
        raise _refused(
            f"The queue map goes in a circle: {' into '.join(error.args[1][::-1])}.",
            "Give the queue that comes back a name of its own.",
        ) from None


def _by_day(moves: Sequence[Move]) -> Iterable[tuple[int, list[Move]]]:
    for day, group in groupby(moves, key=lambda move: move.from_day):
        yield day, list(group)


def _gone(moves: Sequence[Move]) -> bool:
    return sum(move.share for move in moves) >= WHOLE


def _require_once(queue: str, moves: Sequence[Move]) -> None:
    """The moves of one queue: none twice, no day with more than all contacts, none after the last contact has gone."""
    gone: Move | None = None
    for move in moves:
        if not 0 < move.share <= 1:
            raise _refused(f"The share {move.share:g} of {move} is none.", "Give more than 0, at most 1.")
    for _, group in _by_day(moves):
        date = group[0].date
        total = sum(move.share for move in group)
        if len({move.into for move in group}) < len(group):
            raise _refused(f"The queue {queue!r} goes twice into the same queue on {date}.", "Keep one row.")
        if total > 2 - WHOLE:
            raise _refused(
                f"The shares of the queue {queue!r} on {date} add up to {total:g}.",
                "Give shares that add up to at most 1; what is left stays with the queue.",
            )
        if gone is not None:
            raise _refused(
                f"The queue {queue!r} has wholly gone ({gone}); it cannot go again on {date}.",
                f"Let {gone.into!r} go on that day, or give the first move a smaller share.",
            )
        gone = group[0] if total >= WHOLE else None


def _move(
    held: Mapping[str, Series], queue: str, day: int, moves: Sequence[Move], hours: Mapping[str, OpeningHours]
) -> dict[str, Series]:
    """The series that change when a queue goes into others on one day."""
    old = held[queue]
    start = int(day_start([day], old.tz)[0])
    rest = 1.0 - sum(move.share for move in moves)
    changed = {queue: replace(old, ends=day) if _gone(moves) else _until(start, old, _kept(old, start, rest))}
    for move in moves:
        new = held.get(move.into)
        if new is not None:
            _require_alike(old, new, move)
        gained = _share(old, start, move.share)
        own = [] if new is None else [new]
        base = new or replace(
            gained, queue=move.into, hours=hours.get(move.into, old.hours), ends=None, before=()
        )
        whole = replace(
            base,
            offered=summed([each.offered for each in [*own, gained]]),
            handling=_handling([each.handling for each in [*own, gained]]),
        )
        nothing = replace(base, offered=Versions.none())
        changed[move.into] = _until(start, new or nothing, whole, last=_last(old))
    return changed


def _require_alike(old: Series, new: Series, move: Move) -> None:
    if old.interval is not new.interval:
        raise _refused(
            f"{move}: the one is kept per {old.interval.value}, the other per {new.interval.value}.",
            "Load both on the same interval.",
        )
    if old.tz != new.tz and old.interval.slots == 1:
        raise _refused(
            f"{move}: the one has the days of {old.tz}, the other of {new.tz}.", "Load both in one zone."
        )


def _last(series: Series) -> int:
    return int(series.offered.ds.max(initial=np.iinfo(np.int64).min))


def _until(start: int, own: Series, moved: Series, *, last: int = np.iinfo(np.int64).min) -> Series:
    """The moved series; where the move lies ahead of all rows, with what it is until then."""
    since = max(last, _last(own), own.before[-1].until - 1 if own.before else last)
    if since >= start:
        return moved
    return replace(moved, before=(*own.before, Before(since, start, own.offered)))


def _share(series: Series, start: int, share: float) -> Series:
    """What of a series goes on: its rows before the start, times the share."""
    handling = series.handling
    return replace(
        series,
        offered=_part(series.offered, start, share),
        handling=handling
        and Handling(_part(handling.seconds, start, share), _part(handling.contacts, start, share)),
    )


def _part(versions: Versions, start: int, share: float) -> Versions:
    rows = versions.ds < start
    return Versions(versions.ds[rows], versions.value[rows] * share, versions.known_at[rows])


def _kept(series: Series, start: int, rest: float) -> Series:
    """A series that keeps the rest of its contacts: its rows before the start, times that."""

    def scaled(versions: Versions) -> Versions:
        return replace(versions, value=np.where(versions.ds < start, versions.value * rest, versions.value))

    handling = series.handling
    return replace(
        series,
        offered=scaled(series.offered),
        handling=handling and Handling(scaled(handling.seconds), scaled(handling.contacts)),
    )


def _handling(parts: Sequence[Handling | None]) -> Handling | None:
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return Handling(summed([part.seconds for part in known]), summed([part.contacts for part in known]))


def part_of(history: History, grid: Grid) -> Floats:
    """grid[n] -> float[n]: how much of its history's level a series has by itself; 1 but before a move that lies ahead.

    Per slot of the day, from the last eight weeks known at the cutoff.
    """
    part = np.ones(len(grid))
    for before in history.series.before:
        rows = (grid.ds > before.since) & (grid.ds < before.until)
        if rows.any():
            recent = history.grid.take(history.grid.day >= history.today - USUAL_DAYS)
            own = np.bincount(recent.slot, np.nan_to_num(before.own.on(recent.ds)), minlength=grid.slots)
            all_ = np.bincount(
                recent.slot, np.nan_to_num(history.series.offered.on(recent.ds)), minlength=grid.slots
            )
            overall = own.sum() / max(float(all_.sum()), 1e-9)
            part[rows] = np.where(all_ > 0, own / np.maximum(all_, 1e-9), overall)[grid.slot[rows]]
    return part


def _refused(what: str, remedy: str) -> InputError:
    return InputError(what, remedy=remedy, field="queue_map")
