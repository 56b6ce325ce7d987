"""Small worlds with a planted relation between posts and contacts, and what somebody who knows it all would forecast.

Parameters: `evidence_worlds.yaml`, frozen. One queue `calls` of open half hours, one signal `posts`, every bucket known at
its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND, Grid, Interval
from forecast.days import Calendar, OpeningHours
from forecast.vintage import Archive, Series, Signal, Versions

MINUTE = 60 * SECOND
HALF_HOUR = 30 * MINUTE
CELL = 5  # minutes of the grid on which bursts are folded
REACH = 16 * 60  # minutes a burst and its calls are followed
STEPS = 48  # half hours for which a burst is followed
SEEN = 0.1  # a burst shows in the calls when this share of them has come


@lru_cache(maxsize=1)
def parameters() -> dict[str, Any]:
    """The frozen file."""
    found: dict[str, Any] = yaml.safe_load(
        (Path(__file__).parent / "evidence_worlds.yaml").read_text("utf-8")
    )
    return found


@dataclass(frozen=True)
class Burst:
    """One burst.

    begin: ns; told, seen: the moment by which a tenth of its posts, and of its calls, have come
    calls: float[n] its expected calls per half hour; first: the half hour it begins in
    came, said: float[m] contacts and posts from `first` on, base included, without those of other bursts
    """

    begin: int
    told: int
    seen: int
    calls: Floats
    first: int
    came: Floats
    said: Floats


@dataclass(frozen=True)
class World:
    """A world and its truth.

    grid[n]: half hours; open: bool[n]; base, quiet_posts: float[n] contacts and posts expected without bursts, the day's and
    slow noise known; bursts: those with calls; quiet: the same without the bursts' contacts
    """

    kind: str
    archive: Archive
    quiet: Archive
    grid: Grid
    open: Flags
    base: Floats
    quiet_posts: Floats
    bursts: tuple[Burst, ...]

    @property
    def end(self) -> int:
        """The moment after the last half hour, ns."""
        return int(self.grid.ds[-1]) + HALF_HOUR


def world(kind: str, seed: int, *, days: int | None = None) -> World:
    """A world of a kind; the same seed gives the same world."""
    law, mine = parameters(), parameters()["kinds"][kind]
    days = days or law["days"]
    first = int(np.datetime64(law["first"], "D").astype(np.int64))
    grid = Grid.days(first, first + days - 1, Interval.HALF_HOUR, law["zone"])
    rng = np.random.default_rng([seed, sorted(law["kinds"]).index(kind)])
    hidden = _recursive(rng, len(grid), mine.get("common_sd", 0.0), mine.get("common_phi", 0.0))
    open_ = (grid.slot >= 2 * law["queue"]["opens"]) & (grid.slot < 2 * law["queue"]["closes"])
    base = _base(law["queue"], grid, rng) * open_ * np.exp(hidden)
    told, news = _bursts(law, grid, rng), _bursts(law, grid, rng, news=True)
    silent = told if mine.get("related", True) else _bursts(law, grid, rng)
    quiet = rng.poisson(_noisy(base, law["queue"]["bucket_cv"], rng))
    hushed = _posts(law, grid, rng) * np.exp(hidden)
    if factor := mine.get("rescaled"):
        hushed = hushed * np.where(grid.day >= first + int(0.6 * days), factor, 1.0)
    murmur = rng.poisson(hushed)
    held = [_burst(one, kind, grid, open_, (quiet, murmur), rng) for one in silent]
    contacts = quiet + np.sum([_drawn(one.first, one.came, quiet) for one in held], axis=0)
    heard = held if silent is told else [_burst(one, kind, grid, open_, (quiet, murmur), rng) for one in told]
    heard = heard + [_burst(one, kind, grid, open_, (quiet, murmur), rng) for one in news]
    posts = murmur + np.sum([_drawn(one.first, one.said, murmur) for one in heard], axis=0)
    if mine.get("shuffled"):
        posts = _shuffled(posts, grid, rng)
    archive, without = (_archive(grid, came, posts, law) for came in (contacts, quiet))
    return World(kind, archive, without, grid, open_, base, hushed, tuple(held))


def _drawn(first: int, counted: Floats, quiet: Ns) -> Floats:
    """What a burst brought beyond the quiet counts, float[n]."""
    found = np.zeros(len(quiet))
    found[first : first + len(counted)] = counted - quiet[first : first + len(counted)]
    return found


def _archive(grid: Grid, contacts: Ns, posts: Ns, law: dict[str, Any]) -> Archive:
    ended, zone = grid.ds + HALF_HOUR, law["zone"]
    hours = OpeningHours(
        tuple((day, 60 * law["queue"]["opens"], 60 * law["queue"]["closes"], 0) for day in range(7))
    )
    offered = Versions.of(grid.ds, contacts.astype(np.float64), ended)
    said = Versions.of(grid.ds, posts.astype(np.float64), ended)
    queue = Series("calls", Interval.HALF_HOUR, zone, offered, queue="calls", hours=hours)
    signal = Signal("posts", Interval.HALF_HOUR, zone, said)
    return Archive({"calls": queue}, {"posts": signal}, calendar=Calendar())


def _base(law: dict[str, Any], grid: Grid, rng: np.random.Generator) -> Floats:
    hump = 1 + law["hump"] * np.sin(
        np.pi * np.clip((grid.slot / 2 - law["opens"]) / (law["closes"] - law["opens"]), 0, 1)
    )
    day = grid.day - grid.day[0]
    level = np.cumsum(rng.normal(0, law["walk_sd"], day[-1] + 1)) + rng.normal(0, law["day_sd"], day[-1] + 1)
    slow = _recursive(rng, len(grid), law["slow_sd"], law["slow_phi"])
    factor = np.array(law["weekday"])[grid.weekday]
    return np.asarray(law["level"] * hump * factor * np.exp(level[day] + slow))


def _posts(law: dict[str, Any], grid: Grid, rng: np.random.Generator) -> Floats:
    posts, hour = law["posts"], grid.slot / 2
    rhythm = np.interp(hour, [0, 6, 9, 22, 24], [posts["night"], posts["night"], 1.0, 1.0, posts["night"]])
    day = rng.normal(0, posts["day_sd"], int(grid.day[-1] - grid.day[0]) + 1)
    return _noisy(posts["base"] * rhythm * np.exp(day[grid.day - grid.day[0]]), posts["bucket_cv"], rng)


def _bursts(law: dict[str, Any], grid: Grid, rng: np.random.Generator, *, news: bool = False) -> list[Floats]:
    """[begin (minutes since the first half hour), calls, posts, scale of the Weibull law] of each, between 6 and 22 o'clock."""
    mine, days = law["bursts"], int(grid.day[-1] - grid.day[0]) + 1
    count = int(rng.poisson(mine["news_per_week" if news else "per_week"] * days / 7))
    begin = rng.integers(0, days, count) * 1440 + rng.uniform(6 * 60, 22 * 60, count)
    calls = mine["calls_median"] * np.exp(rng.normal(0, mine["calls_sigma"], count))
    posts = calls * mine["posts_per_call"] * np.exp(rng.normal(0, mine["posts_sigma"], count))
    low, high = np.log(mine["scale_minutes"])
    scale = np.exp(rng.uniform(low, high, count))
    return [
        np.array(row) for row in zip(begin, np.zeros(count) if news else calls, posts, scale, strict=True)
    ]


