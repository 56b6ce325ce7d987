"""Shares: how the contacts of a queue divide over its reasons, learnt for all of them at once from day totals.

    counts by reason and day ─► level of the share, at several memories ─► x weekday ─► x slot of the day ─► x day effect

The share of a reason is a discounted sum of its contacts over one of its queue's, and how fast it fades is settled per
reason: each memory counts by the quasi-likelihood (McCullagh & Nelder 1989, ch. 9) of what came one to fourteen days
later. Weekdays and slots bend the share by what came over what was expected, a gamma-Poisson ratio shrunk towards 1
by empirical Bayes (Robbins 1956), so that a thin reason keeps its queue's shape. How far a share strays from day to
day is learnt from what this same method would have said on past days, given what the queue then got.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from forecast.arrays import Floats, Ns
from forecast.models.base import Leads
from forecast.models.day_effect import DayEffect
from forecast.models.hindcasts import AHEAD_DAYS
from forecast.models.noise import A_YEAR, HALF
from forecast.vintage import Snapshot

MEMORIES = (150.0, 45.0, 14.0, 4.0)  # half-lives of a share, in days, longest first
AHEADS = (1, 3, 7, 14)  # days ahead at which the memories are compared
SCORED_DAYS = 60.0  # half-life of their scores
WEEKDAY_DAYS, SLOT_DAYS = 120.0, 60.0  # half-lives of the shapes
TAUGHT_DAYS = 450  # what is older weighs nothing in any of these
WILD = 25.0  # a day's deviance at most: an outbreak nobody foresaw does not decide how fast a share fades
EFFECT_DAYS = 56
PRIOR_CONTACTS = 5.0  # of the queue, by which a shorter memory leans on the next longer one
LEAST_SHARE = 1e-6
LARGEST_EFFECT = 2.0


@dataclass(frozen=True)
class Shares:
    """How a queue divides; every reason's share is positive, and they add up to one where they are compared."""

    name: str = "shares"

    def rate(self, snapshot: Snapshot, queue: str, leads: Leads) -> Floats:
        """float[parts, n] > 0: the usual share of each reason in every bucket, which may be whole days."""
        law, grid = learnt(snapshot, queue), leads.grid
        rate = law.level[:, None] * law.weekday[:, grid.weekday]
        if grid.slots == law.slot.shape[2]:
            rate = rate * law.slot[:, (grid.weekday >= 5).astype(np.int64), grid.slot]
        return np.asarray(np.maximum(rate / rate.sum(axis=0), LEAST_SHARE))

    def weights(
        self, snapshot: Snapshot, queue: str, leads: Leads, draws: int, rng: np.random.Generator
    ) -> Floats:
        """float[parts, n, draws] > 0: what each reason of the queue weighs in every bucket of every path."""
        law, rate = learnt(snapshot, queue), self.rate(snapshot, queue, leads)
        days, place = np.unique(leads.grid.day, return_inverse=True)
        made = np.empty((*rate.shape, draws))
        for at, effect in enumerate(law.effects):
            drawn = effect.draw(np.maximum(days - law.today, 0), draws, rng)
            strays = np.exp(np.clip(drawn, -LARGEST_EFFECT, LARGEST_EFFECT))
            strays /= strays.mean(axis=1, keepdims=True)  # a share is a mean: its noise leaves it where it is
            made[at] = rate[at][:, None] * strays[place]
        return made


@dataclass(frozen=True)
class ShareLaw:
    """What was learnt of a queue's reasons at a cutoff.

    today: local day of the cutoff
    level: float[parts]; weekday: float[parts, 7] and slot: float[parts, 2, slots], about 1 (working days, weekends)
    effects: one per reason, of the log share
    past: float[parts, days] levels as they stood at the end of each day of the mix, the last one being `level`
    """

    today: int
    level: Floats
    weekday: Floats
    slot: Floats
    effects: tuple[DayEffect, ...]
    past: Floats

    def shares(self, level: Floats, days: Ns) -> Floats:
        """Levels float[parts, d] and local days [d] -> float[parts, d, slots]: shares in each slot, adding up to one."""
        weekday = (days + 3) % 7
        weekend = (weekday >= 5).astype(np.int64)
        rate = (level * self.weekday[:, weekday])[:, :, None] * self.slot[:, weekend]
        return np.asarray(rate / np.maximum(rate.sum(axis=0), LEAST_SHARE))


