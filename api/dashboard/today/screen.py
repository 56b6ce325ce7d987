"""What the callbacks of the start page do: session, words, now in; components out. An error stays in its own place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard import queries
from api.dashboard.palette import palette
from api.dashboard.parts import legend, notice, problem
from api.dashboard.today import agents, cards, completeness, progress, talk, warned
from api.dashboard.today import peaks as expected
from api.dashboard.today.links import to
from api.dashboard.windows import Window
from api.dashboard.words import Words
from forecast.buckets import Interval, day_start, from_ns, local_day, to_ns
from forecast.errors import ForecallError, NotFound
from store.adjusted import load_adjusted
from store.alerts import load_alerts
from store.data_arrival import load_arrivals
from store.day_agents import load_day_agents
from store.forecast_versions import newest_version
from store.queues import Queue, load_queues
from store.settings import Settings

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}


def wanted(session: Session, queues: Sequence[Queue], now: dt.datetime) -> str:
    """The queue to put in front: with the largest live warning, else with most contacts today, else the first."""
    names = [queue.name for queue in queues]
    alerts = [one for one in load_alerts(session, state="live") if one.surge.series in names]
    if alerts:
        return max(alerts, key=lambda one: one.surge.extra).surge.series
    tz = queues[0].tz
    today = local_day(to_ns(now), tz)
    start, stop = (from_ns(int(one)).to_pydatetime() for one in day_start([today, today + 1], tz))
    days = load_adjusted(session, series=names, start=start, end=stop, granularity="day", now=now)
    return names[0] if days.empty else str(days.loc[days["mean"].idxmax(), "series"])


def warnings(
    session: Session, settings: Settings, words: Words, now: dt.datetime, *, may_act: bool
) -> list[Any]:
    """The bands on top."""
    try:
        found = warned.load_warnings(session, load_queues(session), settings, now)
    except ForecallError as error:
        return [problem(error, words)]
    return warned.bands(found, words, may_act=may_act)


def data(session: Session, settings: Settings, words: Words, now: dt.datetime) -> tuple[Any, Any]:
    """What is in of each queue, and the age of the forecast."""
    queues = load_queues(session)
    version = newest_version(session)
    age = completeness.forecast_age(version, settings.company.timezone, words, now)
    return completeness.lines(queues, load_arrivals(session, settings, queues, now), words, now), age


def peaks(session: Session, settings: Settings, words: Words, now: dt.datetime) -> Any:
    """The expected peaks of all queues."""
    try:
        return expected.filled(session, settings, load_queues(session), words, now)
    except ForecallError as error:
        return problem(error, words)


def progressed(
    session: Session, settings: Settings, queue: str | None, words: Words, theme: str | None, now: dt.datetime
) -> tuple[Any, ...]:
    """Figure, its sentence, its style, legend, the line above it, the cards."""
    try:
        held = queries.load(session, queue, "today", "interval", now, settings, social=False)
    except NotFound:
        return ({}, "", HIDDEN, [], [], [notice(words("empty_data"), words("empty_data_text"))])
    except ForecallError as error:
        return ({}, "", HIDDEN, [], [], [problem(error, words)])
    if held.made is None:
        return ({}, "", HIDDEN, [], [], [notice(words("empty_forecast"), words("today_no_forecast"))])
    shown = cards.of_queue(held, words)
    found = progress.load_progress(session, held)
    told = progress.told(held, found, words)
    if not progress.fine(held) or not found.frame["open"].any():
        return ({}, "", HIDDEN, [], told, shown)
    figure = progress.figure(held, found, words, palette(theme))
    key = legend(progress.legend_of(words), words("legend"))
    return (figure, progress.sentence(held, found, words), SEEN, key, told, shown)


def talked(
    session: Session, settings: Settings, words: Words, theme: str | None, now: dt.datetime, *, may: bool
) -> tuple[Any, ...]:
    """Figure, its sentence, its style, legend, and what stands beside it. may: the one who asks may see posts themselves."""
    tz = settings.company.timezone
    found = talk.load_talked(session, tz, now)
    said = talk.told(found, words, may=may)
    if found is None or len(found.ds) == 0:
        return ({}, "", HIDDEN, [], said)
    window = Window.of(now, now, "today", "hour", Interval.HOUR, tz)
    figure = talk.figure(found, window, words, palette(theme))
    key = legend(talk.legend_of(words), words("legend"))
    return (figure, talk.sentence(found, words), SEEN, key, said)


def staffed(
    session: Session, settings: Settings, queue: str | None, words: Words, theme: str | None, now: dt.datetime
) -> tuple[Any, ...]:
    """Figure, its sentence, its style, legend, the numbers, the tables and the link to page Staffing."""
    try:
        chosen = queries.choose(load_queues(session), queue)
        last = int(day_start([local_day(to_ns(now), chosen.tz) + 1], chosen.tz)[0])
        begin = to_ns(now) // chosen_step(chosen) * chosen_step(chosen)
        start, stop = (from_ns(at).to_pydatetime() for at in (begin, last))
        teams = load_day_agents(session, settings, chosen, start=start, stop=stop, now=now)
    except ForecallError as error:
        return ({}, "", HIDDEN, [], [problem(error, words)], [], [])
    link = dcc.Link(words("today_to_staffing"), href=to("/staffing", queue=chosen.name), className="button")
    said, tables = agents.told(teams, words), [agents.table(team, words) for team in teams]
    drawn = next((team for team in teams if agents.drawable(team)), None)
    if drawn is None:
        return ({}, "", HIDDEN, [], said, tables, link)
    window = Window.of(now, now, "today", "interval", chosen.interval, chosen.tz)
    figure = agents.figure(drawn, window, words, palette(theme))
    key = legend(agents.legend_of(drawn, words), words("legend"))
    return (figure, agents.sentence(drawn, words), SEEN, key, said, html.Div(tables), link)


def chosen_step(queue: Queue) -> int:
    """Nanoseconds of an interval; an hour for a queue that is counted by day."""
    return (queue.interval.seconds if queue.interval.slots > 1 else 3600) * 1_000_000_000
