"""GET /v1/repeats: customers who came again on the same reason."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query

from api import moments
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED
from api.repeat_schemas import PairOut, RepeatQuery, RepeatRow, RepeatShareOut, RepeatsOut
from forecast.repeats import Row, Share
from store.queues import require_queues
from store.repeats import load_repeats

router = APIRouter(tags=["causes"])
WEEKS, MOST_DAYS = dt.timedelta(weeks=12), 366


@router.get("/v1/repeats", responses=READ_NAMED)
def get_repeats(session: Db, now: Now, config: Config, query: Annotated[RepeatQuery, Query()]) -> RepeatsOut:
    """Repeat contacts where contacts come with a customer: share of repeats, resolved at first contact, channels and time to the repeat, per reason, with intervals."""
    tz = config.company.timezone
    as_of = moments.optional(query.as_of, tz, "as_of") or now
    end = moments.optional(query.end, tz, "end") or as_of
    start = moments.optional(query.start, tz, "start") or end - WEEKS
    moments.span(start, end, now, most_days=MOST_DAYS)
    if query.queue is not None:
        require_queues(session, [query.queue])
    found, notes = load_repeats(session, config, start=start, end=end, queue=query.queue, as_of=as_of)
    return RepeatsOut(
        as_of=as_of,
        start=start,
        end=end,
        window_days=config.repeats.window_days,
        coverage=_share(found.covered),
        total=None if found.total is None else _row(found.total),
        reasons=[_row(row) for row in found.reasons],
        hidden=found.hidden,
        notes=notes,
    )


def _row(row: Row) -> RepeatRow:
    return RepeatRow(
        topic=row.topic,
        contacts=row.contacts,
        customers=row.customers,
        repeats=_share(row.repeats),
        resolved=_share(row.resolved),
        open=row.open,
        hours=row.hours,
        channels={name: _share(share) for name, share in row.channels.items()},
        pairs=[PairOut(**vars(pair)) for pair in row.pairs],
    )


def _share(share: Share) -> RepeatShareOut:
    lower, upper = share.interval or (None, None)
    return RepeatShareOut(count=share.count, of=share.of, share=share.value, lower=lower, upper=upper)
