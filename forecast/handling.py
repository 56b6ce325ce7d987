"""Handling time of one series: how many seconds were spent on how many contacts of a bucket, as versions.

Both are kept as totals, because totals add up, over contact reasons, slots and days; AHT is their ratio, so that every mean
of it is weighted by contacts. A call that goes on after its interval ends makes the interval's AHT known anew: a revision
is one more version, and a snapshot holds the one known at its cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.versions import Versions


@dataclass(frozen=True)
class HandleTimes:
    """What was spent in each bucket: seconds, contacts float[n]; both 0 where no handling time is known."""

    seconds: Floats
    contacts: Floats

    @property
    def aht(self) -> Floats:
        """float[n] seconds per contact; NaN where none is known."""
        there = self.contacts > 0
        return np.where(there, self.seconds / np.where(there, self.contacts, 1.0), np.nan)


@dataclass(frozen=True)
class Handling:
    """Versions of the seconds spent, and of the contacts they were spent on; row for row of the same bucket and moment."""

    seconds: Versions
    contacts: Versions

    @classmethod
    def of(cls, ds: Ns, known_at: Ns, *, seconds: Floats, contacts: Floats) -> Handling | None:
        """Rows in upload order, NaN where a row has no handling time; None where no row has one."""
        if np.isnan(seconds).all():
            return None
        return cls(Versions.of(ds, seconds, known_at), Versions.of(ds, contacts, known_at))

    def until(self, cutoff: int) -> Handling:
        """The versions known at the cutoff."""
        return Handling(self.seconds.until(cutoff), self.contacts.until(cutoff))

    def on(self, ds: Ns) -> HandleTimes:
        """What was spent in the buckets that start at ascending ds[n], by the latest version of each."""
        return HandleTimes(np.nan_to_num(self.seconds.on(ds)), np.nan_to_num(self.contacts.on(ds)))


def spent(offered: Floats, handled: Floats, aht: Floats) -> tuple[Floats, Floats]:
    """Columns of a file or table [n] -> seconds spent and the contacts they were spent on [n], NaN where AHT is unknown.

    AHT is the mean over the contacts handled, or over those offered where it is not said how many were handled.
    """
    contacts = np.where(np.isnan(handled), offered, handled)
    known = (contacts > 0) & (aht > 0) & np.isfinite(aht)  # NaN compares false
    contacts = np.where(known, contacts, np.nan)
    return np.where(known, contacts * np.where(known, aht, 0.0), np.nan), contacts
