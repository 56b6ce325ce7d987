"""Redials told from demand: counted in the log of contacts every night, and once a week estimated where no log shows them.

What was counted is kept as versions, so that it stays when the log's rows are dropped. The estimate of a queue is one
number that says what its histories mean, like the queue map: it holds for the whole history from the night it was made.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.errors import ForecallError
from forecast.redial_rate import LEAST_WEEKS, RedialRate, estimate, leaning
from forecast.true_demand import REDIALS, Rule, Volumes, together, unheard
from jobs.ledger import Outcome, checkpoint, explain_failure
from store.archive import told_volumes
from store.demand_counts import count_log, load_counts
from store.demand_estimates import load_estimates, save_estimate
from store.demand_settings import Demand
from store.queues import Queue, load_queues
from store.settings import Settings
from store.volumes import volume_series

RECOUNTED = pd.Timedelta(days=35)  # contacts of so long ago may still come in or change
ESTIMATED = pd.Timedelta(days=6.5)  # so long an estimate stands
WEEK_NS = 7 * 86_400 * 10**9


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Count and estimate; a queue that cannot be read is reported, and the others go on."""
    demands, held = settings.demands(), load_estimates(session)
    counts, estimates, problems = 0, 0, list[str]()
    for queue in load_queues(session):
        demand = demands.get(queue.name, Demand())
        rule = demand.rule()
        if rule is None:
            continue
        try:
            counts += count_log(session, queue, demand, since=_since(session, queue, now))
            last = held.get(queue.name)
            if last is None or now - pd.Timestamp(last.decided_at) >= ESTIMATED:
                estimates += _estimate(session, queue, rule, now)
            checkpoint(session)
        except ForecallError as error:
            session.rollback()
            problems.append(explain_failure(error, queue.name))
    return Outcome({"counts": counts, "estimates": estimates}, tuple(problems))


def _since(session: Session, queue: Queue, now: pd.Timestamp) -> pd.Timestamp | None:
    """From when on the log is counted anew: all of it the first time."""
    return None if len(load_counts(session, queue.name).short) == 0 else now - RECOUNTED


def _estimate(session: Session, queue: Queue, rule: Rule, now: pd.Timestamp) -> int:
    """Estimate and save a queue's r from what was known at `now`; how many were saved."""
    topics = {number: topic for number, (_, topic) in volume_series(session, [queue.name]).items()}
    told = told_volumes(session, queue, topics) if topics else None
    rate = None if told is None else rate_of(told, queue, rule, int(now.value))
    if rate is None:
        return 0
    save_estimate(session, queue.name, rate, decided_at=now.to_pydatetime())
    return 1


def rate_of(volumes: Volumes, queue: Queue, rule: Rule, cutoff: int) -> RedialRate | None:
    """r of a queue by what was known at the cutoff (ns): from redials told or counted where they are, else from the history."""
    redials = volumes.parts[REDIALS] if len(volumes.parts[REDIALS]) else volumes.counted.redialled
    streams = [volumes.offered, unheard(volumes), redials]
    ds, _, values = together([one.until(cutoff) for one in streams])
    last = np.append(ds[1:] != ds[:-1], True)[: len(ds)] & ~np.isnan(values[0])
    ds, (offered, lost, seen) = ds[last], values[:, last]
    both = ~np.isnan(lost) & ~np.isnan(seen)
    weeks = len(np.unique(ds[both] // WEEK_NS))
    if weeks >= LEAST_WEEKS and lost[both].sum() > 0:
        share, count = float(seen[both].sum() / lost[both].sum()), float(lost[both].sum())
        return leaning(share, float(np.sqrt(max(share * (1 - share), 0.01) / count)), weeks)
    return estimate(
        ds, offered, lost, interval=queue.interval, tz=queue.tz, window_minutes=rule.window_minutes
    )
