"""How far each source has been read."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store.statements import table_of, upsert
from store.tables import CursorRow


def load_cursor(session: Session, source: str) -> str | None:
    """The source's own mark of where to go on, or None before the first time."""
    return session.scalar(select(CursorRow.value).where(CursorRow.source == source))


def move_cursor(session: Session, source: str, old: str | None, new: str) -> bool:
    """Move the mark from `old` to `new`; False, and nothing is done, where somebody moved it meanwhile."""
    if old is None and load_cursor(session, source) is None:
        save_cursor(session, source, new)
        return True
    table = table_of(CursorRow)
    moved = update(table).where(table.c.source == source, table.c.value == old).values(value=new)
    return bool(session.execute(moved).rowcount)  # type: ignore[attr-defined]


def save_cursor(session: Session, source: str, value: str) -> None:
    """Remember the mark; the same transaction holds the rows read up to it."""
    statement = upsert(session, table_of(CursorRow)).values(source=source, value=value)
    session.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"value": value}))
