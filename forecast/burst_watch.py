"""A signal watched for bursts: its counts as they became known, held against what is usual, with an alarm or none.

A bucket is taken as it was seen at its own end, so that lateness cancels out; the one that runs, as far as it was counted, against
the part of the usual that was to be expected by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, local_day
from forecast.burst_sizes import FINE, found, size_law, whole
from forecast.bursting import REACH, TICK, Law, Watched, general_law, limit, watch, weights, written
from forecast.known_counts import added, carried, closing, seen, step_of
from forecast.social.signals import NEGATIVE, REPOSTS, SignalName
from forecast.usual_posts import level, usual
from forecast.vintage import History, Signal, Snapshot, by_day

A_WEEK = 1.0  # false warnings of a company
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
STEP = TICK * MINUTE  # ns of a tick
CHUNK = 56  # days: what is usual is asked of eight weeks at a time
MOST_CHUNKS = 7
LEAST_DAYS = 14
WARM_UP, LOOK_BACK = 12, 24  # hours before the first score, and of scores
SETTLE = 24  # ticks after the alarm in which the size is still learnt
LEAST_POSTS = 8.0  # beyond the usual, for a past burst to teach
TAIL = 3  # hours after its last stormy bucket to which a past burst is counted
EXPLAINED = 1.5  # so many times what a burst lets expect of posts is no new burst


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

    def burst(self, onset: int, after: int) -> tuple[slice, float]:
        """Rows of the burst that began in row `onset`, before row `after`, and its posts beyond the usual, the tail added."""
        length = _length(self.grid)
        last = onset + int(np.flatnonzero(self.stormy[onset:after]).max())
        stop = min(after, last + 1 + TAIL * HOUR // length)
        rows = slice(max(0, onset - 1), stop)
        minutes = (stop - onset - 0.5) * length / MINUTE
        return rows, whole(float(np.nansum(self.counts[rows] - self.expected[rows])), minutes)

    @property
    def bursts(self) -> list[tuple[int, slice, float]]:
        """Past bursts large enough to teach: the row of the onset, the rows, the posts beyond the usual."""
        onsets = self.onsets.tolist()
        each = [
            (onset, *self.burst(onset, after))
            for onset, after in zip(onsets, [*onsets[1:], len(self.grid)], strict=True)
        ]
        return [one for one in each if one[2] >= LEAST_POSTS]

    def sizes(self, posts: float) -> Law:
        """How large a burst is that has brought so many posts, by the past bursts of this signal."""
        past = np.array([size for *_, size in self.bursts])
        shown = found(past, self.mean.ravel(), self.spread, _length(self.grid) / MINUTE)
        return size_law(past, shown, posts)


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
        return onset, self.law.size[row] * FINE ** (rng.random(count) - 0.5), np.asarray(row)

    def still(self, first: int, ticks: int) -> Floats:
        """float[ticks]: posts of the burst expected in each tick from `first` (counted since `begin`) on."""
        onset, size, row = self.draws(np.random.default_rng(2), 200)
        edges = self.begin + (first + np.arange(ticks + 1)) * STEP
        after = (edges[None] - onset[:, None]) / MINUTE
        share = written(after, self.law.rise[row, None], self.law.decay[row, None])
        return np.asarray((size[:, None] * np.diff(share, axis=1)).mean(axis=0))


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


def alarm_of(snapshot: Snapshot, history: History, signal: Signal) -> Alarm | None:
    """The latest burst of the last day whose score passed the limit.

    Once a burst is sized, a new one is what it does not explain: without that, a false alarm would hide a storm for hours.
    """
    posts = posts_of(snapshot, signal)
    if posts is None:
        return None
    counts, expected, closes, begin = ticks_of(signal, posts, snapshot.cutoff)
    ticks, bucket = counts.shape[1], _length(posts.grid) // STEP
    if not counts.any():
        return None
    weight = _weights(history, begin, ticks)
    share = A_WEEK / max(1, sum(is_watched(snapshot.signal(one)) for one in snapshot.signals))
    least = limit(posts.per_hour, share, partly=step_of(signal) == 1)
    found_, since, raised = None, 0, expected.copy()
    while since < ticks:
        run = _Run(counts[:, since:], raised[:, since:], closes[since:], weight[:, since:], posts, bucket)
        at = run.alarm(least)
        if at is None:
            break
        law, score, odds, stop = at
        found_ = Alarm(law, begin + (since + stop) * STEP, score, odds, begin, counts[0], expected[0])
        if since + stop >= ticks:
            break
        since = (since + stop) // bucket * bucket if stop > bucket else since + bucket
        raised[0, since:] += EXPLAINED * found_.still(since, ticks - since)
    return found_


@dataclass(frozen=True)
class _Run:
    """Ticks that are judged in one go, from the beginning of a bucket on; see `watch`."""

    counts: Floats
    expected: Floats
    closes: Flags
    weight: Floats
    posts: Posts
    bucket: int

    def watched(self, law: Law, stop: int | None = None) -> Watched:
        cut, spread = slice(0, stop), np.array([self.posts.spread])
        counts, expected, weight = (each[:, cut] for each in (self.counts, self.expected, self.weight))
        return watch(counts, expected, self.closes[cut], spread, law, weight, bucket=self.bucket)

    def alarm(self, least: float) -> tuple[Law, float, Floats, int] | None:
        """Sizes, score, odds and the tick they were taken at, of the latest burst whose score passed `least`."""
        score = self.watched(general_law(self.posts.per_hour)).score[0]
        first = _alarm_tick(score, least)
        if first is None:
            return None
        stop = min(len(score), first + SETTLE + 1)
        rows = slice(max(0, first - REACH), stop)
        law = self.posts.sizes(float((self.counts - self.expected)[0, rows].sum()))
        surest = float(score[first : first + REACH].max())  # later posts may make it surer
        return law, surest, self.watched(law, stop).odds[0], stop


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


def ticks_of(signal: Signal, posts: Posts, cutoff: int) -> tuple[Floats, Floats, Flags, int]:
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
    at, more = added(signal.values, begin, length)
    inside = at < ticks
    counts = np.maximum(np.bincount(at[inside], weights=more[inside], minlength=ticks), 0.0)
    closes = closing(signal, begin, int(ticks))
    return carried(counts, closes)[None], expected[None], closes, begin
