"""GET/POST/DELETE /v1/users: people who sign in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session

from api.access_schemas import PasswordIn, UserIn, UserOut, UsersOut
from api.auth import Who
from api.deps import Db, Now
from api.openapi import READ, WRITE, responses
from forecast.errors import NotFound
from store.audit import record
from store.roles import role_of, scopes_of
from store.users import User, create_user, disable_user, find_user, list_users, set_password

router = APIRouter(tags=["access"])
Number = Annotated[int, Path(ge=1, le=10**15)]


@router.get("/v1/users", responses=READ)
def list_user_accounts(session: Db) -> UsersOut:
    """All users, disabled ones too, the oldest first."""
    return UsersOut(rows=[_out(user) for user in list_users(session)])


@router.post("/v1/users", responses=WRITE)
def create_user_account(session: Db, now: Now, who: Who, told: UserIn) -> UserOut:
    """A user with a name and a password."""
    scopes = told.scopes if told.role is None else scopes_of(told.role)
    made = create_user(session, told.name, told.password, scopes, now=now)
    body = {"name": made.name, "scopes": made.scopes}
    record(session, now=now, who=who, act="user.create", subject=f"user {made.id}", body=body)
    return _out(made)


@router.put("/v1/users/{user_id}/password", responses=responses(400, 401, 403, 404, 413, 422, 500, 503))
def set_user_password(session: Db, now: Now, who: Who, user_id: Number, told: PasswordIn) -> UserOut:
    """Give a user another password. Whoever is signed in as this user is signed out."""
    changed = set_password(session, _require(session, user_id).name, told.password)
    said = {"name": changed.name}
    record(session, now=now, who=who, act="user.password", subject=f"user {user_id}", body=said)
    return _out(changed)


@router.delete("/v1/users/{user_id}", responses=responses(401, 403, 404, 422, 500, 503))
def disable_user_account(session: Db, now: Now, who: Who, user_id: Number) -> UserOut:
    """Let a user in no more, and end their sessions. The name stays in the audit, and is not given again."""
    user = _require(session, user_id)
    if user.disabled_at is not None:
        return _out(user)
    gone = disable_user(session, user.name, now=now)
    said = {"name": gone.name}
    record(session, now=now, who=who, act="user.disable", subject=f"user {user_id}", body=said)
    return _out(gone)


def _require(session: Session, user_id: int) -> User:
    user = find_user(session, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.", remedy="See GET /v1/users.", field="user_id")
    return user


def _out(user: User) -> UserOut:
    facts: dict[str, Any] = {
        name: value for name, value in vars(user).items() if name in UserOut.model_fields
    }
    return UserOut(
        **facts | {"scopes": list(user.scopes), "role": role_of(user.scopes)},
        state=user.state,
        company=user.subject is not None,
    )
