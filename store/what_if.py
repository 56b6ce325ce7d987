"""A scenario from the store: which queues its events touch, what is known of them, and the futures without and with.

    events ─► queues touched (and those that contacts move to) ─► looked ahead now, from one fit each ─► Supposed ─► figures

Only these queues are run, and only the days asked for. Nothing is written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats
from forecast.buckets import column_ns, day_start, from_ns, local_day, to_ns
from forecast.errors import InputError
from forecast.models.base import Leads
from forecast.models.handle_time import fit_handle_time
from forecast.scenario import Asked, Known, Supposed, suppose
from forecast.scenario_events import Driver, Event, Hours, Note, Outage, Overflow
from forecast.scenario_model import Look, look
from forecast.scenario_paths import Future
from forecast.vintage import Archive
from store.adjusted import load_adjusted
from store.assumptions import load_assumptions
from store.facts import open_archive
from store.forecasts import load_forecast
from store.looking_ahead import method, stand
from store.method_pins import with_pin
from store.queues import Queue, load_queues
from store.scenario_scope import touched
from store.settings import INTERVAL_DAYS, Settings

DAYS = 14  # looked at without an end
MOST_QUEUES = 12  # in one request
MOST_QUEUE_DAYS = (
    400  # queues x days from today to the last one; a queue costs seconds, and each of its days a little
)
# session, settings, queue, now, the local day after the last -> the queue looked at, and a warning or ''
Looking: TypeAlias = Callable[[Session, Settings, str, pd.Timestamp, int], tuple[Look, str]]
MICRO = 1000  # nanoseconds: what an end lies behind the last start that counts
BEYOND_NOISE = 5.0  # standard errors by which a day must differ from what is published, to be told
DIFFERS = (
    "{queue}: this run expects {ours:,.0f} contacts on {day} where the published forecast has {theirs:,.0f}: data have "
    "come in since, or manual changes were made. The difference below is between two runs of now."
)


@dataclass(frozen=True)
class Question:
    """What is asked. queues: only these (and where contacts move to); first, stop: local days, the last left out."""

    events: tuple[Event, ...]
    queues: tuple[str, ...] = ()
    first: int | None = None
    stop: int | None = None


@dataclass(frozen=True)
class Answer:
    """looks, worlds: by queue, on the days first .. stop of each; notes: per event; remarks: on the queues themselves."""

    looks: dict[str, Look]
    worlds: Supposed
    queues: dict[str, Queue]
    handling: dict[str, Floats]
    notes: tuple[Note, ...]
    remarks: tuple[str, ...]
    first: int
    stop: int
    cutoff: pd.Timestamp


def what_if(
    session: Session,
    settings: Settings,
    question: Question,
    *,
    now: dt.datetime,
    looking: Looking | None = None,
) -> Answer:
    """Run a scenario from what is known at `now`. Writes nothing.

    looking: how a queue is looked at, where that is not `look_at` (kept from the scenario before, counted, or ended)

    NotFound, with the nearest names, for a queue, channel, topic or driver nobody knows; InputError for days that are past
    or too many; NotEnoughHistory for a queue that cannot be forecast.
    """
    queues = {queue.name: queue for queue in load_queues(session)}
    asked = [Asked(event, touched(session, event, queues, question.queues)) for event in question.events]
    names = names_of(asked, queues, question)
    if not names:
        raise InputError(
            "The scenario names no queue, and no event of it touches one.",
            remedy="Give an event, or the queues to look at.",
            field="events",
        )
    first, stop = _span(question, settings, now)
    moment = pd.Timestamp(now).tz_convert("UTC")
    _bound(names, stop, {name: local_day(to_ns(now), queues[name].tz) for name in names})
    looks, remarks = {}, []
    for name in names:
        looks[name], warning = (looking or look_at)(session, settings, name, moment, stop)
        remarks += [warning] if warning else []
    known = _known(session, settings, looks, now)
    found = suppose(looks, asked, known)
    spans = {
        name: (int(day_start([first], queues[name].tz)[0]), int(day_start([stop], queues[name].tz)[0]))
        for name in names
    }
    cut = {
        name: (world.grid.ds >= spans[name][0]) & (world.grid.ds < spans[name][1])
        for name, world in found.base.items()
    }
    worlds = found.take(spans)
    remarks += _against_published(session, worlds, now)
    times = {name: each[cut[name]] for name, each in known.handling.items()}
    cutoff = from_ns(max(one.leads.cutoff for one in looks.values()))
    return Answer(
        looks,
        worlds,
        {name: queues[name] for name in names},
        times,
        found.notes,
        tuple(remarks),
        first,
        stop,
        cutoff,
    )


def names_of(asked: Sequence[Asked], queues: dict[str, Queue], question: Question) -> list[str]:
    """The queues to run: those asked for, touched, and moved to."""
    names = dict.fromkeys(question.queues)
    for one in asked:
        names |= dict.fromkeys(one.queues)
        moves = getattr(one.event, "moves", {})
        names |= dict.fromkeys(moves)
        if isinstance(one.event, Overflow) and one.event.to in queues:
            names[one.event.to] = None
    if len(names) > MOST_QUEUES:
        raise InputError(
            f"The events touch {len(names)} queues; one request runs {MOST_QUEUES} at most.",
            remedy="Name the queues you want to see in `queues`, or in the event.",
            field="queues",
        )
    return list(names)


def _span(question: Question, settings: Settings, now: dt.datetime) -> tuple[int, int]:
    """First local day and the one after the last: from the first event's day, for two weeks."""
    today = local_day(to_ns(now), settings.company.timezone)
    begins = [begin_of(event, settings.company.timezone) for event in question.events]
    first = question.first if question.first is not None else max(min(begins, default=today), today)
    stop = question.stop if question.stop is not None else first + DAYS
    if min(begins, default=today) < today - 1 or first < today - 1:
        raise InputError(
            "An event, or the start, lies in the past.",
            remedy=f"Suppose something from {np.datetime64(today, 'D')} on.",
            field="start",
        )
    if stop <= first:
        raise InputError("The end lies before the start.", remedy="Give an end after the start.", field="end")
    if stop - today > INTERVAL_DAYS:
        raise InputError(
            f"The days reach further than {INTERVAL_DAYS} days ahead.",
            remedy=f"Ask for days before {np.datetime64(today + INTERVAL_DAYS, 'D')}.",
            field="end",
        )
    return first, stop


