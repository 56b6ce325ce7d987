"""What was recognised in a file: facts, a table per queue, the first rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dash_ag_grid as dag
from dash import html

from api.dashboard import grids
from api.dashboard.data.check import Checked
from api.dashboard.words import Words
from forecast.contacts.preview import Preview, QueuePreview
from store.imports.imported import Imported
from store.wholes import WHOLE

QUEUES = 12  # shown; a file may have thousands


def preview_of(imported: Imported) -> Preview | None:
    """What the import tells of the file beyond its figures; kinds that are no volumes tell nothing."""
    found = getattr(imported, "preview", None)
    return found if isinstance(found, Preview) else None


def facts(found: Checked, kind: str, words: Words) -> Any:
    """A list of what was recognised."""
    said = [("kind", kind)]
    seen = preview_of(found.imported) if found.imported else None
    if seen is not None:
        said += _seen(seen, words)
    elif found.reading.date_order:
        said.append(("date_order", words(f"order_{found.reading.date_order}")))
    items = [html.Div([html.Dt(words(f"data_seen_{name}")), html.Dd(text)]) for name, text in said]
    return html.Dl(items, className="seen", id="data-seen")


def _seen(seen: Preview, words: Words) -> list[tuple[str, str]]:
    shape = words(f"layout_{seen.layout}") if words.has(f"layout_{seen.layout}") else seen.layout
    said = [("layout", shape)]
    if seen.header_row > 1:
        said.append(("header_row", words.number(seen.header_row)))
    if seen.sheet:
        said.append(("sheet", seen.sheet))
    if seen.date_order:
        said.append(("date_order", words(f"order_{seen.date_order}")))
    interval = words(f"interval_{seen.interval}") if words.has(f"interval_{seen.interval}") else seen.interval
    said += [("interval", interval), ("timezone", seen.timezone)]
    if seen.totals:
        said.append(("totals", words("data_totals_text", n=words.number(len(seen.totals)))))
    if seen.changes is not None:
        new, changed, same = (
            words.number(one) for one in (seen.changes.new, seen.changes.changed, seen.changes.same)
        )
        said.append(("changes", words("data_changes_text", new=new, changed=changed, same=same)))
    return said


def queue_table(imported: Imported, words: Words) -> list[Any]:
    """Rows, first, last and contacts of each queue."""
    seen = preview_of(imported)
    if seen is None:
        return []
    several = len({one.channel for one in seen.queues}) > 1
    heads = [("queue", ""), ("data_queue_rows", "number"), ("data_queue_first", "when"), ("data_queue_last", "when"),
             ("data_queue_contacts", "number")]  # fmt: skip
    head = html.Thead(html.Tr([html.Th(words(name), scope="col", className=kind) for name, kind in heads]))
    body = html.Tbody([_queue(one, words, several=several) for one in seen.queues[:QUEUES]])
    more = [html.P(words("data_problems_more", n=words.number(len(seen.queues) - QUEUES)), className="note")]
    return [
        html.H3(words("data_queues_title"), className="sub"),
        html.Div(html.Table([head, body], className="plain", id="data-per-queue"), className="scroll"),
        *(more if len(seen.queues) > QUEUES else []),
    ]


def _queue(one: QueuePreview, words: Words, *, several: bool) -> Any:
    channel = words(f"channel_{one.channel}") if words.has(f"channel_{one.channel}") else one.channel
    cells = [
        html.Td(f"{one.queue} ({channel})" if several else one.queue, className="name"),
        html.Td(words.number(one.rows), className="number"),
        html.Td(_moment(one.first, words), className="when"),
        html.Td(_moment(one.last, words), className="when"),
        html.Td(words.number(one.offered, 0 if one.offered == round(one.offered) else 1), className="number"),
    ]
    return html.Tr(cells)


def _moment(text: str, words: Words) -> str:
    """`2026-02-16 09:00` -> `Mon 16 Feb 2026 09:00`."""
    local = dt.datetime.fromisoformat(text)
    return f"{words.day(local)} {local:%Y %H:%M}"


def preview_grid(imported: Imported, words: Words) -> list[Any]:
    """The first rows as they would be loaded."""
    seen = preview_of(imported)
    if seen is None or not seen.first_rows:
        return []
    rows = [_row(one, words) for one in seen.first_rows]
    names = [name for name in rows[0] if any(row.get(name) not in (None, "") for row in rows)]
    columns = [
        {
            "field": name,
            "headerName": words(f"column_{name}") if words.has(f"column_{name}") else name,
            "minWidth": 170 if name == "local" else 110,
            "flex": 2 if name in ("queue", "local") else 1,
            "sortable": False,
            **({"type": "rightAligned"} if isinstance(seen.first_rows[0].get(name), float) else {}),
        }
        for name in names
    ]
    grid = dag.AgGrid(
        id="data-preview", rowData=rows, columnDefs=columns, columnSize=None, className="grid", style={"height": None},
        dashGridOptions=grids.grid_options(words, domLayout="autoHeight"),
    )  # fmt: skip
    return [html.H3(words("data_preview_title"), className="sub"), grid]


def _row(one: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """A row of the grid: texts, so that nothing of a file is more than text; the moment in UTC is left out."""
    row: dict[str, Any] = {}
    for name, value in one.items():
        if name == "local" and isinstance(value, str):
            row[name] = _moment(value, words)
        elif isinstance(value, float):
            row[name] = words.number(value, 0 if value == round(value) else 1)
        elif name == "channel":
            row[name] = words(f"channel_{value}") if words.has(f"channel_{value}") else value
        elif name not in ("ds", "known_at") and (name, value) != ("topic", WHOLE):
            row[name] = value
    return row
