"""The chart: contacts as it is and in each scenario, per day or per interval of one day."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.dashboard.palette import Palette
from api.dashboard.plots import Figure, base_layout, value_axis
from api.dashboard.words import Words

ALL = "*"
SPAN = (0.1, 0.9)
MOST_TICKS = 15


@dataclass(frozen=True)
class Line:
    """Contacts on the places of the axis. low, high: where eight in ten lie; name: of the scenario, '' for as it is."""

    name: str
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Lines:
    """The places of the axis as they are read, and what stands there; bars: one per day."""

    labels: list[str]
    lines: list[Line]
    bars: bool


def lines_of(result: Mapping[str, Any], queue: str, day: str | None, words: Words) -> Lines:
    """What the chart shows: of one queue or of all together; of one day its intervals, else the days."""
    columns = result["columns"]
    first = _queues(columns[0]["out"], queue)
    if day is None or len(first) != 1:
        labels = (
            [words.day(dt.datetime.fromisoformat(one["date"])) for one in first[0]["days"]] if first else []
        )
        return Lines(labels, _lines(columns, queue, "days", None), True)
    rows = [one for one in first[0]["rows"] if one["start"][:10] == day]
    labels = [_clock(one["start"], at and rows[at - 1]["start"]) for at, one in enumerate(rows)]
    return Lines(labels, _lines(columns, queue, "rows", day), False)


def _clock(start: str, before: str | int) -> str:
    """`02:30`, with a star the second time the clock says so."""
    again = isinstance(before, str) and before[11:16] >= start[11:16]
    return f"{start[11:16]}{' *' if again else ''}"


def _queues(out: Mapping[str, Any], queue: str) -> list[Any]:
    return [one for one in out["queues"] if queue in (ALL, one["queue"])]


def _lines(columns: Sequence[Mapping[str, Any]], queue: str, what: str, day: str | None) -> list[Line]:
    made = []
    for number, column in enumerate(columns):
        held = [
            [row for row in one[what] if day is None or row["start"][:10] == day]
            for one in _queues(column["out"], queue)
        ]
        if number == 0:
            made.append(_line("", held, "forecast"))
        made.append(_line(column["name"], held, "scenario"))
    return made


def _line(name: str, held: Sequence[Sequence[Mapping[str, Any]]], which: str) -> Line:
    """Several queues are added up, and then no band is told: theirs do not add up."""
    count = max((len(rows) for rows in held), default=0)
    means = [sum(rows[at][which]["mean"] for rows in held if at < len(rows)) for at in range(count)]
    low, high = (
        [rows[which]["quantiles"][f"{level:g}"] for rows in held[0]] if len(held) == 1 else []
        for level in SPAN
    )
    return Line(name, means, low, high)


def colors_of(colors: Palette) -> list[str]:
    """As it is, and the three scenarios."""
    return [colors.bar, colors.expected, colors.floor, colors.negative]


def figure(found: Lines, words: Words, colors: Palette) -> Figure:
    """Bars per day, lines per interval."""
    data = []
    for line, color in zip(found.lines, colors_of(colors), strict=False):
        name = html.escape(line.name or words("scenario_as_is"))
        texts = [
            f"<b>{html.escape(label)}</b><br>{name}: {words.number(mean, 1 if mean < 10 else 0)}"
            for label, mean in zip(found.labels, line.mean, strict=False)
        ]
        common = {"x": list(range(len(line.mean))), "y": line.mean, "text": texts, "textposition": "none",
                  "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip
        if found.bars:
            data.append({**common, "type": "bar", "marker": {"color": color}})
        else:
            style = {"color": color, "width": 2, "shape": "linear"}
            data.append({**common, "type": "scatter", "mode": "lines", "line": style})
    for one in data:
        if one["type"] == "scatter":
            del one["textposition"]
    every = max(1, -(-len(found.labels) // MOST_TICKS))
    at = list(range(0, len(found.labels), every))
    axis = {"tickmode": "array", "tickvals": at, "ticktext": [html.escape(found.labels[one]) for one in at], "fixedrange": True,
            "showgrid": False, "zeroline": False, "linecolor": colors.divider, "showline": True, "tickangle": 0}  # fmt: skip
    layout = {**base_layout(words, colors), "barmode": "group", "bargap": 0.28, "hovermode": "x unified" if not found.bars else "closest",
              "margin": {"l": 46, "r": 14, "t": 12, "b": 40}, "xaxis": axis, "yaxis": value_axis(colors, [0, 1], 6)}  # fmt: skip
    return {"data": data, "layout": layout}


def sentence(found: Lines, queue: str, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    name = words("scenario_all_queues") if queue == ALL else queue
    if not found.lines or not found.labels:
        return words("scenario_figure_none", queue=name)
    base = sum(found.lines[0].mean)
    parts = [f"{line.name}: {words.number(sum(line.mean))}" for line in found.lines[1:]]
    return words(
        "scenario_figure_sentence", queue=name, first=found.labels[0], last=found.labels[-1],
        base=words.number(base), scenarios=", ".join(parts),
    )  # fmt: skip
