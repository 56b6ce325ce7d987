"""One queue looked ahead: the champion fitted on what is known now, its sample paths, their parts and what they cost.

    Archive ─► Snapshot(now) ─► model.fit ─► sample paths ─► per interval, hour, day, week, month
                          └─► long run by day, beyond the intervals ─► day, week, month ─┘

Beside each mean stand its parts, which add up to it (`forecast/parts.py`); the long run has none. Where the history has
handling times, the paths get a handling time and a workload beside them. Nothing is stored here: the job
(`jobs/predict.py`), a scenario and a forecast of another moment all look ahead in this one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from forecast import catalogue, selection
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval, day_start, end, floor, from_ns, to_ns
from forecast.errors import NotEnoughHistory
from forecast.explain import explained, young_history
from forecast.models.base import LONG_RUN, Leads, Model, Paths, require_days
from forecast.models.long_run import LongRun, beyond, long_run
from forecast.models.long_workload import onward
from forecast.models.rates import rates
from forecast.models.split import Split
from forecast.models.workload import Workload, workload
from forecast.parts import Parts
from forecast.vintage import Archive, History, Snapshot
from store.explanations import with_facts
from store.settings import INTERVAL_DAYS, Settings

GRANULARITIES = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
YOUNG_DAYS = 56  # a shorter history than the N-week average wants is worth a remark
LEAST_DAYS = 14  # each weekday twice; with less, no method knows more than the reader
STALE = pd.Timedelta(days=14)  # data that end longer ago are not today's: the forecast begins where they end


@dataclass(frozen=True)
class Forecast:
    """One queue looked ahead.

    paths:   from the start of the cutoff's week or month on: first what came, the same on every path (NaN = unknown),
             then what may come; so a running day, week or month is forecast as a whole
    methods: per lead band the method, all weights and the signals in use
    warning: what the planner should know about it, or ''
    workload: what the paths cost; None where the queue has no handling times
    days: by local day, the paths and then the long run; None where there is none; day_workload: what they cost
    note: how far the history supports the long run, or ''
    parts: what the mean of each bucket of `paths` is made of; None where its method cannot tell
    """

    paths: Paths
    cutoff: int
    methods: list[dict[str, object]]
    warning: str = ""
    workload: Workload | None = None
    days: Paths | None = None
    day_workload: Workload | None = None
    note: str = ""
    parts: Parts | None = None


@dataclass(frozen=True)
class Rows:
    """Buckets of one granularity that are not over yet: ds[n], values[n, mean and quantiles].

    costs: handling time and workload in seconds, each laid out like the values; None without handling times
    parts: float[n, len(PARTS)] that add up to the mean, NaN where they are not known; None without any
    """

    granularity: str
    ds: Ns
    values: Floats
    costs: tuple[Floats, Floats] | None
    parts: Floats | None = None


def look_ahead(
    archive: Archive, settings: Settings, name: str, now: pd.Timestamp, *, days: int | None = None
) -> Forecast:
    """One queue over `days` local days, from what the archive knew at `now`; beyond INTERVAL_DAYS the rest is by day.

    Without `days`: over `models.horizon_days`, and on to `models.long_days` by day.
    """
    near, far = _horizons(settings, days)
    snapshot, leads, warning = stand(archive, name, now, days=near)
    history, cutoff = snapshot.history(name), leads.cutoff
    model = method(settings)
    draws, seed = settings.models.draws, settings.models.seed
    paths, parts, facts = explained(model.fit(snapshot), snapshot, name, leads, draws=draws, seed=seed)
    methods = selection.chosen(snapshot, name, model) if isinstance(model, Split) else []
    paths = _with_what_came(paths, history)
    parts = None if parts is None else parts.with_came(paths.grid, history.grid.ds, _came(history))
    if not warning and history.today - history.first_day < YOUNG_DAYS:
        warning = young_history(snapshot, name, rates(settings.models.candidates))
    work = workload(history, paths, seed=seed)
    found = Forecast(paths, cutoff, with_facts(methods, facts), warning, work, parts=parts)
    if far <= near:
        return found
    return _further(found, long_run(snapshot, name, days=far, draws=draws, seed=seed), history.today)


def stand(archive: Archive, name: str, now: pd.Timestamp, *, days: int) -> tuple[Snapshot, Leads, str]:
    """Where one queue is looked ahead from: what is known of it alone, its buckets of `days` local days, a warning or ''.

    NotEnoughHistory for a queue with too few days of contacts.
    """
    if name not in archive.series:
        raise NotEnoughHistory(f"{name}: there are no contacts yet.", remedy="Import volumes for it first.")
    cutoff, warning = _cutoff(archive, name, now)
    snapshot = archive.at(cutoff).only(name)
    history = snapshot.history(name)
    require_days(history, LEAST_DAYS, "a forecast")
    midnight = int(day_start([history.today], history.series.tz)[0])
    ahead = Leads.days(snapshot.at(midnight), name, days)
    return snapshot, Leads(ahead.grid, cutoff), warning


def _horizons(settings: Settings, days: int | None) -> tuple[int, int]:
    """How many days are forecast by interval, and how many by day."""
    near = settings.models.horizon_days
    if days is None:
        return near, settings.models.long_days
    return (days, 0) if days <= INTERVAL_DAYS else (near, days)


def _further(forecast: Forecast, far: LongRun, today: int) -> Forecast:
    """The forecast with the long run after it."""
    work = None if forecast.workload is None else forecast.workload.total(Interval.DAY)
    near = forecast.paths.total(Interval.DAY)
    later = beyond(near, far, today)
    forecast = replace(forecast, methods=[*forecast.methods, _method_of(far)], note=far.note)
    if later is None:
        return forecast
    ds = np.concatenate([near.grid.ds, later.grid.ds])
    values = np.concatenate([near.values, later.values], axis=1)
    days = Paths(near.series, Grid.of(ds, Interval.DAY, near.grid.tz), values)
    day_workload = None if work is None else onward(work, days)
    return replace(forecast, days=days, day_workload=day_workload)


def _method_of(far: LongRun) -> dict[str, object]:
    """The long run as a row of the list of methods."""
    most = max(far.weights, key=lambda name: far.weights[name], default="")
    facts = {"model": most, "weights": dict(far.weights), "signals": []}
    return {"series": far.paths.series[0], "lead_band": LONG_RUN, **facts, "note": far.note}


def looking_ahead(settings: Settings, now: pd.Timestamp) -> Callable[[Archive, str], Forecast]:
    """`look_ahead` as something a comparison can make beside (`Plan.also`), in whatever process it runs."""
    return partial(_ahead, settings=settings, now=now)


def _ahead(archive: Archive, name: str, *, settings: Settings, now: pd.Timestamp) -> Forecast:
    return look_ahead(archive, settings, name, now)


def method(settings: Settings) -> Model:
    """What config.yaml wants the published forecast to be made with."""
    named = settings.models.champion
    return selection.champion(settings.models.candidates) if named == "champion" else catalogue.model(named)


def rows(forecast: Forecast) -> Iterator[Rows]:
    """Per granularity the buckets that are not over yet and known as a whole."""
    near = (forecast.paths, forecast.workload)
    far = near if forecast.days is None else (forecast.days, forecast.day_workload)
    own = forecast.paths.grid.interval
    paths, work = far if own is Interval.DAY else near
    yield _beside(forecast, _rows("interval", forecast.cutoff, paths, work=work, whole=paths.grid), own)
    for granularity, length in GRANULARITIES.items():
        if length.seconds >= own.seconds:
            paths, work = far if length.slots == 1 else near
            cost = None if work is None else work.total(length)
            total = paths.total(length) if cost is None else cost.contacts
            made = _rows(granularity, forecast.cutoff, total, work=cost, whole=paths.grid)
            yield _beside(forecast, made, length)


def _beside(forecast: Forecast, rows: Rows, length: Interval) -> Rows:
    """The rows with the parts of their means; what the long run has a share in has none."""
    parts = forecast.parts
    return rows if parts is None else replace(rows, parts=parts.beside(length, rows.ds, rows.values[:, 0]))


def _rows(granularity: str, cutoff: int, paths: Paths, *, work: Workload | None, whole: Grid) -> Rows:
    keep = _unfinished(paths, cutoff, whole)
    kept = Paths(paths.series, paths.grid.take(keep), paths.values[:, keep])
    values = np.column_stack([kept.mean()[0], kept.quantiles()[0]])
    cost = None if work is None else work.take(keep)
    costs = None if cost is None else (cost.handle_time(), cost.work())
    return Rows(granularity, kept.grid.ds, values, costs)


def _unfinished(paths: Paths, cutoff: int, whole: Grid) -> Flags:
    """bool[n]: buckets that end after the cutoff and lie wholly inside the days looked at, without an unknown in them."""
    ends = end(paths.grid.ds, paths.grid.interval, paths.grid.tz)
    last = int(end(whole.ds[-1:], whole.interval, whole.tz)[0])
    inside = (paths.grid.ds >= whole.ds[0]) & (ends > cutoff) & (ends <= last)
    return np.asarray(inside & ~np.isnan(paths.values[0]).any(axis=1))


def _cutoff(archive: Archive, name: str, now: pd.Timestamp) -> tuple[int, str]:
    """The moment to forecast from: now; or, where the data end long before, their end, with a warning.

    A queue that ended while others went on is forecast from now: that it is over is what is known of it.
    """
    series = archive.series[name]
    if archive.at(now).history(name).dead:
        came = from_ns(int(series.offered.ds[series.offered.value > 0].max())).tz_convert(series.tz)
        over = f"{name}: no contact since {came:%Y-%m-%d}, so it counts as over and its forecast is zero."
        return to_ns(now), over if series.ends is None else ""
    last = int(end(series.offered.ds.max(keepdims=True), series.interval, series.tz)[0])
    if to_ns(now) - last <= STALE.value:
        return to_ns(now), ""
    local = from_ns(last).tz_convert(series.tz)
    return last, f"{name}: the data end on {local:%Y-%m-%d %H:%M}, so the forecast begins there."


def _came(history: History) -> Floats:
    """float[n]: what came in the history's buckets, NaN unknown; closed and without a row is zero."""
    return np.where(history.open | ~np.isnan(history.y), history.y, 0.0)


def _with_what_came(paths: Paths, history: History) -> Paths:
    """Today's known buckets take the place of their forecast; the days back to the start of week and month go before."""
    grid, past = paths.grid, history.grid
    known = _came(history)
    values = paths.values.copy()
    today = np.searchsorted(grid.ds, past.ds)
    mine = (past.ds >= grid.ds[0]) & (today < len(grid)) & ~np.isnan(known)
    values[0, today[mine]] = known[mine, None]
    begin = min(int(floor(grid.ds[:1], length, grid.tz)[0]) for length in (Interval.WEEK, Interval.MONTH))
    before = (past.ds >= begin) & (past.ds < grid.ds[0])
    came = np.repeat(known[before][None, :, None], values.shape[2], axis=2)
    whole = Grid.of(np.concatenate([past.ds[before], grid.ds]), grid.interval, grid.tz)
    return Paths(paths.series, whole, np.concatenate([came, values], axis=1))
