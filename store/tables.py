"""All tables. What a row means is told by the module that loads and saves it (`volumes.py`, `runs.py`, ...).

Times: the tables that grow (versions, mentions, forecasts) hold whole microseconds since the epoch in UTC as BIGINT,
which sorts, compares and loads into arrays alike in both databases; all others use `UtcDateTime`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only an INTEGER key by itself
Micros = BigInteger


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment: timestamptz on PostgreSQL, microseconds since the epoch on SQLite. Naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"moments are aware; {value} has no zone")
        moment = value.astimezone(dt.UTC)
        return (moment - EPOCH) // MICROSECOND if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if isinstance(value, int):
            return EPOCH + value * MICROSECOND
        return value.astimezone(dt.UTC)  # type: ignore[no-any-return]


class Base(DeclarativeBase):
    """The registry of the tables. Constraints have names, so that a later migration can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_by_%(column_0_N_name)s",
            "uq": "%(table_name)s_unique",
            "fk": "%(table_name)s_to_%(referred_table_name)s",
            "pk": "%(table_name)s_key",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        float: Float(53),
        str: Text,
        bytes: LargeBinary,
        dt.datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class QueueRow(Base):
    __tablename__ = "queues"
    name: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    topic: Mapped[str]
    interval: Mapped[str]
    tz: Mapped[str]
    missing: Mapped[
        str
    ]  # zero | unknown: what a bucket without a row between the first and the last one says


class UploadRow(Base):
    __tablename__ = "uploads"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    layout: Mapped[str]
    mode: Mapped[str]
    at: Mapped[dt.datetime]
    rows: Mapped[int]
    state: Mapped[str]  # active | removed
    removed_at: Mapped[dt.datetime | None]
    fingerprint: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of what was read and how


