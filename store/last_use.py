"""When a key or a user was last seen, to the minute.

Not written for every request, and never waited for: where somebody else writes just now, the caller tries again later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Table, or_, text, update
from sqlalchemy.orm import Session

from store.statements import table_of
from store.tables import KeyRow, UserRow

TABLES: Mapping[str, Table] = {"key": table_of(KeyRow), "user": table_of(UserRow)}


def minute_of(moment: dt.datetime) -> dt.datetime:
    """The minute a moment lies in."""
    return moment.replace(second=0, microsecond=0)


def note_uses(session: Session, uses: Mapping[tuple[str, int], dt.datetime]) -> None:
    """Write down the last use of keys and users: {(`key` or `user`, id): moment}; an earlier moment changes nothing.

    StoreError, and nothing is written, where another process holds the write lock: it is not waited for.
    """
    with _at_once(session):
        for (kind, number), moment in sorted(uses.items()):
            table, minute = TABLES[kind], minute_of(moment)
            older = or_(table.c.used_at.is_(None), table.c.used_at < minute)
            session.execute(update(table).where(table.c.id == number, older).values(used_at=minute))


@contextmanager
def _at_once(session: Session) -> Iterator[None]:
    """Within it no lock is waited for."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        yield
        return
    waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={waits}")
