"""Planning groups: who staffs how much of a queue, from which local day on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forecast.frames import GROUPS, check
from forecast.planning_groups import BEGINNING, Groups, Part
from store.database import lock
from store.statements import table_of
from store.tables import GroupRow

EPOCH = dt.date(1970, 1, 1)


def save_groups(session: Session, groups: pd.DataFrame, *, whole: bool = False) -> int:
    """groups[queue, group, site?, since?, share?] -> rows stored; replaces the set of each (queue, since) given.

    whole: replaces all there are. InputError where a set contradicts itself.
    """
    check(groups, GROUPS)
    lock(session, "planning groups")
    given = Groups.from_frame(groups)
    table = table_of(GroupRow)
    if whole:
        session.execute(delete(table))
    for queue, since in dict.fromkeys((part.queue, part.date) for part in given.parts):
        session.execute(delete(table).where(table.c.queue == queue, table.c.since == since))
    rows = [
        {
            "queue": part.queue,
            "group": part.group,
            "site": part.site,
            "since": part.date,
            "share": part.share,
        }
        for part in given.parts
    ]
    if rows:
        session.execute(insert(table), rows)
    return len(rows)


def load_groups(session: Session, *, on: dt.date | None = None) -> Groups:
    """The groups that hold on a local day; without `on` all, past and to come."""
    table = table_of(GroupRow)
    query = select(table.c.queue, table.c.since, table.c.group, table.c.site, table.c.share)
    parts = tuple(
        Part(queue, _day(since), group, site, float(share))
        for queue, since, group, site, share in session.execute(query)
    )
    groups = Groups(parts)
    return groups if on is None else groups.on((on - EPOCH).days)


def _day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64)) if date else BEGINNING
