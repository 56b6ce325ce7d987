"""The chart of page Forecast: contacts above, the indicator below, one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard import axes
from api.dashboard.outlook import places, span
from api.dashboard.palette import Palette
from api.dashboard.plots import (
    ALONE,
    Figure,
    band_trace,
    base_layout,
    hover_trace,
    line_trace,
    mark_time,
    panel_title,
    time_axis,
    value_axis,
    with_gaps,
)
from api.dashboard.windows import Window
from api.dashboard.words import Words
from forecast.buckets import column_ns

FEW = 90  # buckets up to which each gets a dot
TOP, BOTTOM = [0.37, 1.0], [0.0, 0.25]
SECOND_PANEL = {"xaxis": "x2", "yaxis": "y2"}


def outlook_figure(
    frame: pd.DataFrame,
    social: pd.DataFrame | None,
    window: Window,
    words: Words,
    colors: Palette,
    titles: Sequence[str],
) -> Figure:
    """buckets[...] and social[...] -> contacts above, the indicator below, one time axis. titles: of the two panels."""
    start, stop = _reach(frame, window)
    middle = (column_ns(frame["ds"]) + column_ns(frame["end"])) // 2
    x = np.array(axes.positions(middle), dtype=object)
    texts = _hover(frame, social, window, words)
    heights = frame[["safe", "expected", "offered"]].max(axis=1)
    seen = (frame["open"] | frame["offered"].notna()).to_numpy()
    data = [*_contacts(frame, x, window, colors), hover_trace(x[seen], heights[seen], texts[seen])]
    if social is not None:
        data += [{**trace, **SECOND_PANEL} for trace in _posts(social, x, colors)]
        lower = hover_trace(x, social[["total", "usual"]].max(axis=1), texts)
        data.append({**lower, **SECOND_PANEL})
    layout = base_layout(words, colors)
    upper = TOP if social is not None else ALONE
    layout["yaxis"] = value_axis(colors, upper, 6)
    time = time_axis(window, words, colors, start, stop)
    layout["xaxis"] = {**time, "anchor": "y"}
    layout["annotations"] = [panel_title(titles[0], upper[1], colors)]
    if social is not None:
        layout["yaxis2"] = {**value_axis(colors, BOTTOM, 4), "anchor": "x2"}
        layout["xaxis"] |= {"showticklabels": False, "matches": "x2"}
        layout["xaxis2"] = {**time, "anchor": "y2"}
        layout["annotations"].append(panel_title(titles[1], BOTTOM[1], colors))
    mark_time(layout, window, words, colors, start, stop)
    return {"data": data, "layout": layout}


def _reach(frame: pd.DataFrame, window: Window) -> tuple[int, int]:
    """One day is shown from half an hour before it opens to half an hour after it closes; anything longer as a whole."""
    one_day = window.end - window.start <= 25 * axes.HOUR and window.step.slots > 1
    if not one_day or not frame["open"].any():
        return window.start, window.end
    first, last = (int(moment.value) for moment in span(frame))
    return max(window.start, first - axes.HOUR // 2), min(window.end, last + axes.HOUR // 2)


def _contacts(frame: pd.DataFrame, x: np.ndarray[Any, Any], window: Window, colors: Palette) -> list[Figure]:
    came = frame["offered"].where(frame["over"])  # a bucket under way is not a low one
    dot = 1 if len(frame) <= FEW and window.drawn.slots == 1 else 0
    expected = line_trace(x, frame["expected"], colors.expected, 2.2, dot=6 * dot)
    if (
        frame["low"].notna().sum() == 1
    ):  # a line of one point is nothing to see: a dot with its band as whiskers
        above, below = frame["safe"] - frame["expected"], frame["expected"] - frame["low"]
        expected["error_y"] = {"type": "data", "symmetric": False, "array": with_gaps(above), "arrayminus": with_gaps(below),
                               "color": colors.expected, "thickness": 3, "width": 7}  # fmt: skip
    return [
        band_trace(frame, x, colors),
        line_trace(x, frame["last_week"], colors.last_week, 1, dot=4 * dot),
        line_trace(x, frame["busy"], colors.busy, 1, dash="dot"),
        expected,
        line_trace(x, came, colors.offered, 1.7, dot=5 * dot),
    ]


def _posts(social: pd.DataFrame, x: np.ndarray[Any, Any], colors: Palette) -> list[Figure]:
    width = ((column_ns(social["end"]) - column_ns(social["ds"])) / 1e6 * 0.86).tolist()
    known = social["total"].notna().to_numpy()
    widths = [one for one, there in zip(width, known, strict=True) if there]
    shares = {
        colors.negative: social["negative"],
        colors.other: social["total"] - social["negative"].fillna(0.0),
    }
    bars = [
        {"type": "bar", "x": x[known].tolist(), "y": values[known].fillna(0.0).clip(lower=0.0).tolist(), "width": widths,
         "marker": {"color": color, "line": {"width": 0}}, "hoverinfo": "skip"}
        for color, values in shares.items()
    ]  # fmt: skip
    return [*bars, line_trace(x, social["usual"], colors.usual, 1.3, dash="dash")]


def _hover(
    frame: pd.DataFrame, social: pd.DataFrame | None, window: Window, words: Words
) -> np.ndarray[Any, Any]:
    """What stands at the pointer, per bucket [n]."""
    decimals = places(frame)
    names = {
        name: words(name)
        for name in ("offered", "expected", "busy", "last_week", "posts_word", "negative_word", "usual_word")
    }
    posts = (
        {}
        if social is None
        else dict(
            zip(
                social["ds"],
                zip(social["total"], social["negative"], social["usual"], strict=True),
                strict=True,
            )
        )
    )
    texts = []
    row: Any
    for label, row in zip(
        axes.labels(frame, window.drawn, window.tz, words), frame.itertuples(), strict=True
    ):
        lines = [f"<b>{label}</b>"]
        if row.offered == row.offered:
            lines.append(f"{names['offered']} {words.number(row.offered)}")
        if row.expected == row.expected:
            band = (
                f" ({words.number(row.low, decimals)}–{words.number(row.safe, decimals)})"
                if row.low == row.low
                else ""
            )
            lines.append(f"{names['expected']} {words.number(row.expected, decimals)}{band}")
        if row.busy == row.busy:
            lines.append(f"{names['busy']} {words.number(row.busy, decimals)}")
        if row.last_week == row.last_week:
            lines.append(f"{names['last_week']} {words.number(row.last_week)}")
        total, negative, usual = posts.get(row.ds, (np.nan,) * 3)
        if total == total:
            bad = f", {names['negative_word']} {words.number(negative)}" if negative == negative else ""
            often = f", {names['usual_word']} {words.number(usual, 1)}" if usual == usual else ""
            lines.append(f"{names['posts_word']} {words.number(total)}{bad}{often}")
        texts.append("<br>".join(lines))
    return np.array(texts, dtype=object)
