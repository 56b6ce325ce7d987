"""From runs of a back-test to scores: one row per series, model and lead band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.backtest import Run
from forecast.buckets import Interval, end, floor, local_day
from forecast.losses import (
    TAILS,
    TAUS,
    bias,
    calibration,
    mase,
    pinball,
    poisson_floor,
    skill,
    wape,
    wape_interval,
    wql,
)
from forecast.models.base import Paths, band_of, bands
from forecast.vintage import Archive

TOP = 5  # reasons of a queue that are also scored together
BLOCKS = "blocks"  # of a score: by cutoff's day the errors and contacts it is made of, to compare two runs pair by pair
SUMMED = ("volume", "absolute", "quantile", "signed")


@dataclass(frozen=True)
class Scored:
    """One run's buckets, at the granularity asked for.

    lead: int64[n] seconds; y, median, mean: float[n]; q: float[n, TAUS]; tails: float[n, TAILS]; open: bool[n]
    """

    run: Run
    lead: Ns
    y: Floats
    median: Floats
    mean: Floats
    q: Floats
    tails: Floats
    open: Flags


def scored(run: Run, granularity: Interval | None) -> Scored | None:
    """Quantiles of a run against what came; None where the model failed. Whole days or weeks only, for sums."""
    if run.paths is None:
        return None
    paths, came, open_, lead = run.paths, run.came, run.open, run.leads.seconds
    if granularity is not None and granularity.seconds > paths.grid.interval.seconds:
        paths, came, open_, lead = _summed(run, paths, granularity)
    quantiles = paths.quantiles((*TAUS, *TAILS))[0]
    split = len(TAUS)
    middle = quantiles[:, int(np.argmin(np.abs(TAUS - 0.5)))]
    return Scored(run, lead, came, middle, paths.mean()[0], quantiles[:, :split], quantiles[:, split:], open_)


def _summed(run: Run, paths: Paths, granularity: Interval) -> tuple[Paths, Floats, Flags, Ns]:
    total = paths.total(granularity)
    starts = floor(paths.grid.ds, granularity, paths.grid.tz)
    unique, place = np.unique(starts, return_inverse=True)
    came = np.bincount(place, weights=run.came).astype(np.float64)
    open_ = np.bincount(place, weights=run.open) > 0
    until = end(paths.grid.ds[-1:], paths.grid.interval, paths.grid.tz)
    whole = (unique >= run.cutoff) & (end(unique, granularity, paths.grid.tz) <= until)
    kept = Paths(total.series, total.grid.take(whole), total.values[:, whole])
    lead = (unique[whole] - run.cutoff) // 1_000_000_000
    return kept, came[whole], open_[whole], lead


def weekly_scale(archive: Archive, name: str, cutoff: int) -> float:
    """Mean absolute change from a week earlier, over open buckets known at the cutoff: the scale of MASE."""
    history = archive.at(cutoff).history(name)
    table = history.table(np.where(history.usable, history.y, np.nan))
    change = np.abs(table[7:] - table[:-7])
    return float(np.nanmean(change)) if np.isfinite(change).any() else float("nan")


def score_rows(
    archive: Archive, runs: Sequence[Run], *, granularity: Interval | None = None
) -> list[dict[str, object]]:
    """Rows of the report's `scores`, models in the order they ran, lead bands in order of distance."""
    by_series: dict[str, list[Scored]] = {}
    for run in runs:
        found = scored(run, granularity)
        if found is not None:
            by_series.setdefault(run.series, []).append(found)
    rows: list[dict[str, object]] = []
    for name, mine in by_series.items():
        interval = archive.series[name].interval if granularity is None else granularity
        scale = weekly_scale(archive, name, min(item.run.cutoff for item in mine))
        if granularity is not None and granularity.slots < archive.series[name].interval.slots:
            scale = float("nan")
        models = list(dict.fromkeys(item.run.model for item in mine))
        for at, (band, begin, stop) in enumerate(bands(interval)):
            rows += _band_rows(mine, models, band, at, begin, stop, interval, scale)
    return rows


def _band_rows(
    mine: Sequence[Scored],
    models: Sequence[str],
    band: str,
    at: int,
    begin: int,
    stop: int,
    interval: Interval,
    scale: float,
) -> list[dict[str, object]]:
    parts = {
        model: [_inside(item, at, interval) for item in mine if item.run.model == model] for model in models
    }
    parts = {model: [item for item in items if len(item.y)] for model, items in parts.items()}
    parts = {model: items for model, items in parts.items() if items}
    if not parts:
        return []
    floor_ = poisson_floor(np.concatenate([item.mean for item in next(iter(parts.values()))]))
    wapes = {model: wape(_join(items, "y"), _join(items, "median")) for model, items in parts.items()}
    return [_row(model, items, band, floor_, wapes, scale) for model, items in parts.items()]


