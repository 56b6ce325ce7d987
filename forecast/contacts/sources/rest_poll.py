"""Counted rows from any JSON address: an ACD's report, a ticket system, an in-house service.

    answer ─► items (a path to the list) ─► columns (our column ─► path) ─► volumes

How pages are asked for stands in `forecast/social/sources/json_list.py`: posts and contacts are asked for alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from forecast.contacts.sources.base import Page
from forecast.contacts.sources.counted_rows import Rows, Shape, check_columns, read_rows
from forecast.errors import InputError, SourceError
from forecast.social.sources.json_list import JsonList, at_path, check_path


class RestRows:
    """Counted rows out of `items`. columns: our column -> its path in an item; queue, interval_start and offered at least.

    queue: of all rows, where no path tells it.
    """

    def __init__(
        self, *, name: str, items: JsonList, columns: Mapping[str, str], shape: Shape, queue: str = ""
    ) -> None:
        self._name, self._items, self._shape, self._queue = name, items, shape, queue
        self._columns = {"queue": "", **columns} if queue else dict(columns)
        check_columns(name, {**columns, **({"queue": queue} if queue else {})}, "columns")
        for ours, path in columns.items():
            check_path(name, f"columns.{ours}", path)

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime) -> Iterator[Page]:
        """Pages in the order the system gives them. SourceError where it refuses, cannot be reached, or leads elsewhere."""

        def take(items: list[Any]) -> tuple[Rows, float]:
            rows = [self._row(item) for item in items]
            try:
                found = read_rows(rows, self._columns, self._shape, now=now)
            except InputError as error:
                said = f"{self._name}: its rows cannot be read. {error.message}"
                raise SourceError(said, remedy=error.remedy, field="columns") from None
            return found, found.newest

        for step in self._items.read(cursor, now=now, take=take):
            found = step.taken or Rows(None, 0.0, {}, ())
            yield Page(
                cursor=step.cursor,
                volumes=found.volumes,
                interval=self._shape.interval,
                left_out=found.left_out,
                problems=(*step.problems, *found.problems),
            )

    def _row(self, item: Any) -> dict[str, Any]:
        row = {ours: at_path(item, path) if path else self._queue for ours, path in self._columns.items()}
        start = row.get("interval_start")
        if isinstance(start, int | float) and not isinstance(start, bool) and start > 1e8:  # an epoch
            seconds = start / 1000 if start > 1e11 else start
            row["interval_start"] = dt.datetime.fromtimestamp(seconds, dt.UTC)
        return row