def _cells(scale: float, shape: float) -> Floats:
    """Share of a burst in each cell after its begin."""
    edges = np.arange(0, REACH + CELL, CELL, dtype=np.float64)
    return np.diff(1 - np.exp(-((edges / scale) ** shape)))


def _delay(median: float, sigma: float) -> Floats:
    """Share of a lognormal delay in each cell; no delay at all where the median is 0."""
    if median <= 0:
        return np.ones(1)
    middles = np.arange(CELL / 2, 6 * median + CELL, CELL)
    density = np.exp(-((np.log(middles / median)) ** 2) / (2 * sigma**2)) / middles
    return np.asarray(density / density.sum())


def shares(kind: str, minute: float, scale: float, open_: Flags) -> tuple[Floats, Floats]:
    """Shares of a burst's calls and of its posts per half hour float[n], from the half hour it begins in on.

    minute: how far into that half hour it begins; open_: bool[n] whether the queue is open; calls wanted while it is closed
    come in part in the first two hours of the next opening
    """
    law = parameters()
    ahead = float(law["kinds"][kind].get("ahead", 0))
    cells = _cells(scale, law["bursts"]["shape"])
    calls, posts = (
        _halves(minute, np.convolve(cells, _delay(max(0.0, delay), law["kernel_sigma"])), len(open_))
        for delay in (ahead, -ahead)
    )
    came = np.where(open_, calls, 0.0)
    late = calls - came
    for slot in np.flatnonzero(late > 0):
        opening = slot + int(np.argmax(open_[slot:]))
        came[opening : opening + 4] += law["bursts"]["retry"] * late[slot] / 4
    return np.where(open_, came, 0.0), posts


