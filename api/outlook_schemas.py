"""The outlook of a day and the weekly digest as they are asked for and given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name
from api.schemas import Out

Day = Annotated[str, StringConstraints(min_length=1, max_length=10, pattern=r"^[0-9a-z-]+$")]


class OutlookQuery(In):
    day: Day = Field(
        "tomorrow", description="today, tomorrow or a date.", examples=["tomorrow", "2026-11-24"]
    )
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    channel: Name | None = None
    language: Literal["en", "nl"] = Field("en", description="Of the sentences and the picture.")
    format: Literal["json", "svg"] | None = Field(
        None, description="svg gives the picture, as does `Accept: image/svg+xml`."
    )


class DigestQuery(In):
    owner: Name | None = Field(None, description="As config.yaml names them under `reasons`; all without it.")
    language: Literal["en", "nl"] = "en"


class OutlookCauseOut(Out):
    kind: Literal["posts", "special_day", "lately"]
    size: float | None = Field(description="posts: times the usual; lately: change of the last seven days.")
    since: AwareDatetime | None
    name: str


class LineOut(Out):
    queue: str
    channel: str
    expected: float
    low: float
    high: float
    usual: float | None
    last_week: float | None
    coverage: float | None = Field(
        None,
        description="Part of the queue's contacts whose reason is known, where files tell reasons apart from the totals.",
    )


class ReasonOut(Out):
    topic: str
    owner: str
    faq: str
    expected: float
    low: float = Field(description="8 in 10 days lie between low and high.")
    high: float
    usual: float | None = Field(description="Mean of this weekday over the last eight weeks.")
    change: float | None = Field(description="Expected over usual, less one.")
    last_week: float | None
    posts_24h: float
    posts_usual_24h: float | None
    why: str
    causes: list[OutlookCauseOut]
    queues: list[LineOut] = Field(description="They add up to the reason.")


class OutlookOut(Out):
    day: dt.date
    timezone: str
    made_on: AwareDatetime | None = Field(description="What the forecast knew.")
    title: str
    answer: str
    expected: float
    low: float
    high: float
    usual: float | None
    last_week: float | None
    reasons: list[ReasonOut] = Field(description="The largest first.")


class DigestOut(Out):
    owner: str
    email: str
    begin: dt.date = Field(description="The seven days looked back on begin here.")
    until: dt.date = Field(description="Before this day; the seven days looked ahead begin here.")
    subject: str
    text: str = Field(description="Markdown.")
    html: str = Field(description="The same; names from files and posts are escaped.")


class DigestsOut(Out):
    made_at: AwareDatetime | None = Field(description="None where the job has not run yet.")
    digests: list[DigestOut]
