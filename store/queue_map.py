"""Queues renamed, merged and split with a date; append-only, so that what was believed at any moment can be asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import NotFound
from forecast.frames import MOVES, check
from forecast.queue_map import Move, QueueMap
from store.database import lock
from store.queues import Queue, load_queues, require_queues, save_queue
from store.statements import table_of
from store.tables import ForecastSeries, HourRow, MoveRow, QueueRow, VolumeSeries


@dataclass(frozen=True)
class KeptMove:
    """A move with its number; moves of one `created_at` came together and are undone together."""

    id: int
    move: Move
    created_at: dt.datetime
    removed_at: dt.datetime | None


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
    now = _after_all(session, now)
    session.execute(update(table).where(*held).values(removed_at=now))
    _insert(session, given.moves, now)
    return len(given.moves)


def add_moves(session: Session, moves: tuple[Move, ...], *, now: dt.datetime) -> list[KeptMove]:
    """Moves beside those held -> the same with their numbers; those held already are not stored again.

    A queue that contacts go to and that is not held is made like the one they come from. NotFound for an unknown one to come
    from; InputError where the map would contradict itself.
    """
    lock(session, "queue map")
    held = load_queue_map(session).moves
    new = tuple(move for move in moves if move not in held)
    QueueMap((*held, *new))
    _make_queues(session, new)
    now = _after_all(session, now)
    _insert(session, new, now)
    return [one for one in load_moves(session) if one.move in moves]


def undo_moves(session: Session, number: int, *, now: dt.datetime) -> list[KeptMove]:
    """Take back a move and those that came with it, and bring back what they replaced -> the moves taken back.

    Queues that these moves made, and of which nothing else is held, go too. NotFound for a move that does not hold;
    InputError where later moves stand on these.
    """
    lock(session, "queue map")
    table = table_of(MoveRow)
    live = load_moves(session)
    asked = next((one for one in live if one.id == number), None)
    if asked is None:
        raise NotFound(
            f"There is no move between queues with the number {number} that holds.",
            remedy="See `forecall queues map list`.",
            field="id",
        )
    gone = [one for one in live if one.created_at == asked.created_at]
    back = [one for one in load_moves(session, removed=True) if one.removed_at == asked.created_at]
    kept = tuple(one.move for one in live if one not in gone)
    QueueMap((*kept, *(one.move for one in back)))
    now = _after_all(session, now)
    session.execute(update(table).where(table.c.id.in_([one.id for one in gone])).values(removed_at=now))
    # a moment later each, in the groups they came in: undoing one of them is not to undo this undoing
    for place, came in enumerate(sorted({one.created_at for one in back}), start=1):
        mine = tuple(one.move for one in back if one.created_at == came)
        _insert(session, mine, now + dt.timedelta(microseconds=place))
    _forget_empty(session, {one.move.into for one in gone})
    return gone


def load_queue_map(session: Session, *, as_of: dt.datetime | None = None) -> QueueMap:
    """All moves as believed now, or as they were believed at a moment."""
    if as_of is None:
        return QueueMap(tuple(one.move for one in load_moves(session)))
    every = [*load_moves(session), *load_moves(session, removed=True)]
    held = [
        one.move
        for one in every
        if one.created_at <= as_of and (one.removed_at is None or one.removed_at > as_of)
    ]
    return QueueMap(tuple(held))


def load_moves(session: Session, *, removed: bool = False) -> list[KeptMove]:
    """The moves that hold, or those that were taken back; the oldest first."""
    table = table_of(MoveRow)
    query = select(table).where(table.c.removed_at.is_not(None) if removed else table.c.removed_at.is_(None))
    return [
        KeptMove(
            row.id,
            Move(int(np.datetime64(row.date, "D").astype(np.int64)), row.queue, row.into_queue, row.share),
            row.created_at,
            row.removed_at,
        )
        for row in session.execute(query.order_by(table.c.id))
    ]


def _insert(session: Session, moves: tuple[Move, ...], now: dt.datetime) -> None:
    rows = [
        {
            "queue": move.queue,
            "into_queue": move.into,
            "date": move.date,
            "share": move.share,
            "created_at": now,
        }
        for move in moves
    ]
    if rows:
        session.execute(insert(table_of(MoveRow)), rows)


def _after_all(session: Session, now: dt.datetime) -> dt.datetime:
    """The moment, or the next microsecond after the latest change: changes are told apart by their moments."""
    every = [*load_moves(session), *load_moves(session, removed=True)]
    latest = [at for one in every for at in (one.created_at, one.removed_at) if at is not None]
    return max([now, *(at + dt.timedelta(microseconds=1) for at in latest)])


def _make_queues(session: Session, moves: tuple[Move, ...]) -> None:
    held = {queue.name: queue for queue in load_queues(session)}
    for move in QueueMap(moves).moves:
        if move.queue not in held:
            require_queues(session, [move.queue])
        if move.into not in held:
            held[move.into] = replace(held[move.queue], name=move.into)
            save_queue(session, held[move.into])


def _forget_empty(session: Session, names: set[str]) -> None:
    """Forget queues without volumes, hours or forecasts, to or from which nothing goes any more."""
    used = {name for one in load_moves(session) for name in (one.move.queue, one.move.into)}
    for column in (VolumeSeries.queue, HourRow.queue, ForecastSeries.name):
        used |= set(session.scalars(select(column).where(column.in_(sorted(names)))))
    if names - used:
        session.execute(delete(table_of(QueueRow)).where(QueueRow.name.in_(sorted(names - used))))


def living_queues(session: Session) -> list[Queue]:
    """The queues that have contacts of their own or by the map; those that only past forecasts still name are left out."""
    named = {one.move.into for one in load_moves(session)} | set(session.scalars(select(VolumeSeries.queue)))
    return [queue for queue in load_queues(session) if queue.name in named]
