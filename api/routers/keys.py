"""GET/POST/DELETE /v1/keys: keys to the API."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.access_schemas import KeyIn, KeyMade, KeyOut, KeysOut
from api.auth import Who
from api.deps import Db, Now
from api.openapi import READ, WRITE, responses
from forecast.errors import NotFound, StoreError
from store.audit import record
from store.keys import Key, create_key, find_key, list_keys, load_key, revoke_key

router = APIRouter(tags=["access"])
Number = Annotated[int, Path(ge=1, le=10**15)]


@router.get("/v1/keys", responses=READ)
def list_api_keys(session: Db, now: Now) -> KeysOut:
    """All keys, revoked and expired ones too, the oldest first; without their secrets."""
    return KeysOut(rows=[KeyOut(**_facts(key, now)) for key in list_keys(session)])


@router.post("/v1/keys", responses=WRITE)
def create_api_key(session: Db, now: Now, who: Who, told: KeyIn) -> KeyMade:
    """A new key. Its secret is in this answer and nowhere else."""
    ends = None if told.expires_days is None else now + dt.timedelta(days=told.expires_days)
    secret = create_key(session, told.name, told.scopes, now=now, expires_at=ends)
    made = find_key(session, secret)
    if made is None:
        raise StoreError("The key that was made is not there.", remedy="Try again.")
    body = {"name": made.name, "scopes": made.scopes, "expires_at": made.expires_at}
    record(session, now=now, who=who, act="key.create", subject=f"key {made.id}", body=body)
    return KeyMade(**_facts(made, now), key=secret)


@router.delete("/v1/keys/{key_id}", responses=responses(401, 403, 404, 422, 500, 503))
def revoke_api_key(session: Db, now: Now, who: Who, key_id: Number) -> KeyOut:
    """Make a key useless from now on. One that is revoked already stays as it is."""
    key = load_key(session, key_id)
    if key is None:
        raise NotFound(f"There is no key {key_id}.", remedy="See GET /v1/keys.", field="key_id")
    if key.revoked_at is None:
        revoke_key(session, key_id, now=now)
        said = {"name": key.name}
        record(session, now=now, who=who, act="key.revoke", subject=f"key {key_id}", body=said)
    return KeyOut(**_facts(load_key(session, key_id) or key, now))


def _facts(key: Key, now: dt.datetime) -> dict[str, Any]:
    return {**vars(key), "scopes": list(key.scopes), "state": key.state(now)}
