"""Staffing plans of planners: a row per interval and group, or a row per day and group with the times as columns -> staffing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import zone
from forecast.contacts.headers import Layout, plain_name
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of, place_named
from forecast.contacts.tables import Source, Table, read_table
from forecast.contacts.times_of_day import second_of_day

STARTS = (
    "intervalstart", "timestamp", "datetime", "datumtijd", "datumentijd", "tijdstip", "begin", "start", "ds", "date",
    "datum", "dag", "day",
)  # fmt: skip
GROUPS = (
    "group", "groep", "planninggroup", "planninggroep", "planningsgroep", "plangroep", "team", "afdeling", "queue",
    "queuename", "wachtrij", "skill", "skillgroep",
)  # fmt: skip
AGENTS = (
    "agents", "agenten", "bezetting", "aantalagenten", "medewerkers", "aantalmedewerkers", "gepland", "geplandeagenten",
    "geplandebezetting", "planned", "plannedagents", "staff", "staffing", "scheduled", "headcount", "fte",
)  # fmt: skip
TIMES = frozenset(
    {"time", "tijd", "interval", "tijdvak", "starttime", "starttijd", "begintijd", "van", "uur"}
)
MADE = frozenset({"date", "datum", "dag", "day"})
LAYOUT = Layout(
    "staffing plan",
    {"interval_start": STARTS, "group": GROUPS, "agents": AGENTS},
    {"known_at": ("knownat",)},
)
LEAST_TIMES = 2  # so many columns named by a time of day make a table that is wide by time


def read_staffing(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with staffing[group, ds, agents, known_at?]; an empty known_at is NaT.

    An empty cell of a table that is wide by time is no row. Two rows of one group and interval: the last counts.
    """
    zone(tz)
    table = long_table(read_table(source), value="agents")
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    groups = intake.text("group")
    columns: dict[str, object] = {"group": groups, "agents": intake.numbers("agents")}
    order = intake.order(("interval_start", "known_at"), date_order)
    walls = intake.walls("interval_start", order)
    if intake.has("known_at"):
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(groups.index)
    intake.require_rows()
    key = pd.factorize(groups)[0].astype(np.int64)
    named = place_named(intake, "group", walls, key, tz, {})
    frame = (
        pd.DataFrame(columns).iloc[named.rows].reset_index(drop=True)
    )  # a level is not divided over a repeated hour
    frame.insert(1, "ds", times(named.ds))
    frame = last_of(frame, [name for name in ("group", "ds", "known_at") if name in frame.columns], intake)
    problems, warnings = intake.done()
    checked = frames.check(frame, frames.STAFFING)
    return LoadedSide("agents planned", checked, problems, warnings, table.rows, named.intervals)


def long_table(table: Table, *, value: str) -> Table:
    """A table of any of three shapes -> one whose interval_start is a single column.

    Times of day as columns become rows with their cell in the column `value`; a date and a time column become one.
    """
    columns = [str(column) for column in table.frame.columns]
    clock = {column: second for column in columns if (second := second_of_day(column)) is not None}
    date = next((column for column in columns if plain_name(column) in MADE), None)
    if date is None:
        return table
    if len(clock) >= LEAST_TIMES:
        return replace(table, frame=_unpivoted(table.frame, date, clock, value))
    time = next((column for column in columns if plain_name(column) in TIMES), None)
    return table if time is None else replace(table, frame=_joined(table.frame, date, time))


def _unpivoted(frame: pd.DataFrame, date: str, clock: Mapping[str, int], value: str) -> pd.DataFrame:
    kept = [column for column in frame.columns if column not in clock and column != date]
    parts = []
    for column, second in clock.items():
        part = frame[kept].copy()
        part["interval_start"] = frame[date] + f" {second // 3600:02d}:{second // 60 % 60:02d}"
        part[value] = frame[column]
        parts.append(part[frame[column] != ""])
    return pd.concat(parts).sort_index(kind="stable")


def _joined(frame: pd.DataFrame, date: str, time: str) -> pd.DataFrame:
    second = [second_of_day(str(cell), bare=True) for cell in frame[time]]
    shown = [
        f" {cell}" if one is None else f" {one // 3600:02d}:{one // 60 % 60:02d}"
        for cell, one in zip(frame[time], second, strict=True)
    ]
    made = frame.drop(columns=[date, time])
    made["interval_start"] = frame[date] + pd.Series(shown, index=frame.index, dtype=object)
    return made