def begin_of(event: Event, tz: str) -> int:
    """The local day on which an event begins."""
    if isinstance(event, Driver | Hours):
        return min(event.days)
    return event.day if isinstance(event, Outage) else local_day(event.start, tz)


def _bound(names: Sequence[str], stop: int, today: dict[str, int]) -> None:
    size = sum(max(stop - today[name], 1) for name in names)
    if size > MOST_QUEUE_DAYS:
        raise InputError(
            f"{len(names)} queues up to {np.datetime64(stop - 1, 'D')} are {size} queue days; one request runs "
            f"{MOST_QUEUE_DAYS} at most.",
            remedy="Ask for fewer queues, or for days nearer by.",
            field="end",
        )


def look_at(
    session: Session, settings: Settings, name: str, now: pd.Timestamp, stop: int
) -> tuple[Look, str]:
    """One queue as known at `now`, fitted, with its buckets before the local day `stop`; and a warning or ''."""
    archive = open_archive(session, settings, [name])
    leads, warning = leads_to(archive, settings, name, now, stop)
    draws, seed, settings = settings.models.draws, settings.models.seed, with_pin(session, settings, name)
    return look(archive, name, method(settings), leads, draws=draws, seed=seed), warning


def leads_to(
    archive: Archive, settings: Settings, name: str, now: pd.Timestamp, stop: int
) -> tuple[Leads, str]:
    """The buckets of a queue from its cutoff to before the local day `stop`, and a warning or ''."""
    tz = archive.series[name].tz if name in archive.series else settings.company.timezone
    snapshot, leads, warning = stand(archive, name, now, days=max(stop - local_day(to_ns(now), tz), 1))
    short = stop - 1 - int(leads.grid.day[-1]) if len(leads.grid) else 0
    if short > 0:  # the data ended before now, and so the days begin there
        snapshot, leads, warning = stand(
            archive, name, now, days=min(INTERVAL_DAYS, stop - snapshot.history(name).today)
        )
    return leads, warning


