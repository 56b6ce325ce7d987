"""The week report as pieces of a page: its sentence, figures, tables and bars, as `forecast/reports/document.py` has them.

The report's own words come from its catalogue (`forecast/reports/texts_*.yaml`), so that page and paper say the same.
"""

from __future__ import annotations

from typing import Any

from dash import html

from api.dashboard.parts import aria, card, panel, with_code
from forecast.reports.document import Bars, Document, Tile
from forecast.reports.tables import Row, Table

ROOM = 100.0  # per cent of the height of the bars' box


def report(document: Document) -> list[Any]:
    """Everything below the controls."""
    two = html.Div([table(document.parts, document), bars(document.bars)], className="week-report-two")
    tables = [table(one, document) for one in (document.queues, document.hours, document.events)]
    title = f"{document.title} · {document.company}" if document.company else document.title
    head = html.Div(
        [html.H2(title, className="week-report-title"), html.P(" · ".join(document.facts), className="meta")]
    )
    return [
        head,
        html.P(document.headline, className="week-report-sentence"),
        html.Div([tile(one) for one in document.tiles], className="cards"),
        two,
        *tables,
        html.Div([html.P(with_code(one)) for one in (*document.notes, " ".join(document.definitions))], className="week-report-notes"),
    ]  # fmt: skip


def tile(one: Tile) -> Any:
    """One strong number."""
    lines = [html.P(text, className="line") for text in (one.note, one.of) if text]
    return card(one.label, [html.P(one.value, className="big"), *lines])


def table(one: Table, document: Document) -> Any:
    """A table, or what stands there without rows."""
    if not one.rows:
        return panel(one.title, [html.P(one.empty, className="note")])
    head = html.Tr(
        [html.Th(name, scope="col", className=_class(at, one)) for at, name in enumerate(one.columns)]
    )
    body = html.Tbody([_row(row, one, document) for row in one.rows])
    whole = html.Table([html.Thead(head), body], className="plain", id=f"week-report-{one.key}-table")
    inside: list[Any] = [
        html.Div(whole, className="scroll", tabIndex="0", role="group", **aria(label=one.title))
    ]
    if one.note:
        inside.append(html.P(one.note, className="note"))
    return panel(one.title, inside)


def _row(row: Row, one: Table, document: Document) -> Any:
    texts = [cell.text(document.tongue) for cell in row.cells]
    first = html.Th(texts[0], scope="row")
    rest = [html.Td(text, className=_class(at, one)) for at, text in enumerate(texts[1:], 1)]
    return html.Tr([first, *rest], className=f"week-report-{row.tone}" if row.tone else "")


def _class(at: int, one: Table) -> str:
    return "" if at < one.texts else "number"


def bars(one: Bars) -> Any:
    """Signed bars by day around the line for nothing; numbers above and below them."""
    known = [value for value in one.values if value == value]
    above, below = max([0.0, *known]), -min([0.0, *known])
    whole = above + below
    zero = ROOM * below / whole if whole else ROOM / 2
    columns = []
    for value, label, text in zip(one.values, one.labels, one.texts, strict=True):
        size = ROOM * abs(value) / whole if whole and value == value else 0.0
        less = value < 0
        shape = {"bottom": f"{zero - size if less else zero:.2f}%", "height": f"{size:.2f}%"}
        said = {"top": f"{ROOM - zero + size:.2f}%"} if less else {"bottom": f"{zero + size:.2f}%"}
        track = html.Div(
            [html.Span(className=f"bar {'less' if less else 'more'}", style=shape), html.Span(text, className="value", style=said)],
            className="track",
        )  # fmt: skip
        columns.append(html.Div([track, html.Span(label, className="day")], className="week-report-day"))
    line = html.Span(className="zero", style={"bottom": f"{zero:.2f}%"})
    box = html.Div(
        [html.Div([line], className="ground"), *columns], className="week-report-bars", role="img", **aria(label=one.sentence)
    )  # fmt: skip
    return panel(one.title, [box])
