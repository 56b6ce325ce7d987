"""Worlds with planted storms for the bench of the peak warning, as `warning_worlds.yaml` lays them down.

Everything is counted in ticks of five minutes of local time, 288 a day, beginning on a Monday. Rows are worlds or storms.

    posts    Poisson( base x rhythm x weekday x gamma of the half hour x lognormal of the day ) + the storm's posts
    storm    Poisson( extra ) posts at onset + Exp(rise) + Exp(decay)
    calls    extra x calls per post, each `ahead` (gamma) after a time of the same law; while closed some come later
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.stats import gamma

from forecast.arrays import Flags, Floats, Ns

LAW: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
TICK = int(LAW["tick"])
DAY = 1440 // TICK  # ticks
BUCKET = int(LAW["bucket"]) // TICK  # ticks
REACH = 2 * DAY  # ticks a storm is followed


@dataclass(frozen=True)
class Storms:
    """n storms. onset: minutes since the first midnight; rise, decay in minutes; ratio: calls per post."""

    onset: Floats
    rise: Floats
    decay: Floats
    ratio: Floats

    def __len__(self) -> int:
        return len(self.onset)


def draw(rng: np.random.Generator, days: Ns) -> Storms:
    """A storm on each of the days [n] (0 is the first)."""
    law, count = LAW["storms"], len(days)
    low, high = np.log(law["decay"])
    return Storms(
        onset=days * 1440.0 + 60 * rng.uniform(law["onset"][0], law["onset"][1], count),
        rise=rng.uniform(law["rise"][0], law["rise"][1], count),
        decay=np.exp(rng.uniform(low, high, count)),
        ratio=law["calls_per_post"] * np.exp(rng.normal(0, law["calls_sigma"], count)),
    )


@cache
def rhythm() -> Floats:
    """float[7, DAY]: posts by weekday and tick, mean 1."""
    hour = (np.arange(DAY) + 0.5) * TICK / 60
    day = np.interp(hour, list(LAW["posts"]["rhythm"]), list(LAW["posts"]["rhythm"].values()))
    week: Floats = np.outer(LAW["posts"]["weekday"], day)
    return np.asarray(week / week.mean())


def quiet_mean(base: float, days: int) -> Floats:
    """float[days * DAY]: posts expected per tick, noise aside."""
    return np.asarray(base * TICK / 60 * rhythm()[np.arange(days) % 7].reshape(-1))


def quiet(rng: np.random.Generator, base: float, days: int, count: int) -> tuple[Ns, Floats]:
    """Posts without storms int[count, days * DAY], and what the reference is told to expect: the day's factor known."""
    law = LAW["posts"]
    day = np.exp(rng.normal(-(law["day_sd"] ** 2) / 2, law["day_sd"], (count, days)))
    expected = quiet_mean(base, days) * np.repeat(day, DAY, axis=1)
    size = 1 / law["half_hour_cv"] ** 2
    factor = rng.gamma(size, 1 / size, (count, days * DAY // BUCKET))
    return rng.poisson(expected * np.repeat(factor, BUCKET, axis=1)), expected


def shape(storms: Storms, minutes: Floats) -> Floats:
    """float[n, minutes]: share of each storm's posts written within `minutes` of its onset."""
    rise, decay = storms.rise[:, None], storms.decay[:, None]
    after = np.maximum(minutes, 0.0)[None, :]
    return np.asarray(1 - (decay * np.exp(-after / decay) - rise * np.exp(-after / rise)) / (decay - rise))


def posts_of(rng: np.random.Generator, storms: Storms, extra: Floats, ticks: int) -> Ns:
    """int[n, ticks]: posts of each storm per tick since the first midnight; extra[n] expected."""
    count = rng.poisson(extra)
    which = np.repeat(np.arange(len(storms)), count)
    at = storms.onset[which] + rng.exponential(storms.rise[which]) + rng.exponential(storms.decay[which])
    place = (at // TICK).astype(np.int64)
    held = place < ticks
    flat = np.bincount(which[held] * ticks + place[held], minlength=len(storms) * ticks)
    return flat.reshape(len(storms), ticks)


def open_ticks(days: int) -> Flags:
    """bool[days * DAY]: is the queue open?"""
    hour = np.arange(DAY) * TICK / 60
    opens, closes = LAW["calls"]["hours"]
    return np.tile((hour >= opens) & (hour < closes), days)


def calls_of(storms: Storms, extra: Floats, ahead: float) -> tuple[Ns, Floats]:
    """First tick [n] and expected calls float[n, REACH] of each storm from there on: in open hours, retries included."""
    first = (storms.onset // TICK).astype(np.int64)
    edges = (first[:, None] + np.arange(REACH + 1)) * TICK - storms.onset[:, None]
    wanted = np.stack(
        [np.diff(shape(_one(storms, row), edges[row]))[0] for row in range(len(storms))] or [np.zeros(REACH)]
    )
    if ahead > 0:
        law = LAW["storms"]["delay_shape"]
        steps = np.arange(REACH + 1) * TICK
        kernel = np.diff(gamma.cdf(steps, law, scale=ahead / law))
        wanted = np.stack([np.convolve(row, kernel)[:REACH] for row in wanted])
    wanted = wanted * (extra * storms.ratio)[:, None]
    open_ = open_ticks(1)[(first[:, None] + np.arange(REACH)) % DAY]
    return first, _retried(wanted, open_)


def _one(storms: Storms, row: int) -> Storms:
    return Storms(
        *(column[row : row + 1] for column in (storms.onset, storms.rise, storms.decay, storms.ratio))
    )


def _retried(wanted: Floats, open_: Flags) -> Floats:
    """Calls wanted [n, t] -> calls made: those of a closed stretch in part after its end, the rest never."""
    law = LAW["storms"]
    steps = np.arange(12 * 60 // TICK + 1) * TICK
    later = np.diff(1 - np.exp(-steps / law["retry_minutes"]))
    made = wanted * open_
    for row in range(len(wanted)):
        since = 0
        for opening in np.flatnonzero(open_[row, 1:] & ~open_[row, :-1]) + 1:
            waiting = law["retry"] * (wanted[row, since:opening] * ~open_[row, since:opening]).sum()
            stop = min(opening + len(later), made.shape[1])
            made[row, opening:stop] += waiting * later[: stop - opening] * open_[row, opening:stop]
            since = int(opening)
    return made


def deadlines(calls: tuple[Ns, Floats]) -> Floats:
    """Minutes since the first midnight [n] at which a tenth of each storm's extra calls has come."""
    first, path = calls
    total = np.cumsum(path, axis=1)
    place = (total >= 0.1 * total[:, -1:]).argmax(axis=1)
    return np.asarray((first + place + 1) * TICK, dtype=np.float64)


def quiet_calls(rng: np.random.Generator, days: int) -> Ns:
    """int[days * DAY]: calls of a queue without storms, one world."""
    law = LAW["calls"]
    hour = (np.arange(DAY) + 0.5) * TICK / 60
    curve = np.interp(hour, list(law["rhythm"]), list(law["rhythm"].values())) * open_ticks(1)
    mean = law["base"] * TICK / 60 * np.tile(curve / curve[open_ticks(1)].mean(), days)
    size = 1 / law["half_hour_cv"] ** 2
    factor = np.repeat(rng.gamma(size, 1 / size, len(mean) // BUCKET), BUCKET)
    day = np.repeat(np.exp(rng.normal(-(law["day_sd"] ** 2) / 2, law["day_sd"], days)), DAY)
    return np.asarray(rng.poisson(mean * factor * day), dtype=np.int64)


def history(rng: np.random.Generator, base: float, ahead: float) -> tuple[Ns, Ns, Storms]:
    """Posts and calls int[ticks] of one world before the judged days, and its storms (news has a ratio of 0)."""
    law, days = LAW["history"], 7 * int(LAW["history"]["weeks"])
    count = rng.poisson(law["storms"] * law["weeks"]), rng.poisson(law["news"] * law["weeks"])
    storms = draw(rng, rng.integers(0, days, sum(count)))
    ratio = np.where(np.arange(len(storms)) < count[0], storms.ratio, 0.0)
    storms = Storms(storms.onset, storms.rise, storms.decay, ratio)
    extra = rng.choice(np.array(LAW["grid"]["extra"], dtype=np.float64), len(storms))
    posts = quiet(rng, base, days, 1)[0][0] + posts_of(rng, storms, extra, days * DAY).sum(axis=0)
    first, path = calls_of(storms, extra, ahead)
    expected = np.zeros(days * DAY + REACH)
    for begin, row in zip(first, path, strict=True):
        expected[begin : begin + REACH] += row
    return posts, quiet_calls(rng, days) + rng.poisson(expected[: days * DAY]), storms
