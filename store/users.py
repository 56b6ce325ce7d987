"""People who sign in: by a name and a password kept as argon2id, or through the company's own accounts.

Names are kept in lower case. Whether a name exists cannot be told from the time a check takes: a name nobody has is
checked against a password nobody has.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.database import lock
from store.keys import known_scopes
from store.statements import table_of
from store.tables import UserRow

SHORTEST, LONGEST = 12, 1000  # characters of a password
LONGEST_NAME = 200
AT_ONCE = 2  # passwords worked on at once: each takes 64 MiB
HASHER = PasswordHasher()  # the library's own costs, which grow with its versions (RFC 9106, low memory)
_TABLE = table_of(UserRow)
_room = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class User:
    """What is kept of a user. mark: changes with the password, so that sessions end with it; subject: of OpenID Connect."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    used_at: dt.datetime | None
    disabled_at: dt.datetime | None
    subject: str | None
    mark: str

    @property
    def state(self) -> str:
        """`live` or `disabled`."""
        return "live" if self.disabled_at is None else "disabled"


def name_of(text: str) -> str:
    """A name as it is kept; InputError for one that is empty, too long or holds what cannot be shown."""
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"A user needs a name of at most {LONGEST_NAME} characters that can be shown.",
            remedy="Use a name or an e-mail address.",
            field="name",
        )
    return name


def create_user(
    session: Session,
    name: str,
    password: str,
    scopes: Sequence[str],
    *,
    now: dt.datetime,
    hasher: PasswordHasher = HASHER,
) -> User:
    """A new user with a password. InputError where the name is taken, the password is weak, or a scope unknown."""
    given, held = name_of(name), known_scopes(scopes)
    require_strong(password, given)
    hashed = _hash(password, hasher)  # before the lock: it takes a tenth of a second
    lock(session, "keys")
    if _find(session, given) is not None:
        raise InputError(f"There is a user {given!r} already.", remedy="Choose another name.", field="name")
    facts = {"name": given, "password": hashed, "subject": None, "scopes": held, "created_at": now}
    return _load(session, session.scalars(insert(_TABLE).values(**facts).returning(_TABLE.c.id)).one())


def save_company_user(
    session: Session, subject: str, name: str, scopes: Sequence[str], *, now: dt.datetime
) -> tuple[User, str]:
    """The user of an account elsewhere (`subject`: issuer and subject), with the scopes it has there now.

    -> the user, and what was done: `create`, `scopes` or nothing (``). The name of somebody else is never taken over:
    a second one gets a number. A user who was disabled here stays so.
    """
    held = known_scopes(scopes)
    lock(session, "keys")
    row = session.execute(select(_TABLE).where(_TABLE.c.subject == subject)).one_or_none()
    if row is None:
        taken = {one.name for one in list_users(session)}
        wanted = name_of(name)
        free = next(
            one
            for one in (wanted, *(f"{wanted} ({n})" for n in range(2, len(taken) + 3)))
            if one not in taken
        )
        facts = {"name": free, "password": None, "subject": subject, "scopes": held, "created_at": now}
        number = session.scalars(insert(_TABLE).values(**facts).returning(_TABLE.c.id)).one()
        return _load(session, number), "create"
    if list(row.scopes) == held:
        return _user(row), ""
    session.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(scopes=held))
    return _load(session, row.id), "scopes"


def check_password(
    session: Session, name: str, password: str, *, hasher: PasswordHasher = HASHER
) -> User | None:
    """The live user with this name and password, else None. A hash made with lower costs than today's is made anew."""
    nobody = _nobody(hasher)
    try:
        row = _find(session, name_of(name))
    except InputError:
        row = None
    held = None if row is None or row.disabled_at is not None else row.password
    right = _verify(nobody if held is None else held, password, hasher)
    if row is None or held is None or not right:
        return None
    if hasher.check_needs_rehash(held):
        session.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(password=_hash(password, hasher)))
    return _load(session, row.id)


def set_password(session: Session, name: str, password: str, *, hasher: PasswordHasher = HASHER) -> User:
    """Another password; sessions of the user end. NotFound for an unknown name, InputError for a weak password.

    InputError also for a user of the company's accounts, whose password is kept there.
    """
    row = _require(session, name)
    require_strong(password, row.name)
    if row.subject is not None:
        raise InputError(
            f"{row.name!r} signs in with an account of the company.",
            remedy="Change the password there.",
            field="name",
        )
    session.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(password=_hash(password, hasher)))
    return _load(session, row.id)


def set_scopes(session: Session, name: str, scopes: Sequence[str]) -> User:
    """What a user may do from now on. NotFound for an unknown name.

    InputError for an unknown scope, and for a user of the company's accounts, whose groups say it at each sign-in.
    """
    held, row = known_scopes(scopes), _require(session, name)
    if row.subject is not None:
        raise InputError(
            f"{row.name!r} signs in with an account of the company, whose groups say what they may do.",
            remedy="Change the groups there, or `access.oidc` in config.yaml.",
            field="name",
        )
    session.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(scopes=held))
    return _load(session, row.id)


def disable_user(session: Session, name: str, *, now: dt.datetime) -> User:
    """Let a user in no more; sessions end. One who is disabled stays as they are. NotFound for an unknown name."""
    row = _require(session, name)
    live = update(_TABLE).where(_TABLE.c.id == row.id, _TABLE.c.disabled_at.is_(None))
    session.execute(live.values(disabled_at=now))
    return _load(session, row.id)


def list_users(session: Session) -> list[User]:
    """All users, disabled ones too, the oldest first."""
    return [_user(row) for row in session.execute(select(_TABLE).order_by(_TABLE.c.id))]


def find_user(session: Session, user_id: int) -> User | None:
    """A user by id, disabled or not; None where there is none."""
    row = session.execute(select(_TABLE).where(_TABLE.c.id == user_id)).one_or_none()
    return None if row is None else _user(row)


def require_strong(password: str, name: str) -> None:
    """InputError for a password that is too short, too long, or the name itself."""
    if not SHORTEST <= len(password) <= LONGEST or password.strip().lower() == name:
        raise InputError(
            f"A password has {SHORTEST} to {LONGEST:,} characters and is not the name.",
            remedy="Use a sentence, or let a password manager make one.",
            field="password",
        )


def _hash(password: str, hasher: PasswordHasher) -> str:
    with _room:
        return hasher.hash(_same(password))


def _verify(hashed: str, password: str, hasher: PasswordHasher) -> bool:
    try:
        with _room:
            return hasher.verify(hashed, _same(password))
    except (VerificationError, InvalidHashError):
        return False


def _same(password: str) -> bytes:
    """However a keyboard spells an accent (NFKC); bytes, since half a surrogate pair has no UTF-8."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobody(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_hex())


def _find(session: Session, name: str) -> UserRow | None:
    return session.execute(select(_TABLE).where(_TABLE.c.name == name)).one_or_none()  # type: ignore[return-value]


def _require(session: Session, name: str) -> UserRow:
    row = _find(session, name_of(name))
    if row is None:
        raise NotFound(f"There is no user {name!r}.", remedy="See `forecall users list`.", field="name")
    return row


def _load(session: Session, user_id: int) -> User:
    return _user(session.execute(select(_TABLE).where(_TABLE.c.id == user_id)).one())


def _user(row: object) -> User:
    facts = {name: getattr(row, name) for name in User.__dataclass_fields__ if name != "mark"}
    mark = hashlib.sha256((row.password or "").encode()).hexdigest()[:16]  # type: ignore[attr-defined]
    return User(**facts | {"scopes": tuple(facts["scopes"]), "mark": mark})
