"""Answers as CSV: the same rows and values as the JSON, flat."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from api.schemas import ForecastRow

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BEFORE = ("queue", "channel", "topic", "start", "start_utc", "mean")
COSTS = ("aht_seconds", "aht_low", "aht_high", "workload_hours")
AFTER = ("signal", "override")


def forecast_csv(
    pages: Iterable[Sequence[ForecastRow]], quantiles: Sequence[str], workload: Sequence[str] = ()
) -> Iterator[str]:
    """Pages of rows -> CSV text, a piece per page.

    queue,channel,topic,start,start_utc,mean,<quantiles>,aht_seconds,aht_low,aht_high,workload_hours,<workload_*>,signal,override
    """
    yield _lines([[*BEFORE, *quantiles, *COSTS, *(f"workload_{name}" for name in workload), *AFTER]])
    for rows in pages:
        flat = (row.model_dump(mode="json") for row in rows)
        yield _lines(
            [
                *(row[name] for name in BEFORE),
                *(row["quantiles"][name] for name in quantiles),
                *(row[name] for name in COSTS),
                *(row["workload_quantiles"][name] for name in workload),
                *(row[name] for name in AFTER),
            ]
            for row in flat
        )


def _lines(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
