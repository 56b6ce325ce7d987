"""GET /v1/audit: who changed what, and when."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import moments, paging
from api.access_schemas import AuditOut, AuditQuery
from api.deps import Config, Db
from api.openapi import READ
from api.schemas import Page
from store.audit import Entry, load_audit

router = APIRouter(tags=["access"])


@router.get("/v1/audit", responses=READ)
def list_audit(session: Db, config: Config, query: Annotated[AuditQuery, Query()]) -> Page[AuditOut]:
    """Changes, the latest first: what keys, users and commands did. Rows are only added; `forecall audit verify` checks their seals."""
    tz = config.company.timezone
    place = paging.read(query, query.cursor, (int,))
    rows = load_audit(
        session,
        who=query.who,
        act=query.act,
        subject=query.subject,
        start=moments.optional(query.start, tz, "start"),
        end=moments.optional(query.end, tz, "end"),
        before=None if place is None else place.after[0],
        limit=query.limit + 1,
    )
    page, more = paging.take(rows, query.limit)
    cursor = paging.write(query, paging.Place((page[-1].id,))) if more else None
    return Page(rows=[AuditOut(**_facts(one)) for one in page], next_cursor=cursor)


def _facts(entry: Entry) -> dict[str, Any]:
    return {**vars(entry), "body": dict(entry.body)}
