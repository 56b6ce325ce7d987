"""What people write about a reason moves its part of the queue: learnt forward, let in by evidence, else nothing.

A row is a moment of a past day; its target is how many more of the contacts that came in a lead band were of the reason
than its usual share of them (`shares.py`), its features are the deviations of the reason's own signal as known at that
moment. Fits, forward predictions and gate are those of the queues' signal effects (`signal_effect.py`, `evidence.py`).

Let a queue get B contacts as usual and E more, all of a reason with the usual share s. Of W = B + E contacts the reason
has sB + E, which is (1 - s)E beyond sW: what a row shows is divided by 1 - s to give E. Ahead, shares are the ones of
s_i B + E_i; how much of the forecast W is already E is bounded by what is usual: B lies between W - E and W.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.base import Leads, bands
from forecast.models.head_start import HeadStart, head_start
from forecast.models.hindcasts import Hindcasts
from forecast.models.past import stands_out
from forecast.models.shares import Mix, ShareLaw, learnt, mix_of, reasons
from forecast.models.signal_effect import (
    ADDITIVE,
    OWN,
    Effect,
    Rows,
    Scored,
    features_at,
    intensity,
    score_forward,
    spoken,
)
from forecast.signal_health import health
from forecast.vintage import Series, Snapshot, by_day

REACH = 86_400  # seconds: further ahead a reason's posts say nothing about its share
PAST_DAYS, WARM_UP_DAYS = 366, 21
LEAST_ROWS = 28
USUAL_DAYS = 56
MOMENTS = 48  # at most so many origins a day
LARGEST_SHARE = 0.95  # a reason that is nearly all of its queue has nothing to gain
LEAST_LEFT = 0.3  # of a reason's usual contacts, however silent its posts are
LEAST_BASE = 0.05

Gate = Callable[[Scored], float]
Effects = Mapping[str, tuple[tuple[str, Effect], ...]]
"""Per reason the effects that are let in, each with the name of its signal; reasons without one are left out."""


@dataclass(frozen=True)
class Table:
    """The past of a queue's reasons, day by day, as they would have been divided at the begin of each day.

    days: int64[d]; share: float[parts, 2, d, slots] usual shares of the day and of the next
    came: float[parts, d, slots]; open: bool[d, slots] known and open; moment: ns[d, slots], -1 where there is none
    """

    days: Ns
    share: Floats
    came: Floats
    open: Flags
    moment: Ns


def learn_effects(snapshot: Snapshot, queue: str, gate: Gate) -> Effects:
    """What the signals on the queue's reasons are worth, as far as `gate` lets them in."""
    names = reasons(snapshot, queue)
    heard = {name: signals_of(snapshot, name) for name in names}
    if not any(heard.values()):
        return {}
    history = snapshot.history(queue)
    mix = mix_of(snapshot, queue)
    if len(mix.days) <= WARM_UP_DAYS + LEAST_ROWS or mix.slots.sum() <= 0:
        return {}
    opened = by_day(
        history.grid, history.usable.astype(np.float64), first=int(mix.days[0]), last=int(mix.days[-1])
    )
    past = table(mix, learnt(snapshot, queue), np.nan_to_num(opened) > 0, history.series)
    found = {}
    for at, name in enumerate(names):
        if not heard[name]:
            continue
        told = {one: _heard(snapshot, name, one, _hindcasts(past, at)) for one in heard[name]}
        if mine := _effects(snapshot, rows_of(past, at, history.series), told, gate):
            found[name] = mine
    return found


