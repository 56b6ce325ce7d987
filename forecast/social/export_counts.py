"""Exports of counts: how many posts an hour or a day had, per topic or query, as listening suites draw them in a chart.

Two shapes are known, both from memory of the suites' chart exports (no page of a vendor shows one):

    Date, Storing, Rekening, Total              a column per topic; a total becomes the topic `all`
    Date, Time, Query, Volume                   a row per topic

A row becomes `interval_start,signal,topic,value`, as signal files have them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from forecast.contacts.clock import find_order, instants, read_walls
from forecast.contacts.headers import plain_name
from forecast.errors import EmptyFile, InputError, UnreadableFile
from forecast.social.export_fields import moment_of, reach_of
from forecast.social.export_tables import Cells, Table, find_sheet, find_table
from forecast.social.exports import find_preset

ALL: Final = "all"  # the topic of a total, as in `signals`
SIGNAL: Final = "mentions"  # not `posts`: those are counted here, and a suite sees other posts
_DATES = frozenset(
    {"date", "datum", "datetime", "datumtijd", "day", "days", "dag", "hour", "hours", "uur", "interval", "period", "periode", "timestamp"}
)  # fmt: skip
_TIMES = frozenset({"time", "tijd", "tijdstip", "hour", "uur"})
_VOLUMES = frozenset(
    {"volume", "mentions", "mentionvolume", "totalmentions", "numberofmentions", "aantal", "aantalberichten", "berichten",
     "count", "posts", "messages", "total", "totaal", "totalvolume"}
)  # fmt: skip
_TOPICS = frozenset({"query", "queryname", "topic", "topics", "onderwerp", "zoekopdracht", "search", "searchname", "category",
                     "categorie", "inputname", "keyword", "tag", "theme"})  # fmt: skip
_OTHERS = frozenset(
    {"id", "source", "text", "bericht", "message", "url", "author", "auteur", "queue", "queuename", "channel", "kanaal",
     "signal", "value", "intervalstart", "offered", "handled", "aht", "wachtrij", "createdat", "name", "country", "driver", "event"}
)  # fmt: skip


@dataclass(frozen=True)
class CountRow:
    """One number. interval_start: aware UTC. topic: `all` for every post."""

    interval_start: dt.datetime
    signal: str
    topic: str
    value: float


@dataclass(frozen=True)
class _Shape:
    """Where a header has what. values: place -> topic of its column; topic: the place that names it by row, or none."""

    date: int
    time: int | None
    topic: int | None
    values: tuple[tuple[int, str], ...]


def is_counts(header: Sequence[str]) -> bool:
    """Whether a header is that of counts over time: a date, then numbers, and nothing of posts, queues or signals."""
    return _shape(header) is not None


def read_counts(
    path: Path | str, *, tz: str, date_order: str | None = None, signal: str = SIGNAL
) -> list[tuple[int, CountRow | InputError]]:
    """A file of counts -> (row number below the header, CountRow or the InputError of the cell), columns in their order.

    tz: zone of times without an offset. An empty cell is left out: nobody counted. UnreadableFile where the file is of
    another kind, EmptyFile where it has no row, AmbiguousDates where day and month cannot be told apart.
    """
    path = Path(path)
    table = _table(path)
    shape = _shape(table.header)
    if shape is None:  # `_table` found the header by its shape
        raise UnreadableFile(
            f"{path.name} is no export of counts.", remedy="Give a date and numbers per column."
        )
    rows = list(enumerate(table.rows(), start=1))
    if not rows:
        raise EmptyFile(f"{path.name} holds no row below its header.", remedy="Export a period with posts.")
    good = [cells for _, cells in rows if not isinstance(cells, InputError)]
    texts = pd.Series(
        [moment_of(cells[shape.date], "" if shape.time is None else cells[shape.time]) for cells in good],
        dtype=object,
    )
    walls = read_walls(texts, find_order([texts], date_order))
    moments = iter(zip(texts, instants(walls, tz), walls.reasons, strict=True))
    found: list[tuple[int, CountRow | InputError]] = []
    for number, cells in rows:
        if isinstance(cells, InputError):
            found.append((number, cells))
            continue
        text, ns, reason = next(moments)
        if reason:
            error = InputError(f"The date {str(text)[:40]!r} {reason}.", field="interval_start")
            found.append((number, error))
            continue
        start = pd.Timestamp(int(ns), tz="UTC").to_pydatetime()
        found += [(number, one) for one in _row(cells, shape, start, signal)]
    return found


def as_signals(path: Path, *, tz: str, date_order: str | None = None) -> tuple[bytes, list[str]] | None:
    """A file of counts -> the same as a signal file (CSV), and what was left out; None where it is of another kind."""
    try:
        _table(path)
    except InputError:
        return None
    rows = read_counts(path, tz=tz, date_order=date_order)
    problems = [f"Row {number}: {row}" for number, row in rows if isinstance(row, InputError)]
    good = [row for _, row in rows if not isinstance(row, InputError)]
    frame = pd.DataFrame(
        {
            "interval_start": [row.interval_start.isoformat() for row in good],
            "signal": [row.signal for row in good],
            "topic": [row.topic for row in good],
            "value": [row.value for row in good],
        }
    ).assign(kind="count")
    return frame.to_csv(index=False).encode(), problems


def _row(cells: Cells, shape: _Shape, start: dt.datetime, signal: str) -> list[CountRow | InputError]:
    found = list[CountRow | InputError]()
    for place, column in shape.values:
        text = cells[place].strip()
        topic = column if shape.topic is None else cells[shape.topic].strip() or ALL
        value = reach_of(text)
        if value is not None:
            found.append(CountRow(start, signal, topic, float(value)))
        elif text not in ("", "-"):
            found.append(
                InputError(f"{text[:20]!r} is no number of posts.", remedy="Mend the cell.", field=column)
            )
    return found


def _table(path: Path) -> Table:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        table = find_sheet(path, is_counts) if zipped else find_table(path, is_counts)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} cannot be opened: {error.strerror}.", remedy="Check the path."
        ) from None
    if table is None:
        raise UnreadableFile(
            f"{path.name} is no export of counts.", remedy="Give a date and numbers per column."
        )
    return table


def _shape(header: Sequence[str]) -> _Shape | None:
    names = [plain_name(name) for name in header]
    while names and not names[-1]:
        names.pop()
    if (
        len(names) < 2
        or not all(names)
        or names[0] not in _DATES
        or set(names) & _OTHERS
        or find_preset(header)
    ):
        return None
    time = 1 if names[1] in _TIMES else None
    rest = range(1 if time is None else 2, len(names))
    topics = [place for place in rest if names[place] in _TOPICS]
    volumes = [place for place in rest if names[place] in _VOLUMES]
    if topics and volumes:
        return _Shape(0, time, topics[0], ((volumes[0], ALL),))
    values = tuple((place, ALL if place in volumes else header[place].strip()) for place in rest)
    if topics or not values or len({topic for _, topic in values}) < len(values):
        return None  # a topic without a number, or two columns of one name
    return _Shape(0, time, None, values)
