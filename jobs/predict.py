"""The forecast: per queue the champion is fitted on what is known now, looks ahead, and its quantiles are stored.

    queue ─► Archive ─► Snapshot(now) ─► model.fit ─► sample paths ─► per interval, hour, day, week, month ─► a version

The version is a draft that nobody sees until the last line publishes it. Each queue is a transaction of its own, so that
a long run never keeps others from writing; a queue that cannot be forecast is reported, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast import catalogue, selection
from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start, end, floor, from_ns, to_ns
from forecast.errors import NotEnoughHistory
from forecast.models.base import Leads, Model, Paths, require_days
from forecast.models.split import Split
from forecast.vintage import Archive, History, Series
from jobs.facts import apply_facts, open_archive
from jobs.ledger import FAILED, Outcome, checkpoint, explain_failure, run_id
from jobs.select import combined
from store.forecasts import create_version, publish_version, save_forecast
from store.queues import load_queues
from store.scores import save_report
from store.settings import Settings

GRANULARITIES = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
LEAST_DAYS = 14  # each weekday twice; with less, no method knows more than the reader
STALE = pd.Timedelta(days=14)  # data that end longer ago are not today's: the forecast begins where they end


@dataclass(frozen=True)
class Forecast:
    """One queue looked ahead.

    paths:   from the start of the cutoff's week or month on: first what came, the same on every path (NaN = unknown),
             then what may come; so a running day, week or month is forecast as a whole
    methods: per lead band the method, all weights and the signals in use
    warning: what the planner should know about it, or ''
    """

    paths: Paths
    cutoff: int
    methods: list[dict[str, object]]
    warning: str = ""


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Forecast every queue from `now` and publish, unless a planner does that (`api.publish: manual`)."""
    return forecast_all(session, settings, now)


def forecast_all(
    session: Session,
    settings: Settings,
    now: pd.Timestamp,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    ready: Mapping[str, Forecast] | None = None,
) -> Outcome:
    """As `run`; progress is told (done, of how many, queue). ready: forecasts at hand, made from the same moment."""
    apply_facts(session, settings)
    moment = now.to_pydatetime()
    version = create_version(session, run_id=run_id(session), cutoff=moment, now=moment)
    checkpoint(session)
    problems: list[str] = []
    methods: list[dict[str, object]] = []
    queues, made = load_queues(session), 0
    for at, queue in enumerate(queues, start=1):
        try:
            forecast = (ready or {}).get(queue.name) or look_ahead(
                open_archive(session, settings, [queue.name]), settings, queue.name, now
            )
            for granularity, ds, values in rows(forecast):
                save_forecast(session, version, queue.name, granularity, ds, values)
            checkpoint(session)
        except Exception as error:
            session.rollback()
            problems.append(explain_failure(error, queue.name))
        else:
            made += 1
            methods += forecast.methods
            problems += [forecast.warning] if forecast.warning else []
        if progress is not None:
            progress(at, len(queues), queue.name)
    if made == 0:
        nothing = "There is no queue to forecast. Import volumes first: `forecall import volumes FILE`."
        return Outcome({"queues": 0}, tuple(problems) or (nothing,), FAILED)
    if (number := run_id(session)) is not None:
        save_report(session, number, {"champions": methods})
    if settings.api.publish == "auto":
        publish_version(session, version, moment)
    return Outcome({"queues": made, "version": version}, tuple(problems))


def look_ahead(
    archive: Archive, settings: Settings, name: str, now: pd.Timestamp, *, days: int | None = None
) -> Forecast:
    """One queue over `days` local days (default: `models.horizon_days`), from what the archive knew at `now`."""
    if name not in archive.series:
        raise NotEnoughHistory(f"{name}: there are no contacts yet.", remedy="Import volumes for it first.")
    cutoff, warning = _cutoff(archive.series[name], now)
    snapshot = archive.at(cutoff).only(name)
    history = snapshot.history(name)
    require_days(history, LEAST_DAYS, "a forecast")
    midnight = int(day_start([history.today], history.series.tz)[0])
    ahead = Leads.days(snapshot.at(midnight), name, days or settings.models.horizon_days)
    model = method(settings)
    draws, seed = settings.models.draws, settings.models.seed
    paths = model.fit(snapshot).predict(snapshot, Leads(ahead.grid, cutoff), draws=draws, seed=seed)
    methods = selection.chosen(snapshot, name, model) if isinstance(model, Split) else []
    return Forecast(_with_what_came(paths, history), cutoff, methods, warning)


