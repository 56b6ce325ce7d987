"""How good each locked week was: days, intervals within 10 % beside what chance allows, agent hours over and under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard.accuracy.record import Span, date_of
from api.dashboard.accuracy.table import bias
from api.dashboard.parts import panel
from api.dashboard.words import Words, local
from store.locks import Lock, list_locks
from store.plan_accuracy import Measured, lock_accuracy
from store.queues import Queue
from store.settings import Settings

MOST = 13  # locks of one queue; each reads its rows anew
MOST_OF_ALL = 12  # locks times queues, where all queues are shown
COLUMNS = ("accuracy_lock_days", "forecast_deviation", "bias", "accuracy_lock_within", "accuracy_lock_possible",
           "accuracy_lock_under", "accuracy_lock_over")  # fmt: skip


def locks_panel(
    session: Session, settings: Settings, queues: Sequence[Queue], span: Span, words: Words, now: dt.datetime
) -> Any:
    """The locks of the days asked for, the latest first."""
    names = [queue.name for queue in queues]
    first, last = date_of(span.first), date_of(span.last)
    held = [
        one
        for one in list_locks(session)
        if one.first <= last and one.last >= first and (not one.queues or set(one.queues) & set(names))
    ]
    title = words("accuracy_locks")
    if not held:
        link = dcc.Link(words("accuracy_locks_go"), href="/forecast")
        return panel(title, [html.P([words("accuracy_locks_none"), " ", link], className="line")])
    shown = held[: MOST if len(names) == 1 else max(1, MOST_OF_ALL // len(names))]
    rows = [
        (one, each)
        for one in shown
        for each in lock_accuracy(session, settings, one.id, now=now, queues=names)[1]
    ]
    if not rows:
        return panel(title, [html.P(words("accuracy_locks_ahead"), className="line")])
    note = words("accuracy_locks_note")
    if len(shown) < len(held):
        note = f"{note} {words('accuracy_locks_more', n=len(shown), of=len(held))}"
    tz = settings.company.timezone
    return panel(title, [_table(rows, tz, words, many=len(names) > 1)], note=note)


def _table(rows: Sequence[tuple[Lock, Measured]], tz: str, words: Words, *, many: bool) -> Any:
    heads = [html.Th(words("accuracy_lock"), scope="col")]
    heads += [html.Th(words("queue"), scope="col")] if many else []
    heads += [
        html.Th(words(key).replace("\N{SOFT HYPHEN}", ""), scope="col", className="number") for key in COLUMNS
    ]
    body = [_row(held, found, tz, words, many=many) for held, found in rows]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain", id="accuracy-locks")
    return html.Div(table, className="scroll", tabIndex="0")


def _row(held: Lock, found: Measured, tz: str, words: Words, *, many: bool) -> Any:
    figures, cost = found.figures, found.figures.cost
    name = held.label or words(
        "accuracy_lock_span", first=_date(held.first, words), last=_date(held.last, words)
    )
    told = [
        html.Span(name),
        html.Span(f"{held.author} · {words.date(local(held.created_at, tz))}", className="line"),
    ]
    if held.released_at is not None:
        told.append(html.Span(words("accuracy_lock_released"), className="line"))
    values = (
        words.number(figures.days), words.percent(figures.day_wape),
        bias(float("nan") if figures.bias is None else figures.bias, words),
        words.percent(figures.within, 0), words.percent(figures.possible, 0),
        words.number(None if cost is None else cost.under_gross), words.number(None if cost is None else cost.over_gross),
    )  # fmt: skip
    cells = [
        html.Td(value, className="number strong" if at == 1 else "number") for at, value in enumerate(values)
    ]
    return html.Tr(
        [
            html.Th(html.Div(told, className="accuracy-lock"), scope="row"),
            *([html.Td(found.queue)] if many else []),
            *cells,
        ]
    )


def _date(date: dt.date, words: Words) -> str:
    return words.date(dt.datetime.combine(date, dt.time()))
