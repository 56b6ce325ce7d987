"""Scored mentions: what was said, without names. `(source, id)` names one; loading it twice changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import and_, case, delete, func, null, or_, select, true, update
from sqlalchemy.orm import Session

from forecast.buckets import column_ns, to_ns
from forecast.errors import ContractError
from store.columns import flag_column, micros, moments
from store.statements import table_of, write
from store.tables import MentionRow

TIMES = ("replied_at", "resolved_at", "deleted_at")
TEXTS = ("author", "language", "label", "direction", "repost_of", "reply_to", "url", "brand", "scorer")
NUMBERS = ("sentiment", "reach")
FLAGS = ("copy", "question", "failed_contact")
MISSING = np.iinfo(np.int64).min
LOADED = ("source", "id", "created_at", "known_at", "sentiment", "label", "topics", "direction", "repost_of", "author",
          "text", "language", "reach", "reply_to", *TIMES, "brand", "assumed", "sketch", *FLAGS)  # fmt: skip
LISTED = 500  # names in one IN (...)


def save_mentions(
    session: Session, scored: pd.DataFrame, *, received: dt.datetime | None = None, correct: bool = False
) -> int:
    """scored[source, id, created_at, known_at?, ...] -> number of mentions that are new or changed.

    A mention already held is changed only by a row known later that says something else. Its first `known_at` stays, and
    a text that retention took away does not come back, nor anything of a post that was deleted or erased. Without `known_at` a mention counts as known at its creation.
    received: from when on the row's age counts for retention; without it, from when it was known. correct: a row changes
    what is held whenever either was known
    """
    for name in ("source", "id", "created_at"):
        if name not in scored.columns:
            raise ContractError(
                f"The mentions miss the column {name!r}.",
                remedy="They need source, id and created_at.",
                field=name,
            )
    if len(scored) == 0:
        return 0
    columns = dict(_columns(scored))
    columns["received_at"] = (
        columns["known_at"] if received is None else [to_ns(received) // 1000] * len(scored)
    )
    order = sorted(range(len(scored)), key=columns["known_at"].__getitem__)
    rows = {
        (columns["source"][row], columns["id"][row]): row for row in order
    }  # of each mention the row known last
    if len(rows) < len(scored):
        columns = {name: [column[row] for row in rows.values()] for name, column in columns.items()}
    return write(session, table_of(MentionRow), columns, then=partial(_update, correct=correct))


def _update(insert: Any, *, correct: bool) -> Any:
    table, new = table_of(MentionRow), insert.excluded
    # What another source or our own reply told of a post is not untold by one that knows nothing of it.
    facts = {name: new[name] for name in (*TEXTS, *NUMBERS, "topics")}
    facts |= {name: func.coalesce(new[name], table.c[name]) for name in (*TIMES, "brand", "reply_to", "url")}
    text = case((or_(table.c.text.is_(None), new.deleted_at.is_not(None)), null()), else_=new.text)
    differs = or_(
        *(fact.is_distinct_from(table.c[name]) for name, fact in facts.items()),
        text.is_distinct_from(table.c.text),
    )
    newer = true() if correct else new.updated_at > table.c.updated_at
    return insert.on_conflict_do_update(
        index_elements=["source", "id"],
        set_={
            **facts,
            "text": text,
            "updated_at": new.updated_at,
            "question": or_(table.c.question, new.question),
        },
        where=and_(newer, table.c.deleted_at.is_(None), differs),
    )


def _columns(scored: pd.DataFrame) -> Mapping[str, list[Any]]:
    known = scored["known_at"] if "known_at" in scored.columns else scored["created_at"]
    columns: dict[str, list[Any]] = {
        "source": scored["source"].tolist(),
        "id": [str(one) for one in scored["id"].tolist()],
        "created_at": micros(scored["created_at"]).tolist(),
        "known_at": micros(known).tolist(),
        "topics": _topics(scored),
        "assumed": flag_column(scored, "assumed").tolist(),
        "text": _objects(scored, "text"),
        "sketch": _objects(scored, "sketch"),
        **{name: flag_column(scored, name).tolist() for name in FLAGS},
    }
    columns["updated_at"] = columns["known_at"]
    for name in TIMES:
        ns = column_ns(scored[name]) if name in scored.columns else np.full(len(scored), MISSING)
        columns[name] = [None if one == MISSING else one // 1000 for one in ns.tolist()]
    columns.update({name: _objects(scored, name) for name in (*TEXTS, *NUMBERS)})
    if (gone := [at is not None for at in columns["deleted_at"]]) and any(gone):
        columns["text"] = [None if out else text for out, text in zip(gone, columns["text"], strict=True)]
    return columns


def _objects(scored: pd.DataFrame, name: str) -> list[Any]:
    if name not in scored.columns:
        return [None] * len(scored)
    return [None if value is None or value != value else value for value in scored[name].tolist()]


def _topics(scored: pd.DataFrame) -> list[str]:
    """Topics as a list, a tuple or JSON text -> JSON text; one object per set of topics."""
    if "topics" not in scored.columns:
        return ["[]"] * len(scored)
    memo: dict[Any, str] = {}
    for value in scored["topics"].tolist():
        key = value if isinstance(value, str) else tuple(value)
        if key not in memo:
            memo[key] = key if isinstance(key, str) else json.dumps(list(key), ensure_ascii=False)
    return [memo[value if isinstance(value, str) else tuple(value)] for value in scored["topics"].tolist()]


def load_scored(
    session: Session,
    *,
    since: dt.datetime | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    received_before: dt.datetime | None = None,
    author: str | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """-> scored mentions as `forecast.social.signals.SCORED` has them, by `known_at`.

    since: only what became known or changed at or after it, with when it was `received_at`; start, end: by `created_at`,
    half-open
    """
    table = table_of(MentionRow)
    names = list(LOADED)
    if since is not None:
        names.append("received_at")
    query = select(*(table.c[name] for name in names)).order_by(table.c.known_at, table.c.source, table.c.id)
    if since is not None:
        query = query.where(table.c.updated_at >= to_ns(since) // 1000)
    if start is not None:
        query = query.where(table.c.created_at >= to_ns(start) // 1000)
    if end is not None:
        query = query.where(table.c.created_at < to_ns(end) // 1000)
    if received_before is not None:
        query = query.where(table.c.received_at < to_ns(received_before) // 1000)
    if author is not None:
        query = query.where(table.c.author == author)
    if limit is not None:
        query = query.limit(limit)
    fetched = session.execute(query).cursor.fetchall()  # type: ignore[attr-defined]  # plain tuples
    columns = dict(zip(names, zip(*fetched, strict=True) if fetched else [()] * len(names), strict=True))
    memo = {value: tuple(json.loads(value)) for value in set(columns["topics"])}
    return pd.DataFrame({name: _column(name, values, memo) for name, values in columns.items()})


def _column(name: str, values: tuple[Any, ...], topics: Mapping[str, tuple[str, ...]]) -> Any:
    if name in ("created_at", "known_at", "received_at"):
        return moments(np.array(values, dtype=np.int64))
    if name in TIMES:
        ns = [MISSING if value is None else value * 1000 for value in values]
        return pd.DatetimeIndex(pd.to_datetime(np.array(ns, dtype=np.int64), utc=True)).as_unit("ns")
    if name in NUMBERS:
        return np.array(values, dtype=np.float64)
    if name in ("assumed", *FLAGS):
        return np.array(values, dtype=bool)
    return pd.Series([topics[value] for value in values] if name == "topics" else list(values), dtype=object)


def count_mentions(session: Session, *, source: str | None = None) -> int:
    """How many mentions are held, of one source or of all."""
    query = select(func.count()).select_from(table_of(MentionRow))
    return int(session.scalar(query if source is None else query.where(MentionRow.source == source)) or 0)


def held_ids(session: Session, source: str, ids: Sequence[str]) -> set[str]:
    """Which of these (hashed) ids of a source are held."""
    table = table_of(MentionRow)
    found: set[str] = set()
    for start in range(0, len(ids), LISTED):
        some = table.c.id.in_(ids[start : start + LISTED])
        found.update(session.scalars(select(table.c.id).where(table.c.source == source, some)))
    return found


def mark_copies(session: Session, keys: Sequence[tuple[str, str]]) -> None:
    """These posts (source, id) say what others said before."""
    table = table_of(MentionRow)
    for source in sorted({source for source, _ in keys}):
        ids = [id for mine, id in keys if mine == source]
        for start in range(0, len(ids), LISTED):
            some = and_(table.c.source == source, table.c.id.in_(ids[start : start + LISTED]))
            session.execute(update(table).where(some).values(copy=True))


def delete_mentions(session: Session, keys: Sequence[tuple[str, str]]) -> int:
    """The rows of these posts (source, id) go; returns how many went."""
    table, gone = table_of(MentionRow), 0
    for source in sorted({source for source, _ in keys}):
        ids = [id for mine, id in keys if mine == source]
        for start in range(0, len(ids), LISTED):
            some = and_(table.c.source == source, table.c.id.in_(ids[start : start + LISTED]))
            gone += int(session.execute(delete(table).where(some)).rowcount)  # type: ignore[attr-defined]
    return gone


def delete_text(session: Session, source: str, ids: Sequence[str], *, at: dt.datetime) -> int:
    """The supplier took these posts back: their texts go, and that they are gone is known from `at` on.

    What was counted stays. Returns how many of them were held and not yet gone.
    """
    table = table_of(MentionRow)
    moment, gone = to_ns(at) // 1000, 0
    for start in range(0, len(ids), LISTED):
        mine = and_(table.c.source == source, table.c.id.in_(ids[start : start + LISTED]))
        taken = update(table).where(mine, table.c.deleted_at.is_(None))
        done = session.execute(taken.values(text=None, url=None, sketch=None, deleted_at=moment))
        gone += int(done.rowcount)  # type: ignore[attr-defined]
    return gone


def erase_author(session: Session, authors: Sequence[str], *, at: dt.datetime) -> int:
    """The posts of these (hashed) authors lose text, author and link; that they were counted stays. Returns how many.

    In place of the author stands a random mark, so that the number of distinct authors stays what it was.
    """
    table, gone = table_of(MentionRow), 0
    for author in authors:  # a mark each, since a hash follows nobody from one month to the next
        nobody = secrets.token_hex(16)
        empty = {"text": None, "url": None, "sketch": None, "author": nobody, "deleted_at": to_ns(at) // 1000}
        done = session.execute(update(table).where(table.c.author == author).values(**empty))
        gone += int(done.rowcount)  # type: ignore[attr-defined]
    return gone


def has_answers(session: Session, source: str) -> bool:
    """Whether any reply of ours is held of a source."""
    table = table_of(MentionRow)
    query = select(table.c.id).where(table.c.source == source, table.c.direction == "out").limit(1)
    return session.scalar(query) is not None


def answers_held(session: Session, source: str, ids: Sequence[str]) -> dict[str, int]:
    """(Hashed) ids of posts -> the moment (microseconds) of our first reply to each that is held already."""
    table, found = table_of(MentionRow), dict[str, int]()
    for start in range(0, len(ids), LISTED):
        mine = and_(
            table.c.source == source,
            table.c.direction == "out",
            table.c.reply_to.in_(ids[start : start + LISTED]),
        )
        first = select(table.c.reply_to, func.min(table.c.created_at)).where(mine).group_by(table.c.reply_to)
        found.update((str(id), int(at)) for id, at in session.execute(first))
    return found


def mark_replied(session: Session, source: str, replies: Mapping[str, int]) -> int:
    """Posts (hashed ids) of a source were answered at these moments (microseconds): the first answer counts."""
    table = table_of(MentionRow)
    marked = 0
    for id, moment in replies.items():
        waiting = or_(table.c.replied_at.is_(None), table.c.replied_at > moment)
        mine = and_(table.c.source == source, table.c.id == id, table.c.direction != "out", waiting)
        statement = update(table).where(mine).values(replied_at=moment, question=True)
        marked += int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
    return marked


def drop_old_text(session: Session, *, before: dt.datetime) -> int:
    """Retention: the text and the link of mentions made before go, all that is counted stays; returns how many lost theirs."""
    table = table_of(MentionRow)
    held = or_(table.c.text.is_not(None), table.c.url.is_not(None))
    old = update(table).where(table.c.created_at < to_ns(before) // 1000, held).values(text=None, url=None)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def drop_old_sketches(session: Session, *, before: dt.datetime) -> int:
    """Retention: what tells near-duplicates is of use for a day, and goes; returns of how many mentions."""
    table = table_of(MentionRow)
    old = and_(table.c.received_at < to_ns(before) // 1000, table.c.sketch.is_not(None))
    return int(session.execute(update(table).where(old).values(sketch=None)).rowcount)  # type: ignore[attr-defined]
