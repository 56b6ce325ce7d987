"""Scenarios that were given a name: the list, and opening one as it came out then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.desk import Change
from api.dashboard.parts import aria
from api.dashboard.scenario.events import sentence
from api.dashboard.words import Words, local
from store.scenarios import Kept, load_scenario, load_scenarios, save_scenario
from store.settings import Settings

LISTED = 30
SAID = 3  # events told of each


def keep(change: Change, name: str, column: Mapping[str, Any]) -> Kept:
    """Keep one that was worked out, under a name."""
    import pandas as pd

    cutoff = pd.Timestamp(column["out"]["cutoff"]).to_pydatetime()
    found = {**column["out"], "name": name.strip()}
    return save_scenario(
        change.session, name=name, author=change.who, now=change.now, cutoff=cutoff,
        asked={**column["asked"], "name": name.strip()}, found=found,
    )  # fmt: skip


def opened(session: Session, settings: Settings, number: int) -> dict[str, Any]:
    """A kept one as the bench gives its answers. NotFound."""
    held = load_scenario(session, number)
    names = [one["queue"] for one in held.found["queues"]]
    rates = {name: rate for name in names if (rate := settings.staffing.rate_of(name, [name])) is not None}
    return {"columns": [{"name": held.name, "asked": held.asked, "out": held.found}], "rates": rates}


def listed(session: Session, words: Words, tz: str, *, may: bool) -> Any:
    """The kept ones, the newest first."""
    held = load_scenarios(session)
    if not held:
        return html.P(words("scenario_kept_none"), className="note")
    heads = ("name", "events", "who", "when")
    head = html.Tr([*(html.Th(words(f"scenario_kept_{one}")) for one in heads), html.Th()])
    rows = [_row(one, words, tz, may=may) for one in held[:LISTED]]
    made = html.Table([html.Thead(head), html.Tbody(rows)], className="plain", id="scenario-kept-table")
    return html.Div(made, className="scroll", tabIndex="0")


def _row(one: Kept, words: Words, tz: str, *, may: bool) -> Any:
    events = one.asked.get("events", [])
    said = "; ".join(sentence(event, words) for event in events[:SAID])
    if len(events) > SAID:
        said += "; …"

    def button(act: str) -> Any:
        return html.Button(
            words(f"scenario_{act}"), id={"type": "scenario-kept", "act": act, "id": one.id}, n_clicks=0,
            className="button small", **aria(label=words(f"scenario_{act}_what", what=one.name)),
        )  # fmt: skip

    acts = [button("open"), *([button("delete")] if may else [])]
    return html.Tr(
        [html.Td(html.Strong(one.name)), html.Td(said), html.Td(one.author),
         html.Td(words.moment(local(one.created_at, tz)), className="when"),
         html.Td(html.Span(acts, className="scenario-acts"), className="act")]
    )  # fmt: skip
