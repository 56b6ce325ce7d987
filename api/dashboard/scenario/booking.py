"""A campaign becomes part of the plan: its amount is stored as a driver, the next forecast takes it in, and it can be taken back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from apscheduler.triggers.cron import CronTrigger
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.desk import Change
from api.dashboard.parts import aria, notice
from api.dashboard.scenario.events import said_day
from api.dashboard.words import Words
from forecast.buckets import day_start, index
from forecast.errors import InputError
from store.drivers import last_told, load_drivers, replace_drivers
from store.settings import Settings

AGAIN = dt.timedelta(seconds=10)  # the same once more within them is the other half of a double click
LISTED = 12  # planned days shown at once; later ones are folded up

Row: TypeAlias = tuple[
    str, float, float | None
]  # a moment in ISO 8601, the amount, contacts per unit where they were said


@dataclass(frozen=True)
class Booked:
    """What is planned of a driver on a local day. queue: '' for all; value: all of its amounts together.

    before: the rows that stood in the place of these until then; None where nothing was changed
    """

    driver: str
    queue: str
    day: str
    value: float
    before: Sequence[Row] | None = None


def booked_of(session: Session, event: Mapping[str, Any]) -> Booked:
    """A driver's event as it would be booked: for all queues where the history knows it so, else for the event's own."""
    held = load_drivers(session)
    own = set(held.loc[held["driver"] == event["driver"], "queue"])
    queue = "" if "" in own else str(event.get("queue") or "")
    return Booked(str(event["driver"]), queue, str(event["date"]), float(event["value"]))


def book(change: Change, settings: Settings, wanted: Booked, *, worth: float | None = None) -> Booked:
    """Store the amount as known from now on, in place of all that was planned of the day.

    What stands already is left as it is. InputError for a day that is past.
    """
    tz = settings.company.timezone
    start, end = _span(wanted.day, tz)
    if end <= change.now:
        raise InputError(f"{wanted.day} is past.", remedy="Book a campaign from today on.", field="day")
    stands = _rows(_held(change.session, settings, wanted))
    row: Row = (start.isoformat(), wanted.value, worth)
    if worth is None and [one[:2] for one in stands] == [row[:2]]:
        row = stands[0]
    return _put(change, settings, wanted, (row,))


def take_back(change: Change, settings: Settings, booked: Booked) -> Booked:
    """What was planned before stands again, nothing where nothing was -> the same day, with what stood there until now."""
    if booked.before is None:
        return booked
    rows = tuple((str(at), float(value), worth) for at, value, worth in booked.before)
    return _put(change, settings, booked, rows)


def take_out(change: Change, settings: Settings, planned: Booked) -> Booked:
    """Nothing is planned of the day any more."""
    return take_back(change, settings, replace(planned, before=()))


def coming(session: Session, settings: Settings, now: dt.datetime) -> list[Booked]:
    """What is planned from today on, by day, the soonest first."""
    tz = settings.company.timezone
    today = pd.Timestamp(now).tz_convert(tz).normalize()
    held = load_drivers(session, start=today.to_pydatetime())
    held = held.assign(day=pd.DatetimeIndex(held["ds"]).tz_convert(tz).strftime("%Y-%m-%d"))
    sums = held.groupby(["day", "driver", "queue"], as_index=False)["value"].sum()
    found = [
        Booked(str(driver), str(queue), str(day), float(value))
        for day, driver, queue, value in zip(*(sums[name] for name in sums.columns), strict=True)
    ]
    return [one for one in found if one.value > 0]


def _put(change: Change, settings: Settings, planned: Booked, rows: tuple[Row, ...]) -> Booked:
    """These rows stand in place of all of the day; where they do already, what stood there before the first click."""
    start, end = _span(planned.day, settings.company.timezone)
    stands = _rows(_held(change.session, settings, planned))
    if stands == rows:
        since = last_told(change.session, planned.driver, queue=planned.queue, start=start, end=end)
        again = since is not None and change.now - since < AGAIN
        return replace(
            planned, before=_rows(_held(change.session, settings, planned, since)) if again else None
        )
    frame = pd.DataFrame(
        {
            "ds": pd.DatetimeIndex(pd.to_datetime([row[0] for row in rows], utc=True)),
            "value": np.array([row[1] for row in rows], dtype=np.float64),
            "worth": np.array([np.nan if row[2] is None else row[2] for row in rows], dtype=np.float64),
        }
    )
    replace_drivers(
        change.session, planned.driver, frame, queue=planned.queue, start=start, end=end, now=change.now
    )
    body = {
        "day": planned.day,
        "value": sum(row[1] for row in rows),
        "before": stands,
        "queue": planned.queue,
    }
    change.note("driver.save" if rows else "driver.remove", f"driver {planned.driver}", body)
    return replace(planned, before=stands)


def _held(
    session: Session, settings: Settings, planned: Booked, before: dt.datetime | None = None
) -> pd.DataFrame:
    """-> drivers[driver, ds, value, queue, known_at, worth] of the day; with `before` as they were known until then."""
    start, end = _span(planned.day, settings.company.timezone)
    held = load_drivers(session, start=start, end=end, before=before)
    return held[(held["driver"] == planned.driver) & (held["queue"] == planned.queue)]


def _rows(held: pd.DataFrame) -> tuple[Row, ...]:
    return tuple(
        (at.isoformat(), float(value), None if np.isnan(worth) else float(worth))
        for at, value, worth in zip(held["ds"], held["value"], held["worth"], strict=True)
    )


def _span(day: str, tz: str) -> tuple[dt.datetime, dt.datetime]:
    """When a local day begins and ends; the clock may change in it."""
    number = int(np.datetime64(day, "D").astype(np.int64))
    start, end = index(day_start([number, number + 1], tz)).to_pydatetime()
    return start, end


def next_run(settings: Settings, now: dt.datetime) -> dt.datetime | None:
    """When the schedule forecasts again; None where it never does by itself."""
    cron = dict(settings.schedule).get("predict")
    if not cron:
        return None
    found = CronTrigger.from_crontab(cron, timezone=settings.company.timezone).get_next_fire_time(None, now)
    return None if found is None else found.astimezone(dt.UTC)


def told(booked: Booked, settings: Settings, words: Words, now: dt.datetime) -> Any:
    """`Booked: 40,000 letters on Tue 1 Dec; the next forecast run takes it in (in 18 minutes)`, and what can be done then."""
    amount, day = words.number(booked.value), said_day(booked.day, words)
    if booked.before is None:
        text = words("scenario_stands", n=amount, driver=booked.driver, day=day)
        return notice(text, words("scenario_stands_text"))
    run = next_run(settings, now)
    when = words("scenario_run_never")
    if run is not None:
        minutes = max(round((run - now).total_seconds() / 60), 1)
        when = words("scenario_run_in", span=words.span(minutes))
    text = words("scenario_booked", n=amount, driver=booked.driver, day=day, when=when)
    buttons = html.Div(
        [html.Button(words("scenario_ask_now"), id={"type": "scenario-do", "act": "ask", "on": ""}, n_clicks=0, className="button"),
         html.Button(words("scenario_undo"), id={"type": "scenario-do", "act": "undo", "on": ""}, n_clicks=0, className="button")],
        className="tools",
    )  # fmt: skip
    return html.Div([html.H3(text), buttons], className="done", role="status", id="scenario-booked-said")


def gone(booked: Booked, words: Words, *, left: bool) -> Any:
    """That it was taken back, and a button that puts it there again. left: is anything planned there still?"""
    text = words("scenario_taken_back", n=words.number(booked.value), driver=booked.driver)
    back = html.Button(
        words("scenario_put_back"),
        id={"type": "scenario-do", "act": "back", "on": ""},
        n_clicks=0,
        className="button",
    )
    then = words("scenario_taken_back_text" if left else "scenario_taken_out_text")
    said = html.Div([html.H3(text), html.P(then, className="note")])
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
    shown = html.Ul(rows[:LISTED], className="scenario-planned")
    if len(rows) <= LISTED:
        return shown
    later = html.Summary(words("scenario_planned_later", n=words.number(len(rows) - LISTED)))
    folded = html.Ul(rows[LISTED:], className="scenario-planned")
    return html.Div([shown, html.Details([later, folded], className="more")])
