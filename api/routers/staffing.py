"""GET /v1/staffing/gap: agents planned against agents needed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from api import moments
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED
from api.staffing_schemas import GapDay, GapGroup, GapOut, GapQuery, GapRow, TargetsOut
from forecast.arrays import Floats
from forecast.buckets import from_ns
from store.plain import plain
from store.staffing_gap import GroupGap, load_gap

router = APIRouter(tags=["staffing"])
DAYS, MOST_DAYS = dt.timedelta(days=14), 35


@router.get("/v1/staffing/gap", responses=READ_NAMED)
def get_staffing_gap(session: Db, now: Now, config: Config, query: Annotated[GapQuery, Query()]) -> GapOut:
    """Agents planned less agents needed by the published forecast, per interval and group, net and gross, with agent hours short and over by day."""
    tz = config.company.timezone
    start = moments.optional(query.start, tz, "start") or moments.day_of(now, tz)
    end = moments.optional(query.end, tz, "end") or start + DAYS
    moments.span(start, end, now, most_days=MOST_DAYS)
    found, notes = load_gap(session, config, start=start, end=end, group=query.group, quantile=query.quantile)
    return GapOut(as_of=now, start=start, end=end, groups=[_group(one) for one in found], notes=notes)


def _group(found: GroupGap) -> GapGroup:
    days = [
        GapDay(date=str(np.datetime64(one.day, "D")), **{k: v for k, v in vars(one).items() if k != "day"})
        for one in found.days
    ]
    return GapGroup(
        group=found.group,
        queues=list(found.queues),
        methods=list(found.gap.methods),
        quantile=found.quantile,
        targets=TargetsOut(**plain(found.targets)),
        days=days,
        rows=_rows(found),
    )


def _rows(found: GroupGap) -> list[GapRow]:
    """Intervals in which somebody is needed or planned, or in which that is not known."""
    one = found.gap
    figures = {
        "contacts": one.contacts,
        "aht_seconds": one.aht,
        "needed_net": one.needed_net,
        "needed_gross": one.needed_gross,
        "planned_net": one.planned_net,
        "planned_gross": one.planned_gross,
        "gap_net": one.net,
        "gap_gross": one.gross,
        "service_level": one.reached,
    }
    told = (one.contacts > 0) | (np.nan_to_num(one.planned_net) > 0)
    rows = []
    for at in np.flatnonzero(told).tolist():
        start = from_ns(int(one.ds[at])).to_pydatetime()
        rows.append(
            GapRow(
                start=moments.local_of(start, found.tz),
                start_utc=start,
                seconds=float(one.seconds[at]),
                **{name: _or_none(values, at) for name, values in figures.items()},
            )
        )
    return rows


def _or_none(values: Floats, at: int) -> float | None:
    value = float(values[at])
    return value if np.isfinite(value) else None
