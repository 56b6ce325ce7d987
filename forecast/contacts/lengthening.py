"""Which wide shape a table has, by its header and cells, and the long table that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from forecast.contacts.cells import is_numeric
from forecast.contacts.clocks import Clock
from forecast.contacts.draft import Draft, drop
from forecast.contacts.header_row import dates_in, times_in
from forecast.contacts.layouts import TIDY
from forecast.contacts.named import missing_column
from forecast.contacts.spellings import COUNTS, folded, is_share
from forecast.contacts.totals import is_total_name, sum_columns, sum_rows
from forecast.contacts.wide import Long, by_date, by_group, by_queue, by_time
from forecast.errors import InputError

CALENDAR: Final = """week weeknr weeknummer weeknumber kw jaar year jahr annee maand month monat mois kwartaal quarter quartal dag day weekday
    weekdag dagnr dagvandeweek wochentag jour nr nummer rij id index row regel"""
_MEASURES = (*COUNTS, "aht_seconds", "handle_seconds")


def is_slot(column: str, columns: Sequence[str]) -> bool:
    """This header is one of the times of day or dates of a wide table."""
    places = times_in(columns) or dates_in(columns)
    return column in {columns[place] for place in places}


def lengthen(draft: Draft, *, wide: bool) -> None:
    """Make a wide table long; anything else stays as it is."""
    if not wide:
        return
    long = _grouped(draft) or _slotted(draft) or _queued(draft)
    if long is None:
        return
    rows = len(draft.frame)
    kept = {*draft.clock.columns, *draft.names.values(), *long.origins}
    values = {str(name) for origin in long.origins.values() for name in pd.unique(origin.columns)}
    others = [str(column) for column in draft.frame.columns if column not in kept and column not in values]
    sums = [column for column in others if is_total_name(column)]
    draft.unused = [
        column
        for column in others
        if column not in sums and not is_slot(column, [str(one) for one in draft.frame.columns])
    ]
    if sums:
        draft.warnings.append(f"Column(s) left out as sums: {', '.join(sums)}.")
    if draft.unused:
        draft.warnings.append(f"Column(s) not used: {', '.join(draft.unused)}.")
    if long.empty:
        draft.warnings.append(f"{long.empty:,} empty cells were left out, as rows that are not there.")
    if len(long.frame) == 0:
        raise missing_column(draft.table, draft.names, "offered")
    draft.frame, draft.names, draft.shape, draft.read = long.frame, long.names, long.shape, rows
    draft.origins = {**{k: v for k, v in draft.origins.items() if k in long.origins}, **long.origins}
    if "interval_start" in long.names:
        draft.clock = Clock(None, None)


def _ids(draft: Draft) -> dict[str, str]:
    return {name: draft.names[name] for name in ("queue", "channel", "topic") if name in draft.names}


def _grouped(draft: Draft) -> Long | None:
    """A row of queues above a row of measures."""
    groups: dict[str, dict[str, str]] = {}
    columns = [str(column) for column in draft.table.frame.columns]
    for group, column in zip(draft.table.groups, columns, strict=False):
        if not group or column in draft.clock.columns or column not in draft.frame.columns:
            continue
        measure = column.removeprefix(f"{group}: ")
        found = next(iter(name for name in TIDY.match([measure]) if name in _MEASURES), None)
        if found is not None and not is_total_name(group):
            groups.setdefault(group, {}).setdefault(found, column)
    if not groups or not draft.clock.columns or any("offered" not in columns for columns in groups.values()):
        return None
    draft.warnings.append(f"A group of columns per queue: {', '.join(list(groups)[:8])}.")
    return by_group(draft.frame, draft.clock, groups, {k: v for k, v in _ids(draft).items() if k != "queue"})


def _slotted(draft: Draft) -> Long | None:
    """A column per time of day, or per date."""
    columns = [str(column) for column in draft.frame.columns]
    clock, ids = draft.clock, _ids(draft)
    times = [columns[place] for place in times_in(columns)]
    dates = [columns[place] for place in dates_in(columns)]
    if times and clock.date is not None:
        _require_distinct(draft, [clock.date, *ids.values()], times)
        draft.warnings.append(
            f"A column per time of day ({len(times)}): its cells were taken as contacts offered."
        )
        return by_time(draft.frame, clock.date, times, ids)
    if dates and not times:
        free = [
            column
            for column in columns
            if column not in dates and column != clock.time and column not in ids.values()
        ]
        if clock.time is None and "queue" not in ids:
            named = next(
                (
                    column
                    for column in free
                    if not is_total_name(column) and not is_numeric(draft.frame[column])
                ),
                None,
            )
            if named is None or not named.startswith("column "):
                raise missing_column(draft.table, draft.names, "queue", likely=named)
            ids, draft.names = {"queue": named, **ids}, {**draft.names, "queue": named}
        _require_distinct(draft, [*([clock.time] if clock.time else []), *ids.values()], dates)
        if clock.time is None:
            drop(draft, sum_rows(draft.frame, ids["queue"], dates, draft.table.decimal))
        draft.warnings.append(f"A column per date ({len(dates)}): its cells were taken as contacts offered.")
        return by_date(draft.frame, clock.time, dates, ids)
    return None


def _queued(draft: Draft) -> Long | None:
    """A column per queue: no queue and no count is named, and at least two columns of numbers remain."""
    if not draft.clock.columns or any(name in draft.names for name in ("queue", *_MEASURES)):
        return None
    taken = {*draft.clock.columns, *draft.names.values()}
    free = [str(column) for column in draft.frame.columns if column not in taken]
    values = [
        column for column in free
        if folded(column) not in CALENDAR.split() and not is_share(column) and is_numeric(draft.frame[column])
    ]  # fmt: skip
    sums = sum_columns(draft.frame, values, draft.table.decimal)
    values = [column for column in values if column not in sums]
    if len(values) < 2:
        return None
    draft.warnings.append(
        f"A column per queue: {', '.join(values[:8])}{' and more' if len(values) > 8 else ''}."
    )
    return by_queue(draft.frame, draft.clock, values, _ids(draft))


def _require_distinct(draft: Draft, key: list[str], values: Sequence[str]) -> None:
    """InputError where rows of one key differ in a column that we do not know: they may hold other quantities."""
    if not key or not draft.frame.duplicated(key).any():
        return
    known = {*key, *values, *draft.names.values()}
    for column in (str(column) for column in draft.frame.columns if column not in known):
        twice = draft.frame.duplicated(key, keep=False)
        if (
            not is_total_name(column)
            and not is_numeric(draft.frame[column])
            and draft.frame.loc[twice, column].nunique() > 1
        ):
            shown = ", ".join(map(repr, draft.frame.loc[twice, column].unique()[:3]))
            raise InputError(
                f"{draft.table.name} has several rows of the same {' and '.join(key)}, which differ in {column!r} ({shown}).",
                remedy="Keep one quantity per file, or say that the column is the queue, the channel or the topic.",
                field=column,
            )