@dataclass(frozen=True)
class Mix:
    """Contacts float[parts, days, slots] of all reasons on consecutive local days up to yesterday: days int64[days]."""

    days: Ns
    slots: Floats

    @property
    def parts(self) -> Floats:
        """float[parts, days]"""
        return np.asarray(self.slots.sum(axis=2))

    @property
    def weekday(self) -> Ns:
        return (self.days + 3) % 7

    @property
    def age(self) -> Floats:
        """float[days]: 0 for the last one."""
        return np.asarray(self.days[-1] - self.days, dtype=np.float64)


def reasons(snapshot: Snapshot, queue: str) -> tuple[str, ...]:
    """The series held beside a queue that are parts of it."""
    return tuple(name for name in snapshot.held if name != queue and snapshot.series(name).queue == queue)


def learnt(snapshot: Snapshot, queue: str) -> ShareLaw:
    """The law of a queue's reasons, learnt once per snapshot."""
    return snapshot.remember(("shares", queue), lambda: learn(snapshot, queue))


def learn(snapshot: Snapshot, queue: str) -> ShareLaw:
    """Shares of all reasons of a queue, from what the snapshot knows; equal ones where it knows nothing."""
    history, mix = snapshot.history(queue), mix_of(snapshot, queue)
    today, once = history.today, np.isin(mix.days, list(history.calendar.once))
    mix = replace(mix, slots=np.where(once[:, None], 0.0, mix.slots)) if once.any() else mix
    count, slots = mix.slots.shape[0], mix.slots.shape[2]
    if mix.slots.sum() <= 0:
        flat = (np.ones(count) / count, np.ones((count, 7)), np.ones((count, 2, slots)))
        return ShareLaw(today, *flat, (DayEffect.usual(),) * count, np.full(mix.parts.shape, 1 / count))
    weekday = weekday_shape(mix)
    levels = share_levels(mix, weekday)
    mixed = np.einsum("mpd,mp->pd", levels, memory_weights(mix, weekday, levels))
    young = today - history.first_day < A_YEAR
    effects = day_effects(mix, weekday, mixed, whole_year=not young)
    return ShareLaw(today, mixed[:, -1], weekday, slot_shape(mix, weekday), effects, mixed)


def mix_of(snapshot: Snapshot, queue: str) -> Mix:
    """The reasons' contacts in the buckets of which the queue's contacts are known; a reason without a row had none."""
    history = snapshot.history(queue)
    first, last = max(history.first_day, history.today - TAUGHT_DAYS), history.today - 1
    rows = (history.grid.day >= first) & (history.grid.day <= last) & ~np.isnan(history.y)
    grid = history.grid.take(rows)
    days = np.arange(first, last + 1, dtype=np.int64)
    names, slots = reasons(snapshot, queue), history.series.interval.slots
    table = np.zeros((len(names), len(days), slots))
    place = (grid.day - first) * slots + grid.slot
    for at, name in enumerate(names):
        came = np.maximum(np.nan_to_num(snapshot.series(name).offered.on(grid.ds)), 0.0)
        table[at] = np.bincount(place, weights=came, minlength=len(days) * slots).reshape(len(days), slots)
    return Mix(days, table)


def share_levels(mix: Mix, weekday: Floats) -> Floats:
    """float[memories, parts, days]: shares as known at the end of each day, longest memory first.

    A memory leans on the next longer one, and the longest on even shares, by what few contacts of the queue weigh.
    """
    parts = mix.parts
    wholes = parts.sum(axis=0) * weekday[:, mix.weekday]
    lean, prior = np.full_like(parts, 1 / len(parts)), 1.0
    levels: list[Floats] = []
    for memory in MEMORIES:
        fade = [1.0, -(0.5 ** (1 / memory))]
        top, size = (lfilter([1.0], fade, one, axis=1) for one in (parts, wholes))
        lean, prior = (top + prior * lean) / (size + prior), PRIOR_CONTACTS
        levels.append(lean)
    return np.stack(levels)


def weekday_shape(mix: Mix) -> Floats:
    """float[parts, 7]: a weekday's share over the share around it, shrunk towards 1."""
    weight = 0.5 ** (mix.age / WEEKDAY_DAYS)
    expected = _centred(mix) * mix.parts.sum(axis=0)
    sums = [_by_weekday(weight * one, mix.weekday) for one in (mix.parts, expected)]
    return shrunk(*sums, scale=_effective(weight))


