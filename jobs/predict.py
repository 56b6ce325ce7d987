"""The forecast: per queue the champion is fitted on what is known now, looks ahead, and its quantiles are stored.

    queue ─► Archive ─► look_ahead (`store/looking_ahead.py`) ─► its reasons ─► per interval .. month ─► a version

The version is a draft that nobody sees until the last line publishes it. Each queue is a transaction of its own, so that
a long run never keeps others from writing; a queue that cannot be forecast is reported, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
from sqlalchemy.orm import Session

from jobs.ledger import FAILED, Outcome, checkpoint, explain_failure, run_id
from jobs.ledger import moment as time_of
from jobs.reasons import topics_of
from store.events import tell
from store.facts import apply_facts, open_archive
from store.forecasts import create_version, publish_version, save_forecast
from store.looking_ahead import Forecast, look_ahead, rows
from store.method_pins import with_pin
from store.queue_map import living_queues
from store.scores import save_report
from store.settings import Settings


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Forecast every queue from `now` and publish, unless a planner does that (`api.publish: manual`)."""
    return forecast_all(session, settings, now)


def forecast_all(
    session: Session,
    settings: Settings,
    now: pd.Timestamp,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    ready: Mapping[str, Forecast] | None = None,
) -> Outcome:
    """As `run`; progress is told (done, of how many, queue). ready: forecasts at hand, made from the same moment."""
    apply_facts(session, settings)
    moment = now.to_pydatetime()
    version = create_version(session, run_id=run_id(session), cutoff=moment, now=moment)
    checkpoint(session)
    problems: list[str] = []
    methods: list[dict[str, object]] = []
    queues, made = living_queues(session), 0
    for at, queue in enumerate(queues, start=1):
        try:
            forecast = (ready or {}).get(queue.name) or look_ahead(
                open_archive(session, settings, [queue.name]),
                with_pin(session, settings, queue.name),
                queue.name,
                now,
            )
            save(session, version, queue=queue.name, forecast=forecast)
            for name, part in topics_of(session, settings, queue.name, forecast).items():
                save(session, version, queue=name, forecast=part)
            checkpoint(session)
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            session.rollback()
            problems.append(explain_failure(error, queue.name))
        else:
            made += 1
            methods += forecast.methods
            problems += [forecast.warning] if forecast.warning else []
        if progress is not None:
            progress(at, len(queues), queue.name)
    if made == 0:
        nothing = "There is no queue to forecast. Import volumes first: `forecall import volumes FILE`."
        return Outcome({"queues": 0}, tuple(problems) or (nothing,), FAILED)
    if (number := run_id(session)) is not None:
        save_report(session, number, {"champions": methods})
    ended = time_of(
        session, now
    ).to_pydatetime()  # until then nobody saw it: not what was shown when it began
    published = settings.api.publish == "auto" and publish_version(session, version, ended)
    told = {"version": version, "cutoff": moment, "queues": made, "url": f"/v1/forecasts?version={version}"}
    for kind in ("forecast.made", "forecast.published")[: 1 + published]:
        tell(session, kind, told, now=ended)
    return Outcome({"queues": made, "version": version}, tuple(problems))


def save(session: Session, version: int, *, queue: str, forecast: Forecast) -> None:
    """Every granularity of a queue's forecast into a draft."""
    for each in rows(forecast):
        ds, values = each.ds, each.values
        save_forecast(
            session, version, queue, each.granularity, ds, values, costs=each.costs, parts=each.parts
        )
