"""Files into the store: volumes, signals, drivers, special days, opening hours, queue map. One file is one upload, a layer.

When a row of a file counts as known (measuring.md, "Time known"): at the END of its interval, marked as assumed.
A row that corrects one already held is known now (`revision`), unless the file repairs an import that nobody acted on
(`correction`). What comes by a job is known at its receipt, once its series has a history (`receipt`).
Nothing here commits: a dry run rolls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.drivers import read_drivers
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.opening_hours import read_hours
from forecast.contacts.queue_moves import read_queue_map
from forecast.contacts.signals import read_signals
from forecast.contacts.special_days import read_days
from forecast.contacts.tables import Source
from forecast.contacts.volumes import read_volumes
from forecast.errors import InputError
from forecast.queue_map import QueueMap
from forecast.social.export_counts import as_signals
from jobs.facts import apply_facts
from store.columns import ALWAYS_MICROS, moments
from store.days import save_days, save_hours
from store.drivers import load_drivers, save_drivers
from store.queue_map import save_queue_map
from store.queues import Queue, load_queues, require_queues, save_queue
from store.settings import Settings
from store.signals import load_signal_catalogue, load_signals, save_signals
from store.uploads import create_upload
from store.volumes import load_volumes, save_volumes, volume_series

MODES = ("revision", "correction", "receipt")


@dataclass(frozen=True)
class Imported:
    """What became of a file.

    changed:  versions (or rows) written; 0 where the same was held already
    problems: rows that were left out, with the reason; warnings: what was assumed
    """

    kind: str
    name: str
    summary: str
    rows: int
    changed: int
    upload_id: int | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def import_volumes(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    layout: str = "auto",
    timezone: str | None = None,
    interval: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
) -> Imported:
    """A file of contacts -> versions of its queues; queues not held yet are made from the file."""
    tz = timezone or settings.company.timezone
    loaded = read_volumes(source, tz=tz, layout=layout, interval=interval, date_order=date_order)
    _save_queues(session, loaded.frame, loaded.interval, tz)
    apply_facts(session, settings)
    volumes = with_known_at(loaded.frame, interval=loaded.interval, tz=tz)
    if mode == "receipt":
        held = pd.DataFrame(list(volume_series(session).values()), columns=["queue", "topic"])
    else:
        start, end = _span(volumes)
        held = load_volumes(session, None, start, end)
    volumes = _revise(volumes, held, ("queue", "topic", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="volumes",
        name=_named(source, name),
        layout=loaded.layout,
        mode=_stored(mode),
        now=now.to_pydatetime(),
        rows=len(volumes),
    )
    changed = save_volumes(session, volumes, upload_id=upload.id)
    problems = tuple(map(str, loaded.problems))
    return Imported(
        "volumes", upload.name, loaded.summary(), len(volumes), changed, upload.id, problems, loaded.warnings
    )


def import_signals(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
) -> Imported:
    """A file of signals, or the counts a listening suite exports -> versions."""
    tz = timezone or settings.company.timezone
    exported = (
        as_signals(Path(source), tz=tz, date_order=date_order) if isinstance(source, str | Path) else None
    )
    if exported is None:
        loaded = read_signals(source, tz=tz, date_order=date_order)
    else:
        name, source = _named(source, name), exported[0]
        loaded = read_signals(source, tz=tz)
    signals = with_known_at(loaded.frame, interval=loaded.intervals, tz=tz)
    signals = signals if "topic" in signals.columns else signals.assign(topic="all")
    if mode == "receipt":
        held = load_signal_catalogue(session)
    else:
        start, end = _span(signals)
        held = load_signals(session, start=start, end=end)
    signals = _revise(signals, held, ("signal", "topic", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="signals",
        name=_named(source, name),
        layout="tidy",
        mode=_stored(mode),
        now=now.to_pydatetime(),
        rows=len(signals),
    )
    changed = 0
    for length in sorted(set(loaded.intervals.values())):
        mine = signals[signals["signal"].map(loaded.intervals) == length]
        changed += save_signals(session, mine, interval=length, tz=tz, upload_id=upload.id)
    found = _side(loaded, upload.name, changed, upload.id)
    return replace(found, problems=(*exported[1], *found.problems)) if exported else found


def import_drivers(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    date_order: str | None = None,
) -> Imported:
    """A file of quantities known ahead -> versions. A row without `known_at` was always known; a changed plan is known now."""
    tz = timezone or settings.company.timezone
    loaded = read_drivers(source, tz=tz, date_order=date_order)
    always = moments(np.full(len(loaded.frame), ALWAYS_MICROS, dtype=np.int64)).to_series(
        index=loaded.frame.index
    )
    given = loaded.frame.get("known_at", pd.Series(pd.NaT, index=loaded.frame.index, dtype=always.dtype))
    drivers = loaded.frame.assign(known_at=given.where(given.notna(), always), assumed=given.isna())
    drivers = drivers if "queue" in drivers.columns else drivers.assign(queue="")
    drivers = _revise(drivers, load_drivers(session), ("driver", "queue", "ds"), mode=mode, now=now)
    upload = create_upload(
        session,
        kind="drivers",
        name=_named(source, name),
        layout="tidy",
        mode=_stored(mode),
        now=now.to_pydatetime(),
        rows=len(drivers),
    )
    changed = save_drivers(session, drivers.drop(columns="assumed"), upload_id=upload.id)
    return _side(loaded, upload.name, changed, upload.id)


def import_days(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file or calendar of special days -> the store; the later name of a day stays."""
    tz = timezone or settings.company.timezone
    loaded = read_days(source, tz=tz, date_order=date_order)
    changed = save_days(session, _local_dates(loaded.frame, ("date", "until"), tz))
    return _side(loaded, _named(source, name), changed)


