"""Files of contact reasons apart from the totals: shares or counts per queue and day, long or with a column per reason.

What says that nobody knows the reason (`overig`, `onbekend`, `other`, an empty cell) becomes one topic, UNKNOWN: it stays
what it is. Shares are of the contacts handled that day. A day whose shares do not reach 1 has the rest unknown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecast import frames
from forecast.arrays import Floats
from forecast.buckets import DAY, day_start, zone
from forecast.contacts.grids import clock_of
from forecast.contacts.headers import plain_name
from forecast.contacts.intake import Intake, times
from forecast.contacts.loaded import LoadedSide
from forecast.contacts.numbers import decimal_of, parse_numbers
from forecast.contacts.tables import Source, Table, read_table
from forecast.errors import InputError

UNKNOWN = "unknown"
OVER = 0.02  # shares of a day may add up to so much above 1: they were rounded
NAMES = {
    "date": (
        "date", "datum", "dag", "day", "tag", "jour", "intervalstart", "timestamp", "datetime", "datumtijd",
        "datumentijd", "tijdstip", "ds",
    ),
    "queue": ("queue", "queuename", "wachtrij", "wachtrijnaam", "skill", "warteschlange", "fileattente", "filedattente"),
    "topic": (
        "topic", "reason", "contactreason", "callreason", "reden", "contactreden", "belreden", "gespreksreden",
        "onderwerp", "kontaktgrund", "anrufgrund", "grund", "motif", "motifdecontact", "raison",
    ),
    "share": ("share", "aandeel", "percentage", "percent", "procent", "anteil", "part", "pct", "proportion"),
    "count": (
        "count", "aantal", "aantallen", "contacts", "contacten", "calls", "gesprekken", "handled", "afgehandeld",
        "anzahl", "nombre", "number",
    ),
    "known_at": ("knownat",),
}  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    """A long table: names of its columns, and whether its values are shares, percents or counts."""

    table: Table
    names: dict[str, str]
    wide: bool


def read_reasons(
    source: Source,
    *,
    tz: str,
    date_order: str | None = None,
    queue: str | None = None,
    unknown: Collection[str] = (),
) -> LoadedSide:
    """A file -> LoadedSide with reasons[queue, ds, topic, share?, count?, known_at?]; ds: start of the local day.

    queue: of all rows, where no column tells it; unknown: what stands for no reason, compared without case and marks.
    Rows of intervals are summed to their day. InputError where a column is missing.
    """
    zone(tz)
    shape = _long(read_table(source), queue)
    intake = Intake(shape.table, shape.names)
    cells = intake.cells("topic")
    nobody = {plain_name(one) for one in unknown} | {plain_name(UNKNOWN), ""}
    topic = cells.where(~cells.map(plain_name).isin(nobody), UNKNOWN)
    queues = intake.text("queue")
    kind, values = _values(intake, shape, queues)
    order = intake.order(("date", "known_at"), date_order)
    walls = intake.walls("date", order)
    columns: dict[str, object] = {"queue": queues, "topic": topic, kind: values}
    columns["day"] = clock_of(walls, tz) // DAY
    columns["start"] = walls.ns
    if intake.has("known_at"):
        columns["known_at"] = times(intake.moments("known_at", order, tz)).set_axis(queues.index)
    intake.require_rows()
    frame = _by_day(pd.DataFrame(columns)[intake.keep], kind, intake)
    frame = frame if kind == "count" else _whole(frame, intake)
    frame.insert(1, "ds", times(day_start(frame.pop("day").to_numpy(dtype=np.int64), tz)))
    problems, warnings = intake.done()
    frame = frame.sort_values(["queue", "ds", "topic"], ignore_index=True)
    return LoadedSide(
        "contact reasons", frames.check(frame, frames.REASONS), problems, warnings, shape.table.rows
    )


def _long(table: Table, queue: str | None) -> _Shape:
    """The table with a row per queue, day and reason, and which column is what."""
    plain = {plain_name(column): column for column in reversed(table.frame.columns)}
    names = {
        ours: next(plain[one] for one in said if one in plain)
        for ours, said in NAMES.items()
        if any(one in plain for one in said)
    }
    frame, wide = table.frame, False
    if "date" not in names:
        raise _missing("date", table)
    if "queue" not in names and queue is None:
        raise _missing("queue", table)
    if "queue" not in names and queue is not None:
        frame, names = frame.assign(**{"queue of the rows": queue}), {**names, "queue": "queue of the rows"}
    if "topic" not in names:
        keys = [names[name] for name in ("date", "queue", "known_at") if name in names]
        rest = [column for column in frame.columns if column not in keys]
        if not rest:
            raise _missing("topic", table)
        rows = frame.reset_index(names="row of the file")
        frame = rows.melt(["row of the file", *keys], rest, "reason", "value of the reason")
        frame = frame[frame["value of the reason"] != ""].set_index("row of the file")
        frame = frame.sort_index(kind="stable")
        names = {name: column for name, column in names.items() if name in ("date", "queue", "known_at")}
        names, wide = {**names, "topic": "reason", "value": "value of the reason"}, True
    elif "share" not in names and "count" not in names:
        raise _missing("share", table)
    return _Shape(replace(table, frame=frame), names, wide)


def _missing(name: str, table: Table) -> InputError:
    return InputError(
        f"{table.name} has no column {name!r}; it has {', '.join(map(str, table.frame.columns[:12]))}.",
        remedy="A file of reasons has date, queue, topic and share or count; or date, queue and a column per reason.",
        field=name,
    )


def _values(intake: Intake, shape: _Shape, queues: pd.Series) -> tuple[str, Floats]:
    """`share` or `count`, and the values [n] of it; percents become shares, bad cells are rejected."""
    name = "value" if shape.wide else ("count" if "count" in shape.names else "share")
    cells = intake.cells(name).astype(str)
    signed, decimal = cells.str.endswith("%"), shape.table.decimal
    plain = cells.str.removesuffix("%").str.strip()
    if signed.any() and shape.table.delimiter:  # with their marks the cells were no numbers yet
        decimal = decimal_of(dict.fromkeys(plain), shape.table.delimiter)[0]
    values, bad = parse_numbers(plain, decimal)
    intake.reject(name, bad, "is not a number")
    intake.reject(name, (cells == "").to_numpy(dtype=bool), "is empty")
    intake.reject(name, np.nan_to_num(values) < 0, "is negative")
    percent = bool(signed.any())
    if name != "count" and not percent:
        held = pd.DataFrame({"queue": queues, "date": intake.cells("date"), "value": values})[intake.keep]
        small = bool((held["value"] <= 1 + OVER).all())
        hundred = bool(held.groupby(["queue", "date"])["value"].sum().between(98, 102).all())
        if name == "value" and not hundred and not (small and (held["value"] % 1 != 0).any()):
            name = "count"
        percent = not small and name != "count"
        if name == "value" and percent:
            intake.warnings.append("The values of each day add up to about 100: they were read as percents.")
    kind = "count" if name == "count" and not signed.any() else "share"
    return kind, values / 100 if kind == "share" and percent else values


def _by_day(frame: pd.DataFrame, kind: str, intake: Intake) -> pd.DataFrame:
    """Rows -> one per queue, day and reason: of the same moment the last counts, those of intervals are added up."""
    known = ["known_at"] if "known_at" in frame.columns else []
    key = ["queue", "start", "topic", *known]
    named = frame["topic"] != UNKNOWN
    twice = frame.duplicated(key, keep="last") & named
    if twice.any():
        intake.warnings.append(
            f"{int(twice.sum())} row(s) stand in the file more than once: the last one counts."
        )
    frame = frame[~twice]
    parts = frame.groupby(["queue", "day"])["start"].nunique()
    summed = frame.groupby(["queue", "day", "topic", *known], as_index=False, dropna=False)[[kind]].sum()
    if kind == "share" and (parts > 1).any():
        intake.warnings.append("Shares of intervals were averaged over their day, each interval alike.")
        count = parts.reindex(pd.MultiIndex.from_frame(summed[["queue", "day"]])).to_numpy(dtype=np.float64)
        summed[kind] = summed[kind] / count
    return summed


def _whole(frame: pd.DataFrame, intake: Intake) -> pd.DataFrame:
    """Shares by day that add up to 1, the rest being unknown; days beyond that are left out."""
    key = ["queue", "day", *(["known_at"] if "known_at" in frame.columns else [])]
    total = frame.groupby(key, dropna=False)["share"].transform("sum")
    over = total > 1 + OVER
    if over.any():
        days = frame.loc[over, ["queue", "day"]].drop_duplicates()
        first = days.iloc[0]
        date = np.datetime64(int(first["day"]), "D")
        intake.warnings.append(
            f"On {len(days)} day(s) the shares add up to more than 1 (such as {total[over].iloc[0]:.2f} for "
            f"{first['queue']} on {date}): all of these days' reasons are unknown."
        )
        frame = frame.assign(share=frame["share"].where(~over, 0.0))
        total = total.where(~over, 0.0)
    frame = frame.assign(share=frame["share"] / np.maximum(total, 1.0))
    named = frame[frame["topic"] != UNKNOWN].groupby(key, dropna=False)["share"].sum()
    each = frame.filter(items=key).drop_duplicates()
    rest = 1 - named.reindex(pd.MultiIndex.from_frame(each)).fillna(0.0)
    short = int(
        ((total < 1 - OVER) & (total > 0)).groupby([frame[one] for one in key], dropna=False).any().sum()
    )
    if short:
        intake.warnings.append(f"On {short} day(s) the shares do not add up to 1: the rest is unknown.")
    unknown = each.assign(topic=UNKNOWN, share=np.maximum(rest.to_numpy(dtype=np.float64), 0.0))
    found = pd.concat([frame[frame["topic"] != UNKNOWN], unknown], ignore_index=True)
    return found.filter(items=["queue", "day", "topic", "share", *key[2:]])
