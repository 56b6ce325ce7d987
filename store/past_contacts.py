"""A queue's contacts of some days and no more: enough to say what came then and when it was open, at a hundredth of the cost.

What came tells of a day by its own rows, and the hours are told by the eight weeks known: but for a silence, which is
told by all of the history (`forecast/queue_life.py`). Where days without a contact could be one, all of it is loaded.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import from_ns, local_day, midnight, to_ns
from forecast.queue_life import SILENT_DAYS
from forecast.vintage import Archive
from store.facts import open_archive
from store.queues import Queue
from store.settings import Settings

MARGIN_DAYS = 100  # before the first day: the eight weeks that tell the hours, with a silence at either end


def load_past(
    session: Session, settings: Settings, queue: Queue, first: int, *, now: dt.datetime, corrected: bool
) -> Archive:
    """The archive of one queue, without signals, whose history from local day `first` to `now` is that of all its contacts.

    corrected: as `open_archive` takes it
    """
    since, today = first - MARGIN_DAYS, local_day(to_ns(now), queue.tz)
    start = from_ns(midnight(since, queue.tz)).to_pydatetime()
    archive = open_archive(session, settings, [queue.name], corrected=corrected, signals=False, since=start)
    gaps = np.diff([since, *_days_with_contacts(archive, queue, now).tolist(), today]) - 1
    if gaps.max() <= SILENT_DAYS:
        return archive
    return open_archive(session, settings, [queue.name], corrected=corrected, signals=False)


def _days_with_contacts(archive: Archive, queue: Queue, now: dt.datetime) -> Ns:
    """Local days int64[d], ascending."""
    if queue.name not in archive.series:
        return np.zeros(0, dtype=np.int64)
    history = archive.at(to_ns(now)).history(queue.name)
    return np.unique(history.grid.day[history.y > 0])
