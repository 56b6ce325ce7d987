"""Opening hours of a queue, and special days."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response

from api.auditing import Noted
from api.calendar_schemas import (
    DayRuleOut,
    DaysQuery,
    HoursIn,
    HoursOut,
    RemovedDay,
    SpecialDayIn,
    SpecialDayOut,
    SpecialDaysOut,
)
from api.deps import Config, Db, Now
from api.errors import MEDIA_TYPE
from api.etags import FRESH, etag_of, matches
from api.hours_told import hours_of, replace_all
from api.openapi import READ_NAMED, responses
from api.special_days import rule_told
from forecast.buckets import zone
from forecast.day_rules import DayRule
from forecast.errors import InputError, NotFound
from store.day_rules import add_rule, load_day_rules, remove_rule
from store.days import remove_days
from store.queues import require_queues
from store.special_days import OWN_DATE, KnownDay, load_special_days

router = APIRouter(tags=["calendar"])
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
CHANGED: dict[int | str, dict[str, Any]] = {
    412: {"description": "Somebody changed it meanwhile: read it again", "content": PROBLEM}
}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the client holds is still right"}}
QueuePath = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=500)]
EPOCH = dt.date(1970, 1, 1)
MOST_DAYS = 1_100


@router.get("/v1/queues/{queue:path}/hours", response_model=HoursOut, responses={**UNCHANGED, **READ_NAMED})
def get_hours(session: Db, request: Request, response: Response, queue: QueuePath) -> Response | HoursOut:
    """A queue's weekly hours, each set from a day on, and what holds on single days. Send the ETag as `If-Match` to replace them."""
    found = hours_of(session, queue)
    tag = etag_of(found.model_dump(mode="json"))
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": FRESH})
    response.headers["ETag"], response.headers["Cache-Control"] = tag, FRESH
    return found


@router.put("/v1/queues/{queue:path}/hours", responses={**CHANGED, **CHANGE})
def put_hours(
    session: Db, response: Response, note: Noted, queue: QueuePath, told: HoursIn, if_match: IfMatch = None
) -> HoursOut:
    """Replace all of a queue's own hours and exceptions. Those of every queue stay."""
    before = etag_of(hours_of(session, queue).model_dump(mode="json"))
    if if_match is not None and not matches(if_match, before):
        raise HTTPException(
            412, "The hours were changed since you read them. Read them again, then send yours."
        )
    replace_all(session, queue, told)
    found = hours_of(session, queue)
    response.headers["ETag"] = etag_of(found.model_dump(mode="json"))
    note("hours.replace", f"queue {queue}", told.model_dump(mode="json"))
    return found


@router.get("/v1/special-days", responses=READ_NAMED)
def list_special_days(
    session: Db, now: Now, config: Config, query: Annotated[DaysQuery, Query()]
) -> SpecialDaysOut:
    """The special days in force, by where they come from: public and school holidays, your dates and rules; and the rules themselves."""
    if query.queue is not None:
        require_queues(session, [query.queue])
    today = now.astimezone(zone(config.company.timezone)).date()
    start = query.start or today
    end = query.end or min(start + dt.timedelta(days=365), dt.date(2199, 12, 31))
    if not 0 <= (end - start).days <= MOST_DAYS:
        raise InputError(
            f"The end lies before the start, or more than {MOST_DAYS} days after it.",
            remedy="Ask for three years at most.",
            field="end",
        )
    rows = load_special_days(session, config, start=start, end=end, queue=query.queue)
    rules = [_rule(rule) for rule in load_day_rules(session, queue=query.queue)]
    return SpecialDaysOut(start=start, end=end, rows=[_day(row) for row in rows], rules=rules)


@router.post("/v1/special-days", responses=CHANGE)
def add_special_day(session: Db, now: Now, note: Noted, told: SpecialDayIn) -> DayRuleOut:
    """Add a special day, a rule, days to leave out of history or weeks with a name. The same again gives back the first."""
    if told.queue:
        require_queues(session, [told.queue])
    kept = _rule(add_rule(session, rule_told(told), now=now))
    note("special_day.add", f"special_day {kept.id}", told.model_dump(mode="json"))
    return kept


@router.delete("/v1/special-days/{id}", responses=CHANGE)
def remove_special_day(
    session: Db,
    now: Now,
    note: Noted,
    id: Annotated[str, Path(pattern=r"^([1-9][0-9]{0,14}|[0-9]{4}-[0-9]{2}-[0-9]{2})$")],
    queue: Annotated[str, Query(max_length=200)] = "",
) -> RemovedDay:
    """Remove a rule by its number, or a file's date by the date (and queue). Holidays of the lists cannot be removed."""
    if "-" not in id:
        name = remove_rule(session, int(id), now=now).name
        note("special_day.remove", f"special_day {id}", {"name": name})
        return RemovedDay(id=id, name=name)
    if not remove_days(session, date=id, queue=queue):
        raise NotFound(
            f"There is no special day on {id}.",
            remedy="GET /v1/special-days has those there are.",
            field="id",
        )
    note("special_day.remove", f"special_day {id}", {"queue": queue})
    return RemovedDay(id=id, name="")


def _day(row: KnownDay) -> SpecialDayOut:
    id = str(row.rule) if row.rule is not None else row.date.isoformat() if row.origin == OWN_DATE else None
    return SpecialDayOut(
        id=id,
        date=row.date,
        until=row.until,
        name=row.name,
        kind=row.kind,
        origin=row.origin,
        queue=row.queue,
    )


def _rule(rule: DayRule) -> DayRuleOut:
    return DayRuleOut(
        id=rule.id,
        name=rule.name,
        rule=rule.rule,
        kind=rule.kind,
        moves=rule.moves,
        queue=rule.queue,
        since=EPOCH + dt.timedelta(days=rule.since),
        origin=rule.origin,
    )
