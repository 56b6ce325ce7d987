"""Tables of contacts, what is known of them ahead, and the queues they come in."""

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
