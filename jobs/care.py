"""Questions on social channels as the contacts of a queue, so that it is forecast like any other. A run costs by what is new.

The cursor is the moment of the last run. Buckets with a question that came in, changed or was answered since are counted
anew; what they hold goes into the store as versions, known when they were. What the last run could have seen and did not
store (an answer that reached us late, a post that only its answer told to be a question) is known since that run, and not
earlier. Only an import of the past may say what was known before: its posts count as known when they were made.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Ns
from forecast.buckets import Interval, column_ns, end, floor, from_ns, to_ns
from forecast.errors import ConfigError
from forecast.social.care import questions_as_volumes
from jobs.ledger import LEASE_SECONDS, Outcome, checkpoint
from store.cursors import load_cursor, save_cursor
from store.forgotten import load_forgotten
from store.questions import load_questions, touched_since
from store.queues import Queue, load_queues, save_queue
from store.settings import Settings
from store.volumes import load_volumes, save_volumes

CURSOR = "care"
CHANNEL = "social"
SLACK = pd.Timedelta(seconds=LEASE_SECONDS)  # a job that brings posts says so as of its start, and ends later
WINDOW = pd.Timedelta(days=92)  # so many days of questions are in memory at a time
KEY = ["topic", "ds"]


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Count the questions that are new or changed since the last run into the queue of `social.care`."""
    if not settings.social.care.queue:
        return Outcome()
    queue = _queue(session, settings)
    held = load_cursor(session, CURSOR)
    before = None if held is None else pd.Timestamp(held)
    rivals = [brand.name for brand in settings.social.brands if brand.competitor]
    created = touched_since(session, _look_back(before, queue), competitors=rivals)
    starts = np.unique(floor(created, queue.interval, queue.tz))
    starts = starts[end(starts, queue.interval, queue.tz) <= to_ns(now)]
    versions = 0
    for window in _windows(starts):
        versions += _count(session, settings, queue, window, rivals, before, now)
        checkpoint(session)
    save_cursor(session, CURSOR, now.isoformat())
    return Outcome({"buckets": len(starts), "versions": versions})


def _queue(session: Session, settings: Settings) -> Queue:
    """The queue of social care, made where it is absent; ConfigError where one of another channel has its name."""
    name = settings.social.care.queue
    held = next((queue for queue in load_queues(session) if queue.name == name), None)
    if held is None:
        interval = Interval.parse(settings.social.interval)
        held = Queue(name, CHANNEL, "all", interval, settings.company.timezone)
        save_queue(session, held)
    if held.channel != CHANNEL:
        raise ConfigError(
            f"The queue {name!r} of social.care is of the channel {held.channel}.",
            remedy="Give social.care.queue a name of its own, or the queue `channel: social` under queues.",
            field="social.care.queue",
        )
    return held


def _look_back(before: pd.Timestamp | None, queue: Queue) -> pd.Timestamp | None:
    """From when on questions may be uncounted: the last run left out those of the bucket that ran, and of jobs that ran."""
    if before is None:
        return None
    running = floor(np.array([to_ns(before)]), queue.interval, queue.tz)[0]
    return min(before - SLACK, from_ns(int(running)))


def _count(
    session: Session,
    settings: Settings,
    queue: Queue,
    starts: Ns,
    rivals: list[str],
    before: pd.Timestamp | None,
    now: pd.Timestamp,
) -> int:
    """Count the buckets that begin at `starts` anew; returns how many versions are new."""
    first = from_ns(starts[0])
    last = from_ns(end(starts[-1:], queue.interval, queue.tz)[0])
    questions = load_questions(session, start=first, end=last, competitors=rivals)
    place = floor(column_ns(questions["created_at"]), queue.interval, queue.tz)
    questions, place = questions[np.isin(place, starts)], place[np.isin(place, starts)]
    volumes = questions_as_volumes(
        questions,
        interval=queue.interval,
        tz=queue.tz,
        target=dt.timedelta(minutes=settings.social.care.target_minutes),
        asof=now,
    )
    held = load_volumes(session, queue.name, first, last)
    held = held[np.isin(column_ns(held["ds"]), starts)]
    if before is not None:
        past = (questions["received_at"] >= before - SLACK) & (
            questions["known_at"] < questions["received_at"]
        )
        volumes = _known_since(volumes, before, imported=np.unique(place[past.to_numpy()]))
    volumes = _never_less(volumes, held, _partly_forgotten(session, volumes))
    gone = _emptied(volumes, held[~_partly_forgotten(session, held)], now)
    volumes = pd.concat([volumes, gone], ignore_index=True) if len(gone) else volumes
    if volumes.empty:
        return 0
    return save_volumes(session, volumes.assign(queue=queue.name), upload_id=None)


def _known_since(volumes: pd.DataFrame, before: pd.Timestamp, *, imported: Ns) -> pd.DataFrame:
    """Versions known by the last run become what it should have stored, but in buckets with posts of an import."""
    ours = ~np.isin(column_ns(volumes["ds"]), imported)
    known = volumes["known_at"].mask(ours & (volumes["known_at"] < before).to_numpy(), before)
    return volumes.assign(known_at=known).drop_duplicates([*KEY, "known_at"], keep="last")


def _partly_forgotten(session: Session, volumes: pd.DataFrame) -> Flags:
    """Which rows are of a bucket some of whose posts may be gone."""
    ds = column_ns(volumes["ds"]) // 1000
    gone = np.zeros(len(ds), dtype=bool)
    for _, last in load_forgotten(session).values():
        gone |= ds <= last
    return gone


def _never_less(volumes: pd.DataFrame, held: pd.DataFrame, forgotten: Flags) -> pd.DataFrame:
    """A bucket some of whose posts are forgotten does not count less than it did."""
    if not forgotten.any():
        return volumes
    both = volumes[KEY].merge(held[[*KEY, "offered", "handled"]], how="left", on=KEY)
    raised = {
        name: np.where(
            forgotten, np.fmax(volumes[name].to_numpy(), both[name].to_numpy()), volumes[name].to_numpy()
        )
        for name in ("offered", "handled")
    }
    return volumes.assign(**raised)


def _emptied(volumes: pd.DataFrame, held: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Buckets of a reason that held questions and hold none any more: posts were corrected."""
    kept = held[KEY].merge(volumes[KEY].drop_duplicates(), how="left", on=KEY, indicator=True)
    gone = kept.loc[(kept["_merge"] == "left_only").to_numpy(), KEY]
    return gone.assign(offered=0.0, handled=0.0, known_at=now.as_unit("ns"))


def _windows(starts: Ns) -> list[Ns]:
    """Ascending bucket starts -> the same in pieces of about three months."""
    if len(starts) == 0:
        return []
    return np.split(starts, np.flatnonzero(np.diff((starts - starts[0]) // WINDOW.value)) + 1)
