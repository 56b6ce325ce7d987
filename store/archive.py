"""Everything ever known, from the database into the arrays a Snapshot is a view of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast import true_demand
from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, to_ns
from forecast.days import Exceptions, OpeningHours
from forecast.frames import BESIDE
from forecast.handling import Handling, spent
from forecast.social.signals import for_models
from forecast.true_demand import Volumes
from forecast.vintage import Archive, Driver, Series, Signal, Versions
from store.days import load_hours
from store.demand_counts import load_counts
from store.demand_estimates import load_rules
from store.demand_settings import Demands
from store.drivers import driver_series
from store.hour_exceptions import load_exceptions
from store.known_ahead import load_calendar, load_periods
from store.queues import Queue, load_queues, require_queues
from store.statements import table_of
from store.tables import SignalSeries, VolumeRow, VolumeSeries
from store.versions import KINDS, Rows, load
from store.volumes import volume_series
from store.wholes import WHOLE

DAY_MICROS = 86_400_000_000


def load_archive(
    session: Session,
    *,
    country: str | None = None,
    region: str | None = None,
    queues: Sequence[str] | None = None,
    days_of: str | None = None,
    demands: Demands | None = None,
    school: tuple[str, str] | None = None,
    signals: bool = True,
    since: dt.datetime | None = None,
) -> Archive:
    """The archive of some queues or of all: a Series per queue, signals `signal` and `signal:topic`, drivers, calendar.

    A queue counted by topic is the sum of its topics as known at each moment; where a bucket has a row of the topic `all`,
    that one is the sum. Queues without a row are left out. Of queues not asked for it is only told when they had contacts
    (`Archive.beside`). The calendar holds the days of every queue, and with `days_of`, or with exactly one queue asked
    for, also the queue's own. NotFound for an unknown queue. school: whose school holidays, see `known_ahead.py`.

    demands: `offered` is the queues' true demand as far as it is known (docs/true_demand.md), a queue not named here by the
    defaults; None: contacts as they were offered.
    signals: False where only contacts are asked for; since: contacts of buckets from then on, None: all.
    """
    if queues is not None:
        require_queues(session, list(queues))
    chosen = [queue for queue in load_queues(session) if queues is None or queue.name in queues]
    alone = chosen[0].name if queues is not None and len(chosen) == 1 else ""
    series = _series(session, chosen, demands, since)
    return Archive(
        series=series,
        signals=_signals(session) if signals else {},
        drivers={
            **_drivers(session),
            **load_periods(session, series, country=country, region=region, school=school),
        },
        calendar=load_calendar(session, series, country=country, region=region, queue=days_of or alone),
        beside=Versions.none() if queues is None else _beside(session, series),
    )


def _beside(session: Session, held: Mapping[str, Series]) -> Versions:
    """Contacts of the queues not held, after the last one of those that are: a row per day, known with the day's first."""
    table, names = table_of(VolumeRow), table_of(VolumeSeries)
    contacts = [series.offered.ds[series.offered.value > 0] for series in held.values()]
    since = max((int(ds.max(initial=0)) for ds in contacts), default=0) // 1000
    others = select(names.c.id).where(names.c.queue.not_in(list(held)))
    query = select(func.min(table.c.ds), func.min(table.c.known_at)).where(
        table.c.series_id.in_(others), table.c.ds > since, table.c.offered > 0
    )
    rows = session.execute(query.group_by(table.c.ds // DAY_MICROS)).all()
    ds, known_at = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(len(rows), 2).T * 1000
    return Versions.of(ds, np.ones(len(ds)), known_at)


def _series(
    session: Session, queues: Sequence[Queue], demands: Demands | None, since: dt.datetime | None
) -> dict[str, Series]:
    names = volume_series(session, [queue.name for queue in queues])
    values = ["offered", "handled", "aht_seconds"]
    rows = load(session, KINDS["volumes"], series=list(names), start=_micros(since), values=values)
    hours, exceptions = dict(list(load_hours(session).groupby("queue"))), load_exceptions(session)
    made, rules = {}, {} if demands is None else load_rules(session, queues, demands)
    for queue in queues:
        mine = {number: topic for number, (name, topic) in names.items() if name == queue.name}
        held = rows.take(np.isin(rows.series, list(mine)))
        offered = _total(held, mine)
        if len(offered) == 0:
            continue
        rule = rules.get(queue.name)
        told = None if rule is None else told_volumes(session, queue, mine, since)
        if rule is not None and told is not None and told.tells(rule):
            offered = true_demand.corrected(told, rule, queue.interval)
        excepted = Exceptions.of(exceptions, queue.name)
        made[queue.name] = Series(
            name=queue.name,
            interval=queue.interval,
            tz=queue.tz,
            offered=offered,
            queue=queue.name,
            channel=queue.channel,
            topic=queue.topic,
            hours=OpeningHours.from_frame(hours[queue.name], excepted) if queue.name in hours else None,
            exceptions=excepted,
            handling=_handling(held, mine),
            absent_is_zero=queue.missing == "zero",
        )
    return made


def _micros(moment: dt.datetime | None) -> int | None:
    return None if moment is None else to_ns(moment) // 1000


def told_volumes(
    session: Session, queue: Queue, topics: dict[int, str], since: dt.datetime | None = None
) -> Volumes | None:
    """A queue's contacts with what is no demand of its own, over its topics (by series id); None where nothing tells that."""
    names = ["offered", "abandoned", *BESIDE]
    rows = load(session, KINDS["volumes"], series=list(topics), start=_micros(since), values=names)
    counts = load_counts(session, queue.name)
    if np.isnan(rows.values[:, 1:]).all() and len(counts.short) == 0:
        return None
    offered, abandoned, *parts = (
        _total(replace(rows, values=rows.values[:, at : at + 1]), topics) for at in range(len(names))
    )
    empty = [bool(np.isnan(column).all()) for column in rows.values.T]
    told = tuple(Versions.none() if empty[2 + at] else part for at, part in enumerate(parts))
    return Volumes(offered, Versions.none() if empty[1] else abandoned, told, counts)


def as_offered(session: Session, queue: str, corrected: Versions) -> Versions:
    """A queue's contacts as they were offered; `corrected` where nothing tells more of them, and they are the same."""
    held = next(one for one in load_queues(session) if one.name == queue)
    topics = {number: topic for number, (_, topic) in volume_series(session, [queue]).items()}
    told = told_volumes(session, held, topics)
    return corrected if told is None else told.offered


def _handling(rows: Rows, topics: dict[int, str]) -> Handling | None:
    """What a queue's contacts cost: seconds and contacts are summed over its topics like the contacts offered."""
    seconds, contacts = spent(*rows.values.T)
    if np.isnan(seconds).all():
        return None
    return Handling(*(_total(replace(rows, values=each[:, None]), topics) for each in (seconds, contacts)))


def _total(rows: Rows, topics: dict[int, str]) -> Versions:
    """Versions of one queue's topics -> versions of the queue: at each moment the row `all`, else the sum of the topics."""
    if len(topics) <= 1 or len(rows) == 0:
        return _versions(rows)
    rows = rows.take(np.lexsort((rows.id, rows.known_at, rows.ds)))
    whole = np.isin(rows.series, [number for number, topic in topics.items() if topic == WHOLE])
    value, there = rows.values[:, 0], ~np.isnan(rows.values[:, 0])
    parts, count = _running_sum(
        rows.ds, np.where(whole, -1, rows.series), np.where(whole, 0.0, np.nan_to_num(value)), there & ~whole
    )
    total = np.where(count > 0, parts, np.nan)
    last = np.maximum.accumulate(np.where(whole, np.arange(len(rows)), -1))
    given = last >= 0
    given[given] = rows.ds[last[given]] == rows.ds[given]
    given[given] = there[last[given]]
    total[given] = value[last[given]]
    return _versions(Rows(rows.id, rows.series, rows.ds, rows.known_at, rows.upload, total[:, None]))


def _running_sum(
    ds: Ns, part: Ns, value: Floats, there: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Floats, Floats]:
    """Versions ordered by bucket and time -> after each: the sum of the latest value of every part, and how many are there."""
    steps = pd.DataFrame({"ds": ds, "part": part, "value": value, "there": there.astype(np.float64)})
    before = steps.groupby(["ds", "part"], sort=False)[["value", "there"]].shift(fill_value=0.0)
    change = steps[["value", "there"]] - before
    running = change.groupby(steps["ds"], sort=False).cumsum()
    return running["value"].to_numpy(), np.rint(running["there"].to_numpy())


def _signals(session: Session) -> dict[str, Signal]:
    named = session.execute(
        select(table_of(SignalSeries)).order_by(SignalSeries.signal, SignalSeries.topic)
    ).all()
    offered = [held for held in named if for_models(held.signal)]
    rows = load(session, KINDS["signals"], series=[held.id for held in offered])
    made = {}
    for held in offered:
        values = _versions(rows.take(rows.series == held.id))
        name = held.signal if held.topic == WHOLE else f"{held.signal}:{held.topic}"
        if held.kind == "count":  # taken back: nothing was counted
            values = replace(values, value=np.nan_to_num(values.value))
        if len(values):
            made[name] = Signal(name, Interval(held.interval), held.tz, values, held.kind, held.topic)
    return made


def load_signal(session: Session, name: str, topic: str, *, since: dt.datetime) -> Signal | None:
    """One signal's versions of buckets from `since` on; None where it is not held."""
    query = select(table_of(SignalSeries)).where(SignalSeries.signal == name, SignalSeries.topic == topic)
    held = session.execute(query).one_or_none()
    if held is None:
        return None
    rows = load(session, KINDS["signals"], series=[held.id], start=to_ns(since) // 1000)
    values = _versions(rows)
    values = replace(values, value=np.nan_to_num(values.value)) if held.kind == "count" else values
    return Signal(name, Interval(held.interval), held.tz, values, held.kind, topic) if len(values) else None


def _drivers(session: Session) -> dict[str, Driver]:
    rows = load(session, KINDS["drivers"])
    made = {}
    for number, (name, queue) in sorted(driver_series(session).items(), key=lambda item: item[1]):
        held = rows.take(rows.series == number)
        if len(held):
            # a plan taken back is a plan of nothing
            values = _versions(replace(held, values=np.nan_to_num(held.values[:, :1])))
            worth = _versions(replace(held, values=held.values[:, 1:]))
            made[f"{name}@{queue}" if queue else name] = Driver(name, values, queue, worth)
    return made


def _versions(rows: Rows) -> Versions:
    """Rows of one series -> Versions in the order they were written; times in nanoseconds."""
    order = np.argsort(rows.id, kind="stable")
    return Versions.of(rows.ds[order] * 1000, rows.values[order, 0], rows.known_at[order] * 1000)
