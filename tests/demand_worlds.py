"""A phone queue contact by contact, whose redials are known: how many hang up depends on the load and on who is missing.

Time goes in steps of ten minutes. Of those who hang up unheard a part calls again, after a time that is not the one the
estimate assumes. The truth is in the log, so that told, logged and hidden redials can be compared on one history.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Grid, Interval, day_start, end
from tests.worlds import MONDAY, TZ

STEP = 600
OPENS, CLOSES = 8, 18  # o'clock, on working days
STEPS = (CLOSES - OPENS) * 3600 // STEP
SHORT = 5.0  # seconds


@dataclass(frozen=True)
class Phone:
    """What is true of the queue. level: fresh contacts an hour; r: those who call again of those who hung up unheard.

    usual: share that hangs up on an ordinary day; steep: how much that share rises with the load
    bad: weeks (from 0) with a service level of about 30 %, where `lost` of the contacts hang up
    day, week: standard deviation of the log level of a day and of a week; missing: of the staff from day to day
    surge: so many incidents, which double the contacts of two hours
    """

    seed: int
    r: float = 0.5
    weeks: int = 40
    level: float = 200.0
    usual: float = 0.03
    steep: float = 0.5
    bad: tuple[int, ...] = ()
    lost: float = 0.35
    day: float = 0.05
    week: float = 0.02
    missing: float = 0.3
    surges: int = 0
    short: float = 0.02


@dataclass(frozen=True)
class Calls:
    """A log: at ns[n], customer[n], outcome (0 handled, 1 abandoned, 2 short)[n], again: is it a redial [n]."""

    at: Ns
    customer: Ns
    outcome: Ns
    again: Ns
    truth: Phone = field(repr=False)

    def contacts(self) -> pd.DataFrame:
        """contacts as `frames.CONTACTS` has them, known when they came."""
        count, outcomes = len(self.at), np.array(["handled", "abandoned", "abandoned"], dtype=object)
        moment = pd.to_datetime(self.at, utc=True)
        return pd.DataFrame(
            {
                "source": np.full(count, "acd", dtype=object),
                "id": np.arange(count).astype(str).astype(object),
                "at": moment,
                "queue": np.full(count, "calls", dtype=object),
                "outcome": outcomes[self.outcome],
                "customer": self.customer.astype(str).astype(object),
                "waited_seconds": np.where(self.outcome == 2, 2.0, 60.0),
                "known_at": moment,
            }
        )

    def volumes(self, interval: Interval = Interval.HALF_HOUR) -> pd.DataFrame:
        """volumes[ds, offered, abandoned, short_abandoned, redialled, known_at] over all open buckets."""
        grid = open_grid(self.truth.weeks, interval)
        place = np.searchsorted(grid.ds, self.at, side="right") - 1

        def per_bucket(rows: Floats) -> Floats:
            return np.bincount(place, weights=rows, minlength=len(grid)).astype(np.float64)

        return pd.DataFrame(
            {
                "ds": pd.to_datetime(grid.ds, utc=True),
                "offered": per_bucket(np.ones(len(place))),
                "abandoned": per_bucket((self.outcome > 0).astype(float)),
                "short_abandoned": per_bucket((self.outcome == 2).astype(float)),
                "redialled": per_bucket(self.again.astype(float)),
                "known_at": pd.to_datetime(end(grid.ds, interval, TZ), utc=True),
            }
        )


def open_grid(weeks: int, interval: Interval = Interval.HALF_HOUR) -> Grid:
    grid = Grid.days(MONDAY, MONDAY + 7 * weeks - 1, interval, TZ)
    hour = grid.slot * interval.seconds / 3600
    return grid.take((grid.weekday < 5) & (hour >= OPENS) & (hour < CLOSES))


def call(truth: Phone) -> Calls:
    """Every contact of the queue. The fresh ones and what befalls them depend on the seed alone, not on which weeks are bad."""
    rng, chance = (np.random.default_rng([truth.seed, at]) for at in (1, 2))
    shape = (
        1
        + 0.4 * np.sin(np.pi * np.arange(STEPS) / STEPS)
        + 0.1 * np.cos(6 * np.pi * np.arange(STEPS) / STEPS)
    )
    days = np.array([7 * week + day for week in range(truth.weeks) for day in range(5)])
    level = (
        truth.level
        * STEP
        / 3600
        * np.exp(
            truth.week * np.repeat(rng.standard_normal(truth.weeks), 5)
            + truth.day * rng.standard_normal(len(days))
            + 0.1 * (days % 7 == 0)
        )
    )
    staff = np.repeat(truth.missing * rng.standard_normal(len(days) * 4), STEPS // 4).reshape(
        len(days), STEPS
    )
    mean = level[:, None] * shape[None, :]
    for _ in range(truth.surges):
        day, begin = rng.integers(0, len(days)), rng.integers(0, STEPS - 12)
        mean[day, begin : begin + 12] *= 2
    fresh = rng.poisson(mean)
    usual = truth.level * STEP / 3600 * shape * np.exp(0.1 * (days % 7 == 0))[:, None]
    parts, number = [], 0
    for at, day in enumerate(days):
        bad = day // 7 in truth.bad
        began = int(day_start([MONDAY + int(day)], TZ)[0]) + OPENS * 3600 * SECOND
        come = np.zeros(0)
        who = np.zeros(0, dtype=np.int64)
        busy = 1.0
        for step in range(STEPS):
            new = step * STEP + STEP * chance.random(int(fresh[at, step]))
            mine = (come >= step * STEP) & (come < (step + 1) * STEP)
            times = np.concatenate([new, come[mine]])
            customer = np.concatenate([number + np.arange(len(new)), who[mine]])
            again = np.concatenate(
                [np.zeros(len(new), dtype=np.int64), np.ones(int(mine.sum()), dtype=np.int64)]
            )
            come, who = come[~mine], who[~mine]
            number += len(new)
            busy = 0.5 * busy + 0.5 * len(times) / usual[at, step]
            share = truth.lost if bad else truth.usual * np.exp(staff[at, step])
            share = float(np.clip(share + truth.steep * max(0.0, busy - 1.08), 0, 0.9))
            luck = chance.random(len(times))
            outcome = np.where(luck < share, 1, np.where(luck > 1 - truth.short, 2, 0))
            parts.append((began + (times * SECOND).astype(np.int64), customer, outcome, again))
            back = (outcome == 1) & (chance.random(len(times)) < truth.r)
            later = times[back] + 60 + chance.gamma(2.0, 400.0, int(back.sum()))
            later = np.maximum(later, (step + 1) * STEP)
            keep = later < STEPS * STEP
            come = np.concatenate([come, later[keep]])
            who = np.concatenate([who, customer[back][keep]])
    columns = [np.concatenate(one) for one in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Calls(*(np.asarray(one, dtype=np.int64)[order] for one in columns), truth=truth)
