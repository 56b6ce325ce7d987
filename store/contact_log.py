"""Contacts one by one: `(source, id)` names one, saving it twice changes nothing. Nobody is named.

Ids and customers are hashed here, on their way in, with one key of the log's own: the same customer has the same hash for
as long as anything of the log is held, so that a second call is known as one. Rows go after `contacts.keep_days`; the
key goes with the last of them, and nobody, we included, can tell then whose the hashes were.

What is held of a contact is completed by later news (`open` becomes `handled`, an answer comes) and never untold by news
that knows less. Where rows of a queue have gone, its counts stand: `counted_for_good` says of which time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, case, delete, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from forecast.buckets import column_ns, from_ns, to_ns
from forecast.contacts.customer import hash_contact, hash_customer
from forecast.frames import CONTACTS, check
from store.columns import micros, moments, text_column
from store.cursors import load_cursor, save_cursor
from store.hash_keys import Keyring
from store.statements import table_of, write
from store.tables import ContactRow

OUTCOMES = ("open", "handled", "abandoned", "overflowed", "transferred", "callback")
TEXTS = {"channel": "phone", "topic": "all", "outcome": "open"}  # and what stands where nothing is told
NUMBERS = ("waited_seconds", "handled_seconds")
LISTED = 500  # names in one IN (...)
FORGOTTEN = "contacts forgotten:"  # and the queue: the cursor that says of which time rows of it have gone
_TABLE = table_of(ContactRow)
_OPEN: ColumnElement[str] = literal_column(
    "'open'"
)  # no parameter: `write` hands over those of the rows alone
_ALL: ColumnElement[str] = literal_column("'all'")
_MISSING = np.iinfo(np.int64).min
_LOADED = ("source", "id", "at", "queue", *TEXTS, "customer", *NUMBERS, "answered_at", "known_at")


def save_contacts(
    session: Session, contacts: pd.DataFrame, *, upload_id: int | None, secret: str | None = None
) -> int:
    """contacts (`frames.CONTACTS`; plain ids and customers) -> number of rows that are new or changed.

    Without `known_at` a contact counts as known when it came. Its first `known_at` stays. `open` and empty cells tell
    nothing about a contact that is held. secret: `social.author_key`, mixed into the hashes like those of posts.
    """
    check(contacts, CONTACTS)
    if contacts.empty:
        return 0
    columns = _columns(contacts, Keyring(session, secret).contacts())
    columns["upload_id"] = [upload_id] * len(contacts)
    rows = _merged(columns)  # one statement may name a row once
    return write(session, _TABLE, rows, then=_update)


def load_contacts(
    session: Session,
    start: dt.datetime | None,
    end: dt.datetime | None,
    queue: str | None = None,
) -> pd.DataFrame:
    """-> contacts[source, id, at, queue, channel, topic, outcome, customer, waited_seconds, handled_seconds, answered_at, known_at].

    start <= at < end (None: open), by `at`; ids and customers are hashes, None where a customer is not known.
    """
    query = select(*(_TABLE.c[name] for name in _LOADED))
    if start is not None:
        query = query.where(_TABLE.c.at >= to_ns(start) // 1000)
    if end is not None:
        query = query.where(_TABLE.c.at < to_ns(end) // 1000)
    if queue is not None:
        query = query.where(_TABLE.c.queue == queue)
    query = query.order_by(_TABLE.c.at, _TABLE.c.source, _TABLE.c.id)
    fetched = session.execute(query).cursor.fetchall()  # type: ignore[attr-defined]  # plain tuples
    columns = dict(zip(_LOADED, zip(*fetched, strict=True) if fetched else [()] * len(_LOADED), strict=True))
    frame = pd.DataFrame(
        {
            **{name: pd.Series(list(columns[name]), dtype=object) for name in ("source", "id")},
            "at": moments(np.array(columns["at"], dtype=np.int64)),
            **{name: pd.Series(list(columns[name]), dtype=object) for name in ("queue", *TEXTS, "customer")},
            **{name: np.array(columns[name], dtype=np.float64) for name in NUMBERS},
            "answered_at": _maybe(columns["answered_at"]),
            "known_at": moments(np.array(columns["known_at"], dtype=np.int64)),
        }
    )
    return check(frame, CONTACTS)


def knows_customers(session: Session, start: dt.datetime, end: dt.datetime) -> bool:
    """Is a contact of start <= at < end held whose customer is known?"""
    span = (_TABLE.c.at >= to_ns(start) // 1000, _TABLE.c.at < to_ns(end) // 1000)
    one = select(_TABLE.c.id).where(_TABLE.c.customer.is_not(None), *span).limit(1)
    return session.scalar(one) is not None


def places(session: Session, contacts: pd.DataFrame, *, secret: str | None = None) -> pd.DataFrame:
    """Where those of the contacts that are held stand now: held[queue, at]. For what changes a contact's queue or time."""
    held: list[Any] = []
    key = Keyring(session, secret).contacts() if len(contacts) else b""
    for source, mine in contacts.groupby("source"):
        ids = [hash_contact(str(source), str(one), key) for one in mine["id"].tolist()]
        for at in range(0, len(ids), LISTED):
            chosen = _TABLE.c.source == str(source), _TABLE.c.id.in_(ids[at : at + LISTED])
            held += session.execute(select(_TABLE.c.queue, _TABLE.c.at).where(*chosen)).all()
    return _places(held)


