"""GET /v1/backlog: what waits for an answer, and the contacts that late answers bring."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.backlog_schemas import BacklogOut, BacklogQuery, BacklogRow
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED
from store.backlog import QueueBacklog, load_backlogs
from store.plain import plain

router = APIRouter(tags=["backlog"])


@router.get("/v1/backlog", responses=READ_NAMED)
def get_backlog(session: Db, now: Now, config: Config, query: Annotated[BacklogQuery, Query()]) -> BacklogOut:
    """What waits for an answer in queues that are answered later: how many, since when, the share answered in time, and on request the contacts late answers bring to other queues."""
    found = load_backlogs(session, config, now=now, queue=query.queue, created=query.created)
    return BacklogOut(rows=[_row(one) for one in found])


def _row(one: QueueBacklog) -> BacklogRow:
    facts = plain(one)
    created = [
        {name: value for name, value in each.items() if name != "late_queue"} for each in facts["created"]
    ]
    return BacklogRow.model_validate({**facts, "created": created})
