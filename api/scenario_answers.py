"""A scenario asked in the words of the API, and its answer; the command line asks and shows it in the same way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api import moments
from api.scenario_events import Zones, local_day_of
from api.scenario_schemas import ScenarioIn, ScenarioOut
from forecast.arrays import Floats
from forecast.buckets import from_ns
from store.queues import load_queues
from store.scenario_figures import Figures, QueueFigures, figures, together
from store.scenarios import save_scenario
from store.settings import Settings
from store.what_if import Answer, Looking, Question, what_if

DIGITS = 4


def answered(
    session: Session,
    config: Settings,
    asked: ScenarioIn,
    *,
    author: str,
    now: dt.datetime,
    looking: Looking | None = None,
) -> ScenarioOut:
    """Run a scenario; keep it where it has a name. Errors as `what_if` and `figures` say them. looking: see `what_if`."""
    zones = _zones(session, config)
    question = Question(
        tuple(one.event(zones) for one in asked.events),
        tuple(dict.fromkeys(asked.queues)),
        None if asked.start is None else local_day_of(asked.start, "start"),
        None if asked.end is None else local_day_of(asked.end, "end"),
    )
    answer = what_if(session, config, question, now=now, looking=looking)
    levels = tuple(sorted(set(asked.quantiles)))
    told, notes = figures(answer, config, quantiles=levels, granularity=asked.granularity)
    found = {
        "name": asked.name,
        "as_of": now,
        "cutoff": answer.cutoff.to_pydatetime(),
        "start": str(np.datetime64(answer.first, "D")),
        "end": str(np.datetime64(answer.stop, "D")),
        "granularity": asked.granularity,
        "total": _both(_total(answer, levels), levels, 0),
        "queues": [_queue(one, levels) for one in told],
        "notes": [{**vars(one), "contacts": _rounded(one.contacts)} for one in answer.notes],
        "remarks": [*answer.remarks, *notes],
    }
    out = ScenarioOut(id=None, **found)
    if asked.name is None:
        return out
    kept = save_scenario(
        session,
        name=asked.name,
        author=author,
        now=now,
        cutoff=answer.cutoff.to_pydatetime(),
        asked=asked.model_dump(mode="json", by_alias=True, exclude_none=True),
        found=out.model_dump(mode="json"),
    )
    return out.model_copy(update={"id": kept.id, "name": kept.name})


def _total(answer: Answer, levels: tuple[float, ...]) -> Figures:
    """All queues and days of an answer as one row."""
    worlds = answer.worlds
    return together([(worlds.base[name], worlds.changed[name]) for name in answer.queues], levels)


def _zones(session: Session, config: Settings) -> Zones:
    """The zone of each queue; the company's for none, and for a name nobody knows (which is refused later)."""
    held = {queue.name: queue.tz for queue in load_queues(session)}
    return lambda queue: held.get(queue or "", config.company.timezone)


def _queue(one: QueueFigures, levels: tuple[float, ...]) -> dict[str, Any]:
    columns = {} if one.agents is None else one.agents.columns()
    return {
        "queue": one.queue,
        "channel": one.channel,
        "timezone": one.tz,
        "staffed_for": one.quantile,
        "total": _both(one.whole, levels, 0),
        "days": [_day(one, levels, at) for at in range(len(one.days.ds))],
        "rows": [
            {
                **_start(int(one.rows.ds[at]), one.tz),
                **_both(one.rows, levels, at),
                "agents": _agents(columns, at) if columns else None,
            }
            for at in range(len(one.rows.ds))
        ],
    }


def _day(one: QueueFigures, levels: tuple[float, ...], at: int) -> dict[str, Any]:
    start = from_ns(int(one.days.ds[at])).tz_convert(one.tz)
    hours = None if one.agent_hours is None else _agents(one.agent_hours, at)
    return {"date": f"{start:%Y-%m-%d}", **_both(one.days, levels, at), "agent_hours": hours}


def _start(ns: int, tz: str) -> dict[str, dt.datetime]:
    moment = from_ns(ns).to_pydatetime()
    return {"start": moments.local_of(moment, tz), "start_utc": moment}


def _both(figures: Figures, levels: tuple[float, ...], at: int) -> dict[str, Any]:
    return {
        name: {
            "mean": round(float(values[at, 0]), DIGITS),
            "quantiles": {
                f"{level:g}": round(float(value), DIGITS)
                for level, value in zip(levels, values[at, 1:], strict=True)
            },
        }
        for name, values in (
            ("forecast", figures.forecast),
            ("scenario", figures.scenario),
            ("difference", figures.difference),
        )
    }


def _agents(columns: dict[str, Floats], at: int) -> dict[str, float | None]:
    return {name: _rounded(float(values[at])) for name, values in columns.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, DIGITS)
