"""Opening hours files: queue, weekday, opens, closes -> hours; rows with a date instead of a weekday -> exceptions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from forecast import frames
from forecast.arrays import Flags, Ns
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
    {"valid_from": ("validfrom",), "date": ("date", "datum"), "name": ("name", "reason", "naam")},
)
DATED = Layout(  # a file of exceptions alone
    "opening-hours",
    {"queue": LAYOUT.required["queue"], "date": LAYOUT.optional["date"], "opens": LAYOUT.required["opens"]},
    {"weekday": LAYOUT.required["weekday"], "closes": LAYOUT.required["closes"], **LAYOUT.optional},
)
CLOSED: Final = frozenset({"closed", "gesloten", "dicht", "geschlossen", "fermé", "ferme"})
NO_EXCEPTIONS: Final = {
    "queue": "object", "date": "datetime64[ns, UTC]", "opens": "object", "closes": "object", "name": "object",
}  # fmt: skip
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


@dataclass(frozen=True)
class LoadedHours(LoadedSide):
    """Weekly hours in `frame`; exceptions[queue, date, opens, closes, name]: other hours of one day, `opens` '' = closed."""

    exceptions: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(NO_EXCEPTIONS)).astype(NO_EXCEPTIONS)
    )

    def summary(self) -> str:
        """What was read, in a sentence."""
        count = len(self.exceptions)
        return f"{count:,} exception(s) and {super().summary()}" if count else super().summary()


def read_hours(source: Source, *, tz: str, date_order: str | None = None) -> LoadedHours:
    """A file -> LoadedHours with hours[queue, weekday 0 (Monday) .. 6, opens "08:00", closes "24:00", valid_from?].

    Several rows a day are several openings. valid_from: the local day as midnight UTC of that date, NaT for always. A row
    with a `date` says what holds on that day alone: other hours, or `closed`; its queue may be empty for all queues. A
    weekday that is `closed` has no row.
    """
    zone(tz)
    table = read_table(source)
    names = LAYOUT.match(table.frame.columns)
    layout = DATED if LAYOUT.missing(names) and not DATED.missing(names) else LAYOUT
    intake = Intake(table, layout.require(table.frame.columns, table.name))
    order = intake.order(("valid_from", "date"), date_order)
    date = _dates(intake, "date", order, tz)
    dated = date.notna().to_numpy(dtype=bool)
    if intake.has("date"):
        dated |= (intake.cells("date") != "").to_numpy(dtype=bool)
    intake.reject("queue", (intake.cells("queue") == "").to_numpy(dtype=bool) & ~dated, "is empty")
    columns: dict[str, object] = {"queue": intake.cells("queue"), "weekday": _weekdays(intake, dated)}
    shut = intake.cells("opens").str.casefold().str.strip().isin(CLOSED).to_numpy(dtype=bool)
    columns |= _spans(intake, shut)
    if intake.has("valid_from"):
        columns["valid_from"] = _dates(intake, "valid_from", order, tz)
    intake.require_rows()
    frame = pd.DataFrame({**columns, "date": date})
    if intake.has("name"):
        frame["name"] = intake.cells("name")
    weekly = frame[intake.keep & ~dated & ~shut].drop(columns=["date", "name"], errors="ignore")
    weekly = weekly.astype({"weekday": np.int64})
    key = [name for name in ("queue", "valid_from", "weekday", "opens") if name in weekly.columns]
    weekly = last_of(weekly, key, intake)
    exceptions = _exceptions(frame[intake.keep & dated], intake)
    problems, warnings = intake.done()
    hours = frames.check(weekly, frames.HOURS)
    return LoadedHours("opening hours", hours, problems, warnings, table.rows, exceptions=exceptions)


def _exceptions(rows: pd.DataFrame, intake: Intake) -> pd.DataFrame:
    """Rows with a date -> exceptions; of a day that is closed and has hours, the hours are left out with a warning."""
    named = rows["name"] if "name" in rows.columns else pd.Series("", index=rows.index, dtype=object)
    made = rows[["queue", "date", "opens", "closes"]].assign(name=named)
    if made.empty:
        return LoadedHours("", made, (), (), 0).exceptions
    closed = made[made["opens"] == ""].set_index(["queue", "date"]).index
    both = pd.MultiIndex.from_frame(made[["queue", "date"]]).isin(closed) & (made["opens"] != "").to_numpy()
    if both.any():
        intake.warnings.append(
            f"{int(both.sum())} row(s) give hours of a day that another row closes: it is closed."
        )
    return frames.check(last_of(made[~both], ["queue", "date", "opens"], intake), frames.EXCEPTIONS)


def _weekdays(intake: Intake, dated: Flags) -> pd.Series:
    """Weekday by number or name -> 0 (Monday) .. 6 [n]; of rows with a date none is asked for."""
    if not intake.has("weekday"):
        return pd.Series(np.nan, index=intake.table.frame.index)
    cells = intake.cells("weekday")
    weekday = cells.str.casefold().str.rstrip(".").map(WEEKDAYS)
    blank = (cells == "").to_numpy(dtype=bool)
    intake.reject("weekday", blank & ~dated, "is empty")
    missing = weekday.isna().to_numpy(dtype=bool) & ~blank
    intake.reject("weekday", missing, "is not 0 (Monday) to 6 (Sunday) or the name of a weekday")
    intake.reject("weekday", ~missing & ~blank & dated, "goes with a date; give the one or the other")
    return weekday


def _spans(intake: Intake, shut: Flags) -> dict[str, object]:
    """opens and closes as "08:00" [n]; both '' where the row says closed."""
    opens = _minutes(intake, "opens", shut)
    closes = _minutes(intake, "closes", shut) if intake.has("closes") else np.full(len(opens), -1)
    backwards = intake.keep & (closes <= opens) & ~shut
    intake.reject(
        "closes" if intake.has("closes") else "opens",
        backwards,
        "is not after opens; write hours past midnight as two rows (to 24:00, from 00:00)",
    )
    clocks = {}
    for name, minutes in (("opens", opens), ("closes", closes)):
        text = ["" if minute < 0 else f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes.tolist()]
        clocks[name] = pd.Series(
            np.where(shut, "", np.array(text, dtype=object)), index=intake.table.frame.index
        )
    return {**clocks}


def _minutes(intake: Intake, name: str, shut: Flags) -> Ns:
    """A column of times of day -> minutes since midnight int64[n], -1 where there is none (and the row is rejected)."""
    cells = intake.cells(name)
    blank = (cells == "").to_numpy(dtype=bool)
    intake.reject(name, blank & ~shut, "is empty")
    read = {text: _minute(text) for text in cells.unique()}
    minutes = np.array([read[text] for text in cells], dtype=np.int64)
    intake.reject(name, (minutes < 0) & ~blank & ~shut, "is not a time of day such as 08:30 or 24:00")
    return minutes


def _minute(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        return -1
    minutes = int(match[1]) * 60 + int(match[2] or 0)
    return minutes if minutes <= 1440 and int(match[2] or 0) < 60 else -1


def _dates(intake: Intake, name: str, order: str, tz: str) -> pd.Series:
    """A column of dates -> local days as midnight UTC of those dates, NaT where a cell is empty or there is no column."""
    if not intake.has(name):
        return pd.Series(pd.NaT, index=intake.table.frame.index, dtype="datetime64[ns, UTC]")
    moments = intake.moments(name, order, tz)
    blank = moments == np.int64(pd.NaT.value)
    days = wall_of(np.where(blank, 0, moments), np.ones(len(moments), dtype=bool), tz) // DAY
    return times(days * DAY).where(~blank).set_axis(intake.table.frame.index)
