"""Incidents: bursts of posts, and the calls that follow them by a known delay, or at the next opening."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import DAY, index
from forecast.errors import ConfigError
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats, Link
from forecast.simulate.laws import Incidents
from forecast.simulate.timeline import HALF_HOUR, MINUTE, Flags, Timeline

CELL = 2  # minutes: the fine grid on which bursts and delays are folded
REACH = 48 * 60  # minutes a burst is followed
WINDOW = 4 * 48  # half hours in which its calls are placed
RETRY_BUCKETS = 10  # half hours after an opening in which callers come back
ONGOING = "ongoing"


def draw(company: Company, time: Timeline, *, ongoing: bool) -> pd.DataFrame:
    """-> incidents[kind, topic, onset, calls, posts, rise_minutes, decay_minutes, region], by onset.

    kind: incident, news (posts without calls) or ongoing. `calls` and `posts` are expected, wherever they end up.
    """
    start, end = time.span()
    if ongoing:
        end = max(start, end - DAY)  # the storm at the end stands alone
    parts = []
    for number, law in enumerate(company.bursts):
        found = _of_law(company, law, f" {law.topic}" if number else "", time, (start, end), ongoing=ongoing)
        found.insert(1, "topic", law.topic)
        found.insert(5, "rise_minutes", law.rise_minutes)
        parts.append(found)
    incidents = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    incidents = incidents.sort_values("onset", ignore_index=True)
    incidents["onset"] = index(incidents["onset"].to_numpy(np.int64))
    return incidents


def _of_law(
    company: Company, law: Incidents, name: str, time: Timeline, span: tuple[int, int], *, ongoing: bool
) -> pd.DataFrame:
    """One topic's incidents, unsorted; `name` parts its random numbers from those of another topic."""
    weeks = (span[1] - span[0]) / (7 * DAY)
    parts = [
        _bursts(company, law, time.stream(f"incidents {kind}{name}"), kind, weeks * often, span)
        for kind, often in (("incident", law.per_week), ("news", law.news_per_week))
    ]
    if ongoing and law.ongoing is not None:
        storm = law.ongoing
        onset = time.end_ns - int(storm.minutes_before_end * MINUTE)
        region = str(time.stream(ONGOING).choice(np.array(company.cities)))
        row = (ONGOING, onset, storm.calls, storm.posts, storm.decay_minutes, region)
        parts.append(
            pd.DataFrame([row], columns=["kind", "onset", "calls", "posts", "decay_minutes", "region"])
        )
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _bursts(
    company: Company, law: Incidents, rng: np.random.Generator, kind: str, mean: float, span: tuple[int, int]
) -> pd.DataFrame:
    count = int(rng.poisson(mean))
    onset = rng.integers(span[0], max(span[1], span[0] + 1), count)
    calls = law.calls_median * np.exp(rng.normal(0, law.calls_sigma, count))
    calls = calls * np.where(rng.random(count) < law.big_share, law.big_factor, 1.0)
    posts = calls * law.posts_per_call * np.exp(rng.normal(0, law.posts_sigma, count))
    if kind == "news":
        posts, calls = law.news_posts * np.exp(rng.normal(0, 0.3, count)), np.zeros(count)
    low, high = np.log(law.decay_minutes)
    return pd.DataFrame(
        {
            "kind": kind,
            "onset": onset,
            "calls": np.round(calls, 1),
            "posts": np.round(posts, 1),
            "decay_minutes": np.round(np.exp(rng.uniform(low, high, count)), 1),
            "region": rng.choice(np.array(company.cities), count),
        }
    )


def burst(rise: float, decay: float, minutes: Floats) -> Floats:
    """Share of a burst's posts written within `minutes`[m] of its onset: the law of a sum of two exponentials."""
    if abs(decay - rise) < 1e-9:
        decay += 1e-6
    return 1 - (decay * np.exp(-minutes / decay) - rise * np.exp(-minutes / rise)) / (decay - rise)


