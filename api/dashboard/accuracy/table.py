"""The table of how good the forecast is by how far ahead."""

from __future__ import annotations

from typing import Any

import pandas as pd

from api.dashboard.grids import RIGHT
from api.dashboard.words import Words


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
