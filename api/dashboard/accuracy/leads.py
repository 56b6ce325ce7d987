"""The live record by how far ahead: what was really published an hour, a day, a week and four weeks before; and quiet days
beside incident days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from dash import html

from api.dashboard.accuracy.record import LEADS, Record, flags
from api.dashboard.accuracy.table import bias
from api.dashboard.parts import panel
from api.dashboard.words import Words, local
from forecast.plan_errors import Figure

NEW_YEAR = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
COLUMNS = ("forecast_deviation", "gain_between", "bar", "floor", "better", "bias", "within", "accuracy_days")


def live_panel(record: Record, words: Words) -> Any:
    """A table by how far ahead; a sentence instead where nothing was published long enough ago."""
    rows = [(words(f"accuracy_lead_{lead}"), record.figure(record.pairs[lead])) for lead in LEADS]
    if record.hour is not None:
        rows.insert(0, (words("accuracy_lead_hour"), record.figure(record.hour)))
    note = words("accuracy_live_note")
    if len(record.queues) > 1:
        note = f"{note} {words('accuracy_live_all')}"
    if not any(found.days for _, found in rows):
        return panel(words("accuracy_live"), [html.P(begins(record, words), className="line")])
    return panel(words("accuracy_live"), [_table(rows, record, words)], note=note)


def begins(record: Record, words: Words) -> str:
    """`The live record begins on 20 Nov: ...`."""
    if record.begins is None:
        return words("accuracy_live_never")
    day = words.day(local(record.begins, record.queues[0].tz))
    return words("accuracy_live_begins", day=day, n=record.span.need)


def _table(rows: list[tuple[str, Figure]], record: Record, words: Words) -> Any:
    heads = [html.Th(words("how_far").replace("\N{SOFT HYPHEN}", ""), scope="col")]
    heads += [
        html.Th(words(key).replace("\N{SOFT HYPHEN}", ""), scope="col", className="number") for key in COLUMNS
    ]
    body = [_row(name, found, record, words) for name, found in rows]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain accuracy-leads", id="accuracy-leads"
    )
    return html.Div(table, className="scroll", tabIndex="0")


def _row(name: str, found: Figure, record: Record, words: Words) -> Any:
    head = html.Th(name, scope="row")
    if not record.enough(found):
        said = words("accuracy_too_few", n=found.days, of=record.span.need)
        return html.Tr([head, html.Td(said, colSpan=len(COLUMNS), className="accuracy-few")])
    return html.Tr([head, *cells(found, words)])


def cells(found: Figure, words: Words) -> list[Any]:
    """The cells of a figure, in the order of COLUMNS."""
    between = "–" if found.low is None else f"{words.number(100 * found.low, 1)}–{words.percent(found.high)}"
    values = (
        words.percent(found.deviation), between, words.percent(found.bar), words.percent(found.noise),
        words.percent(found.better, sign=True), bias(np.nan if found.over is None else found.over, words),
        words.percent(found.within, 0), words.number(found.days),
    )  # fmt: skip
    return [
        html.Td(value, className="number strong" if at == 0 else "number") for at, value in enumerate(values)
    ]


def incident_panel(record: Record, words: Words) -> Any:
    """Quiet days and incident days side by side, a week before; with the days that count as incidents."""
    marked = flags(record.week_before, record.incident)
    parts = [("accuracy_quiet", ~marked), ("accuracy_incident", marked)]
    keys = ("forecast_deviation", "bar", "bias", "within", "accuracy_days")
    heads = [html.Th("", scope="col")]
    heads += [
        html.Th(words(key).replace("\N{SOFT HYPHEN}", ""), scope="col", className="number") for key in keys
    ]
    body = []
    for key, rows in parts:
        found = record.figure(record.week_before.take(rows))
        every = cells(found, words)
        body.append(html.Tr([html.Th(words(key), scope="row"), *(every[at] for at in (0, 2, 5, 6, 7))]))
    inside = [
        html.Div(
            html.Table(
                [html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain", id="accuracy-incidents"
            ),
            className="scroll",
            tabIndex="0",
        ),
        html.P(_listed(record, words), className="note accuracy-below"),
    ]
    return panel(words("accuracy_incidents"), inside, note=words("accuracy_incidents_note"))


def _listed(record: Record, words: Words) -> str:
    if not record.incident:
        return words("accuracy_incidents_none")
    keys = sorted(record.incident, key=lambda key: (-key[1], key[0]))
    shown = []
    for place, day in keys[:6]:
        name = f"{record.queues[place].name}, " if len(record.queues) > 1 else ""
        why = words(f"accuracy_because_{record.incident[place, day]}")
        shown.append(f"{day_text(day, words)} ({name}{why})")
    more = words("accuracy_more", n=len(keys) - 6) if len(keys) > 6 else ""
    return f"{'; '.join(shown)}{more}."


def day_text(day: int, words: Words) -> str:
    """`Tue 10 Mar` of a local day."""
    return words.day(NEW_YEAR + dt.timedelta(days=day))
