"""What the configuration tells of queues, brought into the store; and the archive that jobs look at."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from forecast.vintage import Archive
from store.archive import load_archive
from store.days import load_hours, save_hours
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
    """The archive of some queues or of all, with the holidays of the company's country."""
    company = settings.company
    return load_archive(session, country=company.country, region=company.region, queues=queues)
