"""Agents needed, and what agents given reach, as they are asked for and given. net: at work; gross: planned, before shrinkage is taken off."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from api.limits import MOST_ROWS
from api.paging import LIMIT, MOST
from api.queries import Cursor, In, Name, When
from api.schemas import Out, Start, StartUtc

Marked = Literal["net", "gross"]
Agents = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class TargetsIn(In):
    """Targets that hold for this question alone; what is left out is as configured."""

    service_level: float | None = Field(
        None,
        ge=0,
        lt=1,
        description="Share of calls or chats offered that are answered within `answer_seconds`.",
    )
    answer_seconds: float | None = Field(None, ge=0, le=86_400)
    patience_seconds: float | None = Field(
        None,
        ge=0,
        le=86_400,
        description="Mean time until a caller hangs up (Erlang A); 0: never (Erlang C).",
    )
    shrinkage: float | None = Field(None, ge=0, lt=1)
    max_occupancy: float | None = Field(None, gt=0, le=1)
    min_agents: float | None = Field(None, ge=0, le=100_000)
    concurrency: int | None = Field(None, ge=1, le=20, description="Chats an agent holds at once.")
    slowdown: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How far chats held at once slow each other: 0 not at all, 1 so far that nothing is gained.",
    )
    response_hours: float | None = Field(
        None, gt=0, le=2000, description="Within which e-mail and social are to be answered."
    )
    response_share: float | None = Field(None, gt=0, le=1)
    response_clock: Literal["clock", "open"] | None = Field(
        None, description="`response_hours` run by the clock, or in opening hours alone."
    )
    blended: bool | None = Field(None, description="One team takes all channels together, calls first.")
    quantile: float | None = Field(
        None, gt=0, lt=1, description="Staffed for, as forecasts are kept; as configured without it."
    )


class StaffingQuery(TargetsIn):
    group: Name | None = Field(
        None,
        description="A planning group over all its sites, or a queue's own name for what groups leave of it; all without it.",
    )
    queue: Name | None = Field(None, description="All of one queue, whoever staffs it; instead of `group`.")
    start: When | None = Field(None, description="The current day without it.")
    end: When | None = Field(None, description="Until before this moment; 14 days on without it, at most 92.")
    granularity: Literal["interval", "hour", "day"] = Field(
        "interval", description="day: `days` alone; hour: agents are the mean of the hour."
    )
    certainty: bool = Field(
        False, description="Also the agents at every kept quantile, and what being sure costs."
    )
    layout: Literal["json", "tidy"] | None = Field(
        None, description="tidy gives CSV, as does `Accept: text/csv`."
    )
    limit: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description=f"Rows (days, by day) in one answer: {LIMIT:,} without it, CSV whole.",
    )
    cursor: Cursor | None = None


class AgentsIn(In):
    """Agents from a moment on, for one interval of the file they come from."""

    start: When
    agents: Agents


class CheckIn(TargetsIn):
    """Agents given, all day the same or row by row: what do they reach, and how often do the targets hold?"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"group": "Outage", "agents": 40, "marked": "net"},
                {
                    "queue": "Outage",
                    "rows": [
                        {"start": "2026-10-26T08:00", "agents": 12},
                        {"start": "2026-10-26T08:30", "agents": 14},
                    ],
                    "marked": "gross",
                },
            ]
        },
    )
    group: Name | None = None
    queue: Name | None = Field(None, description="All of one queue, whoever staffs it; instead of `group`.")
    start: When | None = Field(
        None, description="The current day without it; with `rows` the first one's day."
    )
    end: When | None = Field(
        None, description="14 days on without it; with `rows` after the last one's day. At most 35."
    )
    agents: Agents | None = Field(None, description="So many in every interval in which the team is open.")
    rows: list[AgentsIn] | None = Field(None, min_length=1, max_length=MOST_ROWS)
    marked: Marked = Field(description="net: at work; gross: planned, before shrinkage is taken off.")


class TargetsOut(Out):
    service_level: float
    answer_seconds: float
    patience_seconds: float | None = Field(description="Null: callers wait for ever (Erlang C).")
    shrinkage: float
    max_occupancy: float
    min_agents: float
    concurrency: int
    slowdown: float
    response_hours: float
    response_share: float
    response_clock: str


