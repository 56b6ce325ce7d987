"""The gap between a staffing plan and what the forecast asks for, as it is asked for and given."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from api.queries import In, Name, When
from api.schemas import Out, Start, StartUtc
from api.staffing_schemas import TargetsOut


class GapQuery(In):
    group: Name | None = Field(None, description="One planning group or queue; all without it.")
    start: When | None = Field(None, description="The current day without it.")
    end: When | None = Field(None, description="Until before this moment; 14 days on without it.")
    quantile: float | None = Field(
        None, gt=0, lt=1, description="Staffed for, as forecasts are kept; as configured without it."
    )


class GapRow(Out):
    """One interval. net: agents at work; gross: planned, before shrinkage is taken off; gap: planned less needed."""

    start: Start
    start_utc: StartUtc
    seconds: float
    contacts: float | None
    aht_seconds: float | None
    needed_net: float | None = Field(description="Null where no handling time is forecast.")
    needed_gross: float | None
    planned_net: float | None = Field(description="Null on days that the plan does not cover.")
    planned_gross: float | None
    gap_net: float | None
    gap_gross: float | None
    service_level: float | None = Field(
        description="What the plan can be expected to reach; calls alone have one."
    )


class GapDay(Out):
    """Agent hours of a local day; what is short and what is over are not set off against each other."""

    date: str = Field(examples=["2026-10-26"])
    needed_net: float
    planned_net: float
    under_net: float
    over_net: float
    under_gross: float
    over_gross: float
    unknown: int = Field(description="Intervals left out, because their need is not known.")
    under_euros: float | None = Field(
        None, description="What the missing hours would have cost; null without a rate."
    )
    over_euros: float | None = None


class GapGroup(Out):
    group: str = Field(examples=["Outage"])
    queues: list[str]
    methods: list[str] = Field(
        description="How the need was found, per channel.", examples=[["phone: erlang"]]
    )
    quantile: float
    targets: TargetsOut
    days: list[GapDay]
    rows: list[GapRow]


class GapOut(Out):
    as_of: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime
    groups: list[GapGroup]
    notes: list[str]
