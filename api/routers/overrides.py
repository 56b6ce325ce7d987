"""Manual adjustments: a layer on top of every forecast, each with its reason, its author and, later, what it was worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.orm import Session

from api import moments, paging
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED, responses
from api.override_schemas import (
    OverrideEffectOut,
    OverrideIn,
    OverrideMade,
    OverrideOut,
    OverrideQuery,
    OverrideWorthOut,
    RemovalQuery,
    ValueOut,
    ValueQuery,
)
from api.schemas import Page
from forecast.buckets import from_ns, to_ns
from forecast.errors import InputError
from forecast.overriding import Override
from store.override_effects import load_effects
from store.overrides import Kept, add_override, load_override, load_overrides, remove_override
from store.queues import load_queues
from store.settings import Settings

router = APIRouter(tags=["overrides"])
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)
DIGITS = 4
RECENT = dt.timedelta(days=90)
OverrideId = Annotated[int, Path(ge=1, lt=2**53)]


@router.post("/v1/overrides", responses=CHANGE)
def add_forecast_override(
    session: Db, now: Now, config: Config, request: Request, told: OverrideIn
) -> OverrideMade:
    """Lay a change on top of the forecast, until it is removed or expires. The same again by you gives back the first.

    The answer says what it does to the published forecast, and warns where it does nothing.
    """
    zones = _zones(session)
    tz = zones.get(told.queue, config.company.timezone)
    start, end = (moments.parse(getattr(told, name), tz, name) for name in ("start", "end"))
    named = told.model_dump(include={"queue", "channel", "topic", "measure", "kind", "value", "reason"})
    wanted = Override(id=0, start=to_ns(start), end=to_ns(end), author=request.state.caller.name, **named)
    expires_at = moments.optional(told.expires_at, tz, "expires_at")
    kept, new = add_override(session, wanted, now=now, expires_at=expires_at)
    found = load_effects(session, kept.override, now=now)
    warnings = list(found.warnings)
    if not new and kept.expires_at != expires_at:
        warnings.append("The same is held already with another expiry: remove it first to change that.")
    return OverrideMade(
        override=_out(kept, zones, now, config),
        new=new,
        before=_rounded(found.total.before),
        after=_rounded(found.total.after),
        queues=[
            OverrideEffectOut(queue=one.queue, before=_rounded(one.before), after=_rounded(one.after))
            for one in found.queues
        ],
        warnings=warnings,
    )


@router.get("/v1/overrides", responses=READ_NAMED)
def list_forecast_overrides(
    session: Db, now: Now, config: Config, query: Annotated[OverrideQuery, Query()]
) -> Page[OverrideOut]:
    """The changes ever made, the latest first; also those that were removed or have expired."""
    zones = _zones(session)
    tz = zones.get(query.queue or "", config.company.timezone)
    held = load_overrides(
        session,
        queue=query.queue,
        start=moments.optional(query.start, tz, "start"),
        end=moments.optional(query.end, tz, "end"),
    )
    rows = [
        _out(one, zones, now, config)
        for one in held
        if query.active is None or query.active == (one.state(now) == "active")
    ]
    page, cursor = paging.cut(query, rows, lambda row: (-row.id,), (int,))
    return Page(rows=page, next_cursor=cursor)


@router.get("/v1/overrides/value", responses=READ_NAMED)
def get_override_value(
    session: Db, now: Now, config: Config, query: Annotated[ValueQuery, Query()]
) -> ValueOut:
    """Did people improve the forecast? With and without each change, on the days of it that are over and known.

    Against the forecast as it was published when the change was made, with the changes that lay under it then.
    """
    from store.override_values import load_values  # it brings the models, which the API starts without

    tz = _zones(session).get(query.queue or "", config.company.timezone)
    end = min(moments.optional(query.end, tz, "end") or now, now)
    start = moments.optional(query.start, tz, "start") or end - RECENT
    if end <= start:
        raise InputError("The end lies before the start.", remedy="Give an end after it.", field="end")
    moments.span(start, end, now, most_days=731)
    found = load_values(session, config, now=now, queue=query.queue, start=start, end=end)
    return ValueOut(
        start=start,
        end=end,
        all=OverrideWorthOut.model_validate(found.total, from_attributes=True),
        **{
            name: [OverrideWorthOut.model_validate(one, from_attributes=True) for one in getattr(found, name)]
            for name in ("authors", "reasons", "overrides")
        },
    )


@router.get("/v1/overrides/{id:int}", responses=READ_NAMED)
def get_forecast_override(session: Db, now: Now, config: Config, id: OverrideId) -> OverrideOut:
    """One change, whether it still counts or not."""
    return _out(load_override(session, id), _zones(session), now, config)


@router.delete("/v1/overrides/{id:int}", responses=CHANGE)
def remove_forecast_override(
    session: Db,
    now: Now,
    config: Config,
    request: Request,
    id: OverrideId,
    query: Annotated[RemovalQuery, Query()],
) -> OverrideOut:
    """Take a change off the forecast from now on; what was shown with it stays as it was. Again changes nothing."""
    gone = remove_override(session, id, now=now, who=request.state.caller.name, why=query.why)
    return _out(gone, _zones(session), now, config)


def _zones(session: Session) -> dict[str, str]:
    """Queue -> its zone."""
    return {queue.name: queue.tz for queue in load_queues(session)}


def _out(kept: Kept, zones: Mapping[str, str], now: dt.datetime, config: Settings) -> OverrideOut:
    one = kept.override
    tz = zones.get(one.queue, config.company.timezone)
    times = {name: from_ns(getattr(one, name)).to_pydatetime() for name in ("start", "end")}
    named = ("id", "queue", "channel", "topic", "measure", "kind", "value", "reason", "author")
    return OverrideOut(
        **{name: getattr(one, name) for name in named},
        **{name: moments.local_of(at, tz) for name, at in times.items()},
        **{f"{name}_utc": at for name, at in times.items()},
        created_at=kept.created_at,
        expires_at=kept.expires_at,
        removed_at=kept.removed_at,
        removed_by=kept.removed_by,
        state=kept.state(now),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS) + 0.0
