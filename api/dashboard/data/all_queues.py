"""All queues of a large company looked at for tab Quality: beside the page, since every row is read, with progress.

the button ─► ask ─► the bench (one at a time, queue by queue) ─► kept by the database's mark, for everybody
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.dashboard.data.finding import TAB
from api.dashboard.data.findings import found_before, found_beside, key_of
from api.dashboard.data.tabs import View
from api.dashboard.desk import Desk
from api.dashboard.parts import aria, problem
from api.dashboard.scenario.bench import OVER, Bench, Seen, Tell
from api.dashboard.words import Words
from forecast.errors import ForecallError
from forecast.quality.findings import Finding
from store.database import sessions

EVERY = 1_000  # milliseconds between two looks
TICKET, LOOKED = "ticket", "looked"  # in the tab's choices: what was asked for, and what is over
BENCH = Bench()


def places() -> list[Any]:
    """Where the progress stands, and what looks at it."""
    return [
        html.Div(id=f"data-{TAB}-progress"),
        dcc.Interval(id=f"data-{TAB}-tick", interval=EVERY, disabled=True),
    ]


def ask(session: Session, view: View, bench: Bench = BENCH) -> Seen:
    """Begin to look at all queues; what was asked at the same mark answers for it."""
    engine = session.get_bind().engine
    key = key_of(session, view.now, view.mark or view.now.isoformat())
    return bench.ask(repr(key), lambda tell: _work(engine, view, tell))


def _work(engine: Engine, view: View, tell: Tell) -> tuple[dt.datetime, Sequence[Finding]]:
    with sessions(engine)() as session:
        return view.now, found_beside(session, view.settings, view.now, view.mark, tell)


def answer(
    session: Session, view: View, bench: Bench = BENCH
) -> tuple[dt.datetime | None, Sequence[Finding]] | None:
    """The findings of all queues where they are kept: since nothing changed, else as this page asked for them, with that moment."""
    found = found_before(session, view.now, view.mark)
    if found is not None:
        return None, found
    try:
        seen = bench.look(int(view.at[TICKET])) if view.at.get(LOOKED) == view.at.get(TICKET, 0) else None
    except ForecallError:  # forgotten meanwhile
        return None
    return None if seen is None or seen.state != "done" else seen.result


def looked(ticket: int, words: Words, bench: Bench = BENCH) -> tuple[Any, bool]:
    """What is said of how it stands, and whether it is over."""
    try:
        seen = bench.look(ticket)
    except ForecallError as error:
        return problem(error, words), True
    if seen.state == "failed":
        return problem(seen.error or RuntimeError(), words), True
    if seen.state in OVER:
        return None, True
    text = words("data_all_waiting")
    if seen.total:
        text = words("data_all_progress", done=seen.done, total=seen.total)
    bar = html.Progress(value=str(seen.done), max=str(seen.total or 1), **aria(label=text))
    return html.Div([html.Span(text), bar], className="data-progress", role="status"), False


def register(desk: Desk) -> None:
    """Looks while something is being worked out, and has the tab read anew when it is over."""

    @desk.dash.callback(Output(f"data-{TAB}-tick", "disabled"), Input(f"data-{TAB}-at", "data"))
    def running(at: Mapping[str, Any] | None) -> bool:
        held = at or {}
        return held.get(TICKET) == held.get(LOOKED)

    @desk.dash.callback(
        [Output(f"data-{TAB}-progress", "children"), Output(f"data-{TAB}-at", "data", allow_duplicate=True)],
        Input(f"data-{TAB}-tick", "n_intervals"),
        [State(f"data-{TAB}-at", "data"), State("language", "value")],
        prevent_initial_call=True,
    )
    def look(_: int, at: Mapping[str, Any] | None, language: str) -> Any:
        ticket = (at or {}).get(TICKET)
        if not ticket:
            return None, no_update
        said, over = looked(int(ticket), Words(language))
        return said, {**(at or {}), LOOKED: ticket} if over else no_update
