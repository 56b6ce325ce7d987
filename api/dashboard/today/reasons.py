"""What will they call about tomorrow? The largest contact reasons over all queues, and the same as a picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from dash import html
from fastapi import FastAPI, Query, Response
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.parts import aria, legend, panel, with_code
from api.dashboard.words import Words
from api.routers.outlook import SAFE, SVG
from forecast.errors import ForecallError
from forecast.outlook import Outlook, Reason
from forecast.outlook_picture import draw
from forecast.outlook_words import Language, topic, why
from store.outlook import day_of, load_outlook
from store.settings import Settings
from store.wholes import WHOLE

Clock = Callable[[], dt.datetime]
MOST = 6  # reasons shown
PICTURE = "/outlook.svg"


def today_panel(words: Words) -> Any:
    """The panel without its numbers."""
    link = html.A(
        words("outlook_picture"),
        href=f"{PICTURE}?language={words.language}",
        target="_blank",
        className="button",
        id="today-picture",
    )
    key = [(kind, words(f"outlook_key_{kind}")) for kind in ("forecast", "reach", "tick")]
    inside = html.Div(id="today-outlook")
    return panel(words("outlook_title"), [inside], tools=[legend(key, words("legend")), link])


def serve_picture(app: FastAPI, sessions: sessionmaker[Session], clock: Clock, settings: Settings) -> None:
    """The picture of tomorrow at `/outlook.svg`, for who may see the pages."""

    def picture(language: Annotated[Literal["en", "nl"], Query()] = "en") -> Response:
        with sessions() as session:
            return Response(
                draw(tomorrow(session, settings, clock()), language), media_type=SVG, headers=SAFE
            )

    app.add_api_route(PICTURE, picture, methods=["GET"], include_in_schema=False)


def tomorrow(session: Session, settings: Settings, now: dt.datetime) -> Outlook:
    """The company's next local day over all queues."""
    return load_outlook(session, settings, day_of("tomorrow", now, settings.company.timezone), now)


def filled(session: Session, settings: Settings, words: Words, now: dt.datetime) -> Any:
    """The list, or what to do to get one."""
    try:
        found = tomorrow(session, settings, now)
    except ForecallError as error:
        return html.P(str(error), className="note")
    return told(found, words)


def told(found: Outlook, words: Words) -> Any:
    """An outlook as a list of its largest reasons."""
    if not found.reasons:
        return html.P(with_code(words("outlook_none")), className="note")
    most = max(1.0, *(max(one.high, one.usual or 0.0) for one in found.reasons[:MOST]))
    rows = [_row(one, most, found.tz, words) for one in found.reasons[:MOST]]
    rest = found.reasons[MOST:]
    notes = []
    if rest:
        expected = words.number(sum(one.expected for one in rest))
        notes.append(words("outlook_more", n=len(rest), expected=expected))
    if all(one.topic == WHOLE for one in found.reasons):
        notes.append(words("outlook_undivided"))
    return [
        html.P(_scope(found, words), className="note", id="outlook-scope"),
        html.Ul(rows, className="reasons", id="outlook-reasons"),
        *(html.P(with_code(one), className="note") for one in notes),
    ]


def _scope(found: Outlook, words: Words) -> str:
    low, high, mean = (words.number(one) for one in (found.low, found.high, found.expected))
    said = words("outlook_answer", n=mean, low=low, high=high)
    if found.usual is not None:
        said += words("outlook_usual", usual=words.number(found.usual))
    day = words.day(dt.datetime.combine(found.day, dt.time()))
    return words("outlook_scope", day=day, answer=said)


def _row(one: Reason, most: float, tz: str, words: Words) -> Any:
    """Name, bar with band and usual, expected, band, against the usual, and why."""
    usual = one.usual
    marks = [
        html.Span(className="bar more", style=_place(0.0, one.expected, most)),
        html.Span(className="reach", style=_place(one.low, one.high, most)),
    ]
    if usual is not None:
        marks.append(html.Span(className="tick", style={"left": f"{100 * usual / most:.2f}%"}))
    against = (
        words("outlook_new")
        if one.change is None or usual is None
        else words(
            "outlook_change", change=words.percent(one.change, 0, sign=True), usual=words.number(usual)
        )
    )
    said = topic(one.topic, _spoken(words))
    return html.Li(
        [
            html.Span(said, className="what", title=said),
            html.Span(marks, className="track", **aria(hidden="true")),
            html.Span(words.number(one.expected), className="value"),
            html.Span(
                words("outlook_band", low=words.number(one.low), high=words.number(one.high)),
                className="spread",
            ),
            html.Span(against, className="against"),
            html.Span(why(one, tz, _spoken(words)), className="because"),
        ]
    )


def _spoken(words: Words) -> Language:
    return "nl" if words.language == "nl" else "en"


def _place(begin: float, end: float, most: float) -> dict[str, str]:
    """Left and width of a mark in per cent of the track."""
    return {"left": f"{100 * begin / most:.2f}%", "width": f"{max(100 * (end - begin) / most, 0.4):.2f}%"}
