"""What is held of queues: the queues, what became of them, the groups that staff them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from api.dashboard.data import fields as forms
from api.dashboard.data import moves
from api.dashboard.data.moves import TAB
from api.dashboard.data.special_day import said as day_said
from api.dashboard.data.tabs import View
from api.dashboard.parts import panel
from api.dashboard.words import local
from api.queue_map_schemas import GroupIn
from store.queue_map import KeptMove
from store.queues import Queue
from store.wholes import WHOLE

GROUP = "group"
SHOWN = 100


def queues_panel(queues: Sequence[Queue], contacts: Mapping[str, float], view: View) -> Any:
    """The queues with what came last week."""
    words = view.words
    tools = (
        [forms.button(TAB, kind, words(f"data_{kind}")) for kind in (moves.RENAME, moves.MERGE, moves.SPLIT)]
        if view.may
        else []
    )
    heads = [
        html.Th(words(name), scope="col")
        for name in (
            "queue",
            "data_queue_channel",
            "data_queue_reason",
            "data_answer_interval",
            "data_answer_timezone",
        )
    ]
    heads.append(html.Th(words("data_queue_week"), scope="col", className="number"))
    rows = [
        html.Tr(
            [
                html.Td(queue.name, className="name"),
                html.Td(words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel),
                html.Td(queue.topic if queue.topic != WHOLE else "–"),
                html.Td(words(f"interval_{queue.interval}") if words.has(f"interval_{queue.interval}") else str(queue.interval)),
                html.Td(queue.tz),
                html.Td(words.number(contacts.get(queue.name)), className="number"),
            ]
        )
        for queue in queues[:SHOWN]
    ]  # fmt: skip
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain", id="data-queue-list"
    )
    return panel(
        words("data_queues_title_tab"),
        [html.Div(table, className="scroll")],
        note=words("data_queues_note"),
        tools=tools,
    )


def moves_panel(live: Sequence[KeptMove], gone: Sequence[KeptMove], view: View) -> Any:
    """What became of queues; moves that came together are undone together, so they have one button."""
    words = view.words
    together: dict[dt.datetime, list[KeptMove]] = {}
    for one in live:
        together.setdefault(one.created_at, []).append(one)
    rows = []
    for at, mine in reversed(list(together.items())):
        text = [html.Div(moves.sentence(one.move, words)) for one in mine]
        label = words("data_move_undo_named", what=moves.sentence(mine[0].move, words))
        button: Any = (
            forms.button(TAB, "back", words("data_undo"), on=str(mine[-1].id), kind="small", label=label)
            if view.may
            else ""
        )
        rows.append(_move_row(text, at, words("data_state_active"), button, view))
    for one in reversed(gone[-SHOWN:]):
        rows.append(
            _move_row(
                moves.sentence(one.move, words),
                one.created_at,
                words("data_move_state_gone"),
                "",
                view,
                gone=True,
            )
        )
    heads = [
        html.Th(words(name), scope="col")
        for name in ("data_move_what", "data_move_made", "data_upload_state")
    ]
    table = html.Table(
        [html.Thead(html.Tr([*heads, html.Td()])), html.Tbody(rows)], className="plain", id="data-moves"
    )
    inside = (
        [html.Div(table, className="scroll")]
        if rows
        else [html.P(words("data_moves_none"), className="note")]
    )
    return panel(words("data_moves_title"), inside, note=words("data_moves_note") if rows else "")


def _move_row(what: Any, at: dt.datetime, state: str, button: Any, view: View, *, gone: bool = False) -> Any:
    cells = [
        html.Td(what, className="name"),
        html.Td(view.words.moment(local(at, view.tz)), className="when"),
        html.Td(state),
        html.Td(button, className="act"),
    ]
    return html.Tr(cells, className="gone" if gone else "")


def groups_panel(rows: Sequence[GroupIn], view: View) -> Any:
    """Who staffs how much of which queue."""
    words = view.words
    tools = [forms.button(TAB, GROUP, words("data_group_add"))] if view.may else []
    heads = [
        html.Th(words(name), scope="col")
        for name in ("queue", "data_group", "data_group_site", "data_group_since")
    ]
    heads.append(html.Th(words("data_move_share"), scope="col", className="number"))
    body = []
    for row in rows[:SHOWN]:
        since = words("data_hours_first") if row.since is None else day_said(row.since, words)
        label = words("data_remove_named", name=f"{row.group} · {row.queue}")
        button = (
            forms.button(
                TAB, "remove-group", words("data_remove"), on=group_key(row), kind="small", label=label
            )
            if view.may
            else ""
        )
        cells = [row.queue, row.group, row.site or "–", since]
        body.append(
            html.Tr(
                [
                    *(html.Td(one) for one in cells),
                    html.Td(words.percent(row.share, 0), className="number"),
                    html.Td(button, className="act"),
                ]
            )
        )
    table = html.Table(
        [html.Thead(html.Tr([*heads, html.Td()])), html.Tbody(body)], className="plain", id="data-groups"
    )
    inside = (
        [html.Div(table, className="scroll")]
        if body
        else [html.P(words("data_groups_none"), className="note")]
    )
    return panel(
        words("data_groups_title"), inside, note=words("data_groups_note") if body else "", tools=tools
    )


def group_key(row: GroupIn) -> str:
    """What a row is found again by."""
    return json.dumps([row.queue, row.group, row.site, row.since.isoformat() if row.since else ""])
