"""Wide tables made long: a column per time of day, per date or per queue becomes a row for each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.contacts.clocks import Clock, Objects, date_texts, join
from forecast.contacts.tables import Origin
from forecast.contacts.times_of_day import clock_text, second_of_day

BLANKS: Final = ("", "-", "–", "—")
BY_TIME: Final = "wide: a column per time of day"
BY_DATE: Final = "wide: a column per date"
BY_QUEUE: Final = "wide: a column per queue"
BY_GROUP: Final = "wide: a group of columns per queue"


@dataclass(frozen=True)
class Long:
    """frame: text with a row per cell, the index names the row of the file. names: our name -> column. empty: cells left out."""

    frame: pd.DataFrame
    names: dict[str, str]
    origins: dict[str, Origin]
    shape: str
    empty: int


@dataclass(frozen=True)
class _Cells:
    """The filled cells of the value columns: int64[m] row and column of each, object[m] what stands there, how many were empty."""

    row: Ns
    column: Ns
    text: Objects
    empty: int


def _melt(frame: pd.DataFrame, values: Sequence[str]) -> _Cells:
    block = frame[list(values)].to_numpy(dtype=object)
    filled = ~np.isin(block.astype(object), BLANKS)
    row, column = np.nonzero(filled)
    return _Cells(row, column, block[row, column], int(block.size - len(row)))


def _offered(
    frame: pd.DataFrame, ids: Sequence[str], cells: _Cells, values: Sequence[str]
) -> tuple[pd.DataFrame, Origin]:
    """The columns `ids` repeated for each cell, and the cells as column `offered`."""
    long = frame[list(ids)].iloc[cells.row].assign(**{OFFERED: cells.text})
    return long, Origin(np.array(values, dtype=object)[cells.column], cells.text)


OFFERED: Final = "offered in the cell"
MOMENT: Final = "row and header"
QUEUE: Final = "queue in the header"


def by_time(frame: pd.DataFrame, date: str, values: Sequence[str], ids: Mapping[str, str]) -> Long:
    """A row per date, a column per time of day. ids: our name -> other columns to keep (queue, channel, topic)."""
    cells = _melt(frame, values)
    seconds = [second_of_day(value, bare=True) or 0 for value in values]
    times = np.array([clock_text(second) for second in seconds], dtype=object)[cells.column]
    dates = frame[date].to_numpy(dtype=object)[cells.row]
    moments, _ = join(dates, times, (date, date))
    long, origin = _offered(frame, list(ids.values()), cells, values)
    origins = {OFFERED: origin, MOMENT: Origin(np.full(len(dates), date, dtype=object), dates)}
    return Long(
        long.assign(**{MOMENT: moments}),
        {**ids, "interval_start": MOMENT, "offered": OFFERED},
        origins,
        BY_TIME,
        cells.empty,
    )


def by_date(frame: pd.DataFrame, time: str | None, values: Sequence[str], ids: Mapping[str, str]) -> Long:
    """A row per time of day (or, for totals of days, per queue), a column per date."""
    cells = _melt(frame, values)
    headers = np.array(values, dtype=object)[cells.column]
    dates = np.array(date_texts(list(values)), dtype=object)[cells.column]
    long, origin = _offered(frame, list(ids.values()), cells, values)
    if time is None:
        moments, where = dates, Origin(headers, headers)
    else:
        times = frame[time].to_numpy(dtype=object)[cells.row]
        moments, _ = join(dates, times, (time, time))
        where = Origin(np.full(len(times), time, dtype=object), times)
    names = {**ids, "interval_start": MOMENT, "offered": OFFERED}
    return Long(
        long.assign(**{MOMENT: moments}), names, {OFFERED: origin, MOMENT: where}, BY_DATE, cells.empty
    )


def by_queue(frame: pd.DataFrame, clock: Clock, values: Sequence[str], ids: Mapping[str, str]) -> Long:
    """A row per interval, a column per queue."""
    cells = _melt(frame, values)
    queues = np.array(values, dtype=object)[cells.column]
    long, origin = _offered(frame, [*clock.columns, *ids.values()], cells, values)
    names = {**ids, "queue": QUEUE, "offered": OFFERED}
    return Long(
        long.assign(**{QUEUE: queues}),
        names,
        {OFFERED: origin, QUEUE: Origin(queues, queues)},
        BY_QUEUE,
        cells.empty,
    )


def by_group(
    frame: pd.DataFrame, clock: Clock, groups: Mapping[str, Mapping[str, str]], ids: Mapping[str, str]
) -> Long:
    """A row per interval, and for each queue a group of columns (offered, handled, ...). groups: queue -> {our name: column}.

    An interval of a queue in which all cells are empty is left out.
    """
    measures = list(dict.fromkeys(ours for columns in groups.values() for ours in columns))
    parts, order, empty = [], [], 0
    for number, (queue, columns) in enumerate(groups.items()):
        mine = frame[[*clock.columns, *ids.values()]].assign(**{QUEUE: queue})
        for ours in measures:
            mine[f"{ours} of the group"] = frame[columns[ours]] if ours in columns else ""
        filled = ~np.isin(frame[list(columns.values())].to_numpy(dtype=object), BLANKS).all(axis=1)
        empty += int((~filled).sum())
        parts.append(mine[filled])
        order.append(np.flatnonzero(filled) * len(groups) + number)
    long = pd.concat(parts)
    place = np.argsort(np.concatenate(order), kind="stable")
    long = long.iloc[place]
    queues = long[QUEUE].to_numpy(dtype=object)
    origins = {QUEUE: Origin(queues, queues)}
    for ours in measures:
        header = {queue: columns.get(ours, ours) for queue, columns in groups.items()}
        cells = long[f"{ours} of the group"].to_numpy(dtype=object)
        origins[f"{ours} of the group"] = Origin(
            np.array([header[queue] for queue in queues], dtype=object), cells
        )
    names = {**ids, "queue": QUEUE, **{ours: f"{ours} of the group" for ours in measures}}
    return Long(long, names, origins, BY_GROUP, empty)
