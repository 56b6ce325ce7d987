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
from store.database import lock
from store.statements import table_of
from store.tables import KeyRow, UserRow

SCOPES = ("read", "write", "plan", "admin")
PREFIX = "fc_"
FIRST = "first admin key"  # made where nobody could get in otherwise
LONGEST_NAME = 200  # characters


@dataclass(frozen=True)
class Key:
    """What is kept of a key. used_at: to the minute; None before the first use."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    revoked_at: dt.datetime | None
    expires_at: dt.datetime | None = None
    used_at: dt.datetime | None = None

    def state(self, now: dt.datetime) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "live"


def create_key(
    session: Session,
    name: str,
    scopes: Sequence[str],
    *,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> str:
    """A new key; the text returned is the only time it can be seen.

    InputError for an unknown scope or none, no name, or an end that has passed.
    """
    held = known_scopes(scopes)
    if not name.strip() or len(name) > LONGEST_NAME:
        said = f"A key needs a name of at most {LONGEST_NAME} characters."
        raise InputError(said, remedy="Name who will use it.", field="name")
    if expires_at is not None and expires_at <= now:
        raise InputError("The key would have expired already.", remedy="Give a later end.", field="expires")
    secret = PREFIX + secrets.token_urlsafe(32)
    facts = {"name": name, "digest": _digest(secret), "scopes": held, "created_at": now}
    session.execute(insert(table_of(KeyRow)).values(**facts, expires_at=expires_at))
    return secret


def create_first_key(session: Session, *, now: dt.datetime) -> str | None:
    """A key for everything where there is no key (not even a revoked one) and no user yet, else None.

    The right to write keys is held until the transaction ends: of two processes that start at once, one makes a key.
    """
    lock(session, "keys")
    for table in (table_of(KeyRow), table_of(UserRow)):
        if session.execute(select(table.c.id).limit(1)).first() is not None:
            return None
    return create_key(session, FIRST, ["admin"], now=now)


def known_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes in their order, each once; InputError for an unknown one or none at all."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        said = f"There is no scope {unknown[0]!r}." if unknown else "At least one scope is needed."
        raise InputError(said, remedy=f"Use {', '.join(SCOPES)}.", field="scopes")
    return [scope for scope in SCOPES if scope in scopes]


def find_key(session: Session, secret: str) -> Key | None:
    """The key with this text, or None where there is none or it was revoked. It may have expired: ask its `state`."""
    query = select(table_of(KeyRow)).where(KeyRow.digest == _digest(secret), KeyRow.revoked_at.is_(None))
    row = session.execute(query).one_or_none()
    return None if row is None else _key(row)


def load_key(session: Session, key_id: int) -> Key | None:
    """A key by its id, whatever its state; None where there is none."""
    row = session.execute(select(table_of(KeyRow)).where(KeyRow.id == key_id)).one_or_none()
    return None if row is None else _key(row)


def list_keys(session: Session) -> list[Key]:
    """All keys, revoked ones too, the oldest first."""
    return [_key(row) for row in session.execute(select(table_of(KeyRow)).order_by(KeyRow.id))]


def revoke_key(session: Session, key: int | str, *, now: dt.datetime) -> list[int]:
    """Revoke a key by its id, or all live ones of a name -> the ids. NotFound where there is no such live key."""
    mine = KeyRow.id == key if isinstance(key, int) else KeyRow.name == key
    live = update(table_of(KeyRow)).where(mine, KeyRow.revoked_at.is_(None)).values(revoked_at=now)
    gone = session.scalars(live.returning(KeyRow.id)).all()
    if not gone:
        raise NotFound(f"There is no live key {key!r}.", remedy="See `forecall keys list`.", field="key")
    return sorted(gone)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: object) -> Key:
    facts = {name: getattr(row, name) for name in Key.__dataclass_fields__}
    return Key(**facts | {"scopes": tuple(facts["scopes"])})
