"""Contact reasons under one queue: which there are, and their histories beside that of their queue.

A queue is divided where its contacts are counted by topic: under two topics or more, or under some beside a row of `all`.
What `all` holds beyond the topics is a reason of its own, REST, so that the reasons are the queue. Another queue is
divided where files tell its reasons apart from its totals (`reason_shares.py`): what they leave open is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.versions import summed
from forecast.vintage import Archive, Series, Versions
from store.archive import as_offered
from store.queues import load_queues
from store.reason_shares import parts_told, told_reasons
from store.tables import ForecastSeries
from store.versions import KINDS, load
from store.volumes import volume_series
from store.wholes import WHOLE

REST = "other"
NANO = 1000  # a microsecond


def reason_name(queue: str, topic: str) -> str:
    """The name under which a reason of a queue is a series: as `forecall evaluate --by topic` calls it."""
    return f"{queue}/{topic}"


def reasons_of(session: Session, queues: Sequence[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Queue -> the reasons it is divided into, by name; queues that are not divided are left out."""
    topics: dict[str, set[str]] = {}
    for queue, topic in volume_series(session, None if queues is None else list(queues)).values():
        topics.setdefault(queue, set()).add(topic)
    names = {queue.name for queue in load_queues(session)}
    apart = told_reasons(session, queues)
    found = {}
    for queue, held in sorted(topics.items()):
        parts = _counted(held) or set(apart.get(queue, ()))
        taken = any(reason_name(queue, topic) in names for topic in parts)  # another queue has that name
        if len(parts) > 1 and not taken:
            found[queue] = tuple(sorted(parts))
    return found


def _counted(topics: set[str]) -> set[str]:
    """Topics of a queue's volumes -> the reasons it is divided into by them; none where it is not."""
    parts = topics - {WHOLE} | ({REST} if WHOLE in topics else set())
    return parts if len(parts) > 1 else set()


def stored_reasons(session: Session) -> dict[str, tuple[str, ...]]:
    """As `reasons_of`, but only reasons of which a forecast was ever stored."""
    forecast = set(session.scalars(select(ForecastSeries.name)))
    found = {
        queue: tuple(topic for topic in topics if reason_name(queue, topic) in forecast)
        for queue, topics in reasons_of(session).items()
    }
    return {queue: topics for queue, topics in found.items() if topics}


def with_reasons(session: Session, archive: Archive) -> Archive:
    """The archive with a series per reason beside each queue that is divided; of no archive nothing is changed."""
    divided = reasons_of(session, list(archive.series))
    numbers = {key: number for number, key in volume_series(session, list(divided)).items()}
    rows = load(session, KINDS["volumes"], series=list(numbers.values()), values=["offered"])
    made = dict(archive.series)
    for queue, topics in divided.items():
        if not _counted({topic for name, topic in numbers if name == queue}):
            for topic, part in parts_told(session, archive.series[queue], topics).items():
                name = reason_name(queue, topic)
                made[name] = _part(archive.series[queue], name, topic, part)
            continue
        parts = {}
        for topic in sorted({topic for name, topic in numbers if name == queue} - {WHOLE}):
            mine = rows.take(rows.series == numbers[queue, topic])
            mine = mine.take(np.argsort(mine.id, kind="stable"))
            parts[topic] = Versions.of(mine.ds * NANO, mine.values[:, 0], mine.known_at * NANO)
        if REST in topics:
            parts[REST] = _rest(as_offered(session, queue, archive.series[queue].offered), parts)
        for topic in topics:
            name = reason_name(queue, topic)
            made[name] = _part(archive.series[queue], name, topic, parts[topic])
    return replace(archive, series=made, memo={}, recent={})


def _part(whole: Series, name: str, topic: str, offered: Versions) -> Series:
    return replace(whole, name=name, topic=topic, offered=offered, span=whole.offered, handling=None)


def _rest(offered: Versions, parts: dict[str, Versions]) -> Versions:
    """What a queue got beyond its topics, as known at every moment; a topic that is itself called REST is in it."""
    named = [replace(each, value=-each.value) for topic, each in parts.items() if topic != REST]
    left = summed([offered, *named])
    return replace(left, value=np.maximum(np.nan_to_num(left.value), 0.0))