def signals_of(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    """The signals on a reason's own topic."""
    topic = snapshot.series(name).topic
    return tuple(one for one in snapshot.signals if topic != "all" and snapshot.signal(one).topic == topic)


def table(mix: Mix, law: ShareLaw, opened: Flags, series: Series) -> Table:
    """The last year of the mix with the shares usual before each day; a day needs one before it."""
    begin = max(WARM_UP_DAYS, len(mix.days) - PAST_DAYS)
    days = mix.days[begin:]
    shares = [law.shares(law.past[:, begin - 1 : -1], days + ahead) for ahead in (0, 1)]
    grid = Grid.days(int(days[0]), int(days[-1]), series.interval, series.tz)
    moment = np.full((len(days), series.interval.slots), -1, dtype=np.int64)
    moment[grid.day - days[0], grid.slot] = grid.ds
    return Table(days, np.stack(shares, axis=1), mix.slots[:, begin:], opened[begin:], moment)


def rows_of(past: Table, at: int, series: Series) -> list[Rows]:
    """A reason's rows of every lead band within reach: all days and moments of the day at once."""
    slots, step = series.interval.slots, series.interval.seconds
    whole, count = past.came.sum(axis=0), len(past.days)
    seen = _moments(past.open, slots)
    expected, came = (np.zeros((count, 2 * slots)) for _ in range(2))
    for ahead, part in ((0, slice(0, slots)), (1, slice(slots, 2 * slots))):
        kept = slice(0, count - ahead)
        expected[kept, part] = past.share[at, ahead, kept] * whole[ahead:]
        came[kept, part] = past.came[at, ahead:]
    opened = np.concatenate([past.open, np.pad(past.open[1:], ((0, 1), (0, 0)))], axis=1)
    sums = [
        np.pad(np.cumsum(one, axis=1), ((0, 0), (1, 0)))
        for one in (came - expected, expected, opened.astype(np.float64))
    ]
    made = []
    for band, begin, stop in bands(series.interval):
        if begin >= REACH:
            break
        use = seen[seen > 0] if band in ADDITIVE else seen
        first, last = use + -(-begin // step), np.minimum(use + -(-stop // step), 2 * slots)
        ended = past.days[:, None] + (last - 1) // slots + 1
        values = [one[:, last] - one[:, first] for one in sums]
        day = np.broadcast_to(past.days[:, None], ended.shape)
        keep = (values[1] > 0) & (values[2] > 0) & (past.moment[:, use] >= 0) & (ended <= past.days[-1] + 1)
        order = np.argsort(past.moment[:, use][keep], kind="stable")
        moment, days, matured, excess, usual_part, buckets = (
            column[keep][order] for column in (past.moment[:, use], day, ended, *values)
        )
        made.append(Rows(band, moment, days, matured, excess, usual_part, buckets, np.zeros((len(days), 0))))
    return [rows for rows in made if len(rows.day) >= LEAST_ROWS]


def _moments(opened: Flags, slots: int) -> Ns:
    """Slots of the day from which one looks ahead: midnight, and those from an hour before opening on."""
    used = np.flatnonzero(opened.any(axis=0))
    if slots == 1 or len(used) == 0:
        return np.zeros(1, dtype=np.int64)
    first = max(1, int(used[0]) - slots // 24)
    return np.concatenate([[0], np.arange(first, int(used[-1]) + 1, max(1, slots // MOMENTS))])


def _effects(
    snapshot: Snapshot, rows: list[Rows], heard: Mapping[str, tuple[HeadStart, str]], gate: Gate
) -> tuple[tuple[str, Effect], ...]:
    """Per lead band the signal that is let in and lost least."""
    chosen: list[tuple[str, Effect]] = []
    for band in rows:
        best: tuple[str, Effect] | None = None
        least = 0.0
        for signal, (ahead, problem) in heard.items():
            windows, enough = features_at([snapshot.signal(signal)], band.moment)
            if enough.sum() < LEAST_ROWS:
                continue
            said = score_forward(band, spoken(band.band, _alone(windows)), enough)
            none = np.zeros(len(band.day))
            scored = Scored(band, none, said.predicted, said.valid, stands_out(windows), ahead, problem)
            loss = float((np.abs(band.excess - said.predicted) - np.abs(band.excess))[said.valid].sum())
            if loss < least and (weight := gate(scored)) > 0:
                best, least = (signal, said.effect.shrunk(weight)), loss
        if best is not None:
            chosen.append(best)
    return tuple(chosen)


def _heard(snapshot: Snapshot, name: str, signal: str, hindcasts: Hindcasts) -> tuple[HeadStart, str]:
    """How long a signal runs ahead of the reason, and why it is not to be listened to now, or ''."""
    posts = signal.replace("negative", "posts", 1)
    whole = snapshot.signal(posts) if posts != signal and posts in snapshot.signals else None
    problem = health(snapshot.signal(signal), snapshot.cutoff, whole=whole)
    return head_start(snapshot, name, signal, hindcasts), problem


def _alone(windows: Floats) -> Floats:
    """float[r, windows] -> float[r, OWN + windows]: a reason's own excess is not asked for."""
    return np.concatenate([np.zeros((len(windows), OWN)), windows], axis=1)


def _hindcasts(past: Table, at: int) -> Hindcasts:
    """What a reason would usually have had of what its queue got, as forecasts of each day."""
    rate = np.where(past.open, past.share[at, 0] * past.came.sum(axis=0), 0.0)
    came = np.where(past.open, past.came[at], np.nan)
    return Hindcasts(past.days, rate[:, None], came[:, None])


def announced(
    snapshot: Snapshot, queue: str, leads: Leads, share: Floats, whole: Floats, effects: Effects
) -> tuple[Floats, Floats, float] | None:
    """Usual shares float[parts, n] and the queue's mean float[n] -> base B float[n], extra contacts E float[parts, n], doubt.

    None where nothing is announced, and the shares stay what they are.
    """
    extra, doubt = np.zeros_like(share), 0.0
    for at, name in enumerate(reasons(snapshot, queue)):
        own = np.minimum(share[at], LARGEST_SHARE)
        for signal in dict.fromkeys(used for used, _ in effects.get(name, ())):
            if signal not in snapshot.signals:
                continue
            features, enough = features_at([snapshot.signal(signal)], np.array([snapshot.cutoff]))
            if not enough[0]:
                continue
            mine = [effect for used, effect in effects[name] if used == signal]
            names = bands(leads.grid.interval)
            extra[at] += intensity(mine, _alone(features)[0], leads.seconds, own * whole, names) / (1 - own)
            doubt = max(doubt, *(effect.doubt for effect in mine))
        extra[at] = np.maximum(extra[at], -(1 - LEAST_LEFT) * own * whole) * (leads.seconds >= 0)
    if not extra.any():
        return None
    more = extra.sum(axis=0)
    base = np.where(more > 0, np.clip(usual(snapshot, queue, leads.grid), whole - more, whole), whole)
    return np.maximum(base, LEAST_BASE * whole), extra, doubt


def usual(snapshot: Snapshot, queue: str, grid: Grid) -> Floats:
    """float[n]: contacts of the queue in these buckets of the week, the median of eight weeks."""
    mix = mix_of(snapshot, queue)
    whole, weekday = mix.slots.sum(axis=0)[-USUAL_DAYS:], mix.weekday[-USUAL_DAYS:]
    middle = np.zeros((7, whole.shape[1]))
    for day in range(7):
        if (weekday == day).any():
            middle[day] = np.median(whole[weekday == day], axis=0)
    return np.asarray(middle[grid.weekday, grid.slot])
