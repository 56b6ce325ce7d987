"""The box of the export: what is chosen, what the layout needs and cannot hold, and the one button that downloads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.desk import Asked
from api.dashboard.parts import aria, panel, segments, with_code
from api.dashboard.staffing.export import SPANS, USUAL, VERSIONS, Order, checked, order_of, today_of
from api.dashboard.staffing.seen import House
from api.dashboard.words import Words
from forecast.errors import ForecallError, InputError
from forecast.exports.registry import ALL, LAYOUTS
from store.exporting import UNTRIED
from store.settings import Settings

MOST_NOTES = 6


def box(house: House, words: Words, asked: Asked) -> Any:
    """The choices; what follows from them comes with the first callback."""
    layouts = [
        {"value": one.about.name, "label": words(f"staffing_layout_{_key(one.about.name)}")} for one in ALL
    ]
    names = [one.name for one in house.queues]
    wanted = asked.get("export", "")
    mine = [asked["queue"]] if wanted and asked.get("queue") in names else []
    today = today_of(house.moment, house.tz)
    monday = today + dt.timedelta(days=7 - today.weekday())
    layout = dmc.Select(
        id="staffing-export-layout", label=words("staffing_layout"), data=layouts, value=USUAL, allowDeselect=False, w=330,
        persistence=True, persistence_type="local", maxDropdownHeight=420,
    )  # fmt: skip
    queues = dmc.MultiSelect(
        id="staffing-export-queues", label=words("staffing_export_queues"), data=names, value=mine, searchable=True, clearable=True,
        placeholder="" if mine else words("staffing_export_all"), w=330, maxDropdownHeight=420, hidePickedOptions=True,
    )  # fmt: skip
    dates = html.Div(
        [_date(name, words, monday + dt.timedelta(days=days)) for name, days in (("first", 0), ("last", 6))],
        id="staffing-export-dates",
        className="staffing-dates",
        style={"display": "none"},
    )
    choices = [
        layout,
        segments("staffing-export-span", words("range"), [(one, words(f"staffing_export_{one}")) for one in SPANS],
                 wanted if wanted in SPANS else "week"),
        dates,
        queues,
        segments("staffing-export-version", words("staffing_export_version"),
                 [(one, words(f"staffing_export_{one}")) for one in VERSIONS], VERSIONS[0]),
    ]  # fmt: skip
    inside = [html.Div(choices, className="controls export-choices"), html.Div(id="staffing-export-said")]
    whole = panel(words("staffing_export"), inside, note=words("staffing_export_note"))
    return html.Div(whole, id="staffing-export", tabIndex="-1", className="asked" if wanted else "")


def _date(name: str, words: Words, day: dt.date) -> Any:
    """A field for a day; the script of the pages makes it the browser's own."""
    return dmc.TextInput(
        id=f"staffing-export-{name}", label=words(f"staffing_export_{name}"), value=day.isoformat(), placeholder="2026-12-31", w=160,
        debounce=400, className="data-date",
    )  # fmt: skip


def said(
    session: Session,
    settings: Settings,
    house: House,
    given: Sequence[object],
    words: Words,
    now: dt.datetime,
) -> list[Any]:
    """The choices (layout, span, first, last, queues, version) -> the button, and what to know before it is pressed."""
    layout, span, first, last, queues, version = given
    try:
        order = order_of(layout, span, first, last, queues, version, today_of(house.moment, house.tz))
        told = checked(session, settings, order, now)
    except ForecallError as error:
        return [_refused(error), *_about(str(layout) if layout in LAYOUTS else USUAL, words)]
    return [_button(order, words), *_about(order.layout, words), *_left(told, words)]


def _refused(error: ForecallError) -> Any:
    """Why there is no such file, and what to do; the button cannot be pressed."""
    remedy = error.remedy if isinstance(error, InputError) and error.remedy else ""
    text = str(error) if not remedy or remedy in str(error) else f"{error} {remedy}"
    return html.Div(html.P(with_code(text)), className="fault", role="alert", id="staffing-export-refused")


def _button(order: Order, words: Words) -> Any:
    about = LAYOUTS[order.layout].about
    days = [words.day(dt.datetime(one.year, one.month, one.day)) for one in (order.first, order.last)]
    text = words("staffing_export_which", first=days[0], last=days[1], n=order.days, ending=about.extension)
    link = html.A(
        words("staffing_export_download"), href=order.address(), download=f"forecall-{order.layout}", className="button primary", id="staffing-export-download"
    )  # fmt: skip
    return html.Div(
        [link, html.Span(text, className="line", id="staffing-export-which")],
        className="do first",
        **aria(live="polite"),
    )


def _about(layout: str, words: Words) -> list[Any]:
    """What a layout needs and cannot hold, and whether it was ever tried in the suite."""
    about = LAYOUTS[layout].about
    tried = (
        [] if about.tried or not about.source else [html.Li(words("staffing_untried"), className="untried")]
    )
    text = words(f"staffing_about_{_key(layout)}")
    return [
        html.Ul(
            [*tried, *(html.Li(one) for one in text.splitlines() if one.strip())],
            className="told",
            id="staffing-export-about",
        )
    ]


def _left(notes: Sequence[str], words: Words) -> list[Any]:
    """What this file leaves out, as the store says it."""
    kept = [one for one in notes if one != UNTRIED]
    if not kept:
        return []
    more = [words("staffing_export_more", n=len(kept) - MOST_NOTES)] if len(kept) > MOST_NOTES else []
    items = [html.Li(one) for one in [*kept[:MOST_NOTES], *more]]
    return [
        html.P(words("staffing_export_notes"), className="sub"),
        html.Ul(items, className="told", id="staffing-export-notes"),
    ]


def _key(layout: str) -> str:
    return layout.replace("-", "_")
