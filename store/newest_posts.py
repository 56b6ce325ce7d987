"""The newest posts of customers that are negative, as they were kept: without names, and only where texts are kept at all."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from store.statements import table_of
from store.tables import EPOCH, MentionRow


@dataclass(frozen=True)
class Said:
    """One post. text: what was written, hostile; url: its address, '' where none is kept."""

    at: dt.datetime
    text: str
    source: str
    topics: tuple[str, ...]
    url: str


def newest_negative(session: Session, *, since: dt.datetime, until: dt.datetime, most: int) -> list[Said]:
    """At most so many, the newest first; copies, our own posts and posts that were taken back left out."""
    table = table_of(MentionRow)
    columns = (table.c.created_at, table.c.text, table.c.source, table.c.topics, table.c.url)
    query = (
        select(*columns)
        .where(
            table.c.created_at >= to_ns(since) // 1000,
            table.c.created_at < to_ns(until) // 1000,
            table.c.label == "negative",
            table.c.text.is_not(None),
            table.c.deleted_at.is_(None),
            table.c.repost_of.is_(None),
            table.c.copy.is_(False),
            table.c.direction.is_distinct_from("out"),
        )
        .order_by(table.c.created_at.desc(), table.c.source, table.c.id)
        .limit(most)
    )
    return [
        Said(EPOCH + dt.timedelta(microseconds=at), text, source, tuple(json.loads(topics)), url or "")
        for at, text, source, topics, url in session.execute(query)
    ]
