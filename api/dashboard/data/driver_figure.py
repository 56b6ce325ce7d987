"""A driver's amounts, past and ahead, as bars; a stock as a line."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from api.dashboard.palette import Palette
from api.dashboard.plots import Figure, base_layout, upright, value_axis
from api.dashboard.words import MONTHS, Words, local

BACK, AHEAD = dt.timedelta(days=183), dt.timedelta(days=92)
WIDTH = 20 * 3_600_000  # milliseconds
FEW = 60  # bars up to which they are as wide as two days
NOON = dt.timedelta(hours=12)


def driver_figure(
    values: pd.DataFrame, now: dt.datetime, tz: str, words: Words, colors: Palette, *, line: bool
) -> Figure:
    """values[ds, value] of one driver -> half a year back and a quarter ahead, what lies ahead lighter."""
    start, stop = now - BACK, now + AHEAD
    shown = values[(values["ds"] >= start) & (values["ds"] < stop)]
    days = [local(at, tz) for at in shown["ds"]]
    x = [f"{(day + (dt.timedelta() if line else NOON)).replace(tzinfo=None):%Y-%m-%dT%H:%M}" for day in days]
    amounts = shown["value"].tolist()
    texts = [
        f"{words.day(day)}<br><b>{words.number(value, _digits(value))}</b>"
        for day, value in zip(days, amounts, strict=True)
    ]
    trace: Figure = {
        "x": x,
        "y": amounts,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "textposition": "none",
    }
    if line:
        trace |= {
            "type": "scatter",
            "mode": "lines",
            "line": {"color": colors.expected, "width": 2.2, "shape": "hv"},
        }
    else:
        tints = [0.5 if at > now else 1.0 for at in shown["ds"]]
        width = WIDTH * (2 if len(x) <= FEW else 1)
        trace |= {
            "type": "bar",
            "width": [width] * len(x),
            "marker": {"color": colors.expected, "opacity": tints, "line": {"width": 0}},
        }
    layout = base_layout(words, colors)
    layout["margin"] = {"l": 56, "r": 14, "t": 12, "b": 32}
    layout["hovermode"] = "closest"
    layout["yaxis"] = value_axis(colors, [0.0, 1.0], 5)
    layout["xaxis"] = _months(start, stop, tz, words, colors)
    today = f"{local(now, tz).replace(tzinfo=None):%Y-%m-%dT%H:%M}"
    layout["shapes"] = [upright(today, {"color": colors.now, "width": 1.3, "dash": "dot"}, "above")]
    layout["annotations"] = [
        {"x": today, "y": 1, "yref": "paper", "text": words("now"), "showarrow": False, "xanchor": "left", "xshift": 4,
         "yanchor": "top", "font": {"color": colors.now, "size": 11.5}, "bgcolor": colors.surface}
    ]  # fmt: skip
    return {"data": [trace], "layout": layout}


def _months(start: dt.datetime, stop: dt.datetime, tz: str, words: Words, colors: Palette) -> dict[str, Any]:
    first, last = local(start, tz).date(), local(stop, tz).date()
    at = dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    marks: list[dt.date] = []
    while at <= last:
        marks.append(at)
        at = dt.date(at.year + at.month // 12, at.month % 12 + 1, 1)
    names = [MONTHS[words.language][one.month - 1] for one in marks]
    return {"type": "date", "range": [first.isoformat(), last.isoformat()], "tickmode": "array",
            "tickvals": [one.isoformat() for one in marks], "ticktext": names, "fixedrange": True, "showgrid": False,
            "linecolor": colors.divider, "showline": True}  # fmt: skip


def _digits(value: float) -> int:
    return 0 if value == round(value) else 1
