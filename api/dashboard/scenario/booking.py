"""A campaign becomes part of the plan: its amount is stored as a driver, the next forecast takes it in, and it can be taken back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from apscheduler.triggers.cron import CronTrigger
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.desk import Change
from api.dashboard.parts import aria
from api.dashboard.scenario.events import said_day
from api.dashboard.words import Words, local
from forecast.buckets import day_start, index
from forecast.errors import InputError
from store.drivers import load_drivers, remove_drivers, save_drivers
from store.settings import Settings

DAY = dt.timedelta(days=1)
LISTED = 12  # coming amounts shown


@dataclass(frozen=True)
class Booked:
    """One amount of a driver on a local day. queue: '' for all; before: what was planned there until then, None for nothing."""

    driver: str
    queue: str
    day: str
    value: float
    before: float | None = None


def booked_of(session: Session, event: Mapping[str, Any]) -> Booked:
    """A driver's event as it would be booked: for all queues where the history knows it so, else for the event's own."""
    held = load_drivers(session)
    own = set(held.loc[held["driver"] == event["driver"], "queue"])
    queue = str(event.get("queue") or "")
    return Booked(
        str(event["driver"]),
        "" if "" in own or (own and queue not in own) else queue,
        str(event["date"]),
        float(event["value"]),
    )


def book(change: Change, settings: Settings, wanted: Booked, *, worth: float | None = None) -> Booked:
    """Store the amount as known from now on, in place of what was planned. InputError for a day that is past."""
    tz = settings.company.timezone
    start = _start(wanted.day, tz)
    if start + DAY <= change.now:
        raise InputError(f"{wanted.day} is past.", remedy="Book a campaign from today on.", field="day")
    held = _held(change.session, wanted, start)
    _save(change, wanted, start, wanted.value, worth)
    change.note(
        "driver.save",
        f"driver {wanted.driver}",
        {"day": wanted.day, "value": wanted.value, "queue": wanted.queue},
    )
    return Booked(wanted.driver, wanted.queue, wanted.day, wanted.value, held)


def take_back(change: Change, settings: Settings, booked: Booked) -> None:
    """What was planned before stands again; nothing, where nothing was."""
    start = _start(booked.day, settings.company.timezone)
    if booked.before is None:
        remove_drivers(
            change.session, booked.driver, queue=booked.queue, start=start, end=start + DAY, now=change.now
        )
    else:
        _save(change, booked, start, booked.before, None)
    body = {"day": booked.day, "value": booked.value, "before": booked.before, "queue": booked.queue}
    change.note("driver.remove", f"driver {booked.driver}", body)


def coming(session: Session, settings: Settings, now: dt.datetime) -> list[Booked]:
    """What is planned from today on, the soonest first."""
    tz = settings.company.timezone
    today = pd.Timestamp(now).tz_convert(tz).normalize()
    held = load_drivers(session, start=today.to_pydatetime())
    held = held[held["value"] > 0].sort_values("ds").head(LISTED)
    days = [f"{local(at, tz):%Y-%m-%d}" for at in held["ds"]]
    return [
        Booked(str(driver), str(queue), day, float(value))
        for driver, queue, day, value in zip(held["driver"], held["queue"], days, held["value"], strict=True)
    ]


def _start(day: str, tz: str) -> dt.datetime:
    number = int(np.datetime64(day, "D").astype(np.int64))
    return index(day_start([number], tz))[0].to_pydatetime()


def _held(session: Session, wanted: Booked, start: dt.datetime) -> float | None:
    held = load_drivers(session, start=start, end=start + DAY)
    mine = held[(held["driver"] == wanted.driver) & (held["queue"] == wanted.queue)]
    return None if mine.empty else float(mine["value"].sum())


def _save(change: Change, booked: Booked, start: dt.datetime, value: float, worth: float | None) -> None:
    row = {
        "driver": [booked.driver],
        "queue": [booked.queue],
        "value": [value],
        "worth": [np.nan if worth is None else worth],
    }
    moments = {"ds": pd.DatetimeIndex([start]), "known_at": pd.DatetimeIndex([change.now])}
    save_drivers(change.session, pd.DataFrame({**row, **moments}))


def next_run(settings: Settings, now: dt.datetime) -> dt.datetime | None:
    """When the schedule forecasts again; None where it never does by itself."""
    cron = dict(settings.schedule).get("predict")
    if not cron:
        return None
    found = CronTrigger.from_crontab(cron, timezone=settings.company.timezone).get_next_fire_time(None, now)
    return None if found is None else found.astimezone(dt.UTC)


def told(booked: Booked, settings: Settings, words: Words, now: dt.datetime) -> Any:
    """`Booked: 40,000 letters on Tue 1 Dec; the next forecast run takes it in (in 18 minutes)`, and what can be done then."""
    run = next_run(settings, now)
    when = words("scenario_run_never")
    if run is not None:
        minutes = max(round((run - now).total_seconds() / 60), 1)
        when = words("scenario_run_in", span=words.span(minutes))
    amount = words.number(booked.value)
    text = words(
        "scenario_booked", n=amount, driver=booked.driver, day=said_day(booked.day, words), when=when
    )
    buttons = html.Div(
        [html.Button(words("scenario_ask_now"), id={"type": "scenario-do", "act": "ask", "on": ""}, n_clicks=0, className="button"),
         html.Button(words("scenario_undo"), id={"type": "scenario-do", "act": "undo", "on": ""}, n_clicks=0, className="button")],
        className="tools",
    )  # fmt: skip
    return html.Div([html.H3(text), buttons], className="done", role="status", id="scenario-booked-said")


def gone(booked: Booked, words: Words) -> Any:
    """That it was taken back, and a button that books it again."""
    on = json.dumps([booked.driver, booked.queue, booked.day, booked.value])
    text = words("scenario_taken_back", n=words.number(booked.value), driver=booked.driver)
    back = html.Button(
        words("scenario_put_back"),
        id={"type": "scenario-do", "act": "back", "on": on},
        n_clicks=0,
        className="button",
    )
    said = html.Div([html.H3(text), html.P(words("scenario_taken_back_text"), className="note")])
    return html.Div([said, back], className="done", role="status")


def coming_list(planned: list[Booked], words: Words, *, may: bool) -> Any:
    """What is planned already, each with a button that takes it out."""
    if not planned:
        return html.P(words("scenario_planned_none"), className="note")
    rows = []
    for one in planned:
        on = json.dumps([one.driver, one.queue, one.day, one.value])
        text = words(
            "scenario_planned_row", n=words.number(one.value), driver=one.driver, day=said_day(one.day, words)
        )
        out = html.Button(
            words("scenario_take_out"), id={"type": "scenario-do", "act": "out", "on": on}, n_clicks=0, className="button small",
            disabled=not may, **aria(label=words("scenario_take_out_of", what=text)),
        )  # fmt: skip
        rows.append(
            html.Li([html.Span([html.Strong(text), f" · {one.queue or words('scenario_every_queue')}"]), out])
        )
    return html.Ul(rows, className="scenario-planned")
