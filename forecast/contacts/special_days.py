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
PERIOD = "period"
KINDS = (RECURRING, ONCE, PERIOD)
LAYOUT = Layout(
    "special-days",
    {"date": ("date", "day", "from"), "name": ("name", "holiday", "description")},
    {
        "queue": ("queue", "queuename"),
        "kind": ("kind",),
        "until": ("until", "to"),
        "region": ("region", "regio"),
    },
)


def read_days(
    source: Source,
    *,
    tz: str,
    date_order: str | None = None,
    until: int | None = None,
    kind: str | None = None,
    region: str | None = None,
) -> LoadedSide:
    """A file -> LoadedSide with days[date, name, queue?, kind?, until?].

    date, until: first and last local day (included) as midnight UTC of that date; until is NaT for a single day.
    kind: recurring, once or period; where a row says none, the one given, else recurring. queue: empty for all queues.

    until: local day up to which events of a calendar repeat. region: rows that name another one are left out.
    """
    zone(tz)
    data, name = load(source)
    if is_calendar(data):
        return _from_calendar(data, name, tz, until=until, kind=kind)
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
        kinds = intake.cells("kind").str.casefold().replace("", kind or RECURRING)
        unknown = (~kinds.isin(KINDS)).to_numpy(dtype=bool)
        intake.reject("kind", unknown, "is neither recurring nor once nor period")
        columns["kind"] = kinds
    elif kind is not None:
        columns["kind"] = pd.Series(kind, index=table.frame.index, dtype=object)
    if intake.has("region"):
        _leave_other_regions(intake, region)
    if intake.has("until"):
        columns["until"] = _until(intake, first, order, tz)
    intake.require_rows()
    frame = pd.DataFrame(columns)[intake.keep]
    frame = last_of(
        frame, [column for column in ("date", "queue", "name") if column in frame.columns], intake
    )
    problems, warnings = intake.done()
    return LoadedSide("special days", frames.check(frame, frames.DAYS), problems, warnings, table.rows)


def _leave_other_regions(intake: Intake, region: str | None) -> None:
    """Leave out the rows of other regions, which are no mistake but not ours; a row without one is of all."""
    cells = intake.cells("region").str.casefold()
    other = ((cells != "") & (cells != (region or "").casefold())).to_numpy(dtype=bool) & intake.keep
    if other.any():
        named = sorted(set(intake.cells("region")[other]))[:5]
        remedy = "" if region else " Set company.region to take those of one."
        intake.warnings.append(
            f"{int(other.sum())} row(s) of other regions ({', '.join(named)}) left out.{remedy}"
        )
        intake.keep &= ~other


def _until(intake: Intake, first: Ns, order: str, tz: str) -> pd.Series:
    until = times(intake.moments("until", order, tz))
    local = until.dt.tz_convert(zone(tz)).dt.tz_localize(None).dt.normalize()
    last = (local - pd.Timestamp("1970-01-01")).dt.days
    intake.reject("until", (last < pd.Series(first)).to_numpy(dtype=bool), "lies before the date")
    starts = times(last.fillna(0).to_numpy(dtype="int64") * DAY).where(last.notna())
    return starts.set_axis(intake.table.frame.index)


def _from_calendar(data: bytes, name: str, tz: str, *, until: int | None, kind: str | None) -> LoadedSide:
    text, _ = decode(data, name)
    events, problems, warnings = read_events(text, tz, until=until)
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
    if kind is not None:
        frame["kind"] = pd.Series(kind, index=frame.index, dtype=object)
    frame = (
        frame.drop_duplicates(["date", "name"], keep="last")
        .sort_values(["date", "name"])
        .reset_index(drop=True)
    )
    rows = len(events) + len(problems)
    return LoadedSide(
        "special days", frames.check(frame, frames.DAYS), tuple(problems), tuple(warnings), rows
    )
