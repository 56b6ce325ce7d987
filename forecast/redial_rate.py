"""r: what part of those who hang up unheard calls again, where no log shows it. Estimated from a queue's own history.

    offered = fresh + r x redials there would be if everybody called again     (`redials.py`)

Many hang up because many call, so what hangs up and what is offered rise together without a single redial. What breaks
the circle is time. Given how busy a bucket was, how many hang up in it depends on the staff, not on the calls to come;
those who call again make the NEXT buckets busier than the ones before had announced. So each bucket's excess over its
season is first freed from what the earlier buckets of its day and week tell of it (generalised least squares: a week, a
day, what fades within the day, and counting noise, whose covariance is turned into innovations by its Cholesky factor),
and these innovations are set against those who hung up before. Redials within the same bucket are taken from the share
that hung up in the bucket before, never from the bucket itself. What follows a surge of contacts tells nothing: it goes on
by itself, and many hang up in it.

The result leans on PRIOR as far as its standard error (by weeks, sandwich) is wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval
from forecast.redials import delays

PRIOR, SPREAD = 0.3, 0.2  # mean and standard deviation of r over queues, before a queue's own data speak
MOST = 0.95
TAUGHT_WEEKS, LEAST_WEEKS = 52, 8
AROUND = 4  # weeks to either side that tell what is usual
LEAST_USUAL = 1.0  # contacts a bucket: thinner ones tell nothing
STRANGE_DAY = (0.5, 2.5)  # times the usual; a day outside is another kind of day (a holiday, closed early)
CONTROLS = 4
SURGE, AFTER = 0.1, 4  # excess beyond chance that makes a surge; buckets after one tell nothing
ROUNDS, CALM = (
    4,
    2.5,
)  # of re-estimation; standard deviations from which on an innovation counts less (Huber 1964)
Z90 = 1.645


@dataclass(frozen=True)
class RedialRate:
    """r with its 90 % interval, after leaning on the prior; n: weeks it was learnt from, 0 where only the prior speaks."""

    r: float
    lower: float
    upper: float
    n: int


def estimate(
    ds: Ns, offered: Floats, lost: Floats, *, interval: Interval, tz: str, window_minutes: float
) -> RedialRate | None:
    """Buckets ds[n] with contacts and those who hung up unheard [n], NaN unknown -> r; None where it cannot be told.

    It takes intervals of an hour at most and LEAST_WEEKS weeks with abandoned contacts.
    """
    if interval.slots == 1 or len(ds) == 0:
        return None
    weeks = _weeks(ds, offered, lost, interval, tz)
    known = ~np.isnan(weeks.offered) & ~np.isnan(weeks.lost)
    if known.any(axis=(1, 2)).sum() < LEAST_WEEKS or np.nansum(weeks.lost) <= 0:
        return None
    seen = _excess(weeks, delays(interval, window_minutes))
    found = _least_squares(seen)
    if found is None:
        return None
    return leaning(*found)


def leaning(r: float, error: float, n: int) -> RedialRate:
    """An estimate and its standard error -> both together with the prior (normal law on normal law)."""
    weight = SPREAD**2 / (SPREAD**2 + error**2)
    mean, spread = weight * r + (1 - weight) * PRIOR, SPREAD * np.sqrt(1 - weight)
    low, mid, high = np.clip([mean - Z90 * spread, mean, mean + Z90 * spread], 0.0, MOST)
    return RedialRate(float(mid), float(low), float(high), n)


@dataclass(frozen=True)
class Weeks:
    """offered, lost: float[weeks, 7, slots], NaN unknown; a repeated hour is left out."""

    offered: Floats
    lost: Floats


def _weeks(ds: Ns, offered: Floats, lost: Floats, interval: Interval, tz: str) -> Weeks:
    grid = Grid.of(ds, interval, tz)
    monday = grid.day - grid.weekday
    first = max(int(monday.min()), int(monday.max()) - 7 * (TAUGHT_WEEKS - 1))
    rows = monday >= first
    week = (monday[rows] - first) // 7
    shape = (int(week.max()) + 1, 7, grid.slots)
    made = []
    for values in (offered, lost):
        table = np.full(shape, np.nan)
        table[week, grid.weekday[rows], grid.slot[rows]] = values[rows]
        made.append(table)
    return Weeks(made[0], made[1])


@dataclass(frozen=True)
class Excess:
    """What is set against each other, float[weeks, 7, slots], NaN where a bucket tells nothing.

    y: contacts beyond the usual, over the usual; x: redials if all called again, likewise; ahead: x as it was to be
    expected before the bucket began
    usual: contacts; calm: no surge in the AFTER buckets before; surges themselves tell nothing
    """

    y: Floats
    x: Floats
    ahead: Floats
    usual: Floats
    calm: Flags


def _excess(weeks: Weeks, spread: Floats) -> Excess:
    day = _around(np.nansum(weeks.offered, axis=2, keepdims=True))
    share = weeks.offered / np.maximum(np.nansum(weeks.offered, axis=2, keepdims=True), 1.0)
    usual = day * _around(share)
    usual = np.where(usual >= LEAST_USUAL, usual, np.nan)
    x, ahead = (one / usual for one in _if_all_called(weeks, usual, spread))
    usually = _typical(x)
    x, ahead = x - usually, ahead - usually
    y = weeks.offered / usual - 1
    whole = np.nansum(weeks.offered, axis=2) / np.maximum(day[:, :, 0], 1.0)
    y[(whole < STRANGE_DAY[0]) | (whole > STRANGE_DAY[1])] = np.nan
    y = np.where(np.isnan(x), np.nan, y)
    surge = _surges(y, x, usual)
    after = [_back(surge.astype(np.float64), k) > 0 for k in range(1, AFTER + 1)]
    return Excess(np.where(surge, np.nan, y), x, ahead, usual, ~np.any(after, axis=0))


def _around(table: Floats) -> Floats:
    """float[weeks, ...] -> the median of the same place within AROUND weeks to either side, the week itself left out."""
    count = len(table)
    padded = np.concatenate(
        [np.full((AROUND, *table.shape[1:]), np.nan), table, np.full((AROUND, *table.shape[1:]), np.nan)]
    )
    near = np.stack([padded[at : at + count] for at in range(2 * AROUND + 1) if at != AROUND])
    told = (~np.isnan(near)).sum(axis=0) >= 2
    middle = np.full(table.shape, np.nan)
    middle[told] = np.nanmedian(near[:, told], axis=0)
    return middle


def _typical(table: Floats) -> Floats:
    """float[weeks, ...] -> the median of the same place over all weeks [1, ...].

    Not of the weeks around: in them little was offered where little was lost, and the excess over them is set against this.
    """
    told = ~np.isnan(table).all(axis=0)
    middle = np.full((1, *table.shape[1:]), np.nan)
    middle[0, told] = np.nanmedian(table[:, told], axis=0)
    return middle


def _back(table: Floats, k: int) -> Floats:
    """float[..., slots] -> the values k slots before, 0 at the day's beginning."""
    return np.concatenate([np.zeros((*table.shape[:-1], k)), table[..., :-k]], axis=-1) if k else table


