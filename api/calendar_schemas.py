"""Opening hours, special days and drivers: what comes in and goes out."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.limits import MOST_ROWS
from api.queries import In, Name, Paged, When
from api.schemas import Out

Clock = Annotated[
    str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"), Field(examples=["08:00"])
]
QueueOrAll = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(description="Empty: every queue."),
]
Day = Annotated[dt.date, Field(ge=dt.date(1970, 1, 2), le=dt.date(2199, 1, 1), examples=["2026-12-05"])]
Number = Annotated[int, Field(ge=1, le=10**15)]


class Span(In):
    """A span of a weekday (Monday = 0), half-open; `closes` may be 24:00. Hours past midnight are two spans."""

    weekday: int = Field(ge=0, le=6)
    opens: Clock
    closes: Clock


class WeekIn(In):
    """The weekly hours from a local day on; a weekday without a span is closed."""

    valid_from: Day | None = Field(None, description="Null: from the beginning.")
    spans: list[Span] = Field(min_length=1, max_length=200)


class ExceptionIn(In):
    """What holds on one local day instead of the weekly hours: these spans, or none (closed)."""

    date: Day
    opens: Clock | None = Field(None, description="Null: closed.")
    closes: Clock | None = None
    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class HoursIn(In):
    """All of a queue's hours; what is not here is gone."""

    weeks: list[WeekIn] = Field(max_length=200, description="Empty: inferred from the history.")
    exceptions: list[ExceptionIn] = Field([], max_length=5_000)


class ExceptionOut(Out):
    """queue: empty where it holds for every queue."""

    date: dt.date
    opens: str | None
    closes: str | None
    name: str
    queue: str


class SpanOut(Out):
    weekday: int
    opens: str
    closes: str


class WeekOut(Out):
    valid_from: dt.date | None
    spans: list[SpanOut]


class HoursOut(Out):
    """weeks: sets of weekly hours, each from a day on; none where they are inferred. exceptions: own ones and those of every queue."""

    queue: str
    timezone: str
    weeks: list[WeekOut]
    exceptions: list[ExceptionOut]


class DaysQuery(In):
    start: Day | None = Field(None, description="First local day; today without it.")
    end: Day | None = Field(None, description="Last local day, included; a year after the first without it.")
    queue: Name | None = Field(None, description="Its own days and those of every queue; all without it.")


class SpecialDayIn(In):
    """A day or days in a row by `date` (and `until`), or days by `rule` (RFC 5545), such as an invoice run on the 25th.

    kind: recurring (comes again, with an effect that is learnt), once (left out of history) or period (weeks with a name,
    whose effect on the level is learnt where the past supports it)
    """

    name: Name = Field(examples=["Invoice run"])
    date: Day | None = None
    until: Day | None = None
    rule: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        None, examples=["FREQ=MONTHLY;BYMONTHDAY=25"]
    )
    since: Day | None = Field(
        None,
        alias="from",
        description="A rule's first day; 2000 without it, where its days do not depend on it.",
    )
    moves: Literal["stays", "next", "previous"] = Field(
        "stays", description="Where a day goes that falls on a weekend or public holiday: a working day."
    )
    kind: Literal["recurring", "once", "period"] = "recurring"
    queue: QueueOrAll = ""


class SpecialDayOut(Out):
    """origin: date (of a file), rule, public (holiday) or school (holiday). id: what to remove it by; null for holidays of the list."""

    id: str | None
    date: dt.date
    until: dt.date
    name: str
    kind: str
    origin: str
    queue: str


class DayRuleOut(Out):
    id: int
    name: str
    rule: str
    kind: str
    moves: str
    queue: str
    since: dt.date
    origin: str


class SpecialDaysOut(Out):
    start: dt.date
    end: dt.date
    rows: list[SpecialDayOut]
    rules: list[DayRuleOut]


class RemovedDay(Out):
    id: str
    name: str


class DriverQuery(Paged):
    driver: list[Name] = Field([], max_length=200)
    queue: Name | None = Field(
        None, description="Its own drivers and those of every queue, and what each is worth to it."
    )
    start: When | None = Field(None, description="Values from this moment on; none are given without it.")
    end: When | None = None


class DriverIn(In):
    """An amount known ahead. A date means the local day."""

    driver: Name = Field(examples=["letters"])
    start: When
    value: float = Field(allow_inf_nan=False, ge=-1e15, le=1e15)
    queue: QueueOrAll = ""
    worth: float | None = Field(
        None, allow_inf_nan=False, ge=-1e9, le=1e9, description="Contacts per unit, as you assume them."
    )
    known_at: When | None = Field(None, description="When it was planned, for the past; now without it.")


class DriverBatch(In):
    rows: list[DriverIn] = Field(min_length=1, max_length=MOST_ROWS)


class DriverRemoval(In):
    driver: Name
    queue: QueueOrAll = ""
    start: When | None = None
    end: When | None = None


class DriverOut(Out):
    """One driver; first, last: the local days of its first and last value."""

    driver: str
    queue: str
    values: int
    first: AwareDatetime
    last: AwareDatetime
    assumed_worth: float | None = Field(description="Contacts per unit, as the planner assumes them.")


class WorthOut(Out):
    """What a driver is worth to the queue asked for, by its history."""

    driver: str
    kind: str = Field(examples=["pulse"], description="pulse, stock or period.")
    sentence: str
    seen: int | None = Field(description="Waves or stretches seen; null of a stock.")
    likely: float | None = Field(description="Probability that it does anything.")
    units: int | None
    contacts: float | None = Field(description="Per so many units of a pulse.")
    low: float | None
    high: float | None
    percent: float | None = Field(
        description="Of a period while it lasts; of a stock for ten per cent of it."
    )


class DriverValueOut(Out):
    driver: str
    queue: str
    start_utc: AwareDatetime
    value: float
    worth: float | None


class DriversOut(Out):
    drivers: list[DriverOut]
    worths: list[WorthOut] | None = Field(description="Null where no queue is asked for.")
    rows: list[DriverValueOut]
    next_cursor: str | None = None


class Stored(Out):
    stored: int = Field(description="Rows that changed something.")
