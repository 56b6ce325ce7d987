"""The chart of page Forecast: contacts, what lies on the days, and the indicator, over one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard import axes
from api.dashboard.forecast.choice import BARE, DRAFT, LAST_WEEK, LAST_YEAR, LOCKED
from api.dashboard.forecast.marks import ADJUSTMENT, Mark, lanes, traces
from api.dashboard.outlook import GRANULARITY, places, span
from api.dashboard.palette import Palette
from api.dashboard.plots import (
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
from forecast.arrays import Floats
from forecast.buckets import column_ns

FEW = 90  # buckets up to which each gets a dot
LANE, GAP = 0.036, 0.075  # heights: of a lane, and between panels
BOTTOM = 0.2
SECOND_PANEL = {"xaxis": "x2", "yaxis": "y2"}
STYLES = {LAST_WEEK: "dash", LAST_YEAR: "dashdot", BARE: "dot", LOCKED: "solid", DRAFT: "dash"}


@dataclass(frozen=True)
class Shown:
    """What the chart is made of. frame: buckets[...]; lines: name -> float[n] on them, names: as they are read.

    social: posts[...] or None
    """

    frame: pd.DataFrame
    lines: Mapping[str, Floats]
    names: Mapping[str, str]
    marks: Sequence[Mark]
    social: pd.DataFrame | None


def outlook_figure(
    shown: Shown, window: Window, words: Words, colors: Palette, titles: Sequence[str]
) -> Figure:
    """Contacts above, what lies on the days below, then the indicator: one time axis. titles: of the first and last panel."""
    frame, social = shown.frame, shown.social
    start, stop = _reach(frame, window)
    middle = (column_ns(frame["ds"]) + column_ns(frame["end"])) // 2
    x = np.array(axes.positions(middle), dtype=object)
    texts = _hover(shown, window, words)
    heights = frame[["safe", "expected", "offered"]].max(axis=1)
    seen = (frame["open"] | frame["offered"].notna()).to_numpy()
    pointed = hover_trace(x[seen], heights[seen], texts[seen])
    size = GRANULARITY.get(window.drawn, "interval") if window.drawn is not window.interval else "interval"
    pointed["customdata"] = [f"{ds:%Y-%m-%dT%H:%M:%SZ}|{size}" for ds in frame.loc[seen, "ds"]]
    data = [*_contacts(shown, x, window, colors), pointed]
    if social is not None:
        data += [{**trace, **SECOND_PANEL} for trace in _posts(social, x, colors)]
        lower = hover_trace(x, social[["total", "usual"]].max(axis=1), texts)
        data.append({**lower, **SECOND_PANEL})
    data += traces(shown.marks, (start, stop), words, colors, window.tz)
    layout = _layout(shown, window, words, colors, titles, (start, stop))
    mark_time(layout, window, words, colors, start, stop)
    return {"data": data, "layout": layout}


def _layout(
    shown: Shown, window: Window, words: Words, colors: Palette, titles: Sequence[str], span: tuple[int, int]
) -> Figure:
    """The panels under each other; the lowest carries the time."""
    layout, count = base_layout(words, colors), len(lanes(shown.marks))
    time = time_axis(window, words, colors, *span)
    low = BOTTOM + GAP if shown.social is not None else 0.0
    strip = [low, low + LANE * count]
    upper = [strip[1] + 0.03 if count else low, 1.0]
    lowest = "x2" if shown.social is not None else "x3" if count else "x"
    layout["yaxis"] = value_axis(colors, upper, 6)
    hidden = {"showticklabels": False, "matches": lowest}
    layout["xaxis"] = {**time, "anchor": "y"} | (hidden if lowest != "x" else {})
    layout["annotations"] = [panel_title(titles[0], 1.0, colors)]
    if count:
        bare = {"visible": False, "fixedrange": True, "range": [0, count]}
        layout["yaxis3"] = {"domain": strip, "anchor": "x3", **bare}
        layout["xaxis3"] = {**time, "anchor": "y3", "showline": False} | (hidden if lowest != "x3" else {})
    if shown.social is not None:
        layout["yaxis2"] = {**value_axis(colors, [0.0, BOTTOM], 4), "anchor": "x2"}
        layout["xaxis2"] = {**time, "anchor": "y2"}
        layout["annotations"].append(panel_title(titles[1], BOTTOM, colors))
    for one in (mark for mark in shown.marks if mark.kind == ADJUSTMENT):
        layout["shapes"].append(_shade(one, span, colors))
    return layout


def _shade(one: Mark, span: tuple[int, int], colors: Palette) -> Figure:
    """An adjusted stretch behind the lines."""
    x = axes.positions(np.array([max(one.start, span[0]), min(one.end, span[1])], dtype=np.int64))
    return {"type": "rect", "xref": "x", "yref": "y domain", "x0": x[0], "x1": x[1], "y0": 0, "y1": 1,
            "fillcolor": colors.adjusted, "opacity": 0.1, "line": {"width": 0}, "layer": "below"}  # fmt: skip


def _reach(frame: pd.DataFrame, window: Window) -> tuple[int, int]:
    """One day is shown from half an hour before it opens to half an hour after it closes; anything longer as a whole."""
    one_day = window.end - window.start <= 25 * axes.HOUR and window.step.slots > 1
    if not one_day or not frame["open"].any():
        return window.start, window.end
    first, last = (int(moment.value) for moment in span(frame))
    return max(window.start, first - axes.HOUR // 2), min(window.end, last + axes.HOUR // 2)


def _contacts(shown: Shown, x: np.ndarray[Any, Any], window: Window, colors: Palette) -> list[Figure]:
    frame = shown.frame
    came = frame["offered"].where(frame["over"])  # a bucket under way is not a low one
    dot = 1 if len(frame) <= FEW and window.drawn.slots == 1 else 0
    expected = line_trace(x, frame["expected"], colors.expected, 2.2, dot=6 * dot)
    if (
        frame["low"].notna().sum() == 1
    ):  # a line of one point is nothing to see: a dot with its band as whiskers
        above, below = frame["safe"] - frame["expected"], frame["expected"] - frame["low"]
        expected["error_y"] = {"type": "data", "symmetric": False, "array": with_gaps(above), "arrayminus": with_gaps(below),
                               "color": colors.expected, "thickness": 3, "width": 7}  # fmt: skip
    beside = [
        line_trace(
            x,
            pd.Series(values),
            line_color(name, colors),
            1.4,
            dash=STYLES.get(name, "longdash"),
            dot=4 * dot,
        )
        for name, values in shown.lines.items()
    ]
    return [
        band_trace(frame, x, colors),
        *beside,
        line_trace(x, frame["busy"], colors.busy, 1, dash="dot"),
        expected,
        line_trace(x, came, colors.offered, 1.7, dot=5 * dot),
    ]


def line_color(name: str, colors: Palette) -> str:
    """The colour of a line beside the forecast."""
    named = {LAST_WEEK: colors.last_week, LAST_YEAR: colors.floor, BARE: colors.usual, LOCKED: colors.locked}
    return named.get(name, colors.draft if name == DRAFT else colors.imported)


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


def _hover(shown: Shown, window: Window, words: Words) -> np.ndarray[Any, Any]:
    """What stands at the pointer, per bucket [n]."""
    frame, social = shown.frame, shown.social
    decimals = places(frame)
    posts = {} if social is None else dict(zip(social["ds"], _said_posts(social, words), strict=True))
    texts = []
    row: Any
    for at, (label, row) in enumerate(
        zip(axes.labels(frame, window.drawn, window.tz, words), frame.itertuples(), strict=True)
    ):
        lines = [f"<b>{label}</b>"]
        if row.offered == row.offered:
            lines.append(f"{words('offered')} {words.number(row.offered)}")
        if row.expected == row.expected:
            band = (
                f" ({words.number(row.low, decimals)}–{words.number(row.safe, decimals)})"
                if row.low == row.low
                else ""
            )
            lines.append(f"{words('expected')} {words.number(row.expected, decimals)}{band}")
        if row.busy == row.busy:
            lines.append(f"{words('busy')} {words.number(row.busy, decimals)}")
        for name, values in shown.lines.items():
            if np.isfinite(values[at]):
                lines.append(f"{escape(shown.names[name])} {words.number(values[at], decimals)}")
        texts.append("<br>".join([*lines, *posts.get(row.ds, ())]))
    return np.array(texts, dtype=object)


def _said_posts(social: pd.DataFrame, words: Words) -> list[tuple[str, ...]]:
    """Per bucket the line on its posts, none where they are not known."""
    found: list[tuple[str, ...]] = []
    for total, negative, usual in zip(social["total"], social["negative"], social["usual"], strict=True):
        if total != total:
            found.append(())
            continue
        bad = f", {words('negative_word')} {words.number(negative)}" if negative == negative else ""
        often = f", {words('usual_word')} {words.number(usual, 1)}" if usual == usual else ""
        found.append((f"{words('posts_word')} {words.number(total)}{bad}{often}",))
    return found