def _if_all_called(weeks: Weeks, usual: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Redials of each bucket if all who hung up called again, float[weeks, 7, slots]: as it was, and as known before it."""
    lost, offered = np.nan_to_num(weeks.lost), np.nan_to_num(weeks.offered)
    share = lost / np.maximum(offered, 1.0)
    normal = np.nan_to_num(_typical(np.where(np.isnan(weeks.offered), np.nan, share)))
    strays, last = share - normal, _back(share - normal, 1)
    held = float((strays[..., 1:] * last[..., 1:]).sum() / max(float((last**2).sum()), 1e-12))
    here = np.maximum(normal + np.clip(held, 0.0, 1.0) * last, 0.0) * np.nan_to_num(usual)
    after = sum((part * _back(lost, k) for k, part in enumerate(spread) if k), start=np.zeros_like(lost))
    return spread[0] * lost + after, spread[0] * here + after


def _least_squares(seen: Excess) -> tuple[float, float, int] | None:
    """r, its standard error and the number of weeks; None where nobody ever hung up more or less than usual."""
    rows = [np.flatnonzero(~np.isnan(one)) for one in (seen.y + seen.x).reshape(len(seen.y), -1)]
    weeks = [at for at, mine in enumerate(rows) if len(mine) > 1]
    if len(weeks) < LEAST_WEEKS:
        return None
    r, error = PRIOR, SPREAD
    for _ in range(ROUNDS):
        law = Law.of(seen.y - r * np.nan_to_num(seen.x), seen.usual)
        stacks = [_whitened(seen, at, rows[at], law, r) for at in weeks]
        design, target = (np.concatenate([one[part] for one in stacks]) for part in (0, 1))
        week = np.repeat(np.arange(len(stacks)), [len(one[1]) for one in stacks])
        if float((design[:, 0] ** 2).sum()) <= 1e-9:
            return None
        beta, errors = _huber(design, target, week)
        r, error = float(np.clip(beta, 0.0, MOST)), errors
        raw = beta
    return float(raw), float(error), len(weeks)


@dataclass(frozen=True)
class Law:
    """Covariance of the excess within a week: of the week, of the day, of what fades from slot to slot, of counts."""

    week: float
    day: float
    fading: float
    keep: float
    count: float

    @classmethod
    def of(cls, left: Floats, usual: Floats) -> Law:
        """By moments of float[weeks, 7, slots], the strangest values cut to three standard deviations."""
        bound = 3 * np.nanstd(left)
        left = np.clip(left, -bound, bound)
        slots = left.shape[2]
        means = _mean_days(left)
        known = ~np.isnan(means)
        filled = np.nan_to_num(means)
        pairs = (known.sum(axis=1) ** 2 - known.sum(axis=1)).sum()
        week = float(((filled.sum(axis=1) ** 2 - (filled**2).sum(axis=1)).sum()) / max(pairs, 1))
        lags = [_product(left, lag) for lag in range(slots)]
        told = [value for value, count in lags[slots // 6 :] if count > 200]
        week = max(week, 0.0)
        day = max(float(np.mean(told)) - week if told else 0.0, 0.0)
        near = [max(lags[lag][0] - week - day, 0.0) for lag in (1, 2)]
        keep = float(np.clip(near[1] / near[0], 0.0, 0.95)) if near[0] > 0 else 0.0
        counting = float(np.nanmean(1 / usual))
        fading = min(near[0] / keep, max(lags[0][0] - week - day - counting, 0.0)) if keep > 0.05 else near[0]
        count = max((lags[0][0] - week - day - fading) / counting, 1.0)
        return cls(week, day, fading, keep, count)

    def matrix(self, day: Ns, slot: Ns, usual: Floats) -> Floats:
        """float[n, n] of buckets by day and slot of one week."""
        same = day[:, None] == day[None, :]
        away = np.abs(slot[:, None] - slot[None, :])
        shared = self.week + same * (self.day + self.fading * self.keep**away)
        return np.asarray(shared + np.diag(self.count / usual))


def _mean_days(left: Floats) -> Floats:
    count = (~np.isnan(left)).sum(axis=2)
    return np.where(count > 0, np.nansum(left, axis=2) / np.maximum(count, 1), np.nan)


def _product(left: Floats, lag: int) -> tuple[float, int]:
    """Mean product of buckets of a day so many slots apart, and of how many."""
    one, other = (left, left) if lag == 0 else (left[..., lag:], left[..., :-lag])
    both = one * other
    count = int((~np.isnan(both)).sum())
    return (float(np.nansum(both)) / max(count, 1), count)


def _whitened(seen: Excess, at: int, rows: Ns, law: Law, r: float) -> tuple[Floats, Floats]:
    """Design float[n, 1 + CONTROLS] (redials first) and target [n] of a week as innovations, in calm buckets."""
    slots = seen.y.shape[2]
    y, x, ahead, usual = (table[at].ravel()[rows] for table in (seen.y, seen.x, seen.ahead, seen.usual))
    factor = np.linalg.cholesky(law.matrix(rows // slots, rows % slots, usual))
    white = np.linalg.solve(factor, np.column_stack([x, y]))
    white[:, 0] += (ahead - x) / np.diag(factor)  # of the bucket itself only what was known before it
    fresh = seen.y[at] - r * seen.x[at]
    controls = _told_before(fresh).reshape(CONTROLS, -1)[:, rows] / np.diag(factor)
    calm = seen.calm[at].ravel()[rows]
    return np.column_stack([white[:, 0], controls.T])[calm], white[calm, 1]


def _told_before(fresh: Floats) -> Floats:
    """Excess float[7, slots] without redials -> float[CONTROLS, 7, slots]: what the buckets before tell, 0 where none does.

    The two buckets before, the day so far, the week's days before.
    """
    known, filled = ~np.isnan(fresh), np.nan_to_num(fresh)
    near = [_back(filled, k) for k in (1, 2)]
    today = _back(np.cumsum(filled, axis=1) / np.maximum(np.cumsum(known, axis=1), 1), 1)
    days, counts = filled.sum(axis=1), known.sum(axis=1)
    week = (np.cumsum(days) - days) / np.maximum(np.cumsum(counts) - counts, 1)
    return np.stack([*near, today, np.repeat(week[:, None], fresh.shape[1], axis=1)])


def _surges(y: Floats, x: Floats, usual: Floats) -> Flags:
    """bool[..., slots]: contacts beyond what chance and PRIOR explain. Not r itself: it would explain surges away."""
    return np.asarray(np.nan_to_num(y - PRIOR * x) > SURGE + 2 / np.sqrt(np.nan_to_num(usual, nan=np.inf)))


def _huber(design: Floats, target: Floats, week: Ns) -> tuple[float, float]:
    """The first coefficient and its standard error, with weights that let few wild innovations decide little."""
    weight: Floats = np.ones(len(target))
    used: Flags = (design**2).sum(axis=0) > 1e-9
    design = design[:, used]
    for _ in range(5):
        bread = np.linalg.pinv((weight[:, None] * design).T @ design)
        beta = bread @ ((weight[:, None] * design).T @ target)
        left = target - design @ beta
        weight = np.minimum(1.0, CALM / np.maximum(np.abs(left), 1e-9))
    scores = (weight * left)[:, None] * design
    by_week = np.stack([np.bincount(week, weights=one) for one in scores.T], axis=1)
    sandwich = bread @ (by_week.T @ by_week) @ bread
    return float(beta[0]), float(np.sqrt(max(sandwich[0, 0], bread[0, 0])))
