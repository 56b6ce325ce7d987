"""What a scenario comes to: per queue and bucket the forecast, the scenario and their difference, and agents needed in both.

All three are read off the same draws, so the quantiles of the difference are those of the difference of two worlds on one
future, and not the difference of quantiles. Agents are those of each queue by itself, at the quantile `staffing:` plans for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Interval, local_ns
from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.scenario_paths import Future
from forecast.staffing.needs import Targets, gross
from forecast.staffing.plan import Demand, needed
from store.queues import Queue
from store.settings import Settings
from store.what_if import Answer

LENGTHS = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
SHOWN = (0.1, 0.5, 0.9)
MOST_ROWS = 20_000
BY_DAY = "{queue}: it is forecast by day, so agents per interval are not known."
NO_TIMES = "{queue}: no handling time is known, so agents are not."


@dataclass(frozen=True)
class Figures:
    """Rows [n] of one queue: mean and quantiles float[n, 1 + q] of the forecast, the scenario and the difference."""

    ds: Ns
    forecast: Floats
    scenario: Floats
    difference: Floats


@dataclass(frozen=True)
class Agents:
    """Per bucket [n], net (at work), NaN where not known: without and with the events; hours: of each bucket."""

    forecast: Floats
    scenario: Floats
    hours: Floats
    shrinkage: float

    def columns(self) -> dict[str, Floats]:
        """Net and gross of both, and the difference."""
        net = {
            "forecast": self.forecast,
            "scenario": self.scenario,
            "difference": self.scenario - self.forecast,
        }
        return {
            **{f"{name}_net": values for name, values in net.items()},
            **{f"{name}_gross": gross(values, self.shrinkage) for name, values in net.items()},
        }


@dataclass(frozen=True)
class QueueFigures:
    """One queue. rows: by the granularity asked for; days: by local day; agents: by the queue's own interval, or None.

    whole: one row, of all days
    agent_hours: by day as columns of `Agents`, None without agents; quantile: that agents are planned for
    """

    queue: str
    channel: str
    tz: str
    rows: Figures
    days: Figures
    agents: Agents | None
    agent_hours: dict[str, Floats] | None
    targets: Targets
    quantile: float
    whole: Figures


def figures(
    answer: Answer, settings: Settings, *, quantiles: Sequence[float] = SHOWN, granularity: str = "interval"
) -> tuple[list[QueueFigures], list[str]]:
    """Per queue its figures, and what to know about them. InputError for a quantile out of bounds and for too many rows."""
    bad = next((one for one in quantiles if not QUANTILES[0] <= one <= QUANTILES[-1]), None)
    if bad is not None:
        raise InputError(
            f"The quantile {bad:g} is too far out for so many draws.",
            remedy=f"Use {QUANTILES[0]:g} to {QUANTILES[-1]:g}.",
            field="quantiles",
        )
    found, notes = [], []
    for name in answer.queues:
        one, told = _of_queue(answer, settings, name, tuple(quantiles), granularity)
        found.append(one)
        notes += told
    count = sum(len(one.rows.ds) for one in found)
    if count > MOST_ROWS:
        raise InputError(
            f"The answer would have {count:,} rows.",
            remedy=f"Ask for granularity day, for fewer days or fewer queues; {MOST_ROWS:,} rows fit.",
            field="granularity",
        )
    return found, notes


def _of_queue(
    answer: Answer, settings: Settings, name: str, quantiles: tuple[float, ...], granularity: str
) -> tuple[QueueFigures, list[str]]:
    queue, base, other = answer.queues[name], answer.worlds.base[name], answer.worlds.changed[name]
    own = base.grid.interval
    length = LENGTHS.get(granularity)
    shown = None if length is None or length.seconds <= own.seconds else length
    targets, planned = settings.staffing.of(name, [name])
    aht, notes = answer.handling.get(name), []
    agents = None
    if own.slots == 1 or aht is None:
        notes.append((BY_DAY if own.slots == 1 else NO_TIMES).format(queue=name))
    else:
        agents = _agents(queue, (base, other), aht, targets, planned)
    made = QueueFigures(
        name,
        queue.channel,
        base.grid.tz,
        compared(base, other, quantiles, shown),
        compared(base, other, quantiles, None if own.slots == 1 else Interval.DAY),
        agents if shown is None else None,
        None if agents is None else _by_day(agents, base.grid.ds, base.grid.tz),
        targets,
        planned,
        together([(base, other)], quantiles),
    )
    return made, notes


def compared(base: Future, other: Future, quantiles: tuple[float, ...], length: Interval | None) -> Figures:
    """Two worlds and their difference by draw, by their own buckets or summed over longer ones."""
    apart = Future(base.grid, other.counts - base.counts, other.intensity, base.cutoff)
    paths = [one.paths("", length) for one in (base, other, apart)]
    told = [np.column_stack([one.mean()[0], one.quantiles(quantiles)[0]]) for one in paths]
    return Figures(paths[0].grid.ds, *told)


def together(worlds: Sequence[tuple[Future, Future]], quantiles: tuple[float, ...]) -> Figures:
    """One row over all buckets of some queues: forecast, scenario and difference, added up draw by draw.

    Queues are drawn apart, so that what moves several of them alike is not in the band.
    """
    sums = [np.sum([pair[at].counts.sum(axis=0) for pair in worlds], axis=0) for at in (0, 1)]
    told = [
        np.concatenate([[draws.mean()], np.quantile(draws, quantiles)])[None]
        for draws in (*sums, sums[1] - sums[0])
    ]
    return Figures(np.zeros(1, dtype=np.int64), *told)


def _agents(
    queue: Queue, worlds: tuple[Future, Future], aht: Floats, targets: Targets, quantile: float
) -> Agents:
    """Net agents in both worlds for what comes with the probability planned for, by the model of the queue's channel."""
    grid = worlds[0].grid
    found = [np.zeros(0), np.zeros(0)]
    for at, world in enumerate(worlds if len(grid) else ()):
        contacts, open_ = (
            np.quantile(world.counts, quantile, axis=1),
            np.asarray((world.intensity > 0).any(axis=1)),
        )
        demand = Demand(queue.name, queue.channel, grid.ds, contacts, aht, open=open_, expected=open_)
        found[at] = needed([demand], targets, interval=grid.interval, tz=grid.tz).net
    return Agents(found[0], found[1], np.full(len(grid), grid.interval.seconds / 3600), targets.shrinkage)


def _by_day(agents: Agents, ds: Ns, tz: str) -> dict[str, Floats]:
    """Agent hours of each local day, by column of `Agents`; intervals that are not known are left out."""
    if len(ds) == 0:
        return {name: np.zeros(0) for name in agents.columns()}
    place = np.unique(local_ns(ds, tz) // DAY, return_inverse=True)[1]
    return {
        name: np.bincount(place, weights=np.nan_to_num(values) * agents.hours).astype(np.float64)
        for name, values in agents.columns().items()
    }
