"""Agents needed against planned for the rest of the day: where it is short, where there are too many, net and gross."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html

from api.dashboard import axes, plots
from api.dashboard.palette import Palette
from api.dashboard.parts import with_code
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.arrays import Floats
from forecast.buckets import SECOND, from_ns, index
from store.day_agents import TeamGap

SHORT = 0.5  # agents below which an interval is not called short
FIGURES = ("needed_net", "planned_net", "net", "needed_gross", "planned_gross", "gross")


def told(teams: Sequence[TeamGap], words: Words) -> list[Any]:
    """Per team its strong numbers and what to know; where nothing is known, what to do."""
    if not teams:
        return [html.P(with_code(words("today_agents_none")), className="note")]
    shown: list[Any] = []
    for team in teams:
        if len(teams) > 1 or team.name not in team.queues:
            shown.append(html.H3(words("today_team", team=team.name), className="sub"))
        shown.append(html.Div(_numbers(team, words), className="today-numbers"))
    if not any(team.planned for team in teams):
        shown.append(html.P(with_code(words("today_no_plan")), className="note", id="today-no-plan"))
    return shown


def _numbers(team: TeamGap, words: Words) -> list[Any]:
    one = team.gap
    if np.isnan(one.needed_net).all():
        return [html.Div([html.Strong("–"), html.Span(words("today_need_unknown"))])]
    top = int(np.nanargmax(one.needed_net))
    at = _clock(team, top)
    need = words("today_peak_need", at=at, gross=words.number(one.needed_gross[top], 1))
    found = [
        html.Div(
            [html.Strong(whole(float(one.needed_net[top]), words), className="today-need"), html.Span(need)]
        )
    ]
    if not team.planned:
        return found
    return [*found, *_short(team, words)]


def _short(team: TeamGap, words: Words) -> list[Any]:
    """The worst interval, and the hours short and over, apart from each other."""
    one = team.gap
    net, hours = np.nan_to_num(one.net), one.seconds / 3600
    worst = int(np.argmin(net))
    under = float((np.maximum(-net, 0.0) * hours).sum())
    over = float((np.maximum(net, 0.0) * hours).sum())
    if net[worst] > -SHORT:
        first = html.Div([html.Strong(words("today_enough")), html.Span(words("today_never_short"))])
    else:
        gross = words.number(-one.gross[worst], 1)
        said = words("today_worst", at=_clock(team, worst), gross=gross)
        first = html.Div(
            [html.Strong(words.number(net[worst], 1, sign=True), className="short"), html.Span(said)]
        )
    return [
        first,
        html.Div([html.Strong(words.number(under, 1)), html.Span(words("today_hours_short"))]),
        html.Div([html.Strong(words.number(over, 1)), html.Span(words("today_hours_over"))]),
    ]


def _clock(team: TeamGap, at: int) -> str:
    moment = local(from_ns(int(team.gap.ds[at])), team.tz)
    return f"{moment:%H:%M}{' *' if moment.fold else ''}"


def whole(value: float, words: Words) -> str:
    """Whole agents without decimals."""
    return words.number(value, 0 if float(value).is_integer() else 1)


def table(team: TeamGap, words: Words) -> Any:
    """Interval by interval; on a phone each row becomes a line of labels and numbers."""
    one = team.gap
    names = [name for name in FIGURES if team.planned or name.startswith("needed")]
    heads = [
        html.Th(words("start")),
        *(html.Th(words(f"today_col_{name}"), className="number") for name in names),
    ]
    rows = []
    for at in np.flatnonzero(_told(one.needed_net, one.planned_net)).tolist():
        cells = [html.Td(_clock(team, at), className="when")]
        for name in names:
            value = float(getattr(one, name)[at])
            kind = "number" + (" short" if name in ("net", "gross") and value <= -SHORT else "")
            text = words.number(value, 1, sign=name in ("net", "gross"))
            label: Any = {"data-label": words(f"today_col_{name}")}
            cells.append(html.Td(text, className=kind, **label))
        rows.append(html.Tr(cells))
    body = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain today-table")
    return html.Details(
        [html.Summary(words("today_per_interval", team=team.name)), html.Div(body, className="scroll")],
        className="more",
    )


def _told(needed: Floats, planned: Floats) -> Any:
    return (np.nan_to_num(needed) > 0) | (np.nan_to_num(planned) > 0)


def figure(team: TeamGap, window: Window, words: Words, colors: Palette) -> plots.Figure:
    """Needed as a stair, planned as another, and what is short between them."""
    one = team.gap
    x = np.array(axes.positions(one.ds), dtype=object)
    middle = np.array(axes.positions(one.ds + (one.seconds * SECOND / 2).astype(np.int64)), dtype=object)
    needed, planned = pd.Series(one.needed_net), pd.Series(one.planned_net)
    filled = {**plots.line_trace(x, needed, colors.expected, 2), "fill": "tozeroy", "fillcolor": colors.band}
    data = [_stairs(filled)]
    if team.planned:
        gap = np.maximum(-np.nan_to_num(one.net), 0.0)
        short = gap >= SHORT
        data.append({"type": "bar", "x": middle[short].tolist(), "y": gap[short].tolist(), "base": one.planned_net[short].tolist(),
                     "width": (one.seconds[short] * 1000).tolist(), "hoverinfo": "skip",
                     "marker": {"color": colors.negative, "opacity": 0.55, "line": {"width": 0}}})  # fmt: skip
        data.append(_stairs(plots.line_trace(x, planned, colors.offered, 2)))
    heights = needed.where(needed > planned.fillna(0.0), planned).fillna(0.0)
    data.append(plots.hover_trace(middle, heights, np.array(_hover(team, words), dtype=object)))
    layout = plots.base_layout(words, colors)
    layout["margin"] = {"l": 34, "r": 10, "t": 8, "b": 26}
    layout["yaxis"] = plots.value_axis(colors, plots.ALONE, 5)
    begin, stop = _reach(team)
    layout["xaxis"] = plots.time_axis(window, words, colors, begin, stop)
    return {"data": data, "layout": layout}


def _stairs(trace: plots.Figure) -> plots.Figure:
    return {**trace, "line": {**trace["line"], "shape": "hv"}}


def _reach(team: TeamGap) -> tuple[int, int]:
    """From the first to the end of the last interval in which somebody is needed or planned."""
    one = team.gap
    rows = np.flatnonzero(_told(one.needed_net, one.planned_net))
    if len(rows) == 0:
        rows = np.arange(len(one.ds))
    return int(one.ds[rows[0]]), int(one.ds[rows[-1]] + one.seconds[rows[-1]] * SECOND)


def _hover(team: TeamGap, words: Words) -> list[str]:
    one = team.gap
    frame = pd.DataFrame(
        {"ds": index(one.ds), "end": index(one.ds + (one.seconds * SECOND).astype(np.int64))}
    )
    texts = []
    for at in range(len(frame)):
        lines = [f"<b>{_clock(team, at)}</b>"]
        for name in FIGURES:
            value = float(getattr(one, name)[at])
            if np.isfinite(value):
                signed = name in ("net", "gross")
                lines.append(f"{words(f'today_col_{name}')} {words.number(value, 1, sign=signed)}")
        texts.append("<br>".join(lines))
    return texts


def sentence(team: TeamGap, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    one = team.gap
    if np.isnan(one.needed_net).all():
        return words("today_need_unknown")
    top = int(np.nanargmax(one.needed_net))
    said = words(
        "today_agents_sentence", team=team.name, n=words.number(one.needed_net[top], 1), at=_clock(team, top)
    )
    if not team.planned:
        return said
    net = np.nan_to_num(one.net)
    worst = int(np.argmin(net))
    if net[worst] > -SHORT:
        return f"{said} {words('today_never_short')}"
    return f"{said} {words('today_short_sentence', n=words.number(-net[worst], 1), at=_clock(team, worst))}"


def legend_of(team: TeamGap, words: Words) -> Sequence[tuple[str, str]]:
    """Entries of the legend."""
    shown = [("forecast", words("today_needed"))]
    return (
        [*shown, ("offered", words("today_planned")), ("negative", words("today_short"))]
        if team.planned
        else shown
    )


def drawable(team: TeamGap) -> bool:
    """Is anything known of what it needs?"""
    return bool(len(team.gap.ds) and np.isfinite(team.gap.needed_net).any())
