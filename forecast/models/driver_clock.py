"""The days on which drivers' contacts fall, and how long ago in working days what brings them was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.drivers import Plan
from forecast.models.distributed_lag import LAGS
from forecast.models.special_days import SpecialDays

LOOK_BACK = 35  # local days that hold the working days of all lags
QUIET = 0.5  # a special day below this factor passes a driver's contacts on


@dataclass(frozen=True)
class Clock:
    """The days on which drivers' contacts fall: open ones; weekend: also Saturdays and Sundays."""

    special: SpecialDays
    weekend: bool

    @classmethod
    def possible(cls, special: SpecialDays) -> list[Clock]:
        """From Monday to Friday, or whenever open; the first where nothing tells."""
        week, end = any(special.works[:5]), any(special.works[5:])
        return [cls(special, weekend) for weekend in (False, True) if (end if weekend else week)]

    @property
    def works(self) -> Flags:
        """bool[7], Monday first."""
        return np.array(self.special.works) & (self.weekend | (np.arange(7) < 5))

    def lagged(self, plans: Sequence[Plan], days: Ns, factor: Floats | None = None) -> Floats:
        """Local days[n] -> float[n, lags x plans]: the amounts whose 0th, 1st, .. working day each one is.

        factor: that of the special days, where it is known already, from LOOK_BACK days before the first on
        """
        span = looking_back(days)
        known = self.special.factor(span) if factor is None else factor
        counts = self.works[(span + 3) % 7] & (known >= QUIET)
        order = np.cumsum(counts)
        falls, count = order - counts + LAGS, int(order[-1]) + LAGS + 1
        at = days - span[0]
        place = np.maximum(order[at] - 1, 0)[:, None] + LAGS - np.arange(LAGS)[None, :]
        sent = [np.bincount(falls, weights=plan.on(span), minlength=count)[place] for plan in plans]
        return np.asarray(np.hstack(sent) * counts[at][:, None])


def looking_back(days: Ns) -> Ns:
    """Local days[n] -> all from LOOK_BACK before the first to the last."""
    return np.arange(int(days.min()) - LOOK_BACK, int(days.max()) + 1, dtype=np.int64)
