"""When a row that does not say so counts as known: at the end of its interval, plus a delay, marked as assumed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast.buckets import SECOND, Interval, column_ns, end
from forecast.contacts.intake import times


def with_known_at(
    frame: pd.DataFrame,
    *,
    interval: Interval | Mapping[str, Interval],
    tz: str,
    delay_seconds: float = 0,
    by: str = "signal",
) -> pd.DataFrame:
    """frame[ds, ..., known_at?] -> the same with known_at and `assumed` in every row (measuring.md, "Time known").

    interval: one for all rows, or one for each value of the column `by`.
    """
    ds = column_ns(frame["ds"])
    if isinstance(interval, Mapping):
        ends = ds.copy()
        for name, length in interval.items():
            mine = (frame[by] == name).to_numpy(dtype=bool)
            ends[mine] = end(ds[mine], length, tz)
    else:
        unique, inverse = np.unique(ds, return_inverse=True)
        ends = end(unique, interval, tz)[inverse] if len(ds) else ds
    assumed = times(ends + round(delay_seconds * SECOND)).set_axis(frame.index)
    given = (
        frame["known_at"]
        if "known_at" in frame.columns
        else pd.Series(pd.NaT, index=frame.index, dtype=assumed.dtype)
    )
    return frame.assign(known_at=given.where(given.notna(), assumed), assumed=given.isna())
