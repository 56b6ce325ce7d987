"""Tables: rows, columns and the file. Table and file are made from the same frame, so they say the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from api.dashboard import judgement
from api.dashboard.axes import labels
from api.dashboard.outlook import places
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from store.decisions import Key

NUMBERS = ("offered", "low", "expected", "busy", "safe", "last_week", "difference")
HEADERS = {"offered": "came"}
RIGHT = "ag-right-aligned-cell"
ROW, HEAD = 31, 38  # pixels
THEME = {
    "function": "themeQuartz.withParams({"
    "backgroundColor: 'var(--surface)', foregroundColor: 'var(--ink)', headerTextColor: 'var(--muted)',"
    "headerBackgroundColor: 'var(--surface)', borderColor: 'var(--line)', rowHoverColor: 'var(--hover)',"
    "accentColor: 'var(--accent)', fontFamily: 'inherit', fontSize: 13, headerFontSize: 12.5, headerFontWeight: 600,"
    "spacing: 6, wrapperBorder: false, rowBorder: true, columnBorder: false, browserColorScheme: 'inherit'})"
}


def grid_options(words: Words, **more: Any) -> dict[str, Any]:
    """What every table has: the theme, the language, no Enterprise, cells that can be reached by keyboard."""
    texts = {"noRowsToShow": words("no_rows"), "loadingOoo": "…", "ariaSortableColumn": "↵"}
    return {
        "theme": THEME,
        "localeText": texts,
        "animateRows": False,
        "rowHeight": ROW,
        "headerHeight": HEAD,
        "suppressCellFocus": False,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressMovableColumns": True,
        "tooltipShowDelay": 300,
        **more,
    }


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
        writer.writerow([_harmless(queue), *times, *numbers])
    return text.getvalue()


def _harmless(name: str) -> str:
    """A name that a spreadsheet would take for a formula is quoted."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name


def accuracy_rows(frame: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    """accuracy[...] -> rows of texts; figures from few forecasts carry a star."""
    rows = []
    row: Any
    for row in frame.itertuples():
        star = " *" if row.abridged else ""
        between = (
            "" if pd.isna(row.lower) else f"{words.number(100 * row.lower, 1)}–{words.percent(row.upper)}"
        )
        rows.append(
            {
                "band": words.band(row.band),
                "own": words.percent(row.own) + star,
                "between": between,
                "bar": words.percent(row.bar),
                "floor": words.percent(row.floor),
                "better": words.percent(row.better, sign=True),
                "bias": bias(row.bias, words),
                "within": words.percent(row.within, 0) + (star if not pd.isna(row.within) else ""),
                "n": "–" if row.n is None else words.number(row.n),
            }
        )
    return rows


def bias(value: float, words: Words) -> str:
    """`2.1 % over`, `none`."""
    if pd.isna(value):
        return "–"
    if round(abs(value), 3) == 0:
        return words("bias_none")
    return words("bias_over" if value > 0 else "bias_under", n=words.percent(abs(value)))


def accuracy_columns(words: Words) -> list[dict[str, Any]]:
    """Columns of the table of page two, with the explanation of each in its tooltip."""
    heads = {"band": "how_far", "own": "forecast_deviation", "between": "gain_between", "n": "compared"}
    columns = []
    for name in ("band", "own", "between", "bar", "floor", "better", "bias", "within", "n"):
        column: dict[str, Any] = {
            "field": name,
            "headerName": words(heads.get(name, name)),
            "sortable": False,
            "flex": 1,
            "minWidth": 160 if name == "band" else 122,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        }
        if name != "band":
            column |= {"type": "rightAligned", "cellClass": f"strong {RIGHT}" if name == "own" else RIGHT}
        if name == "within":
            column["headerTooltip"] = words("within_help")
        columns.append(column)
    return columns


def evidence_rows(
    rows: Sequence[judgement.Row], words: Words, *, every: bool, since: Mapping[Key, str] | None = None
) -> list[dict[str, Any]]:
    """evidence rows -> rows of texts, per queue and how far ahead; `every` indicator, or the best of each.

    since: (queue, indicator, how far ahead) -> the day from which the verdict is what it is
    """
    found = []
    for row in judgement.ordered(rows if every else judgement.best(rows)):
        key = (str(row["series"]), str(row["signal"]), str(row["lead_band"]))
        found.append(
            {
                "queue": row["series"],
                "band": words.band(row["lead_band"]),
                "verdict": judgement.verdict(row, words),
                "gate": row["gate"],
                "gain": judgement.gain(row, words),
                "lead": judgement.lead(row, words),
                "since": (since or {}).get(key, "–"),
                "indicator": words.signal(str(row["signal"])),
                "n": f"{words('compared')}: {words.number(row.get('n'))}",
                "why": judgement.why(row, words),
            }
        )
    return found


def evidence_columns(words: Words) -> list[dict[str, Any]]:
    """Columns of `Does social count?`."""
    heads = {"band": "how_far", "lead": "head_start"}
    widths = {
        "queue": (116, 1),
        "band": (110, 0),
        "verdict": (110, 2),
        "gain": (158, 0),
        "lead": (208, 0),
        "since": (76, 0),
        "indicator": (244, 2),
        "why": (240, 3),
    }
    columns = []
    for name, (width, share) in widths.items():
        column: dict[str, Any] = {
            "field": name,
            "headerName": words(heads.get(name, name)),
            "minWidth": width,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        }
        column |= {"flex": share} if share else {"width": width}
        if name == "gain":
            column |= {"sortable": False, "tooltipField": "n"}
        if name == "indicator":
            column["tooltipField"] = name
        if name in ("lead", "since"):
            column["sortable"] = False
        if name == "verdict":
            column |= {"wrapText": True, "autoHeight": True, "cellClass": "prose"}
            column["cellClassRules"] = {
                f"gate-{key}": f"params.data.gate == '{key}'" for key in ("open", "shut")
            }
        if name == "why":
            column |= {"wrapText": True, "autoHeight": True, "cellClass": "prose", "sortable": False}
        columns.append(column)
    return columns


__all__ = ["accuracy_columns", "accuracy_rows", "bias", "evidence_columns", "evidence_rows", "grid_options",
           "interval_columns", "interval_rows", "to_csv"]  # fmt: skip
