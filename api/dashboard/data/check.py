"""A file that was dropped on the page: what it is, what would become of it, and taking it in."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts import budget_files, drivers, opening_hours, queue_moves, signals, special_days
from forecast.contacts.calendars import is_calendar
from forecast.contacts.headers import TIDY, Layout, plain_name
from forecast.contacts.reading import AUTO as AUTO_READING
from forecast.contacts.reading import Reading
from forecast.contacts.spellings import DATE, MOMENT, TIME
from forecast.contacts.tables import read_head
from forecast.errors import InputError
from store.imports.imported import Imported
from store.imports.kinds import IMPORTERS, importer
from store.settings import Settings

MOST_BYTES = 11 * 2**20  # in base64 it must fit into the 16 MB that a request may have (`api/limits.py`)
AUTO = "auto"
BY_HEADER: Mapping[str, Layout] = {
    "queue-map": queue_moves.LAYOUT,
    "hours": opening_hours.LAYOUT,
    "drivers": drivers.LAYOUT,
    "signals": signals.LAYOUT,
    "special-days": special_days.LAYOUT,
}  # the narrower ones first: a move has a date too
CLOCKS = frozenset((*MOMENT, *TIME)) - {
    *DATE,
    "van",
    "vanaf",
    "period",
    "periode",
}  # columns that tell a time of day


@dataclass(frozen=True)
class Dropped:
    """A file as it was dropped. kind: one of `kinds`, or AUTO; reading: what was said of how to read it."""

    data: bytes
    kind: str
    name: str
    reading: Reading = AUTO_READING


@dataclass(frozen=True)
class Checked:
    """What a file would do. kind: as it was read; error: why it cannot be read, or what it leaves open.

    headers: the columns of the file as it has them, () where there are none to see
    """

    kind: str
    name: str
    reading: Reading
    imported: Imported | None = None
    error: InputError | None = None
    headers: tuple[str, ...] = field(default=())


def bytes_of(contents: str) -> bytes:
    """What the browser sends, `data:...;base64,...` -> bytes; InputError for anything else, or more than we take."""
    _, mark, encoded = contents.partition(";base64,")
    if len(encoded) > MOST_BYTES * 4 // 3 + 4:
        raise InputError(
            f"The file is larger than {MOST_BYTES // 2**20} MB.",
            remedy="Load it with `forecall import volumes FILE`, or send it to `POST /v1/uploads`.",
            field="file",
        )
    try:
        if not mark:
            raise ValueError
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(
            "The file did not come over whole.", remedy="Choose it again.", field="file"
        ) from None


def reading_of(answers: Mapping[str, Any], columns: Mapping[str, Any]) -> Reading:
    """What was filled in on the page -> Reading; what was left open stays open."""
    known = ("timezone", "date_order", "interval", "sheet", "decimal", "queue", "channel")
    given = {name: str(answers[name]).strip() for name in known if answers.get(name)}
    return replace(
        AUTO_READING, **given, columns={name: str(column) for name, column in columns.items() if column}
    )


def kind_of(data: bytes) -> str:
    """The kind of a file by its columns; contacts where nothing else fits."""
    if is_calendar(data):
        return "special-days"
    try:
        header = read_head(data).frame.columns
    except InputError:
        return "volumes"
    if is_budget(header):
        return "budget"
    if "offered" in TIDY.match(header):
        return "volumes"
    return next(
        (kind for kind, layout in BY_HEADER.items() if not layout.missing(layout.match(header))), "volumes"
    )


def is_budget(header: Iterable[str]) -> bool:
    """Contacts per queue with the week or month alone they are of, or with FTE: a file of contacts tells a moment, and no FTE."""
    columns = list(header)
    found = budget_files.LAYOUT.match(columns)
    if budget_files.LAYOUT.missing(found) or CLOCKS & {plain_name(one) for one in columns}:
        return False
    return "fte" in found or (bool({"week", "month"} & set(found)) and "day" not in found)


def check(session: Session, settings: Settings, file: Dropped, now: dt.datetime) -> Checked:
    """Load a file, look, and undo it: nothing stays. An error of the file is an answer here, not raised."""
    file = replace(file, kind=kind_of(file.data)) if file.kind == AUTO else file
    headers = headers_of(file.data, file.reading)
    try:
        found = take_in(session, settings, file, now, look=True)
        return Checked(file.kind, file.name, file.reading, imported=found, headers=headers)
    except InputError as error:
        return Checked(file.kind, file.name, file.reading, error=error, headers=headers)
    finally:
        session.rollback()


def take_in(
    session: Session, settings: Settings, file: Dropped, now: dt.datetime, *, look: bool = False
) -> Imported:
    """Load a file, with a preview where one is asked for and the kind has one. The one who calls commits."""
    made, reading = importer(file.kind), file.reading
    takes = signature(made).parameters
    given: dict[str, Any] = {"look": look} if "look" in takes else {}
    if "reading" in takes:
        given["reading"] = reading
    else:  # kinds that read a plain table take the few words that concern them
        words = {"timezone": reading.timezone, "date_order": reading.date_order, "interval": reading.interval}
        given |= {word: value for word, value in words.items() if word in takes and value is not None}
    return made(session, settings, file.data, now=pd.Timestamp(now), name=file.name, **given)


def headers_of(data: bytes, reading: Reading) -> tuple[str, ...]:
    """The columns of a file, as far as it has a table at all."""
    try:
        return tuple(str(column) for column in read_head(data, reading).frame.columns)
    except InputError:
        return ()


def kinds() -> list[str]:
    """Every kind that can be loaded here."""
    return list(IMPORTERS)
