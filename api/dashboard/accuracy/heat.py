"""Where is it wrong? By weekday and hour for one queue, by queue for all of them. Every cell is a number, so that nobody needs
the colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html

from api.dashboard.accuracy.leads import cells
from api.dashboard.accuracy.record import Record
from api.dashboard.parts import panel
from api.dashboard.words import WEEKDAYS, Words
from forecast.plan_errors import Heat

SHADES = (0.10, 0.20, 0.30, 0.45)  # from which deviation on a cell is a shade darker
LEANS = 0.5  # share of the deviation that goes one way, from which an arrow says so
UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"


def heat_panel(record: Record, words: Words) -> Any:
    """A table of weekdays and hours; nothing where a week before nothing had been published."""
    found = record.heat
    if found is None:
        return None
    hours = [at for at in range(24) if np.isfinite(found.deviation[:, at]).any()]
    days = [at for at in range(7) if np.isfinite(found.deviation[at]).any()]
    if not hours:
        return None
    heads = [html.Th("", scope="col"), *(html.Th(f"{at:02d}", scope="col") for at in hours)]
    heads.append(html.Th(words("accuracy_heat_day"), scope="col", className="accuracy-edge"))
    body = [_row(found, day, hours, words) for day in days]
    last = [html.Th(words("accuracy_heat_hour"), scope="row")]
    last += [_cell(found.hours[at], 0.0, words) for at in hours]
    body.append(html.Tr([*last, html.Td("", className="accuracy-edge")], className="accuracy-foot"))
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)], className="accuracy-heat", id="accuracy-heat"
    )
    return panel(
        words("accuracy_heat"),
        [html.Div(table, className="scroll", tabIndex="0")],
        note=words("accuracy_heat_note", up=UP, down=DOWN),
    )


def _row(found: Heat, day: int, hours: list[int], words: Words) -> Any:
    row = [html.Th(WEEKDAYS[words.language][day], scope="row")]
    row += [_cell(found.deviation[day, at], found.over[day, at], words) for at in hours]
    edge = _cell(found.weekdays[day], 0.0, words)
    edge.className = f"{edge.className} accuracy-edge"
    return html.Tr([*row, edge])


def _cell(deviation: float, over: float, words: Words) -> Any:
    if not np.isfinite(deviation):
        return html.Td("·", className="shade-none")
    shade = sum(deviation >= least for least in SHADES)
    arrow = "" if abs(over) < LEANS * deviation or deviation < SHADES[0] else UP if over > 0 else DOWN
    return html.Td(
        [words.number(100 * deviation), html.Span(arrow, className="arrow")], className=f"shade-{shade}"
    )


def queues_panel(record: Record, words: Words) -> Any:
    """All queues a week before, the one that missed most first."""
    if len(record.queues) < 2:
        return None
    pairs = record.week_before
    rows = []
    for place, queue in enumerate(record.queues):
        mine = pairs.take(pairs.place == place)
        found = record.figure(mine)
        missed = float(np.abs(mine.miss[mine.known]).sum())
        rows.append((missed, queue.name, found))
    heads = ("queue", "forecast_deviation", "bar", "floor", "bias", "within", "accuracy_days")
    row = [html.Th(words(heads[0]), scope="col")]
    row += [
        html.Th(words(key).replace("\N{SOFT HYPHEN}", ""), scope="col", className="number")
        for key in heads[1:]
    ]
    body = []
    for _, name, found in sorted(rows, key=lambda one: (-one[0], one[1])):
        every = cells(found, words)
        body.append(html.Tr([html.Th(name, scope="row"), *(every[at] for at in (0, 2, 3, 5, 6, 7))]))
    table = html.Table([html.Thead(html.Tr(row)), html.Tbody(body)], className="plain", id="accuracy-queues")
    return panel(
        words("accuracy_queues"),
        [html.Div(table, className="scroll", tabIndex="0")],
        note=words("accuracy_queues_note"),
    )
