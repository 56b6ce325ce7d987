"""Handling time and workload of a back-test: one row per series and lead band, of the published choice, beside the bar.

The bar is what planners do: the mean of the same weekday and slot over the last eight weeks, weighted by contacts; and
for the workload that mean times the contacts of `mean8_open`. Errors of AHT are weighted by the contacts they held for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.backtest import Run
from forecast.buckets import SECOND, Grid, Interval, end, floor, local_day
from forecast.losses import bias, calibration, skill, wape, wape_interval
from forecast.models.base import band_of, bands
from forecast.models.naive import Mean8Open, last_weeks
from forecast.models.workload import Workload, workload
from forecast.vintage import Archive, History

BAND = (0.1, 0.9)


@dataclass(frozen=True)
class Scored:
    """One run's buckets [n] at the granularity asked for.

    day: local day of the cutoff; lead: seconds; contacts, aht: what came, NaN where no handling time is known
    expected, median, low, high: of the handling time; work, work_median: seconds that came and were forecast
    bar, work_bar: what the mean of eight weeks said
    """

    day: Ns
    lead: Ns
    contacts: Floats
    aht: Floats
    expected: Floats
    median: Floats
    low: Floats
    high: Floats
    bar: Floats
    work: Floats
    work_median: Floats
    work_bar: Floats

    def take(self, rows: Flags) -> Scored:
        """The chosen buckets."""
        return Scored(*(getattr(self, one.name)[rows] for one in fields(self)))


def handle_rows(
    archive: Archive, runs: Sequence[Run], *, granularity: Interval | None = None, seed: int = 1
) -> list[dict[str, object]]:
    """Rows of the report's `aht`, of the champion, else of the first model that ran; none without handling times."""
    models = [run.model for run in runs]
    chosen = "champion" if "champion" in models else next(iter(models), "")
    found: dict[str, list[Scored]] = {}
    for run in runs:
        one = _scored(archive, run, granularity=granularity, seed=seed) if run.model == chosen else None
        if one is not None:
            found.setdefault(run.series, []).append(one)
    rows: list[dict[str, object]] = []
    for name, parts in found.items():
        interval = archive.series[name].interval if granularity is None else granularity
        every = Scored(*(np.concatenate([getattr(one, at.name) for one in parts]) for at in fields(Scored)))
        for place, (band, _, _) in enumerate(bands(interval)):
            mine = every.take(band_of(every.lead, interval) == place)
            if (mine.contacts > 0).any():
                rows.append({"series": name, "model": chosen, "lead_band": band} | _row(mine))
    return rows


def mean8_handle_time(history: History, grid: Grid) -> Floats:
    """Seconds per contact [n] of the same weekday and slot over eight weeks, of all of them where there was no contact."""
    if history.series.handling is None:
        return np.full(len(grid), np.nan)
    found = history.series.handling.on(history.grid.ds)
    seconds, contacts = (
        np.nan_to_num(last_weeks(history, each)).sum(axis=0) for each in (found.seconds, found.contacts)
    )
    whole = seconds.sum() / contacts.sum() if contacts.sum() > 0 else np.nan
    week = np.where(contacts > 0, seconds / np.where(contacts > 0, contacts, 1.0), whole)
    return np.asarray(week[grid.weekday, grid.slot])


def _scored(archive: Archive, run: Run, *, granularity: Interval | None, seed: int) -> Scored | None:
    handling = archive.series[run.series].handling
    if run.paths is None or handling is None or len(run.leads.grid) == 0:
        return None
    history = archive.at(run.cutoff).history(run.series)
    work = workload(history, run.paths, seed=seed)
    if work is None:
        return None
    grid = run.leads.grid
    bar = mean8_handle_time(history, grid)
    volume = Mean8Open().fit(history).rate(history, grid)
    came = handling.on(grid.ds)
    sums = np.stack(
        [came.seconds, came.contacts, _work(run.came, came.aht), np.maximum(volume, 1e-9) * bar, volume]
    )
    if granularity is not None and granularity.seconds > grid.interval.seconds:
        work, sums, grid = _whole(work, sums, run=run, granularity=granularity)
    return _beside(work, sums, grid, cutoff=run.cutoff)


def _work(offered: Floats, aht: Floats) -> Floats:
    """Seconds of work that came; NaN where contacts came and their handling time is not known."""
    return np.where(offered > 0, offered * aht, 0.0)


def _whole(work: Workload, sums: Floats, *, run: Run, granularity: Interval) -> tuple[Workload, Floats, Grid]:
    """Sums over longer buckets, whole ones only."""
    grid = run.leads.grid
    starts, place = np.unique(floor(grid.ds, granularity, grid.tz), return_inverse=True)
    until = end(grid.ds[-1:], grid.interval, grid.tz)
    whole = (starts >= run.cutoff) & (end(starts, granularity, grid.tz) <= until)
    added = np.stack([np.bincount(place, weights=each).astype(np.float64) for each in sums])[:, whole]
    kept = work.total(granularity).take(whole)
    return kept, added, kept.contacts.grid


def _beside(work: Workload, sums: Floats, grid: Grid, *, cutoff: int) -> Scored:
    seconds, contacts, spent, bar_spent, bar_volume = sums
    low, median, high = np.quantile(work.aht, (BAND[0], 0.5, BAND[1]), axis=1)
    some = contacts > 0
    return Scored(
        day=np.full(len(grid), local_day(cutoff, grid.tz)),
        lead=(grid.ds - cutoff) // SECOND,
        contacts=contacts,
        aht=np.where(some, seconds / np.where(some, contacts, 1.0), np.nan),
        expected=work.expected,
        median=median,
        low=low,
        high=high,
        bar=bar_spent / np.maximum(bar_volume, 1e-9),
        work=spent,
        work_median=work.seconds.median()[0],
        work_bar=np.where(bar_volume > 0, bar_spent, 0.0),
    )


def _row(found: Scored) -> dict[str, object]:
    held = found.take((found.contacts > 0) & ~np.isnan(found.bar) & ~np.isnan(found.expected))
    weight, came = held.contacts, held.contacts * held.aht
    own, bar = wape(came, weight * held.median), wape(came, weight * held.bar)
    _, block = np.unique(held.day, return_inverse=True)
    errors, sums = (
        np.bincount(block, weights=each).astype(np.float64)
        for each in (np.abs(came - weight * held.median), came)
    )
    known = found.take(~np.isnan(found.work) & ~np.isnan(found.work_bar))
    work, work_bar = wape(known.work, known.work_median), wape(known.work, known.work_bar)
    return {
        "n": len(came),
        "contacts": float(weight.sum()),
        "mean_aht": float(came.sum() / max(float(weight.sum()), 1e-9)),
        "wape": own,
        "wape_interval": list(wape_interval(errors, sums)),
        "wape_mean8": bar,
        "skill_vs_mean8": skill(own, bar),
        "bias": bias(came, weight * held.expected),
        "calibration": calibration(
            held.aht, np.column_stack([held.low, held.high]), np.ones(len(came), dtype=bool), BAND
        ),
        "within_80": float(((held.low <= held.aht) & (held.aht <= held.high)).mean()),
        "workload_hours": float(known.work.sum() / 3600),
        "workload_wape": work,
        "workload_wape_mean8": work_bar,
        "workload_skill_vs_mean8": skill(work, work_bar),
    }
