"""How files are to be read, remembered by their header: what a planner said once of a file holds for the next one like it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forecast.contacts.clock import is_date
from forecast.contacts.headers import plain_name
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.times_of_day import second_of_day
from forecast.errors import NotFound
from store.statements import table_of, upsert
from store.tables import ColumnMapRow

_LONGEST = 60


@dataclass(frozen=True)
class ColumnMap:
    """A remembered Reading. header: its key; name: the file it was settled with, at `used_at`."""

    kind: str
    header: str
    name: str
    reading: Reading
    used_at: dt.datetime

    def sentence(self) -> str:
        """What is told when a file is read with it."""
        return f"Read as settled with {self.name} on {self.used_at:%Y-%m-%d}: {described(self.reading)}."


def header_key(header: Sequence[str]) -> str:
    """The header of a file -> SHA-256 of its plain names in order, in hex.

    Dates and times of day count as such, so that a table with a column per date has the same key next month.
    """
    plain: list[str] = []
    for column in header:
        text = column[:_LONGEST]
        name = (
            "<date>" if is_date(text) else "<time>" if second_of_day(text) is not None else plain_name(column)
        )
        if name not in ("<date>", "<time>") or plain[-1:] != [name]:
            plain.append(name or column.strip())
    return hashlib.sha256("\n".join(plain).encode()).hexdigest()


def described(reading: Reading) -> str:
    """`queue=Wachtrij, offered=Aanbod, timezone Europe/Amsterdam`."""
    said = [f"{ours}={column}" for ours, column in reading.columns.items()]
    said += [
        f"{name.replace('_', ' ')} {value}" for name, value in _stated(reading).items() if name != "columns"
    ]
    return ", ".join(said)


def _stated(reading: Reading) -> dict[str, Any]:
    """What a Reading says that is not the default."""
    values = {one.name: getattr(reading, one.name) for one in fields(Reading)}
    return {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value != getattr(AUTO, name) and value is not None
    }


def save_column_map(
    session: Session, kind: str, header: Sequence[str], name: str, reading: Reading, now: dt.datetime
) -> None:
    """Remember how files of this kind with this header are read; a Reading that says nothing is not remembered."""
    facts = _stated(reading)
    if not facts:
        return
    made = upsert(session, table_of(ColumnMapRow)).values(
        kind=kind, header=header_key(header), name=name, facts=facts, used_at=now
    )
    new = {column: made.excluded[column] for column in ("name", "facts", "used_at")}
    session.execute(made.on_conflict_do_update(index_elements=["kind", "header"], set_=new))


def find_column_map(session: Session, kind: str, header: Sequence[str]) -> ColumnMap | None:
    """What is remembered of files of this kind with this header."""
    row = session.scalar(
        select(ColumnMapRow).where(ColumnMapRow.kind == kind, ColumnMapRow.header == header_key(header))
    )
    return None if row is None else _map(row)


def load_column_map(session: Session, kind: str, header: Sequence[str]) -> Reading | None:
    """Like `find_column_map`, the Reading alone."""
    found = find_column_map(session, kind, header)
    return None if found is None else found.reading


def list_column_maps(session: Session) -> list[ColumnMap]:
    """All that is remembered, by kind, the latest first."""
    rows = session.scalars(
        select(ColumnMapRow).order_by(ColumnMapRow.kind, ColumnMapRow.used_at.desc(), ColumnMapRow.header)
    )
    return [_map(row) for row in rows]


def forget_column_map(session: Session, kind: str, header: str) -> None:
    """Forget one by its key, or by the beginning of it (at least four signs); NotFound where none or several begin so."""
    mine = [one for one in list_column_maps(session) if one.kind == kind and one.header.startswith(header)]
    if len(header) < 4 or len(mine) != 1:
        raise NotFound(
            f"There is no remembered mapping {header!r} of {kind}."
            if not mine
            else f"{header!r} is not one mapping.",
            remedy="See `forecall import maps list`.",
            field="header",
        )
    table = table_of(ColumnMapRow)
    session.execute(delete(table).where(table.c.kind == kind, table.c.header == mine[0].header))


def settled(
    session: Session, kind: str, header: Sequence[str], reading: Reading | None, *, name: str | None = None
) -> tuple[Reading, tuple[str, ...]]:
    """What a planner says of a file, completed by what is remembered of such files -> (Reading, warnings).

    What is said now goes before what was said then. The second value tells where anything remembered is used. A queue is
    remembered for files of the same name only, digits aside: files of two queues may have the same header.
    """
    said = reading or AUTO
    held = find_column_map(session, kind, header)
    if held is not None and (name is None or _letters(name) != _letters(held.name)):
        held = replace(held, reading=replace(held.reading, queue=None))
    if held is None:
        return said, ()
    now, then = _stated(said), _stated(held.reading)
    columns = {**then.get("columns", {}), **now.get("columns", {})}
    both = {**then, **now, **({"columns": columns} if columns else {})}
    if both == now:
        return said, ()
    return replace(AUTO, **both), (held.sentence(),)


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalpha())


def _map(row: ColumnMapRow) -> ColumnMap:
    known = {one.name for one in fields(Reading)}
    facts = {name: value for name, value in row.facts.items() if name in known}
    return ColumnMap(row.kind, row.header, row.name, replace(AUTO, **facts), row.used_at)
