"""Weekly digests: what they are made of, and those the job `digest` made last, kept as the outcome of its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import day_start
from forecast.digest import Digest, Week
from forecast.outlook import WEEK, against, total
from forecast.outlook_words import Language
from store.outlook import EPOCH, contacts, expected_on
from store.queues import load_queues
from store.runs import list_runs
from store.signals import load_signals

JOB = "digest"
RECENT = 20  # runs in which the last one that was done is looked for


def as_rows(digests: Sequence[Digest]) -> list[dict[str, Any]]:
    """Digests as the ledger keeps them."""
    return [asdict(one) | {"begin": one.begin.isoformat(), "until": one.until.isoformat()} for one in digests]


def load_digests(session: Session, language: Language) -> tuple[dt.datetime | None, list[Digest]]:
    """When the digests were made last, and those in a language, by owner."""
    run = next((one for one in list_runs(session, RECENT, job=JOB) if "digests" in one.outcome), None)
    if run is None:
        return None, []
    made = [
        Digest(
            **row
            | {"begin": dt.date.fromisoformat(row["begin"]), "until": dt.date.fromisoformat(row["until"])}
        )
        for row in run.outcome["digests"]
        if row["language"] == language
    ]
    return run.started_at, sorted(made, key=lambda one: one.owner)


def load_weeks(session: Session, topics: Sequence[str], day: dt.date, now: dt.datetime) -> dict[str, Week]:
    """Topic -> its week before the local day and the one from it on, over all queues."""
    queues, number = load_queues(session), (day - EPOCH).days
    came = contacts(session, queues, now)
    ahead: dict[str, list[float]] = {}
    for offset in range(WEEK):
        sums: dict[str, float] = {}
        for line in expected_on(session, queues, number + offset):
            sums[line.topic] = sums.get(line.topic, 0.0) + line.expected
        for topic, size in sums.items():
            ahead.setdefault(topic, []).append(size)
    posts = {
        (name, week): _posts(session, name, day, week, queues[0].tz if queues else "UTC")
        for name in ("posts", "failed_contact")
        for week in (1, 2)
    }
    found = {}
    for topic in topics:
        mine = [each for (_, reason), each in came.items() if reason == topic]
        pasts = [against(counts, days, number) for counts, days in mine]
        before = [_sum(counts[-2 * WEEK : -WEEK]) for counts, _ in mine]
        found[topic] = Week(
            topic,
            came=total(past.week for past in pasts),
            before=total(before),
            usual=total(past.usual_week for past in pasts),
            expected=sum(ahead[topic]) if len(ahead.get(topic, ())) == WEEK else None,
            posts=posts["posts", 1].get(topic, 0.0),
            posts_before=posts["posts", 2].get(topic, 0.0),
            failed=posts["failed_contact", 1].get(topic, 0.0),
        )
    return found


def _sum(counts: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    return None if len(counts) < WEEK or np.isnan(counts).any() else float(counts.sum())


def _posts(session: Session, name: str, day: dt.date, week: int, tz: str) -> Mapping[str, float]:
    """Topic -> sum of a signal over the local week so many weeks before the day."""
    last = (day - EPOCH).days - WEEK * (week - 1)
    begin, end = pd.to_datetime(day_start([last - WEEK, last], tz), utc=True)
    signals = load_signals(session, start=begin, end=end)
    mine = signals[signals["signal"] == name]
    return {str(topic): float(value) for topic, value in mine.groupby("topic")["value"].sum().items()}
