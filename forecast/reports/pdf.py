"""The week report as a PDF: one A4, never two. Of more queues than fit, those with the largest gap are named and the others
are one row."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from forecast.reports.document import Document, make_document
from forecast.reports.sheet import (
    INK,
    LINE,
    PALE,
    QUIET,
    ROW,
    SMALL,
    draw_bars,
    draw_table,
    draw_text,
    fitted,
    fonts,
    table_height,
    wrapped,
)
from forecast.reports.tables import Table
from forecast.reports.tongue import Tongue
from forecast.week_report import Report

MEDIA_TYPE = "application/pdf"
WIDTH, HEIGHT = A4
EDGE = 34.0
WIDE = WIDTH - 2 * EDGE
LEAST_QUEUES, MOST_EVENTS = 3, 6
GAP, TILES, TILE_LINE, BARS = 14.0, 58.0, 10.0, 112.0
HEADLINE = 11.5
QUEUE_SHARES = (2.3, 1.05, 1, 1, 0.95, 1, 0.95, 0.95, 0.8)
HOUR_SHARES = (2.3, 1.05, 1, 1.15, 1.1, 1.1, 1, 0.8)
EVENT_SHARES = (2.6, 1.6, 2.2, 1, 1.3)


def pdf(report: Report, tongue: Tongue) -> bytes:
    """The file. Its metadata name title and language; the same report gives the same bytes."""
    document = fitting(report, tongue)
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, lang=tongue.language, invariant=1, pageCompression=1)
    canvas.setTitle(f"{document.title} {document.company}".strip())
    canvas.setAuthor(document.company or "Forecall")
    canvas.setSubject(document.headline)
    canvas.setCreator("Forecall")
    _page(canvas, document)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def fitting(report: Report, tongue: Tongue) -> Document:
    """The document with as many queues of their own as one page takes."""
    most = max(len(report.lines), 1)
    document = make_document(report, tongue)
    while (over := height(document) - (HEIGHT - 2 * EDGE)) > 0 and most > LEAST_QUEUES:
        most = max(most - math.ceil(over / (2 * ROW)), LEAST_QUEUES)  # a queue has a row in two tables
        document = make_document(report, tongue, most=most)
    return document


def height(document: Document) -> float:
    """Points from the top of the header to the end of the notes."""
    tables = sum(table_height(one) + GAP for one in (document.queues, document.hours, _few(document.events)))
    head = 40 + _headline_height(document) + _tiles_height(document) + GAP
    return head + max(table_height(document.parts), BARS) + GAP + tables + len(_notes(document)) * 9.5 + 14


def _few(events: Table) -> Table:
    return Table(**{**vars(events), "rows": events.rows[:MOST_EVENTS]})


def _page(canvas: Any, document: Document) -> None:
    tongue, top = document.tongue, HEIGHT - EDGE
    y = _header(canvas, document, top)
    for line in _headline(document):
        draw_text(canvas, line, EDGE, y - HEADLINE, HEADLINE, bold=True)
        y -= HEADLINE + 4
    y = _tiles(canvas, document, y - 8) - GAP
    half = WIDE * 0.54
    ends = draw_table(
        canvas, document.parts, tongue, EDGE, y, half, (1.7, *[1] * (len(document.parts.columns) - 1))
    )
    draw_bars(canvas, document.bars, EDGE + half + 22, y, WIDE - half - 22, BARS)
    y = min(ends, y - BARS) - GAP
    wide = (*HOUR_SHARES, 1.1)[: len(document.hours.columns)]
    for table, shares in (
        (document.queues, QUEUE_SHARES),
        (document.hours, wide),
        (_few(document.events), EVENT_SHARES),
    ):
        y = draw_table(canvas, table, tongue, EDGE, y, WIDE, shares) - GAP
    _footer(canvas, document)


def _header(canvas: Any, document: Document, top: float) -> float:
    plain, bold = fonts()
    draw_text(canvas, document.title, EDGE, top - 16, 17, bold=True)
    name = fitted(document.company, bold, 10, WIDE / 2)
    draw_text(canvas, name, EDGE + WIDE, top - 14, 10, bold=True, right=True)
    facts = fitted(" · ".join(document.facts), plain, SMALL + 0.6, WIDE)
    draw_text(canvas, facts, EDGE, top - 29, SMALL + 0.6, color=QUIET)
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.8)
    canvas.line(EDGE, top - 36, EDGE + WIDE, top - 36)
    return top - 42


def _headline(document: Document) -> list[str]:
    return wrapped(document.headline, fonts()[1], HEADLINE, WIDE)[:4]


def _headline_height(document: Document) -> float:
    return len(_headline(document)) * (HEADLINE + 4) + 10


def _tiles_height(document: Document) -> float:
    return TILES + (TILE_LINE if any(one.of for one in document.tiles) else 0.0)


def _tiles(canvas: Any, document: Document, y: float) -> float:
    plain, bold = fonts()
    count = len(document.tiles)
    wide, tall = (WIDE - (count - 1) * 8) / count, _tiles_height(document)
    for at, tile in enumerate(document.tiles):
        x = EDGE + at * (wide + 8)
        canvas.setFillColor(PALE)
        canvas.roundRect(x, y - tall, wide, tall, 5, stroke=0, fill=1)
        draw_text(canvas, fitted(tile.label, plain, SMALL, wide - 16), x + 8, y - 13, SMALL, color=QUIET)
        draw_text(canvas, fitted(tile.value, bold, 17, wide - 16), x + 8, y - 34, 17, bold=True, color=INK)
        draw_text(canvas, fitted(tile.note, plain, SMALL, wide - 14), x + 8, y - 48, SMALL, color=QUIET)
        draw_text(canvas, fitted(tile.of, plain, SMALL, wide - 14), x + 8, y - 58, SMALL, color=QUIET)
    return y - tall


def _notes(document: Document) -> list[str]:
    """Notes and definitions as lines of the foot."""
    said: Callable[[str], list[str]] = lambda text: wrapped(text, fonts()[0], SMALL - 0.8, WIDE)  # noqa: E731
    return [line for text in (*document.notes, " ".join(document.definitions)) for line in said(text)]


def _footer(canvas: Any, document: Document) -> None:
    lines = _notes(document)
    y = EDGE + (len(lines) - 1) * 9.5
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(EDGE, y + ROW, EDGE + WIDE, y + ROW)
    for line in lines:
        draw_text(canvas, line, EDGE, y, SMALL - 0.8, color=QUIET)
        y -= 9.5
