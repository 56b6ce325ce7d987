"""A year as twelve tables of days: public holidays, special days, days left out, periods, days on which nobody opens."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html

from api.dashboard.parts import aria
from api.dashboard.words import WEEKDAYS, Words
from forecast.day_rules import ONCE, PERIOD
from store.special_days import OWN_DATE, OWN_RULE, PUBLIC, KnownDay

KINDS = ("special", "public", "once", "span", "shut")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Marked:
    """A day that is unlike others. kinds: of KINDS, the first one colours it; names: what it is called."""

    kinds: tuple[str, ...]
    names: tuple[str, ...]


def kind_of(day: KnownDay) -> str:
    """How a special day is coloured."""
    if day.kind == ONCE:
        return "once"
    if day.kind == PERIOD:
        return "span"
    return "public" if day.origin == PUBLIC else "special"


def marked(days: Iterable[KnownDay], exceptions: pd.DataFrame) -> dict[dt.date, Marked]:
    """Special days and exceptions[queue, date, opens, closes, name] -> what stands on each day."""
    kinds: dict[dt.date, set[str]] = {}
    names: dict[dt.date, list[str]] = {}
    for one in days:
        at = one.date
        while at <= one.until:
            kinds.setdefault(at, set()).add(kind_of(one))
            names.setdefault(at, []).append(one.name)
            at += DAY
    for date, opens, name in zip(exceptions["date"], exceptions["opens"], exceptions["name"], strict=True):
        if not opens:
            kinds.setdefault(date.date(), set()).add("shut")
            names.setdefault(date.date(), []).append(str(name))
    return {
        at: Marked(
            tuple(kind for kind in KINDS if kind in held),
            tuple(dict.fromkeys(one for one in names[at] if one)),
        )
        for at, held in kinds.items()
    }


def own(days: Sequence[KnownDay]) -> list[KnownDay]:
    """The planner's own, as dates or by rule."""
    return [day for day in days if day.origin in (OWN_DATE, OWN_RULE)]


def year_table(year: int, days: Mapping[dt.date, Marked], today: dt.date, words: Words) -> Any:
    """Twelve tables; every day a button that the page's script listens to. One of them is in the order of Tab, arrows do the rest."""
    first = today if today.year == year else dt.date(year, 1, 1)
    months = [_month(year, month, days, today, first, words) for month in range(1, 13)]
    return html.Div(months, className="data-year", id="data-calendar-year")


def _month(
    year: int, month: int, days: Mapping[dt.date, Marked], today: dt.date, first: dt.date, words: Words
) -> Any:
    head = html.Tr([html.Th(name, scope="col") for name in WEEKDAYS[words.language]])
    rows = []
    for week in calendar.Calendar().monthdatescalendar(year, month):
        cells = [
            _cell(day, days.get(day), today, first, words) if day.month == month else html.Td()
            for day in week
        ]
        rows.append(html.Tr(cells))
    caption = words(f"data_month_{month}")
    return html.Table([html.Caption(caption), html.Thead(head), html.Tbody(rows)])


def _cell(day: dt.date, mark: Marked | None, today: dt.date, first: dt.date, words: Words) -> Any:
    kinds = () if mark is None else mark.kinds
    classes = [
        *kinds[:1],
        *(["shut"] if "shut" in kinds else []),
        *(["weekend"] if day.weekday() > 4 else []),
    ]
    classes += ["today"] if day == today else []
    said = ", ".join([*([] if mark is None else mark.names), *(words(f"data_year_{kind}") for kind in kinds)])
    date = dt.datetime.combine(day, dt.time())
    label = f"{words.day(date)} {day.year}" + (f": {said}" if said else "")
    named: dict[str, Any] = {
        "data-day": day.isoformat(),
        "tabIndex": "0" if day == first else "-1",
        **aria(label=label),
    }
    shown = " ".join(dict.fromkeys(classes))
    return html.Td(html.Button(str(day.day), type="button", className=shown, title=said or None, **named))


def keys(words: Words) -> Any:
    """What the colours mean."""
    items = [
        html.Li([html.I(**aria(hidden="true")), words(f"data_year_{kind}")], className=kind) for kind in KINDS
    ]
    return html.Ul(items, className="data-year-keys", **aria(label=words("data_year_keys")))
