"""What-ifs as they are asked and given: events; forecast, scenario and difference on the same futures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from api.queries import Granularity, In, Name, Paged
from api.scenario_events import MOST_EVENTS, Date, EventIn
from api.schemas import Out, Start, StartUtc


class ScenarioIn(In):
    """What if. Nothing is stored unless it has a name."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"kind": "driver", "driver": "letters", "date": "2026-11-02", "value": 40000},
                        {
                            "kind": "change",
                            "queue": "Outage",
                            "percent": 10,
                            "from": "2026-11-02",
                            "to": "2026-11-07",
                        },
                    ],
                    "granularity": "day",
                }
            ]
        },
    )
    events: list[EventIn] = Field(
        max_length=MOST_EVENTS, description="Several at once; none compares nothing."
    )
    queues: list[Name] = Field(
        [], max_length=100, description="Only these; those the events touch without it."
    )
    start: Date | None = Field(None, description="First day; that of the first event without it.")
    end: Date | None = Field(None, description="Until before this day; two weeks on without it.")
    name: Name | None = Field(None, description="Keeps the scenario under this name.")
    quantiles: list[Annotated[float, Field(gt=0, lt=1)]] = Field([0.1, 0.5, 0.9], max_length=20)
    granularity: Granularity = "interval"


class ScenarioQuery(Paged):
    """Scenarios that were given a name, in pages."""


class ScenarioFiguresOut(Out):
    mean: float
    quantiles: dict[str, float] = Field(examples=[{"0.1": 12.0, "0.5": 18.0, "0.9": 26.0}])


class AgentsOut(Out):
    """net: at work; gross: planned, before shrinkage is taken off. In rows agents, in days agent hours."""

    forecast_net: float | None
    scenario_net: float | None
    difference_net: float | None
    forecast_gross: float | None
    scenario_gross: float | None
    difference_gross: float | None


class ScenarioRowOut(Out):
    """One bucket. The quantiles of the difference are those of the difference, draw by draw."""

    start: Start
    start_utc: StartUtc
    forecast: ScenarioFiguresOut
    scenario: ScenarioFiguresOut
    difference: ScenarioFiguresOut
    agents: AgentsOut | None = Field(None, description="By interval, where handling times are known.")


class ScenarioDayOut(Out):
    date: str = Field(examples=["2026-11-02"])
    forecast: ScenarioFiguresOut
    scenario: ScenarioFiguresOut
    difference: ScenarioFiguresOut
    agent_hours: AgentsOut | None = None


class ScenarioTotalOut(Out):
    """All days together. The quantiles are those of the sums, draw by draw."""

    forecast: ScenarioFiguresOut
    scenario: ScenarioFiguresOut
    difference: ScenarioFiguresOut


class ScenarioQueueOut(Out):
    queue: str
    channel: str
    timezone: str
    staffed_for: float = Field(description="The quantile of contacts that agents are for.")
    total: ScenarioTotalOut | None = Field(None, description="Null in scenarios kept before there was one.")
    days: list[ScenarioDayOut]
    rows: list[ScenarioRowOut]


class ScenarioNoteOut(Out):
    """What became of an event in a queue, and what it stands on."""

    event: int = Field(description="Its place in `events`, from 0.")
    queue: str
    text: str
    basis: Literal["measured", "assumed", "as said", "no change"]
    contacts: float | None = Field(
        description="Added in all days the run looked at, also beyond those shown."
    )
    rule_of_thumb: float | None = Field(
        description="What a planner's rule of thumb would add; it is in no figure."
    )


class ScenarioOut(Out):
    """Forecast, scenario and difference on the same futures. The forecast is a run of now and not the published one."""

    id: int | None = Field(description="Null: nothing was stored.")
    name: str | None
    as_of: AwareDatetime
    cutoff: AwareDatetime = Field(description="What the run knew.")
    start: str = Field(examples=["2026-11-02"])
    end: str = Field(examples=["2026-11-16"])
    granularity: str
    total: ScenarioTotalOut | None = Field(None, description="All queues and days; queues are drawn apart.")
    queues: list[ScenarioQueueOut]
    notes: list[ScenarioNoteOut]
    remarks: list[str]


class ScenarioKept(Out):
    """A scenario that has a name, as it came out when it was asked."""

    id: int
    name: str
    author: str
    created_at: AwareDatetime
    cutoff: AwareDatetime
    events: int
