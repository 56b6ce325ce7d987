"""The IntervalDuration column of an Amazon Connect file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.buckets import Interval
from forecast.contacts.intake import Intake

LENGTHS = (Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR, Interval.DAY)
OTHER = "has another length than the rows of {}; import those apart"
Lengths = npt.NDArray[np.int8]
_SPELLINGS = {
    "15min": Interval.QUARTER,
    "30min": Interval.HALF_HOUR,
    "60min": Interval.HOUR,
    "1hour": Interval.HOUR,
    "hourly": Interval.HOUR,
    "daily": Interval.DAY,
    "1day": Interval.DAY,
}


def read_durations(intake: Intake) -> Lengths:
    """int8[n]: the place of each row's length in LENGTHS, -1 where it is none; those rows are rejected."""
    cells = intake.text("duration")
    plain = cells.str.casefold().str.replace(r"[\s_-]+", "", regex=True)
    plain = plain.str.replace(r"(min|hour|day)(?:ute)?s$", r"\1", regex=True)
    known = {text: LENGTHS.index(_SPELLINGS[text]) for text in plain.unique() if text in _SPELLINGS}
    lengths = plain.map(known).fillna(-1).to_numpy(dtype=np.int8)
    unknown = (lengths < 0) & (cells != "").to_numpy(dtype=bool)
    intake.reject("duration", unknown, "is not 15mins, 30mins or daily")
    return lengths


def length_of(present: set[int], asked: Interval | None) -> Interval | None:
    """The length of the rows kept, of those present (places in LENGTHS), None without any.

    Where a file mixes lengths, the one asked for counts, else the shortest: a day and its quarters side by side would
    count contacts twice.
    """
    found = {LENGTHS[place] for place in present if place >= 0}
    if not found:
        return None
    return asked if asked in found else min(found, key=lambda interval: interval.seconds)
