"""Forecasts that planners made elsewhere, tidy or as Genesys Cloud and Amazon Connect name their columns -> other forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import zone
from forecast.contacts.headers import Layout, plain_name
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of, place_named
from forecast.contacts.staffing_files import STARTS, long_table
from forecast.contacts.tables import Source, read_table

UTC_STARTS = ("intervalstartutcdate", "intervalstartutc")  # Genesys Cloud: these times are UTC
VOLUMES = (
    "forecast", "forecasted", "forecastoffered", "forecastedoffered", "offeredforecast", "forecastvolume", "offered",
    "contactsoffered", "incomingcontactvolume", "volume", "contacts", "calls", "voorspelling", "voorspeld", "prognose",
    "verwacht", "verwachtaanbod", "aanbod", "expected", "predicted",
)  # fmt: skip
AHT = (
    "ahtseconds", "aht", "averagehandletime", "averagehandletimeseconds", "forecastaht", "ahtforecast", "ahtseconden",
    "gemiddeldeafhandeltijd",
)  # fmt: skip
MADE = (
    "madeat",
    "madeon",
    "made",
    "createdat",
    "gemaaktop",
    "gemaakt",
    "aangemaakt",
    "publishedat",
    "knownat",
)
LAYOUT = Layout(
    "forecast",
    {
        "queue": ("queue", "queuename", "wachtrij", "skill", "planninggroup"),
        "interval_start": (*UTC_STARTS, *STARTS),
        "offered": VOLUMES,
    },
    {"aht_seconds": AHT, "handle_seconds": ("totalhandletime",), "known_at": MADE},
)


def read_forecast(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with forecasts[queue, ds, offered, aht_seconds?, known_at?]; known_at: when it was made, NaT unsaid.

    Several rows of one queue and interval, made at other moments, are versions. Of a row that stands twice the last counts.
    """
    zone(tz)
    table = long_table(read_table(source), value="offered")
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    queues = intake.text("queue")
    columns: dict[str, object] = {"queue": queues, "offered": intake.numbers("offered")}
    if intake.has("aht_seconds"):
        columns["aht_seconds"] = intake.numbers("aht_seconds", required=False)
    elif intake.has("handle_seconds"):
        spent, calls = intake.numbers("handle_seconds", required=False), np.asarray(columns["offered"])
        columns["aht_seconds"] = np.divide(spent, calls, out=np.full(len(spent), np.nan), where=calls > 0)
    order = intake.order(("interval_start", "known_at"), date_order)
    walls = intake.walls("interval_start", order)
    if plain_name(intake.names["interval_start"]) in UTC_STARTS:
        walls = walls.as_utc()
    parts = [queues]
    if intake.has("known_at"):
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(queues.index)
        parts.append(intake.cells("known_at"))
    intake.require_rows()
    named = place_named(intake, "queue", walls, _codes(parts), tz, {})
    frame = pd.DataFrame(columns).iloc[named.rows].reset_index(drop=True)
    frame.insert(1, "ds", times(named.ds))
    frame["offered"] = frame["offered"] * named.share
    frame = last_of(frame, [name for name in ("queue", "ds", "known_at") if name in frame.columns], intake)
    problems, warnings = intake.done()
    checked = frames.check(frame, frames.OTHER_FORECASTS)
    return LoadedSide("rows of a forecast", checked, problems, warnings, table.rows, named.intervals)


def _codes(parts: Sequence[pd.Series]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Columns [n] -> one number per distinct row: rows made at another moment are another series in the repeated hour."""
    joined = parts[0] if len(parts) == 1 else parts[0] + "\n" + parts[1]
    return np.asarray(pd.factorize(joined)[0], dtype=np.int64)
