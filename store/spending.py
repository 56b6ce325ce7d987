"""Posts that were paid for, per source and day (UTC, as suppliers bill)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.statements import table_of, upsert
from store.tables import SpendingRow


def record_spending(session: Session, source: str, posts: int, *, now: dt.datetime) -> None:
    """Add to what a source cost today."""
    if posts == 0:
        return
    table = table_of(SpendingRow)
    statement = upsert(session, table).values(source=source, day=f"{now:%Y-%m-%d}", posts=posts)
    more = {"posts": table.c.posts + statement.excluded.posts}
    session.execute(statement.on_conflict_do_update(index_elements=["source", "day"], set_=more))


def spent_this_month(session: Session, source: str, *, now: dt.datetime) -> int:
    """Posts a source read since the first of the month."""
    table = table_of(SpendingRow)
    mine = table.c.source == source, table.c.day >= f"{now:%Y-%m}-01"
    return int(session.scalar(select(func.sum(table.c.posts)).where(*mine)) or 0)
