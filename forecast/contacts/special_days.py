"""Special days from a table or from a calendar (.ics) -> days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast import frames
from forecast.arrays import Ns
from forecast.buckets import DAY, zone
from forecast.contacts.calendars import is_calendar, read_events
from forecast.contacts.charset import decode
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of
from forecast.contacts.tables import Source, load, read_table
from forecast.contacts.zones import wall_of
from forecast.errors import EmptyFile

RECURRING = "recurring"
ONCE = "once"
LAYOUT = Layout(
    "special-days",
    {"date": ("date", "day", "from"), "name": ("name", "holiday", "description")},
    {"queue": ("queue", "queuename"), "kind": ("kind",), "until": ("until", "to")},
)


def read_days(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with days[date, name, queue?, kind?, until?].

    date, until: first and last local day (included) as midnight UTC of that date; until is NaT for a single day.
    kind: recurring (where the cell is empty) or once. queue: empty for all queues.
    """
    zone(tz)
    data, name = load(source)
    if is_calendar(data):
        return _from_calendar(data, name, tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    columns: dict[str, object] = {}
    order = intake.order(("date", "until"), date_order)
    walls = intake.walls("date", order)
    first = wall_of(walls.ns, walls.aware, tz) // DAY
    columns["date"] = times(first * DAY).set_axis(table.frame.index)
    columns["name"] = intake.text("name")
    if intake.has("queue"):
        columns["queue"] = intake.cells("queue")
    if intake.has("kind"):
        kind = intake.cells("kind").str.casefold().replace("", RECURRING)
        intake.reject(
            "kind", (~kind.isin((RECURRING, ONCE))).to_numpy(dtype=bool), "is neither recurring nor once"
        )
        columns["kind"] = kind
    if intake.has("until"):
        columns["until"] = _until(intake, first, order, tz)
    intake.require_rows()
    frame = pd.DataFrame(columns)[intake.keep]
    frame = last_of(
        frame, [column for column in ("date", "queue", "name") if column in frame.columns], intake
    )
    problems, warnings = intake.done()
    return LoadedSide("special days", frames.check(frame, frames.DAYS), problems, warnings, table.rows)


def _until(intake: Intake, first: Ns, order: str, tz: str) -> pd.Series:
    until = times(intake.moments("until", order, tz))
    local = until.dt.tz_convert(zone(tz)).dt.tz_localize(None).dt.normalize()
    last = (local - pd.Timestamp("1970-01-01")).dt.days
    intake.reject("until", (last < pd.Series(first)).to_numpy(dtype=bool), "lies before the date")
    starts = times(last.fillna(0).to_numpy(dtype="int64") * DAY).where(last.notna())
    return starts.set_axis(intake.table.frame.index)


def _from_calendar(data: bytes, name: str, tz: str) -> LoadedSide:
    text, _ = decode(data, name)
    events, problems, warnings = read_events(text, tz)
    if not events:
        first = f" {problems[0]}" if problems else ""
        raise EmptyFile(
            f"{name} is a calendar without a usable event.{first}",
            remedy="Export all-day events.",
            field="file",
        )
    dates, untils = [event.first for event in events], [event.last for event in events]
    frame = pd.DataFrame(
        {"date": times(np.asarray(dates, dtype=np.int64) * DAY), "name": [event.name for event in events]}
    )
    several = pd.Series([last > first for first, last in zip(dates, untils, strict=True)])
    if several.any():
        frame["until"] = times(np.asarray(untils, dtype=np.int64) * DAY).where(several)
    frame = (
        frame.drop_duplicates(["date", "name"], keep="last")
        .sort_values(["date", "name"])
        .reset_index(drop=True)
    )
    rows = len(events) + len(problems)
    return LoadedSide(
        "special days", frames.check(frame, frames.DAYS), tuple(problems), tuple(warnings), rows
    )
