"""What part of those who hang up calls again, by queue, as it was estimated: append-only, the latest counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forecast.redial_rate import RedialRate
from forecast.true_demand import Rule
from store.demand_settings import Demand, Demands
from store.queues import Queue
from store.statements import table_of
from store.tables import DemandEstimateRow

_TABLE = table_of(DemandEstimateRow)


@dataclass(frozen=True)
class Estimate:
    """An estimate and when it was made."""

    queue: str
    decided_at: dt.datetime
    rate: RedialRate


def save_estimate(session: Session, queue: str, rate: RedialRate, *, decided_at: dt.datetime) -> None:
    """Append an estimate; one of the same queue and moment is left alone."""
    same = select(_TABLE.c.id).where(_TABLE.c.queue == queue, _TABLE.c.decided_at == decided_at)
    if session.scalar(same) is None:
        facts = {"r": rate.r, "lower": rate.lower, "upper": rate.upper, "n": rate.n}
        session.execute(insert(_TABLE).values(queue=queue, decided_at=decided_at, **facts))


def load_estimates(session: Session, *, as_of: dt.datetime | None = None) -> dict[str, Estimate]:
    """Queue -> its latest estimate, or the latest one made by a moment."""
    query = select(*_TABLE.c).order_by(_TABLE.c.decided_at, _TABLE.c.id)
    if as_of is not None:
        query = query.where(_TABLE.c.decided_at <= as_of)
    return {
        row.queue: Estimate(row.queue, row.decided_at, RedialRate(row.r, row.lower, row.upper, row.n))
        for row in session.execute(query)
    }


def load_rules(session: Session, queues: Sequence[Queue], demands: Demands) -> dict[str, Rule]:
    """Queue -> by what it is corrected, with its latest estimate; queues that are not corrected are left out."""
    held = load_estimates(session)
    found = {}
    for queue in queues:
        estimate = held.get(queue.name)
        rule = demands.get(queue.name, Demand()).rule(None if estimate is None else estimate.rate.r)
        if rule is not None:
            found[queue.name] = rule
    return found
