"""Under the table: the bar of the selection, the numbers that wait, the toast, and the callbacks that write."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, callback_context, html, no_update

from api.dashboard.desk import Desk
from api.dashboard.forecast import acts, adjusting
from api.dashboard.forecast.choice import Choice, day_of
from api.dashboard.forecast.pasting import column
from api.dashboard.parts import aria
from api.dashboard.words import Words
from forecast.errors import ForecallError, InputError
from forecast.overriding import PERCENT

HIDDEN, SEEN = {"display": "none"}, {"display": "flex"}
BLOCK = {"display": "block"}
TOLD = ("way", "value", "why", "until", "pending_why", "rows", "pending", "saved", "language", "shown")


def bar(words: Words) -> Any:
    """What can be done with the selected rows; out of sight until some are."""
    quick = [
        html.Button(
            words.percent(value / 100, 0, sign=True),
            id=f"forecast-quick-{name}",
            n_clicks=0,
            className="button",
        )
        for name, value in (("less", -10), ("more", 10))
    ]
    ways = dmc.Select(
        id="forecast-way", data=[{"value": one, "label": words(f"forecast_way_{one}")} for one in adjusting.WAYS],
        value=PERCENT, allowDeselect=False, w=140, size="sm", **aria(label=words("forecast_way")),
    )  # fmt: skip
    value = dmc.TextInput(
        id="forecast-value",
        value="10",
        w=90,
        size="sm",
        n_submit=0,
        debounce=True,
        **aria(label=words("forecast_value")),
    )
    until = dmc.TextInput(
        id="forecast-until", value="", w=140, size="sm", debounce=True, attributes={"input": {"type": "date"}},
        **aria(label=words("forecast_until")),
    )  # fmt: skip
    fields = [
        *quick, ways, value, _reason("forecast-why", words),
        html.Label([html.Span(words("forecast_until"), className="field-label"), until], className="forecast-until"),
        html.Button(words("forecast_save"), id="forecast-save", n_clicks=0, className="button primary"),
        html.Button(words("forecast_clear"), id="forecast-clear", n_clicks=0, className="button"),
    ]  # fmt: skip
    said = html.P(id="forecast-selected", className="forecast-selected", role="status")
    faults = html.Div(id="forecast-bar-fault")
    inside = [said, html.Div(fields, className="forecast-fields"), faults]
    return html.Div(
        inside,
        id="forecast-bar",
        className="forecast-bar",
        style=HIDDEN,
        role="group",
        **aria(label=words("forecast_bar")),
    )


def _reason(name: str, words: Words) -> Any:
    return dmc.TextInput(
        id=name, value="", placeholder=words("forecast_reason_why"), w=210, size="sm", n_submit=0, debounce=True,
        **aria(label=words("forecast_reason_why")),
    )  # fmt: skip


def waiting(words: Words) -> Any:
    """Numbers typed or pasted that are not saved yet; out of sight until there are some."""
    fields = [
        _reason("forecast-pending-why", words),
        html.Button(
            words("forecast_save"), id="forecast-pending-save", n_clicks=0, className="button primary"
        ),
        html.Button(words("forecast_discard"), id="forecast-discard", n_clicks=0, className="button"),
    ]
    inside = [
        html.Div(id="forecast-preview"),
        html.Div(fields, className="forecast-fields"),
        html.Div(id="forecast-pending-fault"),
    ]
    return html.Div(
        inside,
        id="forecast-waiting",
        className="forecast-bar",
        style=HIDDEN,
        role="group",
        **aria(label=words("forecast_waiting")),
    )


def toasts() -> Any:
    """Where it is said what was done."""
    return html.Div([html.Div(id="forecast-toast"), *acts.stores()], className="forecast-toasts")


def register(desk: Desk) -> None:
    """The bar, the numbers that wait, and what writes."""
    _bar(desk)
    _pending(desk)
    _acts(desk)
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_forecast", "quick"),
        [Output("forecast-way", "value"), Output("forecast-value", "value")],
        [Input("forecast-quick-less", "n_clicks"), Input("forecast-quick-more", "n_clicks")],
        prevent_initial_call=True,
    )
    cleared = [("pending", "data"), ("waiting", "style"), ("preview", "children"), ("grid", "deselectAll")]
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_forecast", "renewed"),
        [
            Output(f"forecast-{name}", prop, allow_duplicate=True)
            for name, prop in (*cleared, ("chosen", "data"))
        ],
        Input("forecast-shown", "data"),
        prevent_initial_call=True,
    )
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_forecast", "clear"),
        Output("forecast-grid", "deselectAll", allow_duplicate=True),
        Input("forecast-clear", "n_clicks"),
        prevent_initial_call=True,
    )


def _bar(desk: Desk) -> None:
    @desk.dash.callback(
        [Output("forecast-bar", "style"), Output("forecast-selected", "children")],
        [Input("forecast-grid", "selectedRows"), Input("language", "value")],
        prevent_initial_call=True,
    )
    def chosen(rows: list[dict[str, Any]] | None, language: str) -> Any:
        if not rows or not desk.may("plan"):
            return HIDDEN, ""
        return SEEN, acts.selected(rows, Words(language))


def _pending(desk: Desk) -> None:
    @desk.dash.callback(
        [
            Output("forecast-pending", "data"),
            Output("forecast-waiting", "style"),
            Output("forecast-preview", "children"),
            Output("forecast-pending-fault", "children"),
            Output("forecast-changed", "data", allow_duplicate=True),
        ],
        [
            Input("forecast-grid", "cellValueChanged"),
            Input("forecast-pasted", "data"),
            Input("forecast-discard", "n_clicks"),
        ],
        [State("forecast-pending", "data"), State("language", "value"), State("forecast-shown", "data")],
        prevent_initial_call=True,
    )
    def wait(changes: Any, told: Any, _: int, held: Any, language: str, shown: Any) -> Any:
        source = callback_context.triggered_id
        if source == "forecast-discard":
            return None, HIDDEN, None, None, desk.clock().isoformat()
        of = {name: (shown or {}).get(name) for name in ("choice", "last")}
        pending = told if source == "forecast-pasted" else acts.typed(held, changes or [], of["choice"])
        choice = Choice.kept(of["choice"])
        if not pending or choice is None or not desk.may("plan"):
            return no_update, no_update, no_update, no_update, no_update
        pending = {**pending, **of}
        words = Words(language)
        try:
            with desk.sessions() as session:
                work = acts.load(session, choice, desk.clock(), desk.settings)
            told_ = acts.preview(work, acts.proposal(work, pending, words), words)
        except ForecallError as error:
            return None, BLOCK, None, acts.fault(error), no_update
        return pending, BLOCK, told_, None, no_update


def _acts(desk: Desk) -> None:
    outputs = ["toast.children", "saved.data", "changed.data", "grid.deselectAll", "waiting.style", "pending.data",
               "bar-fault.children", "pending-fault.children", "why.value", "pending-why.value"]  # fmt: skip
    pressed = [
        ("save", "n_clicks"),
        ("value", "n_submit"),
        ("why", "n_submit"),
        ("pending-save", "n_clicks"),
        ("pending-why", "n_submit"),
    ]

    @desk.dash.callback(
        [Output(f"forecast-{name}", prop, allow_duplicate=True) for name, prop in (one.split(".") for one in outputs)],
        [
            *(Input(f"forecast-{name}", prop) for name, prop in pressed),
            Input({"type": "forecast-undo", "number": ALL}, "n_clicks"),
            Input({"type": "forecast-remove", "number": ALL}, "n_clicks"),
        ],
        [
            *(State(f"forecast-{name}", "value") for name in ("way", "value", "why", "until", "pending-why")),
            State("forecast-grid", "selectedRows"), State("forecast-pending", "data"), State("forecast-saved", "data"),
            State("language", "value"), State("forecast-shown", "data"),
        ],
        running=[(Output(f"forecast-{name}", "disabled"), True, False) for name in ("save", "pending-save")],
        prevent_initial_call=True,
    )  # fmt: skip
    def act(*values: Any) -> Any:
        source = callback_context.triggered_id
        still = [no_update] * len(outputs)
        if source is None or not any(one["value"] for one in callback_context.triggered):
            return still
        name = source if isinstance(source, str) else source["type"]
        told = dict(zip(TOLD, values[7:17], strict=True))
        try:
            said, numbers = done(desk, name, source, told)
        except ForecallError as error:
            still[7 if "pending" in name else 0 if name in ("forecast-undo", "forecast-remove") else 6] = (
                acts.fault(error)
            )
            return still
        words = Words(told["language"])
        found: list[Any] = [
            acts.toast(said, words, numbers),
            numbers,
            f"{desk.clock().isoformat()} {numbers}",
            *still[3:],
        ]
        if "pending" in name:
            found[4:6], found[7], found[9] = [HIDDEN, None], None, ""
        elif name not in ("forecast-undo", "forecast-remove"):
            found[3], found[6], found[8] = True, None, ""
        return found


def done(desk: Desk, name: str, source: Any, told: dict[str, Any]) -> tuple[str, list[int]]:
    """Do what was asked: save the selection or the numbers that wait, undo, remove; what to say, and what could be undone.

    Numbers and rows are saved to the choice of the table they stood in, whatever the controls say by now.
    """
    words = Words(told["language"])
    with desk.change("plan") as change:
        if name == "forecast-undo":
            count = adjusting.undo(change, [int(one) for one in told["saved"] or []])
            return words("forecast_undone", n=count), []
        if name == "forecast-remove":
            adjusting.undo(change, [int(source["number"])])
            return words("forecast_removed"), []
        of = (told["pending"] if "pending" in name else told["shown"]) or {}
        choice, last = Choice.kept(of.get("choice")), of.get("last")
        if choice is None:
            raise InputError(
                "There is nothing to save.", remedy="Choose rows, or type a number.", field="rows"
            )
        work = acts.load(change.session, choice, change.now, desk.settings)
        if "pending" in name:
            asked = acts.proposal(work, of, words)
            numbers, count = acts.save_numbers(change, work, asked, told["pending_why"] or "", last=last)
            said = words("forecast_set", n=count)
        else:
            value = typed_value(told["value"], words)
            starts = [str(one.get("start")) for one in told["rows"] or []]
            numbers, count = acts.save_selected(
                change, work, starts, told["way"], value, told["why"] or "", day_of(told["until"]), last=last
            )
            said = words("forecast_saved", change=acts.way_told(told["way"], value, words), n=count)
    return (said, numbers) if numbers else (words("forecast_held_already"), [])


def typed_value(text: object, words: Words) -> float:
    """`10`, `-10`, `+12,5` -> a number; InputError for anything else."""
    bare = str(text or "").strip().replace("%", "").replace("\N{MINUS SIGN}", "-").strip()
    cells = column(bare.lstrip("+-") or "x", words.language)
    if len(cells) != 1 or cells[0].number is None or bare[1:].startswith(("+", "-")):
        raise InputError(words("forecast_no_number", text=bare[:40]), field="value")
    return -cells[0].number if bare.startswith("-") else cells[0].number
