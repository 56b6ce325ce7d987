"""A table of volumes of any shape -> a row per queue and interval, with the file's row and column of every cell kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from forecast.contacts.cells import counts_not_shares, filled_down, in_seconds, phone_and_mail
from forecast.contacts.clocks import find_clock, join, without_interval_ends
from forecast.contacts.draft import Draft, drop
from forecast.contacts.layouts import CONNECT, GENESYS, LAYOUTS, TIDY, Layout
from forecast.contacts.lengthening import CALENDAR, is_slot, lengthen
from forecast.contacts.named import missing_column, queue_in_title, stated_columns
from forecast.contacts.numbers import parse_numbers
from forecast.contacts.reading import Reading
from forecast.contacts.spellings import COUNTS, ONLY_TOTAL, folded
from forecast.contacts.tables import Arranged, Origin, Table
from forecast.contacts.tabulate import rows_text
from forecast.contacts.totals import (
    is_total_name,
    said_rows,
    says_total,
    silent_rows,
    total_queues,
)
from forecast.contacts.wide import (
    BY_DATE,
    BY_GROUP,
    BY_QUEUE,
    BY_TIME,
)
from forecast.errors import InputError

WIDE: Final[Mapping[str, Layout]] = {
    shape: replace(TIDY, name=shape) for shape in (BY_TIME, BY_DATE, BY_QUEUE, BY_GROUP)
}


def arrange(table: Table, reading: Reading) -> tuple[Layout, dict[str, str], Table]:
    """A table of volumes of any shape -> (layout, {our name: column}, the table with a row per queue and interval).

    Raises InputError where a column is missing or named that is not there; its `field` is the one missing.
    """
    if reading.layout != "auto" and reading.layout not in LAYOUTS:
        raise InputError(
            f"The layout {reading.layout!r} is unknown.",
            remedy=f"Use auto, {', '.join(LAYOUTS)}.",
            field="layout",
        )
    columns = [str(column) for column in table.frame.columns]
    given = stated_columns(table, reading)
    for layout in (GENESYS, CONNECT):
        names = {**layout.match(columns), **given}
        if reading.layout == layout.name or (
            reading.layout == "auto" and not layout.missing(layout.match(columns))
        ):
            if layout.missing(names):
                layout.require(columns, table.name)
            return (
                layout,
                names,
                replace(table, arranged=Arranged(layout.name, names, _unused(columns, names.values()))),
            )
    draft = _begin(table, reading, given)
    _drop_totals(draft)
    lengthen(draft, wide=reading.layout == "auto")
    _place_in_time(draft)
    _settle_queue(draft, reading)
    _drop_total_queues(draft)
    _name_whole(draft)
    _tidy_cells(draft)
    missing = TIDY.missing(draft.names)
    if missing:
        raise missing_column(table, draft.names, missing[0])
    return WIDE.get(draft.shape, TIDY), draft.names, _finished(draft, columns)


def _begin(table: Table, reading: Reading, given: Mapping[str, str]) -> Draft:
    """Which column is what, as far as the header and the cells of the clock tell."""
    columns = [str(column) for column in table.frame.columns]
    ours = {name: column for name, column in given.items() if name not in ("date", "time")}
    fixed = {name: column for name, column in ours.items() if name != "interval_start"}
    clock = find_clock(table.frame, given, taken=fixed.values())
    free = [column for column in columns if column not in clock.columns and column not in ours.values()]
    matched = TIDY.match([column for column in free if not is_slot(column, columns)])
    names = {
        **{name: column for name, column in matched.items() if name not in ours and name != "interval_start"},
        **fixed,
    }
    if table.groups:  # `Verkoop: Aanbod` is a measure of a group, whatever else it may spell
        names = {
            name: column
            for name, column in names.items()
            if not table.groups[columns.index(column)] or name in fixed
        }
    if clock.date is not None and clock.time is None:
        cut = without_interval_ends(table.frame[clock.date])
        if cut is not None:
            frame = table.frame.assign(**{clock.date: cut})
            cells = table.frame[clock.date].to_numpy(dtype=object)
            origin = Origin(np.full(len(cells), clock.date, dtype=object), cells)
            return Draft(table, frame, names, clock, origins={clock.date: origin}, totals=list(table.totals))
    return Draft(table, table.frame, names, clock, totals=list(table.totals))


def _drop_totals(draft: Draft) -> None:
    """Leave sums out of the rows: first those that say so, before their words pass for dates and queues, then the silent ones."""
    frame = draft.frame
    texts = [draft.names[name] for name in ("queue", "channel", "topic") if name in draft.names]
    texts = list(dict.fromkeys([*texts, str(frame.columns[0])]))
    drop(draft, said_rows(frame, draft.clock, texts))
    _fill_down(draft)
    columns = [str(column) for column in frame.columns if column not in (*texts, *draft.clock.columns)]
    numbers = [draft.names["offered"]] if "offered" in draft.names else [
        one for one in columns if not is_total_name(one) and folded(one) not in CALENDAR.split()
    ]  # fmt: skip
    silent = silent_rows(draft.frame, draft.clock, numbers, draft.table.decimal)
    draft.whole |= bool(silent.any())
    drop(draft, silent)
    if len(draft.frame) == 0:
        raise InputError(
            f"{draft.table.name} has sums only: no row tells a time.",
            remedy="Export the rows per interval.",
            field="file",
        )


def _fill_down(draft: Draft) -> None:
    """Cells that were merged stand in the first row of their block only."""
    columns = [
        draft.clock.date if draft.clock.time or "queue" in draft.names else None,
        draft.names.get("queue"),
        draft.names.get("channel"),
    ]
    for column in columns:
        filled = None if column is None else filled_down(draft.frame[column])
        if column is not None and filled is not None:
            draft.frame, draft.whole = draft.frame.assign(**{column: filled}), True
            draft.warnings.append(
                f"Empty cells of {column!r} were filled from the row above them, as merged cells are."
            )


def _place_in_time(draft: Draft) -> None:
    """One column with the moment: the one there is, or date and time of day joined."""
    clock = draft.clock
    if "interval_start" in draft.names or clock.date is None:
        return
    if clock.time is None:
        draft.names["interval_start"] = clock.date
        return
    dates, times = (draft.frame[column].to_numpy(dtype=object) for column in (clock.date, clock.time))
    cells, origin = join(dates, times, (clock.date, clock.time))
    label = f"{clock.date} + {clock.time}"
    draft.frame = draft.frame.drop(columns=[clock.date, clock.time]).assign(**{label: cells})
    draft.names["interval_start"] = label
    draft.origins[label] = origin


def _settle_queue(draft: Draft, reading: Reading) -> None:
    """Queue and channel of all rows, where no column tells them."""
    stated = {"queue": reading.queue or queue_in_title(draft.table), "channel": reading.channel}
    for name, value in stated.items():
        if value and name not in draft.names:
            label = f"{name} of the file"
            draft.frame = draft.frame.assign(**{label: np.full(len(draft.frame), value, dtype=object)})
            draft.names[name] = label
            if name == "queue" and not reading.queue:
                draft.warnings.append(f"All rows are of the queue {value!r}, as the title says.")


def _drop_total_queues(draft: Draft) -> None:
    """Leave out the rows of a queue that is the sum of the others."""
    if any(name not in draft.names for name in ("queue", "interval_start", "offered")):
        return
    queues = draft.frame[draft.names["queue"]].to_numpy(dtype=object)
    moments = draft.frame[draft.names["interval_start"]].to_numpy(dtype=object)
    suspects = says_total(draft.frame[draft.names["queue"]])
    if not suspects.any():
        return
    draft.whole = True
    values, _ = parse_numbers(draft.frame[draft.names["offered"]], draft.table.decimal)
    found = total_queues(queues, moments, values)
    if not found:
        return
    draft.warnings.append(
        f"{', '.join(map(repr, found))} is the sum of the other queues at each time: left out."
    )
    drop(draft, np.isin(queues, found))


def _name_whole(draft: Draft) -> None:
    """A topic `Totaal` or `Alle` that is the sum of the others is the topic `all`: the queue would count twice otherwise."""
    if any(name not in draft.names for name in ("queue", "topic", "interval_start", "offered")):
        return
    column = draft.names["topic"]
    topics = draft.frame[column].to_numpy(dtype=object)
    if not any(text != "all" and ONLY_TOTAL.fullmatch(str(text)) for text in pd.unique(draft.frame[column])):
        return
    draft.whole = True
    places = draft.frame[draft.names["queue"]] + "\n" + draft.frame[draft.names["interval_start"]]
    values, _ = parse_numbers(draft.frame[draft.names["offered"]], draft.table.decimal)
    found = total_queues(topics, places.to_numpy(dtype=object), values, ONLY_TOTAL)
    if found:
        draft.warnings.append(f"{', '.join(map(repr, found))} is the sum of the other topics: read as all.")
        named = np.where(np.isin(topics, found), "all", topics)
        draft.frame = draft.frame.assign(**{column: pd.Series(named, index=draft.frame.index, dtype=object)})


def _tidy_cells(draft: Draft) -> None:
    """Handling times in seconds, channels by our names, shares put aside."""
    for name in ("aht_seconds", "handle_seconds"):
        if name in draft.names:
            in_seconds(draft, draft.names[name])
    if "channel" in draft.names:
        draft.frame = draft.frame.assign(
            **{draft.names["channel"]: phone_and_mail(draft.frame[draft.names["channel"]])}
        )
    for name in [name for name in draft.names if name in COUNTS and name != "offered"]:
        if not counts_not_shares(draft.frame[draft.names[name]]):
            draft.warnings.append(f"{draft.names[name]!r} holds shares, not counts: not used.")
            draft.frame = draft.frame.drop(columns=draft.names.pop(name))


def _unused(columns: Sequence[str], used: object) -> tuple[str, ...]:
    taken = set(used)  # type: ignore[call-overload]
    return tuple(column for column in columns if column not in taken)


def _finished(draft: Draft, columns: Sequence[str]) -> Table:
    totals = sorted(set(draft.totals))
    warnings = [*draft.table.warnings]
    if totals:
        warnings.append(f"{rows_text(totals)} left out as sums of other rows.")
    shown = {name: _shown_column(draft, column) for name, column in draft.names.items()}
    used = {part for column in shown.values() for part in column.split(" + ")}
    unused = tuple(draft.unused) if draft.read is not None else _unused(columns, used)
    return replace(
        draft.table,
        frame=draft.frame,
        warnings=(*warnings, *draft.warnings),
        origins=draft.origins,
        totals=tuple(totals),
        arranged=Arranged(draft.shape, shown, unused, tuple(totals), draft.whole),
        read=draft.read,
    )


def _shown_column(draft: Draft, column: str) -> str:
    """A column as the planner knows it: a made one by the columns of the file it came from."""
    origin = draft.origins.get(column)
    if origin is None or column in draft.table.frame.columns or " + " in column:
        return column
    names = [str(name) for name in pd.unique(origin.columns[:5000])]
    return names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}" if names else column
