"""Queues renamed, merged and split with a date."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forecast.frames import MOVES, check
from forecast.queue_map import QueueMap
from store.database import lock
from store.statements import table_of
from store.tables import MoveRow


def save_queue_map(session: Session, moves: pd.DataFrame) -> int:
    """moves[queue, into, date, share?] -> moves stored; replaces all moves of each queue given, a share of 0 is none.

    `date` is midnight UTC of the local day. InputError where the map as a whole would contradict itself.
    """
    check(moves, MOVES)
    lock(session, "queue map")
    given = QueueMap.from_frame(moves)
    queues = set(moves["queue"].astype(str))
    kept = tuple(move for move in load_queue_map(session).moves if move.queue not in queues)
    QueueMap((*kept, *given.moves))
    table = table_of(MoveRow)
    session.execute(delete(table).where(table.c.queue.in_(sorted(queues))))
    rows = [
        {"queue": move.queue, "into_queue": move.into, "date": move.date, "share": move.share}
        for move in given.moves
    ]
    if rows:
        session.execute(insert(table), rows)
    return len(rows)


def load_queue_map(session: Session) -> QueueMap:
    """All moves."""
    rows = [tuple(row) for row in session.execute(select(*table_of(MoveRow).c))]
    moves = pd.DataFrame(rows, columns=["queue", "into", "date", "share"])
    dates = pd.DatetimeIndex(np.array(moves["date"].tolist(), dtype="datetime64[ns]"), tz="UTC")
    return QueueMap.from_frame(moves.assign(date=dates, share=moves["share"].astype(np.float64)))
