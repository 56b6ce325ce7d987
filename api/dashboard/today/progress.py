"""Now against forecast: what came today, what was forecast this morning, and how the rest of the day looks by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from sqlalchemy.orm import Session

from api.dashboard import axes, outlook, plots
from api.dashboard.palette import Palette
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.arrays import Floats
from forecast.buckets import Interval, column_ns, from_ns
from store.adjusted import load_adjusted


@dataclass(frozen=True)
class Progress:
    """frame: buckets[...] of today; morning: float[n] as forecast then, NaN unknown; opened: as of when (ns).

    morning_total: today's contacts as forecast then; NaN where no version was published by then
    """

    frame: pd.DataFrame
    morning: Floats
    opened: int
    morning_total: float


def load_progress(session: Session, held: Held) -> Progress:
    """Of the window of a queue, which is today. The morning is when the queue opens, or midnight where it never does."""
    window = held.window
    frame = outlook.buckets(held, window.start, window.end, window.step)
    opened = int(column_ns(frame["ds"])[frame["open"].to_numpy()][0]) if frame["open"].any() else window.today
    at = from_ns(min(opened, window.moment)).to_pydatetime()  # nothing is asked as of later
    asked: dict[str, Any] = {"series": [held.queue.name], "start": window.first, "as_of": at, "now": at}
    last = from_ns(window.end).to_pydatetime()
    fine = load_adjusted(session, end=last, **asked)
    days = load_adjusted(session, end=last, granularity="day", **asked)
    values = fine.set_index(column_ns(fine["ds"]))["0.5"].reindex(column_ns(frame["ds"]))
    total = float(days["0.5"].iloc[0]) if len(days) else float("nan")
    if np.isnan(total) and values.notna().any():
        total = float(fine["mean"].sum())
    return Progress(frame, values.to_numpy(dtype=np.float64), opened, total)


def told(held: Held, found: Progress, words: Words) -> list[Any]:
    """One line: so far, the day as expected now with its band, and as it was expected this morning."""
    today = outlook.today(held)
    if today is None or not today.open:
        return []
    parts: list[Any] = []
    if not np.isnan(today.came) and not np.isnan(today.expected_so_far):
        so_far = words("today_so_far", n=words.number(today.came), m=words.number(today.expected_so_far))
        parts.append(html.Span(so_far, id="today-so-far"))
    band = "" if np.isnan(today.low) else words("today_band", low=words.number(today.low), high=words.number(today.safe))  # fmt: skip
    parts.append(
        html.Span([words("today_now"), html.Strong(words.number(today.expected)), band], id="today-now")
    )
    if held.window.moment < found.opened:
        return parts  # the morning is still to come
    at = f"{local(from_ns(found.opened), held.queue.tz):%H:%M}"
    if np.isnan(found.morning_total):
        parts.append(html.Span(words("today_no_morning", at=at), id="today-morning"))
    else:
        number = words.number(found.morning_total)
        parts.append(html.Span([words("today_morning", at=at), html.Strong(number)], id="today-morning"))
    return parts


def figure(held: Held, found: Progress, words: Words, colors: Palette) -> plots.Figure:
    """Bars of what came, the morning's forecast as a thin line, the rest of the day with its band."""
    window, frame = held.window, found.frame
    start, stop = _reach(held, frame)
    middle = (column_ns(frame["ds"]) + column_ns(frame["end"])) // 2
    x = np.array(axes.positions(middle), dtype=object)
    ahead = ~frame["over"].to_numpy()
    rest = frame.assign(**{name: frame[name].where(ahead) for name in ("low", "expected", "busy", "safe")})
    came = frame["offered"].where(frame["over"])
    seen = came.notna().to_numpy()
    width = (column_ns(frame["end"]) - column_ns(frame["ds"])) / 1e6 * 0.8
    bars = {"type": "bar", "x": x[seen].tolist(), "y": came[seen].tolist(), "width": width[seen].tolist(), "hoverinfo": "skip",
            "marker": {"color": colors.bar, "line": {"width": 0}}}  # fmt: skip
    data = [
        bars,
        plots.band_trace(rest, x, colors),
        plots.line_trace(x, pd.Series(found.morning), colors.muted, 1.6, dash="dash"),
        plots.line_trace(x, rest["busy"], colors.busy, 1, dash="dot"),
        plots.line_trace(x, rest["expected"], colors.expected, 2.4, dot=4),
    ]
    shown = (frame["open"] | frame["offered"].notna()).to_numpy()
    heights = pd.concat([rest["safe"], frame["expected"], came], axis=1).max(axis=1)
    data.append(plots.hover_trace(x[shown], heights[shown], _hover(held, found, words)[shown]))
    layout = plots.base_layout(words, colors)
    layout["margin"] = {"l": 40, "r": 12, "t": 10, "b": 28}
    layout["yaxis"] = plots.value_axis(colors, plots.ALONE, 6)
    layout["xaxis"] = plots.time_axis(window, words, colors, start, stop)
    plots.mark_time(layout, window, words, colors, start, stop)
    return {"data": data, "layout": layout}


def _reach(held: Held, frame: pd.DataFrame) -> tuple[int, int]:
    """From half an hour before it opens to half an hour after it closes."""
    window = held.window
    if not frame["open"].any():
        return window.start, window.end
    first, last = (int(moment.value) for moment in outlook.span(frame))
    return max(window.start, first - axes.HOUR // 2), min(window.end, last + axes.HOUR // 2)


def _hover(held: Held, found: Progress, words: Words) -> np.ndarray[Any, Any]:
    """What stands at the pointer, per bucket [n]."""
    frame, decimals = found.frame, outlook.places(found.frame)
    texts = []
    labels = axes.labels(frame, held.window.drawn, held.window.tz, words)
    row: Any
    for label, row, morning in zip(labels, frame.itertuples(), found.morning, strict=True):
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
        if row.busy == row.busy and not row.over:
            lines.append(f"{words('busy')} {words.number(row.busy, decimals)}")
        if morning == morning:
            lines.append(f"{words('today_morning_word')} {words.number(morning, decimals)}")
        texts.append("<br>".join(lines))
    return np.array(texts, dtype=object)


def sentence(held: Held, found: Progress, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    today = outlook.today(held)
    if today is None or not today.open or np.isnan(today.expected):
        return words("today_chart_none", queue=held.queue.name)
    came = 0.0 if np.isnan(today.came) else today.came
    return words(
        "today_chart", queue=held.queue.name, came=words.number(came), expected=words.number(today.expected)
    )


def legend_of(words: Words) -> list[tuple[str, str]]:
    """Entries of the legend."""
    return [
        ("came", words("today_came")), ("expected", words("expected")), ("band", words("band_name")),
        ("busy", words("busy")), ("morning", words("today_morning_long")),
    ]  # fmt: skip


def fine(held: Held) -> bool:
    """Can a day of this queue be drawn? Not where it is counted by day."""
    return held.queue.interval.slots > 1 and held.window.step is not Interval.DAY
