"""Quantities known ahead in another amount: by what the queue's past taught of them, or by what the planner says.

    amounts ─► archive with another plan ─► the model with the same lessons and draws ─► intensity       (measured)
    value x worth, over so many open days, as the queue's own contacts lie ─► Poisson arrivals on top     (assumed)

A driver counts as measured where waves of it were seen, where it is a stock or a period the history has learnt from, or
where the planner's worth stands beside its plan already. A planner's `worth` in the event goes before what is measured:
what was measured then gives the shape alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import day_start
from forecast.models.driver_effects import ASSUMED_SPREAD
from forecast.models.driver_worth import PeriodWorth, PulseWorth, StockWorth
from forecast.scenario_events import ASSUMED, MEASURED, NONE, Driver, Note
from forecast.scenario_model import Look, amounts_on, supposed, with_amounts
from forecast.scenario_paths import Future, moved_by

CONTACTS = {"phone": "calls", "email": "e-mails", "chat": "chats", "social": "questions"}
LEAST = 1e-6  # contacts that are any change


def key_of(one: Look, driver: str) -> str | None:
    """The name under which the archive holds a driver for this queue: its own amounts go before everybody's."""
    queues = (one.name, one.history.series.queue, "")
    for queue in queues:
        key = f"{driver}@{queue}" if queue else driver
        if key in one.archive.drivers:
            return key
    return None


def known_worth(one: Look, key: str) -> PulseWorth | StockWorth | PeriodWorth | None:
    """What the queue's history taught of a driver, or the planner assumes beside its plan; None where neither is there."""
    effects = one.effects
    seen = {pulse.name for pulse in effects.pulses if pulse.waves or pulse.name in effects.assumed}
    seen |= {stock.name for stock in effects.stocks} | {one.name for one in effects.periods}
    if key not in seen:
        return None
    name = key.split("@")[0].removesuffix(" (period)")
    return next((worth for worth in effects.worth() if worth.name == name), None)


def with_driver(
    one: Look, world: Future, number: int, event: Driver, rng: np.random.Generator
) -> tuple[Look, Future, Note]:
    """The queue with a driver's amounts as the event says; the look that comes back knows them as planned."""
    key = key_of(one, event.driver)
    worth = None if key is None else known_worth(one, key)
    if key is not None and worth is not None and (event.worth is None or _effect(worth) > 0):
        return _measured(one, world, number, event, key, worth, rng)
    if event.worth is not None and event.lasts_days is not None:
        return (one, *_assumed(one, world, number, event, rng))
    missing = (
        "its `worth` in contacts per unit" if event.worth is None else "over how many days it `lasts_days`"
    )
    text = (
        f"{one.name}: nobody has measured what {event.driver} brings here, so it changes nothing. "
        f"Say {missing}{' and over how many open days it lasts' if event.worth is None else ''}."
    )
    return one, world, Note(number, one.name, text, NONE, 0.0)


def _effect(worth: PulseWorth | StockWorth | PeriodWorth) -> float:
    """Contacts per unit of a pulse; 0 for what is no number of contacts per unit."""
    return worth.contacts / max(worth.units, 1) if isinstance(worth, PulseWorth) else 0.0


def _measured(
    one: Look,
    world: Future,
    number: int,
    event: Driver,
    key: str,
    worth: PulseWorth | StockWorth | PeriodWorth,
    rng: np.random.Generator,
) -> tuple[Look, Future, Note]:
    tz, cutoff = one.history.series.tz, one.leads.cutoff
    held = amounts_on(one.archive.drivers[key], event.days, tz, cutoff)
    planned = sum(sum(amounts.values()) for amounts in held.values())
    starts = day_start(np.array(event.days), tz).tolist()
    moments: dict[int, float] = {}
    for day, start in zip(event.days, starts, strict=True):
        moments |= {**dict.fromkeys(held[day], 0.0), int(start): event.value}
    archive = with_amounts(one.archive, key, moments, cutoff)
    if event.worth is None:
        before, after = (supposed(one, each) for each in (one.archive, archive))
        moved = world.toward(moved_by(world.intensity, before, after), rng)
        basis, told = MEASURED, worth.sentence(CONTACTS.get(one.history.series.channel, "contacts"))
    else:
        days = np.unique(world.grid.day)
        usual, other = (
            one.effects.seen(each.at(cutoff).history(one.name)).extra(days)[0]
            for each in (one.archive, archive)
        )
        moved = _on_top(one, world, (other - usual) * (event.worth / _effect(worth)), rng)
        basis = ASSUMED
        told = f"{event.worth:g} contacts per unit are assumed; only the days they fall on are measured."
    if isinstance(worth, PulseWorth) and not worth.seen:
        basis = ASSUMED
    number_of = float((moved.counts - world.counts).sum(axis=0).mean())
    plan = f" in place of {planned:,.0f} planned" if planned else ""
    text = (
        f"{one.name}: {event.value:,.0f} {event.driver} on {_dates(event.days)}{plan}: "
        f"{number_of:+,.0f} contacts in these days. {told}"
    )
    return replace(one, archive=archive), moved, Note(number, one.name, text, basis, number_of)


def _assumed(
    one: Look, world: Future, number: int, event: Driver, rng: np.random.Generator
) -> tuple[Future, Note]:
    """Contacts by the planner's word: evenly over the open days, within a day as the queue's own contacts lie."""
    days, place = np.unique(world.grid.day, return_inverse=True)
    opens = np.bincount(place, weights=world.intensity.mean(axis=1)) > 0
    per_day = np.zeros(len(days))
    for day in event.days:
        chosen = np.flatnonzero((days >= day) & opens)[: event.lasts_days]
        per_day[chosen] += event.value * (event.worth or 0.0) / (event.lasts_days or 1)
    moved = _on_top(one, world, per_day, rng)
    number_of = float((moved.counts - world.counts).sum(axis=0).mean())
    text = (
        f"{one.name}: {event.value:,.0f} {event.driver} on {_dates(event.days)}: {number_of:+,.0f} contacts in these "
        f"days. Nothing is measured of {event.driver} here: {event.worth:g} contacts per unit over "
        f"{event.lasts_days} open day{'s' * (event.lasts_days != 1)} are assumed, give or take "
        f"{100 * ASSUMED_SPREAD:.0f} %."
    )
    return moved, Note(number, one.name, text, ASSUMED, number_of)


def _on_top(one: Look, world: Future, per_day: Floats, rng: np.random.Generator) -> Future:
    """Contacts float[days] on top of each local day, where the queue's own lie; each path has its own size of them."""
    mean = world.intensity.mean(axis=1)
    place = np.unique(world.grid.day, return_inverse=True)[1]
    total = np.bincount(place, weights=mean)[place]
    extra = per_day[place] * np.divide(mean, total, out=np.zeros_like(mean), where=mean > 0)
    spread = np.sqrt(np.log1p(ASSUMED_SPREAD**2))
    size = np.exp(spread * rng.standard_normal(one.draws) - spread**2 / 2)
    return world.toward(np.maximum(world.intensity + extra[:, None] * size, 0.0), rng)


def _dates(days: tuple[int, ...]) -> str:
    first, last = (str(np.datetime64(day, "D")) for day in (days[0], days[-1]))
    return first if len(days) == 1 else f"{len(days)} days from {first} to {last}"
