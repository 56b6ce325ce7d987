"""The table: rows, columns and the file. Table and file are made from the same frame, so they say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from api.dashboard.axes import labels
from api.dashboard.forecast.choice import LAST_WEEK
from api.dashboard.forecast.marks import ADJUSTMENT, Mark, changed
from api.dashboard.grids import RIGHT, harmless
from api.dashboard.outlook import places
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.arrays import Floats
from forecast.buckets import column_ns

NUMBERS = ("offered", "low", "expected", "busy", "safe", "last_week", "difference")
HEADERS = {"offered": "came"}
BAND = ("low", "busy", "safe")


def with_lines(frame: pd.DataFrame, lines: Mapping[str, Floats]) -> pd.DataFrame:
    """The frame with a column per line beside the forecast; last week it has already."""
    return frame.assign(**{name: values for name, values in lines.items() if name != LAST_WEEK})


def interval_rows(
    frame: pd.DataFrame, window: Window, words: Words, marks: Sequence[Mark] = (), beside: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """buckets[...] -> rows of the grid: numbers as they are, `start` in UTC for sorting, `label` as it is read, `mean` for sums.

    marks: of which the adjustments are told per row; beside: columns more than those there always are
    """
    rows, names = [], (*NUMBERS, *beside)
    row: Any
    said = labels(frame, window.step, window.tz, words)
    notes = _notes(frame, marks, words)
    values = {name: frame[name].tolist() for name in names}
    for at, (row, name_of) in enumerate(zip(frame.itertuples(), said, strict=True)):
        numbers = {name: None if (value := values[name][at]) != value else value for name in names}
        facts = {"start": f"{row.ds:%Y-%m-%dT%H:%M:%SZ}", "label": name_of, "over": bool(row.over)}
        facts["mean"] = None if row.mean != row.mean else round(row.mean, 3)
        rows.append({**facts, **numbers, "note": notes[at]})
    return rows


def _notes(frame: pd.DataFrame, marks: Sequence[Mark], words: Words) -> list[str]:
    """Per row, what of it is a manual adjustment and by whom; the latest first."""
    mine = [one for one in marks if one.kind == ADJUSTMENT and one.kept is not None]
    mine.sort(key=lambda one: -one.kept.override.id if one.kept else 0)
    starts, ends = column_ns(frame["ds"]).tolist(), column_ns(frame["end"]).tolist()
    told = [(one.start, one.end, _note(one, words)) for one in mine]
    return [
        "; ".join(text for begin, stop, text in told if begin < last and stop > first)
        for first, last in zip(starts, ends, strict=True)
    ]


def _note(mark: Mark, words: Words) -> str:
    assert mark.kept is not None
    one = mark.kept.override
    return words("forecast_by", change=changed(mark, words), reason=one.reason, who=one.author)


def interval_columns(
    frame: pd.DataFrame,
    words: Words,
    beside: Mapping[str, str] | None = None,
    *,
    may: bool = False,
    noted: bool = False,
) -> list[dict[str, Any]]:
    """Columns of the table; a number has the decimals of its frame.

    beside: more columns with their names; may: can the expected be typed over? noted: is there anything adjusted?
    """
    decimals = places(frame)
    columns: list[dict[str, Any]] = [
        {"field": "start", "headerName": words("start"), "minWidth": 178, "flex": 2, "pinned": None,
         "valueFormatter": {"function": "params.data.label"}}
    ]  # fmt: skip
    bare = bool(len(frame)) and bool(frame["low"].isna().all())
    for name in (*NUMBERS, *(beside or {})):
        if name in BAND and bare:
            continue
        whole = name in ("offered", "last_week", "last_year")
        shown = f"forecallNumber(params.value, {0 if whole else decimals}, '{words.language}', {str(name == 'difference').lower()})"
        column: dict[str, Any] = {
            "field": name,
            "headerName": (beside or {}).get(name)
            or words(f"forecast_head_{name}" if name in BAND else HEADERS.get(name, name)),
            "type": "rightAligned",
            "minWidth": 90,
            "flex": 1,
            "valueFormatter": {"function": shown},
        }
        if name == "expected":
            column |= {"cellClass": f"strong {RIGHT}", **_typed(may, words)}
        if name in BAND:
            column["headerTooltip"] = words(name)
        if name == "difference":
            column["headerTooltip"] = words("difference_help")
        columns.append(column)
    if noted:
        columns.append(
            {
                "field": "note",
                "headerName": words("forecast_note"),
                "minWidth": 150,
                "flex": 2,
                "tooltipField": "note",
            }
        )
    return columns


def _typed(may: bool, words: Words) -> dict[str, Any]:
    """What makes the expected a cell that can be typed over."""
    if not may:
        return {}
    return {
        "editable": {"function": "!params.data.over && params.data.expected !== null"},
        "valueParser": {"function": f"forecallTyped(params.newValue, params.oldValue, '{words.language}')"},
        "suppressKeyboardEvent": {"function": "forecallKeys(params)"},
    }


def to_csv(frame: pd.DataFrame, queue: str, tz: str, beside: Sequence[str] = ()) -> str:
    """The rows of the table as a file: times in ISO 8601 (local with offset, and UTC), numbers with a decimal point."""
    text, names = io.StringIO(), (*NUMBERS, *beside)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["queue", "interval_start", "interval_end", "interval_start_utc", *map(harmless, names)])
    row: Any
    values = {name: frame[name].tolist() for name in names}
    for at, row in enumerate(frame.itertuples()):
        times = [
            local(row.ds, tz).isoformat(),
            local(row.end, tz).isoformat(),
            f"{row.ds:%Y-%m-%dT%H:%M:%SZ}",
        ]
        numbers = [
            "" if pd.isna(value := values[name][at]) else f"{value:g}" if value < 1e5 else f"{value:.1f}"
            for name in names
        ]
        writer.writerow([harmless(queue), *times, *numbers])
    return text.getvalue()
