"""Counted rows of a view or a JSON answer -> volumes, read as a planner's file would be: same clock, same numbers, same checks."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from forecast.buckets import Interval, column_ns, end, to_ns
from forecast.contacts.reading import Reading
from forecast.contacts.volumes import read_volumes
from forecast.errors import ConfigError, EmptyFile
from forecast.frames import BESIDE

REQUIRED = ("queue", "interval_start", "offered")
COLUMNS = (*REQUIRED, "channel", "topic", "handled", "abandoned", "aht_seconds", *BESIDE)


@dataclass(frozen=True)
class Shape:
    """How counted rows are to be understood.

    queues: their name -> ours; where given, other queues are left out. tz: of times without an offset. settle: seconds
    after its end from which on an interval counts as whole. channel: of rows that tell none.
    """

    interval: Interval
    tz: str
    queues: Mapping[str, str]
    channel: str = "phone"
    date_order: str | None = None
    settle: float = 0.0


@dataclass(frozen=True)
class Rows:
    """volumes (None: no row can be used), newest: epoch seconds of the latest whole interval's start (0: none)."""

    volumes: pd.DataFrame | None
    newest: float
    left_out: Mapping[str, int]
    problems: tuple[str, ...]


def check_columns(name: str, columns: Mapping[str, str], field: str) -> None:
    """ConfigError where the mapping (our name -> theirs) misses one, or names one we do not have."""
    for ours in REQUIRED:
        if not columns.get(ours):
            raise ConfigError(
                f"The source {name}: {field}.{ours} is missing.",
                remedy="Say which column holds it.",
                field=f"{field}.{ours}",
            )
    for ours in columns:
        if ours not in COLUMNS:
            raise ConfigError(
                f"The source {name}: {field}.{ours} is no column of volumes.",
                remedy=f"Use some of {', '.join(COLUMNS)}.",
                field=f"{field}.{ours}",
            )


def read_rows(
    rows: Sequence[Mapping[str, Any]], columns: Iterable[str], shape: Shape, *, now: dt.datetime
) -> Rows:
    """rows of {our name: value} -> Rows. Bad rows are problems; intervals that still run are left for the next reading."""
    names = [name for name in COLUMNS if name in set(columns)]
    known = [row for row in rows if not shape.queues or cell(row.get("queue")) in shape.queues]
    left = {"rows are of queues that are not asked for": len(rows) - len(known)}
    whole = [row for row in known if cell(row.get("queue")) and cell(row.get("interval_start"))]
    left["rows name no queue or no time"] = len(known) - len(whole)  # in a planner's file: merged cells
    known = whole
    if not known:
        return Rows(None, 0.0, _some(left), ())
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(names)
    for row in known:
        queue = cell(row.get("queue"))
        channel = cell(row.get("channel")) or shape.channel
        told = {**row, "queue": shape.queues.get(queue, queue), "channel": channel}
        writer.writerow([cell(told.get(name)) for name in names])
    reading = Reading(interval=shape.interval.value, layout="tidy", date_order=shape.date_order)
    try:
        loaded = read_volumes(table.getvalue().encode("utf-8", "replace"), tz=shape.tz, reading=reading)
    except EmptyFile as error:
        return Rows(None, 0.0, _some(left), (f"No row can be used. {error.message}",))
    volumes = loaded.frame
    if "channel" not in names:
        volumes = volumes.assign(channel=shape.channel)
    ds = column_ns(volumes["ds"])
    over = end(ds, shape.interval, shape.tz) + round(shape.settle * 1e9) <= to_ns(now)
    volumes = volumes[over].reset_index(drop=True)
    newest = float(ds[over].max()) / 1e9 if over.any() else 0.0
    problems = (*map(str, loaded.problems), *loaded.warnings)
    return Rows(volumes if len(volumes) else None, newest, _some(left), problems)


def cell(value: Any) -> str:
    """A value of a database or of JSON -> the text a file would hold; '' for what is none."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep="T", timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.9f}"
    return " ".join(str(value).replace("\x00", "").split())


def _some(left: Mapping[str, int]) -> dict[str, int]:
    return {why: count for why, count in left.items() if count}
