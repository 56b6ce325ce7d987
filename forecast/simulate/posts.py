"""Posts: when they are written, on what, by whom; reposts of them and the company's answers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import SECOND, local_ns
from forecast.simulate import incidents as bursts
from forecast.simulate.company import Company
from forecast.simulate.contacts import spread
from forecast.simulate.hidden import factor, on_topic
from forecast.simulate.kernels import Floats
from forecast.simulate.mailings import extra
from forecast.simulate.texts import write_posts, write_replies
from forecast.simulate.timeline import HALF_HOUR, MINUTE, Timeline, curve, positive, walk

HOUR = 3600 * SECOND
FAILED, UNANSWERED = "failed", "unanswered"


def draw(
    company: Company,
    time: Timeline,
    *,
    incidents: pd.DataFrame,
    drivers: pd.DataFrame,
    abandoned: Mapping[str, Floats],
    common: pd.DataFrame,
    unanswered: Mapping[str, Floats],
) -> pd.DataFrame:
    """-> posts[ns, topic, cause, incident, language, mood, failed, region, author, source, reach, text], unsorted, before the end.

    cause: base, failed (after a failed call), unanswered (after an e-mail that waits), letters, or the kind of an incident.
    common: hidden drivers by half hour; unanswered: expected posts per topic [n] of those whose e-mail waits too long.
    """
    parts = [
        *_quiet(company, time, common),
        *_after_failed(company, time, abandoned),
        *_unanswered(company, time, unanswered),
        *_after_letters(company, time, drivers),
        _of_incidents(company, time, incidents),
    ]
    posts = pd.concat(parts, ignore_index=True)
    posts = posts[posts["ns"] < time.end_ns].reset_index(drop=True)
    posts["failed"] = posts["cause"].isin([FAILED, UNANSWERED])
    region = np.append(incidents["region"].to_numpy(dtype=object), "")
    posts["region"] = region[posts["incident"].to_numpy(np.int64)]
    rng = time.stream("posts who")
    posts["language"] = _choose(company.posts.languages, len(posts), rng)
    posts["mood"] = _moods(company, posts, rng)
    posts["author"] = _authors(company, len(posts), rng)
    posts["source"] = _choose(company.posts.sources, len(posts), rng)
    posts["reach"] = _reach(len(posts), rng)
    posts["text"] = write_posts(posts, company, time.stream("posts text"))
    return posts


def _reach(size: int, rng: np.random.Generator) -> Ns:
    return np.round(np.exp(rng.normal(4.8, 1.3, size))).astype(np.int64)


def _part(ns: Ns, topic: str, cause: str) -> pd.DataFrame:
    return pd.DataFrame({"ns": ns, "topic": topic, "cause": cause, "incident": -1})


def _times(rate: Floats, time: Timeline, rng: np.random.Generator) -> Ns:
    """Expected posts per half hour [n] -> when they are written, ns[m]."""
    starts = np.repeat(time.grid.ds, rng.poisson(rate))
    return starts + rng.integers(0, HALF_HOUR, len(starts))


def _rhythm(company: Company, time: Timeline) -> Floats:
    weekday: Floats = np.array(company.posts.weekday, dtype=np.float64)
    return time.factor(company.posts.rhythm) * weekday[time.grid.weekday]


def _quiet(company: Company, time: Timeline, common: pd.DataFrame) -> Iterator[pd.DataFrame]:
    law = company.posts
    weekday = np.array(law.weekday)[time.weekday]
    for topic, knobs in law.topics.items():
        rng = time.stream(f"posts {topic}")
        day = walk(rng, len(time.days), sd=law.day_sd * np.sqrt(1 - law.day_phi**2), phi=law.day_phi)
        rate = spread(knobs.per_day * weekday * np.exp(day - law.day_sd**2 / 2), _rhythm(company, time), time)
        moved = factor(on_topic(company, topic), common)
        rate = rate if moved is None else rate * moved
        yield _part(_times(rate * positive(rng, len(rate), cv=law.bucket_cv), time, rng), topic, "base")


def _after_failed(
    company: Company, time: Timeline, abandoned: Mapping[str, Floats]
) -> Iterator[pd.DataFrame]:
    awake = time.factor(company.posts.awake)
    for link in company.links:
        if link.regime == "lags":
            delayed = np.convolve(abandoned[link.queue], link.weights(HALF_HOUR / MINUTE))[: len(awake)]
            rng = time.stream(f"posts after {link.queue}")
            yield _part(_times(delayed * awake * link.strength, time, rng), link.topic, FAILED)


def _unanswered(company: Company, time: Timeline, expected: Mapping[str, Floats]) -> Iterator[pd.DataFrame]:
    awake = time.factor(company.posts.awake)
    for topic, rate in expected.items():
        yield _part(_times(rate * awake, time, time.stream(f"posts unanswered {topic}")), topic, UNANSWERED)


def _after_letters(company: Company, time: Timeline, drivers: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for topic in company.posts.topics:
        per_day = extra(company, drivers, f"posts:{topic}", time)
        if per_day.any():
            rate = spread(per_day, _rhythm(company, time), time)
            yield _part(_times(rate, time, time.stream(f"posts letters {topic}")), topic, "letters")


def _of_incidents(company: Company, time: Timeline, incidents: pd.DataFrame) -> pd.DataFrame:
    """People sleep: part of a night's posts is not written; the ongoing storm is, whatever the hour."""
    rng = time.stream("posts of incidents")
    ns, which = bursts.post_times(incidents, rng)
    kind = incidents["kind"].to_numpy(dtype=object)[which]
    hour = (local_ns(ns, company.zone) % (24 * HOUR)) / HOUR
    written = rng.random(len(ns)) < np.where(kind == bursts.ONGOING, 1.0, curve(company.posts.awake, hour))
    part = _part(ns[written], "", "")
    part["topic"] = incidents["topic"].to_numpy(dtype=object)[which[written]]
    part["cause"], part["incident"] = kind[written], which[written]
    return part


