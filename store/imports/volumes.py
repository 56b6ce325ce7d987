"""Contacts per queue and interval."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.tables import Source
from forecast.contacts.volumes import read_volumes
from forecast.errors import InputError
from store.facts import apply_facts
from store.imports.imported import Imported, named
from store.imports.revising import revise, span, stored
from store.queues import Queue, load_queues, save_queue
from store.settings import Settings
from store.uploads import create_upload
from store.volumes import load_volumes, save_volumes, volume_series


def import_volumes(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    layout: str = "auto",
    timezone: str | None = None,
    interval: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
) -> Imported:
    """A file of contacts -> versions of its queues; queues not held yet are made from the file."""
    tz = timezone or settings.company.timezone
    loaded = read_volumes(source, tz=tz, layout=layout, interval=interval, date_order=date_order)
    _save_queues(session, loaded.frame, loaded.interval, tz)
    apply_facts(session, settings)
    volumes = with_known_at(loaded.frame, interval=loaded.interval, tz=tz)
    if mode == "receipt":
        held = pd.DataFrame(list(volume_series(session).values()), columns=["queue", "topic"])
    else:
        start, end = span(volumes)
        held = load_volumes(session, None, start, end)
    volumes = revise(volumes, held, ("queue", "topic", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="volumes",
        name=named(source, name),
        layout=loaded.layout,
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(volumes),
    )
    changed = save_volumes(session, volumes, upload_id=upload.id)
    problems = tuple(map(str, loaded.problems))
    return Imported(
        "volumes", upload.name, loaded.summary(), len(volumes), changed, upload.id, problems, loaded.warnings
    )


def _save_queues(session: Session, volumes: pd.DataFrame, interval: Interval, tz: str) -> None:
    """Make the queues of a file that are not held; refuse a file whose interval is not that of its queues."""
    held = {queue.name: queue for queue in load_queues(session)}
    for name, rows in volumes.groupby("queue"):
        topics = list(dict.fromkeys(rows["topic"]))
        queue = held.get(str(name))
        if queue is None:
            queue = Queue(str(name), str(rows["channel"].iloc[0]), topics[0], interval, tz)
        elif queue.interval is not interval:
            raise InputError(
                f"The queue {name!r} is kept per {queue.interval.value}; this file is per {interval.value}.",
                remedy=f"Give --interval {queue.interval.value}, or rename the queue.",
                field="interval",
            )
        elif queue.tz != tz and interval.slots == 1:
            raise InputError(
                f"The days of the queue {name!r} are those of {queue.tz}, not of {tz}.",
                remedy=f"Give --timezone {queue.tz}.",
                field="timezone",
            )
        if {queue.topic, *topics} != {queue.topic}:
            queue = replace(queue, topic="all")
        if held.get(queue.name) != queue:
            save_queue(session, queue)
