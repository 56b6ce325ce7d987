"""The dashboard: Dash on the FastAPI application it is given.

queries.py    what a page needs from the store           words.py, words.yaml   texts, numbers, days in two languages
windows.py    how far back and ahead, in which buckets   palette.py, axes.py    colours, time axes
outlook.py    buckets, totals, peaks: frames to frames   figures.py, tables.py  frames to charts, grids, the file
judgement.py  scores and evidence in a planner's words   parts.py, cards.py     pieces of a page
forecast_page.py, accuracy_page.py, layout.py            pages, and the shell around them
posts.py      the indicator below, and its usual level   why.py, reasons.py      what a number is made of; tomorrow's reasons
data_page.py, data_check, data_parts, data_seen, data_held   files in: look, answer, load, take away
backend.py    Dash as a guest in our application         assets/                style, fonts, a few lines of script
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from dash import Dash
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import accuracy_page, data_page, forecast_page, layout, reasons
from api.dashboard.backend import PATHS, Backend
from store.settings import Settings

LOG = logging.getLogger("forecall.dashboard")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def mount(
    app: FastAPI,
    settings: Settings,
    sessions: sessionmaker[Session],
    *,
    clock: Callable[[], dt.datetime] | None = None,
) -> None:
    """Serve the pages at `/`, `/accuracy` and `/data`, a picture at `/outlook.svg`; everything else of theirs lies under `/_dash-` and `/_favicon.ico`.

    Whoever mounts guards these paths: Dash knows no rights. Of `settings` the pages need the measures and owners of peak
    warnings; zones and opening hours are stored with each queue. Without a `clock` the application's own is used, if it has one.
    """
    now: Callable[[], dt.datetime] = clock if clock is not None else getattr(app.state, "clock", _now)

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
    dash.layout = lambda: layout.shell(dash)
    layout.register(dash, sessions)
    forecast_page.register(dash, sessions, now, settings)
    accuracy_page.register(dash, sessions)
    data_page.register(dash, sessions, now, settings)
    reasons.serve_picture(app, sessions, now, settings)
    dash.init_app(app)


__all__ = ["PATHS", "mount"]
