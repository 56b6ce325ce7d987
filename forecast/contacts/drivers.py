"""Driver files: quantities known ahead (letters per day, invoice runs, campaigns) -> drivers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import zone
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of, place_named
from forecast.contacts.tables import Source, read_table

LAYOUT = Layout(
    "driver",
    {
        "interval_start": ("intervalstart", "timestamp", "datetime", "ds", "date"),
        "driver": ("driver",),
        "value": ("value",),
    },
    {"queue": ("queue", "queuename"), "known_at": ("knownat",), "worth": ("worth", "contactsperunit")},
)


def read_drivers(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with drivers[driver, ds, value, queue?, known_at?, worth?]; a date means the local day's start.

    An empty queue means all queues and stays an empty text; an empty known_at means known ahead and is NaT. worth: how
    many contacts the planner assumes a unit makes, NaN where the cell is empty.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    names = intake.text("driver")
    columns: dict[str, object] = {"driver": names, "value": intake.numbers("value", negative=True)}
    order = intake.order(("interval_start", "known_at"), date_order)
    walls = intake.walls("interval_start", order)
    if intake.has("queue"):
        columns["queue"] = intake.cells("queue")
    if intake.has("known_at"):
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(names.index)
    if intake.has("worth"):
        columns["worth"] = intake.numbers("worth", required=False, negative=True)
    intake.require_rows()
    key = pd.factorize(names + "\n" + (intake.cells("queue") if intake.has("queue") else ""))[0].astype(
        np.int64
    )
    named = place_named(intake, "driver", walls, key, tz, {})
    frame = pd.DataFrame(columns).iloc[named.rows].reset_index(drop=True)
    frame.insert(1, "ds", times(named.ds))
    frame["value"] = frame["value"] * named.share
    frame = last_of(
        frame, [name for name in ("driver", "queue", "ds", "known_at") if name in frame.columns], intake
    )
    problems, warnings = intake.done()
    return LoadedSide(
        "drivers", frames.check(frame, frames.DRIVERS), problems, warnings, table.rows, named.intervals
    )
