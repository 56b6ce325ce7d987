"""Questions among the mentions: those of others that ask something of the company itself, light enough to load by the month."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import index, to_ns
from store.columns import moments
from store.statements import table_of
from store.tables import MentionRow

TIMES = ("created_at", "known_at", "received_at")
ENDS = ("replied_at", "resolved_at", "deleted_at")
_TABLE = table_of(MentionRow)
_MISSING = np.iinfo(np.int64).min


def load_questions(
    session: Session,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    only_open: bool = False,
    competitors: Sequence[str] = (),
) -> pd.DataFrame:
    """-> questions[created_at, known_at, received_at, replied_at, resolved_at, deleted_at, topics, language], by creation.

    start, end: by `created_at`, half-open; only_open: none that is answered, resolved or deleted; competitors: brands left out
    """
    names = [*TIMES, *ENDS, "topics", "language"]
    query = select(*(_TABLE.c[name] for name in names)).where(*_ours(competitors))
    if start is not None:
        query = query.where(_TABLE.c.created_at >= to_ns(start) // 1000)
    if end is not None:
        query = query.where(_TABLE.c.created_at < to_ns(end) // 1000)
    if only_open:
        query = query.where(*(_TABLE.c[name].is_(None) for name in ENDS))
    query = query.order_by(_TABLE.c.created_at, _TABLE.c.source, _TABLE.c.id)
    fetched = session.execute(query).cursor.fetchall()  # type: ignore[attr-defined]  # plain tuples
    columns = dict(zip(names, zip(*fetched, strict=True) if fetched else [()] * len(names), strict=True))
    memo = {value: tuple(json.loads(value)) for value in set(columns["topics"])}
    return pd.DataFrame(
        {
            **{name: moments(np.array(columns[name], dtype=np.int64)) for name in TIMES},
            **{name: _maybe(columns[name]) for name in ENDS},
            "topics": pd.Series([memo[value] for value in columns["topics"]], dtype=object),
            "language": pd.Series(list(columns["language"]), dtype=object),
        }
    )


def touched_since(session: Session, since: dt.datetime | None, *, competitors: Sequence[str] = ()) -> Ns:
    """When the questions were made (ns[n]) that came in, changed or were answered at or after `since`; all for None.

    An answer leaves no trace of its own on a question but the moment it was given. One that reaches us late came with a
    post of ours, and that one says how far back to look.
    """
    query = select(_TABLE.c.created_at).where(*_ours(competitors))
    if since is not None:
        mark = to_ns(since) // 1000
        news = or_(_TABLE.c.updated_at >= mark, _TABLE.c.received_at >= mark)
        first = session.scalar(select(func.min(_TABLE.c.created_at)).where(_TABLE.c.direction == "out", news))
        query = query.where(or_(news, _TABLE.c.replied_at >= (mark if first is None else min(mark, first))))
    return np.array(session.scalars(query).all(), dtype=np.int64) * 1000


def _ours(competitors: Sequence[str]) -> list[ColumnElement[bool]]:
    """What makes a mention a question to us."""
    chosen = [_TABLE.c.question.is_(True), _TABLE.c.direction != "out", _TABLE.c.repost_of.is_(None)]
    if competitors:
        chosen.append(or_(_TABLE.c.brand.is_(None), _TABLE.c.brand.not_in(list(competitors))))
    return chosen


def _maybe(values: Sequence[Any]) -> pd.DatetimeIndex:
    return index(np.array([_MISSING if value is None else value * 1000 for value in values], dtype=np.int64))
