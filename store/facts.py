"""What the configuration tells of queues, brought into the store; and the archive that jobs look at."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TypedDict

from sqlalchemy.orm import Session

from forecast.days import Exceptions, OpeningHours
from forecast.vintage import Archive
from store.archive import load_archive
from store.days import load_hours, save_hours
from store.hour_exceptions import load_exceptions
from store.queue_map import load_queue_map
from store.queues import load_queues, save_queue
from store.settings import Settings

HOURS = ["weekday", "opens", "closes"]


def apply_facts(session: Session, settings: Settings) -> None:
    """Channel, topic and opening hours from config.yaml go before what the files say. Writes only what differs."""
    held = {queue.name: queue for queue in load_queues(session)}
    for facts in settings.queues:
        queue = held.get(facts.name)
        if queue is not None and (queue.channel, queue.topic) != (facts.channel, facts.topic):
            save_queue(session, replace(queue, channel=facts.channel, topic=facts.topic))
    for name, hours in settings.hours().groupby("queue"):
        stored = load_hours(session, queue=str(name))
        first = stored.loc[stored["valid_from"].isna(), HOURS].sort_values(HOURS).to_numpy().tolist()
        if first != hours[HOURS].sort_values(HOURS).to_numpy().tolist():
            save_hours(session, hours)


class Where(TypedDict):
    """Whose public and school holidays are known ahead."""

    country: str | None
    region: str | None
    school: tuple[str, str] | None


def where(settings: Settings, queue: str | None = None) -> Where:
    """The company's country and region, or those of a queue that serves another; None: all queues together."""
    country, region = settings.company.country, settings.company.region
    school = settings.calendar.school_holidays
    schools = (school.country or country, school.region or region)
    for facts in settings.queues:
        if facts.name == queue and (facts.country or facts.region):
            country, region = facts.country or country, facts.region
            schools = (country, region)
    named = schools[0] and schools[1]
    return Where(country=country, region=region, school=(str(schools[0]), str(schools[1])) if named else None)


def given_hours(session: Session) -> dict[str, OpeningHours]:
    """The weekly hours of the queues that have any, with their exceptions."""
    exceptions = load_exceptions(session)
    return {
        str(queue): OpeningHours.from_frame(rows, Exceptions.of(exceptions, str(queue)))
        for queue, rows in load_hours(session).groupby("queue")
    }


def open_archive(
    session: Session,
    settings: Settings,
    queues: list[str] | None = None,
    *,
    corrected: bool = True,
    as_of: dt.datetime | None = None,
    signals: bool = True,
    since: dt.datetime | None = None,
) -> Archive:
    """The archive of some queues or of all, their histories moved by the queue map, with the country's holidays.

    as_of: by the queue map as it was believed at that moment; None: as it is believed now
    corrected: the contacts are their true demand, as far as it is known; else as they were offered
    signals: False where only contacts are asked for
    since: contacts of buckets from then on alone; all of them where queues were moved, for a move asks when they ended
    """
    moves = load_queue_map(session, as_of=as_of)
    alone = queues[0] if queues is not None and len(queues) == 1 else None
    archive = load_archive(
        session,
        **where(settings, alone),
        queues=None if queues is None else moves.with_sources(queues),
        days_of=alone,
        demands=settings.demands() if corrected else None,
        signals=signals,
        since=None if moves else since,
    )
    moved = archive
    if moves:
        moved = moves.apply(archive, hours=given_hours(session))
        moved = _with_own_exceptions(session, archive, moved)
    facts = {queue.name: queue for queue in load_queues(session) if queue.name not in archive.series}
    series = {
        name: replace(each, channel=facts[name].channel, topic=facts[name].topic) if name in facts else each
        for name, each in moved.series.items()
        if queues is None or name in queues
    }
    return replace(moved, series=series)


def _with_own_exceptions(session: Session, before: Archive, moved: Archive) -> Archive:
    """A queue that the map made has the exceptions of its own name, not those of the queue it came from."""
    made = [name for name in moved.series if name not in before.series]
    if not made:
        return moved
    exceptions, series = load_exceptions(session), dict(moved.series)
    for name in made:
        own, hours = Exceptions.of(exceptions, name), series[name].hours
        series[name] = replace(
            series[name], exceptions=own, hours=None if hours is None else replace(hours, exceptions=own)
        )
    return replace(moved, series=series)