def _choose(
    shares: Mapping[str, float], size: int, rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.object_]]:
    weights = np.array(list(shares.values()), dtype=np.float64)
    picked = np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(size), side="right")
    return np.array(list(shares), dtype=object)[np.minimum(picked, len(weights) - 1)]


def _moods(
    company: Company, posts: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.object_]]:
    moods = np.full(len(posts), "negative", dtype=object)
    burst = posts["incident"].to_numpy() >= 0
    for topic, knobs in company.posts.topics.items():
        rows = (posts["topic"] == topic).to_numpy() & ~burst & ~posts["failed"].to_numpy()
        moods[rows] = _choose(knobs.moods, int(rows.sum()), rng)
    moods[burst] = _choose(company.posts.incident_moods, int(burst.sum()), rng)
    return moods


def _authors(company: Company, size: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Some write often: the numbers are the square of a uniform draw."""
    count = company.posts.authors
    first = np.array(company.names, dtype=object)[np.arange(count) % len(company.names)]
    people = first + "_" + (np.arange(count) * 37 % 9973).astype(str).astype(object)
    return np.asarray(people[(rng.random(size) ** 2 * count).astype(np.int64)])


def reposts(company: Company, time: Timeline, posts: pd.DataFrame) -> pd.DataFrame:
    """posts -> reposts with the same columns and `of` (row of the original), before the end."""
    law, rng = company.posts, time.stream("reposts")
    chance = np.where(posts["incident"] >= 0, law.incident_repost_share, law.repost_share)
    rows = np.flatnonzero(rng.random(len(posts)) < chance)
    copies = posts.iloc[rows].copy()
    copies["of"] = rows
    copies["ns"] += (rng.exponential(law.repost_minutes, len(rows)) * MINUTE).astype(np.int64)
    copies["text"] = "RT @" + copies["author"] + ": " + copies["text"]
    copies["author"] = _authors(company, len(rows), rng)
    copies["reach"] = _reach(len(rows), rng)
    return copies[copies["ns"] < time.end_ns]


def replies(company: Company, time: Timeline, posts: pd.DataFrame) -> pd.DataFrame:
    """posts -> the company's answers with the same columns and `to` (row of the question), within its hours, before the end."""
    law, rng = company.posts, time.stream("replies")
    chance = np.where(posts["topic"] == "smalltalk", law.reply_share / 5, law.reply_share)
    rows = np.flatnonzero(rng.random(len(posts)) < chance)
    answers = posts.iloc[rows].copy()
    answers["to"] = rows
    answers["ns"] += (law.reply_minutes * np.exp(rng.normal(0, 0.8, len(rows))) * MINUTE).astype(np.int64)
    answers["text"] = write_replies(answers, company, rng)
    answers["author"] = company.handle.lstrip("@")
    answers["reach"] = 12_000
    hour = (local_ns(answers["ns"].to_numpy(np.int64), company.zone) % (24 * HOUR)) / HOUR
    within = (hour >= law.reply_hours[0]) & (hour < law.reply_hours[1])
    return answers[within & (answers["ns"] < time.end_ns).to_numpy()]
