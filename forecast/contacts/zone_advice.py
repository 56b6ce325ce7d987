"""Does a file fit its zone? Rows in an hour that the clock skips, spring after spring, say that it does not."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np

from forecast.arrays import Ns
from forecast.buckets import DAY, SECOND, zone
from forecast.contacts.zones import Flags

_HOUR: Final = 3600 * SECOND
_NEAR: Final = 2 * _HOUR  # rows this close on both sides: the file covers the change of the clock
OTHERS: Final = (
    "Europe/London", "Europe/Amsterdam", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Halifax", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip


def advise_zone(starts: Ns, tz: str) -> list[str]:
    """Distinct starts of intervals on the local clock int64 ns[n], as they were read in `tz` -> a warning, or nothing.

    It is given where each spring change that the file covers has rows in the skipped hour. A zone whose skipped hours are
    all empty is named; without one, UTC or a zone without summer time fits. Nothing is changed by it.
    """
    starts = np.unique(np.asarray(starts, dtype=np.int64))
    mine = _gaps(starts, tz)
    if not mine or not all(filled for filled in mine):
        return []
    changes = f"{len(mine)} spring change{'s' if len(mine) > 1 else ''} of the clock"
    fitting = [name for name in OTHERS if name != tz and (gaps := _gaps(starts, name)) and not any(gaps)]
    if fitting:
        return [
            f"The file has rows in the hour that {tz} skips, at {changes}, and none in the one that {fitting[0]} skips: these "
            f"look like times of {fitting[0]}. They were read as {tz}; give the zone if that is wrong."
        ]
    return [
        f"The file has rows in the hour that {tz} skips, at {changes}: these look like UTC, or like a zone without summer "
        f"time. They were read as {tz}; give the zone if that is wrong."
    ]


def _gaps(starts: Ns, tz: str) -> list[bool]:
    """For each spring change of `tz` that the starts cover: are there any in the skipped hour?"""
    found = []
    for begin, end in _skipped(starts, tz):
        inside = _any(starts, begin, end)
        if _any(starts, begin - _NEAR, begin) and _any(starts, end, end + _NEAR):
            found.append(inside)
    return found


def _any(starts: Ns, begin: int, end: int) -> bool:
    low, high = np.searchsorted(starts, [begin, end])
    return bool(high > low)


def _skipped(starts: Ns, tz: str) -> list[tuple[int, int]]:
    """The local clock hours [begin, end) that `tz` skips on the days of the starts, as if they were UTC."""
    days = np.unique(starts // DAY)
    if not len(days):
        return []
    where = zone(tz)
    noons = [dt.datetime(1970, 1, 1, 12) + dt.timedelta(days=int(day)) for day in days]
    offsets = np.array([_offset(noon, where) for noon in noons])
    before = np.array([_offset(noon - dt.timedelta(days=1), where) for noon in noons])
    changed: Flags = offsets > before
    gaps = []
    for day, ahead in zip(days[changed], (offsets - before)[changed], strict=True):
        for minutes in range(0, 24 * 60, 30):
            local = dt.datetime(1970, 1, 1) + dt.timedelta(days=int(day), minutes=minutes)
            back = local.replace(tzinfo=where).astimezone(dt.UTC).astimezone(where).replace(tzinfo=None)
            if back != local:
                begin = int(day) * DAY + minutes * 60 * SECOND
                gaps.append((begin, begin + int(ahead) * SECOND))
                break
    return gaps


def _offset(local: dt.datetime, where: dt.tzinfo) -> int:
    offset = local.replace(tzinfo=where).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())