def import_hours(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file of opening hours -> the store; replaces the hours of each queue it names."""
    tz = timezone or settings.company.timezone
    loaded = read_hours(source, tz=tz, date_order=date_order)
    changed = save_hours(session, _local_dates(loaded.frame, ("valid_from",), tz))
    return _side(loaded, _named(source, name), changed)


def import_queue_map(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file of moves between queues -> the store; replaces the moves of each queue it names, 0 as share takes one back.

    A queue that contacts go to and that is not held yet is made like the one they come from. NotFound for an unknown
    one to come from.
    """
    tz = timezone or settings.company.timezone
    loaded = read_queue_map(source, tz=tz, date_order=date_order)
    held = {queue.name: queue for queue in load_queues(session)}
    for move in QueueMap.from_frame(loaded.frame).moves:
        require_queues(session, [move.queue])
        if move.into not in held:
            held[move.into] = replace(held[move.queue], name=move.into)
            save_queue(session, held[move.into])
    changed = save_queue_map(session, loaded.frame, now=now.to_pydatetime())
    return _side(loaded, _named(source, name), changed)


def _revise(
    rows: pd.DataFrame, held: pd.DataFrame, key: tuple[str, ...], *, mode: str, now: pd.Timestamp
) -> pd.DataFrame:
    """rows[*key, known_at, assumed] -> the same, where rows that are news are known now. The store drops those that say nothing new."""
    if mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.", remedy=f"Use {' or '.join(MODES[:2])}.", field="as")
    if mode == "correction" or len(held) == 0:
        return rows
    series = key if mode == "revision" else key[:-1]
    known = pd.MultiIndex.from_frame(held[list(series)].drop_duplicates())
    news = pd.MultiIndex.from_frame(rows[list(series)]).isin(known) & rows["assumed"].to_numpy(dtype=bool)
    known_at = rows["known_at"].mask(news & (rows["known_at"] < now).to_numpy(), now)
    return rows.assign(known_at=known_at, assumed=rows["assumed"] & ~news)


def _save_queues(session: Session, volumes: pd.DataFrame, interval: Interval, tz: str) -> None:
    """Make the queues of a file that are not held; refuse a file whose interval is not that of its queues."""
    held = {queue.name: queue for queue in load_queues(session)}
    for name, rows in volumes.groupby("queue"):
        topics = list(dict.fromkeys(rows["topic"]))
        queue = held.get(str(name))
        if queue is None:
            queue = Queue(str(name), str(rows["channel"].iloc[0]), topics[0], interval, tz)
        elif queue.interval is not interval:
            raise InputError(
                f"The queue {name!r} is kept per {queue.interval.value}; this file is per {interval.value}.",
                remedy=f"Give --interval {queue.interval.value}, or rename the queue.",
                field="interval",
            )
        elif queue.tz != tz and interval.slots == 1:
            raise InputError(
                f"The days of the queue {name!r} are those of {queue.tz}, not of {tz}.",
                remedy=f"Give --timezone {queue.tz}.",
                field="timezone",
            )
        if {queue.topic, *topics} != {queue.topic}:
            queue = replace(queue, topic="all")
        if held.get(queue.name) != queue:
            save_queue(session, queue)


def _side(loaded: LoadedSide, name: str, changed: int, upload_id: int | None = None) -> Imported:
    problems = tuple(map(str, loaded.problems))
    return Imported(
        loaded.what,
        name,
        loaded.summary(),
        len(loaded.frame),
        changed,
        upload_id,
        problems,
        loaded.warnings,
    )


def _local_dates(frame: pd.DataFrame, columns: Sequence[str], tz: str) -> pd.DataFrame:
    """Moments at which local days begin -> midnight UTC of those dates, as the store names days."""
    dates = {
        name: frame[name].dt.tz_convert(tz).dt.tz_localize(None).dt.normalize().dt.tz_localize("UTC")
        for name in columns
        if name in frame.columns
    }
    return frame.assign(**dates)


def _span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    return frame["ds"].min(), frame["ds"].max() + pd.Timedelta(1, "us")


def _stored(mode: str) -> str:
    return "revision" if mode == "receipt" else mode


def _named(source: Source, name: str | None) -> str:
    if name:
        return name
    return "upload" if isinstance(source, bytes) else Path(source).name
