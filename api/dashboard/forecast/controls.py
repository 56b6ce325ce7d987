"""The controls above the page: of which queue, which stretch of time, in which buckets, beside which lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, State, dcc, html
from sqlalchemy.orm import Session

from api.dashboard.forecast import choice as choices
from api.dashboard.forecast.choice import DRAFT, IMPORTED, LINES, SCOPES, Choice
from api.dashboard.forecast.lines import Others
from api.dashboard.parts import aria, segments
from api.dashboard.windows import PERIODS, STEPS
from api.dashboard.words import Words
from store.queues import Queue
from store.reasons import reasons_of

NAMES = ("queue", "forecast-scope", "forecast-reason", "forecast-period", "forecast-step", "forecast-first")
INPUTS = [*(Input(name, "value") for name in NAMES), Input("forecast-lines", "value")]
STATES = [State(one.component_id, one.component_property) for one in INPUTS]


def controls(queues: Sequence[Queue], asked: Choice, words: Words, *, keep: bool) -> Any:
    """All of them in two rows. keep: do the choices of the last visit hold? An address that asks goes before them."""
    names = [queue.name for queue in queues]
    first = names[0] if names else None
    value = asked.queue if asked.queue in names else first
    options = [{"value": queue.name, "label": f"{queue.name} · {channel(queue, words)}"} for queue in queues]
    choose = dmc.Select(
        id="queue", label=words("queue"), data=options, value=value, searchable=True, allowDeselect=False,
        persistence=keep, persistence_type="local", w=210, maxDropdownHeight=420,
    )  # fmt: skip
    reason = dmc.Select(
        id="forecast-reason", label=words("forecast_reason"), data=[], value="", allowDeselect=False, w=180
    )
    day = dmc.TextInput(
        id="forecast-first", label=words("forecast_first"), value="" if asked.first is None else f"{asked.first}",
        attributes={"input": {"type": "date"}}, debounce=500, w=150,
    )  # fmt: skip
    scope = segments(
        "forecast-scope",
        words("forecast_scope"),
        [(one, words(f"forecast_scope_{one}")) for one in SCOPES],
        "queue",
    )
    period = segments(
        "forecast-period", words("range"), [(key, words(f"range_{key}")) for key in PERIODS], asked.period
    )
    step = segments(
        "forecast-step", words("step"), [(key, words(f"step_{key}")) for key in STEPS], asked.step
    )
    if not keep:
        for one in (scope, period, step):
            one.children[1].persistence = False
    return html.Div(
        [
            choose, scope, html.Div(reason, id="forecast-reason-box", style={"display": "none"}), period, step, day,
            dcc.Store(id="forecast-usual-queue", data=first),
        ],
        className="controls",
    )  # fmt: skip


def chips(held: Others, words: Words) -> Any:
    """Which lines lie beside the forecast: each a switch."""
    names = [name for name in LINES if name != DRAFT or held.draft is not None]
    imported = [
        (f"{IMPORTED}:{one.id}", one.label or words("forecast_line_imported")) for one in held.imported
    ]
    told = [*((name, words(f"forecast_line_{name}")) for name in names), *imported]
    group = dmc.ChipGroup(
        [dmc.Chip(text, value=name, size="xs", variant="outline", radius="md") for name, text in told],
        id="forecast-lines", multiple=True, value=[choices.LAST_WEEK], persistence=True, persistence_type="local",
    )  # fmt: skip
    label = words("forecast_beside")
    return html.Div(
        [html.Span(label, className="field-label"), group],
        role="group",
        className="forecast-chips",
        **aria(label=label),
    )


def channel(queue: Queue, words: Words) -> str:
    """The channel of a queue, in words where we have some."""
    return words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel


def reason_options(session: Session, queue: str | None, scope: object, words: Words) -> list[dict[str, str]]:
    """The contact reasons a queue is divided into, the whole first; none where it is not divided."""
    if queue is None or scope in (choices.CHANNEL, choices.EVERY):
        return []
    reasons = reasons_of(session, [queue]).get(queue, ())
    if not reasons:
        return []
    return [
        {"value": "", "label": words("forecast_whole")},
        *({"value": one, "label": one} for one in reasons),
    ]
