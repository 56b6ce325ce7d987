"""Posts whose rows are gone: how much of each signal they made up, and which span of each source is counted for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from store.columns import micros, moments
from store.statements import table_of, upsert, write
from store.tables import BaseRow, ForgottenRow


def add_to_base(session: Session, base: pd.DataFrame) -> None:
    """base[signal, topic, ds, value]: these rows are to be deleted; what they counted stays."""
    table = table_of(BaseRow)
    columns = {
        "signal": base["signal"].tolist(),
        "topic": base["topic"].tolist(),
        "ds": micros(base["ds"]).tolist(),
        "value": base["value"].tolist(),
    }
    if len(base):
        write(
            session,
            table,
            columns,
            then=lambda insert: insert.on_conflict_do_update(
                index_elements=["signal", "topic", "ds"],
                set_={"value": table.c.value + insert.excluded.value},
            ),
        )


def load_base(session: Session, *, start: dt.datetime, end: dt.datetime) -> pd.DataFrame:
    """-> base[signal, topic, ds, value] of the buckets with start <= ds < end."""
    table = table_of(BaseRow)
    first, last = to_ns(start) // 1000, to_ns(end) // 1000
    rows = session.execute(
        select(table.c.signal, table.c.topic, table.c.ds, table.c.value).where(
            table.c.ds >= first, table.c.ds < last
        )
    ).all()
    base = pd.DataFrame([tuple(row) for row in rows], columns=["signal", "topic", "ds", "value"])
    return base.assign(ds=moments(base["ds"].to_numpy(dtype="int64")))


def note_forgotten(session: Session, source: str, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Posts of the source made from `first` to `last` are counted for good; the span only grows."""
    table = table_of(ForgottenRow)
    statement = upsert(session, table).values(
        source=source, first=to_ns(first) // 1000, last=to_ns(last) // 1000
    )
    new = statement.excluded
    wider = {
        "first": case((new.first < table.c.first, new.first), else_=table.c.first),
        "last": case((new.last > table.c.last, new.last), else_=table.c.last),
    }
    session.execute(statement.on_conflict_do_update(index_elements=["source"], set_=wider))


def load_forgotten(session: Session) -> Mapping[str, tuple[int, int]]:
    """source -> the span (microseconds, both ends included) of posts that are counted for good."""
    table = table_of(ForgottenRow)
    return {
        row.source: (row.first, row.last)
        for row in session.execute(select(table.c.source, table.c.first, table.c.last))
    }
