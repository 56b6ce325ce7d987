"""Buttons of the page: a cause is added, changed, removed, put back; its fix is measured; a rule is entered, ended, taken up again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import ALL, Input, Output, State, callback_context, html, no_update

from api.dashboard.desk import Change, Desk
from api.dashboard.evidence import causes, thumbs
from api.dashboard.parts import problem
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.causes import Cause, load_cause

FORM = ("topic", "where", "cause", "owner", "changed", "since")
RULE = ("queue", "signal", *thumbs.NUMBERS, "reason")
DO: dict[str, str] = {"type": "evidence-do"}


def register(desk: Desk) -> None:
    """The callbacks; each asks again who may."""
    _save_cause(desk)
    _save_rule(desk)
    _pressed(desk)
    _edit(desk)


def done(text: str, undo: Any = None) -> Any:
    """What was done, and the way back."""
    return html.Div([html.H3(text), undo], className="done", role="status")


def _tried(words: Words, work: Callable[[], Any]) -> tuple[Any, bool]:
    """What to say, and whether something changed."""
    try:
        return work(), True
    except ForecallError as error:
        return problem(error, words), False


def _save_cause(desk: Desk) -> None:
    outputs = [Output("evidence-done", "children", allow_duplicate=True), Output("evidence-version", "data", allow_duplicate=True),
               Output("evidence-editing", "data", allow_duplicate=True), Output("evidence-cause", "value", allow_duplicate=True)]  # fmt: skip
    states = [State(f"evidence-{name}", "value") for name in FORM]

    @desk.dash.callback(
        outputs, Input("evidence-save", "n_clicks"),
        [*states, State("evidence-editing", "data"), State("evidence-version", "data"), State("language", "value")],
        prevent_initial_call=True,
    )  # fmt: skip
    def save(clicks: int, *given: Any) -> tuple[Any, ...]:
        *values, number, version, language = given
        words = Words(language)
        if not clicks:
            return no_update, no_update, no_update, no_update
        told, changed = _tried(words, lambda: saved(desk, dict(zip(causes.FIELDS, values, strict=True)), number, words))  # fmt: skip
        return told, (version or 0) + 1 if changed else no_update, None if changed else number, "" if changed else no_update  # fmt: skip


def saved(desk: Desk, values: dict[str, Any], number: int | None, words: Words) -> Any:
    """A cause of the form is kept; said with the way back."""
    tz = desk.settings.company.timezone
    with desk.change("plan") as change:
        kept = causes.keep(change, causes.cause_of(values, tz, change.who), number)
    undo = causes.act(
        "remove", kept.id, words("evidence_undo"), words("evidence_remove_label", cause=kept.cause)
    )
    if number is not None and kept.id != number:
        return done(words("evidence_saved_change"), _swap(kept.id, number, words))
    return done(words("evidence_saved"), undo if number is None else None)


def _swap(kept: int, before: int, words: Words) -> Any:
    """The button that takes a change back."""
    return html.Button(
        words("evidence_undo"), id={**DO, "act": f"swap-{kept}", "number": before}, n_clicks=0, type="button",
        className="button small",
    )  # fmt: skip


def _save_rule(desk: Desk) -> None:
    outputs = [Output("evidence-rules-done", "children", allow_duplicate=True), Output("evidence-version", "data", allow_duplicate=True)]  # fmt: skip
    states = [State(f"evidence-rule-{name}", "value") for name in RULE]

    @desk.dash.callback(
        outputs, Input("evidence-rule-save", "n_clicks"),
        [*states, State("evidence-version", "data"), State("language", "value")],
        prevent_initial_call=True,
    )  # fmt: skip
    def save(clicks: int, *given: Any) -> tuple[Any, ...]:
        *values, version, language = given
        words = Words(language)
        if not clicks:
            return no_update, no_update
        told, changed = _tried(words, lambda: entered(desk, dict(zip(RULE, values, strict=True)), words))
        return told, (version or 0) + 1 if changed else no_update


def entered(desk: Desk, values: dict[str, Any], words: Words) -> Any:
    """A rule of the form is kept."""
    with desk.change("plan") as change:
        held = thumbs.enter(change, values["queue"], values["signal"], values, values["reason"] or "")
    label = words("evidence_end_label", rule=thumbs.sentence(held.rule, words))
    return done(
        words("evidence_rule_saved"), causes.act("end", held.rule.number, words("evidence_undo"), label)
    )


def _pressed(desk: Desk) -> None:
    outputs = [Output("evidence-done", "children"), Output("evidence-rules-done", "children"), Output("evidence-version", "data"),
               Output("evidence-effect", "children")]  # fmt: skip

    @desk.dash.callback(
        outputs, Input({**DO, "act": ALL, "number": ALL}, "n_clicks"),
        [State("evidence-version", "data"), State("language", "value")], prevent_initial_call=True,
    )  # fmt: skip
    def pressed(clicks: list[int], version: int | None, language: str) -> tuple[Any, ...]:
        which = callback_context.triggered_id
        value = callback_context.triggered[0]["value"] if callback_context.triggered else None
        if not which or not value or which["act"] == "edit":
            return no_update, no_update, no_update, no_update
        words, act, number = Words(language), str(which["act"]), int(which["number"])
        if act == "measure":
            told, _ = _tried(words, lambda: measured(desk, number, words))
            return no_update, no_update, no_update, told
        told, changed = _tried(words, lambda: acted(desk, act, number, words))
        later = (version or 0) + 1 if changed else no_update
        return (
            (no_update, told, later, no_update) if act in ("end", "again") else (told, no_update, later, None)
        )


def measured(desk: Desk, number: int, words: Words) -> Any:
    """Did the fix work?"""
    with desk.sessions() as session:
        cause, found = causes.load_effect(session, desk.settings, number, desk.clock())
    return causes.effect_told(cause, found, desk.settings.company.timezone, words)


def acted(desk: Desk, act: str, number: int, words: Words) -> Any:
    """A cause or rule ends, or lives again; said with the way back where there is one."""
    with desk.change("plan") as change:
        return _act(change, act, number, words)


def _act(change: Change, act: str, number: int, words: Words) -> Any:
    if act == "remove":
        gone = causes.let_go(change, number)
        back = causes.act("restore", number, words("evidence_put_back"), words("evidence_put_back_label", cause=gone.cause))  # fmt: skip
        return done(words("evidence_removed"), back)
    if act == "end":
        rule = thumbs.end(change, number)
        label = words("evidence_again_label", rule=thumbs.sentence(rule.rule, words))
        return done(words("evidence_ended"), causes.act("again", number, words("evidence_put_back"), label))
    if act == "again":
        thumbs.again(change, number)
        return done(words("evidence_rule_saved"))
    if act.startswith("swap-"):
        causes.let_go(change, int(act.removeprefix("swap-")))
    causes.put_back(change, number)
    return done(words("evidence_back_again"))


def _edit(desk: Desk) -> None:
    outputs = [Output("evidence-editing", "data"), Output("evidence-form", "open"), *(Output(f"evidence-{name}", "value") for name in FORM),
               Output("evidence-done", "children", allow_duplicate=True)]  # fmt: skip

    @desk.dash.callback(
        outputs, Input({**DO, "act": "edit", "number": ALL}, "n_clicks"), [State("evidence-topic", "value"), State("language", "value")],
        prevent_initial_call=True,
    )  # fmt: skip
    def edit(clicks: list[int], topic: str | None, language: str) -> tuple[Any, ...]:
        which = callback_context.triggered_id
        value = callback_context.triggered[0]["value"] if callback_context.triggered else None
        if not which or not value:
            return (no_update,) * 9
        return opened(desk, int(which["number"]), topic, Words(language))


def opened(desk: Desk, number: int, topic: str | None, words: Words) -> tuple[Any, ...]:
    """editing, open, the fields of a cause, what is said: that it is gone, where it is."""
    try:
        with desk.sessions() as session:
            cause: Cause = load_cause(session, number)
    except ForecallError as error:
        return (*(no_update,) * 8, problem(error, words))
    return number, True, *causes.values_of(cause, desk.settings.company.timezone, topic), no_update