def post_times(incidents: pd.DataFrame, rng: np.random.Generator) -> tuple[Ns, Ns]:
    """incidents -> when each of their posts is written, ns[m], and the number of its incident [m]."""
    counts = rng.poisson(incidents["posts"].to_numpy(np.float64))
    which = np.repeat(np.arange(len(incidents)), counts)
    delay = rng.exponential(incidents["rise_minutes"].to_numpy(np.float64)[which])
    delay += rng.exponential(incidents["decay_minutes"].to_numpy(np.float64)[which])
    onset = incidents["onset"].to_numpy("datetime64[ns]").astype(np.int64)
    return onset[which] + (delay * MINUTE).astype(np.int64), which


def law_of(company: Company, link: Link) -> Incidents:
    """The law of the incidents of a link's topic; ConfigError where a link leads by a topic that has no incidents."""
    for law in company.bursts:
        if law.topic == link.topic:
            return law
    raise ConfigError(
        f"The posts on {link.topic} lead {link.queue}, and {link.topic} has no incidents.",
        remedy="Give a law of that topic under `incidents` or `also`.",
        field="links",
    )


def rates(
    law: Incidents, incidents: pd.DataFrame, link: Link, open_: Flags, time: Timeline
) -> tuple[Floats, Floats]:
    """-> [n] expected extra calls per half hour, and [i] those of each incident: each burst folded with the link's delay.

    What is wanted while the queue is closed comes in part after the next opening, and is lost for the rest.
    """
    total, arriving = np.zeros(len(time.grid)), np.zeros(len(incidents))
    for number, first, came in paths(law, incidents, link, open_, time):
        total[first : first + len(came)] += came
        arriving[number] = came.sum()
    return total, arriving


def paths(
    law: Incidents, incidents: pd.DataFrame, link: Link, open_: Flags, time: Timeline
) -> Iterator[tuple[int, int, Floats]]:
    """-> for each incident with calls on the link's topic: its number, its first half hour, calls by half hour [w]."""
    edges = np.arange(0, REACH + CELL, CELL, dtype=np.float64)
    delay = link.weights(CELL)
    onset = incidents["onset"].to_numpy("datetime64[ns]").astype(np.int64)
    mine = (incidents["topic"] == law.topic).to_numpy()
    shapes = incidents[["calls", "rise_minutes", "decay_minutes"]].to_numpy(np.float64)
    for number, (size, rise, decay) in enumerate(shapes):
        if size <= 0 or not mine[number]:
            continue
        cells = np.convolve(np.diff(burst(rise, decay, edges)), delay) * size
        bucket = time.bucket(onset[number] + np.arange(len(cells), dtype=np.int64) * CELL * MINUTE)
        first = int(bucket[0])
        window = slice(first, min(first + WINDOW, len(time.grid)))
        calls: Floats = np.bincount(bucket - first, weights=cells, minlength=WINDOW)[
            : window.stop - first
        ].astype(np.float64)
        yield number, first, deferred(calls, open_[window], law.closed_retry, law.retry_minutes)


def deferred(calls: Floats, open_: Flags, share: float, minutes: float) -> Floats:
    """calls[w] wanted -> [w] made: `share` of those of a closed stretch after its end, falling off over `minutes`."""
    edges = np.arange(0, RETRY_BUCKETS + 1) * (HALF_HOUR / MINUTE)
    shape = np.diff(1 - np.exp(-edges / minutes))
    shape = shape / shape.sum()
    came = calls * open_
    since = 0
    openings = np.flatnonzero(open_[1:] & ~open_[:-1]) + 1
    for opening in (int(place) for place in openings):
        waiting = share * (calls[since:opening] * ~open_[since:opening]).sum()
        after = slice(opening, min(opening + RETRY_BUCKETS, len(calls)))
        came[after] += waiting * shape[: after.stop - opening] * open_[after]
        since = opening
    return came
