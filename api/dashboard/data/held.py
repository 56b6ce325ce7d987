"""What is held: how complete each queue is, uploads that can be taken away and brought back, columns that are remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard.data.finding_words import told
from api.dashboard.data.findings import FEW, found_before, found_now
from api.dashboard.data.parts import act, kind_name
from api.dashboard.parts import panel, with_code
from api.dashboard.words import Words, local
from forecast.buckets import from_ns
from forecast.errors import ForecallError
from forecast.quality.findings import Finding
from store.column_maps import ColumnMap, described, list_column_maps
from store.data_arrival import load_arrivals
from store.queues import Queue, load_queues
from store.settings import Settings
from store.uploads import Upload, list_uploads
from store.versions import KINDS

SHOWN = 25
FINDINGS = 3  # per queue on the page; the command lists all


def held(session: Session, words: Words, tz: str, *, may: bool) -> list[Any]:
    """Uploads and remembered columns."""
    maps = list_column_maps(session)
    remembered = panel(words("data_maps"), [_maps(maps, words, may=may)], note=words("data_maps_note"))
    return [
        panel(words("data_uploads"), [_uploads(list_uploads(session), words, tz, may=may)], note=words("data_uploads_note")),
        *([remembered] if maps else []),
    ]  # fmt: skip


def complete(
    session: Session, settings: Settings, words: Words, now: dt.datetime, mark: str | None = None
) -> Any:
    """A line per queue: up to when it is complete, and what stands out with what to do about it."""
    queues = load_queues(session)
    if not queues:
        inside: Any = html.P(words("data_no_queues"), className="note")
    else:
        found = found_before(session, now, mark)
        if found is None and len(queues) > FEW:
            return panel(words("data_queues_held"), [_arrived(session, settings, queues, words, now)])
        try:
            found = found_now(session, settings, now, mark) if found is None else found
        except ForecallError as error:
            return panel(words("data_queues_held"), [html.P(str(error), className="note")])
        rows = [_queue(one, [each for each in found if each.queue == one.name], words) for one in queues]
        inside = html.Ul(rows, className="held", id="data-queues")
    return panel(words("data_queues_held"), [inside], note=words("data_queues_held_note") if queues else "")


def _arrived(
    session: Session, settings: Settings, queues: Sequence[Queue], words: Words, now: dt.datetime
) -> Any:
    """Up to when each queue is complete, by its last weeks: what else stands out is found on tab Quality, from all rows."""
    held = load_arrivals(session, settings, queues, now)
    rows = []
    for queue in queues:
        until = held[queue.name].until
        moment = words("none_yet") if until is None else words.moment(local(from_ns(until), queue.tz))
        said = moment if until is None else words("data_complete_to", moment=moment)
        rows.append(html.Li([html.Span(queue.name, className="what"), html.Span(said)]))
    return html.Ul(rows, className="held", id="data-queues")


def _queue(queue: Queue, found: Sequence[Finding], words: Words) -> Any:
    line = next((one for one in found if one.kind == "completeness"), None)
    said = words("none_yet")
    if line is not None:
        moment = dt.datetime.fromisoformat(line.last)
        said = words("data_complete_to", moment=f"{words.day(moment)} {moment:%H:%M}")
    others = [one for one in found if one.kind != "completeness" and one.severity != "info"]
    texts: list[Any] = [html.P(_finding(one, words)) for one in others[:FINDINGS]]
    if line is not None and line.severity == "warning":
        texts.insert(0, html.P(words("data_missing", n=words.number(line.size)), className="missing"))
    if others:
        more = f"{words('data_findings_see')} ({words.number(len(others))})"
        texts.append(html.P(dcc.Link(more, href=f"/data?tab=quality&queue={quote(queue.name)}")))
    return html.Li(
        [
            html.Span(queue.name, className="what", title=queue.name),
            html.Span(said),
            html.Div(texts or words("data_findings_none"), className="finding"),
        ]
    )


def _finding(one: Finding, words: Words) -> list[Any]:
    return [" ".join(told(one, words)).strip()]


def _uploads(held: Sequence[Upload], words: Words, tz: str, *, may: bool) -> Any:
    if not held:
        return html.P(words("data_no_uploads"), className="note")
    heads = [("name", ""), ("kind", ""), ("at", "when"), ("rows", "number"), ("state", "")]
    header = [html.Th(words(f"data_upload_{name}"), scope="col", className=kind) for name, kind in heads]
    rows = [_upload(one, words, tz, may=may) for one in held[:SHOWN]]
    table = html.Table(
        [html.Thead(html.Tr([*header, html.Td(className="act")])), html.Tbody(rows)],
        className="plain",
        id="data-uploads",
    )
    more = [html.P(with_code(words("data_older", n=words.number(len(held) - SHOWN))), className="note")]
    return html.Div([html.Div(table, className="scroll"), *(more if len(held) > SHOWN else [])])


def _upload(one: Upload, words: Words, tz: str, *, may: bool) -> Any:
    active = one.state == "active"
    button: Any = ""
    if may and one.kind in KINDS:
        name = "remove" if active else "restore"
        button = act(
            name, words(f"data_{name}"), upload=one.id, label=words(f"data_{name}_named", name=one.name)
        )
    cells = [
        html.Td(one.name, className="name"),
        html.Td(kind_name(one.kind, words)),
        html.Td(words.moment(local(one.at, tz)), className="when"),
        html.Td(words.number(one.rows), className="number"),
        html.Td(words(f"data_state_{one.state}") if words.has(f"data_state_{one.state}") else one.state),
        html.Td(button, className="act"),
    ]
    return html.Tr(cells, className="" if active else "gone")


def _maps(maps: Sequence[ColumnMap], words: Words, *, may: bool) -> Any:
    rows = [_map(one, words, may=may) for one in maps[:SHOWN]]
    heads = [
        html.Th(words(name), scope="col") for name in ("data_upload_kind", "data_map_name", "data_map_said")
    ]
    head = html.Thead(html.Tr([*heads, html.Td(className="act")]))
    return html.Div(
        html.Table([head, html.Tbody(rows)], className="plain", id="data-maps"), className="scroll"
    )


def _map(one: ColumnMap, words: Words, *, may: bool) -> Any:
    label = words("data_forget_named", name=one.name)
    button = (
        act("forget", words("data_forget"), upload=f"{one.kind}/{one.header}", label=label) if may else ""
    )
    cells = [
        html.Td(kind_name(one.kind, words)),
        html.Td(one.name),
        html.Td(described(one.reading)),
        html.Td(button, className="act"),
    ]
    return html.Tr(cells)