class SurenessOut(Out):
    """What staffing for `high` rather than for `low` takes more, per week of seven days."""

    low: float = Field(examples=[0.5])
    high: float = Field(examples=[0.9])
    hours_net: float
    hours_gross: float
    euros: float | None


class StaffingGroup(Out):
    group: str = Field(examples=["Outage"])
    queues: list[str]
    timezone: str
    interval: str = Field(examples=["30min"])
    methods: list[str] = Field(
        description="How the need was found, per channel.", examples=[["phone: Erlang C"]]
    )
    blended: bool
    quantile: float
    targets: TargetsOut
    rate_euros: float | None = Field(description="For an hour that is paid for (gross).")
    sureness: SurenessOut | None = Field(None, description="With `certainty=true`.")


class StaffingDay(Out):
    """One local day. hours: of agents; peak: the most in one interval; unknown: intervals left out of them."""

    group: str
    date: str = Field(examples=["2026-10-26"])
    contacts: float | None
    workload_hours: float | None
    agent_hours_net: float | None
    agent_hours_gross: float | None
    peak_net: float | None
    peak_gross: float | None
    cost_euros: float | None = Field(description="Of the gross hours; null without a rate.")
    unknown: int


class StaffingRow(Out):
    """One interval or hour, and what is reached with the agents needed in it."""

    group: str
    start: Start
    start_utc: StartUtc
    seconds: float
    contacts: float | None
    aht_seconds: float | None
    workload_hours: float | None
    erlangs: float | None
    agents_net: float | None = Field(description="At work; null where no handling time is forecast.")
    agents_gross: float | None = Field(description="To be planned: net / (1 - shrinkage).")
    service_level: float | None = Field(description="Calls and chats have one.")
    asa_seconds: float | None = Field(description="Null also where nobody can be answered.")
    occupancy: float | None
    abandonment: float | None
    in_time: float | None = Field(
        description="Of e-mail and social, the share answered within `response_hours`."
    )
    backlog: float | None = Field(description="E-mail and social that wait at the end.")
    oldest_hours: float | None = Field(
        description="For how long the oldest of them has waited, by the clock."
    )
    agents_net_by_quantile: dict[str, float | None] | None = Field(
        None, description="With `certainty=true`.", examples=[{"0.5": 12.0, "0.9": 15.0}]
    )


class StaffingOut(Out):
    """Agents needed. Each day stands with the first of its rows, each group on every page that has rows of it."""

    start: AwareDatetime
    end: AwareDatetime
    granularity: str
    groups: list[StaffingGroup]
    days: list[StaffingDay]
    rows: list[StaffingRow]
    notes: list[str]
    next_cursor: str | None = None


class Chance(Out):
    """How often the promise to customers holds."""

    share: float | None = Field(description="0.025 .. 0.975; null where it is not known.", examples=[0.9])
    bound: Literal["less", "more"] | None = Field(
        description="less: even rarer than `share` says; more: even more often. Beyond nothing is known."
    )
    words: str = Field(examples=["about 9 days of 10"])


class CheckRow(Out):
    """One interval: what the agents reach at the mean of the forecast, and how often the promise holds in it."""

    start: Start
    start_utc: StartUtc
    seconds: float
    contacts: float | None
    agents_net: float | None = Field(description="Null on days that `rows` do not cover.")
    agents_gross: float | None
    needed_net: float | None
    needed_gross: float | None
    service_level: float | None
    asa_seconds: float | None
    occupancy: float | None
    abandonment: float | None
    in_time: float | None
    backlog: float | None
    oldest_hours: float | None
    holds: Chance


class CheckDay(Out):
    date: str = Field(examples=["2026-10-26"])
    service_level: float | None = Field(
        description="Of the day's calls and chats, at the mean of the forecast."
    )
    in_time: float | None
    agent_hours_net: float
    agent_hours_gross: float
    under_gross: float = Field(description="Agent hours short of what is needed, where it is short.")
    over_gross: float
    cost_euros: float | None
    under_euros: float | None = Field(description="What the missing hours would have cost.")
    over_euros: float | None
    unknown: int
    holds: Chance


class CheckOut(Out):
    start: AwareDatetime
    end: AwareDatetime
    group: StaffingGroup
    holds: Chance = Field(description="Over the days of the span together.")
    sentence: str = Field(examples=["40 agents net answer 80 % within 20 seconds on about 9 days of 10."])
    days: list[CheckDay]
    rows: list[CheckRow]
    notes: list[str]
