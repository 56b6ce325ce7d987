"""Every kind of file that can be loaded, by the name it has in commands, routes and drop folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from forecast.errors import InputError
from store.imports.budget import import_budget
from store.imports.contacts import import_contacts
from store.imports.days import import_days
from store.imports.drivers import import_drivers
from store.imports.groups import import_groups
from store.imports.hours import import_hours
from store.imports.imported import Imported
from store.imports.other_forecasts import import_forecast
from store.imports.queue_map import import_queue_map
from store.imports.reasons import import_reasons
from store.imports.signals import import_signals
from store.imports.staffing import import_staffing
from store.imports.volumes import import_volumes

Importer: TypeAlias = Callable[..., Imported]  # (session, settings, source, *, now, name, timezone, ...)

IMPORTERS: Mapping[str, Importer] = {
    "volumes": import_volumes,
    "signals": import_signals,
    "contacts": import_contacts,
    "drivers": import_drivers,
    "special-days": import_days,
    "hours": import_hours,
    "reasons": import_reasons,
    "queue-map": import_queue_map,
    "groups": import_groups,
    "staffing": import_staffing,
    "forecast": import_forecast,
    "budget": import_budget,
}


def importer(kind: str) -> Importer:
    """The importer of a kind of file; InputError with the kinds there are."""
    if kind not in IMPORTERS:
        raise InputError(
            f"There is no kind of file {kind!r}.", remedy=f"Use one of {', '.join(IMPORTERS)}.", field="kind"
        )
    return IMPORTERS[kind]
