"""The chart per day: what came beside what had been said a week before, and below it by how much each day was missed."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html

from api.dashboard.accuracy.head import span_text
from api.dashboard.accuracy.leads import day_text
from api.dashboard.accuracy.record import Record, flags
from api.dashboard.palette import Palette, palette
from api.dashboard.parts import aria, legend, panel
from api.dashboard.plots import (
    Figure,
    band_trace,
    base_layout,
    hover_trace,
    line_trace,
    panel_title,
    value_axis,
)
from api.dashboard.words import Words

TOP, BELOW = [0.36, 1.0], [0.0, 0.26]
MOST_TICKS = 8
MOSTLY = 0.9  # of what came that queues with an average took, or it is not drawn
DIGITS = {"volume": 0, "aht": 0, "work": 1}


def daily(record: Record) -> pd.DataFrame:
    """-> [day, came, said, low, safe, bar, miss, incident], a row per day; of several queues the sums of those of which all is
    known that the day shows, without a band: bands do not add up."""
    pairs = record.week_before
    marked = flags(pairs, record.incident)
    frame = pd.DataFrame(
        {"day": pairs.day, "came": pairs.came, "said": pairs.said, "low": pairs.low, "safe": pairs.high,
         "bar": pairs.bar, "incident": marked}
    )  # fmt: skip
    if len(record.queues) > 1:
        incident = frame.groupby("day")["incident"].any()
        summed = (
            _alike(frame).groupby("day")[["came", "said", "bar"]].sum(min_count=1).reindex(incident.index)
        )
        frame = summed.assign(low=np.nan, safe=np.nan, incident=incident).reset_index()
    return frame.assign(miss=frame["said"] - frame["came"])


def _alike(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of several queues -> those that are added up, so that on every day each line is of the same queues.

    Where queues without an average are more than a few, the average is left out instead of them.
    """
    came, said = frame["came"].notna(), frame["said"].notna()
    both, counts = came & said, frame["came"]
    if counts[both & frame["bar"].notna()].sum() < MOSTLY * counts[both].sum():
        frame = frame.assign(bar=np.nan)
    bar = frame["bar"].notna()
    taken = pd.Series(False, index=frame.index)
    for fuller in (both & bar, both, came & bar, came):
        taken |= fuller & ~frame["day"].isin(frame["day"][taken])
    return frame[taken]


def days_panel(record: Record, words: Words, theme: str | None) -> Any:
    """The chart, or None where nothing had been said of any day."""
    frame = daily(record)
    if frame["miss"].notna().sum() < 2 or (record.choice.measure == "aht" and len(record.queues) > 1):
        return None
    entries = [("offered", words("accuracy_came")), ("expected", words("accuracy_said"))]
    if len(record.queues) == 1:
        entries.append(("band", words("accuracy_band")))
    entries.append(("usual", words("bar")))
    chart = html.Div(
        dcc.Graph(
            figure=days_figure(frame, record, words, palette(theme)),
            config={"displayModeBar": False, "responsive": True},
            id="accuracy-days-figure",
        ),
        className="figure-box accuracy-days",
        role="img",
        id="accuracy-days",
        **aria(label=sentence(frame, record, words)),
    )
    return panel(words("accuracy_days_title"), [chart], tools=[legend(entries, words("legend"))])


def days_figure(frame: pd.DataFrame, record: Record, words: Words, colors: Palette) -> Figure:
    """Two charts under one axis of days."""
    x = frame["day"].to_numpy()
    digits = DIGITS[record.choice.measure]
    below = {
        "type": "bar", "x": x.tolist(), "y": [None if one != one else one for one in frame["miss"]], "yaxis": "y2",
        "marker": {"color": [colors.expected if one > 0 else colors.negative for one in frame["miss"].fillna(0)]},
        "width": 0.7, "hoverinfo": "skip",
    }  # fmt: skip
    data = [
        band_trace(frame, x, colors),
        line_trace(x, frame["bar"], colors.usual, 1.3, dash="dash"),
        line_trace(x, frame["said"], colors.expected, 2.2),
        line_trace(x, frame["came"], colors.offered, 1.8, dot=5),
        hover_trace(x, frame["came"], _hover(frame, words, digits)),
        below,
    ]
    layout = base_layout(words, colors) | {"margin": {"l": 52, "r": 14, "t": 26, "b": 30}}
    layout["yaxis"] = value_axis(colors, TOP, 5)
    layout["yaxis2"] = value_axis(colors, BELOW, 3) | {
        "rangemode": "normal", "zeroline": True, "zerolinecolor": colors.divider
    }  # fmt: skip
    layout["xaxis"] = _axis(x, words, colors)
    unit = words(f"accuracy_unit_{record.choice.measure}")
    layout["annotations"] = [
        panel_title(unit, TOP[1], colors),
        panel_title(words("accuracy_miss_title"), BELOW[1], colors),
    ]
    return {"data": data, "layout": layout}


def _axis(x: Any, words: Words, colors: Palette) -> Figure:
    mondays = [int(one) for one in x if (one + 3) % 7 == 0] if len(x) > 14 else [int(one) for one in x]
    every = -(-len(mondays) // MOST_TICKS)
    at = mondays[::every]
    return {
        "tickvals": at, "ticktext": [day_text(one, words) for one in at], "tickangle": 0, "fixedrange": True,
        "range": [float(x.min()) - 0.6, float(x.max()) + 0.6], "showgrid": False, "zeroline": False,
        "linecolor": colors.divider, "showline": True, "anchor": "y2",
    }  # fmt: skip


def _hover(frame: pd.DataFrame, words: Words, digits: int) -> Any:
    said = []
    row: Any
    for row in frame.itertuples():
        lines = [f"<b>{escape(day_text(row.day, words))}</b>"]
        lines.append(f"{words('accuracy_came')} {words.number(row.came, digits)}")
        lines.append(f"{words('accuracy_said')} {words.number(row.said, digits)}")
        lines.append(f"{words('accuracy_miss')} {words.number(row.miss, digits, sign=True)}")
        if row.incident:
            lines.append(words("accuracy_incident_day"))
        said.append("<br>".join(lines))
    return np.array(said)


def sentence(frame: pd.DataFrame, record: Record, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    known = frame[frame["miss"].notna()]
    top = known.loc[known["miss"].abs().idxmax()]
    return words(
        "accuracy_days_sentence",
        queue=record.choice.queue or words("accuracy_all"),
        span=span_text(record, words),
        n=len(known),
        day=day_text(int(top["day"]), words),
        came=words.number(float(top["came"]), DIGITS[record.choice.measure]),
        said=words.number(float(top["said"]), DIGITS[record.choice.measure]),
    )
