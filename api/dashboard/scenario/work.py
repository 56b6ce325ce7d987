"""One to three scenarios over the same queues and days, beside the forecast as it is: what the bench does.

All of them stand on one look at each queue, so that their differences are those of the events alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.scenario.bench import Tell
from api.scenario_schemas import ScenarioIn
from forecast.buckets import local_day, to_ns
from forecast.errors import InputError
from forecast.scenario_events import Event
from store.kept_looks import KeptLooks, answer_mark, facts_mark
from store.queues import load_queues
from store.settings import INTERVAL_DAYS, Settings

STEP = "30min"  # scenarios of one half hour stand on the same lessons


@dataclass(frozen=True)
class Column:
    """One scenario. events: as the API takes them."""

    name: str
    events: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Order:
    """What is to be worked out. days: how many from the first event on; author: who asks."""

    columns: tuple[Column, ...]
    days: int
    author: str = ""


def moment(now: dt.datetime) -> pd.Timestamp:
    """The cutoff that scenarios of this half hour share."""
    return pd.Timestamp(now).tz_convert("UTC").floor(STEP)


def key_of(session: Session, settings: Settings, order: Order, now: dt.datetime) -> str:
    """The same text for the same question on the same data."""
    return f"{answer_mark(session, settings, now)}|{moment(now)}|{order.days}|{order.columns!r}"


def read(events: Sequence[Mapping[str, Any]]) -> ScenarioIn:
    """Events as the API reads them; InputError in a sentence for what it would refuse."""
    try:
        return ScenarioIn.model_validate({"events": list(events)})
    except ValidationError as error:
        first = error.errors()[0]
        named = next((part for part in reversed(first["loc"]) if isinstance(part, str)), "event")
        raise InputError(
            f"The field {named} cannot be read: {first['msg']}.", remedy="Fill it in again.", field=named
        ) from None


def worked(
    sessions: sessionmaker[Session],
    settings: Settings,
    looks: KeptLooks,
    order: Order,
    now: dt.datetime,
) -> Callable[[Tell], dict[str, Any]]:
    """The work for the bench: every column's answer, as `POST /v1/scenarios` gives it."""

    def work(tell: Tell) -> dict[str, Any]:
        with sessions() as session:
            return _worked(session, settings, looks, order, now, tell)

    return work


def _worked(
    session: Session, settings: Settings, looks: KeptLooks, order: Order, at: dt.datetime, tell: Tell
) -> dict[str, Any]:
    from api.scenario_answers import answered  # it brings the models, which the start of the API does without

    cutoff = moment(at)  # of the contacts; what planners changed of the forecast counts as of `at`
    asked = [read(column.events) for column in order.columns]
    queues, first = _span(session, settings, asked, at)
    today = local_day(to_ns(at), settings.company.timezone)
    stop = _stop(first, order.days, today)
    looks.begin(facts_mark(session, settings), cutoff)
    learnt: list[str] = []

    def looking(session: Session, settings: Settings, name: str, now: pd.Timestamp, stop: int) -> Any:
        tell(len(learnt), len(queues), name)
        made = looks.look(session, settings, name, cutoff, stop)
        if name not in learnt:
            learnt.append(name)
        tell(len(learnt), len(queues), name)
        return made

    made = []
    for column, one in zip(order.columns, asked, strict=True):
        wanted = one.model_copy(
            update={
                "queues": queues,
                "start": str(np.datetime64(first, "D")),
                "end": str(np.datetime64(stop, "D")),
            }
        )
        out = answered(session, settings, wanted, author=order.author, now=at, looking=looking)
        asked_as = wanted.model_dump(mode="json", by_alias=True, exclude_none=True)
        made.append({"name": column.name, "asked": asked_as, "out": out.model_dump(mode="json")})
    return {"columns": made, "rates": _rates(settings, queues)}


def _stop(first: int, days: int, today: int) -> int:
    """The local day after the last one that is looked at. InputError for a first day that no forecast reaches."""
    if first >= today + INTERVAL_DAYS:
        raise InputError(
            f"The first event is on {np.datetime64(first, 'D')}; scenarios reach {INTERVAL_DAYS // 7} weeks ahead.",
            remedy=f"Suppose something before {np.datetime64(today + INTERVAL_DAYS, 'D')}.",
            field="events",
        )
    return min(first + days, today + INTERVAL_DAYS)


def _span(
    session: Session, settings: Settings, asked: Sequence[ScenarioIn], now: dt.datetime
) -> tuple[list[str], int]:
    """Every queue that any of the scenarios touches, and the local day of the first event."""
    from forecast.scenario import Asked
    from store.scenario_scope import touched
    from store.what_if import Question, begin_of, names_of

    queues = {queue.name: queue for queue in load_queues(session)}
    tz = settings.company.timezone

    def zone(name: str | None) -> str:
        return queues[name].tz if name in queues else tz

    events: list[Event] = [each.event(zone) for one in asked for each in one.events]
    if not events:
        raise InputError(
            "Nothing is supposed yet.", remedy="Add an event to a scenario first.", field="events"
        )
    each = [Asked(event, touched(session, event, queues, ())) for event in events]
    names = names_of(each, queues, Question(tuple(events)))
    today = local_day(to_ns(now), tz)
    return names, max(min(begin_of(event, tz) for event in events), today)


def _rates(settings: Settings, queues: Sequence[str]) -> dict[str, float]:
    """Euros for an hour that is paid for, of the queues that have a rate."""
    found = {name: settings.staffing.rate_of(name, [name]) for name in queues}
    return {name: rate for name, rate in found.items() if rate is not None}
