"""The clock: every job on its schedule, through the ledger, in this process until SIGTERM.

A late job runs late instead of not at all (APScheduler 3 would skip it after a second), once however often it was missed,
and never twice at a time. What was asked for over the API is taken up beside it (`asked.py`). Two schedulers on one database are no harm: the ledger gives each scheduled time to one of them.
"""

from __future__ import annotations

import logging
import signal
from types import FrameType
from typing import Any, TypeVar

import pandas as pd
from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN, EVENT_SCHEDULER_STARTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ConfigError
from jobs import backtest, push
from jobs.asked import Taker, note_failure
from jobs.ledger import FAILED, execute
from store.settings import Settings

S = TypeVar("S", bound=BaseScheduler)
log = logging.getLogger("forecall.scheduler")


def background(settings: Settings, sessions: sessionmaker[Session]) -> BackgroundScheduler:
    """A scheduler beside something else (`forecall serve --with-scheduler`); not started yet."""
    return _filled(BackgroundScheduler(**_options(settings)), settings, sessions)


def run_forever(settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Run the jobs until SIGTERM or SIGINT; a job that runs then comes to its end first."""
    scheduler = _filled(BlockingScheduler(**_options(settings)), settings, sessions)

    def stop(number: int, _: FrameType | None) -> None:
        log.info("stopping on %s", signal.Signals(number).name)
        scheduler.shutdown(wait=False)  # ends the waiting below; the running job is waited for at exit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    scheduler.start()


def run_scheduled(
    name: str, settings: Settings, sessions: sessionmaker[Session], trigger: CronTrigger
) -> None:
    """One firing: the slot is the last scheduled time, the same for every scheduler."""
    now = pd.Timestamp.now("UTC").floor("us")
    if name == "push" and not _anything_to_send(settings, sessions, now):
        return
    try:
        outcome = execute(name, sessions, settings, now, slot=_slot(trigger, now))
    except Exception:  # told to the receivers, and raised on
        note_failure(sessions, name)
        raise
    if outcome is None:
        log.info("%s: another process runs it", name)
        return
    if outcome.state == FAILED:
        note_failure(sessions, name)
    level = logging.WARNING if outcome.problems else logging.INFO
    told = ", ".join(f"{what} {value}" for what, value in outcome.done.items())
    log.log(level, "%s: %s; %s", name, outcome.state, "; ".join([told, *outcome.problems]))


def _anything_to_send(settings: Settings, sessions: sessionmaker[Session], now: pd.Timestamp) -> bool:
    with sessions() as session:
        return push.due(session, settings, now)


def check_schedule(settings: Settings) -> dict[str, CronTrigger]:
    """Job -> when it runs; ConfigError for a schedule that cannot be read."""
    triggers = {}
    for name, cron in settings.schedule:
        if not cron:
            continue
        try:
            triggers[name] = CronTrigger.from_crontab(cron, timezone=settings.company.timezone)
        except ValueError as error:
            raise ConfigError(
                f"The schedule of {name}, {cron!r}, cannot be read: {error}.",
                remedy='Write minute hour day month weekday, such as "15 2 * * sun".',
                field=f"schedule.{name}",
            ) from None
    return triggers


def _filled(scheduler: S, settings: Settings, sessions: sessionmaker[Session]) -> S:
    for name, trigger in check_schedule(settings).items():
        own = {"executor": "push"} if name == "push" else {}
        scheduler.add_job(
            run_scheduled, trigger, args=[name, settings, sessions, trigger], id=name, name=name, **own
        )
    takers = Taker(settings, sessions), Taker(settings, sessions, work=backtest.take_up)
    for taker in takers:
        scheduler.add_listener(lambda _, one=taker: one.start(), EVENT_SCHEDULER_STARTED)
        scheduler.add_listener(lambda _, one=taker: one.stop(), EVENT_SCHEDULER_SHUTDOWN)
    return scheduler


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "timezone": settings.company.timezone,
        # messages have a thread of their own: a comparison that takes an hour must not hold them up
        "executors": {"default": ThreadPoolExecutor(2), "push": ThreadPoolExecutor(1)},
        "job_defaults": {"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    }


def _slot(trigger: CronTrigger, now: pd.Timestamp) -> pd.Timestamp:
    """The latest scheduled time at or before now."""
    for back in (pd.Timedelta(hours=1), pd.Timedelta(days=1), pd.Timedelta(days=8), pd.Timedelta(days=370)):
        moment = trigger.get_next_fire_time(None, (now - back).to_pydatetime())
        latest = None
        while moment is not None and moment <= now:
            latest = moment
            moment = trigger.get_next_fire_time(
                None, (pd.Timestamp(moment) + pd.Timedelta(seconds=1)).to_pydatetime()
            )
        if latest is not None:
            return pd.Timestamp(latest).tz_convert("UTC")
    return now.floor("min")
