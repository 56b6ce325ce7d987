"""Keys, users and the audit, as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.queries import In, Name, Paged, When
from api.schemas import Out
from store.roles import Role
from store.users import LONGEST, SHORTEST

Scope = Literal["read", "write", "plan", "admin"]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=4, examples=[["read", "plan"]])]
Password = Annotated[str, StringConstraints(min_length=SHORTEST, max_length=LONGEST)]
USED = "To the minute; null before the first use."


class KeyIn(In):
    """A key for a program."""

    name: Name = Field(description="Who will use it.", examples=["staffing tool"])
    scopes: Scopes = Field(["read"], description="What it may do; `admin` may do everything.")
    expires_days: int | None = Field(
        None, ge=1, le=3650, description="Days until it expires; never without it.", examples=[90]
    )


class KeyOut(Out):
    """What is kept of a key; not the key itself."""

    id: int
    name: str
    scopes: list[str]
    state: Literal["live", "expired", "revoked"]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = Field(description="Null: never.")
    used_at: AwareDatetime | None = Field(description=USED)
    revoked_at: AwareDatetime | None


class KeyMade(KeyOut):
    """A new key, with its secret: this once."""

    key: str = Field(description="Send it as `Authorization: Bearer KEY`. It is not shown again.")


class KeysOut(Out):
    rows: list[KeyOut]


class UserIn(In):
    """Somebody who signs in with a name and a password."""

    name: Name = Field(description="Kept in lower case.", examples=["anna@example.com"])
    password: Password = Field(examples=["correct horse battery staple"])
    role: Role | None = Field(None, description="Instead of `scopes`: viewer, planner, analyst or admin.")
    scopes: Scopes = Field(["read"], description="What they may do; `admin` may do everything.")


class PasswordIn(In):
    """Another password."""

    password: Password = Field(examples=["a quiet river under seven bridges"])


class UserOut(Out):
    """A user; the password is kept as argon2id and never shown."""

    id: int
    name: str
    role: Role | None = Field(description="The widest role whose scopes are held.")
    scopes: list[str]
    state: Literal["live", "disabled"]
    company: bool = Field(description="Signs in with an account of the company.")
    created_at: AwareDatetime
    used_at: AwareDatetime | None = Field(description=USED)
    disabled_at: AwareDatetime | None


class UsersOut(Out):
    rows: list[UserOut]


class AuditQuery(Paged):
    who: Name | None = Field(None, description="The name of a key or user, or the login name of a command.")
    act: Name | None = Field(
        None, description="Such as `override.add`, or `override` alone for all of its kind."
    )
    subject: Name | None = Field(None, description="Such as `override 12`, or `override` alone.")
    start: When | None = Field(None, description="From this moment.")
    end: When | None = Field(None, description="Until before this moment.")


class AuditOut(Out):
    """One change: who, when, what. The digest seals it together with all before it."""

    id: int
    at: AwareDatetime
    who: str = Field(examples=["anna@example.com"])
    act: str = Field(examples=["key.create"])
    subject: str = Field(examples=["key 3"])
    body: dict[str, Any] = Field(description="What was asked for or what became of it; never a secret.")
    digest: str = Field(description="SHA-256 over the digest before and this row.")
