"""The week report as it is asked for and told."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.queries import In, Name
from api.schemas import Out

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Week = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[Ww][0-9]{1,2}$")]


class WeekReportQuery(In):
    """Which week, of which queues, in which language, as what."""

    week: Week | None = Field(
        None, description="The year and week of ISO 8601; the last one that is over without it.", examples=["2026-W11"]
    )  # fmt: skip
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    language: Literal["en", "nl"] = Field("en", description="Of the sentences and of the file.")
    layout: Literal["json", "pdf", "xlsx", "html"] | None = Field(
        None, description="A file; `Accept: application/pdf` asks for one too. Without either it is JSON."
    )


class ReportSideOut(Out):
    """Sums over the days compared; null is not known."""

    contacts: float | None
    aht_seconds: float | None
    hours: float | None = Field(description="Contacts x handling time.")
    fte: float | None


class ReportPartsOut(Out):
    """A gap (what came less what was planned) and its parts: volume + handling_time = gap, known_events + unexpected = volume."""

    gap: float | None
    volume: float | None
    known_events: float | None
    unexpected: float | None
    handling_time: float | None


class ReportGapOut(Out):
    """The gap in each unit. euros: null where hours have no price."""

    contacts: ReportPartsOut
    hours: ReportPartsOut
    fte: ReportPartsOut
    euros: ReportPartsOut


class ReportReachOut(Out):
    """Of how many of the `of` queues a total is: those of which what came and the plan are both known."""

    contacts: int
    aht: int
    hours: int
    of: int


class ReportLineOut(Out):
    """A queue, or all of them together (queue '')."""

    queue: str
    channel: str
    days: int = Field(description="Days compared.")
    days_over: int
    plan_is: Literal["locked", "published", "mixed"] | None = Field(
        description="What the plan is; published: as it stood when the week began. null: there is none."
    )
    actual: ReportSideOut
    plan: ReportSideOut
    last_year: ReportSideOut = Field(description="The same days 52 weeks before.")
    budget: ReportSideOut
    gap: ReportGapOut
    queues_in: ReportReachOut
    chance_contacts: float | None = Field(
        description="By how many contacts a perfect plan would have missed."
    )
    gap_by_day: dict[Day, float | None]


class ReportEventOut(Out):
    """Something known that moved contacts after the plan was made."""

    kind: Literal["warning", "adjustment", "driver", "special_day"]
    name: str
    queues: list[str]
    first_day: Day
    last_day: Day
    contacts: float = Field(description="Of the gap it explains.")
    told: float | None = Field(
        description="What was known of it; null where it is all of a day's gap, 0 where nobody said."
    )


class WeekReportOut(Out):
    """The week report. Figures are rounded as they are printed, and their parts add up."""

    week: str = Field(examples=["2026-W11"])
    monday: dt.date
    company: str
    language: str
    made_at: dt.datetime
    data_as_of: dt.datetime | None
    timezone: str
    days_over: int
    sentence: str
    week_hours: float
    productive: float
    total: ReportLineOut
    queues: list[ReportLineOut]
    events: list[ReportEventOut]
    notes: list[str]
