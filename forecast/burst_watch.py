"""A signal watched for bursts: its counts as they became known, held against what is usual, with an alarm or none.

A bucket is taken as it was seen at its own end, so that lateness cancels out; the one that runs, as far as it was counted, against
the part of the usual that was to be expected by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, local_day
from forecast.bursting import REACH, TICK, Law, general_law, limit, watch, weights
from forecast.social.signals import NEGATIVE, REPOSTS, SignalName
from forecast.usual_posts import level, usual
from forecast.vintage import History, Signal, Snapshot, Versions, by_day

A_WEEK = 1.0  # false warnings of a company
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
STEP = TICK * MINUTE  # ns of a tick
CHUNK = 56  # days: what is usual is asked of eight weeks at a time
MOST_CHUNKS = 7
LEAST_DAYS = 14
WARM_UP, LOOK_BACK = 12, 24  # hours before the first score, and of scores
SETTLE = 24  # ticks after the alarm in which the size is still learnt
PROMPT, IMPORTED = (
    5 * MINUTE,
    HOUR,
)  # known so soon after a bucket is as good as at its end; known so late is history


@dataclass(frozen=True)
class Posts:
    """A signal per bucket as seen at the end of each. expected is NaN where nothing is usual yet.

    grid: Grid[n] of whole local days; counts, expected: float[n]; stormy: bool[n]
    mean: float[7, slots] what is usual now; spread: its overdispersion; per_hour: posts
    """

    grid: Grid
    counts: Floats
    expected: Floats
    stormy: Flags
    mean: Floats
    spread: float

    @property
    def per_hour(self) -> float:
        return float(self.mean.mean() * self.grid.slots / 24)

    @property
    def onsets(self) -> Ns:
        """Rows at which past bursts began: stormy, and nothing stormy in the three hours before."""
        rows = np.flatnonzero(self.stormy)
        fresh = np.diff(self.grid.ds[rows], prepend=np.iinfo(np.int64).min // 2) > 3 * HOUR
        return rows[fresh]


@dataclass(frozen=True)
class Alarm:
    """The latest burst. tick: ns at which `odds` float[REACH, h] were taken; score there; counts of posts since `begin`."""

    law: Law
    tick: int
    score: float
    odds: Floats
    begin: int
    counts: Floats
    expected: Floats

    def draws(self, rng: np.random.Generator, count: int) -> tuple[Ns, Floats, Ns]:
        """Onset ns [count], size [count] and hypothesis [count]."""
        chance = np.exp(self.odds - self.odds.max()).ravel()
        lag, row = np.unravel_index(rng.choice(len(chance), count, p=chance / chance.sum()), self.odds.shape)
        onset = self.tick - (REACH - lag) * STEP + STEP // 2
        return onset, self.law.size[row] * np.exp(0.25 * rng.standard_normal(count)), np.asarray(row)


def posts_of(snapshot: Snapshot, signal: Signal) -> Posts | None:
    """What is usual of a signal, from whole days before the cutoff's; None before two weeks."""
    return snapshot.remember(("usual posts", signal.name), lambda: _posts(signal, snapshot.cutoff))


