"""Queues renamed, merged and split with a date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.frames import MOVES, check
from forecast.queue_map import QueueMap
from store.database import lock
from store.statements import table_of
from store.tables import MoveRow


def save_queue_map(session: Session, moves: pd.DataFrame, *, now: dt.datetime) -> int:
    """moves[queue, into, date, share?] -> moves stored; replaces all moves of each queue given, a share of 0 is none.

    `date` is midnight UTC of the local day. What was believed before is kept, see `load_queue_map(as_of=...)`.
    InputError where the map as a whole would contradict itself.
    """
    check(moves, MOVES)
    lock(session, "queue map")
    given = QueueMap.from_frame(moves)
    queues = set(moves["queue"].astype(str))
    kept = tuple(move for move in load_queue_map(session).moves if move.queue not in queues)
    QueueMap((*kept, *given.moves))
    table = table_of(MoveRow)
    held = (table.c.queue.in_(sorted(queues)), table.c.removed_at.is_(None))
    session.execute(update(table).where(*held).values(removed_at=now))
    rows = [
        {
            "queue": move.queue,
            "into_queue": move.into,
            "date": move.date,
            "share": move.share,
            "created_at": now,
        }
        for move in given.moves
    ]
    if rows:
        session.execute(insert(table), rows)
    return len(rows)


def load_queue_map(session: Session, *, as_of: dt.datetime | None = None) -> QueueMap:
    """All moves as believed now, or as they were believed at a moment."""
    table = table_of(MoveRow)
    query = select(table.c.queue, table.c.into_queue, table.c.date, table.c.share)
    if as_of is None:
        query = query.where(table.c.removed_at.is_(None))
    else:
        query = query.where(
            table.c.created_at <= as_of, table.c.removed_at.is_(None) | (table.c.removed_at > as_of)
        )
    rows = [tuple(row) for row in session.execute(query)]
    moves = pd.DataFrame(rows, columns=["queue", "into", "date", "share"])
    dates = pd.DatetimeIndex(np.array(moves["date"].tolist(), dtype="datetime64[ns]"), tz="UTC")
    return QueueMap.from_frame(moves.assign(date=dates, share=moves["share"].astype(np.float64)))
