"""What waits for an answer as an indicator: `backlog:QUEUE` (contacts waiting longer than the target) and `age:QUEUE` (hours of the oldest).

Levels, by the queue's own interval, each known when the rows it stands on were known, so that the gate asks of a past day
only what could be seen then. A run costs by what is new since the last one. A signal of the same name that came from a file
stays what it is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.backlog import is_cohort
from forecast.buckets import index, to_ns
from forecast.quality.record import Record
from forecast.vintage import Versions
from jobs.ledger import Outcome, checkpoint, explain_failure
from store.backlog import DEFERRED, target_hours, versions_by_contact, versions_of
from store.cursors import load_cursor, save_cursor
from store.quality import load_records
from store.settings import Settings
from store.signals import save_signals
from store.statements import table_of
from store.tables import SignalRow, SignalSeries

CURSOR = "backlog"
HISTORY = pd.Timedelta(days=400)  # told on the first run; the gate looks back no further
AGAIN = pd.Timedelta(days=14)  # buckets of contacts told one by one that a run counts anew


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Tell the backlog of every queue that is answered later, as known since the last run."""
    written, queues, problems = 0, 0, []
    for record in load_records(session):
        if record.channel not in DEFERRED or not record.counted:
            continue
        try:
            count = _tell(session, settings, record, now)
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            problems.append(explain_failure(error, f"The backlog of {record.queue}"))
            continue
        if count is None:
            continue
        written, queues = written + count, queues + 1
        checkpoint(session)
    return Outcome({"queues": queues, "versions": written}, tuple(problems))


def _tell(session: Session, settings: Settings, record: Record, now: pd.Timestamp) -> int | None:
    """Versions written for a queue; None where its backlog cannot be told, or a file tells it."""
    names = f"backlog:{record.queue}", f"age:{record.queue}"
    if _from_a_file(session, names):
        return None
    target, cursor = target_hours(settings, record.queue), f"{CURSOR}:{record.queue}"
    held = load_cursor(session, cursor)
    since = now - HISTORY if held is None else pd.Timestamp(held)
    made = versions_by_contact(
        session,
        record,
        target=target,
        now=now.to_pydatetime(),
        since=to_ns(since if held is None else since - AGAIN),
    )
    if made is None:
        if np.isnan(record.handled).all() or is_cohort(record.offered, record.handled, record.abandoned):
            return None
        made = versions_of(session, record, target=target, since=to_ns(since))
    frames = [_frame(name, one, now) for name, one in zip(names, made, strict=True)]
    save_cursor(session, cursor, now.isoformat())
    rows = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    return save_signals(session, rows, interval=record.interval, tz=record.tz) if len(rows) else 0


def _frame(name: str, versions: Versions, now: pd.Timestamp) -> pd.DataFrame:
    known = versions.known_at <= to_ns(now)
    return pd.DataFrame(
        {
            "signal": pd.Series([name] * int(known.sum()), dtype=object),
            "ds": index(versions.ds[known]),
            "value": versions.value[known],
            "kind": pd.Series(["level"] * int(known.sum()), dtype=object),
            "known_at": index(versions.known_at[known]),
        }
    )


def _from_a_file(session: Session, names: tuple[str, ...]) -> bool:
    """Does a file or a call tell a signal of one of these names? Ours belong to no upload, and to a cursor."""
    rows, series = table_of(SignalRow), table_of(SignalSeries)
    query = (
        select(func.count())
        .select_from(rows.join(series, rows.c.series_id == series.c.id))
        .where(series.c.signal.in_(names), rows.c.upload_id.is_not(None))
    )
    return bool(session.scalar(query))
