"""Rolling cutoffs: the same call as a live forecast, with another cutoff.

forecasts of every model at every cutoff, with what came: the input of the scores and of `forecall evaluate`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import day_start, local_day
from forecast.errors import ForecallError, InputError
from forecast.models.base import Leads, Model, Paths
from forecast.vintage import Archive, Series

HISTORY_SHARE = 0.55  # cutoffs begin after this share of the days
OPEN_STEP_SECONDS = 1800


@dataclass(frozen=True)
class Run:
    """One model at one cutoff on one series: what it said and what came.

    paths: of that series alone; came: float[n]; open: bool[n] by what the cutoff knew; problem: why there are no paths
    """

    series: str
    model: str
    cutoff: int
    leads: Leads
    came: Floats
    open: Flags
    paths: Paths | None
    fit_seconds: float
    predict_seconds: float
    problem: str = ""


def spaced_cutoffs(series: Series, *, count: int, horizon_days: int) -> list[int]:
    """`count` local day starts, evenly from 55 % of the days to the last day less the horizon, rounded down.

    Where all would fall on one weekday, every other one is moved by a day.
    """
    ds = series.offered.ds if series.span is None else series.span.ds
    first, last = local_day(int(ds.min()), series.tz), local_day(int(ds.max()), series.tz)
    begin, stop = first + int(HISTORY_SHARE * (last - first + 1)), last - horizon_days + 1
    if stop <= begin:
        raise InputError(
            f"{series.name}: {last - first + 1} days are too few for cutoffs with a horizon of {horizon_days} days.",
            remedy="Ask for a shorter --horizon, or give more history.",
            field="horizon",
        )
    days = np.unique(np.floor(np.linspace(begin, stop, count)).astype(np.int64))
    if len(days) > 1 and len(np.unique((days + 3) % 7)) == 1:
        days[1::2] += np.where(days[1::2] < stop, 1, -1)
    return [int(moment) for moment in day_start(np.unique(days), series.tz)]


def intraday_cutoffs(archive: Archive, name: str, cutoffs: Sequence[int]) -> list[int]:
    """Day starts -> those and, on the same days, a cutoff every 30 open minutes."""
    found: list[int] = []
    for cutoff in cutoffs:
        snapshot = archive.at(cutoff)
        leads = Leads.days(snapshot, name, 1)
        open_ = leads.grid.ds[snapshot.history(name).opening(leads.grid)]
        step = max(1, OPEN_STEP_SECONDS // leads.grid.interval.seconds)
        found += [cutoff, *(int(ds) for ds in open_[::step] if ds > cutoff)]
    return found


def came_on(series: Series, ds: Ns) -> Floats:
    """What came in each bucket, by the latest version there is; absent = 0."""
    return np.nan_to_num(series.offered.on(ds))


def replay(
    archive: Archive,
    models: Sequence[Model],
    *,
    cutoffs: dict[str, list[int]],
    horizon_days: int,
    draws: int,
    seed: int,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Run]:
    """Every model at every cutoff of every series, in a fixed order. A model that fails is a Run with a problem."""
    for name, moments in cutoffs.items():
        for cutoff in moments:
            for model in models:
                yield _run(archive, model, name, cutoff, horizon_days, draws, seed)
                if progress:
                    progress(f"{name} · {model.name}")


def _run(
    archive: Archive, model: Model, name: str, cutoff: int, horizon_days: int, draws: int, seed: int
) -> Run:
    snapshot = archive.at(cutoff).only(name)
    leads = Leads.days(snapshot, name, horizon_days)
    series = archive.series[name]
    last = int(series.offered.ds.max() if series.span is None else series.span.ds.max())
    if (
        last >= cutoff or not snapshot.history(name).dead
    ):  # of a queue that is over, nothing comes: that is known
        leads = Leads(leads.grid.take(leads.grid.ds <= last), cutoff)
    came = came_on(series, leads.grid.ds)
    open_ = snapshot.history(name).opening(leads.grid)
    started = time.perf_counter()
    try:
        fitted = model.fit(snapshot)
        between = time.perf_counter()
        paths = fitted.predict(snapshot, leads, draws=draws, seed=seed)
    except (
        ForecallError,
        ArithmeticError,
        RuntimeError,
        ValueError,
    ) as error:  # one bad method stops no other
        return Run(
            name, model.name, cutoff, leads, came, open_, None, time.perf_counter() - started, 0.0, str(error)
        )
    return Run(
        name, model.name, cutoff, leads, came, open_, paths, between - started, time.perf_counter() - between
    )
