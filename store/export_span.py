"""From when to when an export is, in which zone, and how long its rows are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.buckets import DAY, Interval, floor, local_ns, midnight, to_ns
from forecast.errors import InputError
from forecast.exports.base import About, Facts
from store.queues import Queue
from store.settings import Settings

if TYPE_CHECKING:
    from store.export_blocks import Blocks
    from store.exporting import Wanted

FOREVER = 800 * DAY  # longer than anything is forecast
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def zone_of(queues: Sequence[Queue], settings: Settings) -> str:
    """The zone of the queues where they share one, else the company's: in it local times are read and weeks begin."""
    zones = {one.tz for one in queues}
    return zones.pop() if len(zones) == 1 else settings.company.timezone


def targets_of(
    about: About, queues: Sequence[Queue], asked: Interval | None
) -> Mapping[str, Interval | None]:
    """Per queue the length of its rows; None where the layout cannot hold it. One length for all where the layout asks that.

    InputError where the layout has no rows of the length asked for.
    """
    found = {one.name: about.target(one.interval, asked) for one in queues}
    lengths = {one for one in found.values() if one is not None}
    if not about.uniform or len(lengths) < 2:
        return found
    within = [one for one in lengths if one is not Interval.DAY]
    least = min(within, key=lambda one: one.seconds)
    return {
        name: least if one is not None and one is not Interval.DAY else None for name, one in found.items()
    }


def facts_of(
    about: About,
    wanted: Wanted,
    targets: Mapping[str, Interval | None],
    blocks: Blocks,
    queues: Sequence[Queue],
    tz: str,
    now: dt.datetime,
) -> Facts:
    """The span asked for, or the layout's own. InputError where it is upside down, too long, or no whole weeks."""
    longest = max((one for one in targets.values() if one), key=lambda one: one.seconds, default=None)
    most = None if longest is None else about.most_days.get(longest)
    start = _start(about, wanted, blocks, queues, tz, now)
    if wanted.end is not None:
        end = to_ns(wanted.end)
    elif about.whole_weeks:
        end = _days_on(start, 7, tz)
    else:
        end = start + FOREVER if most is None else _days_on(start, most, tz)
    if end <= start:
        raise InputError("The end lies before the start.", remedy="Give an end after the start.", field="end")
    if most is not None and wall(end, tz) - wall(start, tz) > most * DAY:
        raise InputError(
            f"{about.suite} takes {most // 7} weeks at most in this file.",
            remedy=f"Ask for it in parts of {most} days (start, end).",
            field="end",
        )
    weeks = _weeks(start, end, wanted.week_starts, tz) if about.whole_weeks else 0
    return Facts(start, end, tz, now, wanted.value, weeks)


def _start(
    about: About, wanted: Wanted, blocks: Blocks, queues: Sequence[Queue], tz: str, now: dt.datetime
) -> int:
    """As given; else today (of a version asked for by number, or where nothing lies ahead: its first day); whole weeks wait for theirs."""
    if wanted.start is not None:
        return to_ns(wanted.start)
    cutoff, today = blocks.cutoff, day_of(to_ns(now), tz)
    told = None if cutoff is None else day_of(to_ns(cutoff), tz)
    for day in (told,) if blocks.whole else (today, told):
        starts = [] if day is None else _starts(blocks, queues, midnight(day, tz), every=blocks.whole)
        if starts and day is not None:
            return _first(day_of(min(starts), tz) if blocks.whole else day, about, wanted, tz)
    return _first(today, about, wanted, tz)


def _starts(blocks: Blocks, queues: Sequence[Queue], start: int, *, every: bool) -> list[int]:
    """The first row from then on of each queue that has one, or of the first of them."""
    found: list[int] = []
    for queue in queues:
        rows = blocks.load(queue.name, "interval", start, start + FOREVER)
        found += [to_ns(rows["ds"].iloc[0])] if len(rows) else []
        if found and not every:
            break
    return found


def _first(day: int, about: About, wanted: Wanted, tz: str) -> int:
    """The start of a local day, or of the first week from then on."""
    late = (wanted.week_starts - (day + 3)) % 7 if about.whole_weeks else 0
    return midnight(day + late, tz)


def _weeks(start: int, end: int, first: int, tz: str) -> int:
    """How many whole weeks of which the first day is weekday `first` lie between; InputError where that is no whole number."""
    day, last = (wall(moment, tz) / DAY for moment in (start, end))
    if day % 1 or (day + 3) % 7 != first:
        back = np.datetime64(int(day - (day + 3 - first) % 7), "D")
        raise InputError(
            f"The weeks of this layout begin on {WEEKDAYS[first]}, at midnight in {tz}.",
            remedy=f"Use start={back} or start={back + np.timedelta64(7, 'D')}, or say on which day they begin (week_starts).",
            field="start",
        )
    if (last - day) % 7:
        raise InputError(
            "This layout takes whole weeks.",
            remedy="Give an end that lies one to six weeks after the start.",
            field="end",
        )
    return int(last - day) // 7


def _days_on(start: int, days: int, tz: str) -> int:
    """So many local days later, at the same time of day where the start is a midnight."""
    return midnight(day_of(start, tz) + days, tz) + wall(start, tz) % DAY


def wall(moment: int, tz: str) -> int:
    """A moment (ns) on the wall clock of a zone, in ns as if it were UTC."""
    return int(local_ns(np.array([moment], dtype=np.int64), tz)[0])


def day_of(moment: int, tz: str) -> int:
    """The local day a moment lies in, whole days since 1970-01-01."""
    return wall(moment, tz) // DAY


def begin_of(moment: int, interval: Interval, tz: str) -> int:
    """The start of the local bucket that a moment lies in."""
    return int(floor(np.array([moment], dtype=np.int64), interval, tz)[0])
