"""So many times the usual posts on a contact reason: what the measured effect makes of them, or a rule of thumb.

    usual posts of those hours x (factor - 1) ─► as they will be heard, moment by moment ─► effect of each lead band

The effect is the one the published forecast uses, so it is there only where the gate is open. While the posts come, each
bucket is moved by what was posted before it; after the last of them by what is still announced at longer leads. The
contacts' own first excess is left out of it: it would be part of what is to be found. Where no gate is open the posts move
nothing; a rule of thumb is then worked out beside, and called an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.assumption import Assumption
from forecast.buckets import DAY, SECOND, Grid, floor
from forecast.features import edges
from forecast.models.base import bands
from forecast.models.signal_effect import OWN, REACH_SECONDS, intensity
from forecast.scenario_events import Posts
from forecast.scenario_model import Look
from forecast.scenario_paths import Future
from forecast.vintage import Signal

WEEKS = 8


def extra_posts(signal: Signal, event: Posts, cutoff: int) -> tuple[Ns, Floats]:
    """Buckets of the signal in the event's hours, and the posts beyond the usual in each [n].

    Usual is the mean of the same slot of the week over the eight weeks known before the cutoff.
    """
    step = min(signal.interval.seconds, 86_400) * SECOND
    stop = event.start + int(event.hours * 3600 * SECOND)
    first = int(floor(np.array([event.start], dtype=np.int64), signal.interval, signal.tz)[0])
    grid = Grid.of(np.arange(first, max(stop, first + 1), step, dtype=np.int64), signal.interval, signal.tz)
    ds, value = signal.values.until(cutoff).latest()
    past = Grid.of(ds, signal.interval, signal.tz)
    today = int(Grid.of(np.array([cutoff], dtype=np.int64), signal.interval, signal.tz).day[0])
    since = max(today - 7 * WEEKS, int(past.day.min()) if len(past) else today)
    weeks = max((today - since) / 7, 1.0)
    lately = (past.day >= since) & (past.day < today)
    table = np.zeros((7, grid.slots))
    np.add.at(table, (past.weekday[lately], past.slot[lately]), np.nan_to_num(value[lately]))
    usual = table[grid.weekday, grid.slot] / weeks
    return grid.ds, np.asarray((event.factor - 1) * usual)


def heard_from(one: Look, topic: str) -> dict[str, Signal]:
    """By name of each signal the queue's forecast listens to (its gate is open): the posts on the topic that are in it.

    A signal of all topics holds the posts on each: more posts on one are more of all.
    """
    known, found = one.snapshot.signals, {}
    for name in dict.fromkeys(name for name, _ in one.learnt.effects if name in known):
        signal = one.snapshot.signal(name)
        part = name if signal.topic == topic else f"{name}:{topic}" if signal.topic == "all" else ""
        if part in known:
            found[name] = one.snapshot.signal(part)
    return found


def with_posts(
    one: Look, world: Future, event: Posts, signals: dict[str, Signal], rng: np.random.Generator
) -> Floats:
    """float[n, draw]: the intensity with what the posts announce; as it is in closed buckets."""
    likely = world.intensity.mean(axis=1)
    total = np.zeros(len(likely))
    stop = event.start + int(event.hours * 3600 * SECOND)
    for name, signal in signals.items():
        ds, posts = extra_posts(signal, event, one.leads.cutoff)
        effects = [effect for used, effect in one.learnt.effects if used == name]
        moments = np.clip(world.grid.ds, event.start, stop)
        near = (world.grid.ds >= event.start) & (world.grid.ds < stop + REACH_SECONDS * SECOND)
        for moment in np.unique(moments[near]).tolist():
            rows = near & (moments == moment)
            features = np.concatenate([np.zeros(OWN), _windows(signal, ds, posts, moment)])
            seconds = (world.grid.ds[rows] - moment) // SECOND
            total[rows] += intensity(effects, features, seconds, likely[rows], bands(world.grid.interval))
    unsure = one.learnt.unsure
    size = np.exp(unsure * rng.standard_normal(one.draws) - unsure**2 / 2)
    moved = np.maximum(world.intensity + total[:, None] * size, 0.1 * world.intensity)
    return np.where((likely > 0)[:, None], moved, world.intensity)


def _windows(signal: Signal, ds: Ns, posts: Floats, moment: int) -> Floats:
    """float[windows]: the posts that are known at a moment, by age, as `features.known_sums` has them."""
    ages = edges(signal.interval)
    step = min(signal.interval.seconds, 86_400) * SECOND
    known = ds + step <= moment
    since = moment if signal.interval.slots > 1 else moment - moment % DAY
    older = np.array([posts[known & (ds <= since - age)].sum() for age in ages])
    return np.asarray(older[:-1] - older[1:])


def by_thumb(rules: Sequence[Assumption], one: Look, world: Future, event: Posts) -> float | None:
    """Contacts that the planner's rules of thumb on this reason would give in the open buckets; None without any rule."""
    total, found = 0.0, False
    begin = world.grid.ds / SECOND
    step = min(world.grid.interval.seconds, 86_400)
    open_ = world.intensity.mean(axis=1) > 0
    for rule in rules:
        if rule.series != one.name or rule.signal not in one.snapshot.signals:
            continue
        signal = one.snapshot.signal(rule.signal)
        if signal.topic != event.topic:
            continue
        found = True
        ds, posts = extra_posts(signal, event, one.leads.cutoff)
        posted = ds / SECOND + min(signal.interval.seconds, 86_400) / 2
        first = posted + 60 * rule.head_start_minutes
        lasts = 60 * rule.lasts_minutes
        overlap = np.minimum(begin[:, None] + step, first + lasts) - np.maximum(begin[:, None], first)
        share = np.maximum(overlap, 0.0) / lasts
        total += rule.contacts_per_unit * float((open_[:, None] * share * posts).sum())
    return total if found else None
