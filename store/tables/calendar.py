"""Tables of when queues are open, which days are special, and how queues move and are staffed together."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    Index,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from store.tables.base import Base, Id


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
