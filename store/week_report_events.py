"""What is known to have moved a week's contacts after the plan was made: peak warnings that came true, manual adjustments,
drivers booked or changed, days left out of history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.alerts import Alert
from forecast.arrays import Ns
from forecast.buckets import DAY, column_ns, day_start, from_ns, local_day, local_ns, to_ns
from forecast.day_rules import ONCE
from forecast.overriding import VOLUME
from forecast.week_report_line import DAYS
from forecast.week_report_split import ADJUSTMENT, DRIVER, WARNING, Claim
from forecast.week_report_split import DAY as SPECIAL
from store.adjusted import load_with_overrides
from store.alerts import load_alerts
from store.columns import ALWAYS_MICROS
from store.drivers import driver_series
from store.overrides import Kept, load_overrides
from store.queues import Queue
from store.settings import Settings
from store.special_days import load_special_days
from store.statements import table_of
from store.tables import UploadRow
from store.versions import KINDS, Rows, load
from store.week_report_plan import Planned

EPOCH = dt.date(1970, 1, 1)
CONFIRMED = ("hit", "too small", "acted on")  # more came than chance brings, or somebody acted on it
MOST_APART = 12  # manual adjustments told one by one; of more only their sum is


def load_claims(
    session: Session,
    settings: Settings,
    queues: Sequence[Queue],
    plans: Mapping[str, Planned],
    monday: dt.date,
    now: dt.datetime,
) -> dict[str, tuple[Claim, ...]]:
    """Queue -> what is known of its week that its plan could not know."""
    found: dict[str, list[Claim]] = {queue.name: [] for queue in queues}
    for tz in dict.fromkeys(queue.tz for queue in queues):
        mine = [queue for queue in queues if queue.tz == tz]
        first = (monday - EPOCH).days
        starts = day_start(np.arange(first, first + DAYS + 1), tz)
        for read in (_warnings, _adjustments, _drivers):
            for name, claim in read(session, mine, plans, starts, now):
                found[name].append(claim)
    for name, claim in _days(session, settings, queues, monday):
        found[name].append(claim)
    return {name: tuple(claims) for name, claims in found.items()}


def _warnings(
    session: Session, queues: Sequence[Queue], plans: Mapping[str, Planned], starts: Ns, now: dt.datetime
) -> list[tuple[str, Claim]]:
    """Warnings that ended and of which more came than chance brings: the extra contacts, by the time they took of each day."""
    begin = from_ns(int(starts[0])).to_pydatetime()
    names, found = [queue.name for queue in queues], []
    for one in load_alerts(session, state="ended", queues=names, since=begin):
        surge, came = one.promise, one.came
        if came is None or came.extra <= 0 or not _confirmed(one) or one.raised_at > to_ns(now):
            continue
        span = max(surge.stop - surge.start, 1)
        inside = np.minimum(starts[1:], surge.stop) - np.maximum(starts[:-1], surge.start)
        for place in np.flatnonzero(inside > 0).tolist():
            if _later(plans[surge.series], place, from_ns(one.raised_at).to_pydatetime()):
                share = float(inside[place]) / span
                found.append((surge.series, Claim(WARNING, surge.topic, place, came.extra * share)))
    return found


def _confirmed(one: Alert) -> bool:
    return one.outcome in CONFIRMED


def _adjustments(
    session: Session, queues: Sequence[Queue], plans: Mapping[str, Planned], starts: Ns, now: dt.datetime
) -> list[tuple[str, Claim]]:
    """Changes of the forecast made after the plan: what each adds to the days it reaches."""
    begin, stop = (from_ns(int(at)).to_pydatetime() for at in starts[[0, -1]])
    made = [one for one in load_overrides(session, start=begin, end=stop) if _counts(one, plans, starts, now)]
    groups = [[one] for one in made] if len(made) <= MOST_APART else [made]
    found = []
    for group in groups:
        reached = [
            queue for queue in queues if any(one.override.covers(queue.name, queue.channel) for one in group)
        ]
        if not reached:
            continue
        names = [queue.name for queue in reached]
        shown = load_with_overrides(
            session, series=names, start=begin, end=stop, granularity="day", now=now,
            overrides=[one.override for one in group],
        )  # fmt: skip
        places = (
            local_ns(column_ns(shown.frame["ds"]), reached[0].tz) // DAY if len(shown.frame) else np.zeros(0)
        )
        first = local_day(int(starts[0]), reached[0].tz)
        reason = group[0].override.reason if len(group) == 1 else ""
        for name, day, contacts in zip(shown.frame["series"], places.tolist(), shown.override, strict=True):
            place = int(day) - first
            late = any(_later(plans[str(name)], place, one.created_at) for one in group)
            if abs(contacts) > 0 and late:
                found.append((str(name), Claim(ADJUSTMENT, reason, place, float(contacts))))
    return found


def _counts(one: Kept, plans: Mapping[str, Planned], starts: Ns, now: dt.datetime) -> bool:
    """Is it a change of contacts of whole queues, made after some plan, that stood until its range began?"""
    change = one.override
    begins = from_ns(max(change.start, int(starts[0]))).to_pydatetime()
    until = one.until
    stood = until is None or until > begins
    after = any(_later(plan, place, one.created_at) for plan in plans.values() for place in range(DAYS))
    return change.measure == VOLUME and change.topic == "" and stood and after and one.created_at <= now


def _drivers(
    session: Session, queues: Sequence[Queue], plans: Mapping[str, Planned], starts: Ns, now: dt.datetime
) -> list[tuple[str, Claim]]:
    """Drivers of the week booked or changed after the plan, by what a planner says they are worth; 0 where nobody does."""
    named = driver_series(session)
    rows = load(
        session, KINDS["drivers"], start=int(starts[0]) // 1000, end=int(starts[-1]) // 1000
    ).ordered()
    rows = _dated(session, rows)
    found = []
    for queue in queues:
        mine = [number for number, (_, of) in named.items() if of in ("", queue.name)]
        held = rows.take(np.isin(rows.series, mine) & (rows.known_at * 1000 <= to_ns(now)))
        keys = np.stack([held.series, held.ds])
        for number, ds in np.unique(keys, axis=1).T.tolist():
            versions = held.take((held.series == number) & (held.ds == ds))
            place = int(np.searchsorted(starts // 1000, ds, side="right")) - 1
            since = plans[queue.name].since[place]
            if since is None:
                continue
            before = versions.take(versions.known_at * 1000 <= to_ns(since))
            old = float(np.nan_to_num(before.values[-1, 0])) if len(before) else 0.0
            new, worth = (float(one) for one in np.nan_to_num(versions.values[-1, :2]))
            if new != old:
                found.append((queue.name, Claim(DRIVER, named[number][0], place, (new - old) * worth)))
    return found


def _dated(session: Session, rows: Rows) -> Rows:
    """A row that says it was always known is known since its file was loaded."""
    uploads = table_of(UploadRow)
    at = {row.id: to_ns(row.at) // 1000 for row in session.execute(select(uploads.c.id, uploads.c.at))}
    loaded = np.array([at.get(int(one), ALWAYS_MICROS) for one in rows.upload], dtype=np.int64)
    known = np.where(rows.known_at <= ALWAYS_MICROS, loaded, rows.known_at)
    return Rows(rows.id, rows.series, rows.ds, known, rows.upload, rows.values).ordered()


def _days(
    session: Session, settings: Settings, queues: Sequence[Queue], monday: dt.date
) -> list[tuple[str, Claim]]:
    """Days that a planner left out of history: all of their gap."""
    found = []
    listed = load_special_days(session, settings, start=monday, end=monday + dt.timedelta(days=DAYS - 1))
    for one in listed:
        if one.kind != ONCE:
            continue
        first = max((one.date - monday).days, 0)
        last = min((one.until - monday).days, DAYS - 1)
        for queue in queues:
            if one.queue in ("", queue.name):
                found += [(queue.name, Claim(SPECIAL, one.name, place)) for place in range(first, last + 1)]
    return found


def _later(plan: Planned, place: int, at: dt.datetime) -> bool:
    """Was something known only after the plan of that day was made?"""
    since = plan.since[place] if 0 <= place < DAYS else None
    return since is not None and at > since
