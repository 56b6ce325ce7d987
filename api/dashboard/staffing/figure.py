"""The chart of page Staffing: agents needed as bars, stacked where several channels or teams stand together, the plan as a line of steps."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard import axes
from api.dashboard.palette import Palette
from api.dashboard.plots import (
    ALONE,
    Figure,
    base_layout,
    hover_trace,
    mark_time,
    panel_title,
    time_axis,
    value_axis,
)
from api.dashboard.staffing.sums import Made
from api.dashboard.windows import Window
from api.dashboard.words import Words
from forecast.arrays import Floats
from forecast.buckets import column_ns

ROOM = 0.86  # of a bucket that its bar takes


def colours(names: list[str], colors: Palette) -> dict[str, str]:
    """Name of a part -> its colour: channels have their own, queues and teams take turns."""
    own = {"phone": colors.expected, "chat": colors.draft, "email": colors.floor, "social": colors.driver}
    turns = [colors.expected, colors.floor, colors.draft, colors.driver, colors.school, colors.bar]
    return {name: own.get(name, turns[at % len(turns)]) for at, name in enumerate(names)}


def staffing_figure(
    made: Made, window: Window, marked: str, sure: str, words: Words, colors: Palette
) -> Figure:
    """Made -> bars of what is needed, what is short in orange and over in grey, the plan in steps. marked: net or gross."""
    frame = made.staffing
    begins, ends = column_ns(frame["ds"]), column_ns(frame["end"])
    x = np.array(axes.positions((begins + ends) // 2), dtype=object)
    width = ((ends - begins) / 1e6 * (ROOM if len(frame) <= 120 else 1.0)).tolist()
    data = [*_bars(made, x, width, marked, colors)]
    if sure:
        data.append(_steps(frame, frame[f"expected_{marked}"], colors.ink, 1.2, "dot"))
    if frame["planned_net"].notna().any() and not made.unplanned:
        data.append(_steps(frame, frame[f"planned_{marked}"], colors.ink, 1.9, "solid"))
    tops = frame[[f"agents_{marked}", f"planned_{marked}", f"expected_{marked}"]].max(axis=1)
    data.append(hover_trace(x, tops, _hover(made, marked, sure, words)))
    layout = base_layout(words, colors) | {"barmode": "overlay"}
    start, stop = _reach(frame, window)
    layout["yaxis"] = value_axis(colors, ALONE, 6)
    layout["xaxis"] = {**time_axis(window, words, colors, start, stop), "anchor": "y"}
    minutes = made.step.seconds // 60
    title = words("staffing_axis", mark=words(f"staffing_{marked}"), minutes=minutes)
    layout["annotations"] = [panel_title(title, 1.0, colors)]
    mark_time(layout, window, words, colors, start, stop)
    return {"data": data, "layout": layout}


def _reach(frame: pd.DataFrame, window: Window) -> tuple[int, int]:
    """A day from half an hour before its first bar to half an hour after its last; a week as a whole."""
    if window.end - window.start > 25 * axes.HOUR or frame.empty:
        return window.start, window.end
    first, last = int(column_ns(frame["ds"])[0]), int(column_ns(frame["end"])[-1])
    return max(window.start, first - axes.HOUR // 2), min(window.end, last + axes.HOUR // 2)


def _bars(
    made: Made, x: np.ndarray[Any, Any], width: list[float], marked: str, colors: Palette
) -> list[Figure]:
    frame = made.staffing
    need = frame[f"agents_{marked}"].to_numpy(dtype=np.float64)
    known = np.nan_to_num(need)
    bars, base = [], np.zeros(len(frame))
    tints = colours(list(made.parts), colors)
    whole = np.nan_to_num(frame["agents_net"].to_numpy(dtype=np.float64))
    scale = np.where(whole > 0, known / np.where(whole > 0, whole, 1.0), 0.0)  # net -> as marked
    for name, net in made.parts.items():
        height = np.nan_to_num(net) * scale
        bars.append(_bar(x, height, base, width, tints[name], 0.55 if len(made.parts) == 1 else 0.8))
        base = base + height
    gap = frame[f"gap_{marked}"].to_numpy(dtype=np.float64)  # of the teams that have a plan
    short, over = np.maximum(-np.nan_to_num(gap), 0.0), np.maximum(np.nan_to_num(gap), 0.0)
    if short.any():
        bars.append(_bar(x, short, known - short, width, colors.adjusted, 0.92))
    if over.any():
        bars.append(_bar(x, over, known, width, colors.last_week, 0.38))
    return bars


def _bar(
    x: np.ndarray[Any, Any], height: Floats, base: Floats, width: list[float], color: str, opacity: float
) -> Figure:
    some = height > 1e-9
    widths = [one for one, there in zip(width, some, strict=True) if there]
    return {"type": "bar", "x": x[some].tolist(), "y": height[some].tolist(), "base": base[some].tolist(), "width": widths,
            "marker": {"color": color, "opacity": opacity, "line": {"width": 0}}, "hoverinfo": "skip"}  # fmt: skip


def _steps(frame: pd.DataFrame, values: pd.Series, color: str, thick: float, dash: str) -> Figure:
    """A level line over each bucket; it breaks where a bucket is missing or nothing is known."""
    begins, ends = column_ns(frame["ds"]), column_ns(frame["end"])
    at: list[str | None] = []
    y: list[float | None] = []
    lefts, rights = axes.positions(begins), axes.positions(ends)
    for place, value in enumerate(values.tolist()):
        if place and (begins[place] != ends[place - 1] or value != value):
            at.append(None)
            y.append(None)
        if value == value:
            at += [lefts[place], rights[place]]
            y += [value, value]
    return {"type": "scatter", "x": at, "y": y, "mode": "lines", "line": {"color": color, "width": thick, "dash": dash},
            "hoverinfo": "skip", "connectgaps": False}  # fmt: skip


def _hover(made: Made, marked: str, sure: str, words: Words) -> np.ndarray[Any, Any]:
    """What stands at the pointer, per bucket [n]."""
    frame = made.staffing
    texts = []
    row: Any
    labels = axes.labels(frame, made.step, made.tz, words)
    for at, (label, row) in enumerate(zip(labels, frame.to_dict("records"), strict=True)):
        digits = digits_of(frame, marked)
        lines = [f"<b>{label}</b>", words("staffing_hover_contacts", n=words.number(row["contacts"], 1))]
        lines += [
            f"{words('staffing_needed')} {words.number(row['agents_net'], digits_of(frame, 'net'))} {words('staffing_net')}, "
            f"{words.number(row['agents_gross'], digits_of(frame, 'gross'))} {words('staffing_gross')}{f' ({sure})' if sure else ''}"
        ]
        if len(made.parts) > 1:
            lines += [
                f"– {escape(part_name(name, words))} {words.number(net[at], digits)} {words('staffing_net')}"
                for name, net in made.parts.items()
                if net[at] == net[at]
            ]
        if row[f"planned_{marked}"] == row[f"planned_{marked}"]:
            mark = words(f"staffing_{marked}")
            lines.append(f"{words('staffing_planned')} {words.number(row[f'planned_{marked}'], 1)} {mark}")
            lines.append(
                f"{words('staffing_difference')} {words.number(row[f'gap_{marked}'], 1, sign=True)} {mark}"
            )
        texts.append("<br>".join(lines))
    return np.array(texts, dtype=object)


def part_name(name: str, words: Words) -> str:
    """A channel as it is said; anything else by its name."""
    return words(f"channel_{name}") if words.has(f"channel_{name}") else name


def digits_of(frame: pd.DataFrame, marked: str) -> int:
    """Decimals of agents: none where all are whole, as net ones of one interval are."""
    values = frame[f"agents_{marked}"].dropna().to_numpy(dtype=np.float64)
    return 0 if np.allclose(values, np.round(values), atol=1e-6) else 1


def sentence(made: Made, whose: str, span: str, marked: str, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    frame = made.staffing
    values = {"whose": whose, "span": span, "mark": words(f"staffing_{marked}")}
    need = frame[f"agents_{marked}"]
    if frame.empty or need.isna().all():
        return words("staffing_sentence_none", **values)
    top = frame.loc[[need.idxmax()]]
    values |= {
        "peak": words.number(float(need.max()), digits_of(frame, marked)),
        "at": axes.labels(top, made.step, made.tz, words)[0],
    }
    said = words("staffing_sentence", **values)
    if frame["planned_net"].notna().any():
        gap = frame[f"gap_{marked}"]
        said += " " + words(
            "staffing_sentence_plan", short=int((gap < -1e-9).sum()), all=int(gap.notna().sum())
        )
    return said
