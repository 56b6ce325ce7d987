"""Forecasts made elsewhere against ours, as they are asked for and given."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from api.queries import In, Name
from api.schemas import Out

Winner = Literal["ours", "theirs", "level", "too few weeks"]


class ComparedQuery(In):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all without it.")


class ComparedMeasureOut(Out):
    """Sum of absolute errors over what came (WAPE) of both, on the same buckets."""

    what: Literal["volume", "aht", "workload"]
    level: Literal["interval", "day", "week"]
    n: int = Field(description="Buckets compared.")
    ours: float
    theirs: float
    difference: float = Field(description="Theirs less ours; above 0 ours was nearer.")
    low: float | None = Field(description="Of the 90 % interval; null where there are too few weeks.")
    high: float | None
    ours_bias: float = Field(description="Forecast less what came, over what came.")
    theirs_bias: float
    winner: Winner = Field(description="level: the interval holds 0.")


class ComparedWeekOut(Out):
    week: str = Field(description="The Monday it begins with.", examples=["2026-03-02"])
    made_at: str = Field(description="When theirs was made; ours is as of then.")
    source: Literal["published", "hindcast", ""] = Field(
        description="Ours: as published then, or as today's production choice says from what was known then."
    )
    why: str = Field(description="Why it is not compared; '' where it is.")
    ours: float | None
    theirs: float | None


class ComparedOut(Out):
    queue: str
    interval: str = Field(description="Of their forecast.", examples=["30min"])
    winner: Winner = Field(description="By volume at the shortest interval both have.")
    measures: list[ComparedMeasureOut]
    weeks: list[ComparedWeekOut] = Field(description="All weeks of theirs, compared or not.")
    notes: list[str]


class ComparisonOut(Out):
    made_at: AwareDatetime | None = Field(description="When it was computed; null before the first time.")
    queues: list[ComparedOut]
