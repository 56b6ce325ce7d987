"""Moves between queues."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.queue_moves import read_queue_map
from forecast.contacts.tables import Source
from forecast.queue_map import QueueMap
from store.imports.imported import Imported, named, of_side
from store.queue_map import save_queue_map
from store.queues import load_queues, require_queues, save_queue
from store.settings import Settings


def import_queue_map(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file of moves between queues -> the store; replaces the moves of each queue it names, 0 as share takes one back.

    A queue that contacts go to and that is not held yet is made like the one they come from. NotFound for an unknown
    one to come from.
    """
    tz = timezone or settings.company.timezone
    loaded = read_queue_map(source, tz=tz, date_order=date_order)
    held = {queue.name: queue for queue in load_queues(session)}
    for move in QueueMap.from_frame(loaded.frame).moves:
        require_queues(session, [move.queue])
        if move.into not in held:
            held[move.into] = replace(held[move.queue], name=move.into)
            save_queue(session, held[move.into])
    changed = save_queue_map(session, loaded.frame, now=now.to_pydatetime())
    return of_side(loaded, named(source, name), changed)
