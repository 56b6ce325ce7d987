"""Who changed what, and when: rows that are only added, each sealed with the digest of the one before.

The seal of a row is the SHA-256 of the digest before it and its own fields as canonical JSON, so that no row can be
changed, taken out or put in between without breaking every seal after it. Triggers refuse changes; the seals show what
went past the triggers. What they cannot show is that the newest rows were cut off: who fears that keeps the newest
digest (`forecall audit verify` shows it) somewhere else.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from store.database import lock
from store.plain import plain
from store.statements import table_of
from store.tables import AuditRow

FIRST = "0" * 64  # the digest before the first row
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
BATCH = 1000  # rows read at once by `verify`


@dataclass(frozen=True)
class Entry:
    """One change. act: noun.verb, such as `override.add`; subject: what was changed, such as `override 12`."""

    id: int
    at: dt.datetime
    who: str
    act: str
    subject: str
    body: Mapping[str, Any]
    digest: str


def record(
    session: Session, *, now: dt.datetime, who: str, act: str, subject: str, body: Mapping[str, Any]
) -> None:
    """Add one sealed row, in the caller's transaction: the change and its record come together or not at all.

    who: the caller's name, or the login name where a command did it. body: any plain values, never a secret. Call it
    after the change itself: the right to write the audit is held until the transaction ends, so that two writers at
    once keep one chain.
    """
    lock(session, "audit")
    newest = select(AuditRow.id, AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
    last = session.execute(newest).one_or_none()
    number, before = (1, FIRST) if last is None else (last.id + 1, last.digest)
    at = EPOCH + ((now - EPOCH) // MICROSECOND) * MICROSECOND
    said = json.dumps(plain(body), sort_keys=True, separators=(",", ":"))
    words = _text(who), _text(act), _text(subject), said
    row = dict(zip(("who", "act", "subject", "body"), words, strict=True))
    sealed = _seal(before, number, at, *words)
    session.execute(insert(table_of(AuditRow)).values(id=number, at=at, **row, digest=sealed))


def load_audit(
    session: Session,
    *,
    who: str | None = None,
    act: str | None = None,
    subject: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    before: int | None = None,
    limit: int | None = None,
) -> list[Entry]:
    """The rows asked for, the newest first.

    act, subject: exact, or the noun alone (`override` finds `override.add` and `override 12`). start, end: moments, the
    end left out. before: only rows with a smaller id, to read on from a page.
    """
    wanted: list[ColumnElement[bool]] = []
    if who is not None:
        wanted.append(AuditRow.who == who)
    if act is not None:
        wanted.append(_is_or_begins(AuditRow.act, act, "."))
    if subject is not None:
        wanted.append(_is_or_begins(AuditRow.subject, subject, " "))
    if start is not None:
        wanted.append(AuditRow.at >= start)
    if end is not None:
        wanted.append(AuditRow.at < end)
    if before is not None:
        wanted.append(AuditRow.id < before)
    query = select(table_of(AuditRow)).where(*wanted).order_by(AuditRow.id.desc()).limit(limit)
    return [_entry(row) for row in session.execute(query)]


def verify(session: Session) -> int | None:
    """The id of the first row whose seal does not hold, or that stands where another should; None where all hold."""
    before, number = FIRST, 1
    for row in _rows(session):
        sealed = _seal(before, row.id, row.at, row.who, row.act, row.subject, row.body)
        if row.id != number or row.digest != sealed:
            return int(row.id)
        before, number = row.digest, number + 1
    return None


def newest_seal(session: Session) -> tuple[int, str]:
    """(how many rows there are, the digest of the last): what to keep elsewhere. (0, sixty-four zeros) without any."""
    query = select(AuditRow.id, AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
    last = session.execute(query).one_or_none()
    return (0, FIRST) if last is None else (last.id, last.digest)


def _rows(session: Session) -> Iterator[Row[Any]]:
    after = 0
    while True:
        query = select(table_of(AuditRow)).where(AuditRow.id > after).order_by(AuditRow.id).limit(BATCH)
        rows = session.execute(query).all()
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def _seal(before: str, id: int, at: dt.datetime, who: str, act: str, subject: str, body: str) -> str:
    fields = [before, id, (at - EPOCH) // MICROSECOND, who, act, subject, body]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def _is_or_begins(column: InstrumentedAttribute[str], value: str, end: str) -> ColumnElement[bool]:
    return or_(column == value, column.startswith(value + end, autoescape=True))


def _text(value: str) -> str:
    """As both databases keep it: PostgreSQL takes no NUL, and no half of a surrogate pair."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.id, row.at, row.who, row.act, row.subject, json.loads(row.body), row.digest)