def _inside(item: Scored, at: int, interval: Interval) -> Scored:
    rows = band_of(item.lead, interval) == at
    cut = {key: getattr(item, key)[rows] for key in ("lead", "y", "median", "mean", "q", "tails", "open")}
    return Scored(item.run, **cut)


def _join(items: Sequence[Scored], what: str) -> Floats:
    return np.concatenate([getattr(item, what) for item in items])


def _row(
    model: str, items: Sequence[Scored], band: str, floor_: float, wapes: dict[str, float], scale: float
) -> dict[str, object]:
    y, median, mean = _join(items, "y"), _join(items, "median"), _join(items, "mean")
    days = [local_day(item.run.cutoff, item.run.leads.grid.tz) for item in items]
    _, block = np.unique(days, return_inverse=True)
    errors = np.bincount(block, weights=[float(np.abs(item.y - item.median).sum()) for item in items]).astype(
        float
    )
    sums = np.bincount(block, weights=[float(item.y.sum()) for item in items]).astype(float)
    low, high = wape_interval(errors, sums)
    own = wapes[model]
    return {
        "series": items[0].run.series,
        "model": model,
        "lead_band": band,
        "n": len(y),
        "cutoffs": len(items),
        "mean_volume": float(y.mean()),
        "wape": own,
        "poisson_floor": floor_,
        "mase": mase(y, median, scale),
        "bias": bias(y, mean),
        "wql": wql(y, _join(items, "q")),
        "wape_interval": [low, high],
        "calibration": calibration(y, _join(items, "tails"), _join(items, "open").astype(bool)),
        "skill_vs_seasonal_naive": skill(own, wapes.get("seasonal_naive", float("nan"))),
        "skill_vs_mean8": skill(own, wapes.get("mean8", float("nan"))),
        BLOCKS: {
            "day": [int(day) for day in np.unique(days)],
            "error": [float(each) for each in errors],
            "volume": [float(each) for each in sums],
        },
    }


def overall(runs: Sequence[Run], *, granularity: Interval | None = None) -> list[dict[str, object]]:
    """Per series and model over all leads: n, cutoffs, wape, wql and bias."""
    return [found.row() for found in sums(runs, granularity=granularity)]


@dataclass(frozen=True)
class Sums:
    """What the scores of one series (or several) and model are ratios of, over all leads.

    volume: contacts that came; absolute, quantile, signed: losses of the median, of all quantiles, and of the mean
    """

    series: str
    model: str
    n: int
    cutoffs: int
    volume: float
    absolute: float
    quantile: float
    signed: float

    def row(self) -> dict[str, object]:
        """As the report has it: losses over contacts, NaN where none came."""
        row: dict[str, object] = {"series": self.series, "model": self.model, "n": self.n}
        losses = {"wape": self.absolute, "wql": self.quantile, "bias": self.signed}
        over = {
            name: loss / self.volume if self.volume > 0 else float("nan") for name, loss in losses.items()
        }
        return {**row, "cutoffs": self.cutoffs, **over}


def sums(runs: Sequence[Run], *, granularity: Interval | None = None) -> list[Sums]:
    """Per series and model over all leads, of the runs that gave a forecast."""
    made: list[Sums] = []
    for name, model in dict.fromkeys((run.series, run.model) for run in runs):
        mine = [run for run in runs if (run.series, run.model) == (name, model)]
        items = [found for found in (scored(run, granularity) for run in mine) if found is not None]
        if not items:
            continue
        y, median, mean = (_join(items, what) for what in ("y", "median", "mean"))
        quantile = 2 * float(pinball(y, _join(items, "q"), TAUS).sum()) / len(TAUS)
        losses = (float(np.abs(y - median).sum()), quantile, float((mean - y).sum()))
        made.append(Sums(name, model, len(y), len(items), float(y.sum()), *losses))
    return made


def top_five(archive: Archive, queue: str, held: Sequence[Sums], cutoff: int) -> list[dict[str, object]]:
    """Scores of a queue's five largest reasons taken together, per model, as rows of `overall`.

    held: sums of the series of the queue; the largest are those with most contacts known at the first cutoff
    """
    reasons = {each.series for each in held if archive.series[each.series].queue == queue != each.series}
    known = {name: float(archive.series[name].offered.until(cutoff).latest()[1].sum()) for name in reasons}
    largest = sorted(reasons, key=lambda name: (-known[name], name))[:TOP]
    rows = []
    for model in dict.fromkeys(each.model for each in held):
        mine = [each for each in held if each.model == model and each.series in largest]
        if len(largest) > 1 and len(mine) == len(largest):
            losses = [sum(getattr(each, what) for each in mine) for what in SUMMED]
            cutoffs = min(each.cutoffs for each in mine)
            whole = Sums(f"{queue}/top five", model, sum(each.n for each in mine), cutoffs, *losses)
            rows.append({**whole.row(), "reasons": largest})
    return rows
