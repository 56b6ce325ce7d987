"""The IntervalDuration column of an Amazon Connect file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.buckets import Interval
from forecast.contacts.intake import Intake

_SPELLINGS = {
    "15min": Interval.QUARTER,
    "30min": Interval.HALF_HOUR,
    "60min": Interval.HOUR,
    "1hour": Interval.HOUR,
    "hourly": Interval.HOUR,
    "daily": Interval.DAY,
    "1day": Interval.DAY,
}


def read_durations(intake: Intake, asked: Interval | None) -> tuple[pd.Series, Interval | None]:
    """(text[n], the interval of the rows kept). Where a file mixes lengths, the one asked for counts, else the shortest:
    a day and its quarters side by side would count contacts twice."""
    cells = intake.text("duration")
    plain = cells.str.casefold().str.replace(r"[\s_-]+", "", regex=True)
    plain = plain.str.replace(r"(min|hour|day)(?:ute)?s$", r"\1", regex=True)
    known = {text: _SPELLINGS.get(text) for text in plain.unique()}
    lengths = plain.map({text: interval.value if interval else "" for text, interval in known.items()})
    intake.reject(
        "duration", ((lengths == "") & (cells != "")).to_numpy(dtype=bool), "is not 15mins, 30mins or daily"
    )
    present = {Interval(text) for text in lengths[intake.keep].unique() if text}
    if not present:
        return cells, None
    own = asked if asked in present else min(present, key=lambda interval: interval.seconds)
    other = (lengths != own.value).to_numpy(dtype=bool) & intake.keep
    intake.reject(
        "duration", np.asarray(other), f"has another length than the rows of {own.value}; import those apart"
    )
    return cells, own