def looking_ahead(settings: Settings, now: pd.Timestamp) -> Callable[[Archive, str], Forecast]:
    """`look_ahead` as something a comparison can make beside (`Plan.also`), in whatever process it runs."""
    return partial(_ahead, settings=settings, now=now)


def _ahead(archive: Archive, name: str, *, settings: Settings, now: pd.Timestamp) -> Forecast:
    return look_ahead(archive, settings, name, now)


def method(settings: Settings) -> Model:
    """What config.yaml wants the published forecast to be made with."""
    named = settings.models.champion
    return selection.champion(combined(settings)) if named == "champion" else catalogue.model(named)


def rows(forecast: Forecast) -> Iterator[tuple[str, Ns, Floats]]:
    """-> (granularity, ds[n], values[n, mean and quantiles]) of the buckets that are not over yet and known as a whole."""
    paths = forecast.paths
    yield "interval", *_unfinished(paths, forecast.cutoff, paths.grid)
    for granularity, length in GRANULARITIES.items():
        if length.seconds >= paths.grid.interval.seconds:
            yield granularity, *_unfinished(paths.total(length), forecast.cutoff, paths.grid)


def _unfinished(paths: Paths, cutoff: int, whole: Grid) -> tuple[Ns, Floats]:
    """Buckets that end after the cutoff and lie wholly inside the days looked at, without an unknown in them."""
    ends = end(paths.grid.ds, paths.grid.interval, paths.grid.tz)
    last = int(end(whole.ds[-1:], whole.interval, whole.tz)[0])
    inside = (paths.grid.ds >= whole.ds[0]) & (ends > cutoff) & (ends <= last)
    keep = inside & ~np.isnan(paths.values[0]).any(axis=1)
    kept = Paths(paths.series, paths.grid.take(keep), paths.values[:, keep])
    return kept.grid.ds, np.column_stack([kept.mean()[0], kept.quantiles()[0]])


def _cutoff(series: Series, now: pd.Timestamp) -> tuple[int, str]:
    """The moment to forecast from: now; or, where the data end long before, their end, with a warning."""
    last = int(end(series.offered.ds.max(keepdims=True), series.interval, series.tz)[0])
    if to_ns(now) - last <= STALE.value:
        return to_ns(now), ""
    local = from_ns(last).tz_convert(series.tz)
    return last, f"{series.name}: the data end on {local:%Y-%m-%d %H:%M}, so the forecast begins there."


def _with_what_came(paths: Paths, history: History) -> Paths:
    """Today's known buckets take the place of their forecast; the days back to the start of week and month go before."""
    grid, past = paths.grid, history.grid
    known = np.where(history.open | ~np.isnan(history.y), history.y, 0.0)  # closed and without a row is zero
    values = paths.values.copy()
    today = np.searchsorted(grid.ds, past.ds)
    mine = (past.ds >= grid.ds[0]) & (today < len(grid)) & ~np.isnan(known)
    values[0, today[mine]] = known[mine, None]
    begin = min(int(floor(grid.ds[:1], length, grid.tz)[0]) for length in (Interval.WEEK, Interval.MONTH))
    before = (past.ds >= begin) & (past.ds < grid.ds[0])
    came = np.repeat(known[before][None, :, None], values.shape[2], axis=2)
    whole = Grid.of(np.concatenate([past.ds[before], grid.ds]), grid.interval, grid.tz)
    return Paths(paths.series, whole, np.concatenate([came, values], axis=1))