class VolumeSeries(Base):
    __tablename__ = "volume_series"
    __table_args__ = (UniqueConstraint("queue", "topic"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    topic: Mapped[str]


class VolumeRow(Base):
    """A version of one bucket. `offered` NULL is a tombstone: nothing is known of the bucket any more."""

    __tablename__ = "volumes"
    __table_args__ = (Index("volumes_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)  # ascends in upload order: it settles ties
    series_id: Mapped[int] = mapped_column(ForeignKey("volume_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    offered: Mapped[float | None]
    handled: Mapped[float | None]
    abandoned: Mapped[float | None]
    aht_seconds: Mapped[float | None]
    # what is in, or beside, `offered` without being demand of its own, see `forecast/true_demand.py`
    short_abandoned: Mapped[float | None]
    redialled: Mapped[float | None]
    transferred_in: Mapped[float | None]
    overflow_in: Mapped[float | None]
    overflow_out: Mapped[float | None]
    callbacks: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class SignalSeries(Base):
    __tablename__ = "signal_series"
    __table_args__ = (UniqueConstraint("signal", "topic"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    signal: Mapped[str]
    topic: Mapped[str]
    kind: Mapped[str]  # count | level
    interval: Mapped[str]
    tz: Mapped[str]


class SignalRow(Base):
    __tablename__ = "signals"
    __table_args__ = (Index("signals_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("signal_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    value: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class DriverSeries(Base):
    __tablename__ = "driver_series"
    __table_args__ = (UniqueConstraint("driver", "queue"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    driver: Mapped[str]
    queue: Mapped[str]  # '' applies to every queue


class DriverRow(Base):
    __tablename__ = "drivers"
    __table_args__ = (Index("drivers_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("driver_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    value: Mapped[float | None]
    worth: Mapped[float | None]  # contacts per unit, as the planner assumes them
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class ReasonSeries(Base):
    __tablename__ = "reason_series"
    __table_args__ = (UniqueConstraint("queue", "topic"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    topic: Mapped[str]


class ReasonRow(Base):
    """A reason's part of a queue's local day, told apart from the totals: a share, a count, or both."""

    __tablename__ = "reasons"
    __table_args__ = (Index("reasons_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("reason_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    share: Mapped[float | None]
    count: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class StaffingSeries(Base):
    __tablename__ = "staffing_series"
    __table_args__ = (UniqueConstraint("group"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    group: Mapped[str]  # a planning group, or a queue


class StaffingRow(Base):
    """Agents planned in a bucket."""

    __tablename__ = "staffing"
    __table_args__ = (Index("staffing_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("staffing_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    agents: Mapped[float | None]
    gross: Mapped[float | None]  # 1: with shrinkage in them, 0: net
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class OtherForecastSeries(Base):
    __tablename__ = "other_forecast_series"
    __table_args__ = (UniqueConstraint("queue"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]


class OtherForecastRow(Base):
    """A bucket of a forecast made elsewhere; `known_at` is when it was made."""

    __tablename__ = "other_forecasts"
    __table_args__ = (Index("other_forecasts_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("other_forecast_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    offered: Mapped[float | None]
    aht_seconds: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class DemandCountSeries(Base):
    __tablename__ = "demand_count_series"
    __table_args__ = (UniqueConstraint("queue"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]


class DemandCountRow(Base):
    """What the log of contacts showed of a bucket before its rows went: short abandons and redials."""

    __tablename__ = "demand_counts"
    __table_args__ = (Index("demand_counts_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("demand_count_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    short_abandoned: Mapped[float | None]
    redialled: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`


class DemandEstimateRow(Base):
    """What part of those who hang up calls again, as it was estimated at a moment; append-only."""

    __tablename__ = "demand_estimates"
    __table_args__ = (Index("demand_estimates_by_queue", "queue", "decided_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    decided_at: Mapped[dt.datetime]
    r: Mapped[float]
    lower: Mapped[float]
    upper: Mapped[float]
    n: Mapped[int]  # weeks it was learnt from


class ColumnMapRow(Base):
    """How files with this header are read, as a planner settled it once."""

    __tablename__ = "column_maps"
    kind: Mapped[str] = mapped_column(primary_key=True)  # volumes, reasons, ...
    header: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the plain header
    name: Mapped[str]  # the file it was settled with
    facts: Mapped[dict[str, Any]]
    used_at: Mapped[dt.datetime]


class ContactRow(Base):
    """One contact, where a system tells them one by one. Its customer is a keyed hash."""

    __tablename__ = "contact_log"
    __table_args__ = (
        Index("contact_log_by_time", "queue", "at"),
        Index("contact_log_by_customer", "customer", "at"),
    )
    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)  # a keyed hash too
    at: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    queue: Mapped[str]
    channel: Mapped[str]
    topic: Mapped[str]
    outcome: Mapped[str]  # handled | abandoned | overflowed | transferred | callback | open
    customer: Mapped[str | None]
    waited_seconds: Mapped[float | None]
    handled_seconds: Mapped[float | None]
    answered_at: Mapped[int | None] = mapped_column(Micros)
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)


class QualityMarkRow(Base):
    """A finding about the data that somebody looked at, so that it is not told for ever."""

    __tablename__ = "quality_marks"
    finding: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(String(32), primary_key=True)
    who: Mapped[str]
    note: Mapped[str]
    at: Mapped[dt.datetime]


class ConfirmationRow(Base):
    """An upload that held a row equal to a version already stored: the version outlives its own upload's removal."""

    __tablename__ = "confirmations"
    __table_args__ = (Index("confirmations_by_version", "version_id"),)
    upload_id: Mapped[int] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(primary_key=True)  # in the table of the upload's kind


class DayRow(Base):
    __tablename__ = "special_days"
    date: Mapped[str] = mapped_column(String(10), primary_key=True)  # a local day, ISO 8601
    queue: Mapped[str] = mapped_column(primary_key=True)  # '' applies to every queue
    name: Mapped[str]
    kind: Mapped[str]  # recurring | once
    until: Mapped[str | None] = mapped_column(String(10))


class HourRow(Base):
    __tablename__ = "opening_hours"
    queue: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[str] = mapped_column(
        String(10), primary_key=True
    )  # a local day, '' = from the beginning
    weekday: Mapped[int] = mapped_column(primary_key=True)  # Monday = 0
    opens: Mapped[str] = mapped_column(String(5), primary_key=True)
    closes: Mapped[str] = mapped_column(String(5))


class HourExceptionRow(Base):
    """Other hours on one local day; a row whose `opens` is '' says that the queue is closed then."""

    __tablename__ = "hour_exceptions"
    queue: Mapped[str] = mapped_column(primary_key=True)  # '' applies to every queue
    date: Mapped[str] = mapped_column(String(10), primary_key=True)
    opens: Mapped[str] = mapped_column(String(5), primary_key=True)
    closes: Mapped[str] = mapped_column(String(5))
    name: Mapped[str]


class DayRuleRow(Base):
    """Special days by rule: an RFC 5545 RRULE, and where a day goes that falls on a weekend or holiday."""

    __tablename__ = "day_rules"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    queue: Mapped[str]  # '' applies to every queue
    kind: Mapped[str]  # recurring | once | period
    rule: Mapped[str]
    moves: Mapped[str]  # stays | next | previous (working day)
    since: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str]  # own | school
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]


class MoveRow(Base):
    """From a local day on, a share of a queue's contacts comes to another queue; append-only but for `removed_at`."""

    __tablename__ = "queue_map"
    __table_args__ = (Index("queue_map_by_queue", "queue", "into_queue", "date"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    into_queue: Mapped[str]
    date: Mapped[str] = mapped_column(String(10))  # a local day, ISO 8601
    share: Mapped[float]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]


class GroupRow(Base):
    """From a local day on, a share of a queue's contacts is staffed by a planning group of a site or partner."""

    __tablename__ = "planning_groups"
    queue: Mapped[str] = mapped_column(primary_key=True)
    group: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)  # '' where there is one
    since: Mapped[str] = mapped_column(String(10), primary_key=True)  # '' = from the beginning
    share: Mapped[float]


class MentionRow(Base):
    __tablename__ = "mentions"
    __table_args__ = (Index("mentions_by_update", "updated_at"), Index("mentions_by_creation", "created_at"))
    source: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)  # a keyed hash, like `author`, `repost_of`, `reply_to`
    created_at: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)  # when it was first known; never moves
    updated_at: Mapped[int] = mapped_column(Micros)  # when what is stored here was known
    assumed: Mapped[bool]
    received_at: Mapped[int] = mapped_column(
        Micros
    )  # when it came in first: its row is kept for so many days
    author: Mapped[str | None]
    language: Mapped[str | None]
    sentiment: Mapped[float | None]
    label: Mapped[str | None]
    topics: Mapped[str]  # a JSON list, as text: the same in both databases and quick to load
    text: Mapped[str | None]
    direction: Mapped[str | None]
    repost_of: Mapped[str | None]
    reply_to: Mapped[str | None]
    replied_at: Mapped[int | None] = mapped_column(Micros)
    resolved_at: Mapped[int | None] = mapped_column(Micros)
    deleted_at: Mapped[int | None] = mapped_column(Micros)
    reach: Mapped[float | None]
    url: Mapped[str | None]
    brand: Mapped[str | None]
    scorer: Mapped[str | None]
    sketch: Mapped[bytes | None]  # tells near-duplicates, for two days
    copy: Mapped[bool] = mapped_column(default=False)  # says what another said before, or is one of a flood
    question: Mapped[bool] = mapped_column(default=False)  # asks something of the company itself
    failed_contact: Mapped[bool] = mapped_column(default=False)  # tells of another channel tried in vain


Index(
    "mentions_answering",
    MentionRow.source,
    MentionRow.reply_to,
    sqlite_where=MentionRow.direction == "out",
    postgresql_where=MentionRow.direction == "out",
)


class ForgottenRow(Base):
    """The span of posts of a source whose rows are gone: counted for good, and not counted again."""

    __tablename__ = "forgotten"
    source: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(Micros)
    last: Mapped[int] = mapped_column(Micros)


class BaseRow(Base):
    """What a bucket of a signal held of posts whose rows are gone; of `sentiment` the sum."""

    __tablename__ = "signal_bases"
    signal: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    ds: Mapped[int] = mapped_column(Micros, primary_key=True)
    value: Mapped[float]


class HashKeyRow(Base):
    """The key that authors and ids of posts made in a month are hashed with; gone with the last of these posts."""

    __tablename__ = "hash_keys"
    month: Mapped[str] = mapped_column(String(7), primary_key=True)  # 2026-11, UTC
    key: Mapped[bytes]


class SpendingRow(Base):
    """Posts read where reading costs money."""

    __tablename__ = "spending"
    source: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # UTC, as suppliers bill
    posts: Mapped[int]


class CursorRow(Base):
    __tablename__ = "cursors"
    source: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class RunRow(Base):
    """The ledger. The two unique indexes make a job run once: one live lease per job, one run per scheduled slot."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str]
    slot: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    lease_until: Mapped[dt.datetime]
    state: Mapped[str]  # running | done | failed
    outcome: Mapped[dict[str, Any]]
    cutoff: Mapped[dt.datetime | None]
    config_hash: Mapped[str]
    code_version: Mapped[str]


Index(
    "one_live_run_per_job",
    RunRow.job,
    unique=True,
    sqlite_where=RunRow.state == "running",
    postgresql_where=RunRow.state == "running",
)
Index("one_run_per_slot", RunRow.job, RunRow.slot, unique=True)


class VersionRow(Base):
    __tablename__ = "forecast_versions"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    cutoff: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]
    published_at: Mapped[dt.datetime | None]  # the last time
    state: Mapped[str]  # draft | published | locked
    label: Mapped[str]
    kind: Mapped[str] = mapped_column(default="forecast")  # forecast | plan (frozen by a lock) | imported
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"))  # of an imported one


class PublicationRow(Base):
    """A version was published, or published again; append-only, so that what was shown at a past moment stays told."""

    __tablename__ = "publications"
    __table_args__ = (Index("publications_by_version", "version_id", "at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("forecast_versions.id"))
    at: Mapped[dt.datetime]


class ForecastSeries(Base):
    __tablename__ = "forecast_series"
    __table_args__ = (UniqueConstraint("name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]


class ForecastRow(Base):
    """`packed`: float32, little-endian: the mean, then `models.base.QUANTILES`. aht, workload: so too, in seconds."""

    __tablename__ = "forecasts"
    __table_args__ = (
        Index("forecasts_by_bucket", "series_id", "granularity", "ds", "version_id"),
        {"sqlite_with_rowid": False},
    )
    version_id: Mapped[int] = mapped_column(ForeignKey("forecast_versions.id"), primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("forecast_series.id"), primary_key=True)
    granularity: Mapped[str] = mapped_column(String(16), primary_key=True)
    ds: Mapped[int] = mapped_column(Micros, primary_key=True)
    packed: Mapped[bytes]
    aht: Mapped[bytes | None]  # NULL where the queue has no handling times
    workload: Mapped[bytes | None]
    parts: Mapped[bytes | None]  # float32, little-endian: what the mean is made of, see `forecast/parts.py`


class ScoreRow(Base):
    __tablename__ = "scores"
    __table_args__ = (Index("scores_by_run", "run_id", "series"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    series: Mapped[str]
    model: Mapped[str]
    lead_band: Mapped[str]
    row: Mapped[dict[str, Any]]


class ChampionRow(Base):
    __tablename__ = "champions"
    __table_args__ = (Index("champions_by_run", "run_id", "series"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    series: Mapped[str]
    model: Mapped[str]
    lead_band: Mapped[str]
    row: Mapped[dict[str, Any]]


class EvidenceRow(Base):
    __tablename__ = "evidence"
    __table_args__ = (Index("evidence_by_run", "run_id", "series"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    series: Mapped[str]
    signal: Mapped[str]
    lead_band: Mapped[str]
    row: Mapped[dict[str, Any]]


class DecisionRow(Base):
    """What the gate decided on a signal, and its figures; append-only. run_id is empty where the run is long gone."""

    __tablename__ = "gate_decisions"
    __table_args__ = (Index("gate_decisions_by_series", "series", "signal", "lead_band", "decided_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    series: Mapped[str]
    signal: Mapped[str]
    lead_band: Mapped[str]
    decided_at: Mapped[dt.datetime]
    gate: Mapped[str]
    row: Mapped[dict[str, Any]]


class ThumbRow(Base):
    """A planner's rule of thumb: so many contacts per post beyond the usual, so long after, for so long."""

    __tablename__ = "rules_of_thumb"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series: Mapped[str]
    signal: Mapped[str]
    contacts_per_unit: Mapped[float]
    head_start_minutes: Mapped[float]
    lasts_minutes: Mapped[float]
    reason: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class AlertRow(Base):
    """A peak warning; the unique index lets one live at a time per queue, reason and signal."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series: Mapped[str]
    topic: Mapped[str]
    signal: Mapped[str]
    onset: Mapped[dt.datetime]
    raised_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    row: Mapped[dict[str, Any]]


Index(
    "one_live_alert",
    AlertRow.series,
    AlertRow.topic,
    AlertRow.signal,
    unique=True,
    sqlite_where=AlertRow.ended_at.is_(None),
    postgresql_where=AlertRow.ended_at.is_(None),
)


class AlertActRow(Base):
    """What somebody did about a warning, as it was told; append-only."""

    __tablename__ = "alert_acts"
    __table_args__ = (Index("alert_acts_by_alert", "alert_id", "at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"))
    at: Mapped[dt.datetime]
    who: Mapped[str]
    act: Mapped[str]
    note: Mapped[str]


class DeliveryRow(Base):
    """One message of a warning to one target; the key keeps it from being sent twice."""

    __tablename__ = "deliveries"
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    occasion: Mapped[str] = mapped_column(primary_key=True)
    delivered_at: Mapped[dt.datetime | None]
    claimed_until: Mapped[dt.datetime]
    tries: Mapped[int]
    problem: Mapped[str]


class CauseRow(Base):
    """Why people get in touch on a reason, who owns that, and what was changed about it since when."""

    __tablename__ = "causes"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    topic: Mapped[str]
    queue: Mapped[str | None]
    cause: Mapped[str]
    owner: Mapped[str]
    changed: Mapped[str]
    since: Mapped[dt.datetime | None]
    author: Mapped[str]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]


class KeyRow(Base):
    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("digest"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256; the key itself is shown once and kept nowhere
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]  # to the minute: a write for every request would be too dear


class UserRow(Base):
    """Somebody who signs in with a name and a password, or through the company's own accounts (`subject`)."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("name"), Index("users_by_subject", "subject", unique=True))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    password: Mapped[str | None]  # argon2id, with its salt and costs
    subject: Mapped[str | None]  # issuer and subject of OpenID Connect
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    disabled_at: Mapped[dt.datetime | None]


class AuditRow(Base):
    """Who changed what, when; append-only (triggers refuse the rest), each row sealed with the digest of the one before."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_by_subject", "subject", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[dt.datetime]
    who: Mapped[str]
    act: Mapped[str]  # such as override.add
    subject: Mapped[str]  # such as override 12
    body: Mapped[str]  # JSON, as it was sealed
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the digest before and of this row


class OverrideRow(Base):
    """What a planner changes of the forecast of a span; it lies on top of every version until it is removed or expires."""

    __tablename__ = "overrides"
    __table_args__ = (Index("overrides_by_span", "start", "end"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]  # '' = every queue
    channel: Mapped[str]  # '' = every channel
    topic: Mapped[str]  # '' = the queue as a whole
    measure: Mapped[str]  # volume | aht
    kind: Mapped[str]  # percent | absolute | total
    value: Mapped[float]
    start: Mapped[int] = mapped_column(Micros)
    end: Mapped[int] = mapped_column(Micros)
    reason: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    removed_at: Mapped[dt.datetime | None]
    removed_by: Mapped[str]


class LockRow(Base):
    """A span of the forecast frozen as the plan: its rows are copied, as they were then, into a version of their own."""

    __tablename__ = "locks"
    __table_args__ = (Index("locks_by_span", "start", "end"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("forecast_versions.id"))  # the frozen copy
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("forecast_versions.id")
    )  # the newest it came from
    start: Mapped[int] = mapped_column(
        Micros
    )  # midnight UTC of the first local day: each queue has its own zone
    end: Mapped[int] = mapped_column(Micros)  # so too, of the day after the last
    queues: Mapped[list[str]]  # [] = every queue
    label: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[dt.datetime]
    released_at: Mapped[dt.datetime | None]
    released_by: Mapped[str]


class ScenarioRow(Base):
    """A what-if that somebody gave a name to: what was asked, and what came out of it then."""

    __tablename__ = "scenarios"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[dt.datetime]
    cutoff: Mapped[dt.datetime]
    asked: Mapped[dict[str, Any]]
    found: Mapped[dict[str, Any]]
    removed_at: Mapped[dt.datetime | None]


class EventRow(Base):
    """Something others want to be told of: a forecast made, published, locked; a peak warning. Append-only."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]  # forecast.made | forecast.published | plan.locked | alert.raised | ...
    at: Mapped[dt.datetime]
    body: Mapped[dict[str, Any]]


class HookRow(Base):
    """One event to one webhook: claimed before it is sent, tried again until it arrives or too many tries went by."""

    __tablename__ = "hook_deliveries"
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    delivered_at: Mapped[dt.datetime | None]
    claimed_until: Mapped[dt.datetime | None]
    next_try: Mapped[dt.datetime | None]
    tries: Mapped[int]
    problem: Mapped[str]


class RequestRow(Base):
    """A job that somebody asked for; the scheduler takes it up. The unique index lets one wait at a time per job."""

    __tablename__ = "run_requests"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    job: Mapped[str]
    asked_at: Mapped[dt.datetime]
    who: Mapped[str]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    taken_at: Mapped[dt.datetime | None]


Index(
    "one_waiting_request_per_job",
    RequestRow.job,
    unique=True,
    sqlite_where=RequestRow.taken_at.is_(None),
    postgresql_where=RequestRow.taken_at.is_(None),
)
