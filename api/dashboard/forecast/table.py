"""The table per interval: rows, columns and the file. Table and file are made from the same frame, so they say the same."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd

from api.dashboard.axes import labels
from api.dashboard.grids import RIGHT, harmless
from api.dashboard.outlook import places
from api.dashboard.windows import Window
from api.dashboard.words import Words, local

NUMBERS = ("offered", "low", "expected", "busy", "safe", "last_week", "difference")
HEADERS = {"offered": "came"}


def interval_rows(frame: pd.DataFrame, window: Window, words: Words) -> list[dict[str, Any]]:
    """buckets[...] -> rows of the grid: numbers as they are, `start` in UTC for sorting, `label` as it is read."""
    rows = []
    row: Any
    said = labels(frame, window.step, window.tz, words)
    for row, name_of in zip(frame.itertuples(), said, strict=True):
        values = {name: None if pd.isna(value := getattr(row, name)) else float(value) for name in NUMBERS}
        rows.append(
            {"start": f"{row.ds:%Y-%m-%dT%H:%M:%SZ}", "label": name_of, "over": bool(row.over), **values}
        )
    return rows


def interval_columns(frame: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    """Columns of the table per interval; a number has the decimals of its frame."""
    decimals = places(frame)
    columns: list[dict[str, Any]] = [
        {"field": "start", "headerName": words("start"), "minWidth": 190, "flex": 2, "pinned": None,
         "valueFormatter": {"function": "params.data.label"}}
    ]  # fmt: skip
    for name in NUMBERS:
        whole = name in ("offered", "last_week")
        shown = f"forecallNumber(params.value, {0 if whole else decimals}, '{words.language}', {str(name == 'difference').lower()})"
        column: dict[str, Any] = {
            "field": name,
            "headerName": words(HEADERS.get(name, name)),
            "type": "rightAligned",
            "minWidth": 96,
            "flex": 1,
            "valueFormatter": {"function": shown},
        }
        if name == "expected":
            column["cellClass"] = f"strong {RIGHT}"
        if name == "difference":
            column["headerTooltip"] = words("difference_help")
        columns.append(column)
    return columns


def to_csv(frame: pd.DataFrame, queue: str, tz: str) -> str:
    """The rows of the table as a file: times in ISO 8601 (local with offset, and UTC), numbers with a decimal point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["queue", "interval_start", "interval_end", "interval_start_utc", *NUMBERS])
    row: Any
    for row in frame.itertuples():
        times = [
            local(row.ds, tz).isoformat(),
            local(row.end, tz).isoformat(),
            f"{row.ds:%Y-%m-%dT%H:%M:%SZ}",
        ]
        numbers = [
            "" if pd.isna(value := getattr(row, name)) else f"{value:g}" if value < 1e5 else f"{value:.1f}"
            for name in NUMBERS
        ]
        writer.writerow([harmless(queue), *times, *numbers])
    return text.getvalue()