def _posts(signal: Signal, cutoff: int) -> Posts | None:
    if len(signal.values) == 0:
        return None
    today = local_day(cutoff, signal.tz)
    first = local_day(int(signal.values.ds.min()), signal.tz)
    chunks = min(MOST_CHUNKS, -(-(today - first) // CHUNK))
    if today - first < LEAST_DAYS:
        return None
    begin = today - chunks * CHUNK
    grid = Grid.days(begin, today, signal.interval, signal.tz)
    grid = grid.take(grid.ds < cutoff)
    counts = np.where(grid.day < first, np.nan, seen(signal.values, grid.ds, grid.ds + _length(grid)))
    found = _usual_of(grid, counts, begin, today)
    return Posts(grid, counts, *found)


def _usual_of(grid: Grid, counts: Floats, begin: int, today: int) -> tuple[Floats, Flags, Floats, float]:
    """-> expected [n], stormy [n], mean [7, slots] and spread now. Today is judged by the weeks before it."""
    table = by_day(grid, counts, first=begin, last=today - 1).reshape(-1, CHUNK, grid.slots)
    weekday = (begin + np.arange(CHUNK) + 3) % 7
    all_ = usual(table, weekday)
    chunk = np.minimum((grid.day - begin) // CHUNK, len(table) - 1)
    expected = np.where(np.isnan(counts), np.nan, all_.mean[chunk, grid.weekday, grid.slot])
    past = grid.day < today
    stormy = np.zeros(len(grid), dtype=bool)
    stormy[past] = all_.stormy.reshape(-1, grid.slots)[(grid.day - begin)[past], grid.slot[past]]
    return expected, stormy, all_.mean[-1], float(all_.spread[-1])


def _length(grid: Grid) -> int:
    return grid.interval.seconds * SECOND


def seen(values: Versions, ds: Ns, ends: Ns) -> Floats:
    """Counts [n] as they were known at the end of each bucket; what was imported later as it is known now; else 0."""
    place = np.searchsorted(ds, values.ds)
    place[place == len(ds)] = 0
    mine = ds[place] == values.ds
    place, known, value = place[mine], values.known_at[mine], np.nan_to_num(values.value[mine])
    late = known - ends[place]
    counts, early = np.zeros(len(ds)), np.full(len(ds), np.iinfo(np.int64).max)
    np.minimum.at(early, place, late)
    chosen = (late <= PROMPT) | (early[place] > IMPORTED)
    counts[place[chosen]] = value[chosen]
    return counts


def alarm_of(snapshot: Snapshot, history: History, signal: Signal) -> Alarm | None:
    """The latest burst of the last day, if its score passed the limit."""
    posts = posts_of(snapshot, signal)
    if posts is None:
        return None
    counts, expected, closes, begin = _ticks(signal.values, posts, snapshot.cutoff)
    if counts.shape[1] == 0:
        return None
    weight = _weights(history, begin, counts.shape[1])
    law, bucket = general_law(posts.per_hour), _length(posts.grid) // STEP
    spread = np.array([posts.spread])
    score = watch(counts, expected, closes, spread, law, weight, bucket=bucket).score[0]
    share = A_WEEK / max(1, sum(is_watched(snapshot.signal(one)) for one in snapshot.signals))
    partly = bool(closes.all())
    first = _alarm_tick(score, limit(posts.per_hour, share, partly=partly))
    if first is None:
        return None
    stop = min(len(score), first + SETTLE + 1)
    cut = slice(0, stop)
    final = watch(counts[:, cut], expected[:, cut], closes[cut], spread, law, weight[:, cut], bucket=bucket)
    odds, tick = final.odds[0], begin + stop * STEP
    return Alarm(law, tick, float(score[first:stop].max()), odds, begin, counts[0], expected[0])


def _alarm_tick(score: Floats, least: float) -> int | None:
    """The tick at which the latest episode above the limit began; episodes lie more than REACH apart."""
    above = np.flatnonzero(score >= least)
    if len(above) == 0:
        return None
    begun = above[np.diff(above, prepend=-REACH - 1) > REACH]
    return int(begun[-1])


def is_watched(signal: Signal) -> bool:
    """Counts of posts, and what users brought; negative posts and reposts only repeat them."""
    measure = SignalName.parse(signal.name.split(":")[0]).measure
    return signal.kind == "count" and signal.interval.slots > 1 and measure not in (NEGATIVE, REPOSTS)


def _weights(history: History, begin: int, ticks: int) -> Floats:
    """float[1, ticks]: an onset matters when the queue is open an hour or two after it; weighed over a week."""
    tz, interval = history.series.tz, history.series.interval
    today = local_day(history.cutoff, tz)
    grid = Grid.days(today - 8, today + 1, interval, tz)
    open_ = history.scheduled(grid)
    count = 7 * 24 * HOUR // STEP
    at = begin + ticks * STEP - np.arange(count, 0, -1) * STEP
    matters = np.zeros(count, dtype=bool)
    for hours in (1, 2):
        row = np.searchsorted(grid.ds, at + hours * HOUR, side="right") - 1
        matters |= open_[np.clip(row, 0, len(grid) - 1)]
    return weights(matters)[None, -ticks:]


def _ticks(values: Versions, posts: Posts, cutoff: int) -> tuple[Floats, Floats, Flags, int]:
    """-> counts, expected float[1, t], closes bool[t] (see `watch`), and when the first tick begins."""
    ds, length = posts.grid.ds, _length(posts.grid)
    first = max(0, int(np.searchsorted(ds, cutoff - LOOK_BACK * HOUR, side="right")) - 1)
    warm = max(0, first - WARM_UP * HOUR // length)
    rows = slice(warm, len(ds))
    mean = posts.mean[posts.grid.weekday[rows], posts.grid.slot[rows]]
    held = np.nan_to_num(posts.counts[rows])
    raised = mean * level(held[None], mean[None], np.array([posts.spread]), posts.grid.slots)[0]
    begin, bucket = int(ds[first]), length // STEP
    ticks = (cutoff - begin) // STEP
    expected = np.repeat(raised[first - warm :] / bucket, bucket)[:ticks]
    at, added = _added(values, begin, length)
    inside = at < ticks
    counts = np.maximum(np.bincount(at[inside], weights=added[inside], minlength=ticks), 0.0)
    step = _step(values, bucket, length)
    closes = (np.arange(ticks) % bucket + 1) % step == 0
    closes[bucket - 1 :: bucket] = True
    return counts[None], expected[None], closes, begin


def _added(values: Versions, begin: int, length: int) -> tuple[Ns, Floats]:
    """What each version from `begin` on added to its bucket, and the tick it became known in, within its bucket."""
    inside = values.ds >= begin
    ds, value, known = values.ds[inside], np.nan_to_num(values.value[inside]), values.known_at[inside]
    late = known - ds - length
    _, row = np.unique(ds, return_inverse=True)
    early = np.full(row.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(early, row, late)
    kept = (late <= PROMPT) | (early[row] > IMPORTED)
    ds, value, known = ds[kept], value[kept], known[kept]
    order = np.lexsort((known, ds))  # stable: of the same moment the later upload stays later
    ds, value, known = ds[order], value[order], known[order]
    fresh = np.diff(ds, prepend=-1) != 0
    added = np.diff(value, prepend=0.0)
    added[fresh] = value[fresh]
    tick = np.clip((known - begin - 1) // STEP, (ds - begin) // STEP, (ds - begin + length) // STEP - 1)
    return tick, added


def _step(values: Versions, bucket: int, length: int) -> int:
    """Every how many ticks the bucket that runs is counted: by the closest moments at which counts became known."""
    early = values.known_at[values.known_at < values.ds + length]
    moments = np.unique(early[early > early.max(initial=0) - 14 * 24 * HOUR])
    if len(moments) < 20:
        return bucket
    gap = float(np.quantile(np.diff(moments), 0.1)) / STEP
    return (
        next(step for step in range(max(1, round(gap)), bucket + 1) if bucket % step == 0)
        if gap < bucket
        else bucket
    )