def _seconds(one: Look) -> Floats | None:
    """Seconds per contact float[n] in each bucket looked at; None where no handling time is known."""
    fitted = fit_handle_time(one.history)
    return None if fitted is None else fitted.expected(one.leads.grid)


def _known(session: Session, settings: Settings, looks: dict[str, Look], now: dt.datetime) -> Known:
    """Targets, handling times, rules of thumb and manual changes of the queues looked at."""
    factors, handling = {}, {}
    for name, one in looks.items():
        made, seconds = _factor(session, one, now), _seconds(one)
        if made is not None:
            factors[name] = made[0]
            seconds = None if seconds is None else seconds * made[1]
        if seconds is not None:
            handling[name] = seconds
    rules = tuple(held.rule for held in load_assumptions(session, series=list(looks)))
    targets = {name: settings.staffing.of(name, [name])[0] for name in looks}
    return Known(rules, targets, handling, factors)


def _factor(session: Session, one: Look, now: dt.datetime) -> tuple[Floats, Floats] | None:
    """float[n] by which manual changes in force move contacts, and handling times; None where there are none."""
    grid = one.leads.grid
    span: dict[str, Any] = {
        "series": [one.name],
        "start": from_ns(int(grid.ds[0])).to_pydatetime(),
        "end": from_ns(int(grid.ds[-1]) + MICRO).to_pydatetime(),
        "costs": True,
    }
    plain, adjusted = load_forecast(session, **span), load_adjusted(session, **span, now=now)
    if plain.equals(adjusted) or len(plain) == 0:
        return None
    place = {ns: at for at, ns in enumerate(grid.ds.tolist())}
    rows = np.array([place.get(ns, -1) for ns in column_ns(plain["ds"]).tolist()])
    found = []
    for column in ("mean", "aht"):
        before, after = (each[column].to_numpy(dtype=np.float64) for each in (plain, adjusted))
        factor = np.ones(len(grid))
        fine = (rows >= 0) & (before > 0) & np.isfinite(after)
        factor[rows[fine]] = after[fine] / before[fine]
        found.append(factor)
    return found[0], found[1]


def _against_published(session: Session, worlds: Supposed, now: dt.datetime) -> list[str]:
    """A sentence per queue whose run differs from what is published by more than the noise of their draws."""
    told = []
    for name, world in worlds.base.items():
        held = _published(session, name, world, now)
        if held is None:
            continue
        rows = np.isfinite(held) & world.ahead
        days, place = np.unique(world.grid.day[rows], return_inverse=True)
        ours = np.zeros((len(days), world.counts.shape[1]))
        np.add.at(ours, place, world.counts[rows])
        theirs = np.bincount(place, weights=held[rows], minlength=len(days))
        noise = np.maximum(ours.std(axis=1), 1.0) * np.sqrt(2 / ours.shape[1])
        apart = np.abs(ours.mean(axis=1) - theirs) / noise
        if len(days) and apart.max() > BEYOND_NOISE:
            worst = int(np.argmax(apart))
            day = np.datetime64(int(days[worst]), "D")
            told.append(DIFFERS.format(queue=name, ours=ours[worst].mean(), theirs=theirs[worst], day=day))
    return told


def _published(session: Session, name: str, world: Future, now: dt.datetime) -> Floats | None:
    """The published mean of each bucket float[n], NaN where nothing is published; None where nothing is at all."""
    if len(world.grid) == 0:
        return None
    start, end = (
        from_ns(ns).to_pydatetime() for ns in (int(world.grid.ds[0]), int(world.grid.ds[-1]) + MICRO)
    )
    rows = load_adjusted(session, series=[name], start=start, end=end, now=now)
    if rows.empty:
        return None
    found = np.full(len(world.grid), np.nan)
    at = np.searchsorted(world.grid.ds, column_ns(rows["ds"]))
    fine = (at < len(found)) & (world.grid.ds[np.minimum(at, len(found) - 1)] == column_ns(rows["ds"]))
    found[at[fine]] = rows["mean"].to_numpy(dtype=np.float64)[fine]
    return found
