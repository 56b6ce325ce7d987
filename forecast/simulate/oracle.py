"""The oracle's forecast: what could be expected at a cutoff by who knows every law, with the posts so far or without.

Known to both: levels, calendar, letters and invoices, channel shifts, and how hidden drivers stand at the cutoff. Their
future, and incidents yet to begin, count by their law, exactly.

With the signals this is a bound: the rate that knows the incidents that have shown a post by the cutoff, with their full
size and decay, and the backlog of e-mails. Posts cannot tell more; they tell a little less, for the size of a burst is
seen as it grows. The backlog runs on with the e-mails expected, which is not quite the mean of what it may do.

Without the signals incidents are known as far as their calls came. Of the calls still to come, the best linear guess
(Buehlmann 1967, credibility) counts the share s^2 / (s^2 + v), with s the incident's expected calls in half hours over by
the cutoff and v the variance of the queue's counts in them: 0 before the first call, nearly 1 when the burst stands out.
Nobody is told of an incident that has not called yet, so that in the first half hours this is a little low. Calls after
slow answers count at their usual share of the queue's contacts up to the cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import index, to_ns
from forecast.errors import InputError
from forecast.simulate import answers, hidden
from forecast.simulate import incidents as bursts
from forecast.simulate.kernels import Floats, Link
from forecast.simulate.laws import Incidents
from forecast.simulate.strength import noise_sd
from forecast.simulate.timeline import HALF_HOUR, MINUTE, Flags
from forecast.simulate.world import World

DECAYS = 15  # points at which the law of decays is averaged
WEEK_MINUTES = 7 * 24 * 60


def oracle(world: World, cutoff: pd.Timestamp, *, with_signal: bool) -> pd.DataFrame:
    """-> expected[queue, ds, expected, base, incident, answer] of each half hour that begins at the cutoff (aware) or later.

    expected = base + incident + answer, contacts per half hour, to three days beyond the world's end. InputError where
    the cutoff lies outside the world.
    """
    start, end = world.time.span()
    moment = to_ns(cutoff)
    if not start <= moment <= end:
        raise InputError(
            f"The cutoff {cutoff} lies outside the simulated time.",
            remedy=f"Take one up to {world.end}.",
            field="cutoff",
        )
    ds = world.time.grid.ds
    begun = int(
        np.searchsorted(ds, moment, side="left")
    )  # the first half hour that begins at the cutoff or later
    over = int(np.searchsorted(ds + HALF_HOUR, moment, side="right"))  # half hours over by then
    answer = _answers(world, over, with_signal=with_signal)
    recent = Recent.of(world, moment)
    frames = []
    for queue in world.company.queues:
        base = _base(world, queue.name, over)
        incident = _begun(world, queue.name, recent, over, with_signal=with_signal)
        incident += _yet_to_begin(world, queue.name, moment)
        parts = {"base": base[begun:], "incident": incident[begun:], "answer": answer[queue.name][begun:]}
        columns = {"queue": queue.name, "ds": index(ds[begun:]), "expected": sum(parts.values()), **parts}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def _rates(world: World, queue: str) -> pd.DataFrame:
    rates = world.truth.rates
    return rates[(rates["queue"] == queue).to_numpy()]


def _column(world: World, queue: str, name: str) -> Floats:
    return _rates(world, queue)[name].to_numpy(np.float64)


def _base(world: World, queue: str, over: int) -> Floats:
    """[n] calendar and letters; hidden drivers as they were, and as they are expected from their last state on.

    Contacts that moved in from a queue that a hidden driver moves are taken as moved by none.
    """
    rates = _rates(world, queue)
    driver, common = rates["driver_rate"].to_numpy(np.float64), rates["common_rate"].to_numpy(np.float64)
    calendar = rates["base_rate"].to_numpy(np.float64) - driver - common
    ahead = np.ones(len(calendar) - over)
    steps = np.arange(1, len(ahead) + 1, dtype=np.float64)
    for law in world.company.hidden:
        if queue in law.queues and over:
            path = world.truth.common[world.truth.common["driver"] == law.name].iloc[over - 1]
            ahead = ahead * hidden.expected_factor(
                law, law.queues[queue], float(path["fast"]), float(path["slow"]), steps
            )
    expected = np.concatenate([calendar[:over] + common[:over], calendar[over:] * ahead])
    return np.asarray(expected + driver, dtype=np.float64)


def _open(world: World, queue: str) -> Flags:
    """[n] whether the queue is open: its calendar expects contacts then."""
    rates = _rates(world, queue)
    return np.asarray(rates["base_rate"].to_numpy(np.float64) > 0)


def _leading(world: World, queue: str) -> list[tuple[Link, Incidents]]:
    company = world.company
    return [
        (link, bursts.law_of(company, link))
        for link in company.links
        if link.regime == "leads" and link.queue == queue
    ]


def _begun(world: World, queue: str, recent: Recent, over: int, *, with_signal: bool) -> Floats:
    """[n] expected calls of the incidents that are known at the cutoff: by a post, or as far as by calls."""
    total = np.zeros(len(world.time.grid))
    open_, base = _open(world, queue), _column(world, queue, "base_rate")
    for link, law in _leading(world, queue):
        for number, first, calls in bursts.paths(law, recent.incidents, link, open_, world.time):
            past = max(0, min(over - first, len(calls)))
            told = with_signal and bool(recent.seen[number])
            weight = 1.0 if told else _credible(world, queue, base[first:], calls[:past])
            total[first : first + len(calls)] += weight * calls
    return total


@dataclass(frozen=True)
class Recent:
    """Incidents begun by the cutoff whose calls are not all made [i], and of which a post was written by then [i]."""

    incidents: pd.DataFrame
    seen: Flags

    @classmethod
    def of(cls, world: World, moment: int) -> Recent:
        """The incidents of the days before a moment."""
        incidents, posts = world.truth.incidents, world.truth.posts
        onset = incidents["onset"].to_numpy("datetime64[ns]").astype(np.int64)
        numbers = np.flatnonzero((onset <= moment) & (onset > moment - bursts.WINDOW * HALF_HOUR))
        mine = posts[posts["incident"].isin(numbers)]
        wanted = set(mine["id"])
        written = {row["id"]: row["created_at"] for row in world.mentions if row["id"] in wanted}
        when = pd.to_datetime(mine["id"].map(written), utc=True).to_numpy("datetime64[ns]").astype(np.int64)
        told = mine["incident"].to_numpy(np.int64)[(when <= moment) & mine["id"].isin(written).to_numpy()]
        return cls(incidents.iloc[numbers].reset_index(drop=True), np.isin(numbers, told))


def _credible(world: World, queue: str, base: Floats, calls: Floats) -> float:
    """base[w..] and an incident's expected calls [p] in the half hours over -> the share of it that these calls tell."""
    came = float(calls.sum())
    if came <= 0:
        return 0.0
    usual = float(base[: len(calls)][calls > 0.01 * calls.max()].sum())
    return came**2 / (came**2 + noise_sd(world.company, queue, usual + came) ** 2)


