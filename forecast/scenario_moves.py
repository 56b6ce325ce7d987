"""Contacts that go elsewhere: a queue closes, a queue overflows; and plain per cent.

What moves is taken from each path and added to the same draw of the other queue, contact by contact, so that nothing is
made or lost on the way but what is said to be lost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.arrays import Floats
from forecast.errors import InputError
from forecast.scenario_events import SAID, Change, Close, Note, Overflow
from forecast.scenario_paths import Future, inside, landed, parted, thinned
from forecast.staffing.demand import KINDS
from forecast.staffing.needs import Targets, agents_needed

Worlds = dict[str, Future]


def changed(worlds: Worlds, number: int, event: Change, queues: tuple[str, ...]) -> tuple[Worlds, list[Note]]:
    """So many per cent more in each of these queues."""
    found: Worlds = dict(worlds)
    notes: list[Note] = []
    for name in queues:
        world = worlds[name]
        share = inside(world.grid, event.start, event.stop)
        found[name] = world.times(1 + event.percent / 100 * share)
        more = _sum(found[name].counts - world.counts)
        text = f"{name}: {event.percent:+g} % as said, {more:+,.0f} contacts."
        notes.append(Note(number, name, text, SAID, more))
    return found, notes


def closed(
    worlds: Worlds, number: int, event: Close, queues: tuple[str, ...], seed: int
) -> tuple[Worlds, list[Note]]:
    """Nobody answers in these queues; what does not move is lost."""
    found: Worlds = dict(worlds)
    notes: list[Note] = []
    into = [name for name in event.moves if name in queues]
    if into:
        raise InputError(
            f"{into[0]} closes itself, so nothing can move there.",
            remedy="Move the contacts to a queue that stays open.",
            field="moves",
        )
    for name in queues:
        world = found[name]
        rng = np.random.default_rng([seed, number, len(notes)])
        share = np.where(world.ahead, inside(world.grid, event.start, event.stop), 0.0)
        gone = _taken(world.counts, share, rng)
        found[name] = world.without(gone)
        parts = parted(gone, event.moves, rng)
        text = f"{name} closes: {_sum(gone):,.0f} contacts cannot come"
        for other, amount in parts.items():
            if other:
                found[other] = found[other].with_more(landed(amount, world.grid, found[other]))
                text += f", {_sum(amount):,.0f} go to {other}"
        text += f", {_sum(parts['']):,.0f} are lost." if _sum(parts[""]) > 0 else ", none is lost."
        notes.append(Note(number, name, text, SAID, -_sum(gone)))
    return found, notes


def overflowed(
    worlds: Worlds,
    number: int,
    event: Overflow,
    seed: int,
    targets: Targets,
    aht: Floats | None,
    channel: str = "phone",
) -> tuple[Worlds, list[Note]]:
    """A part goes to another queue, or to a partner. aht: seconds per contact float[n], for what agents can take."""
    found, world = dict(worlds), worlds[event.queue]
    rng = np.random.default_rng([seed, number])
    share = np.where(world.ahead, inside(world.grid, event.start, event.stop), 0.0)
    if event.share is not None:
        gone = _taken(world.counts, event.share * share, rng)
        how = f"{100 * event.share:g} %"
    else:
        stays, how = _stays(world, event, targets, aht, channel)
        gone = np.where(
            share[:, None] > 0, np.maximum(world.counts - stays[:, None], 0.0) * share[:, None], 0
        )
    found[event.queue] = world.without(gone)
    if event.to in found:
        found[event.to] = found[event.to].with_more(landed(gone, world.grid, found[event.to]))
        where = event.to
    else:
        where = f"the partner {event.to}, who is no queue here"
    text = f"{event.queue}: {how} overflows, {_sum(gone):,.0f} contacts go to {where}."
    return found, [Note(number, event.queue, text, SAID, -_sum(gone))]


def _stays(
    world: Future, event: Overflow, targets: Targets, aht: Floats | None, channel: str
) -> tuple[Floats, str]:
    """float[n]: contacts per bucket that are not passed on, and how that is said."""
    if event.above_contacts is not None:
        held = np.full(len(world.grid), float(event.above_contacts))
        return held, f"what is above {event.above_contacts:g} contacts an interval"
    agents = float(event.above_agents or 0.0)
    if aht is None:
        raise InputError(
            f"{event.queue}: no handling time is known, so what {agents:g} agents can take is not known either.",
            remedy="Use above_contacts, or import volumes with aht_seconds.",
            field="above_agents",
        )
    if KINDS.get(channel, "backlog") == "backlog":
        raise InputError(
            f"{event.queue}: its contacts wait for an answer, so no number of them in an interval is too many for "
            f"{agents:g} agents.",
            remedy="Use above_contacts or share.",
            field="above_agents",
        )
    rows = (inside(world.grid, event.start, event.stop) > 0) & np.isfinite(aht)
    held = np.full(len(world.grid), np.inf)
    seconds, place = np.unique(np.round(aht[rows]), return_inverse=True)
    chats = KINDS.get(channel) == "chats"
    held[rows] = capacity(agents, seconds, float(world.grid.interval.seconds), targets, chats=chats)[place]
    return held, f"what {agents:g} agents cannot take within the targets"


def capacity(agents: float, aht: Floats, seconds: float, targets: Targets, *, chats: bool = False) -> Floats:
    """Seconds per contact [n] -> the most contacts in so many seconds that the agents take within the targets [n]."""
    free = replace(targets, min_agents=0.0)
    most = agents * seconds * (targets.concurrency if chats else 1)
    low, high = np.zeros(len(aht)), np.full(len(aht), most) / np.maximum(aht, 1.0)
    for _ in range(20):
        middle = (low + high) / 2
        fine = agents_needed(middle * aht / seconds, aht, free, chats=chats) <= agents
        low, high = np.where(fine, middle, low), np.where(fine, high, middle)
    return np.floor(low + 1e-6)


def _taken(counts: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Counts float[n, draw] that go, at a share per bucket [n]; all of them, to the bit, where that is 1."""
    gone = np.zeros_like(counts)
    whole, part = share >= 1, (share > 0) & (share < 1)
    gone[whole] = counts[whole]
    if part.any():
        gone[part] = thinned(counts[part], share[part][:, None], rng)
    return gone


def _sum(values: Floats) -> float:
    """Mean over the draws of the sum over the buckets."""
    return float(values.sum(axis=0).mean()) if values.size else 0.0
