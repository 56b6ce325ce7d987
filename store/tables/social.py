"""Tables of posts, what is counted of them, and the warnings they bring."""

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
