"""The dashboard: Dash on the FastAPI application it is given.

pages.py      the pages, each a package with page.py    layout.py     the shell around them
desk.py       what a page works with, who may change    words.py, texts/   texts, numbers, days in two languages
queries.py    what a page needs from the store          windows.py    how far back and ahead, in which buckets
outlook.py    buckets, totals, peaks: frames to frames  palette.py, axes.py   colours, time axes
plots.py      what charts are made of                   grids.py      what tables have in common
judgement.py  scores and evidence in a planner's words  parts.py      pieces of a page
posts.py      the indicator below, its usual level      backend.py    Dash as a guest in our application
assets/       style, fonts, a few lines of script
"""

from __future__ import annotations

import datetime as dt
import logging

from dash import Dash
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import layout
from api.dashboard.backend import Backend
from api.dashboard.desk import Clock, Desk
from api.dashboard.pages import PAGES, PATHS
from api.dashboard.staffing import export
from api.dashboard.today import live, reasons, sheet
from store.settings import Settings

LOG = logging.getLogger("forecall.dashboard")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def mount(
    app: FastAPI,
    settings: Settings,
    sessions: sessionmaker[Session],
    *,
    clock: Clock | None = None,
) -> None:
    """Serve the pages at their paths, a picture at `/outlook.svg`, a sheet at `/day-start`; everything else of theirs lies under `/_dash-` and `/_favicon.ico`.

    Whoever mounts guards these paths: Dash knows no rights. Of `settings` the pages need the measures and owners of peak
    warnings; zones and opening hours are stored with each queue. Without a `clock` the application's own is used, if it has one.
    """
    now: Clock = clock if clock is not None else getattr(app.state, "clock", _now)

    def failed(error: Exception) -> None:
        LOG.error("a callback of the dashboard failed", exc_info=error)
        layout.on_error(error)

    dash = Dash(
        __name__,
        server=False,
        backend=Backend,
        title="Forecall",
        update_title="",
        assets_url_path="_dash-assets",
        serve_locally=True,
        suppress_callback_exceptions=True,
        index_string=layout.INDEX,
        on_error=failed,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    desk = Desk(dash, sessions, now, settings)
    dash.layout = lambda: layout.shell(dash)
    layout.register(desk)
    for page in PAGES:
        page.register(desk)
    reasons.serve_picture(app, sessions, now, settings)
    live.serve_live(app, sessions, settings)
    sheet.serve_sheet(app, sessions, now, settings)
    export.serve(app, sessions, now, settings)
    dash.init_app(app)


__all__ = ["PATHS", "mount"]
