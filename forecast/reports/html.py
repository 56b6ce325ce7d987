"""The week report as one HTML file: no scripts, its style inside, set to print on an A4. Every text is escaped."""

from __future__ import annotations

from html import escape

from forecast.reports.document import Bars, Document
from forecast.reports.tables import Table
from forecast.reports.tongue import Tongue

MEDIA_TYPE = "text/html"
STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, "Segoe UI", sans-serif; color: #1b2733; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 1px solid #d5dce3; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
.quiet, .note, footer { color: #5b6b7a; } .headline { font-size: 1.15rem; font-weight: 600; margin: 1rem 0; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; }
.tile { background: #f1f4f8; border-radius: .4rem; padding: .6rem .8rem; } .tile b { display: block; font-size: 1.5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { background: #f1f4f8; color: #5b6b7a; font-weight: 500; text-align: right; padding: .25rem .5rem; }
td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #d5dce3; }
.text { text-align: left; } tr.total td { font-weight: 700; border-top: 1px solid #5b6b7a; } tr.sub td { color: #5b6b7a; }
tr.sub .text { padding-left: 1.4rem; } .bars svg { width: 100%; max-width: 30rem; height: auto; } footer { margin-top: 1.6rem; font-size: .85rem; }
@page { size: A4; margin: 12mm; } @media print { body { margin: 0; max-width: none; font-size: 10px; } }
"""


def html(document: Document) -> str:
    """The file's text."""
    tongue = document.tongue
    tiles = "".join(
        f'<div class="tile"><span class="quiet">{escape(one.label)}</span><b>{escape(one.value)}</b>'
        f'<span class="quiet">{escape(one.note)}{"<br>" if one.of else ""}{escape(one.of)}</span></div>'
        for one in document.tiles
    )
    tables = (document.parts, document.queues, document.hours, document.events)
    parts, *rest = (_table(one, tongue) for one in tables)
    notes = "".join(f"<p>{escape(one)}</p>" for one in (*document.notes, " ".join(document.definitions)))
    return (
        f'<!doctype html>\n<html lang="{tongue.language}"><head><meta charset="utf-8">'
        f"<title>{escape(f'{document.title} {document.company}'.strip())}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{escape(document.title)}</h1><strong>{escape(document.company)}</strong></header>"
        f'<p class="quiet">{escape(" · ".join(document.facts))}</p><p class="headline">{escape(document.headline)}</p>'
        f'<div class="tiles">{tiles}</div>{parts}{_bars(document.bars)}{"".join(rest)}<footer>{notes}</footer></body></html>\n'
    )


def _table(table: Table, tongue: Tongue) -> str:
    head = f"<h2>{escape(table.title)}</h2>"
    if not table.rows:
        return f'{head}<p class="note">{escape(table.empty)}</p>'
    names = "".join(
        f'<th scope="col"{_text(at, table)}>{escape(name)}</th>' for at, name in enumerate(table.columns)
    )
    rows = "".join(
        f'<tr class="{row.tone}">'
        + "".join(
            f"<td{_text(at, table)}>{escape(cell.text(tongue))}</td>" for at, cell in enumerate(row.cells)
        )
        + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return f"{head}<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{note}"


def _text(at: int, table: Table) -> str:
    return ' class="text"' if at < table.texts else ""


def _bars(bars: Bars) -> str:
    """The bars as an SVG, 300 x 110."""
    known = [one for one in bars.values if one == one]
    above, below = max([0.0, *known]), -min([0.0, *known])
    scale = 66 / (above + below) if above + below > 0 else 0.0
    zero = 16 + above * scale if scale else 48.0
    shapes = [f'<line x1="0" x2="300" y1="{zero:.1f}" y2="{zero:.1f}" stroke="#5b6b7a"/>']
    for at, (value, label, text) in enumerate(zip(bars.values, bars.labels, bars.texts, strict=True)):
        middle, tall = (at + 0.5) * 300 / len(bars.values), value * scale if value == value else 0.0
        color = "#b45309" if tall > 0 else "#1f5fa8"
        top = zero - max(tall, 0.0)
        shapes.append(
            f'<rect x="{middle - 13:.1f}" y="{top:.1f}" width="26" height="{abs(tall):.1f}" fill="{color}"/>'
        )
        foot = top - 3 if tall >= 0 else zero - tall + 9
        for y, said in ((foot, text), (108, label)):
            shapes.append(
                f'<text x="{middle:.1f}" y="{y:.1f}" font-size="8" text-anchor="middle">{escape(said)}</text>'
            )
    picture = "".join(shapes)
    return (
        f'<div class="bars"><h2>{escape(bars.title)}</h2><svg viewBox="0 0 300 110" role="img" '
        f'aria-label="{escape(bars.sentence)}">{picture}</svg></div>'
    )
