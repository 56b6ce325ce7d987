"""Contact reasons apart from the totals."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.reason_files import read_reasons
from forecast.contacts.tables import Source
from store.imports.imported import Imported, named, of_side
from store.imports.revising import revise, span, stored
from store.queues import load_queues
from store.reason_shares import load_reasons, save_reasons
from store.settings import Settings
from store.uploads import create_upload


def import_reasons(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
    queue: str | None = None,
) -> Imported:
    """A file of reasons per queue and day -> versions. queue: of all rows, where no column tells it.

    A row without `known_at` counts as known at the end of its day. NotFound for a queue whose volumes are not held.
    """
    zones = {one.name: one.tz for one in load_queues(session)}
    tz = timezone or zones.get(queue or "", settings.company.timezone)
    loaded = read_reasons(source, tz=tz, date_order=date_order, queue=queue, unknown=settings.reasons_unknown)
    reasons = with_known_at(loaded.frame, interval=Interval.DAY, tz=tz)
    held = load_reasons(session, None, *span(reasons))
    reasons = revise(reasons, held, ("queue", "topic", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="reasons",
        name=named(source, name),
        layout="tidy",
        mode=stored(mode),
        now=now.to_pydatetime(),
        rows=len(reasons),
    )
    return of_side(loaded, upload.name, save_reasons(session, reasons, upload_id=upload.id), upload.id)
