"""Publishing by hand: a draft, or an older version again ("roll back"); written into the audit, and told to others."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from store.audit import record
from store.events import tell
from store.forecast_versions import ForecastVersion, load_version, publish_version


def publish(session: Session, version_id: int, *, who: str, now: dt.datetime) -> ForecastVersion:
    """The version, published now, in the caller's transaction; what is published last already stays as it is.

    Publishing an older version again shows its numbers wherever it has a bucket; buckets only later versions reach stay
    theirs. NotFound for an unknown version; InputError for a plan.
    """
    before = load_version(session, version_id)
    if not publish_version(session, version_id, now):
        return before
    found = load_version(session, version_id)
    again = before.published_at is not None
    body = {"version": found.id, "kind": found.kind, "cutoff": found.cutoff, "again": again}
    record(
        session,
        now=now,
        who=who,
        act="version.publish",
        subject=f"version {found.id}",
        body={**body, "label": found.label},
    )
    tell(
        session,
        "forecast.published",
        {**body, "who": who, "url": f"/v1/forecasts?version={found.id}"},
        now=now,
    )
    return found
