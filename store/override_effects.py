"""What a manual change does to the published forecast, from the store."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from forecast.override_effect import Effects, effects
from forecast.overriding import Override, reach
from store.forecast_units import Choice, load_units
from store.overrides import in_force
from store.queues import load_queues


def load_effects(session: Session, one: Override, *, now: dt.datetime) -> Effects:
    """A change, held or not yet (id 0), on the published forecast and the changes that lie under it."""
    earlier = [each for each in in_force(session, now) if one.id == 0 or each.id < one.id]
    queues = load_queues(session)
    channels = {queue.name: queue.channel for queue in queues}
    mine = [name for name, channel in channels.items() if one.covers(name, channel)]
    names, span = reach([*earlier, one], channels, mine, (one.start, one.end))
    chosen = [queue for queue in queues if queue.name in names]
    topics = sorted({each.topic for each in [*earlier, one] if each.topic})
    return effects(load_units(session, chosen, topics, span, Choice()), earlier, one)
