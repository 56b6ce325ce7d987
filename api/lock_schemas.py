"""Locks, the accuracy of the plan, and versions side by side: as they are asked for and given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from api.queries import Granularity, In, Name, Paged, When
from api.schemas import Out, Start, StartUtc, VersionOut
from store.version_comparison import PATTERN

Leads = Annotated[str, StringConstraints(max_length=60, pattern=r"^[0-9]{1,3}(,[0-9]{1,3}){0,9}$")]
Version = Annotated[str, StringConstraints(pattern=r"^(published|latest|[1-9][0-9]{0,14})$")]
Side = Annotated[str, StringConstraints(max_length=24, pattern=PATTERN)]
Day = Annotated[dt.date, Field(ge=dt.date(1971, 1, 1), le=dt.date(2199, 12, 31), examples=["2026-03-30"])]
Share = Annotated[float | None, Field(examples=[0.061])]


class LockIn(In):
    """The week, or the local days, to freeze as the plan."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"week": "2026-W14", "label": "Plan week 14"},
                {"start": "2026-03-30", "end": "2026-04-05", "queues": ["Outage"]},
            ]
        },
    )
    week: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[Ww][0-9]{2}$")] | None = Field(
        None,
        description="A week of ISO 8601, from its Monday; or give `start` and `end`.",
        examples=["2026-W14"],
    )
    start: Day | None = Field(None, description="The first local day, each queue in its own zone.")
    end: Day | None = Field(None, description="The last local day, included.")
    queues: list[Name] = Field([], max_length=500, description="All queues without it.")
    version: Version = Field(
        "published", description="published (what is shown now), latest or the id of a version."
    )
    label: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class LockQuery(Paged):
    in_force: bool | None = Field(
        None, description="Only those in force, or only released ones; all without it."
    )
    queue: Name | None = Field(None, description="Only locks that hold this queue.")


class LockOut(Out):
    """A lock. Its numbers are those of `version_id` and never change; released, it counts no more, and they stay."""

    id: int
    version_id: int = Field(description="The frozen copy: GET /v1/forecasts?version=ID.")
    source_id: int | None = Field(description="The newest version it was taken from.")
    start: dt.date = Field(description="The first local day, each queue in its own zone.")
    end: dt.date = Field(description="The last local day, included.")
    queues: list[str] = Field(description="Empty: every queue.")
    label: str
    author: str
    created_at: AwareDatetime
    released_at: AwareDatetime | None
    released_by: str


class LockMade(LockOut):
    """A new lock, and what stands beside it."""

    goes_before: list[LockOut] = Field(
        description="Earlier locks in force of the same days and queues: where both hold a day, the new one counts."
    )
    notes: list[str] = Field(description="Days and queues without a forecast, and locks of others.")


class CostOut(Out):
    """Agent hours by which the agents foreseen missed those that what came would have taken. net: at work; gross: planned, shrinkage included."""

    under_net: float = Field(description="Where too few were foreseen.")
    over_net: float = Field(description="Where too many were.")
    under_gross: float
    over_gross: float
    needed_net: float = Field(description="Agent hours that what came would have taken.")
    intervals: int
    unknown: int = Field(description="Intervals left out: no handling time is known on one side.")


class PlanFiguresOut(Out):
    days: int = Field(description="Local days scored.")
    day_wape: Share = Field(
        description="Forecast deviation of days: sum of absolute errors over contacts; null without any."
    )
    weeks: int = Field(description="Whole weeks scored, from Monday.")
    week_wape: Share
    bias: Share = Field(description="Forecast less what came, over what came; above 0: too high.")
    forecast: float = Field(description="Contacts of the days scored.")
    came: float
    intervals: int = Field(description="Open intervals scored.")
    within: Share = Field(description="Share of them where what came lies within 10 % of the forecast.")
    possible: Share = Field(
        description="The share that a perfect forecast of the rate would be expected to reach: chance (Poisson) forbids more."
    )
    without_data: int = Field(description="Open intervals left out: what came is not known.")
    not_said: int = Field(description="Open intervals left out: nothing was forecast of them.")
    cost: CostOut | None = Field(
        description="Null where no handling time is known, or the queue is forecast by day."
    )


class MeasuredOut(Out):
    queue: str = Field(examples=["Outage"])
    interval: str = Field(examples=["30min"])
    lead_days: int | None = Field(
        description="What stood so many days before each day; null: the lock asked for."
    )
    figures: PlanFiguresOut
    locked: int = Field(description="Days of which a lock stood then.")
    published: int = Field(
        description="Days of which what was published stood, with the manual adjustments of then."
    )
    nothing: int = Field(description="Days of which nothing stood yet.")
    locks: list[int]


class LockAccuracyOut(Out):
    lock: LockOut
    made_days_before: float = Field(
        description="From when it was made to the first day, midnight UTC; below 0: later."
    )
    queues: list[MeasuredOut] = Field(
        description="Of days that are over; a queue with none of them is not in it."
    )


class PlanAccuracyQuery(In):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    start: Day | None = Field(None, description="The first local day; 28 days ago without it.")
    end: Day | None = Field(None, description="The last local day, included; yesterday without it.")
    lead_days: Leads = Field("28,7,1", description="How many days before each day, joined by commas.")


class PlanAccuracyOut(Out):
    start: dt.date
    end: dt.date
    rows: list[MeasuredOut]


class VersionQuery(Paged):
    kind: list[Literal["forecast", "imported", "plan"]] = Field(
        [],
        max_length=3,
        description="forecast: made here; imported: made elsewhere; plan: frozen by a lock. All without it.",
    )
    state: list[Literal["draft", "published", "locked"]] = Field(
        [], max_length=3, description="All without it."
    )


class ListedVersion(VersionOut):
    """A version in the list."""

    upload_id: int | None = Field(description="Of a forecast made elsewhere: the file it came with.")
    current: bool = Field(
        description="Published last: `version=published` shows it wherever it has a bucket, and older ones elsewhere."
    )


class VersionsQuery(In):
    a: Side = Field(
        description="published, latest, locked, lock:ID or the id of a version.", examples=["lock:3"]
    )
    b: Side = Field(description="So too; compared with `a`.", examples=["published"])
    queue: Name
    granularity: Granularity = "interval"
    start: When | None = Field(None, description="From this moment; what both hold without it.")
    end: When | None = Field(None, description="Until before this moment.")


class SideOut(Out):
    name: str = Field(description="As it was asked for.")
    newest: VersionOut = Field(description="The version, or the one that goes before others in it.")


class BucketCompared(Out):
    start: Start
    start_utc: StartUtc
    a: float
    b: float
    difference: float = Field(description="b less a.")


class DayCompared(Out):
    date: dt.date
    a: float
    b: float
    difference: float
    buckets: int = Field(description="That begin on the day and both hold.")


class PartCompared(Out):
    part: str = Field(examples=["special_day"])
    a: float
    b: float
    difference: float


class VersionsCompared(Out):
    """Means of two versions of one queue, over the buckets both hold."""

    queue: str
    granularity: str
    a: SideOut
    b: SideOut
    moved: list[str] = Field(
        description="The days that moved most, and the part that moved them where the numbers prove it.",
        examples=[["Tue 3 Mar 2026: +412 contacts (1,020 to 1,432), of which special day +380"]],
    )
    parts: list[PartCompared] = Field(
        description="What each part brings, of `parts_of` buckets; empty where not both keep them."
    )
    parts_of: int
    only_a: int = Field(description="Buckets that only `a` holds; left out.")
    only_b: int
    days: list[DayCompared]
    rows: list[BucketCompared]
