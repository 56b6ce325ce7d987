"""Tables of who may do what, who did it, and who is told."""

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

from store.tables.base import Base, Id


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