def _halves(minute: float, cells: Floats, size: int) -> Floats:
    """A burst's cells summed up on half hours, float[size]."""
    place = ((minute + CELL * np.arange(len(cells))) // 30).astype(np.int64)
    return np.bincount(place, weights=cells, minlength=size)[:size].astype(np.float64)


def _burst(
    one: Floats, kind: str, grid: Grid, open_: Flags, quiet: tuple[Ns, Ns], rng: np.random.Generator
) -> Burst:
    begin, calls, posts, scale = one.tolist()
    first = int(begin // 30)
    span = slice(first, min(first + STEPS, len(grid)))
    of_calls, of_posts = shares(kind, begin - 30 * first, scale, open_[span])
    expected = np.zeros(len(grid))
    expected[span] = calls * of_calls
    came, said = (
        (before[span] + rng.poisson(size * share)).astype(np.float64)
        for before, size, share in zip(quiet, (calls, posts), (of_calls, of_posts), strict=True)
    )
    start = int(grid.ds[0]) + int(begin * MINUTE)
    told = _when(np.cumsum(of_posts), int(grid.ds[first]))
    seen = _when(np.cumsum(of_calls), int(grid.ds[first]))
    return Burst(start, told, seen, expected, first, came, said)


def _when(shown: Floats, begin: int) -> int:
    """The end of the half hour in which a tenth of a burst has come, ns."""
    return begin + (int(np.argmax(shown >= SEEN * shown[-1])) + 1) * HALF_HOUR if shown[-1] > 0 else 1 << 62


def _shuffled(posts: Ns, grid: Grid, rng: np.random.Generator) -> Ns:
    """Whole weeks change places, none stays; what is left of the last week stays where it is."""
    weeks = np.arange(len(posts) // 336)
    order = rng.permutation(weeks)
    while (order == weeks).any():
        order = rng.permutation(weeks)
    whole = posts[: len(weeks) * 336].reshape(-1, 336)[order].ravel()
    return np.concatenate([whole, posts[len(weeks) * 336 :]])


def _noisy(rate: Floats, cv: float, rng: np.random.Generator) -> Floats:
    sigma = np.sqrt(np.log1p(cv**2))
    return np.asarray(rate * rng.lognormal(-(sigma**2) / 2, sigma, len(rate)))


def _recursive(rng: np.random.Generator, size: int, sd: float, phi: float) -> Floats:
    """float[n]: a stationary AR(1) with this standard deviation."""
    steps = rng.normal(0, 1, size) * sd * np.sqrt(1 - phi**2)
    out = np.zeros(size)
    before = rng.normal() * sd
    for at, step in enumerate(steps):
        before = phi * before + step
        out[at] = before
    return out
