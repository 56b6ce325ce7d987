"""Redials: people who hung up unheard and call again. Counted in a log of contacts, or spread from those who hung up.

    offered = fresh + redials,   redials of a bucket = r x (abandoned of the buckets before, as delays spread them)

That demand and redials have to be told apart before anything is forecast: Hoffman & Harris (1986), "Estimation of the
caller retrial rate for a telephone information system", Eur. J. Oper. Res. 27:207-214; Aguir, Karaesmen, Aksin & Chauvet
(2004), "The impact of retrials on call center performance", OR Spectrum 26:353-376. How r is estimated where no log shows
it: `redial_rate.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Interval, column_ns, floor
from forecast.versions import Versions

QUICK = 0.25  # of the window: the mean time after which people call again, where nobody counted it
STEPS = 64  # of the sums that stand for integrals
KNOWN_CUSTOMERS = 0.8  # of those who hung up, from which on their redials count as seen
ABANDONED = "abandoned"


def delays(interval: Interval, window_minutes: float) -> Floats:
    """float[k + 1], summing to 1: what part of the redials falls into the bucket of the abandon and into the k after it.

    People hang up evenly over a bucket and call again after an exponential time (mean QUICK of the window), within the window.
    """
    window, length = window_minutes * 60.0, float(interval.seconds)
    buckets = 1 + int(np.ceil(window / length))
    left = (np.arange(STEPS) + 0.5) / STEPS * length
    after = (np.arange(STEPS * 4) + 0.5) / (STEPS * 4) * window
    weight = np.exp(-after / (QUICK * window))
    place = ((left[:, None] + after[None, :]) // length).astype(np.int64)
    share = np.bincount(
        place.ravel(), weights=np.broadcast_to(weight, place.shape).ravel(), minlength=buckets + 1
    )
    return np.asarray((share / share.sum())[: buckets + 1])


@dataclass(frozen=True)
class Counted:
    """What a log of contacts shows of a queue, by bucket: Versions of the short abandons and of the redials."""

    short: Versions
    redialled: Versions

    @classmethod
    def nothing(cls) -> Counted:
        """No log at all."""
        return cls(Versions.none(), Versions.none())


def counted(
    contacts: pd.DataFrame, *, interval: Interval, tz: str, short_seconds: float, window_minutes: float
) -> pd.DataFrame:
    """contacts of one queue (`frames.CONTACTS`) -> counts[ds, short_abandoned, redialled, known_at], a row per bucket with any.

    A short abandon: hung up within `short_seconds`. A redial: the same customer's next contact within the window after
    an abandon that was not short. redialled is NaN throughout where the customers of too few are known, short_abandoned
    where no waiting time is. known_at: when the last contact that a bucket's counts stand on was known.
    """
    contacts = contacts.sort_values("at", kind="stable")
    at, known_at = column_ns(contacts["at"]), column_ns(contacts["known_at"])
    gave_up = (contacts["outcome"] == ABANDONED).to_numpy(dtype=bool)
    waited = contacts["waited_seconds"].to_numpy(dtype=np.float64)
    short = gave_up & (np.nan_to_num(waited, nan=np.inf) < short_seconds)
    customer = pd.factorize(contacts["customer"])[0].astype(np.int64)
    again, since = _again(at, known_at, customer, gave_up & ~short, window_minutes)
    ds = floor(at, interval, tz)
    rows = pd.DataFrame({"ds": ds, "short": short, "again": again, "known": np.maximum(known_at, since)})
    sums = rows.groupby("ds").agg(short=("short", "sum"), again=("again", "sum"), known=("known", "max"))
    seen = not gave_up.any() or float((customer[gave_up] >= 0).mean()) >= KNOWN_CUSTOMERS
    timed = not gave_up.any() or not bool(np.isnan(waited[gave_up]).all())
    starts = sums.index.to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "ds": pd.to_datetime(starts, utc=True),
            "short_abandoned": sums["short"].to_numpy(dtype=np.float64) if timed else np.nan,
            "redialled": sums["again"].to_numpy(dtype=np.float64) if seen and timed else np.nan,
            "known_at": pd.to_datetime(sums["known"].to_numpy(dtype=np.int64), utc=True),
        }
    )


def _again(at: Ns, known_at: Ns, customer: Ns, gave_up: Flags, window_minutes: float) -> tuple[Flags, Ns]:
    """Contacts [n] ordered by time -> is it a redial [n]; when the abandon before it was known [n], 0 where there is none."""
    order = np.argsort(customer, kind="stable")  # by customer, and within one by time
    who, when = customer[order], at[order]
    same = np.zeros(len(at), dtype=bool)
    same[1:] = (who[1:] == who[:-1]) & (who[1:] >= 0)
    near = np.zeros(len(at), dtype=bool)
    near[1:] = np.diff(when) <= window_minutes * 60 * SECOND
    before = np.roll(order, 1)
    found = same & near & gave_up[before]
    again, since = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=np.int64)
    again[order] = found
    since[order] = np.where(found, known_at[before], 0)
    return again, since
