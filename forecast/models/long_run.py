"""The long run: months ahead by day, from a queue's day totals, with bands that widen.

    day totals ─► year_profile, dhr, level_profile ─► hindcasts at long leads ─► weights ─► noise by lead ─► paths by day

What is right tomorrow (today's news, last week's level) is wrong next summer, so long leads have weights and noise of
their own, learnt from forecasts made every four weeks over the last years and compared with what came up to a year and a
half later. The flat level is among the methods: where no year pattern has shown itself, it is what is left.

How far the history supports: less than a quarter of a year gives at most 13 weeks, less than a year at most 26, from a
year on everything that is asked for; a year pattern is claimed from a year and a half on. The forecast says so (`note`).

Weights by past loss, shrunk: Bates & Granger (1969), Oper. Res. Quarterly 20:451-468; long-term workloads of call centres
from day totals: Aldor-Noiman, Feigin & Mandelbaum (2009), Ann. Appl. Stat. 3:1403-1447.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start
from forecast.errors import NotEnoughHistory
from forecast.models.base import FittedRate, Paths, RateModel
from forecast.models.day_series import day_archive
from forecast.models.dhr import Dhr
from forecast.models.hindcasts import came_after
from forecast.models.level_profile import LevelProfile
from forecast.models.long_noise import BLOCK, WEEK, LongNoise
from forecast.models.year_profile import YEARLY_DAYS, YearProfile
from forecast.queue_map import part_of
from forecast.vintage import Snapshot

METHODS: tuple[RateModel, ...] = (YearProfile(), Dhr(), LevelProfile())
# weights before anything was seen: two that know the year, and the flat level
PRIOR = (0.4, 0.4, 0.2)
PRIOR_SPELLS = 2.0  # spells of equal loss
POWER = 3.0  # weight ~ loss ** -POWER
ORIGIN_DAYS = 28  # between hindcasts
REFIT = 4  # hindcasts that share a fit
PAST_DAYS = 1461  # of hindcasts: four years
LEAST_TAUGHT = 42  # days before the first of them
QUARTER, YEAR = 91, 365
REACH_SHORT, REACH_YOUNG = 91, 182  # days ahead for less than a quarter, and less than a year, of history
LARGEST = 1.5  # log error of a drawn day
FADE = 28.0  # days in which what sets the near forecast apart from the long one halves
MONTH = 30.44


@dataclass(frozen=True)
class LongRun:
    """One series by local day, from the cutoff's day on.

    expected: float[days]; weights: mean weight of each method over the days ahead
    note: how far its history supports it, or ''
    """

    paths: Paths
    expected: Floats
    weights: Mapping[str, float]
    note: str


@dataclass(frozen=True)
class _Hindcasts:
    """rates float[methods, origins, ahead], came float[origins, ahead] (NaN unknown)."""

    rates: Floats
    came: Floats


def long_run(snapshot: Snapshot, name: str, *, days: int, draws: int, seed: int) -> LongRun:
    """Paths of the next local days, as many of `days` as the history supports."""
    history = snapshot.history(name)
    held, taught = day_archive(history).at(snapshot.cutoff), history.today - history.first_day
    ahead = np.arange(min(days, reach(taught)), dtype=np.int64)
    grid = Grid.days(history.today, history.today + len(ahead) - 1, Interval.DAY, history.series.tz)
    if history.dead:
        return LongRun(Paths((name,), grid, np.zeros((1, len(grid), draws))), np.zeros(len(grid)), {}, "")
    past = _hindcasts(held, name, taught, len(ahead))
    weights = _weights(past)[:, np.minimum(ahead // BLOCK, _blocks(len(ahead)) - 1)]
    noise = LongNoise.of((past.rates * weights[:, None]).sum(axis=0), past.came)
    part = part_of(held.history(name), grid)
    expected = part * (weights * np.stack(_rates(held, name, grid))).sum(axis=0)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), zlib.crc32(b"long run")])
    error = np.clip(noise.draw(ahead + 1, draws, rng), -LARGEST, LARGEST)
    values = rng.poisson(np.minimum(expected[:, None] * np.exp(error), 1e12)).astype(np.float64)
    shares = {method.name: round(float(row.mean()), 3) for method, row in zip(METHODS, weights, strict=True)}
    return LongRun(Paths((name,), grid, values[None]), expected, shares, note(name, taught, days))


def reach(taught: int) -> int:
    """Days of history -> how many days ahead it supports."""
    if taught < QUARTER:
        return REACH_SHORT
    return REACH_YOUNG if taught < YEAR else 10 * YEAR


def note(name: str, taught: int, days: int) -> str:
    """What a planner should know about a forecast of so many days, or ''."""
    if days <= REACH_SHORT or taught >= 3 * YEAR:
        return ""
    known = f"{taught // WEEK} weeks" if taught < QUARTER else f"{taught / MONTH:.0f} months"
    if taught >= YEARLY_DAYS:
        return f"{name}: {known} of history: the year pattern rests on little and is held back."
    level = "beyond 13 weeks this is the present level with wide bands"
    if taught < QUARTER:
        level = "the forecast ends after 13 weeks"
    elif taught < YEAR:
        level += ", and it ends after 26 weeks"
    return f"{name}: {known} of history: no year pattern is known; {level}."


def beyond(near: Paths, far: LongRun, today: int) -> Paths | None:
    """The days of the long run after those of the near forecast, fitted on to it; None where there are none.

    near: paths by local day of the same series and as many draws, from before or on `today`

    Draw by draw the two are one future: the draws that are high at the end of the near forecast go on as those that are
    high at the beginning of the long run, and what sets the two apart at the border fades. So a week or a month that lies
    on both sides is a sum of paths.
    """
    last = int(near.grid.day[-1])
    later = far.paths.grid.day > last
    if not later.any():
        return None
    mine = (near.grid.day >= max(today, last - BLOCK + 1)) & ~np.isnan(near.values[0]).any(axis=1)
    ending = near.values[0, mine].sum(axis=0)
    usual = float(far.expected[np.isin(far.paths.grid.day, near.grid.day[mine])].sum())
    values = far.paths.values[0, later]
    apart = float(np.clip(np.median(ending) / usual, 0.5, 2.0)) if usual > 0 and ending.any() else 1.0
    fading = 0.5 ** ((far.paths.grid.day[later] - last) / FADE)
    beginning = values[:BLOCK].sum(axis=0)
    order = np.empty(len(ending), dtype=np.int64)
    order[np.argsort(ending, kind="stable")] = np.argsort(beginning, kind="stable")
    values = values[:, order] * (apart**fading)[:, None]
    return replace(far.paths, grid=far.paths.grid.take(later), values=values[None])


def _hindcasts(held: Snapshot, name: str, taught: int, ahead: int) -> _Hindcasts:
    """What each method would have said every four weeks of the last years, and what came."""
    history = held.history(name)
    begin = max(LEAST_TAUGHT, min(YEARLY_DAYS, taught // 2))
    first = max(history.today - taught + begin, history.today - PAST_DAYS)
    origins = np.arange(history.today - BLOCK, first - 1, -ORIGIN_DAYS, dtype=np.int64)[::-1]
    rates = np.zeros((len(METHODS), len(origins), ahead))
    came = came_after(held, name, origins, ahead)[:, :, 0]
    came[origins[:, None] + np.arange(ahead) >= history.today] = np.nan  # today is not over
    fits: list[FittedRate | None] = []
    for at, origin in enumerate(origins.tolist()):
        past = held.at(int(day_start([origin], history.series.tz)[0]))
        if at % REFIT == 0:
            fits = [_fit(method, past, name) for method in METHODS]
        if None in fits:
            came[at] = np.nan
            continue
        most = min(ahead, history.today - origin)
        grid = Grid.days(origin, origin + most - 1, Interval.DAY, history.series.tz)
        rates[:, at, :most] = [fit.rate(past.history(name), grid) for fit in fits if fit is not None]
    return _Hindcasts(rates, came)


def _fit(method: RateModel, past: Snapshot, name: str) -> FittedRate | None:
    try:
        return method.fit(past.history(name))
    except NotEnoughHistory:
        return None


def _rates(held: Snapshot, name: str, grid: Grid) -> list[Floats]:
    """float[days] of each method now; one that cannot be fitted says what the flat level says."""
    history = held.history(name)
    flat = LevelProfile().fit(history)
    return [(_fit(method, held, name) or flat).rate(history, grid) for method in METHODS]


def _blocks(ahead: int) -> int:
    return -(-ahead // BLOCK)


def _weights(past: _Hindcasts) -> Floats:
    """float[methods, blocks ahead], columns summing to 1: by the error of four-week sums, shrunk, smooth over leads."""
    ahead = past.came.shape[1]
    edges = np.arange(0, ahead, BLOCK)
    prior = np.array(PRIOR)[:, None]
    known = ~np.isnan(past.came)
    seen = np.add.reduceat(known, edges, axis=1) > BLOCK / 4
    off = np.where(known, past.rates - np.nan_to_num(past.came), 0.0)
    error = np.abs(np.add.reduceat(off, edges, axis=2))
    count = seen.sum(axis=0)
    if not count.any():
        return np.repeat(prior, len(edges), axis=1)
    loss = (error * seen).sum(axis=1) / np.maximum(count, 1)
    far = int(np.flatnonzero(count)[-1])
    loss = np.stack(
        [loss[:, max(0, at - 2) : min(at, far) + 3].mean(axis=1) for at in range(far + 1)], axis=1
    )
    spells = 1 + np.maximum(count[: far + 1] - 1, 0) / (np.arange(far + 1) + 1)
    loss = loss + PRIOR_SPELLS / spells * loss.mean(axis=0)
    raw = prior * np.maximum(loss / np.maximum(loss.min(axis=0), 1e-9), 1e-9) ** -POWER
    raw = raw / raw.sum(axis=0)
    return np.asarray(raw[:, np.minimum(np.arange(len(edges)), far)])
