"""Headers of volume files: which layout a file has, and which of its columns is what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forecast.contacts.reading import Reading
from forecast.contacts.tables import Table
from forecast.errors import InputError


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file: our name -> the spellings we take (compared without case, blanks and marks)."""

    name: str
    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]

    def match(self, header: Iterable[str]) -> dict[str, str]:
        """Header -> {our name: column of the file} for every column it knows."""
        plain: dict[str, str] = {}
        for column in header:
            plain.setdefault(plain_name(column), column)
        found: dict[str, str] = {}
        for ours, spellings in {**self.required, **self.optional}.items():
            hit = next((plain[spelling] for spelling in spellings if spelling in plain), None)
            if hit is not None and hit not in found.values():
                found[ours] = hit
        return found

    def missing(self, found: Mapping[str, str]) -> list[str]:
        """The required columns that were not found."""
        return [ours for ours in self.required if ours not in found]

    def require(self, header: Iterable[str], where: str) -> dict[str, str]:
        """Like `match`, or InputError that names what is missing."""
        columns = list(header)
        found = self.match(columns)
        missing = self.missing(found)
        if missing:
            raise InputError(
                f"{where} has no column {missing[0]!r}; it has {', '.join(columns[:12])}.",
                remedy=f"A {self.name} file needs {', '.join(self.required)}.",
                field=missing[0],
            )
        return found


def plain_name(column: str) -> str:
    """`Total Handle Time (Seconds)` -> `totalhandletime`."""
    return re.sub(r"[\W_]+", "", re.sub(r"\([^)]*\)", "", column)).casefold()


TIDY = Layout(
    "tidy",
    {
        "queue": ("queue", "queuename"),
        "interval_start": ("intervalstart", "timestamp", "datetime", "ds", "date"),
        "offered": ("offered", "contactsoffered", "volume"),
    },
    {
        "channel": ("channel",),
        "topic": ("topic",),
        "handled": ("handled",),
        "abandoned": ("abandoned",),
        "aht_seconds": ("ahtseconds", "aht"),
        "known_at": ("knownat",),
    },
)
# help.mypurecloud.com, "Prepare the historical data import .csv file": Total Handle Time is in seconds, times are UTC.
GENESYS = Layout(
    "genesys",
    {
        "queue": ("queue",),
        "interval_start": ("intervalstartutcdate", "intervalstartutc"),
        "channel": ("mediatype",),
        "offered": ("offered",),
    },
    {
        "skills": ("skillset",),
        "language": ("language",),
        "handled": ("interactionshandled",),
        "handle_seconds": ("totalhandletime",),
    },
)
# docs.aws.amazon.com/connect, "Import historical data for forecasting": AverageHandleTime is in seconds.
CONNECT = Layout(
    "connect",
    {
        "queue": ("queuename",),
        "interval_start": ("timestamp",),
        "duration": ("intervalduration",),
        "offered": ("incomingcontactvolume",),
    },
    {
        "queue_id": ("queueid",),
        "channel": ("channeltype",),
        "aht_seconds": ("averagehandletime",),
        "handled": ("contactshandled",),
    },
)
LAYOUTS = {layout.name: layout for layout in (TIDY, GENESYS, CONNECT)}


def find_layout(header: Iterable[str], asked: str, where: str) -> tuple[Layout, dict[str, str]]:
    """Header and `auto` or a name -> (layout, {our name: column of the file}); InputError where none fits."""
    columns = list(header)
    if asked != "auto":
        if asked not in LAYOUTS:
            raise InputError(
                f"The layout {asked!r} is unknown.", remedy=f"Use auto, {', '.join(LAYOUTS)}.", field="layout"
            )
        return LAYOUTS[asked], LAYOUTS[asked].require(columns, where)
    for layout in (GENESYS, CONNECT):
        found = layout.match(columns)
        if not layout.missing(found):
            return layout, found
    return TIDY, TIDY.require(columns, where)


def arrange(table: Table, reading: Reading) -> tuple[Layout, dict[str, str], Table]:
    """A table of volumes of any shape -> (layout, {our name: column}, the table with a row per queue and interval)."""
    layout, names = find_layout(table.frame.columns, reading.layout, table.name)
    return layout, names, table