def counted_for_good(
    session: Session, queues: Iterable[str]
) -> Mapping[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """Queue -> (first, last) of the time whose contacts have gone: buckets that touch it are not counted anew."""
    marks = {queue: load_cursor(session, f"{FORGOTTEN}{queue}") for queue in dict.fromkeys(queues)}
    spans = {queue: mark.split(" ") for queue, mark in marks.items() if mark is not None}
    return {queue: (pd.Timestamp(first), pd.Timestamp(last)) for queue, (first, last) in spans.items()}


def mark_answered(
    session: Session, source: str, answers: Mapping[str, dt.datetime], *, secret: str | None = None
) -> pd.DataFrame:
    """Ids of a source's contacts -> when each was first answered; returns where those that changed stand: [queue, at]."""
    key = Keyring(session, secret).contacts() if answers else b""
    hashed = {hash_contact(source, id, key): to_ns(moment) // 1000 for id, moment in answers.items()}
    ids, changed = list(hashed), list[Any]()
    for first in range(0, len(ids), LISTED):
        mine = _TABLE.c.source == source, _TABLE.c.id.in_(ids[first : first + LISTED])
        for id in session.scalars(select(_TABLE.c.id).where(*mine)).all():
            later = or_(_TABLE.c.answered_at.is_(None), _TABLE.c.answered_at > hashed[id])
            one = update(_TABLE).where(_TABLE.c.source == source, _TABLE.c.id == id, later)
            one = one.where(_TABLE.c.at <= hashed[id]).values(answered_at=hashed[id], outcome="handled")
            changed += session.execute(one.returning(_TABLE.c.queue, _TABLE.c.at)).all()
    return _places(changed)


def drop_old_contacts(session: Session, *, before: dt.datetime) -> int:
    """The rows of contacts that came before a moment go, their counts stay; with the last row the key. Returns how many went."""
    last = to_ns(before) // 1000
    old = _TABLE.c.at < last
    firsts = session.execute(
        select(_TABLE.c.queue, func.min(_TABLE.c.at).label("first")).where(old).group_by(_TABLE.c.queue)
    )
    going = {row.queue: row.first for row in firsts}
    held = counted_for_good(session, going)
    for queue, first in going.items():
        span = from_ns(first * 1000), from_ns(last * 1000)
        if queue in held:
            span = min(span[0], held[queue][0]), max(span[1], held[queue][1])
        save_cursor(session, f"{FORGOTTEN}{queue}", f"{span[0].isoformat()} {span[1].isoformat()}")
    gone = int(session.execute(delete(_TABLE).where(old)).rowcount)  # type: ignore[attr-defined]
    if gone and session.scalar(select(_TABLE.c.id).limit(1)) is None:
        Keyring.drop_contacts(session)
    return gone


def _places(held: Sequence[Any]) -> pd.DataFrame:
    queues = pd.Series([row.queue for row in held], dtype=object)
    return pd.DataFrame({"queue": queues, "at": moments(np.array([row.at for row in held], dtype=np.int64))})


def _columns(contacts: pd.DataFrame, key: bytes) -> dict[str, list[Any]]:
    sources = text_column(contacts, "source", "")
    at = micros(contacts["at"]).tolist()
    known = micros(contacts["known_at"]).tolist() if "known_at" in contacts.columns else at
    customers = text_column(contacts, "customer", "")
    ids = [str(one) for one in contacts["id"].tolist()]
    columns: dict[str, list[Any]] = {
        "source": sources,
        "id": [hash_contact(source, id, key) for source, id in zip(sources, ids, strict=True)],
        "at": at,
        "known_at": known,
        "queue": text_column(contacts, "queue", ""),
        "customer": [hash_customer(one, key) if one else None for one in customers],
        "answered_at": [None] * len(contacts),
    }
    columns.update({name: text_column(contacts, name, usual) for name, usual in TEXTS.items()})
    for name in NUMBERS:
        held = contacts[name].tolist() if name in contacts.columns else [None] * len(contacts)
        columns[name] = [None if one is None or one != one else float(one) for one in held]
    if "answered_at" in contacts.columns:
        ns = column_ns(contacts["answered_at"])
        columns["answered_at"] = [None if one == _MISSING else one // 1000 for one in ns.tolist()]
    return columns


def _merged(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Rows of the same contact -> one that knows what they know together; the later goes before."""
    names, found = list(columns), dict[tuple[str, str], dict[str, Any]]()
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(names, values, strict=True))
        held = found.get((row["source"], row["id"]))
        if held is not None:
            told = {name: value for name, value in row.items() if value is not None}
            if row["outcome"] == "open":
                told["outcome"] = held["outcome"]
            if row["topic"] == TEXTS["topic"]:
                told["topic"] = held["topic"]
            row = {**held, **told, "known_at": min(held["known_at"], row["known_at"])}
        found[row["source"], row["id"]] = row
    return {name: [row[name] for row in found.values()] for name in names}


def _update(insert: Any) -> Any:
    new = insert.excluded
    facts = {name: new[name] for name in ("at", "queue", "channel")}
    facts["topic"] = case((new.topic == _ALL, _TABLE.c.topic), else_=new.topic)
    facts["outcome"] = case((new.outcome == _OPEN, _TABLE.c.outcome), else_=new.outcome)
    facts |= {
        name: func.coalesce(new[name], _TABLE.c[name]) for name in ("customer", *NUMBERS, "answered_at")
    }
    differs = or_(*(fact.is_distinct_from(_TABLE.c[name]) for name, fact in facts.items()))
    return insert.on_conflict_do_update(index_elements=["source", "id"], set_=facts, where=differs)


def _maybe(values: Sequence[Any]) -> pd.DatetimeIndex:
    ns = [_MISSING if value is None else value * 1000 for value in values]
    return pd.DatetimeIndex(pd.to_datetime(np.array(ns, dtype=np.int64), utc=True)).as_unit("ns")