def _yet_to_begin(world: World, queue: str, moment: int) -> Floats:
    """[n] expected calls of incidents that begin after the cutoff: they come evenly, at their mean size.

    From the cutoff on, calls are wanted at the rate of onsets times the mean size times the share of a burst's calls made
    by then; what is wanted while closed comes later, as it does of each incident alone.
    """
    time = world.time
    total = np.zeros(len(time.grid))
    edges = np.concatenate([time.grid.ds, [time.grid.ds[-1] + HALF_HOUR]])
    for link, law in _leading(world, queue):
        made = _share_made(law, link, edges - moment)
        wanted = np.diff(made) * law.per_week / WEEK_MINUTES * _mean_size(law)
        total += bursts.deferred(wanted, _open(world, queue), law.closed_retry, law.retry_minutes)
    return total


def _share_made(law: Incidents, link: Link, elapsed: Ns) -> Floats:
    """ns since the cutoff [m] -> [m] minutes of onsets whose calls have all been made by then: the integral of a burst's
    share of calls made, averaged over the law of decays; 0 before the cutoff."""
    edges = np.arange(0, bursts.REACH + bursts.CELL, bursts.CELL, dtype=np.float64)
    low, high = np.log(law.decay_minutes)
    decays = np.exp(low + (high - low) * (np.arange(DECAYS) + 0.5) / DECAYS)
    cells = np.mean([np.diff(bursts.burst(law.rise_minutes, each, edges)) for each in decays], axis=0)
    share = np.cumsum(np.convolve(cells, link.weights(bursts.CELL)))
    area = np.concatenate([[0.0], np.cumsum(share)]) * bursts.CELL
    minutes = np.maximum(elapsed / MINUTE, 0.0)
    last = (len(area) - 1) * bursts.CELL
    inside = np.interp(np.minimum(minutes, last), np.arange(len(area)) * bursts.CELL, area)
    return np.asarray(inside + np.maximum(minutes - last, 0.0) * share[-1], dtype=np.float64)


def _mean_size(law: Incidents) -> float:
    """Mean calls of an incident: a log-normal, some of which are larger."""
    size = law.calls_median * float(np.exp(law.calls_sigma**2 / 2))
    return size * (1 + law.big_share * (law.big_factor - 1))


def _answers(world: World, over: int, *, with_signal: bool) -> dict[str, Floats]:
    """Per queue [n] expected calls after slow answers."""
    law, backlog = world.company.slow_answers, world.truth.backlog
    out = {queue.name: np.zeros(len(world.time.grid)) for queue in world.company.queues}
    if law is None or not len(backlog):
        return out
    if not with_signal:
        for name in law.calls:
            base, answer = _column(world, name, "base_rate"), _column(world, name, "answer_rate")
            usual = answer[:over].sum() / base[:over].sum() if base[:over].any() else 0.0
            out[name] = usual * base
        return out
    arrived = backlog["arrived"].to_numpy(np.float64)
    expected = np.concatenate([arrived[:over], _base(world, law.queue, over)[over:]])
    run = answers.run(law, expected, backlog["capacity"].to_numpy(np.float64))
    rates = {name: _column(world, name, "base_rate") for name in law.calls}
    return {**out, **answers.consequences(world.company, law, run.broken, rates)[0]}
