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
    """One burst: begin, the moment by which the calls show it (ns), and its expected calls per half hour float[n]."""

    begin: int
    seen: int
    calls: Floats


@dataclass(frozen=True)
class World:
    """grid[n]: half hours; base: float[n] contacts without bursts, the day's and slow noise known; bursts: those with calls."""

    kind: str
    archive: Archive
    grid: Grid
    base: Floats
    bursts: tuple[Burst, ...]

    @property
    def end(self) -> int:
        """The moment after the last half hour, ns."""
        return int(self.grid.ds[-1]) + HALF_HOUR

    @property
    def ahead(self) -> float:
        """The planted head start in minutes; 0 where nothing is related."""
        law = parameters()["kinds"][self.kind]
        return 0.0 if law.get("shuffled") or not law.get("related", True) else float(law.get("ahead", 0))

    def expected(self, moment: int, *, posts: bool) -> Floats:
        """float[n]: contacts expected at a moment by who knows base and law, and sees bursts in the posts or in the calls."""
        known = [one for one in self.bursts if (one.begin if posts else one.seen) <= moment]
        total = self.base.copy()
        for one in known:
            total += one.calls
        return total


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
    ahead = float(mine.get("ahead", 0))
    told, news = _bursts(law, grid, rng), _bursts(law, grid, rng, news=True)
    silent = told if mine.get("related", True) else _bursts(law, grid, rng)
    held = tuple(_burst(one, ahead, law, grid, open_, rng) for one in silent)
    contacts = rng.poisson(
        _noisy(base, law["queue"]["bucket_cv"], rng) + np.sum([one.calls for one in held], axis=0)
    )
    loud = _posts(law, grid, rng) * np.exp(hidden)
    for one in [*told, *news]:
        loud = loud + _placed(one, max(0.0, -ahead), law, grid, rng)
    if factor := mine.get("rescaled"):
        loud = loud * np.where(grid.day >= first + int(0.6 * days), factor, 1.0)
    posts = rng.poisson(loud)
    if mine.get("shuffled"):
        posts = _shuffled(posts, grid, rng)
    return World(kind, _archive(grid, contacts, posts, law), grid, base, held)


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
    scale = np.exp(rng.uniform(*np.log(mine["scale_minutes"]), count))
    return [np.array(row) for row in zip(begin, np.zeros(count) if news else calls, posts, scale, strict=True)]


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


def _on_grid(begin: float, cells: Floats, grid: Grid) -> Floats:
    """A burst's cells summed up on the half hours, float[n]; what lies beyond the end is lost."""
    place = ((begin + CELL * np.arange(len(cells))) // 30).astype(np.int64)
    return np.bincount(place, weights=cells, minlength=len(grid) + len(cells))[: len(grid)].astype(np.float64)


def _burst(
    one: Floats, ahead: float, law: dict[str, Any], grid: Grid, open_: Flags, rng: np.random.Generator
) -> Burst:
    begin, calls, _, scale = one.tolist()
    cells = np.convolve(
        _cells(scale, law["bursts"]["shape"]), _delay(max(0.0, ahead), law["kernel_sigma"])
    )
    wanted = _on_grid(begin, cells * calls, grid)
    came = np.where(open_, wanted, 0.0)
    late = wanted - came
    for slot in np.flatnonzero(late > 0):
        opening = slot + int(np.argmax(open_[slot : slot + 96]))
        came[opening : opening + 4] += law["bursts"]["retry"] * late[slot] / 4
    came[~open_] = 0.0
    start = int(grid.ds[0]) + int(begin * MINUTE)
    shown = np.cumsum(came)
    seen = int(np.argmax(shown >= SEEN * shown[-1])) if shown[-1] > 0 else len(grid) - 1
    return Burst(start, int(grid.ds[seen]) + HALF_HOUR, came)


def _placed(
    one: Floats, behind: float, law: dict[str, Any], grid: Grid, rng: np.random.Generator
) -> Floats:
    begin, _, posts, scale = one.tolist()
    cells = np.convolve(_cells(scale, law["bursts"]["shape"]), _delay(behind, law["kernel_sigma"]))
    return _on_grid(begin, cells * posts, grid)


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
