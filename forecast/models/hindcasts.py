"""Hindcasts: what a rate model would have said on past days, and what came.

They are the one source of everything that is learnt about a method: which method to trust, how much noise its
forecasts carry, how today's first hours should move it, whether a signal helps. Each hindcast is a forecast from
`snapshot.at(past day)`, so none of them can know what came after it; the memo of the archive keeps them, so that a
back-test with many cutoffs makes each once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.buckets import Grid, Interval, Ns, day_start
from forecast.days import Flags
from forecast.errors import NotEnoughHistory
from forecast.models.base import FittedRate, RateModel
from forecast.vintage import Floats, Snapshot, by_day

WARM_UP_DAYS = 21  # a hindcast stands on at least three weeks
AHEAD_DAYS = 28
REFIT_DEAR_WEEKS = 4  # a model that costs more than `DEAR` is refitted every fourth week
DEAR = 1.0


@dataclass(frozen=True)
class Hindcasts:
    """Forecasts made at the start of past local days.

    origins: int64[o] local days, ascending
    rate:    float[o, ahead, slots] expected contacts; ahead 0 is the origin's own day
    came:    float[o, ahead, slots] what came; NaN where not known yet, closed, or absent
    """

    origins: Ns
    rate: Floats
    came: Floats

    def __len__(self) -> int:
        return len(self.origins)

    @property
    def scored(self) -> Flags:
        """bool[o, ahead, slots]: open and known."""
        return ~np.isnan(self.came)

    def with_rate(self, rate: Floats) -> Hindcasts:
        """The same origins and outcomes with other forecasts."""
        return Hindcasts(self.origins, rate, self.came)

    def tail(self, days: int) -> Hindcasts:
        """Only the last origins."""
        return Hindcasts(self.origins[-days:], self.rate[-days:], self.came[-days:])

    def at(self, origins: Ns) -> Hindcasts:
        """Only the given origins, all of which are held."""
        rows = np.searchsorted(self.origins, origins)
        return Hindcasts(origins, self.rate[rows], self.came[rows])


def hindcast(model: RateModel, snapshot: Snapshot, name: str, *, days: int, ahead: int = AHEAD_DAYS) -> Hindcasts:
    """Hindcasts from the last `days` local days before the snapshot's day (fewer where the history is short)."""
    history = snapshot.history(name)
    last = history.today - 1
    first = max(history.first_day + WARM_UP_DAYS, last - days + 1)
    interval, tz = history.series.interval, history.series.tz
    rates: list[Floats] = []
    kept: list[int] = []
    for origin, moment in zip(range(first, last + 1), day_start(np.arange(first, last + 1), tz), strict=True):
        past = snapshot.at(int(moment))
        try:
            rates.append(_rate(model, past, name, origin, ahead, interval, tz))
        except NotEnoughHistory:
            continue
        kept.append(origin)
    shape = (len(kept), ahead, interval.slots)
    rate = np.stack(rates) if rates else np.zeros(shape)
    return Hindcasts(np.array(kept, dtype=np.int64), rate, came_after(snapshot, name, np.array(kept, dtype=np.int64), ahead))


def _rate(
    model: RateModel, past: Snapshot, name: str, origin: int, ahead: int, interval: Interval, tz: str
) -> npt.NDArray[np.float64]:
    """float[ahead, slots] from one origin; a dear model's forecast is the tail of the one made at its last refit."""
    if model.cost < DEAR:
        return past.remember(
            ("rate", model, name, ahead),
            lambda: _predict(fitted(model, past, name), past, name, origin, ahead, interval, tz),
        )
    refit = origin - origin % (7 * REFIT_DEAR_WEEKS)
    base = past.at(int(day_start(refit, tz)[0]))
    span = ahead + 7 * REFIT_DEAR_WEEKS
    whole = base.remember(
        ("rate", model, name, span),
        lambda: _predict(model.fit(base.history(name)), base, name, refit, span, interval, tz),
    )
    return whole[origin - refit : origin - refit + ahead]


def fitted(model: RateModel, snapshot: Snapshot, name: str) -> FittedRate:
    """The model as fitted on the snapshot's last Monday: weekly refits, in hindcasts and live alike."""
    history = snapshot.history(name)
    monday = history.today - (history.today + 3) % 7
    base = snapshot.at(min(snapshot.cutoff, int(day_start(monday, history.series.tz)[0])))
    if base.history(name).grid.ds.size == 0 or monday - history.first_day < WARM_UP_DAYS:
        base = snapshot
    return base.remember(("fit", model, name), lambda: model.fit(base.history(name)))


def _predict(
    model: FittedRate, past: Snapshot, name: str, origin: int, ahead: int, interval: Interval, tz: str
) -> npt.NDArray[np.float64]:
    grid = Grid.days(origin, origin + ahead - 1, interval, tz)
    return np.nan_to_num(by_day(grid, model.rate(past.history(name), grid), first=origin, last=origin + ahead - 1))


def came_after(snapshot: Snapshot, name: str, origins: Ns, ahead: int) -> Floats:
    """float[o, ahead, slots]: what came on the days after each origin, as known at the snapshot's cutoff."""
    history = snapshot.history(name)
    slots = history.series.interval.slots
    if len(origins) == 0:
        return np.zeros((0, ahead, slots))
    table = by_day(
        history.grid,
        np.where(history.usable, history.y, np.nan),
        first=int(origins[0]),
        last=int(origins[-1]) + ahead - 1,
    )
    return table[(origins - origins[0])[:, None] + np.arange(ahead)[None, :]]
