"""The data page: all that a planner keeps, by tab; the tab stands in the address, and only what it shows is loaded.

files.py     files: drop, dry run, load, layers       quality.py   findings, and what lies beside the counts
calendar.py  special days, a year at a time           drivers.py   quantities known ahead
hours.py     opening hours                            queues.py    renamed, merged, split; planning groups
tabs.py      how a tab is wired                       fields.py    fields and buttons of its forms
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html

from api.dashboard.data import all_queues, calendar_file, files, tabs
from api.dashboard.data.calendar import CalendarTab
from api.dashboard.data.drivers import DriversTab
from api.dashboard.data.hours import HoursTab
from api.dashboard.data.quality import QualityTab
from api.dashboard.data.queues import QueuesTab
from api.dashboard.desk import Asked, Desk
from api.dashboard.words import Words
from store.queues import load_queues

FILES = "files"
TABS: tuple[tabs.Tab, ...] = (QualityTab(), CalendarTab(), DriversTab(), HoursTab(), QueuesTab())
NAMES = (FILES, *(tab.name for tab in TABS))


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page with one tab open, without what is held. asked: tab, and what that tab knows of (queue, day, ...)."""
    chosen = asked.get("tab", FILES)
    chosen = chosen if chosen in NAMES else FILES
    tab = next((one for one in TABS if one.name == chosen), None)
    if tab is None:
        inside: list[Any] = files.show(words, may=desk.may(files.SCOPE))
    else:
        may = desk.may(tab.scope)
        look_only = (
            [] if may else [html.P(words("data_look_only", scope=tab.scope), className="note data-look-only")]
        )
        inside = [
            *_queue(desk, words, asked.get("queue", ""), shown=tab.with_queue),
            *look_only,
            *tab.show(words, asked, may=may),
        ]
    return [
        html.Div(html.H1(words("data_page")), className="heading"),
        dmc.Tabs(
            [
                dmc.TabsList([dmc.TabsTab(words(f"data_tab_{name}"), value=name) for name in NAMES]),
                *(dmc.TabsPanel(inside if name == chosen else [], value=name) for name in NAMES),
            ],
            id="data-tab", value=chosen, className="data-tabs", variant="default",
        ),
        dcc.Store(id="data-went"),
    ]  # fmt: skip


def _queue(desk: Desk, words: Words, queue: str, *, shown: bool) -> list[Any]:
    """The choice of the queue, there for every tab, so that it goes along; hidden where it changes nothing."""
    with desk.sessions() as session:
        names = [queue.name for queue in load_queues(session)]
    choose = dmc.Select(
        id="queue", label=words("queue"), data=[{"value": name, "label": name} for name in names],
        value=queue if queue in names else names[0] if names else None, searchable=True, allowDeselect=False, persistence=True,
        persistence_type="local", w=260, maxDropdownHeight=420,
    )  # fmt: skip
    return [html.Div(choose, className="controls", style={} if shown else {"display": "none"})]


def register(desk: Desk) -> None:
    """The callbacks of every tab, and the way from one to another."""
    files.register(desk)
    calendar_file.register(desk)
    all_queues.register(desk)
    for tab in TABS:
        tabs.register(desk, tab)
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_data", "turn"),
        Output("data-went", "data"),
        Input("data-tab", "value"),
        State("where", "pathname"),
        prevent_initial_call=True,  # only who turns a tab: a page that comes late is not to change the address
    )
