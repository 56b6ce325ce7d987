"""A page of paper: fonts that print any Latin, Greek or Cyrillic name, texts that fit, tables and bars drawn as lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from forecast.reports.document import Bars
from forecast.reports.tables import Table
from forecast.reports.tongue import Tongue

INK, QUIET, LINE, PALE = (HexColor(one) for one in ("#1b2733", "#5b6b7a", "#d5dce3", "#f1f4f8"))
MORE, LESS = HexColor("#b45309"), HexColor("#1f5fa8")
ROW, SMALL = 13.0, 7.4
ELLIPSIS = "…"


@cache
def fonts() -> tuple[str, str]:
    """(plain, bold), registered: DejaVu Sans where matplotlib brought it, else the Vera of reportlab (Latin alone)."""
    found = find_spec("matplotlib")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" if found and found.origin else Path()
    files = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    if not all((folder / one).is_file() for one in files):
        files, folder = ("Vera.ttf", "VeraBd.ttf"), Path()
    names = ("Report", "Report-Bold")
    for name, file in zip(names, files, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(folder / file) if folder.name else file))
    return names


def width(text: str, font: str, size: float) -> float:
    """Points that a text takes."""
    return float(pdfmetrics.stringWidth(text, font, size))


def fitted(text: str, font: str, size: float, room: float) -> str:
    """A text, cut with an ellipsis where it does not fit."""
    if width(text, font, size) <= room:
        return text
    while text and width(text + ELLIPSIS, font, size) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """Lines of a text; a word too long for one is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and width(longer, font, size) > room:
            lines.append(line)
            line = fitted(word, font, size, room)
        else:
            line = fitted(longer, font, size, room)
    return [*lines, line] if line else lines


def draw_text(
    canvas: Any,
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    bold: bool = False,
    color: Any = INK,
    right: bool = False,
) -> None:
    """One line; right: it ends at x."""
    canvas.setFont(fonts()[bold], size)
    canvas.setFillColor(color)
    (canvas.drawRightString if right else canvas.drawString)(x, y, text)


def table_height(table: Table) -> float:
    """Points that a table takes, its title and note included."""
    head = 18.0 + (13 if table.rows else 0)
    return head + ROW * max(len(table.rows), 1) + (11 if table.note else 0)


def draw_table(
    canvas: Any, table: Table, tongue: Tongue, x: float, top: float, wide: float, shares: Sequence[float]
) -> float:
    """Title, header, rows, note; shares: of the width for each column. Returns where it ends."""
    plain, bold = fonts()
    draw_text(canvas, table.title, x, top - 10, 9.5, bold=True)
    y = top - 18
    if not table.rows:
        draw_text(canvas, table.empty, x, y - 9, SMALL, color=QUIET)
        return y - ROW
    edges = [x]
    for share in shares:
        edges.append(edges[-1] + share / sum(shares) * wide)
    columns = list(pairwise(edges))
    canvas.setFillColor(PALE)
    canvas.rect(x, y - 13, wide, 13, stroke=0, fill=1)
    for at, (name, (left, end)) in enumerate(zip(table.columns, columns, strict=True)):
        text = fitted(name, plain, SMALL - 0.4, end - left - 5)
        number = at >= table.texts
        draw_text(
            canvas, text, end - 4 if number else left + 4, y - 9, SMALL - 0.4, color=QUIET, right=number
        )
    y -= 13
    for row in table.rows:
        total = row.tone == "total"
        for at, (cell, (left, end)) in enumerate(zip(row.cells, columns, strict=True)):
            inset = 12 if row.tone == "sub" and at == 0 else 4
            text = fitted(cell.text(tongue), bold if total else plain, SMALL, end - left - inset - 3)
            number = at >= table.texts
            color = QUIET if row.tone == "sub" else INK
            draw_text(
                canvas,
                text,
                end - 4 if number else left + inset,
                y - 9,
                SMALL,
                bold=total,
                color=color,
                right=number,
            )
        y -= ROW
        canvas.setStrokeColor(QUIET if total else LINE)
        canvas.setLineWidth(0.4)
        canvas.line(x, y + ROW if total else y, x + wide, y + ROW if total else y)
    if table.note:
        draw_text(canvas, fitted(table.note, plain, SMALL - 0.6, wide), x, y - 9, SMALL - 0.6, color=QUIET)
        y -= 11
    return y


def draw_bars(canvas: Any, bars: Bars, x: float, top: float, wide: float, high: float) -> None:
    """Signed bars by day around a line for nothing; a day that is not compared has a dash."""
    draw_text(canvas, bars.title, x, top - 10, 9.5, bold=True)
    known = [one for one in bars.values if one == one]
    above, below = max([0.0, *known]), -min([0.0, *known])
    room = high - 18 - 12 - 2 * 11  # title, days, the numbers at both ends
    scale = room / (above + below) if above + below > 0 else 0.0
    zero = top - 18 - 11 - above * scale
    if scale == 0:
        zero = top - 18 - (high - 30) / 2
    step = wide / len(bars.values)
    for at, (value, label, text) in enumerate(zip(bars.values, bars.labels, bars.texts, strict=True)):
        middle = x + (at + 0.5) * step
        known_here = value == value
        tall = value * scale if known_here else 0.0
        canvas.setFillColor(MORE if tall > 0 else LESS)
        if tall:
            canvas.rect(middle - step * 0.3, min(zero, zero + tall), step * 0.6, abs(tall), stroke=0, fill=1)
        foot = zero + tall - 8.5 if tall < 0 else zero + tall + 3
        draw_text(
            canvas,
            text,
            middle + width(text, fonts()[0], SMALL) / 2,
            foot,
            SMALL,
            right=True,
            color=INK if known_here else QUIET,
        )
        draw_text(
            canvas,
            label,
            middle + width(label, fonts()[0], SMALL) / 2,
            top - high + 2,
            SMALL,
            right=True,
            color=QUIET,
        )
    canvas.setStrokeColor(QUIET)
    canvas.setLineWidth(0.6)
    canvas.line(x, zero, x + wide, zero)
