"""What is usual at a time of the week, and when more was said than that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from api.dashboard.social.counts import Counts
from api.dashboard.windows import Window
from forecast.arrays import Floats, Ns
from forecast.buckets import end, floor, index
from forecast.social.bursts import NEVER, burst_of
from forecast.versions import Versions

WEEKS = 8
LEAST_WEEKS = 2  # with fewer nothing is usual yet
FEW = 5.0  # posts below which a share says nothing
CUT = 3.0  # spreads at which a storm is cut: one is no habit


@dataclass(frozen=True)
class Levels:
    """usual, usual_negative, usual_mood float[reason, bucket], NaN where too few weeks are known; beside the counts."""

    counts: Counts
    usual: Floats
    usual_negative: Floats
    usual_mood: Floats


@dataclass(frozen=True)
class Total:
    """One reason over the window: posts and what is usual of them, the share negative and the mean mood with theirs.

    usual and shares are NaN where too little is known
    """

    topic: str
    posts: float
    usual: float
    negative: float
    usual_negative: float
    mood: float
    usual_mood: float

    @property
    def more(self) -> float:
        """Posts beyond the usual; the posts themselves where nothing is usual yet."""
        return self.posts - (self.usual if self.usual == self.usual else 0.0)


@dataclass(frozen=True)
class Stretch:
    """More was said than usual from start to stop (ns); stop None: it goes on. extra: posts beyond the usual."""

    start: int
    stop: int | None
    extra: float


def levels(counts: Counts) -> Levels:
    """The mean of the same time of the week over the eight weeks before, storms cut."""
    if not counts.topics:
        nothing = np.zeros((0, len(counts.grid)))
        return Levels(counts, nothing, nothing, nothing)
    weeks = _weeks_before(counts, np.stack([counts.posts, counts.negative, counts.mood]))
    posts, negative, mood = weeks
    count = np.isfinite(posts[0]).sum(axis=-1)  # [bucket]: the same for all reasons
    middle = _middle(posts, count)
    away = 1.4826 * _middle(np.abs(posts - middle[..., None]), count)
    most = middle + CUT * np.maximum(np.sqrt(middle + 1), away)
    kept = np.where(posts > most[..., None], most[..., None] / np.maximum(posts, 1e-9), 1.0)
    held = np.where(count >= LEAST_WEEKS, count, np.nan)
    said = [np.nansum(one * kept, axis=-1) / held for one in (posts, negative, mood)]
    return Levels(counts, said[0], said[1], said[2])


def _middle(values: Floats, count: npt.NDArray[np.intp]) -> Floats:
    """float[reason, bucket, week] with NaN -> the lower median of those known; 0 where none is."""
    at = np.broadcast_to((np.maximum(count, 1) - 1) // 2, values.shape[:2])[..., None]
    return np.nan_to_num(np.take_along_axis(np.sort(values, axis=-1), at, axis=-1)[..., 0])


def _weeks_before(counts: Counts, values: Floats) -> Floats:
    """float[measure, reason, bucket] -> [measure, reason, bucket, WEEKS]: the same time of each week before, NaN unknown."""
    grid = counts.grid
    first = int(grid.day[0])
    place = (grid.day - first) * grid.slots + grid.slot
    size = (int(grid.day[-1]) - first + 1) * grid.slots
    table = np.zeros((*values.shape[:2], size))
    there = np.zeros(size, dtype=bool)
    there[place[counts.known]] = True
    np.add.at(np.moveaxis(table, -1, 0), place, np.moveaxis(values, -1, 0))
    table[..., ~there] = np.nan
    wanted = place[:, None] - 7 * grid.slots * np.arange(1, WEEKS + 1)
    return np.asarray(np.where(wanted >= 0, table[..., np.maximum(wanted, 0)], np.nan))


def totals(found: Levels, window: Window) -> list[Total]:
    """Every reason over the known part of the window."""
    counts = found.counts
    shown = (counts.grid.ds >= window.start) & counts.known
    return [_total(found, row, topic, shown) for row, topic in enumerate(counts.topics)]


def _total(found: Levels, row: int, topic: str, shown: npt.NDArray[np.bool_]) -> Total:
    counts = found.counts
    posts, negative, mood = (
        float(one[row, shown].sum()) for one in (counts.posts, counts.negative, counts.mood)
    )
    usual, usual_negative, usual_mood = (
        float(one[row, shown].sum()) for one in (found.usual, found.usual_negative, found.usual_mood)
    )
    return Total(
        topic,
        posts,
        usual,
        negative / posts if posts else float("nan"),
        usual_negative / usual if usual > 0 else float("nan"),
        mood / posts if posts else float("nan"),
        usual_mood / usual if usual > 0 else float("nan"),
    )


@dataclass(frozen=True)
class Buckets:
    """The buckets of a chart: ds, end ns[k]; shown bool[bucket]; of those shown, place[n] in the chart; at[k]: the last of each."""

    ds: Ns
    end: Ns
    shown: npt.NDArray[np.bool_]
    place: npt.NDArray[np.intp]
    at: npt.NDArray[np.intp]


def buckets(counts: Counts, window: Window) -> Buckets:
    """As far as known, in the steps of the window's chart."""
    shown = np.asarray((counts.grid.ds >= window.start) & counts.known)
    starts = floor(counts.grid.ds[shown], window.drawn, window.tz)
    ds, place = np.unique(starts, return_inverse=True)
    last = np.append(np.flatnonzero(np.diff(place)), len(place) - 1) if len(place) else place
    return Buckets(ds, end(ds, window.drawn, window.tz), shown, place, np.flatnonzero(shown)[last])


