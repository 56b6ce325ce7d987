"""Which version of a bucket counts, asked in the database, where rows are added up there instead of loaded."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, exists


def in_force(rows: Table, moment: int | None = None) -> ColumnElement[bool]:
    """Is a row the version its bucket is known by? Of several the latest known, on a tie the later written.

    moment: microseconds, as of then; without it as known now
    """
    other = rows.alias()
    later = (other.c.known_at > rows.c.known_at) | (
        (other.c.known_at == rows.c.known_at) & (other.c.id > rows.c.id)
    )
    beaten = exists().where(other.c.series_id == rows.c.series_id, other.c.ds == rows.c.ds, later)
    if moment is None:
        return ~beaten
    return (rows.c.known_at <= moment) & ~beaten.where(other.c.known_at <= moment)
