"""What the drivers known ahead are worth to a queue, as its history tells now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.models.driver_effects import driver_effects
from forecast.models.driver_worth import PeriodWorth, PulseWorth
from store.facts import open_archive
from store.settings import Settings

CONTACTS = {"phone": "calls", "email": "e-mails", "chat": "chats", "social": "questions"}


@dataclass(frozen=True)
class DriverWorth:
    """What one driver is worth. kind: pulse (letters), stock (customers) or period (school holidays).

    contacts, low, high: per `units` of a pulse; per cent: of a stock for 10 per cent of it, of a period while it lasts
    """

    driver: str
    kind: str
    sentence: str
    seen: int | None
    likely: float | None
    units: int | None = None
    contacts: float | None = None
    low: float | None = None
    high: float | None = None
    percent: float | None = None


def driver_worths(session: Session, settings: Settings, queue: str, *, now: dt.datetime) -> list[DriverWorth]:
    """Every driver that concerns a queue and of which something is known; () for a queue without contacts. NotFound for no queue."""
    archive = open_archive(session, settings, [queue], signals=False)
    if queue not in archive.series:
        return []
    contacts = CONTACTS.get(archive.series[queue].channel, "contacts")
    found = []
    for one in driver_effects(archive.at(to_ns(now)).history(queue)).worth():
        if isinstance(one, PulseWorth):
            size = {"units": one.units, "contacts": one.contacts, "low": one.low, "high": one.high}
            made = DriverWorth(one.name, "pulse", one.sentence(contacts), one.seen, one.likely, **size)  # type: ignore[arg-type]
        elif isinstance(one, PeriodWorth):
            made = DriverWorth(
                one.name, "period", one.sentence(contacts), one.seen, one.likely, percent=one.percent
            )
        else:
            made = DriverWorth(
                one.name, "stock", one.sentence(contacts), None, None, percent=10 * one.elasticity
            )
        found.append(made)
    return found
