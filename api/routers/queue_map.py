"""Queues renamed, merged and split, and the groups that staff them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.auditing import Noted
from api.deps import Db, Now
from api.errors import MEDIA_TYPE
from api.etags import FRESH, etag_of, matches
from api.groups_told import groups_of, replace_groups
from api.openapi import READ, responses
from api.queue_map_schemas import (
    GroupOut,
    GroupsIn,
    GroupsOut,
    GroupsQuery,
    MapQuery,
    MoveOut,
    MovesIn,
    MovesOut,
)
from forecast.queue_map import Move
from store.queue_map import KeptMove, add_moves, load_moves, undo_moves

router = APIRouter(tags=["queue map"])
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"description": "Somebody changed it meanwhile: read it again", "content": PROBLEM}
}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the client holds is still right"}}
EPOCH = dt.date(1970, 1, 1)


@router.get("/v1/queues/map", responses=READ)
def list_queue_moves(session: Db, query: Annotated[MapQuery, Query()]) -> MovesOut:
    """Which queues go into which, from when, with what share. The oldest first."""
    return MovesOut(rows=[_move(one) for one in load_moves(session, removed=query.removed)])


@router.post("/v1/queues/map", responses=CHANGE)
def add_queue_moves(session: Db, now: Now, note: Noted, told: MovesIn) -> MovesOut:
    """Rename, merge or split queues from a local day on. Their history goes along; what was forecast before stays as it was."""
    moves = tuple(Move((row.date - EPOCH).days, row.queue, row.into, row.share) for row in told.rows)
    kept = MovesOut(rows=[_move(one) for one in add_moves(session, moves, now=now)])
    note("queue_map.add", "queue_map", told.model_dump(mode="json"))
    return kept


@router.delete("/v1/queues/map/{id}", responses=CHANGE)
def undo_queue_moves(
    session: Db, now: Now, note: Noted, id: Annotated[int, Path(ge=1, le=10**15)]
) -> MovesOut:
    """Take back a move and those that came with it; what they replaced holds again."""
    undone = MovesOut(rows=[_move(one) for one in undo_moves(session, id, now=now)])
    note("queue_map.undo", f"queue_map {id}", undone.model_dump(mode="json"))
    return undone


@router.get("/v1/groups", response_model=GroupsOut, responses={**UNCHANGED, **READ})
def list_groups(
    session: Db, request: Request, response: Response, query: Annotated[GroupsQuery, Query()]
) -> Response | GroupsOut:
    """Which group of which site or partner staffs how much of a queue. Send the ETag as `If-Match` to replace them."""
    found = _groups(session, query.on)
    tag = etag_of(found.model_dump(mode="json"))
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": FRESH})
    response.headers["ETag"], response.headers["Cache-Control"] = tag, FRESH
    return found


@router.put("/v1/groups", responses={**CHANGED, **CHANGE})
def put_groups(
    session: Db,
    response: Response,
    note: Noted,
    told: GroupsIn,
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=500)] = None,
) -> GroupsOut:
    """Replace all planning groups."""
    before = etag_of(_groups(session, None).model_dump(mode="json"))
    if if_match is not None and not matches(if_match, before):
        raise HTTPException(
            412, "The groups were changed since you read them. Read them again, then send yours."
        )
    replace_groups(session, told)
    note("groups.replace", "groups", told.model_dump(mode="json"))
    found = _groups(session, None)
    response.headers["ETag"] = etag_of(found.model_dump(mode="json"))
    return found


def _groups(session: Session, on: dt.date | None) -> GroupsOut:
    rows = [GroupOut(**row.model_dump()) for row in groups_of(session, on)]
    return GroupsOut(rows=rows)


def _move(one: KeptMove) -> MoveOut:
    return MoveOut(
        id=one.id,
        queue=one.move.queue,
        into=one.move.into,
        date=dt.date.fromisoformat(one.move.date),
        share=one.move.share,
        created_at=one.created_at,
        removed_at=one.removed_at,
    )
