"""Tables of jobs, the forecasts they make, how good those are, and what people change in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Id, Micros


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


class BacktestRow(Base):
    """A replay of the past that an analyst asked for: its settings, how far it is, and its report."""

    __tablename__ = "backtests"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    asked: Mapped[dict[str, Any]]
    who: Mapped[str]
    asked_at: Mapped[dt.datetime]
    state: Mapped[str]  # waiting | running | done | failed | stopped
    stop: Mapped[bool]  # somebody wants it to end
    done: Mapped[int]
    total: Mapped[int]
    what: Mapped[str]
    started_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]  # when it last told how far it is
    finished_at: Mapped[dt.datetime | None]
    report: Mapped[dict[str, Any]]


class MethodPinRow(Base):
    """A method that somebody chose for a queue, until it is removed."""

    __tablename__ = "method_pins"
    __table_args__ = (Index("method_pins_by_queue", "queue", "removed_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    model: Mapped[str]
    reason: Mapped[str]
    who: Mapped[str]
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]
    removed_by: Mapped[str]


class DayRemarkRow(Base):
    __tablename__ = "day_remarks"
    __table_args__ = (Index("day_remarks_by_day", "queue", "day"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    day: Mapped[int]
    reason: Mapped[str]
    who: Mapped[str]
    at: Mapped[dt.datetime]


class BudgetSeries(Base):
    __tablename__ = "budget_series"
    __table_args__ = (UniqueConstraint("queue", "length"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    queue: Mapped[str]
    length: Mapped[str]  # day | week | month


class BudgetRow(Base):
    """What was budgeted for a day, a week or a month of a queue; ds is midnight UTC of its first local day."""

    __tablename__ = "budgets"
    __table_args__ = (Index("budgets_by_bucket", "series_id", "ds", "known_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("budget_series.id"))
    ds: Mapped[int] = mapped_column(Micros)
    known_at: Mapped[int] = mapped_column(Micros)
    offered: Mapped[float | None]
    aht_seconds: Mapped[float | None]
    fte: Mapped[float | None]
    assumed: Mapped[bool]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id"), index=True)
    repeats: Mapped[int | None]  # see `layers.py`
