"""The charts: pure functions from frames to plotly figures, as plain dicts (building them as objects takes ten times as long).

Legends are in HTML beside them, so none is ever cut off. Hover texts are written here, in the language of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from api.dashboard import axes
from api.dashboard.outlook import places, span
from api.dashboard.palette import Palette
from api.dashboard.windows import Window
from api.dashboard.words import Words
from forecast.buckets import column_ns

Figure: TypeAlias = dict[str, Any]
FONT = "Inter, system-ui, sans-serif"
FEW = 90  # buckets up to which each gets a dot
TOP, BOTTOM, ALONE = [0.37, 1.0], [0.0, 0.25], [0.0, 1.0]
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
    data = [*_contacts(frame, x, window, colors), _hovered(x[seen], heights[seen], texts[seen])]
    if social is not None:
        data += [{**trace, **SECOND_PANEL} for trace in _posts(social, x, colors)]
        lower = _hovered(x, social[["total", "usual"]].max(axis=1), texts)
        data.append({**lower, **SECOND_PANEL})
    layout = _layout(words, colors)
    upper = TOP if social is not None else ALONE
    layout["yaxis"] = _values(colors, upper, 6)
    time = _time_axis(window, words, colors, start, stop)
    layout["xaxis"] = {**time, "anchor": "y"}
    layout["annotations"] = [_title(titles[0], upper[1], colors)]
    if social is not None:
        layout["yaxis2"] = {**_values(colors, BOTTOM, 4), "anchor": "x2"}
        layout["xaxis"] |= {"showticklabels": False, "matches": "x2"}
        layout["xaxis2"] = {**time, "anchor": "y2"}
        layout["annotations"].append(_title(titles[1], BOTTOM[1], colors))
    _marks(layout, window, words, colors, start, stop)
    return {"data": data, "layout": layout}


def _reach(frame: pd.DataFrame, window: Window) -> tuple[int, int]:
    """One day is shown from half an hour before it opens to half an hour after it closes; anything longer as a whole."""
    one_day = window.end - window.start <= 25 * axes.HOUR and window.step.slots > 1
    if not one_day or not frame["open"].any():
        return window.start, window.end
    first, last = (int(moment.value) for moment in span(frame))
    return max(window.start, first - axes.HOUR // 2), min(window.end, last + axes.HOUR // 2)


def _gaps(values: pd.Series) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _line(
    x: np.ndarray[Any, Any], values: pd.Series, color: str, width: float, *, dash: str = "solid", dot: int = 0
) -> Figure:
    mode = "lines+markers" if dot else "lines"
    style = {"color": color, "width": width, "dash": dash}
    return {"type": "scatter", "x": x.tolist(), "y": _gaps(values), "mode": mode, "line": style, "marker": {"size": dot or 1},
            "hoverinfo": "skip", "connectgaps": False}  # fmt: skip


def _contacts(frame: pd.DataFrame, x: np.ndarray[Any, Any], window: Window, colors: Palette) -> list[Figure]:
    came = frame["offered"].where(frame["over"])  # a bucket under way is not a low one
    dot = 1 if len(frame) <= FEW and window.drawn.slots == 1 else 0
    expected = _line(x, frame["expected"], colors.expected, 2.2, dot=6 * dot)
    if (
        frame["low"].notna().sum() == 1
    ):  # a line of one point is nothing to see: a dot with its band as whiskers
        above, below = frame["safe"] - frame["expected"], frame["expected"] - frame["low"]
        expected["error_y"] = {"type": "data", "symmetric": False, "array": _gaps(above), "arrayminus": _gaps(below),
                               "color": colors.expected, "thickness": 3, "width": 7}  # fmt: skip
    return [
        _band(frame, x, colors),
        _line(x, frame["last_week"], colors.last_week, 1, dot=4 * dot),
        _line(x, frame["busy"], colors.busy, 1, dash="dot"),
        expected,
        _line(x, came, colors.offered, 1.7, dot=5 * dot),
    ]


def _band(frame: pd.DataFrame, x: np.ndarray[Any, Any], colors: Palette) -> Figure:
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
    return [*bars, _line(x, social["usual"], colors.usual, 1.3, dash="dash")]


def _hovered(x: np.ndarray[Any, Any], heights: pd.Series, texts: np.ndarray[Any, Any]) -> Figure:
    """Invisible points that carry all there is to say of a bucket."""
    return {"type": "scatter", "x": x.tolist(), "y": heights.fillna(0.0).tolist(), "mode": "markers",
            "marker": {"opacity": 0, "size": 8}, "text": texts.tolist(), "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


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


def _layout(words: Words, colors: Palette) -> Figure:
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


def _values(colors: Palette, domain: list[float], ticks: int) -> Figure:
    return {"domain": domain, "gridcolor": colors.grid, "zeroline": False, "rangemode": "tozero", "fixedrange": True,
            "nticks": ticks, "tickformat": ",~f"}  # fmt: skip


def _time_axis(window: Window, words: Words, colors: Palette, start: int, stop: int) -> Figure:
    marks = axes.ticks(window, start, stop, words)
    return {
        "type": "date", "range": axes.positions(np.array([start, stop])), "tickmode": "array",
        "tickvals": axes.positions(np.array(marks.at)), "ticktext": marks.labels, "tickangle": 0, "fixedrange": True,
        "showgrid": not marks.lines, "gridcolor": colors.grid, "zeroline": False, "linecolor": colors.divider, "showline": True,
        "showspikes": True, "spikemode": "across", "spikethickness": 1, "spikecolor": colors.divider, "spikedash": "solid",
    }  # fmt: skip


def _marks(layout: Figure, window: Window, words: Words, colors: Palette, start: int, stop: int) -> None:
    """Lines between days or weeks, and the one at now."""
    for x in axes.positions(np.array(axes.ticks(window, start, stop, words).lines, dtype=np.int64)):
        layout["shapes"].append(_upright(x, {"color": colors.divider, "width": 1}, "below"))
    if start <= window.moment <= stop:
        x = axes.positions(np.array([window.moment]))[0]
        layout["shapes"].append(_upright(x, {"color": colors.now, "width": 1.3, "dash": "dot"}, "above"))
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


def _upright(x: str, line: Figure, layer: str) -> Figure:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line, "layer": layer}


def _title(text: str, y: float, colors: Palette) -> Figure:
    return {"x": 0, "xref": "paper", "y": y, "yref": "paper", "yanchor": "bottom", "xanchor": "left", "xshift": -44, "yshift": 5,
            "showarrow": False, "text": f"<b>{text}</b>", "font": {"size": 12, "color": colors.ink}}  # fmt: skip


def deviation_figure(rows: pd.DataFrame, words: Words, colors: Palette) -> Figure:
    """rows[band, own, bar, floor, lower, upper] of one queue -> deviation by how far ahead, as shares."""
    labels = [words.band(band) for band in rows["band"]]
    x = np.arange(len(rows))
    data = [
        _line(x, rows["floor"], colors.floor, 1.6, dash="dash", dot=6),
        _line(x, rows["bar"], colors.bar, 1.8, dot=7),
        _line(x, rows["own"], colors.expected, 2.4, dot=8),
    ]
    for trace, name in zip(data, ("floor", "bar", "own"), strict=True):
        said = [
            f"<b>{label}</b><br>{words(name)} {words.percent(value)}"
            for label, value in zip(labels, rows[name], strict=True)
        ]
        trace |= {"text": said, "hovertemplate": "%{text}<extra></extra>", "hoverinfo": "text"}
    above, below = rows["upper"] - rows["own"], rows["own"] - rows["lower"]
    data[-1]["error_y"] = {"type": "data", "symmetric": False, "array": _gaps(above), "arrayminus": _gaps(below),
                           "color": colors.expected, "thickness": 1.2, "width": 3}  # fmt: skip
    top = float(np.nanmax(rows[["own", "bar", "floor", "upper"]].to_numpy(dtype=float), initial=0.0)) or 1.0
    values = _even(top)
    layout = _layout(words, colors) | {"hovermode": "closest", "margin": {"l": 52, "r": 14, "t": 12, "b": 52}}
    layout["yaxis"] = _values(colors, ALONE, 6) | {
        "range": [0, top * 1.08], "tickvals": values, "ticktext": [words.percent(one, 0) for one in values]}  # fmt: skip
    layout["xaxis"] = {
        "tickvals": x.tolist(), "ticktext": [words.short_band(band) for band in rows["band"]], "tickangle": 0,
        "tickfont": {"size": 10.5},
        "range": [-0.4, len(rows) - 0.6], "fixedrange": True, "showgrid": False, "zeroline": False,
        "linecolor": colors.divider, "showline": True,
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _even(top: float) -> list[float]:
    step = next(size for size in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 1e9) if top / size <= 6)
    return [round(step * count, 2) for count in range(int(top / step) + 1)]