def _by_weekday(values: Floats, weekday: Ns) -> Floats:
    return np.stack([values[:, weekday == day].sum(axis=1) for day in range(7)], axis=1)


def _centred(mix: Mix) -> Floats:
    """float[parts, days]: the share of the three weeks around each day."""
    kernel = np.ones(21)
    parts = mix.parts
    sums = np.stack([np.convolve(one, kernel, mode="full")[10:-10] for one in (*parts, parts.sum(axis=0))])
    return np.asarray(sums[:-1] / np.maximum(sums[-1], 1.0))


def _effective(weight: Floats) -> float:
    """By how much discounted sums are scaled to be as telling as plain counts."""
    return float(weight.sum() / (weight**2).sum())


def shrunk(came: Floats, expected: Floats, *, scale: float) -> Floats:
    """came, expected float[parts, cells] -> their ratio, shrunk to 1 where chance explains what it strays by."""
    came, expected = scale * came, scale * expected
    beyond = ((came - expected) ** 2 - expected).sum(axis=1)
    spread = np.maximum(beyond / np.maximum((expected**2).sum(axis=1), 1e-9), 1e-6)[:, None]
    return np.asarray((came * spread + 1) / (expected * spread + 1))


def memory_weights(mix: Mix, weekday: Floats, levels: Floats) -> Floats:
    """float[memories, parts], summing to 1 over the memories: by the quasi-likelihood of what came days later."""
    came, whole = mix.parts, mix.parts.sum(axis=0)
    weight = 0.5 ** (mix.age / SCORED_DAYS)
    deviance = np.zeros(levels.shape[:2])
    for ahead in AHEADS:
        y = came[:, ahead:]
        expected = levels[:, :, :-ahead] * (weekday[:, mix.weekday] * whole)[:, ahead:]
        loss = 2 * ((y + HALF) * np.log((y + HALF) / (expected + HALF)) - (y - expected))
        deviance += (weight[ahead:] * np.minimum(loss, WILD)).sum(axis=2) / len(AHEADS)
    spread = np.maximum(deviance.min(axis=0) / weight.sum(), 1.0)
    score = -0.5 * deviance / spread
    chance = np.exp(score - score.max(axis=0))
    return np.asarray(chance / chance.sum(axis=0))


def slot_shape(mix: Mix, weekday: Floats) -> Floats:
    """float[parts, 2, slots]: the share in a slot over the day's, on working days and at weekends, shrunk towards 1."""
    count, _, slots = mix.slots.shape
    shape = np.ones((count, 2, slots))
    if slots == 1:
        return shape
    weight = 0.5 ** (mix.age / SLOT_DAYS)
    width = np.ones(max(1, slots // 24))  # neighbours within the hour are taken together
    share = _centred(mix) * weekday[:, mix.weekday]
    for kind, rows in enumerate((mix.weekday < 5, mix.weekday >= 5)):
        if not rows.any():
            continue
        came = np.einsum("d,pds->ps", weight[rows], mix.slots[:, rows])
        expected = (weight[rows] * share[:, rows]) @ mix.slots[:, rows].sum(axis=0)
        wide = [np.stack([np.convolve(one, width, mode="same") for one in each]) for each in (came, expected)]
        shape[:, kind] = shrunk(*wide, scale=_effective(weight[rows]))
    return shape


def day_effects(mix: Mix, weekday: Floats, mixed: Floats, *, whole_year: bool) -> tuple[DayEffect, ...]:
    """How far each share strayed from what this method would have said, given what the queue then got."""
    last = len(mix.days)
    origins = np.arange(max(1, last - EFFECT_DAYS), last)
    if len(origins) == 0:
        return (DayEffect.usual(),) * len(mixed)
    ahead = origins[:, None] + np.arange(AHEAD_DAYS)
    seen = np.minimum(ahead, last - 1)
    share = mixed[:, origins - 1][:, :, None] * weekday[:, mix.weekday[seen]]
    expected = share / share.sum(axis=0) * mix.parts.sum(axis=0)[seen]
    ratio = np.log((mix.parts[:, seen] + HALF) / (expected + HALF))
    ratio = np.where((ahead < last) & (expected > HALF), np.clip(ratio, -3, 3), np.nan)
    age = (last - 1 - origins).astype(np.float64)
    return tuple(
        DayEffect.of(one, other, age, whole_year=whole_year)
        for one, other in zip(ratio, expected, strict=True)
    )
