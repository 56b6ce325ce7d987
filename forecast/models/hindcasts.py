"""Hindcasts: what a rate model would have said on past days, and what came.

They are the one source of everything that is learnt about a method: which method to trust, how much noise its
forecasts carry, how today's first hours should move it, whether a signal helps. Each hindcast is a forecast from
`snapshot.at(past day)`, so none of them can know what came after it; the memo of the archive keeps them, so that a
back-test with many cutoffs makes each once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval, day_start, midnight
from forecast.errors import NotEnoughHistory
from forecast.models.base import FittedRate, RateModel
from forecast.vintage import Snapshot, by_day

WARM_UP_DAYS = 21  # a hindcast stands on at least three weeks
AHEAD_DAYS = 28
CHEAP_WEEKS, SELDOM_WEEKS, DEAR_WEEKS = 4, 8, 4  # between refits; live, every model is refitted weekly
CHEAP, DEAR = 0.05, 1.0  # seconds of a fit; a dear model does not even predict in between


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

    def without(self, days: Collection[int]) -> Hindcasts:
        """The same forecasts, with what came on these local days unknown."""
        if not days:
            return self
        ahead = np.arange(self.came.shape[1])
        out = np.isin(self.origins[:, None] + ahead[None, :], list(days))
        return Hindcasts(self.origins, self.rate, np.where(out[:, :, None], np.nan, self.came))

    def tail(self, days: int) -> Hindcasts:
        """Only the origins of the last so many days."""
        begin = int(np.searchsorted(self.origins, self.origins[-1] - days, side="right")) if len(self) else 0
        return Hindcasts(self.origins[begin:], self.rate[begin:], self.came[begin:])

    def freshest(self) -> Hindcasts:
        """Each day once, by the latest forecast made before it; `ahead` has one entry. Origins are `every` days apart."""
        every = int(np.diff(self.origins).min()) if len(self) > 1 else 1
        days = (self.origins[:, None] + np.arange(every)).ravel()
        shape = (len(days), 1, self.rate.shape[2])
        return Hindcasts(days, self.rate[:, :every].reshape(shape), self.came[:, :every].reshape(shape))

    def at(self, origins: Ns) -> Hindcasts:
        """Only the given origins, all of which are held."""
        rows = np.searchsorted(self.origins, origins)
        return Hindcasts(origins, self.rate[rows], self.came[rows])


def hindcast(
    model: RateModel, snapshot: Snapshot, name: str, *, days: int, ahead: int = AHEAD_DAYS
) -> Hindcasts:
    """Hindcasts of one model; see `hindcasts`."""
    return hindcasts((model,), snapshot, name, days=days, ahead=ahead)[0]


def hindcasts(
    models: Sequence[RateModel],
    snapshot: Snapshot,
    name: str,
    *,
    days: int,
    ahead: int = AHEAD_DAYS,
    every: int = 1,
) -> list[Hindcasts]:
    """Hindcasts of each model from the last `days` local days before the snapshot's day, fewer where history is short.

    every: one origin in so many days, always the same days, so that the next cutoff finds them made

    An origin at which a model had not enough history yet is left out of that model's. All models are asked origin by
    origin, because winding back is what costs.
    """
    history = snapshot.history(name)
    last = history.today - 1
    first = max(history.first_day + WARM_UP_DAYS, last - days + 1)
    interval, tz = history.series.interval, history.series.tz
    rates: list[list[Floats]] = [[] for _ in models]
    kept: list[list[int]] = [[] for _ in models]
    chosen = np.arange(first + -first % every, last + 1, every)
    for origin, moment in zip(chosen.tolist(), day_start(chosen, tz), strict=True):
        past = snapshot.at(int(moment))
        for at, model in enumerate(models):
            weeks = CHEAP_WEEKS if model.cost < CHEAP else SELDOM_WEEKS
            try:
                rates[at].append(_rate(model, past, name, Origin(origin, ahead, weeks), interval, tz))
            except NotEnoughHistory:
                continue
            kept[at].append(origin)
    made = []
    for mine, days_kept in zip(rates, kept, strict=True):
        origins = np.array(days_kept, dtype=np.int64)
        rate = np.stack(mine) if mine else np.zeros((0, ahead, interval.slots))
        made.append(Hindcasts(origins, rate, came_after(snapshot, name, origins, ahead)))
    return made


class Origin(NamedTuple):
    """A hindcast's local day, how many days it looks ahead, and how many weeks apart its model is refitted."""

    day: int
    ahead: int
    weeks: int

    @property
    def refit(self) -> int:
        """The Monday on which the model was fitted last."""
        monday = self.day - (self.day + 3) % 7
        return monday - (monday + 3) // 7 % self.weeks * 7


def _rate(model: RateModel, past: Snapshot, name: str, origin: Origin, interval: Interval, tz: str) -> Floats:
    """float[ahead, slots] from one origin; a dear model's forecast is the tail of the one made at its last refit."""
    if model.cost < DEAR:
        return past.remember(
            ("rate", model, name, origin.ahead, origin.refit),
            lambda: _predict(
                fitted(model, past, name, origin.weeks), past, name, origin.day, origin.ahead, interval, tz
            ),
        )
    begin = origin._replace(weeks=DEAR_WEEKS).refit
    base = past.at(midnight(begin, tz))
    span = origin.ahead + 7 * DEAR_WEEKS
    whole = base.remember(
        ("rate", model, name, span),
        lambda: _predict(model.fit(base.history(name)), base, name, begin, span, interval, tz),
    )
    return whole[origin.day - begin : origin.day - begin + origin.ahead]


def fitted(model: RateModel, snapshot: Snapshot, name: str, weeks: int = 1) -> FittedRate:
    """The model as fitted on the last Monday, of every week or of every so many weeks; live it is every week."""
    history = snapshot.history(name)
    monday = Origin(history.today, 1, weeks).refit
    base = snapshot.at(min(snapshot.cutoff, midnight(monday, history.series.tz)))
    if monday - history.first_day < WARM_UP_DAYS:
        base = snapshot
    return base.remember(("fit", model, name), lambda: model.fit(base.history(name)))


def _predict(
    model: FittedRate, past: Snapshot, name: str, origin: int, ahead: int, interval: Interval, tz: str
) -> Floats:
    grid = Grid.days(origin, origin + ahead - 1, interval, tz)
    return np.nan_to_num(
        by_day(grid, model.rate(past.history(name), grid), first=origin, last=origin + ahead - 1)
    )


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
    return np.asarray(table[(origins - origins[0])[:, None] + np.arange(ahead)[None, :]])
