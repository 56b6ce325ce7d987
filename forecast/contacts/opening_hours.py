"""Opening hours files: queue, weekday, opens, closes -> hours."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import DAY, zone
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.side_rows import last_of
from forecast.contacts.tables import Source, read_table
from forecast.contacts.zones import wall_of

LAYOUT = Layout(
    "opening-hours",
    {
        "queue": ("queue", "queuename"),
        "weekday": ("weekday", "day"),
        "opens": ("opens", "open", "from"),
        "closes": ("closes", "close", "to"),
    },
    {"valid_from": ("validfrom",)},
)
# English, Dutch, German, French; Monday first. The short forms do not contradict each other.
_NAMES: Final = (
    ("0", "mon", "monday", "ma", "maandag", "mo", "montag", "lundi"),
    ("1", "tue", "tues", "tuesday", "di", "dinsdag", "dienstag", "mardi"),
    ("2", "wed", "wednesday", "wo", "woensdag", "mi", "mittwoch", "mercredi"),
    ("3", "thu", "thur", "thurs", "thursday", "do", "donderdag", "donnerstag", "jeudi"),
    ("4", "fri", "friday", "vr", "vrijdag", "fr", "freitag", "vendredi"),
    ("5", "sat", "saturday", "za", "zaterdag", "sa", "samstag", "samedi"),
    ("6", "sun", "sunday", "zo", "zondag", "so", "sonntag", "dimanche"),
)
WEEKDAYS: Final = {name: number for number, names in enumerate(_NAMES) for name in names}
_TIME = re.compile(r"([0-9]{1,2})(?:[:.h]?([0-9]{2}))?(?:[:.]00)?")


def read_hours(source: Source, *, tz: str, date_order: str | None = None) -> LoadedSide:
    """A file -> LoadedSide with hours[queue, weekday 0 (Monday) .. 6, opens "08:00", closes "24:00", valid_from?].

    Several rows a day are several openings. valid_from: the local day as midnight UTC of that date, NaT for always.
    """
    zone(tz)
    table = read_table(source)
    intake = Intake(table, LAYOUT.require(table.frame.columns, table.name))
    queue = intake.text("queue")
    weekday = intake.text("weekday").str.casefold().str.rstrip(".").map(WEEKDAYS)
    missing = (weekday.isna() & (intake.cells("weekday") != "")).to_numpy(dtype=bool)
    intake.reject("weekday", missing, "is not 0 (Monday) to 6 (Sunday) or the name of a weekday")
    opens, closes = _minutes(intake, "opens"), _minutes(intake, "closes")
    backwards = intake.keep & (closes <= opens)
    intake.reject(
        "closes",
        backwards,
        "is not after opens; write hours past midnight as two rows (to 24:00, from 00:00)",
    )
    columns: dict[str, object] = {"queue": queue, "weekday": weekday, "opens": opens, "closes": closes}
    if intake.has("valid_from"):
        columns["valid_from"] = _valid_from(intake, tz, date_order)
    intake.require_rows()
    frame = pd.DataFrame(columns)[intake.keep].astype({"weekday": np.int64})
    for name in ("opens", "closes"):
        frame[name] = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in frame[name]]
    frame = last_of(
        frame, [name for name in ("queue", "valid_from", "weekday", "opens") if name in frame.columns], intake
    )
    problems, warnings = intake.done()
    return LoadedSide("opening hours", frames.check(frame, frames.HOURS), problems, warnings, table.rows)


def _minutes(intake: Intake, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A column of times of day -> minutes since midnight int64[n], -1 where there is none (and the row is rejected)."""
    cells = intake.text(name)
    read = {text: _minute(text) for text in cells.unique()}
    minutes = np.array([read[text] for text in cells], dtype=np.int64)
    intake.reject(
        name,
        (minutes < 0) & (cells != "").to_numpy(dtype=bool),
        "is not a time of day such as 08:30 or 24:00",
    )
    return minutes


def _minute(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        return -1
    minutes = int(match[1]) * 60 + int(match[2] or 0)
    return minutes if minutes <= 1440 and int(match[2] or 0) < 60 else -1


def _valid_from(intake: Intake, tz: str, date_order: str | None) -> pd.Series:
    order = intake.order(("valid_from",), date_order)
    moments = intake.moments("valid_from", order, tz)
    blank = moments == np.int64(pd.NaT.value)
    days = wall_of(np.where(blank, 0, moments), np.ones(len(moments), dtype=bool), tz) // DAY
    return times(days * DAY).where(~blank).set_axis(intake.table.frame.index)
