"""Weekly digests: what they are made of, and those the job `digest` made last, kept as the outcome of its run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forecast.arrays import Floats
from forecast.buckets import day_start
from forecast.digest import Digest, Week
from forecast.outlook import WEEK, against, total
from forecast.outlook_words import Language
from store.outlook import EPOCH, contacts, expected_on
from store.queues import Queue, load_queues
from store.runs import list_runs
from store.signals import load_signals
from store.statements import table_of
from store.tables import RunRow

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


def drop_old_digests(session: Session, *, before: dt.datetime) -> int:
    """Digests that were made before a moment go, with the phrases of posts and the addresses in them; returns of how many runs.

    That the job ran, and how many it made, stays.
    """
    runs = table_of(RunRow)
    old = select(runs.c.id, runs.c.outcome).where(runs.c.job == JOB, runs.c.started_at < before)
    held = [row for row in session.execute(old).all() if "digests" in row.outcome]
    for row in held:
        left = {name: value for name, value in row.outcome.items() if name != "digests"}
        session.execute(update(runs).where(runs.c.id == row.id).values(outcome=left))
    return len(held)


def load_weeks(session: Session, topics: Sequence[str], day: dt.date, now: dt.datetime) -> dict[str, Week]:
    """Topic -> its week before the local day and the one from it on, over all queues.

    A sum is None where a queue that belongs to it is not known: a file that is late would be a fall.
    """
    queues, number = load_queues(session), (day - EPOCH).days
    came, ahead = contacts(session, queues, now), _ahead(session, queues, number)
    posts = {
        (name, week): _posts(session, name, day, week, queues[0].tz if queues else "UTC")
        for name in ("posts", "failed_contact")
        for week in (1, 2)
    }
    found = {}
    for topic in topics:
        mine = {
            queue: each for (queue, reason), each in came.items() if reason == topic and not _gone(each[0])
        }
        pasts = {queue: against(counts, days, number) for queue, (counts, days) in mine.items()}
        whole = not any(past.late for past in pasts.values())
        counted = {queue for queue, past in pasts.items() if past.week}
        forecast, by_day = ahead.get(topic, (set(), []))
        found[topic] = Week(
            topic,
            came=total(past.week for past in pasts.values()) if whole else None,
            before=_all(_sum(mine[queue][0][-2 * WEEK : -WEEK]) for queue in counted) if whole else None,
            usual=_all(pasts[queue].usual_week for queue in counted) if whole else None,
            expected=sum(by_day) if len(by_day) == WEEK and counted <= forecast else None,
            posts=posts["posts", 1].get(topic, 0.0),
            posts_before=posts["posts", 2].get(topic, 0.0),
            failed=posts["failed_contact", 1].get(topic, 0.0),
        )
    return found


def _ahead(session: Session, queues: Sequence[Queue], day: int) -> dict[str, tuple[set[str], list[float]]]:
    """Topic -> queues with a forecast, and what is expected on each day of the week from the local day on."""
    found: dict[str, tuple[set[str], list[float]]] = {}
    for offset in range(WEEK):
        sums: dict[str, float] = {}
        for line in expected_on(session, queues, day + offset):
            sums[line.topic] = sums.get(line.topic, 0.0) + line.expected
            found.setdefault(line.topic, (set(), []))[0].add(line.queue)
        for topic, size in sums.items():
            found[topic][1].append(size)
    return found


def _gone(counts: Floats) -> bool:
    """Whether a queue has had nothing for so long that it is over, not late."""
    return bool(np.isnan(counts[-2 * WEEK :]).all())


def _sum(counts: Floats) -> float | None:
    return None if len(counts) < WEEK or np.isnan(counts).any() else float(counts.sum())


def _all(values: Iterable[float | None]) -> float | None:
    """The sum, None where one is not known or there is none."""
    held = list(values)
    known = [value for value in held if value is not None]
    return sum(known) if held and len(known) == len(held) else None


def _posts(session: Session, name: str, day: dt.date, week: int, tz: str) -> Mapping[str, float]:
    """Topic -> sum of a signal over the local week so many weeks before the day."""
    last = (day - EPOCH).days - WEEK * (week - 1)
    begin, end = pd.to_datetime(day_start([last - WEEK, last], tz), utc=True)
    signals = load_signals(session, start=begin, end=end)
    mine = signals[signals["signal"] == name]
    return {str(topic): float(value) for topic, value in mine.groupby("topic")["value"].sum().items()}
