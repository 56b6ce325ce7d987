"""The layouts of volume files: our name of a column -> the spellings we take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forecast.contacts.spellings import (
    AVERAGE,
    CHANNEL,
    COUNTS,
    DATE,
    KNOWN_AT,
    LANGUAGE,
    MOMENT,
    QUEUE,
    SKILLS,
    TOPIC,
    TOTAL_TIME,
    folded,
    is_share,
    plain_name,
)
from forecast.errors import InputError


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file: our name -> the spellings we take (compared without case, blanks, marks and accents)."""

    name: str
    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]

    def match(self, header: Iterable[str]) -> dict[str, str]:
        """Header -> {our name: column of the file} for every column it knows. A share (`Afgehaakt %`) is no count."""
        plain: dict[str, str] = {}
        counts: dict[str, str] = {}
        for column in header:
            for name in (plain_name(column), folded(column)):
                plain.setdefault(name, column)
                if not is_share(column):
                    counts.setdefault(name, column)
        found: dict[str, str] = {}
        taken: set[str] = set()
        for ours, spellings in {**self.required, **self.optional}.items():
            names = counts if ours in COUNTS else plain
            hits = (names[spelling] for spelling in spellings if spelling in names)
            hit = next((column for column in hits if column not in taken), None)
            if hit is not None:
                found[ours] = hit
                taken.add(hit)
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
                f"{where} has no column {missing[0]!r}; it has {', '.join(map(str, columns[:12]))}.",
                remedy=f"A {self.name} file needs {', '.join(self.required)}.",
                field=missing[0],
            )
        return found


TIDY = Layout(
    "tidy",
    {"queue": QUEUE, "interval_start": (*MOMENT, *DATE), "offered": COUNTS["offered"]},
    {
        "channel": CHANNEL,
        "topic": TOPIC,
        **{name: words for name, words in COUNTS.items() if name != "offered"},
        "aht_seconds": AVERAGE,
        "handle_seconds": TOTAL_TIME,
        "known_at": KNOWN_AT,
        "skills": SKILLS,
        "language": LANGUAGE,
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
