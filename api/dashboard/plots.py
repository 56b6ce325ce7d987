"""What the charts are made of: pieces of plotly figures as plain dicts (building them as objects takes ten times as long).

Legends are in HTML beside them, so none is ever cut off. Hover texts are written by the pages, in their language.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from api.dashboard import axes
from api.dashboard.palette import Palette
from api.dashboard.windows import Window
from api.dashboard.words import Words

Figure: TypeAlias = dict[str, Any]
FONT = "Inter, system-ui, sans-serif"
ALONE = [0.0, 1.0]


def with_gaps(values: pd.Series) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def line_trace(
    x: np.ndarray[Any, Any], values: pd.Series, color: str, width: float, *, dash: str = "solid", dot: int = 0
) -> Figure:
    mode = "lines+markers" if dot else "lines"
    style = {"color": color, "width": width, "dash": dash}
    return {"type": "scatter", "x": x.tolist(), "y": with_gaps(values), "mode": mode, "line": style, "marker": {"size": dot or 1},
            "hoverinfo": "skip", "connectgaps": False}  # fmt: skip


def band_trace(frame: pd.DataFrame, x: np.ndarray[Any, Any], colors: Palette) -> Figure:
    """One closed shape per stretch without a gap: plotly would fill across closed hours."""
    known = (frame["low"].notna() & frame["safe"].notna()).to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    low, safe = frame["low"].tolist(), frame["safe"].tolist()
    there: list[str | None] = []
    y: list[float | None] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        along = x[first:last].tolist()
        there += [*along, *reversed(along), None]
        y += [*safe[first:last], *reversed(low[first:last]), None]
    style = {"fill": "toself", "fillcolor": colors.band, "line": {"width": 0}}
    return {"type": "scatter", "x": there, "y": y, "mode": "lines", "hoverinfo": "skip", **style}


def hover_trace(x: np.ndarray[Any, Any], heights: pd.Series, texts: np.ndarray[Any, Any]) -> Figure:
    """Invisible points that carry all there is to say of a bucket."""
    return {"type": "scatter", "x": x.tolist(), "y": heights.fillna(0.0).tolist(), "mode": "markers",
            "marker": {"opacity": 0, "size": 8}, "text": texts.tolist(), "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def base_layout(words: Words, colors: Palette) -> Figure:
    return {
        "separators": ",." if words.language == "nl" else ".,",
        "barmode": "stack",
        "bargap": 0,
        "dragmode": False,
        "hovermode": "x",
        "margin": {"l": 46, "r": 14, "t": 26, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": colors.muted},
        "hoverlabel": {"bgcolor": colors.surface, "bordercolor": colors.divider, "align": "left",
                       "font": {"color": colors.ink, "family": FONT, "size": 12.5}},
        "showlegend": False,
        "shapes": [],
        "annotations": [],
    }  # fmt: skip


def value_axis(colors: Palette, domain: list[float], ticks: int) -> Figure:
    return {"domain": domain, "gridcolor": colors.grid, "zeroline": False, "rangemode": "tozero", "fixedrange": True,
            "nticks": ticks, "tickformat": ",~f"}  # fmt: skip


def time_axis(window: Window, words: Words, colors: Palette, start: int, stop: int) -> Figure:
    marks = axes.ticks(window, start, stop, words)
    return {
        "type": "date", "range": axes.positions(np.array([start, stop])), "tickmode": "array",
        "tickvals": axes.positions(np.array(marks.at)), "ticktext": marks.labels, "tickangle": 0, "fixedrange": True,
        "showgrid": not marks.lines, "gridcolor": colors.grid, "zeroline": False, "linecolor": colors.divider, "showline": True,
        "showspikes": True, "spikemode": "across", "spikethickness": 1, "spikecolor": colors.divider, "spikedash": "solid",
    }  # fmt: skip


def upright(x: str, line: Figure, layer: str) -> Figure:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line, "layer": layer}


def mark_time(layout: Figure, window: Window, words: Words, colors: Palette, start: int, stop: int) -> None:
    """Lines between days or weeks, and the one at now."""
    for x in axes.positions(np.array(axes.ticks(window, start, stop, words).lines, dtype=np.int64)):
        layout["shapes"].append(upright(x, {"color": colors.divider, "width": 1}, "below"))
    if start <= window.moment <= stop:
        x = axes.positions(np.array([window.moment]))[0]
        layout["shapes"].append(upright(x, {"color": colors.now, "width": 1.3, "dash": "dot"}, "above"))
        text = words("now" if window.live else "made_line")
        late = window.moment - start > 0.9 * (stop - start)
        beside = {
            "xanchor": "right" if late else "left",
            "xshift": -4 if late else 4,
            "yanchor": "top",
            "yshift": 2,
        }
        font = {"color": colors.now, "size": 11.5}
        layout["annotations"].append(
            {"x": x, "y": 1, "yref": "paper", "text": text, "showarrow": False, "bgcolor": colors.surface, "borderpad": 0,
             "font": font, **beside}
        )  # fmt: skip


def panel_title(text: str, y: float, colors: Palette) -> Figure:
    return {"x": 0, "xref": "paper", "y": y, "yref": "paper", "yanchor": "bottom", "xanchor": "left", "xshift": -44, "yshift": 5,
            "showarrow": False, "text": f"<b>{text}</b>", "font": {"size": 12, "color": colors.ink}}  # fmt: skip


def even_steps(top: float) -> list[float]:
    step = next(size for size in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 1e9) if top / size <= 6)
    return [round(step * count, 2) for count in range(int(top / step) + 1)]