def course(found: Levels, topic: str, by: Buckets, *, daily: bool) -> pd.DataFrame:
    """-> [ds, end, posts, negative, usual, share, usual_share] per bucket of the chart.

    share: negative among the posts of the day up to the bucket's end, or where buckets are days (`daily`) of the week;
    NaN where fewer than FEW posts tell it. usual_share: the same of what is usual
    """
    counts = found.counts
    row = counts.row(topic)
    columns: dict[str, Any] = {"ds": index(by.ds), "end": index(by.end)}
    for name, values in (("posts", counts.posts), ("negative", counts.negative), ("usual", found.usual)):
        mine = np.zeros(int(by.shown.sum())) if row is None else values[row, by.shown]
        columns[name] = np.bincount(by.place, weights=mine, minlength=len(by.ds))
    width = counts.grid.slots * (7 if daily else 1)
    for name, bad, every, least in (
        ("share", counts.negative, counts.posts, FEW),
        ("usual_share", found.usual_negative, found.usual, 0.5),
    ):
        columns[name] = np.nan if row is None else _trailing(bad[row], every[row], width, least)[by.at]
    return pd.DataFrame(columns)


def _trailing(part: Floats, whole: Floats, width: int, least: float) -> Floats:
    """float[bucket]: part of whole over the `width` buckets up to each; NaN where the whole is below `least`."""
    sums = []
    for values in (part, whole):
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
        sums.append(total[1:] - total[np.maximum(np.arange(len(values)) + 1 - width, 0)])
    return np.where(sums[1] >= least, sums[0] / np.maximum(sums[1], 1e-9), np.nan)


def stretches(found: Levels, topic: str, window: Window) -> list[Stretch]:
    """When more was said than usual within the window, the oldest first."""
    counts = found.counts
    row, grid = counts.row(topic), counts.grid
    if row is None or not counts.known.any():
        return []
    ends = end(grid.ds, grid.interval, grid.tz)
    ds, values, known = grid.ds[counts.known], counts.posts[row, counts.known], ends[counts.known]
    until = int(known[-1])
    passed = burst_of(Versions.of(ds, values, known), interval=grid.interval, tz=grid.tz, until=until)
    marks = end(passed.grid.ds, grid.interval, grid.tz)
    stretched = []
    for onset in np.unique(passed.onset[passed.onset != NEVER]).tolist():
        rows = np.flatnonzero(passed.onset == onset)
        last = int(rows[-1])
        goes_on = last == len(passed.grid) - 1 and not passed.over[last]
        if marks[last] > window.start:
            stop = None if goes_on else _calmed(passed.value, passed.expected, passed.grid.ds, onset, last)
            stretched.append(Stretch(int(onset), stop, float(passed.size[rows].max())))
    return stretched


def _calmed(value: Floats, expected: Floats, ds: Ns, onset: int, last: int) -> int:
    """The end of the last bucket clearly above the usual: that it is over is noticed some time after."""
    first = int(np.searchsorted(ds, onset))
    beyond = value[first : last + 1] > expected[first : last + 1] + 2 * np.sqrt(
        expected[first : last + 1] + 1
    )
    at = first + (int(np.flatnonzero(beyond)[-1]) if beyond.any() else last - first)
    return int(ds[min(at + 1, len(ds) - 1)])
