"""Files of a measuring run -> Archive, by the same readers an import uses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.buckets import Interval, column_ns
from forecast.contacts.assumed import with_known_at
from forecast.contacts.drivers import read_drivers
from forecast.contacts.loaded import Loaded, LoadedSide
from forecast.contacts.opening_hours import read_hours
from forecast.contacts.queue_moves import read_queue_map
from forecast.contacts.signals import read_signals
from forecast.contacts.special_days import read_days
from forecast.contacts.volumes import read_volumes
from forecast.day_rules import PERIOD, period_drivers, periods, rules_of
from forecast.days import Calendar, Exceptions, OpeningHours, country_of
from forecast.errors import InputError
from forecast.handling import Handling, spent
from forecast.queue_map import QueueMap
from forecast.vintage import ALWAYS, Archive, Driver, Series, Signal, Versions

Say = Callable[[str], None]


@dataclass(frozen=True)
class Files:
    """The files of a run; only the volumes are needed."""

    volumes: Path
    signals: Path | None = None
    drivers: Path | None = None
    special_days: Path | None = None
    hours: Path | None = None
    queue_map: Path | None = None


def read_archive(
    files: Files, *, interval: Interval, tz: str, by: str, country: str, absent_is_zero: bool, say: Say
) -> Archive:
    """Read everything and say in a sentence per file what was read, what was assumed, and what was left out."""
    loaded = read_volumes(files.volumes, tz=tz, interval=interval)
    _tell(loaded, say)
    volumes = with_known_at(loaded.frame, interval=interval, tz=tz)
    hours = _hours(files.hours, tz, say)
    moves = _queue_map(files.queue_map, tz, by, say)
    moves.require(sorted(volumes["queue"].unique()))
    calendar, lasting = _calendar(files.special_days, tz, country, say)
    archive = Archive(
        series=_series(volumes, interval, tz, by, hours, absent_is_zero, moves.queues),
        signals=_signals(files.signals, interval, tz, say),
        drivers={**_drivers(files.drivers, tz, say), **lasting},
        calendar=calendar,
    )
    return moves.apply(archive, hours=hours)


def _tell(loaded: Loaded | LoadedSide, say: Say) -> None:
    say(loaded.summary())
    for warning in loaded.warnings:
        say(f"  note: {warning}")
    for problem in loaded.problems[:10]:
        say(f"  left out: {problem}")
    if len(loaded.problems) > 10:
        say(f"  and {len(loaded.problems) - 10} more")


def _series(
    volumes: pd.DataFrame,
    interval: Interval,
    tz: str,
    by: str,
    hours: Mapping[str, OpeningHours],
    absent_is_zero: bool,
    mapped: Collection[str],
) -> dict[str, Series]:
    """One series per queue or channel; by topic, one per queue and topic beside each whole queue.

    A queue with one topic is that topic, unless the queue map may bring it others (`mapped`).
    """
    made: dict[str, Series] = {}
    group = "channel" if by == "channel" else "queue"
    for name, rows in volumes.groupby(group, sort=True):
        whole, handling = _versions(rows)
        channel = str(rows["channel"].iloc[0])
        first = str(rows["queue"].iloc[0])
        series = Series(
            str(name),
            interval,
            tz,
            whole,
            str(name),
            channel,
            "all",
            hours.get(first, hours.get("")),
            absent_is_zero,
            handling=handling,
        )
        made[series.name] = series
        topics = sorted(rows["topic"].unique())
        if by != "topic" or topics == ["all"] or (len(topics) < 2 and name not in mapped):
            continue
        for topic in topics:
            own = f"{name}/{topic}"
            mine, handling = _versions(rows[rows["topic"] == topic])
            made[own] = Series(
                own,
                interval,
                tz,
                mine,
                str(name),
                channel,
                str(topic),
                series.hours,
                absent_is_zero,
                span=whole,
                handling=handling,
            )
    return made


def _versions(rows: pd.DataFrame) -> tuple[Versions, Handling | None]:
    """Rows of one series; several topics of a bucket are summed, and known when the last of them is."""
    numbers = rows.reindex(columns=["offered", "handled", "aht_seconds"]).astype(np.float64)
    seconds, contacts = spent(*numbers.to_numpy().T)
    rows = rows.assign(seconds=seconds, contacts=contacts)
    one = rows["topic"].nunique() == 1 and rows["queue"].nunique() == 1
    if not (one or rows["ds"].is_unique):
        latest = rows.drop_duplicates(["topic", "queue", "ds"], keep="last").groupby("ds")
        sums = latest[["offered", "seconds", "contacts"]].sum(min_count=1)
        rows = sums.assign(known_at=latest["known_at"].max()).reset_index()
    ds, known_at = column_ns(rows["ds"]), column_ns(rows["known_at"])
    offered, seconds, contacts = (
        rows[name].to_numpy(dtype=np.float64) for name in ("offered", "seconds", "contacts")
    )
    return Versions.of(ds, offered, known_at), Handling.of(ds, known_at, seconds=seconds, contacts=contacts)


def _signals(path: Path | None, grid: Interval, tz: str, say: Say) -> dict[str, Signal]:
    if path is None:
        return {}
    loaded = read_signals(path, tz=tz)
    _tell(loaded, say)
    frame = with_known_at(loaded.frame, interval=loaded.intervals, tz=tz)
    topics = frame["topic"] if "topic" in frame.columns else pd.Series("all", index=frame.index)
    made: dict[str, Signal] = {}
    for name, rows in frame.groupby("signal", sort=True):
        interval = loaded.intervals[str(name)]
        kind = "level" if interval.seconds > 86_400 else str(rows["kind"].iloc[0])
        mine = topics.loc[rows.index]
        several = mine.nunique() > 1
        if several:
            made[str(name)] = _signal(str(name), "all", rows, interval, tz, kind)
        for topic in sorted(mine.unique()):
            key = f"{name}:{topic}" if several or topic != "all" else str(name)
            made[key] = _signal(key, str(topic), rows[mine == topic], interval, tz, kind)
    return made


def _signal(name: str, topic: str, rows: pd.DataFrame, interval: Interval, tz: str, kind: str) -> Signal:
    """A signal; several topics of a bucket become one count that grows as each is known."""
    ordered = rows.sort_values("known_at", kind="stable")
    if topic == "all" and kind == "count" and not ordered["ds"].is_unique:
        value = ordered.groupby("ds")["value"].cumsum()
    else:
        value = ordered["value"]
    step = min(interval, Interval.DAY, key=lambda length: length.seconds)
    versions = Versions.of(
        column_ns(ordered["ds"]), value.to_numpy(dtype=np.float64), column_ns(ordered["known_at"])
    )
    return Signal(name, step, tz, versions, kind, topic)


def _drivers(path: Path | None, tz: str, say: Say) -> dict[str, Driver]:
    """Drivers are known ahead: without a `known_at` they always were."""
    if path is None:
        return {}
    loaded = read_drivers(path, tz=tz)
    _tell(loaded, say)
    frame = loaded.frame
    queues = frame["queue"] if "queue" in frame.columns else pd.Series("", index=frame.index)
    made: dict[str, Driver] = {}
    for (name, queue), rows in frame.groupby([frame["driver"], queues], sort=True):
        known = np.full(len(rows), ALWAYS, dtype=np.int64)
        if "known_at" in rows.columns:
            given = rows["known_at"].notna().to_numpy()
            known[given] = column_ns(rows["known_at"][given])
        told = rows.reindex(columns=["value", "worth"]).to_numpy(dtype=np.float64)
        values, worth = (Versions.of(column_ns(rows["ds"]), column, known) for column in told.T)
        made[f"{name}@{queue}" if str(queue) else str(name)] = Driver(str(name), values, str(queue), worth)
    return made


def _hours(path: Path | None, tz: str, say: Say) -> dict[str, OpeningHours]:
    if path is None:
        return {}
    loaded = read_hours(path, tz=tz)
    _tell(loaded, say)
    return {
        str(queue): OpeningHours.from_frame(rows, Exceptions.of(loaded.exceptions, str(queue)))
        for queue, rows in loaded.frame.groupby("queue")
    }


def _queue_map(path: Path | None, tz: str, by: str, say: Say) -> QueueMap:
    if path is None:
        return QueueMap()
    if by == "channel":
        raise InputError(
            "A queue map moves contacts between queues; by channel there are none.",
            remedy="Use --by queue or --by topic, or leave the queue map out.",
            field="queue_map",
        )
    loaded = read_queue_map(path, tz=tz)
    _tell(loaded, say)
    return QueueMap.from_frame(loaded.frame)


def _calendar(path: Path | None, tz: str, country: str, say: Say) -> tuple[Calendar, dict[str, Driver]]:
    """The special days, and the weeks with a name as drivers."""
    chosen = country_of(tz) if country == "auto" else None if country == "none" else country
    if country == "auto" and chosen:
        say(f"Public holidays of {chosen}, guessed from the time zone (--country none leaves them out).")
    if path is None:
        return Calendar.of(country=chosen), {}
    loaded = read_days(path, tz=tz)
    _tell(loaded, say)
    calendar = Calendar.of(loaded.frame, country=chosen)
    weeks = loaded.frame[loaded.frame.get("kind", pd.Series("", index=loaded.frame.index)) == PERIOD]
    rules = rules_of(weeks)
    until = max((rule.since for rule in rules), default=0) + 400
    return calendar, period_drivers(periods(rules, until, calendar), tz)
