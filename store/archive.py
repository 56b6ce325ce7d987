"""Everything ever known, from the database into the arrays a Snapshot is a view of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval
from forecast.days import Calendar, OpeningHours
from forecast.vintage import Archive, Driver, Series, Signal, Versions
from store.days import load_days, load_hours
from store.drivers import driver_series
from store.queues import Queue, load_queues, require_queues
from store.statements import table_of
from store.tables import SignalSeries
from store.versions import KINDS, Rows, load
from store.volumes import volume_series

WHOLE = "all"


def load_archive(
    session: Session,
    *,
    country: str | None = None,
    region: str | None = None,
    queues: Sequence[str] | None = None,
) -> Archive:
    """The archive of some queues or of all: a Series per queue, signals `signal` and `signal:topic`, drivers, calendar.

    A queue counted by topic is the sum of its topics as known at each moment; where a bucket has a row of the topic `all`,
    that one is the sum. Queues without a row are left out. The calendar holds the days of every queue, and with exactly
    one queue asked for also its own. NotFound for an unknown queue.
    """
    if queues is not None:
        require_queues(session, list(queues))
    chosen = [queue for queue in load_queues(session) if queues is None or queue.name in queues]
    days = load_days(session, queue=chosen[0].name if queues is not None and len(chosen) == 1 else "")
    return Archive(
        series=_series(session, chosen),
        signals=_signals(session),
        drivers=_drivers(session),
        calendar=Calendar.of(days.drop(columns="queue"), country=country, region=region),
    )


def _series(session: Session, queues: Sequence[Queue]) -> dict[str, Series]:
    names = volume_series(session, [queue.name for queue in queues])
    rows = load(session, KINDS["volumes"], series=list(names), values=["offered"])
    hours = dict(list(load_hours(session).groupby("queue")))
    made = {}
    for queue in queues:
        mine = {number: topic for number, (name, topic) in names.items() if name == queue.name}
        offered = _total(rows.take(np.isin(rows.series, list(mine))), mine)
        if len(offered) == 0:
            continue
        made[queue.name] = Series(
            name=queue.name,
            interval=queue.interval,
            tz=queue.tz,
            offered=offered,
            queue=queue.name,
            channel=queue.channel,
            topic=queue.topic,
            hours=OpeningHours.from_frame(hours[queue.name]) if queue.name in hours else None,
        )
    return made


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
    rows = load(session, KINDS["signals"])
    made = {}
    for held in session.execute(
        select(table_of(SignalSeries)).order_by(SignalSeries.signal, SignalSeries.topic)
    ):
        values = _versions(rows.take(rows.series == held.id))
        name = held.signal if held.topic == WHOLE else f"{held.signal}:{held.topic}"
        if held.kind == "count":  # taken back: nothing was counted
            values = replace(values, value=np.nan_to_num(values.value))
        if len(values):
            made[name] = Signal(name, Interval(held.interval), held.tz, values, held.kind, held.topic)
    return made


def _drivers(session: Session) -> dict[str, Driver]:
    rows = load(session, KINDS["drivers"])
    made = {}
    for number, (name, queue) in sorted(driver_series(session).items(), key=lambda item: item[1]):
        # a plan taken back is a plan of nothing
        values = np.nan_to_num(rows.values[rows.series == number])
        held = rows.take(rows.series == number)
        if len(held):
            key = f"{name}@{queue}" if queue else name
            made[key] = Driver(
                name,
                _versions(Rows(held.id, held.series, held.ds, held.known_at, held.upload, values)),
                queue,
            )
    return made


def _versions(rows: Rows) -> Versions:
    """Rows of one series -> Versions in the order they were written; times in nanoseconds."""
    order = np.argsort(rows.id, kind="stable")
    return Versions.of(rows.ds[order] * 1000, rows.values[order, 0], rows.known_at[order] * 1000)
