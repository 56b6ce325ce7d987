"""True demand as it is asked for and given."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from api.queries import Name, Paged, When
from api.schemas import Out, Page, Start, StartUtc

Origin = Literal["unknown", "told", "counted", "estimated", "off"]


class DemandQuery(Paged):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    start: When | None = Field(None, description="28 days ago without it.")
    end: When | None = None
    granularity: Literal["interval", "day", "week"] = "day"


class DemandPartOut(Out):
    part: str = Field(examples=["redialled"])
    contacts: float | None = Field(description="Null where nothing is known of it.")
    origins: list[Origin] = Field(
        description="told: a column of the file; counted: the log of contacts; estimated: by the queue's own rate; "
        "off: left as it is. Of a sum of intervals all that occur."
    )


class DemandRow(Out):
    queue: str
    channel: str
    start: Start
    start_utc: StartUtc
    offered: float = Field(description="As counted.")
    corrected: float = Field(
        description="Offered - short abandons - redials - transfers in - overflow in + overflow out - callbacks, per "
        "interval never below 0. This is what is forecast."
    )
    estimated: bool = Field(description="An estimate stands in `corrected`.")
    parts: list[DemandPartOut]


class RateOut(Out):
    """Which part of those who hang up unheard calls again, where no log shows it: an estimate."""

    r: float = Field(examples=[0.42])
    lower: float = Field(description="90 % interval.")
    upper: float
    weeks: int = Field(description="It was learnt from; it leans on what is usual in other queues.")
    decided_at: AwareDatetime


class DeviationOut(Out):
    """Forecast deviation (WAPE) of whole days as published when they began."""

    days: int
    offered: float | None = Field(description="Against contacts as counted.")
    corrected: float | None = Field(description="Against corrected contacts.")


class DemandQueueOut(Out):
    queue: str
    correct: Literal["auto", "off"]
    rate: RateOut | None
    deviation: DeviationOut


class DemandPage(Page[DemandRow]):
    queues: list[DemandQueueOut] = Field(description="The queues of which there are rows on this page.")
