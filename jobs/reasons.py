"""The contact reasons of a queue, forecast as parts of its paths: in every path, and so on every day, they add up to it.

    the queue's forecast ─► split by usual shares, and by what people write on each reason ─► a forecast per reason

Intervals are kept for `INTERVALS` days, as nobody plans reasons by the half hour further ahead; days, weeks and months go
as far as the queue's do. Reasons have no handling time of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy.orm import Session

from forecast import evidence
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.models.base import Leads, Paths
from forecast.models.shares import Shares, reasons
from forecast.models.split import parts_of
from forecast.vintage import Archive, Snapshot
from store.archive import load_archive
from store.facts import given_hours, where
from store.queue_map import load_queue_map
from store.reasons import reasons_of, with_reasons
from store.settings import Settings

if TYPE_CHECKING:
    from store.looking_ahead import Forecast

INTERVALS = 8  # local days
BARE: Mapping[str, Any] = {
    "methods": [],
    "warning": "",
    "workload": None,
    "day_workload": None,
    "note": "",
    "parts": None,
}  # what of a queue's forecast is not its reasons'


def topics_of(session: Session, settings: Settings, queue: str, forecast: Forecast) -> dict[str, Forecast]:
    """The reasons of a queue as parts of its forecast, by series name (`queue/topic`); none where it is not divided.

    forecast: as `store.looking_ahead.look_ahead` made it
    """
    sources = load_queue_map(session).with_sources([queue])
    if not reasons_of(session, sources):
        return {}
    archive = open_reasons(session, settings, queue)
    if queue not in archive.series:
        return {}
    snapshot = archive.at(forecast.cutoff)
    names = reasons(snapshot, queue)
    if len(names) < 2:
        return {}
    near = divide(snapshot, queue, forecast.paths, seed=settings.models.seed)
    days = by_day(snapshot, queue, forecast, near, seed=settings.models.seed)
    first = snapshot.history(queue).today
    kept = forecast.paths.grid.day < first + INTERVALS
    bare = {name: value for name, value in BARE.items() if name in {one.name for one in fields(forecast)}}
    return {
        name: replace(
            forecast,
            paths=Paths((name,), forecast.paths.grid.take(kept), near[at : at + 1, kept]),
            days=Paths((name,), days.grid, days.values[at : at + 1]),
            **bare,
        )
        for at, name in enumerate(names)
    }


def open_reasons(session: Session, settings: Settings, queue: str) -> Archive:
    """The archive of a queue with its reasons beside it, the histories moved by the queue map."""
    moves = load_queue_map(session)
    archive = load_archive(
        session,
        **where(settings, queue),
        queues=moves.with_sources([queue]),
        days_of=queue,
        demands=settings.demands(),
    )
    return moves.apply(with_reasons(session, archive), hours=given_hours(session)).alone(queue)


def divide(snapshot: Snapshot, queue: str, paths: Paths, *, seed: int) -> Floats:
    """A queue's paths -> float[reasons, n, draws], which add up to them; NaN where the queue's are.

    Where the queue got what the reasons got, each has what it got; else what came is divided like what may come.
    """
    names, whole = reasons(snapshot, queue), paths.values[0]
    unknown = np.isnan(whole).any(axis=1)
    leads = Leads(paths.grid, snapshot.cutoff)
    found = parts_of(
        snapshot,
        queue,
        np.where(unknown[:, None], 0.0, whole),
        leads,
        share=Shares(),
        gate=evidence.gate,
        seed=seed,
    )
    made = np.stack([found[name] for name in names])
    came = np.stack([_came(snapshot, name, paths.grid) for name in names])
    counted = np.isclose(came.sum(axis=0)[:, None], whole, rtol=1e-9, atol=1e-9).all(axis=1)
    counted &= paths.grid.ds < snapshot.cutoff
    made[:, counted] = came[:, counted, None]
    made[:, unknown] = np.nan
    return made


def _came(snapshot: Snapshot, name: str, grid: Grid) -> Floats:
    """float[n]: a reason's contacts as known; without a row it had none."""
    return np.maximum(np.nan_to_num(snapshot.series(name).offered.on(grid.ds)), 0.0)


def by_day(snapshot: Snapshot, queue: str, forecast: Forecast, near: Floats, *, seed: int) -> Paths:
    """The reasons by local day: sums of their intervals, and beyond these the queue's days divided."""
    names, grid = reasons(snapshot, queue), forecast.paths.grid
    days = Paths(names, grid, near).total(Interval.DAY)
    if forecast.days is None or len(forecast.days.grid) == len(days.grid):
        return days
    later = forecast.days.grid.ds > days.grid.ds[-1]
    far = forecast.days.grid.take(later)
    whole = forecast.days.values[0, later]
    found = parts_of(
        snapshot, queue, whole, Leads(far, snapshot.cutoff), share=Shares(), gate=None, seed=seed
    )
    ds = np.concatenate([days.grid.ds, far.ds])
    values = np.concatenate([days.values, np.stack([found[name] for name in names])], axis=1)
    return Paths(names, Grid.of(ds, Interval.DAY, grid.tz), values)
