"""Budget files: contacts, handling time and FTE budgeted per day, week (2026-W11) or month (2026-03) and queue -> budgets."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from forecast import frames
from forecast.arrays import Flags, Ns
from forecast.buckets import DAY, local_ns, zone
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of
from forecast.contacts.tables import Source, read_table
from forecast.errors import UnreadableFile

LAYOUT = Layout(
    "budget",
    {
        "queue": ("queue", "queuename", "wachtrij", "skill"),
        "offered": ("offered", "contacts", "calls", "volume", "budget", "aanbod", "contacten", "begroot"),
    },
    {
        "day": ("date", "day", "datum", "dag"),
        "week": ("week", "isoweek", "weeknummer"),
        "month": ("month", "maand"),
        "aht_seconds": ("ahtseconds", "aht", "ahtseconden", "gemiddeldeafhandeltijd"),
        "fte": ("fte", "ftes", "budgetfte", "begrotefte"),
        "known_at": ("knownat",),
    },
)
LENGTHS: Final = ("day", "week", "month")
NONE = np.iinfo(np.int64).min
EPOCH = dt.date(1970, 1, 1)
_WEEK = re.compile(r"([0-9]{4})-?[Ww]([0-9]{1,2})")
_MONTH = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})(?:[-/]0?1(?:[ T]00:00(?::00)?)?)?")
_MONTH_FIRST = re.compile(r"([0-9]{1,2})[-/]([0-9]{4})")


def read_budget(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with budgets[queue, length, ds, offered, aht_seconds?, fte?, known_at?].

    length: day, week or month, by which of the columns `date`, `week` and `month` a row fills; ds: midnight UTC of the
    first day of it. Of two rows of the same queue and time the last counts. UnreadableFile where no column tells the time.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    there = [name for name in LENGTHS if intake.has(name)]
    if not there:
        raise UnreadableFile(
            f"{table.name} does not say what its rows are the budget of.",
            remedy="Give a column date, week (such as 2026-W11) or month (such as 2026-03).",
            field="week",
        )
    columns: dict[str, object] = {"queue": intake.text("queue"), "offered": intake.numbers("offered")}
    columns |= {
        name: intake.numbers(name, required=False) for name in ("aht_seconds", "fte") if intake.has(name)
    }
    length, ds = _when(intake, there, intake.order(("day", "known_at"), date_order), tz)
    columns |= {"length": length}
    if intake.has("known_at"):
        order = intake.order(("day", "known_at"), date_order)
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(table.frame.index)
    intake.require_rows()
    frame = pd.DataFrame(columns, index=table.frame.index)
    frame = frame.assign(ds=times(np.where(intake.keep, ds, 0)).to_numpy())
    frame = frame[intake.keep].reset_index(drop=True)
    frame["ds"] = pd.to_datetime(frame["ds"], utc=True)
    key = [name for name in ("queue", "length", "ds", "known_at") if name in frame.columns]
    frame = last_of(frame, key, intake)
    problems, warnings = intake.done()
    return LoadedSide("budget rows", frames.check(frame, frames.BUDGETS), problems, warnings, table.rows)


def _when(intake: Intake, there: list[str], order: str, tz: str) -> tuple[pd.Series, Ns]:
    """Which length each row is of [n], and its first day as midnight UTC ns[n]; rows that fill none or two are rejected."""
    filled = {name: (intake.cells(name) != "").to_numpy(dtype=bool) for name in there}
    many = np.sum(list(filled.values()), axis=0)
    intake.reject(there[0], many == 0, "is empty" if len(there) == 1 else "tells no date, week or month")
    intake.reject(there[0], many > 1, "tells more than one of date, week and month")
    length = np.full(len(many), "", dtype=object)
    ds: Ns = np.full(len(many), NONE, dtype=np.int64)
    for name in there:
        mine = filled[name] & (many == 1)
        if name == "day":
            moment = intake.moments("day", order, tz)
            read = np.where(moment == NONE, NONE, 0)
            known = moment != NONE
            read[known] = local_ns(moment[known], tz) // DAY * DAY
        else:
            read = _read(intake, name, mine, _week if name == "week" else _month)
        length[mine], ds[mine] = name, read[mine]
    return pd.Series(length, index=intake.table.frame.index, dtype=object), ds


def _read(intake: Intake, name: str, mine: Flags, parse: Callable[[str], dt.date | None]) -> Ns:
    days = [
        parse(str(cell).strip()) if own else None for cell, own in zip(intake.cells(name), mine, strict=True)
    ]
    found = np.array([NONE if day is None else (day - EPOCH).days * DAY for day in days], dtype=np.int64)
    example = "a week such as 2026-W11" if name == "week" else "a month such as 2026-03"
    intake.reject(name, mine & (found == NONE), f"is not {example}")
    return found


def _week(text: str) -> dt.date | None:
    """`2026-W11` -> its Monday."""
    found = _WEEK.fullmatch(text)
    try:
        return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None


def _month(text: str) -> dt.date | None:
    """`2026-03`, `03-2026`, or a spreadsheet's first day of it -> its first day."""
    found, turned = _MONTH.fullmatch(text), _MONTH_FIRST.fullmatch(text)
    year, month = (found[1], found[2]) if found else (turned[2], turned[1]) if turned else ("0", "0")
    try:
        return dt.date(int(year), int(month), 1)
    except ValueError:
        return None
