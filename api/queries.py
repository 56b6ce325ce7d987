"""What comes in: query parameters and rows of batches. An unknown name is refused, not overlooked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation, StringConstraints

from api.limits import MOST_ROWS
from api.paging import LIMIT, MOST

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
When = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    Field(
        description="ISO 8601; without an offset it is local time (a `+` in an address is written %2B).",
        examples=["2026-03-02", "2026-03-02T08:00", "2026-03-02T07:00:00Z"],
    ),
]
Cursor = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[A-Za-z0-9_-]+$")]
Granularity = Literal["interval", "hour", "day", "week", "month"]
Count = Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)]  # in bodies: true is no 1


class In(BaseModel):
    """Base of all that is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(In):
    limit: int = Field(LIMIT, ge=1, le=MOST, description="Rows in one answer.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the answer before.")


class ForecastQuery(In):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    channel: Name | None = None
    topic: Name | None = None
    start: When | None = Field(
        None,
        description="From this moment; without it from the current day (week, month) on, with version=ID all.",
    )
    end: When | None = Field(None, description="Until before this moment.")
    granularity: Granularity = "interval"
    quantiles: list[str] = Field(
        [], max_length=50, description="Repeated or joined by commas; all without it.", examples=[["0.5,0.9"]]
    )
    version: Annotated[str, StringConstraints(pattern=r"^(published|locked|latest|[1-9][0-9]{0,14})$")] = (
        Field("published", description="published, locked, latest (drafts too) or the id of a version.")
    )
    as_of: When | None = Field(None, description="What was published then.")
    overrides: bool = Field(
        True, description="false: the forecast without the manual adjustments that lie on top of it."
    )
    layout: Literal["json", "tidy", "genesys", "connect"] | None = Field(
        None,
        description="tidy gives CSV, as does `Accept: text/csv`; genesys and connect the file that suite imports, "
        "as GET /v1/exports does.",
    )
    limit: int | None = Field(
        None, ge=1, le=MOST, description=f"Rows in one answer: {LIMIT:,} without it, CSV whole."
    )
    cursor: Cursor | None = None


class VolumeQuery(Paged):
    queue: list[Name] = Field([], max_length=500)
    topic: Name | None = None
    start: When | None = Field(None, description="28 days ago without it.")
    end: When | None = None
    granularity: Granularity = "interval"


class SignalQuery(Paged):
    name: list[Name] = Field([], max_length=100, description="Names of signals; all without it.")
    topic: list[Name] = Field([], max_length=200)
    language: Annotated[str, Field(max_length=5)] | None = Field(
        None, description="Posts in one language; '' for those of all."
    )
    brand: Annotated[str, Field(max_length=128)] | None = Field(
        None, description="Posts of one brand or competitor; '' for the company as a whole."
    )
    start: When | None = Field(None, description="Seven days ago without it.")
    end: When | None = None
    interval: Literal["interval", "hour", "day"] = "interval"


class QueueQuery(Paged):
    queue: list[Name] = Field([], max_length=500)


class RunQuery(Paged):
    job: Name | None = None


class VolumeIn(In):
    """What one queue got in one bucket."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"queue": "Outage", "start": "2026-03-02T08:00", "offered": 41}]},
    )
    queue: Name
    start: When
    offered: Count
    topic: Name = "all"
    handled: Count | None = None
    abandoned: Count | None = None
    aht_seconds: Count | None = None


class SignalIn(In):
    """What was measured of one signal in one bucket that is over."""

    signal: Name
    start: When
    value: float = Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15)
    topic: Name = "all"
    kind: Literal["count", "level"] | None = Field(None, description="As held already, else count.")


class MentionIn(BaseModel):
    """One post. `(source, id)` names it; sending it twice changes nothing. Fields not named here are left out."""

    id: str = Field(max_length=512)
    source: str = Field(max_length=128, examples=["bluesky"])
    created_at: str = Field(examples=["2026-03-02T08:03:11+01:00"])
    text: str
    author: str | None = None
    language: str | None = None
    url: str | None = None
    reach: int | None = None
    repost_of: str | None = None
    reply_to: str | None = None
    direction: Literal["in", "out"] | None = None
    replied_at: str | None = None
    resolved_at: str | None = None
    brand: str | None = None
    deleted_at: str | None = None


def _rows_of(model: str) -> dict[str, JsonValue]:
    """Rows that are not validated here are still of a model that clients know by its name."""
    return {"items": {"$ref": f"#/components/schemas/{model}"}}


# Rows are validated one by one (`intake.py`), so that a bad one does not stop the others.
class VolumeBatch(In):
    rows: list[SkipValidation[VolumeIn]] = Field(
        min_length=1, max_length=MOST_ROWS, json_schema_extra=_rows_of("VolumeIn")
    )


class SignalBatch(In):
    rows: list[SkipValidation[SignalIn]] = Field(
        min_length=1, max_length=MOST_ROWS, json_schema_extra=_rows_of("SignalIn")
    )
    interval: Literal["15min", "30min", "1h", "1d"] | None = Field(
        None, description="As configured without it."
    )
    timezone: Name | None = Field(None, description="Of local times and days; the company's without it.")


class MentionBatch(In):
    rows: list[SkipValidation[MentionIn]] = Field(
        min_length=1, max_length=MOST_ROWS, json_schema_extra=_rows_of("MentionIn")
    )


class RisingQuery(Paged):
    hours: int = Field(
        6, ge=1, le=24, description="The last so many hours, against the same hours of past days."
    )
    language: Annotated[str, Field(max_length=5)] | None = None


class CareQuery(In):
    topic: list[Name] = Field([], max_length=200, description="Contact reasons; all without it.")
    start: When | None = Field(None, description="Questions asked from then on: seven days ago without it.")
    end: When | None = Field(None, description="Until before this moment.")
