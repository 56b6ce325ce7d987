"""A planner's rule of thumb: so many contacts per post beyond the usual, so long after, spread over so long.

It is an assumption until figures say otherwise: `assumption_evidence.py` scores it as signals are scored, and where its
gate is shut it is shown as shut and not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Interval
from forecast.errors import InputError
from forecast.features import deviations, edges
from forecast.vintage import Signal

MARK = "assumption"
MOST_PER_UNIT = 1000.0
MOST_MINUTES = 7 * 1440.0  # beyond a week no burst is known to speak
POINTS = 24  # ages looked at within a window


@dataclass(frozen=True)
class Assumption:
    """Each post of `signal` beyond the usual brings so many contacts to `series`, evenly spread.

    contacts_per_unit: of one post; head_start_minutes: from the post to its first contact; lasts_minutes: to its last
    number: how it is kept; 0 while it is not. InputError for figures that mean nothing.
    """

    series: str
    signal: str
    contacts_per_unit: float
    head_start_minutes: float
    lasts_minutes: float
    number: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("contacts_per_unit", 0.0, MOST_PER_UNIT),
            ("head_start_minutes", 0.0, MOST_MINUTES),
            ("lasts_minutes", 1.0, MOST_MINUTES),
        ):
            if not least <= getattr(self, name) <= most:
                raise InputError(
                    f"{name.replace('_', ' ')} is {getattr(self, name):g}.",
                    remedy=f"Give a number from {least:g} to {most:g}.",
                    field=name,
                )
        if self.contacts_per_unit == 0:
            raise InputError(
                "A rule of no contacts says nothing.",
                remedy="Give contacts per post above 0.",
                field="contacts_per_unit",
            )

    @property
    def says(self) -> tuple[object, ...]:
        """What the rule says, whoever said it: two rules that say the same are one."""
        return (
            self.series,
            self.signal,
            self.contacts_per_unit,
            self.head_start_minutes,
            self.lasts_minutes,
        )

    @property
    def label(self) -> str:
        """Its name among the signals: `posts:outage (assumption 3)`."""
        return f"{self.signal} ({MARK} {self.number})"

    def __str__(self) -> str:
        return (
            f"{self.contacts_per_unit:g} contacts per post beyond the usual, from {self.head_start_minutes:g} minutes"
            f" after it on, for {self.lasts_minutes:g} minutes"
        )


def predicted(rule: Assumption, signal: Signal, times: Ns, band: tuple[int, int]) -> tuple[Floats, Flags]:
    """Contacts beyond the usual between `band` seconds after each of `times` (ns), by the posts known then.

    float[t], and where the signal had enough past bool[t]. Fewer posts than usual are fewer contacts.
    """
    unique, place = np.unique(times, return_inverse=True)
    beyond, enough = deviations(signal, unique)
    share = shares(rule, signal.interval, [band[0]], [band[1]])
    return (beyond @ share[0])[place] * rule.contacts_per_unit, enough[place]


def coming(
    rule: Assumption, signal: Signal, times: Ns, lead_seconds: Ns, interval: Interval, open_: Flags
) -> tuple[Floats, Flags]:
    """As `predicted`, of those buckets alone that are open: contacts announced for closed ones do not come.

    open_: bool[t, n] whether the bucket that begins `lead_seconds` [n] after a moment is open
    """
    unique, place = np.unique(times, return_inverse=True)
    beyond, enough = deviations(signal, unique)
    heard = open_ @ _bucket_shares(rule, signal, lead_seconds, interval)
    return (heard * beyond[place]).sum(axis=1) * rule.contacts_per_unit, enough[place]


def announced(
    rule: Assumption, signal: Signal, moment: int, lead_seconds: Ns, interval: Interval
) -> Floats | None:
    """Contacts beyond the usual float[n] in the buckets that begin `lead_seconds` after `moment`; None: too little past."""
    beyond, enough = deviations(signal, np.array([moment], dtype=np.int64))
    if not enough[0]:
        return None
    share = _bucket_shares(rule, signal, lead_seconds, interval)
    return np.asarray(share @ beyond[0] * rule.contacts_per_unit)


def _bucket_shares(rule: Assumption, signal: Signal, lead_seconds: Ns, interval: Interval) -> Floats:
    """float[n, windows]: `shares` of the buckets that begin at these leads."""
    begin = lead_seconds.tolist()
    return shares(rule, signal.interval, begin, [lead + interval.seconds for lead in begin])


def shares(rule: Assumption, interval: Interval, begin: Sequence[int], stop: Sequence[int]) -> Floats:
    """float[n, windows]: which share of the contacts of a window's posts comes from `begin` to `stop` seconds ahead.

    A post aged a seconds sends its contacts from head start - a on, for as long as the rule says.
    """
    low, high = (np.asarray(edge, dtype=np.float64)[:, None, None] for edge in (begin, stop))
    first = 60 * rule.head_start_minutes - _ages(interval)[None]
    lasts = 60 * rule.lasts_minutes
    overlap = np.minimum(high, first + lasts) - np.maximum(low, first)
    return np.asarray((np.maximum(overlap, 0.0) / lasts).mean(axis=2))


def _ages(interval: Interval) -> Floats:
    """float[windows, points]: how many seconds ago the posts of each window of `features.edges` were made.

    A window holds the buckets that began within its edges, so its posts are up to a bucket younger.
    """
    step = interval.seconds
    borders = -(-(edges(interval) / SECOND) // step) * step
    oldest = borders[1:] - step
    youngest = np.maximum(borders[:-1] - step, 0)
    inside = (np.arange(POINTS) + 0.5) / POINTS
    return np.asarray(youngest[:, None] + np.maximum(oldest - youngest, 0.0)[:, None] * inside)
