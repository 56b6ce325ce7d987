"""GET /v1/quality: how complete the data are and what is odd about them; POST /v1/quality/marks: it was looked at."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query

from api.auditing import Noted
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED, responses
from api.quality_schemas import FindingOut, MarkIn, MarkOut, QualityOut, QualityQuery
from forecast.quality.findings import Finding
from store.quality import Key, Mark, load_findings, load_marks, mark_finding

router = APIRouter(tags=["quality"])
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)


@router.get("/v1/quality", responses=READ_NAMED)
def get_quality(session: Db, now: Now, config: Config, query: Annotated[QualityQuery, Query()]) -> QualityOut:
    """How complete the data of each queue are, and what is odd about them: dates, a guess, one thing to do. Nothing is changed."""
    marks = load_marks(session)
    found = load_findings(session, config, now=now, queue=query.queue)
    lines = [one for one in found if one.kind == "completeness"]
    others = [
        one for one in found if one.kind != "completeness" and (not query.kind or one.kind in query.kind)
    ]
    shown = [
        one for one in others if query.include == "all" or (one.severity != "info" and _key(one) not in marks)
    ]
    return QualityOut(
        as_of=now,
        complete=[_out(one, marks) for one in lines],
        findings=[_out(one, marks) for one in shown],
        left_out=len(others) - len(shown),
    )


@router.post("/v1/quality/marks", responses=CHANGE)
def mark_seen(session: Db, now: Now, note: Noted, told: MarkIn) -> MarkOut:
    """Mark a finding as seen, so that it is not told for ever. It stays in the report under `include=all`."""
    mark_finding(session, told.kind, told.queue, told.first, who=told.who, note=told.note, now=now)
    note("finding.mark", f"finding {told.kind} {told.queue}", told.model_dump(mode="json"))
    return _mark(load_marks(session)[told.kind, told.queue, told.first])


def _key(one: Finding) -> Key:
    return one.kind, one.queue, one.first


def _out(one: Finding, marks: dict[Key, Mark]) -> FindingOut:
    mark = marks.get(_key(one))
    facts = {name: getattr(one, name) for name in FindingOut.model_fields if name not in ("marked", "size")}
    return FindingOut(
        **facts,
        size=one.size if math.isfinite(one.size) else None,
        marked=None if mark is None else _mark(mark),
    )


def _mark(mark: Mark) -> MarkOut:
    return MarkOut.model_validate({name: getattr(mark, name) for name in MarkOut.model_fields})
