"""What goes out: pydantic models at the border. Names are those of `contracts.md`."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Row = TypeVar("Row", bound=BaseModel)
Start = Annotated[
    AwareDatetime,
    Field(
        description="Start of the bucket in the queue's zone, with its offset.",
        examples=["2026-10-25T02:30:00+01:00"],
    ),
]
StartUtc = Annotated[
    AwareDatetime,
    Field(
        description="The same moment in UTC: it tells the two buckets of a repeated hour apart.",
        examples=["2026-10-25T01:30:00Z"],
    ),
]


class Out(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Page(Out, Generic[Row]):
    """Rows, and how to go on: send `next_cursor` as `cursor` with the same question; null at the end."""

    rows: list[Row]
    next_cursor: str | None = None


class FieldProblem(Out):
    field: str
    detail: str
    remedy: str


class Problem(Out):
    """An error (RFC 9457): what is wrong, in which field, and what to do."""

    type: str = Field(examples=["urn:forecall:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no queue 'Outag'."])
    remedy: str = Field(examples=["Did you mean Outage?"])
    field: str | None = Field(None, examples=["queue"])
    errors: list[FieldProblem] | None = None


class OpeningHour(Out):
    """One span of a weekday (Monday = 0), half-open; `closes` may be 24:00."""

    weekday: int = Field(ge=0, le=6)
    opens: str = Field(examples=["08:00"])
    closes: str = Field(examples=["20:00"])
    valid_from: str | None = Field(None, description="First local day it holds; null from the beginning.")


class QueueOut(Out):
    name: str = Field(examples=["Outage"])
    channel: str = Field(examples=["phone"])
    topic: str = Field(description="The contact reason of all its contacts, or `all`.")
    topics: list[str] = Field(description="The contact reasons its volumes are counted by.")
    interval: str = Field(examples=["30min"])
    timezone: str = Field(examples=["Europe/Amsterdam"])
    hours: list[OpeningHour] | None = Field(description="Null where they are inferred from the history.")


class VersionOut(Out):
    """A version of the forecast. cutoff: what it knew, or when it was made elsewhere; state: draft, published or locked."""

    id: int
    run_id: int | None
    cutoff: AwareDatetime
    created_at: AwareDatetime
    published_at: AwareDatetime | None = Field(description="The last time.")
    state: str
    label: str
    kind: str = Field(
        "forecast", description="forecast: made here; imported: made elsewhere; plan: frozen by a lock."
    )


class ForecastRow(Out):
    queue: str
    channel: str
    topic: str
    start: Start
    start_utc: StartUtc
    mean: float | None
    quantiles: dict[str, float | None] = Field(examples=[{"0.1": 12.0, "0.5": 18.0, "0.9": 26.0}])
    override: float = Field(0.0, description="Contacts of the mean that are manual adjustments.")
    aht_seconds: float | None = Field(
        None, description="Handling time expected, weighted by contacts; null without any, and where closed."
    )
    aht_low: float | None = Field(None, description="One time in ten the handling time is below.")
    aht_high: float | None = Field(None, description="One time in ten it is above.")
    workload_hours: float | None = Field(
        None, description="Mean of contacts x handling time, waiting and breaks not counted."
    )
    workload_quantiles: dict[str, float | None] | None = Field(
        None, description="Hours; given where `quantiles` are asked for.", examples=[{"0.5": 1.2, "0.9": 1.9}]
    )
    signal: Literal["used", "not_proven", "stale"] = Field(
        description="Does what people say in public count here? stale: it was proven, but this forecast could not listen: its data is old or its source changed."
    )


class ForecastPage(Page[ForecastRow]):
    version: VersionOut | None = Field(description="The newest version the rows are taken from.")
    granularity: str
    notes: list[str] = Field(
        description="By day, week and month: how far the history of a queue supports the months ahead."
    )
    coverage: dict[str, float] = Field(
        {},
        description="With `topic`, by queue: part of the contacts whose reason is known, where files tell reasons apart "
        "from the totals.",
    )


class VolumeOut(Out):
    queue: str
    channel: str
    topic: str
    start: Start
    start_utc: StartUtc
    offered: float
    handled: float | None
    abandoned: float | None
    aht_seconds: float | None
    known_at: AwareDatetime


class SignalOut(Out):
    """One bucket. A count has no row where nothing was counted."""

    signal: str = Field(examples=["posts[nl]"])
    measure: str = Field(examples=["posts"])
    language: str | None = Field(description="Null: all languages.")
    brand: str | None = Field(description="Null: the company as a whole.")
    topic: str = Field(examples=["outage"])
    start: Start
    start_utc: StartUtc
    value: float | None = Field(description="Null where it is suppressed.")
    suppressed: bool = Field(description="Too few posts of one contact reason in one language to be shown.")


class BurstOut(Out):
    since: StartUtc
    over: StartUtc | None = Field(description="Null: it goes on.")
    age_minutes: float
    posts_beyond_usual: float


class TopicOut(Out):
    topic: str
    posts_24h: float
    posts_7d: float
    negative_share_24h: float | None = Field(description="Null without posts.")
    negative_share_7d: float | None
    failed_contact_share_7d: float | None = Field(
        description="Share of posts that tell of another channel tried in vain."
    )
    usual_24h: float | None = Field(
        description="Posts usual at these times of the week; null with little history."
    )
    burst: BurstOut | None = Field(
        description="More is said than is usual, now or until within the last day."
    )


class EvidenceOut(Out):
    queue: str
    signal: str
    lead_band: str = Field(examples=["4-24h"])
    leads_by_minutes: int | None = Field(description="How far the signal runs ahead; negative: behind.")
    lift: float | None = Field(description="Accuracy gained: 1 - loss with / loss without.")
    lower: float | None
    upper: float | None
    gate: str = Field(examples=["open", "shut", "not enough history"])
    n: int
    why: str


class ChampionOut(Out):
    queue: str
    lead_band: str
    model: str


class ModelsOut(Out):
    catalogue: list[str] = Field(description="Methods that compete, by name.")
    published_with: str = Field(description="What the published forecast is made with.")
    champions: list[ChampionOut]


class AccuracyOut(Out):
    queue: str
    model: str
    lead_band: str
    n: int
    mean_volume: float | None
    wape: float | None
    poisson_floor: float | None
    skill: float | None = Field(description="Against the mean of eight weeks.")
    skill_vs_seasonal_naive: float | None
    bias: float | None
    calibration: dict[str, dict[str, float | None]]


class RunOut(Out):
    id: int
    job: str
    state: str = Field(examples=["running", "done", "failed"])
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    seconds: float | None
    cutoff: AwareDatetime | None
    outcome: dict[str, Any]
    code_version: str


class RowError(Out):
    row: int = Field(description="Number of the row in the batch, from 1.")
    field: str
    detail: str
    remedy: str


class BatchResult(Out):
    """What became of a batch: 200 when every row was taken, 207 when some were refused."""

    received: int
    accepted: int
    stored: int = Field(description="Of the accepted ones, those that were new or changed something.")
    errors: list[RowError]


class Alive(Out):
    status: Literal["alive"]


class Ready(Out):
    status: Literal["ready"]
    data_age_seconds: float | None = Field(description="Since contact data last became known.")
    forecast_age_seconds: float | None = Field(description="Since the published forecast was made.")


class RisingOut(Out):
    """What people talk about that they did not in the same hours of past days."""

    phrase: str = Field(examples=["slimme meter app"])
    terms: list[str]
    language: str
    topic: str | None = Field(description="The contact reason at least half of its posts have.")
    posts: int
    authors: int
    usual: float = Field(description="Posts of these hours on a past day.")
    growth: float
    certainty: float = Field(description="z: its log-odds in standard deviations.")
    since: StartUtc
    examples: list[str] = Field(description="Phrases without names; none of fewer than five people.")


class WaitingOut(Out):
    """Questions that wait for a first reply. language null: of all languages."""

    topic: str = Field(examples=["outage"])
    language: str | None
    open: int
    oldest_waiting_since: AwareDatetime | None = Field(description="Null where nobody waits.")


class ReplyTimesOut(Out):
    """How soon questions were answered. Those still open count as having waited that long already."""

    questions: int
    answered: int
    share_within_target: float | None = Field(
        description="Answered within the target, around the clock; null while nothing can be told."
    )
    reply_median_minutes: float | None = Field(description="Null while fewer than half have a reply.")
    reply_p90_minutes: float | None = Field(description="Null while fewer than nine in ten have one.")
    resolved: int
    resolution_median_minutes: float | None
    resolution_p90_minutes: float | None


class ReasonTimesOut(ReplyTimesOut):
    topic: str = Field(examples=["outage"])
    language: str | None = Field(description="Null: of all languages.")


class HourTimesOut(ReplyTimesOut):
    topic: str = Field(examples=["outage"])
    hour: int = Field(ge=0, le=23, description="Local hour the questions were asked in.")


class DayTimesOut(ReplyTimesOut):
    date: str = Field(description="Local day the questions were asked on.", examples=["2026-10-24"])


class CareOut(Out):
    """Questions to the company on social channels. `all` is every question once; one about two reasons is in both."""

    as_of: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime
    target_minutes: int
    open: int = Field(description="Waiting for a first reply now, whenever they were asked.")
    oldest_waiting_since: AwareDatetime | None
    open_beyond_target: int
    total: ReplyTimesOut
    waiting: list[WaitingOut]
    reasons: list[ReasonTimesOut]
    hours: list[HourTimesOut]
    days: list[DayTimesOut]
    least_shown: int = Field(
        description="A reason by language or hour with fewer questions is left out; totals hold all of them."
    )
    left_out: int = Field(description="How many such rows are left out.")
