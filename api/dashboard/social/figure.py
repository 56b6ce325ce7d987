"""The charts of the page: posts against the usual with the share negative below, and one small chart of the mood per reason."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard import plots
from api.dashboard.axes import labels, positions
from api.dashboard.palette import Palette
from api.dashboard.plots import Figure
from api.dashboard.social.levels import Stretch
from api.dashboard.windows import Window
from api.dashboard.words import Words
from forecast.buckets import column_ns

UPPER, LOWER = [0.40, 1.0], [0.0, 0.27]
COLUMNS = 4  # of small charts


def named(topic: str, words: Words) -> str:
    """A contact reason as it stands on the page; `all` is every post."""
    return words("social_all") if topic == "all" else topic.replace("_", " ")


def posts_figure(
    course: pd.DataFrame, unusual: Sequence[Stretch], window: Window, words: Words, colors: Palette
) -> Figure:
    """course as `levels.course` gives it -> bars negative and other, the usual dashed; below the share negative."""
    starts, ends = column_ns(course["ds"]), column_ns(course["end"])
    x, width = positions((starts + ends) // 2), ((ends - starts) // 1_000_000 * 0.86).tolist()
    bars = [
        {
            "type": "bar", "x": x, "y": values.tolist(), "width": width, "hoverinfo": "skip",
            "marker": {"color": color, "line": {"width": 0}},
        }
        for values, color in ((course["negative"], colors.negative), (course["posts"] - course["negative"], colors.other))
    ]  # fmt: skip
    middle = np.array(x)
    usual = plots.line_trace(middle, course["usual"], colors.usual, 1.8, dash="dash")
    share = plots.line_trace(middle, course["share"], colors.negative, 2.0)
    habit = plots.line_trace(middle, course["usual_share"], colors.usual, 1.6, dash="dash")
    hover = plots.hover_trace(
        middle, course[["posts", "usual"]].max(axis=1), _texts(course, window, words, colors)
    )
    for trace in (share, habit):
        trace |= {"yaxis": "y2"}
    layout = plots.base_layout(words, colors)
    layout |= {
        "xaxis": plots.time_axis(window, words, colors, window.start, window.end) | {"anchor": "y2"},
        "yaxis": plots.value_axis(colors, UPPER, 5),
        "yaxis2": plots.value_axis(colors, LOWER, 3) | {"tickformat": ".0%", "range": [0, 1]},
    }
    layout["annotations"] += [
        plots.panel_title(words("social_posts_title"), UPPER[1], colors),
        plots.panel_title(
            words("social_share_day" if window.drawn.slots > 1 else "social_share_week"), LOWER[1], colors
        ),
    ]
    plots.mark_time(layout, window, words, colors, window.start, window.end)
    layout["shapes"] += [_shade(one, window, colors) for one in unusual]
    return {"data": [*bars, usual, share, habit, hover], "layout": layout}


def _shade(one: Stretch, window: Window, colors: Palette) -> Figure:
    ends = np.array([max(one.start, window.start), one.stop or window.moment], dtype=np.int64)
    first, last = positions(ends)
    return {"type": "rect", "x0": first, "x1": last, "yref": "paper", "y0": 0.0, "y1": 1.0,
            "fillcolor": colors.now, "opacity": 0.11, "line": {"width": 0}, "layer": "below"}  # fmt: skip


def _texts(
    course: pd.DataFrame, window: Window, words: Words, colors: Palette
) -> np.ndarray[Any, np.dtype[Any]]:
    said = []
    names = labels(course, window.drawn, window.tz, words)
    for name, posts, negative, usual in zip(
        names, course["posts"], course["negative"], course["usual"], strict=True
    ):
        lines = [f"<b>{html.escape(name)}</b>", f"{words('social_posts')} <b>{words.number(posts)}</b>"]
        lines.append(f"{words('social_usual')} {words.number(usual, 1 if usual < 10 else 0)}")
        if posts:
            lines.append(f"{words('social_negative')} {words.percent(negative / posts, 0)}")
        said.append("<br>".join(lines))
    return np.array(said, dtype=object)


def mood_figure(
    courses: Sequence[tuple[str, pd.DataFrame]], window: Window, words: Words, colors: Palette
) -> Figure:
    """(reason, course by day)[k] -> k small charts of the share negative against the usual, of one height."""
    layout = plots.base_layout(words, colors)
    layout |= {"margin": {"l": 38, "r": 8, "t": 24, "b": 22}, "hovermode": "closest"}
    rows = max(1, -(-len(courses) // COLUMNS))
    data: list[Figure] = []
    for place, (topic, course) in enumerate(courses):
        across, down = place % COLUMNS, place // COLUMNS
        number = "" if place == 0 else str(place + 1)
        left, top = across / COLUMNS, 1 - down / rows
        domain_x = [left + 0.012, left + 1 / COLUMNS - 0.022]
        domain_y = [top - 1 / rows + 0.11 / rows, top - 0.24 / rows]
        layout[f"xaxis{number}"] = _small_axis(domain_x, number, window, colors)
        layout[f"yaxis{number}"] = plots.value_axis(colors, domain_y, 3) | {
            "anchor": f"x{number}", "range": [0, 1], "tickvals": [0, 0.5, 1], "tickformat": ".0%", "showticklabels": across == 0,
        }  # fmt: skip
        layout["annotations"].append(
            {"x": domain_x[0], "y": top - 0.2 / rows, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom",
             "showarrow": False, "text": f"<b>{html.escape(named(topic, words))}</b>", "font": {"size": 12, "color": colors.ink}}
        )  # fmt: skip
        data += _small_lines(course, number, words, colors, window)
    return {"data": data, "layout": layout}


def _small_axis(domain: list[float], number: str, window: Window, colors: Palette) -> Figure:
    """A time axis without marks: the days stand under the large chart."""
    return {"type": "date", "domain": domain, "anchor": f"y{number}", "fixedrange": True, "showgrid": False, "zeroline": False,
            "range": positions(np.array([window.start, window.end])), "linecolor": colors.divider, "showline": True,
            "showticklabels": False}  # fmt: skip


def _small_lines(
    course: pd.DataFrame, number: str, words: Words, colors: Palette, window: Window
) -> list[Figure]:
    starts, ends = column_ns(course["ds"]), column_ns(course["end"])
    x = np.array(positions((starts + ends) // 2))
    habit = plots.line_trace(x, course["usual_share"], colors.usual, 1.3, dash="dash")
    line = plots.line_trace(x, course["share"], colors.negative, 1.8)
    names = labels(course, window.drawn, window.tz, words)
    texts = [
        f"{html.escape(name)}<br><b>{words.percent(value, 0)}</b> · {words('social_n_posts', n=words.number(posts))}"
        for name, value, posts in zip(names, course["share"], course["posts"], strict=True)
    ]
    line |= {"text": texts, "hovertemplate": "%{text}<extra></extra>", "hoverinfo": "text"}
    return [trace | {"xaxis": f"x{number}", "yaxis": f"y{number}"} for trace in (habit, line)]
