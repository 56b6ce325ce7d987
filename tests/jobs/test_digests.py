"""What a digest is made of: sums over the queues of a reason, and none where one of them is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, end
from store.digests import load_weeks
from store.queues import Queue, save_queue
from store.volumes import save_volumes
from tests.worlds import MONDAY, TZ, midnight

DAYS = 63
NOW = pd.Timestamp(midnight(DAYS) + 3600 * 10**9, tz="UTC")


def came(session: Session, queue: str, *, until: int, begun: int = 0) -> None:
    """A queue on outages with 100 contacts on each day from `begun` to before `until`."""
    save_queue(session, Queue(queue, "phone", "outage", Interval.DAY, TZ))
    grid = Grid.days(MONDAY + begun, MONDAY + until - 1, Interval.DAY, TZ)
    known = pd.to_datetime(end(grid.ds, Interval.DAY, TZ), utc=True)
    rows = {"queue": queue, "ds": pd.to_datetime(grid.ds, utc=True), "offered": np.full(len(grid), 100.0)}
    save_volumes(session, pd.DataFrame(rows | {"known_at": known}).astype({"queue": object}), upload_id=None)


@pytest.mark.parametrize(
    ("until", "begun", "expected"),
    [
        (DAYS, 0, (1400.0, 1400.0, 1400.0)),  # both queues are whole
        (DAYS - 1, 0, (None, None, None)),  # a day of one is missing: no fall to 1,300 or 700
        (DAYS - 20, 0, (700.0, 700.0, 700.0)),  # over for three weeks: it is not missed
        (DAYS, DAYS - 7, (1400.0, None, None)),  # new last week: the weeks before were of one queue alone
    ],
)
def test_a_sum_is_known_where_all_its_queues_are(
    session: Session, until: int, begun: int, expected: tuple[float | None, ...]
) -> None:
    came(session, "calls", until=DAYS)
    came(session, "mail", until=until, begun=begun)
    day = pd.Timestamp(np.datetime64(MONDAY + DAYS, "D")).date()
    week = load_weeks(session, ["outage"], day, NOW.to_pydatetime())["outage"]
    assert (week.came, week.before, week.usual) == expected
