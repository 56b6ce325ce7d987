"""API keys: 256 random bits, shown once, kept as a SHA-256 (a key of full entropy needs no slow hash)."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.statements import table_of
from store.tables import KeyRow

SCOPES = ("read", "write", "plan", "admin")
PREFIX = "fc_"


@dataclass(frozen=True)
class Key:
    """What is kept of a key."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


def create_key(session: Session, name: str, scopes: Sequence[str], *, now: dt.datetime) -> str:
    """A new key; the text returned is the only time it can be seen. InputError for an unknown scope or none."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        said = f"There is no scope {unknown[0]!r}." if unknown else "A key needs at least one scope."
        raise InputError(said, remedy=f"Use {', '.join(SCOPES)}.", field="scopes")
    if not name.strip():
        raise InputError("A key needs a name.", remedy="Name who will use it.", field="name")
    secret = PREFIX + secrets.token_urlsafe(32)
    held = [scope for scope in SCOPES if scope in scopes]
    session.execute(
        insert(table_of(KeyRow)).values(name=name, digest=_digest(secret), scopes=held, created_at=now)
    )
    return secret


def find_key(session: Session, secret: str) -> Key | None:
    """The live key with this text, or None."""
    query = select(table_of(KeyRow)).where(KeyRow.digest == _digest(secret), KeyRow.revoked_at.is_(None))
    row = session.execute(query).one_or_none()
    return None if row is None else _key(row)


def list_keys(session: Session) -> list[Key]:
    """All keys, revoked ones too, the oldest first."""
    return [_key(row) for row in session.execute(select(table_of(KeyRow)).order_by(KeyRow.id))]


def revoke_key(session: Session, key: int | str, *, now: dt.datetime) -> None:
    """Revoke a key by its id, or all live ones of a name. NotFound where there is no such live key."""
    mine = KeyRow.id == key if isinstance(key, int) else KeyRow.name == key
    live = update(table_of(KeyRow)).where(mine, KeyRow.revoked_at.is_(None)).values(revoked_at=now)
    if not session.scalars(live.returning(KeyRow.id)).all():
        raise NotFound(f"There is no live key {key!r}.", remedy="See `forecall keys list`.", field="key")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: object) -> Key:
    return Key(row.id, row.name, tuple(row.scopes), row.created_at, row.revoked_at)  # type: ignore[attr-defined]
