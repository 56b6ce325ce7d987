"""What the configuration tells of queues, brought into the store; and the archive that jobs look at."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from forecast.days import OpeningHours
from forecast.vintage import Archive
from store.archive import load_archive
from store.days import load_hours, save_hours
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


def open_archive(session: Session, settings: Settings, queues: list[str] | None = None) -> Archive:
    """The archive of some queues or of all, their histories moved by the queue map, with the country's holidays."""
    company, moves = settings.company, load_queue_map(session)
    archive = load_archive(
        session,
        country=company.country,
        region=company.region,
        queues=None if queues is None else moves.with_sources(queues),
        days_of=queues[0] if queues is not None and len(queues) == 1 else None,
    )
    hours = {
        str(queue): OpeningHours.from_frame(rows) for queue, rows in load_hours(session).groupby("queue")
    }
    moved = moves.apply(archive, hours=hours)
    facts = {queue.name: queue for queue in load_queues(session) if queue.name not in archive.series}
    series = {
        name: replace(each, channel=facts[name].channel, topic=facts[name].topic) if name in facts else each
        for name, each in moved.series.items()
        if queues is None or name in queues
    }
    return replace(moved, series=series)
