"""Peak warnings as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name, Paged
from api.schemas import Out, Start, StartUtc

Note = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class AlertQuery(Paged):
    state: Literal["live", "ended", "all"] = "live"
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")


class ActIn(In):
    """What somebody did about a warning. Telling the same twice changes nothing."""

    who: Name = Field(examples=["Anna, traffic desk"])
    act: Name = Field(
        description="`picked_up`, the name of a measure (`alerts.measures`), or `result`.",
        examples=["picked_up", "IVR message"],
    )
    note: Note = Field("", description="Free text; a result needs one.")


class ActOut(Out):
    at: AwareDatetime
    who: str
    act: str
    note: str


class AlertMeasureOut(Out):
    name: str = Field(examples=["IVR message"])
    minutes: int = Field(description="How long it takes to work.")


class CameOut(Out):
    """Contacts of the time that was warned of."""

    extra: float = Field(description="Beyond the usual.")
    usual: float = Field(description="Median of the same time on the same weekday of eight weeks.")


class AlertOut(Out):
    id: int
    state: Literal["live", "ended"]
    queue: str = Field(examples=["Outage"])
    channel: str | None
    topic: str = Field(description="The contact reason, or `all`.", examples=["outage"])
    signal: str = Field(examples=["posts:outage"])
    sentence: str
    sentence_nl: str
    onset: Start = Field(description="First posts of the burst, with the queue's offset.")
    onset_utc: StartUtc
    start: Start = Field(description="From when on the extra contacts are expected.")
    start_utc: StartUtc
    end: Start
    end_utc: StartUtc
    extra: float = Field(
        description="Contacts beyond the usual that are still to come; of an ended one what was promised."
    )
    low: float = Field(description="One time in ten fewer come.")
    high: float = Field(description="One time in ten more come.")
    posts: int
    times_usual: float | None = Field(description="Posts so far over the usual; null where none are usual.")
    sureness: float = Field(description="Probability that contacts follow.")
    measures: list[AlertMeasureOut] = Field(description="Those still in time, the quickest first.")
    owner: str
    faq: str
    raised_at: AwareDatetime
    updated_at: AwareDatetime
    ended_at: AwareDatetime | None
    ended_because: Literal["over", "passed", "gone"] | None = Field(
        description="over: the storm ended; passed: its time is over; gone: no longer seen."
    )
    outcome: Literal["hit", "false alarm", "too small", "acted on", "not known yet"] | None = Field(
        description="Null while it is live. With any act `acted on`: nobody knows what would have come."
    )
    came: CameOut | None = Field(description="What came of what was promised before it began.")
    acts: list[ActOut]


class AlertDetail(AlertOut):
    phrases: list[str] = Field(
        description="What people write, without names; nothing of fewer than `social.privacy.least_shown`."
    )
