"""The table per interval and its file, made from the same frame, so that they say the same."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd

from api.dashboard.axes import labels
from api.dashboard.grids import RIGHT, harmless
from api.dashboard.staffing.figure import digits_of
from api.dashboard.staffing.sums import Made
from api.dashboard.words import Words, local

COLUMNS = (
    "contacts", "aht_seconds", "workload_hours", "agents_net", "agents_gross", "planned", "gap", "reached",
)  # fmt: skip
PLAN = ("planned", "gap", "reached")
FILE = (
    "contacts", "aht_seconds", "workload_hours", "agents_net", "agents_gross", "expected_net", "expected_gross",
    "planned_net", "planned_gross", "gap_net", "gap_gross", "reached", "service_level", "in_time", "occupancy",
)  # fmt: skip


def rows(made: Made, marked: str, words: Words) -> list[dict[str, Any]]:
    """staffing[...] -> rows of the grid: numbers as they are, `start` in UTC for sorting, `label` as it is read."""
    frame = made.staffing
    said = labels(frame, made.step, made.tz, words)
    found = []
    for label, row in zip(said, frame.to_dict("records"), strict=True):
        values = {name: row[_field(name, marked)] for name in COLUMNS}
        found.append(
            {
                "start": f"{row['ds']:%Y-%m-%dT%H:%M:%SZ}",
                "label": label,
                **{name: None if pd.isna(value) else float(value) for name, value in values.items()},
            }
        )
    return found


def _field(name: str, marked: str) -> str:
    return f"{name}_{marked}" if name in ("planned", "gap") else name


def columns(made: Made, marked: str, words: Words) -> list[dict[str, Any]]:
    """Columns of the table; those of the plan only where there is one."""
    frame = made.staffing
    planned = bool(frame["planned_net"].notna().any())
    mark = words(f"staffing_{marked}")
    whole = bool((frame["contacts"] % 1 == 0).all())
    digits = {"contacts": 0 if whole else 1, "aht_seconds": 0, "workload_hours": 1, "planned": 1, "gap": 1}
    digits |= {
        name: digits_of(frame, name.removeprefix("agents_")) for name in ("agents_net", "agents_gross")
    }
    found: list[dict[str, Any]] = [
        {"field": "start", "headerName": words("staffing_col_start"), "minWidth": 190, "flex": 2,
         "valueFormatter": {"function": "params.data.label"}}
    ]  # fmt: skip
    for name in COLUMNS:
        if name in PLAN and not (planned and (name != "reached" or frame["reached"].notna().any())):
            continue
        number = f"forecallNumber(params.value, {digits.get(name, 0)}, '{words.language}', {str(name == 'gap').lower()})"
        if name == "reached":
            number = f"params.value == null ? '–' : forecallNumber(100 * params.value, 0, '{words.language}', false) + '\u00a0%'"
        column: dict[str, Any] = {
            "field": name,
            "headerName": words(f"staffing_col_{name}", mark=mark),
            "type": "rightAligned",
            "minWidth": 98,
            "flex": 1,
            "valueFormatter": {"function": number},
        }
        if name in ("agents_net", "agents_gross"):
            column["cellClass"] = f"strong {RIGHT}"
        if name == "gap":
            column["cellClassRules"] = {"staffing-short": "params.value < -0.0499"}
        found.append(column)
    return found


def to_csv(made: Made, whose: str) -> str:
    """The rows as a file: times in ISO 8601 (local with offset, and UTC), numbers with a decimal point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["who", "interval_start", "interval_end", "interval_start_utc", *FILE])
    for row in made.staffing.to_dict("records"):
        times = [local(row[name], made.tz).isoformat() for name in ("ds", "end")]
        numbers = ["" if pd.isna(row[name]) else f"{row[name]:.4f}".rstrip("0").rstrip(".") for name in FILE]
        writer.writerow([harmless(whose), *times, f"{row['ds']:%Y-%m-%dT%H:%M:%SZ}", *numbers])
    return text.getvalue()
