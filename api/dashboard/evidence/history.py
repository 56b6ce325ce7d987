"""When the verdict on an indicator changed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from api.dashboard import judgement
from api.dashboard.words import Words, local
from store.decisions import Decision

MOST = 24


def told(decisions: Sequence[Decision], shown: Sequence[judgement.Row]) -> list[Decision]:
    """Changes, the newest first: all that changed a verdict, and the first ones of the indicators shown."""
    best = {(row["signal"], row["lead_band"]) for row in shown}
    kept = [one for one in decisions if one.changed and (one.before or (one.signal, one.lead_band) in best)]
    return sorted(kept, key=lambda one: (one.decided_at, one.id), reverse=True)


def history_table(found: Sequence[Decision], tz: str, words: Words) -> Any:
    """A line per change."""
    if not found:
        return html.P(words("evidence_no_history"), className="note")
    heads = ["evidence_day", "how_far", "indicator", "evidence_became", "gain", "why"]
    head = html.Tr([html.Th(words(key), className="number" if key == "gain" else "") for key in heads])
    body = [_line(one, tz, words) for one in found[:MOST]]
    table = html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain"), className="scroll")
    first = [one for one in found if one.before]
    said = words("evidence_changes", n=words.number(len(first))) if first else words("evidence_no_changes")
    return html.Div([html.P(said, className="evidence-said"), table])


def _line(one: Decision, tz: str, words: Words) -> Any:
    row = {
        **one.row,
        "gate": one.gate,
        "series": one.series,
        "signal": one.signal,
        "lead_band": one.lead_band,
    }
    at = local(one.decided_at, tz)
    state = {"open": "open", "shut": "shut"}.get(one.gate, "unknown")
    became = html.Span(words(f"evidence_state_{state}"), className=f"evidence-state {state}")
    first = [] if one.before else [html.Span(f" {words('evidence_first')}", className="evidence-quiet")]
    return html.Tr(
        [
            html.Td(f"{words.date(at)} {at.year}", className="when"),
            html.Td(words.band(one.lead_band), className="when"),
            html.Td(words.signal(one.signal)),
            html.Td([became, *first]),
            html.Td(judgement.gain(row, words), className="number"),
            html.Td(judgement.why(row, words)),
        ]
    )
