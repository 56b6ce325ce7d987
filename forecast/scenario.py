"""What if: the same futures of some queues with and without a few events, and the difference as paths.

    queues looked at ─► base futures ─┬───────────────────────────────────────────────────────────────► base
                                      └─► hours ─► drivers ─► outages, posts, per cent ─► what moves ─► changed
                                                                                  difference = changed - base, draw by draw

First come the events that change how many contacts there are, in this order, then those that move contacts between
queues; within a kind in the order given. What has begun before the cutoff stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Floats
from forecast.assumption import Assumption
from forecast.scenario_drivers import with_driver
from forecast.scenario_events import (
    ASSUMED,
    MEASURED,
    NONE,
    Change,
    Close,
    Driver,
    Event,
    Hours,
    Note,
    Outage,
    Overflow,
    Posts,
)
from forecast.scenario_model import Look, future, supposed, with_hours
from forecast.scenario_moves import changed, closed, overflowed
from forecast.scenario_outage import Silent, outage, with_outage
from forecast.scenario_paths import Future, moved_by
from forecast.scenario_posts import by_thumb, heard_from, with_posts
from forecast.staffing.needs import Targets

ORDER: tuple[type, ...] = (Hours, Driver, Outage, Posts, Change, Close, Overflow)


@dataclass(frozen=True)
class Asked:
    """One event and the queues it touches."""

    event: Event
    queues: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What is known beside the queues: rules of thumb; by queue, targets of staffing and seconds per contact float[n].

    factors: by queue what manual changes make of a bucket's contacts, float[n]; they lie on both sides alike
    """

    rules: tuple[Assumption, ...] = ()
    targets: Mapping[str, Targets] = field(default_factory=dict)
    handling: Mapping[str, Floats] = field(default_factory=dict)
    factors: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Supposed:
    """The futures of each queue without and with the events, on the same draws; notes: per event and queue."""

    base: Mapping[str, Future]
    changed: Mapping[str, Future]
    notes: tuple[Note, ...]

    def take(self, spans: Mapping[str, tuple[int, int]]) -> Supposed:
        """Only the buckets that begin from .. before these moments (ns), by queue."""

        def cut(worlds: Mapping[str, Future]) -> dict[str, Future]:
            return {
                name: world.take((world.grid.ds >= spans[name][0]) & (world.grid.ds < spans[name][1]))
                for name, world in worlds.items()
            }

        return replace(self, base=cut(self.base), changed=cut(self.changed))


def suppose(looks: Mapping[str, Look], asked: Sequence[Asked], known: Known | None = None) -> Supposed:
    """The queues looked at with these events. Whoever calls has looked at every queue that an event touches or moves to."""
    known = known or Known()
    base = {name: future(one) for name, one in looks.items()}
    base |= {name: base[name].times(factor) for name, factor in known.factors.items() if name in base}
    looks, worlds, notes = dict(looks), dict(base), []
    order = sorted(range(len(asked)), key=lambda at: (ORDER.index(type(asked[at].event)), at))
    for number in order:
        event, queues = asked[number].event, asked[number].queues
        if isinstance(event, Change):
            worlds, told = changed(worlds, number, event, queues)
        elif isinstance(event, Close):
            worlds, told = closed(worlds, number, event, queues, _seed(looks))
        elif isinstance(event, Overflow):
            targets, aht = known.targets.get(event.queue, Targets()), known.handling.get(event.queue)
            channel = looks[event.queue].history.series.channel
            worlds, told = overflowed(worlds, number, event, _seed(looks), targets, aht, channel)
        else:
            told = []
            for at, name in enumerate(queues):
                rng = np.random.default_rng([looks[name].seed, number, at, 7])
                looks[name], worlds[name], note = _one(looks[name], worlds[name], number, event, known, rng)
                told.append(note)
        notes += told
    notes.sort(key=lambda note: note.event)
    return Supposed(base, worlds, tuple(notes))


def _seed(looks: Mapping[str, Look]) -> int:
    return next(iter(looks.values())).seed


def _one(
    one: Look,
    world: Future,
    number: int,
    event: Hours | Driver | Outage | Posts,
    known: Known,
    rng: np.random.Generator,
) -> tuple[Look, Future, Note]:
    """One event on one queue."""
    if isinstance(event, Driver):
        return with_driver(one, world, number, event, rng)
    if isinstance(event, Hours):
        return _with_hours(one, world, number, event, rng)
    if isinstance(event, Outage):
        return (one, *_with_outage(one, world, number, event, rng))
    return (one, *_with_posts(one, world, number, event, known, rng))


def _with_hours(
    one: Look, world: Future, number: int, event: Hours, rng: np.random.Generator
) -> tuple[Look, Future, Note]:
    archive = with_hours(one.archive, one.name, event.days, event.spans)
    before, after = (supposed(one, each) for each in (one.archive, archive))
    moved = world.toward(moved_by(world.intensity, before, after), rng)
    more = _sum(moved) - _sum(world)
    ahead = _sum(replace(world, counts=np.maximum(moved.counts - world.counts, 0.0)))
    text = (
        f"{one.name}: {more:+,.0f} contacts by other hours, {ahead:,.0f} come in hours that open and "
        f"{ahead - more:,.0f} cannot come and are not expected elsewhere."
    )
    if world.grid.slots == 1 and event.spans:
        text = f"{one.name} is forecast by day: other hours of a day that opens change nothing in it."
    basis = NONE if more == 0 and ahead == 0 else ASSUMED if ahead > 0 else MEASURED
    return replace(one, archive=archive), moved, Note(number, one.name, text, basis, more)


def _with_outage(
    one: Look, world: Future, number: int, event: Outage, rng: np.random.Generator
) -> tuple[Future, Note]:
    found = outage(one, event.like)
    if isinstance(found, Silent):
        return world, Note(number, one.name, f"{one.name}: {found.why}; no change.", NONE, 0.0)
    moved = world.toward(with_outage(one, world, event, found, rng), rng)
    more = _sum(moved) - _sum(world)
    text = (
        f"{one.name}: {np.datetime64(event.like, 'D')} brought {found.excess:,.0f} contacts beyond the "
        f"{found.expected:,.0f} expected, give or take {100 * found.doubt:.0f} %; so on "
        f"{np.datetime64(event.day, 'D')} {more:+,.0f}. One day is all it stands on."
    )
    return moved, Note(number, one.name, text, MEASURED, more)


def _with_posts(
    one: Look, world: Future, number: int, event: Posts, known: Known, rng: np.random.Generator
) -> tuple[Future, Note]:
    signals = heard_from(one, event.topic)
    if signals:
        moved = world.toward(with_posts(one, world, event, signals, rng), rng)
        more = _sum(moved) - _sum(world)
        text = (
            f"{one.name}: {event.factor:g} times the usual posts on {event.topic} for {event.hours:g} hours: "
            f"{more:+,.0f} contacts, by the measured effect of {', '.join(signals)}."
        )
        return moved, Note(number, one.name, text, MEASURED, more)
    thumb = by_thumb(known.rules, one, world, event)
    text = f"{one.name}: the posts on {event.topic} are not shown to move this queue: no change."
    if thumb is not None:
        text += (
            f" A planner's rule of thumb would give {thumb:+,.0f} contacts; it is assumed, and in no figure."
        )
    return world, Note(number, one.name, text, NONE, 0.0, rule_of_thumb=thumb)


def _sum(world: Future) -> float:
    """Mean over the draws of all contacts."""
    return float(world.counts.sum(axis=0).mean())
