"""Planning groups as they are told and shown: for the routes and for the dashboard alike."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.queue_map_schemas import GroupIn, GroupsIn
from store.groups import load_groups, save_groups
from store.queues import require_queues


def groups_of(session: Session, on: dt.date | None = None) -> list[GroupIn]:
    """The rows that hold on a local day; without `on` all, past and to come."""
    return [
        GroupIn(
            queue=part.queue,
            group=part.group,
            site=part.site,
            since=dt.date.fromisoformat(part.date) if part.date else None,
            share=part.share,
        )
        for part in load_groups(session, on=on).parts
    ]


def replace_groups(session: Session, told: GroupsIn) -> None:
    """Replace all planning groups. NotFound for an unknown queue; InputError where the shares contradict each other."""
    require_queues(session, sorted({row.queue for row in told.rows}))
    rows = pd.DataFrame(
        [row.model_dump() for row in told.rows], columns=["queue", "group", "site", "since", "share"]
    )
    since = np.array(rows["since"].tolist(), dtype="datetime64[ns]")
    frame = rows.astype({"share": "float64"}).assign(since=pd.DatetimeIndex(since).tz_localize("UTC"))
    save_groups(session, frame, whole=True)
