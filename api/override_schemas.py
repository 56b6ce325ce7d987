"""Manual adjustments of the forecast: what comes in and goes out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from api.calendar_schemas import QueueOrAll
from api.queries import In, Name, Paged, When
from api.schemas import Out

OrAll = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]  # fmt: skip
Measure = Literal["volume", "aht"]
Kind = Literal["percent", "absolute", "total"]
MEASURE = "volume: contacts; aht: seconds per contact."
KIND = (
    "percent; absolute: so many contacts more or fewer over the whole range, by the shape of the forecast, or seconds more "
    "or fewer per contact; total: the contacts of each local day as far as the range covers it, the shape kept, or the "
    "seconds per contact."
)


class OverrideIn(In):
    """A change on top of the forecast, of a scope (queue, channel, contact reason; empty: any) and a range."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "queue": "Outage",
                    "measure": "volume",
                    "kind": "total",
                    "value": 4200,
                    "start": "2026-11-02",
                    "end": "2026-11-03",
                    "reason": "Price letter to 40,000 customers",
                }
            ]
        },
    )
    queue: QueueOrAll = ""
    channel: OrAll = Field("", description="Empty: every channel.")
    topic: OrAll = Field("", description="A contact reason; empty: the queue as a whole.")
    measure: Measure = Field("volume", description=MEASURE)
    kind: Kind = Field(description=KIND)
    value: float = Field(allow_inf_nan=False, ge=-1e9, le=1e9, examples=[10.0])
    start: When
    end: When
    reason: Why = Field(description="Why it is made; it stands beside the figures.")
    expires_at: When | None = Field(
        None, description="From then on it counts no more; without it until it is removed."
    )


class OverrideOut(Out):
    """A change as it is held. state: active, expired or removed. author, removed_by: names of keys or users."""

    id: int
    queue: str = Field(description="Empty: every queue.")
    channel: str = Field(description="Empty: every channel.")
    topic: str = Field(description="Empty: the queue as a whole.")
    measure: Measure = Field(description=MEASURE)
    kind: Kind = Field(description=KIND)
    value: float
    start: AwareDatetime = Field(
        description="In the queue's zone, or the company's where it is of every queue."
    )
    start_utc: AwareDatetime
    end: AwareDatetime
    end_utc: AwareDatetime
    reason: str
    author: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    removed_at: AwareDatetime | None
    removed_by: str
    state: Literal["active", "expired", "removed"]


class OverrideEffectOut(Out):
    """Contacts in the range (of aht: seconds per contact), before and after; null where nothing is forecast."""

    queue: str
    before: float | None
    after: float | None


class OverrideMade(Out):
    """What was kept and what it does to the published forecast. new: false where the same was held already."""

    override: OverrideOut
    new: bool
    before: float | None = Field(description="Over all queues of the scope, as `queues`.")
    after: float | None
    queues: list[OverrideEffectOut]
    warnings: list[str] = Field(description="What it does not reach, in words.")


class OverrideQuery(Paged):
    queue: Name | None = Field(None, description="Those that have the queue in their scope; all without it.")
    start: When | None = Field(None, description="Those whose range ends after this moment.")
    end: When | None = Field(None, description="Those whose range begins before this moment.")
    active: bool | None = Field(
        None, description="true: those in force now; false: those that are not any more."
    )


class RemovalQuery(In):
    why: OrAll = Field("", description="Kept in the audit.")


class ValueQuery(In):
    queue: Name | None = Field(None, description="All queues without it.")
    start: When | None = Field(
        None, description="Days from then on; 90 days before the end, or before now, without it."
    )
    end: When | None = Field(None, description="Until before this moment; now without it.")


class OverrideWorthOut(Out):
    """What changes by hand were worth on days that are over.

    Errors are sums of |contacts - forecast|, once with and once without them: per interval by the median, per day by the
    mean. gained: the part of the error that they took away; negative: that they added. low, high: 5th and 95th percentile
    of blocks of weeks drawn anew; null with fewer than eight.
    """

    name: str = Field(description="Of the author, the reason, or the number of the adjustment; `all`.")
    overrides: int
    days: int = Field(description="Days of queues that were changed and are known.")
    helped: int = Field(description="Of these, the days on which the forecast came nearer.")
    weeks: int = Field(description="Weeks of adjustments: days of one week are one piece of evidence.")
    contacts: float
    error_without: float
    error_with: float
    gained: float | None = Field(description="Per interval; null without an error to take away.")
    low: float | None
    high: float | None
    day_error_without: float
    day_error_with: float
    day_gained: float | None
    verdict: Literal["better", "worse", "not enough to tell"]
    sentence: str = Field(
        examples=["Helped on 9 of 14 days: 12 % less error; that may be chance (3 weeks of at least 8)."]
    )


class ValueOut(Out):
    """Of contacts only; the value of changed handling times is not measured."""

    start: AwareDatetime
    end: AwareDatetime
    all: OverrideWorthOut
    authors: list[OverrideWorthOut]
    reasons: list[OverrideWorthOut]
    overrides: list[OverrideWorthOut]
