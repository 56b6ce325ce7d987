"""Channel shift: from a date on, a share of a queue's contacts comes to another queue, such as a chat."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.simulate.company import Company
from forecast.simulate.contacts import Rates, spread
from forecast.simulate.kernels import Floats
from forecast.simulate.laws import ChannelShift
from forecast.simulate.timeline import Flags, Timeline

COLUMNS = ["queue", "into", "date", "complete", "share"]


def shifted(company: Company, rates: Rates, base: Rates, time: Timeline) -> dict[str, Floats]:
    """rates per queue [n] -> the same after every channel shift, in the order of the company file.

    base:  expected contacts before any shift [n]: the shape in which a day's moved contacts come to the other queue.

    On a day on which the other queue is closed nothing moves, so no contact is lost: a day's sum over both stays.
    """
    out = dict(rates)
    for law in company.channel_shifts:
        leaving = out[law.queue] * _share(law, _open_days(base[law.into], time), time)[time.row]
        per_day: Floats = np.bincount(time.row, weights=leaving, minlength=len(time.days)).astype(np.float64)
        out[law.queue] = out[law.queue] - leaving
        out[law.into] = out[law.into] + spread(per_day, base[law.into], time)
    return out


def frame(company: Company, time: Timeline) -> pd.DataFrame:
    """-> shifts[queue, into, date, complete, share]: local dates on which each begins and is complete."""
    rows = [
        (law.queue, law.into, _date(_first(law, time)), _date(_first(law, time) + law.ramp_days), law.share)
        for law in company.channel_shifts
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _first(law: ChannelShift, time: Timeline) -> int:
    return int(time.days[0]) + int(law.at_share * time.history_days)


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _share(law: ChannelShift, open_days: Flags, time: Timeline) -> Floats:
    """-> [d] share that comes on the other channel: 0 before, rising evenly, then all of it."""
    ramp = (time.days - _first(law, time) + 1) / max(law.ramp_days, 1)
    return np.asarray(law.share * np.clip(ramp, 0.0, 1.0) * open_days, dtype=np.float64)


def _open_days(base: Floats, time: Timeline) -> Flags:
    return np.bincount(time.row, weights=base, minlength=len(time.days)) > 0
