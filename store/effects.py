"""What a change did to a contact reason, from what the store holds."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.effect import Effect, Worth, effect_of
from store.causes import changed_about
from store.queues import require_queues
from store.reason_archive import load_reason_archive
from store.settings import Settings

ABOUT = dt.timedelta(days=56)  # a reason that was changed so long before is no measure either


def measure_effect(
    session: Session,
    settings: Settings,
    topic: str,
    *,
    since: dt.datetime,
    now: dt.datetime,
    queue: str | None = None,
    until: dt.datetime | None = None,
) -> Effect:
    """As `forecast.effect.effect_of`; reasons that the register says were changed about then are not compared with."""
    if queue is not None:
        require_queues(session, [queue])
    company, counted = settings.company, settings.effect
    archive = load_reason_archive(session, country=company.country, region=company.region)
    fixed = changed_about(session, topic, start=since - ABOUT, end=until or now)
    return effect_of(
        archive,
        topic,
        since=to_ns(since),
        now=to_ns(now),
        queue=queue,
        until=None if until is None else to_ns(until),
        fixed=fixed,
        worth=Worth(counted.week_hours, counted.productive),
    )
