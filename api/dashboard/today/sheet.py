"""The day-start sheet as a page of its own on one A4, without scripts, and as plain text to send."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import FastAPI, Query, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.desk import Clock
from api.dashboard.today import sheet_rows
from api.dashboard.today.sheet_rows import Part
from api.dashboard.words import Words
from forecast.day_start import DayStart
from forecast.errors import ForecallError
from forecast.outlook_words import date as long_date
from store.day_start import load_day_start
from store.outlook import day_of
from store.settings import Settings

PATH = "/day-start"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 13mm 14mm; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 22px 24px 30px; max-width: 820px; background: #fff; color: #1b2733;
  font: 12.5px/1.42 system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }}
header {{ border-bottom: 2px solid #175a94; padding-bottom: 7px; margin-bottom: 11px; }}
h1 {{ font-size: 20px; line-height: 1.2; margin: 0 0 3px; letter-spacing: -0.01em; }}
h2 {{ font-size: 12.5px; margin: 13px 0 3px; color: #175a94; }}
p {{ margin: 0; overflow-wrap: anywhere; }}
.small {{ color: #55626f; font-size: 11.5px; }}
.wrap {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ text-align: left; font-weight: 600; color: #55626f; font-size: 11.5px; }}
th, td {{ padding: 3px 12px 3px 0; border-bottom: 1px solid #dde3e9; vertical-align: top; }}
td:first-child {{ font-weight: 600; overflow-wrap: anywhere; }}
.number {{ text-align: right; white-space: nowrap; }}
ul {{ margin: 0; padding-left: 16px; }}
li {{ margin: 1px 0; overflow-wrap: anywhere; }}
.warning {{ border-left: 4px solid #a3360f; background: #fdeee6; padding: 6px 10px; margin: 9px 0; }}
.warning h2 {{ color: #a3360f; margin-top: 0; }}
@media print {{ body {{ padding: 0; max-width: none; font-size: 10.5pt; }} section, tr {{ break-inside: avoid; }}
  .warning {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }} }}
@media (max-width: 480px) {{ body {{ padding: 14px; }} }}
</style>
</head>
<body>
<header><h1>{heading}</h1><p class="small">{below}</p></header>
<main>
{parts}
</main>
</body>
</html>
"""


def serve_sheet(app: FastAPI, sessions: sessionmaker[Session], clock: Clock, settings: Settings) -> None:
    """Add the page; the guard before the pages says who may see it."""

    def sheet(
        language: Annotated[Literal["en", "nl"], Query()] = "en",
        date: Annotated[str, Query(max_length=20)] = "today",
    ) -> Response:
        words = Words(language)
        with sessions() as session:
            try:
                found = read(session, settings, date, clock())
            except ForecallError as error:
                return HTMLResponse(refusal(error, words), 422, headers=HEADERS)
        return HTMLResponse(page(found, words), headers=HEADERS)

    app.add_api_route(PATH, sheet, methods=["GET"], include_in_schema=False, response_model=None)


def read(session: Session, settings: Settings, said: str, now: dt.datetime) -> DayStart:
    """said: today, tomorrow or 2026-03-11; InputError for a day that is over."""
    return load_day_start(session, settings, day_of(said, now, settings.company.timezone), now)


def refusal(error: ForecallError, words: Words) -> str:
    """A page that says why there is no sheet."""
    title = html.escape(words("today_sheet"))
    said = f"<p>{html.escape(str(error))}</p>"
    return PAGE.format(language=words.language, title=title, heading=title, below="", parts=said)


def page(found: DayStart, words: Words) -> str:
    """The sheet; everything that came from elsewhere is escaped."""
    heading = html.escape(heading_of(found, words))
    below = html.escape(" · ".join(sheet_rows.below(found, words)))
    parts = "\n".join(_part(one) for one in sheet_rows.parts(found, words))
    return PAGE.format(language=words.language, title=heading, heading=heading, below=below, parts=parts)


def heading_of(found: DayStart, words: Words) -> str:
    """`Day start, Wednesday 11 March 2026`."""
    day = long_date(found.day, "nl" if words.language == "nl" else "en")
    return words("today_sheet_heading", day=day)


def _part(one: Part) -> str:
    """A heading with a table or a list below it."""
    title = f"<h2>{html.escape(one.title)}</h2>"
    kind = ' class="warning"' if one.warning else ""
    inside = _table(one.head, one.rows) if one.head else _list([row[0] for row in one.rows])
    note = f'<p class="small">{html.escape(one.note)}</p>' if one.note else ""
    return f"<section{kind}>{title}{inside}{note}</section>"


def _list(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(_cell("th", text, place) for place, text in enumerate(head))
    body = "".join(
        f"<tr>{''.join(_cell('td', text, place) for place, text in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="wrap"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(tag: str, text: str, place: int) -> str:
    kind = "" if place == 0 else ' class="number"'
    return f"<{tag}{kind}>{html.escape(text)}</{tag}>"


def plain(found: DayStart, words: Words) -> str:
    """The sheet as text: a line per queue, what is special below it."""
    lines = [heading_of(found, words), *sheet_rows.below(found, words)]
    for one in sheet_rows.parts(found, words):
        lines += ["", one.title.upper()]
        lines += [_line(one.head, row) for row in one.rows]
        lines += [one.note] if one.note else []
    return "\n".join(" ".join(line.split()) for line in lines)


def _line(head: Sequence[str], row: Sequence[str]) -> str:
    """`phone_outage: expected 1,240, busy 1,310`; a row of a list as it is, with a dash."""
    if not head:
        return f"- {row[0]}"
    told = [
        f"{name.lower()} {text}"
        for name, text in zip(head[1:], row[1:], strict=True)
        if text not in ("", "–")
    ]
    return f"{row[0]}: {', '.join(told)}"
