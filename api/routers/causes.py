"""The register of causes, whether a fix worked, and preventable contact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api import moments
from api.auditing import Noted
from api.cause_schemas import (
    CauseIn,
    CauseOut,
    CauseQuery,
    CausesOut,
    EffectOut,
    EffectQuery,
    PreventableFigure,
    PreventableOut,
    PreventableQuery,
    PreventableRow,
    PreventableWeek,
)
from api.deps import Config, Db, Now
from api.openapi import READ, READ_NAMED, responses
from forecast.buckets import zone
from forecast.preventable import ALL, Course, Figure
from store.causes import Cause, add_cause, load_causes, remove_cause
from store.plain import plain
from store.preventable import load_preventable, not_measured

router = APIRouter(tags=["causes"])
Number = Annotated[int, Path(ge=1, le=10**15)]
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)
WEEKS = dt.timedelta(weeks=12)
MOST_DAYS = 731


@router.get("/v1/causes", responses=READ)
def list_causes(session: Db, query: Annotated[CauseQuery, Query()]) -> CausesOut:
    """The register of causes: why people get in touch, who owns that, what was changed, since when. The oldest first."""
    rows = load_causes(session, topic=query.topic, removed=query.removed)
    return CausesOut(rows=[_cause(one) for one in rows])


@router.post("/v1/causes", responses=CHANGE)
def add_known_cause(session: Db, now: Now, config: Config, note: Noted, told: CauseIn) -> CauseOut:
    """Put a cause into the register. The same one again gives back the first."""
    since = moments.optional(told.since, config.company.timezone, "since")
    made = Cause(**{**told.model_dump(), "since": since})
    kept = _cause(add_cause(session, made, now=now))
    note("cause.add", f"cause {kept.id}", told.model_dump(mode="json"))
    return kept


@router.delete("/v1/causes/{cause_id}", responses=CHANGE)
def remove_known_cause(session: Db, now: Now, note: Noted, cause_id: Number) -> CauseOut:
    """Let a cause end. It stays in the register as removed."""
    gone = _cause(remove_cause(session, cause_id, now=now))
    note("cause.remove", f"cause {cause_id}", {"topic": gone.topic, "cause": gone.cause})
    return gone


@router.get("/v1/effect", responses=READ_NAMED)
def get_effect(session: Db, now: Now, config: Config, query: Annotated[EffectQuery, Query()]) -> EffectOut:
    """Did the fix work? What came on a contact reason since a change, against the forecast as known then with other reasons as controls: a verdict, contacts a day, hours, FTE, and whether it has come back."""
    from store.effects import measure_effect  # it brings the models, which the start of the API does without

    tz = config.company.timezone
    since = moments.parse(query.since, tz, "since")
    until = moments.optional(query.until, tz, "until")
    found = measure_effect(session, config, query.topic, queue=query.queue, since=since, until=until, now=now)
    facts: dict[str, Any] = plain(found)
    facts["controls"] = facts["controls"] or {}
    return EffectOut(topic=query.topic, queue=query.queue, since=since, **facts)


@router.get("/v1/preventable", responses=READ)
def get_preventable(
    session: Db, now: Now, config: Config, query: Annotated[PreventableQuery, Query()]
) -> PreventableOut:
    """Contacts that need not have come, per contact reason, in total and by week. It counts what can be counted, and says what is not measured."""
    tz = config.company.timezone
    end = moments.optional(query.end, tz, "end") or now
    start = moments.optional(query.start, tz, "start") or _monday(end - WEEKS, tz)
    moments.span(start, end, now, most_days=MOST_DAYS)
    total, each, notes = load_preventable(session, config, start=start, end=end)
    causes = load_causes(session)
    current = _monday(end, tz).astimezone(zone(tz)).date().isoformat()
    rows = [
        _row(topic, course, causes, current)
        for topic, course in each.items()
        if not query.topic or topic in query.topic
    ]
    return PreventableOut(
        as_of=now,
        start=start,
        end=end,
        total=_row(ALL, total, causes, current),
        reasons=sorted(rows, key=lambda row: (-row.preventable, row.topic)),
        not_measured=not_measured(total),
        notes=notes,
    )


def _monday(moment: dt.datetime, tz: str) -> dt.datetime:
    """The Monday before, where its local day begins."""
    local = moment.astimezone(zone(tz))
    return moments.day_of(moment - dt.timedelta(days=local.weekday()), tz)


def _cause(cause: Cause) -> CauseOut:
    return CauseOut(**{name: getattr(cause, name) for name in CauseOut.model_fields})


def _row(topic: str, course: Course, causes: Sequence[Cause], current: str) -> PreventableRow:
    weeks = [PreventableWeek(week=week, **_figure(one)) for week, one in sorted(course.weeks.items())]
    live = sum(topic in (ALL, cause.topic) for cause in causes)
    return PreventableRow(
        topic=topic, causes=live, change=course.change(current), weeks=weeks, **_figure(course.whole)
    )


def _figure(figure: Figure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in PreventableFigure.model_fields}
