"""Rules of thumb: what planners hold to be true of posts and contacts, and what the figures say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.dashboard import judgement
from api.dashboard.desk import Change
from api.dashboard.evidence.causes import act
from api.dashboard.words import Words
from forecast.assumption import Assumption
from forecast.errors import InputError
from forecast.social.signals import for_models
from store.assumptions import Held, end_assumption, load_assumptions, save_assumption
from store.statements import table_of
from store.tables import SignalSeries

NUMBERS = ("contacts_per_unit", "head_start_minutes", "lasts_minutes")


def signals_heard(session: Session) -> list[str]:
    """Indicators on which a rule can be made: counts that a forecast hears."""
    table = table_of(SignalSeries)
    query = select(table.c.signal, table.c.topic).where(table.c.kind == "count")
    return sorted(
        signal if topic == "all" else f"{signal}:{topic}"
        for signal, topic in session.execute(query)
        if for_models(signal)
    )


def rules_list(held: Sequence[Held], evidence: Sequence[judgement.Row], words: Words, *, may: bool) -> Any:
    """The rules that hold, each with what the latest comparison said of it."""
    if not held:
        return html.P(words("evidence_no_rules"), className="note")
    heads = ["queue", "evidence_rule", "evidence_scored", "gain", "evidence_by", ""]
    head = html.Tr([html.Th(words(key) if key else html.Span(words("evidence_acts"), className="evidence-unseen")) for key in heads])  # fmt: skip
    body = [_line(one, evidence, words, may=may) for one in held]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="plain evidence-rules"), className="scroll"
    )


def _line(one: Held, evidence: Sequence[judgement.Row], words: Words, *, may: bool) -> Any:
    rule = one.rule
    mine = [row for row in evidence if (row["series"], row["signal"]) == (rule.series, rule.label)]
    scored = judgement.chief(mine) if mine else None
    state = {"open": "open", "shut": "shut"}.get(str(scored["gate"]), "unknown") if scored else "none"
    told = html.Span(words(f"evidence_rule_{state}"), className=f"evidence-state {state}")
    gain = "–" if scored is None else f"{judgement.gain(scored, words)}"
    acts = [act("end", rule.number, words("evidence_end"), words("evidence_end_label", rule=sentence(rule, words)))] if may else []  # fmt: skip
    why = html.P(one.reason, className="line")
    return html.Tr(
        [
            html.Td(rule.series),
            html.Td([sentence(rule, words), why]),
            html.Td(told),
            html.Td(gain, className="when"),
            html.Td(one.author),
            html.Td(acts, className="act"),
        ]
    )


def sentence(rule: Assumption, words: Words) -> str:
    """`One of posts on “outage” beyond the usual brings 2 contacts, 40 minutes later, over 180 minutes.`"""
    whole = [round(one) for one in (rule.head_start_minutes, rule.lasts_minutes)]
    digits = 0 if rule.contacts_per_unit == round(rule.contacts_per_unit) else 2
    return words(
        "evidence_rule_said",
        n=words.number(rule.contacts_per_unit, digits),
        signal=words.signal(rule.signal),
        after=words.span(whole[0]),
        over=words.span(whole[1]),
    )


def form(queues: Sequence[str], signals: Sequence[str], words: Words) -> Any:
    """Enter a rule."""
    fields = [
        dmc.Select(id="evidence-rule-queue", label=words("queue"), data=list(queues), value=queues[0] if queues else None,
                   allowDeselect=False, w=190),
        dmc.Select(id="evidence-rule-signal", label=words("indicator"), searchable=True, allowDeselect=False, w=220,
                   data=[{"value": one, "label": words.signal(one)} for one in signals], value=signals[0] if signals else None),
        dmc.NumberInput(id="evidence-rule-contacts_per_unit", label=words("evidence_rule_contacts"), value=2, min=0.01, max=1000, w=150),
        dmc.NumberInput(id="evidence-rule-head_start_minutes", label=words("evidence_rule_after"), value=30, min=0, max=10080, w=150),
        dmc.NumberInput(id="evidence-rule-lasts_minutes", label=words("evidence_rule_lasts"), value=120, min=1, max=10080, w=150),
        dmc.TextInput(id="evidence-rule-reason", label=words("evidence_rule_reason"), value="", w=300),
        html.Button(words("evidence_rule_save"), id="evidence-rule-save", n_clicks=0, type="button", className="button primary"),
    ]  # fmt: skip
    return html.Details([html.Summary(words("evidence_rule_add")), html.Div(fields, className="fields")], className="more")  # fmt: skip


def enter(
    change: Change, queue: str | None, signal: str | None, numbers: Mapping[str, Any], reason: str
) -> Held:
    """Keep a rule. InputError where something is missing."""
    figures = {}
    for name in NUMBERS:
        try:
            figures[name] = float(numbers[name])
        except (TypeError, ValueError, KeyError):
            raise InputError("A number is missing.", remedy="Fill in all three.", field=name) from None
    each, after, lasts = (figures[name] for name in NUMBERS)
    rule = Assumption(queue or "", signal or "", each, after, lasts)
    held = save_assumption(change.session, rule, reason=reason, author=change.who, now=change.now)
    change.note("assumption.add", f"assumption {held.rule.number}", {"queue": rule.series, "signal": rule.signal, **figures})  # fmt: skip
    return held


def end(change: Change, number: int) -> Held:
    """A rule holds no more; it is kept among those that ended."""
    held = end_assumption(change.session, number, now=change.now)
    change.note("assumption.end", f"assumption {number}", {})
    return held


def again(change: Change, number: int) -> Held:
    """A rule that was ended holds once more, under a new number."""
    held = next(one for one in load_assumptions(change.session, ended=True) if one.rule.number == number)
    rule, figures = held.rule, {name: getattr(held.rule, name) for name in NUMBERS}
    return enter(change, rule.series, rule.signal, figures, held.reason)
