"""The controls of page Staffing: whose agents, when, net or gross, and the promises on sliders with a number beside each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from api.dashboard.desk import Asked
from api.dashboard.parts import aria, segments
from api.dashboard.staffing.choice import SCOPES, SLIDES, SPANS, SURE, Choice, Slide, days_ahead, own_of
from api.dashboard.staffing.figure import part_name
from api.dashboard.staffing.seen import House
from api.dashboard.words import Words

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
MARKS = ("net", "gross")
WIDE = 260  # pixels of a choice


def controls(house: House, words: Words, asked: Asked, choice: Choice) -> Any:
    """Whose agents, over which days."""
    scopes = [one for one in SCOPES if one != "team" or house.teams]
    scope = choice.scope if choice.scope in scopes else "queue"
    queues = [
        {"value": one.name, "label": f"{one.name} · {part_name(one.channel, words)}"} for one in house.queues
    ]
    channels = [{"value": one, "label": part_name(one, words)} for one in house.channels]
    teams = [{"value": one, "label": one} for one in house.teams]
    kept = not asked.get("queue")  # a queue that is asked for by the address is not the one chosen last time
    marked = asked.get("marked", "net")
    return html.Div(
        [
            segments("staffing-scope", words("staffing_whose"), [(one, words(f"staffing_scope_{one}")) for one in scopes], scope),
            _pick("queue", words("queue"), queues, choice.name if scope == "queue" else "", kept),
            _pick("staffing-channel", words("staffing_channel"), channels, choice.name if scope == "channel" else "", False),
            _pick("staffing-team", words("staffing_team"), teams, choice.name if scope == "team" else "", False),
            segments("staffing-span", words("range"), [(one, words(f"staffing_span_{one}")) for one in SPANS], choice.span),
            _days(house, words, choice),
            segments("staffing-marked", words("staffing_marked"), [(one, words(f"staffing_{one}_long")) for one in MARKS],
                     marked if marked in MARKS else "net"),
        ],
        className="controls",
    )  # fmt: skip


def _pick(name: str, label: str, options: list[dict[str, str]], value: str, kept: bool) -> Any:
    known = [one["value"] for one in options]
    return html.Div(
        dmc.Select(
            id=name, label=label, data=options, value=value if value in known else next(iter(known), None), searchable=True,
            allowDeselect=False, w=WIDE, maxDropdownHeight=420, **({"persistence": True, "persistence_type": "local"} if kept else {}),
        ),
        id=f"{name}-box" if name.startswith("staffing") else "staffing-queue-box",
    )  # fmt: skip


def _days(house: House, words: Words, choice: Choice) -> Any:
    """A choice of days (or weeks) with a button to either side."""
    buttons = [
        html.Button(
            sign,
            id=f"staffing-{name}",
            className="button step",
            n_clicks=0,
            **aria(label=words(f"staffing_{name}")),
        )
        for name, sign in (("back", "‹"), ("on", "›"))
    ]
    pick = dmc.Select(
        id="staffing-day", label=words("staffing_day"), data=day_options(house, words, choice), value=choice.first.isoformat(),
        searchable=True, allowDeselect=False, w=226, maxDropdownHeight=420,
    )  # fmt: skip
    return html.Div([buttons[0], pick, buttons[1]], className="staffing-days")


def day_options(house: House, words: Words, choice: Choice) -> list[dict[str, str]]:
    """Days, or weeks by their Mondays, as they are chosen from."""
    return [
        {"value": one.isoformat(), "label": day_label(one, choice.span, words)}
        for one in days_ahead(choice, house.usual)
    ]


def day_label(day: dt.date, span: str, words: Words) -> str:
    """`Mon 23 Nov`, or `wk 48 · 23 Nov–29 Nov`."""
    first = dt.datetime(day.year, day.month, day.day)
    if span == "day":
        return words.day(first)
    last = first + dt.timedelta(days=6)
    return f"{words('week_short', n=first.isocalendar().week)} · {words.date(first)}–{words.date(last)}"


def sliders(words: Words, usual: Mapping[str, float], own: Mapping[str, float]) -> Any:
    """The promises, each a slider with its number; what they are held in is the browser alone."""
    rows = [_slide(one, words, own.get(one.key, usual.get(one.key, one.low))) for one in SLIDES]
    reset = html.Button(words("staffing_reset"), id="staffing-reset", className="button small", n_clicks=0)
    return html.Section(
        [
            html.Div([html.H2(words("staffing_promises")), reset], className="panel-head"),
            html.P(id="staffing-promise-note", className="note"),
            *rows,
            html.P(words("staffing_nothing_stored"), className="note last"),
        ],
        className="panel staffing-promises",
    )


def _slide(one: Slide, words: Words, value: float) -> Any:
    label = words(f"staffing_slide_{one.key}")
    marks = [{"value": each} for each in SURE] if one.key == "sure" else None
    slider = dmc.Slider(
        id=f"staffing-{one.key}", min=one.low, max=one.high, step=one.step, value=value, label=None, thumbLabel=label,
        size="sm", **({"marks": marks, "restrictToMarks": True} if marks else {}),
    )  # fmt: skip
    number = dmc.NumberInput(
        id=f"staffing-{one.key}-number", value=value, min=0, max=one.most, step=one.step, debounce=400, w=92, size="xs",
        suffix=words(f"staffing_unit_{'percent' if one.percent else one.key}"), decimalScale=1, hideControls=True,
        decimalSeparator="," if words.language == "nl" else ".", allowedDecimalSeparators=[",", "."], **aria(label=label),
    )  # fmt: skip
    head = html.Div([html.Span(label, className="slide-label"), number], className="slide-head")
    return html.Div([head, slider], className=f"slide {one.kind}", id=f"staffing-{one.key}-box")


def usual_of(found: list[tuple[Any, float, frozenset[str]]]) -> dict[str, Any]:
    """What teams are held to by the settings -> values of the sliders (the first team's), with what they apply to.

    mixed: do the teams differ?
    """
    if not found:
        return {"mixed": False, "kinds": []}
    shown = []
    for targets, quantile, _ in found:
        values = {one.key: round(getattr(targets, one.field) * one.scale, 4) for one in SLIDES if one.field}
        shown.append({**values, "sure": round(100 * quantile, 1)})
    kinds = sorted(frozenset().union(*(kind for _, _, kind in found)))
    return {**shown[0], "mixed": any(one != shown[0] for one in shown), "kinds": kinds}


def stores(asked: Asked, usual: Mapping[str, Any]) -> list[Any]:
    """What the browser keeps while the page is open: the promises chosen, and those configured."""
    return [
        dcc.Store(id="staffing-asked", data=dict(asked)),
        dcc.Store(id="staffing-own", data=own_of(asked)),
        dcc.Store(id="staffing-settled", data=own_of(asked)),
        dcc.Store(id="staffing-usual", data=dict(usual)),
        dcc.Store(id="staffing-address"),
    ]


def kinds_styles(usual: Mapping[str, Any]) -> list[dict[str, str]]:
    """Per slider: is it of use for what the teams take?"""
    kinds = {"both", *usual.get("kinds", ())}
    return [SEEN if one.kind in kinds else HIDDEN for one in SLIDES]
