"""The few statements that the two databases spell differently, and writing many rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from typing import cast as typed

import numpy as np
from sqlalchemy import ARRAY, Table, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from store.tables import Base

CHUNK = 20_000
Then: TypeAlias = Callable[[Any], Any]  # what an INSERT does about rows that are there already


def table_of(row: type[Base]) -> Table:
    """The table of a mapped class: statements on it skip the ORM."""
    return typed(Table, row.__table__)


def insert_ignore(session: Session, table: Table) -> Any:
    """INSERT that leaves a row alone which is there already, for the session's database."""
    name = session.get_bind().dialect.name
    made = sqlite.insert(table) if name == "sqlite" else postgresql.insert(table)
    return made.on_conflict_do_nothing()


def upsert(session: Session, table: Table) -> Any:
    """INSERT with `.excluded` and `.on_conflict_do_update`, for the session's database."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def write(
    session: Session, table: Table, columns: Mapping[str, Sequence[Any]], *, then: Then | None = None
) -> int:
    """INSERT columns[n] of plain values, `then` ON CONFLICT ...; returns the number of rows written.

    SQLite gets tuples, PostgreSQL arrays: both skip what the ORM would do for each of a hundred thousand rows.
    """
    count, written = len(next(iter(columns.values()))), 0
    into = _write_tuples if session.get_bind().dialect.name == "sqlite" else _write_arrays
    for start in range(0, count, CHUNK):
        part = {name: column[start : start + CHUNK] for name, column in columns.items()}
        written += into(session, table, part, then or (lambda insert: insert))
    return written


def _write_tuples(session: Session, table: Table, columns: Mapping[str, Sequence[Any]], then: Then) -> int:
    connection = session.connection()
    compiled = then(sqlite.insert(table)).compile(dialect=connection.dialect, column_keys=list(columns))
    rows = list(zip(*(columns[name] for name in compiled.positiontup), strict=True))
    return int(connection.exec_driver_sql(str(compiled), rows).rowcount)


def _write_arrays(session: Session, table: Table, columns: Mapping[str, Sequence[Any]], then: Then) -> int:
    arrays = [
        cast(bindparam(f"{name}_s", list(column), type_=ARRAY(table.c[name].type)), ARRAY(table.c[name].type))
        for name, column in columns.items()
    ]
    rows = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    chosen = select(*(rows.c[name] for name in columns))
    statement = then(postgresql.insert(table).from_select(list(columns), chosen))
    done = session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(done.rowcount)  # type: ignore[attr-defined]


def series_ids(
    session: Session, table: Table, keys: Sequence[tuple[str, ...]], extra: Mapping[str, Any] | None = None
) -> Ns:
    """Names of series [n] -> their ids int64[n]; those not seen before get one."""
    columns = [column.name for column in table.columns if column.name not in ("id", *(extra or {}))]
    wanted = list(dict.fromkeys(keys))

    def known() -> dict[tuple[str, ...], int]:
        rows = session.execute(select(table.c.id, *(table.c[name] for name in columns)))
        return {tuple(row[1:]): row[0] for row in rows}

    held = known()
    new = [key for key in wanted if key not in held]
    if new:
        rows = [{**dict(zip(columns, key, strict=True)), **(extra or {})} for key in new]
        session.execute(insert_ignore(session, table), rows)
        held = known()
    return np.array([held[key] for key in keys], dtype=np.int64)
