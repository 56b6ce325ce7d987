"""Lines beside the forecast: last year, what was published without adjustments, the plan, a draft, a partner's budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard.forecast import together
from api.dashboard.forecast.choice import BARE, DRAFT, IMPORTED, LAST_WEEK, LAST_YEAR, LOCKED
from api.dashboard.outlook import GRANULARITY, before, slots, total
from api.dashboard.queries import Held
from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Grid, Interval, column_ns, day_start, floor, from_ns, local_day
from store.adjusted import load_adjusted
from store.forecast_versions import FORECAST, ForecastVersion, being_written, newest_version, page_versions
from store.forecast_versions import IMPORTED as ELSEWHERE
from store.forecasts import load_forecast
from store.volumes import load_volumes

YEAR = 364  # days: the same weekday 52 weeks before
MOST_IMPORTED = 6


@dataclass(frozen=True)
class Others:
    """Versions that could be shown beside the one in force. draft: newer than that, not published."""

    draft: ForecastVersion | None
    imported: tuple[ForecastVersion, ...]


def others(session: Session) -> Others:
    """The newest draft that no run is writing, if newer than what is published; the latest version of each name made elsewhere."""
    shown = newest_version(session)
    drafts = page_versions(session, kinds=[FORECAST], states=["draft"], limit=5)
    newer = [one for one in drafts if shown is None or one.created_at > shown.created_at]
    draft = next((one for one in newer if not being_written(session, one)), None)
    by_name: dict[str, ForecastVersion] = {}
    for one in page_versions(session, kinds=[ELSEWHERE], limit=200):
        by_name.setdefault(one.label, one)
    return Others(draft, tuple(list(by_name.values())[:MOST_IMPORTED]))


def compared(
    session: Session, held: Held, wanted: Sequence[str], frame: pd.DataFrame, step: Interval
) -> dict[str, Floats]:
    """name -> float[n] on the buckets of a frame, NaN unknown or closed; a line of which nothing is known is left out."""
    found: dict[str, Floats] = {}
    for name in wanted:
        values = _values(session, held, name, frame, step)
        if values is not None:
            values = np.where(frame["open"].to_numpy(), values, np.nan)
            if np.isfinite(values).any():
                found[name] = values.round(int(frame["places"].iloc[0]))
    return found


def _values(session: Session, held: Held, name: str, frame: pd.DataFrame, step: Interval) -> Floats | None:
    if name == LAST_WEEK:
        return frame["last_week"].to_numpy(dtype=np.float64)
    if name == LAST_YEAR:
        return last_year(session, held, frame, step)
    asked: dict[str, Any] = {"series": list(held.names), "granularity": _granularity(held, step)}
    apart = together.ZONES_APART if held.added else dt.timedelta()
    asked |= {"start": held.window.first - apart, "end": from_ns(held.window.end).to_pydatetime() + apart}
    if name == BARE:
        return on(load_forecast(session, **asked), frame, step, held)
    if name == LOCKED:
        return on(load_adjusted(session, version="locked", **asked), frame, step, held)
    number = _number(session, name)
    return None if number is None else on(load_forecast(session, version=number, **asked), frame, step, held)


def _granularity(held: Held, step: Interval) -> str:
    return "interval" if step is held.queue.interval else GRANULARITY[step]


def _number(session: Session, name: str) -> int | None:
    """The version a line is of; None for one that is not there to be shown."""
    held = others(session)
    if name == DRAFT:
        return None if held.draft is None else held.draft.id
    numbers = {f"{IMPORTED}:{one.id}": one.id for one in held.imported}
    return numbers.get(name)


def on(rows: pd.DataFrame, frame: pd.DataFrame, step: Interval, held: Held) -> Floats:
    """forecast[series, ds, mean, 0.5, ...] on the buckets of a frame: the middle of one series, the sum of the means of more."""
    values = rows["mean"].to_numpy(dtype=np.float64)
    if len(held.names) == 1:
        middle = rows["0.5"].to_numpy(dtype=np.float64)
        values = np.where(np.isnan(middle), values, middle)
    starts = together.bucket_of(rows, step, held.queue.tz, {one.name: one.tz for one in held.added})
    return _placed(starts, values, column_ns(frame["ds"]))


def _placed(starts: Any, values: Floats, ds: Any) -> Floats:
    if len(ds) == 0:
        return np.zeros(0)
    place = np.minimum(np.searchsorted(ds, starts), len(ds) - 1)
    hit = ds[place] == starts
    sums = np.bincount(place[hit], weights=values[hit], minlength=len(ds))
    count = np.bincount(place[hit], minlength=len(ds))
    return np.where(count > 0, sums, np.nan)


def last_year(session: Session, held: Held, frame: pd.DataFrame, step: Interval) -> Floats | None:
    """Contacts offered 52 weeks before each bucket, float[n], NaN where not all of it is known.

    None where the store holds nothing of then.
    """
    window, queue = held.window, held.queue
    first, last = local_day(window.start, queue.tz), local_day(window.end - 1, queue.tz)
    start, stop = day_start([first - YEAR, last - YEAR + 1], queue.tz).tolist()
    starts, contacts = _offered(session, held, start, stop, step)
    if len(starts) == 0:
        return None
    past = _grid(first - YEAR, last - YEAR, held)
    came = _placed(floor(starts, queue.interval, queue.tz), contacts, past.ds)
    fine = slots(held, window.start, window.end)
    shifted = before(past, _whole_days(held, past, came), fine.grid, YEAR)
    wanted = fine.open | (np.nan_to_num(shifted) > 0)
    ds = column_ns(frame["ds"])
    place = np.searchsorted(ds, floor(fine.grid.ds, step, queue.tz))
    inside = place < len(ds)
    return total(shifted[inside], wanted[inside], place[inside], len(ds), whole=True)


def _whole_days(held: Held, past: Grid, came: Floats) -> Floats:
    """Contacts [n] of past slots, NaN where none are told -> 0 on days of which others are, and where it was closed.

    A day that is not over is not known.
    """
    window = held.window
    days = np.unique(past.day[np.isfinite(came)])
    history = held.archive.at(window.moment).history(held.queue.name)
    none = np.isin(past.day, days) | ~history.scheduled(past)
    found = np.where(np.isnan(came) & none, 0.0, came)
    return np.where(past.day < local_day(window.moment, window.tz), found, np.nan)


def _offered(session: Session, held: Held, start: int, stop: int, step: Interval) -> tuple[Ns, Floats]:
    """Starts (ns) and contacts [n] of what is shown, start <= ds < stop (ns); of several queues the rows of each."""
    if not held.reason:
        rows = together.offered(session, held.added or (held.queue,), start, stop, step, held.queue)
        return rows.ds, rows.contacts
    first, last = (from_ns(at).to_pydatetime() for at in (start, stop))
    volumes = load_volumes(session, held.queue.name, first, last)
    mine = volumes[volumes["topic"] == held.reason]
    return column_ns(mine["ds"]), mine["offered"].to_numpy(dtype=np.float64)


def _grid(first: int, last: int, held: Held) -> Grid:
    """The queue's own intervals of local days; off the hour where its counts are."""
    queue = held.queue
    grid = Grid.days(first, last, queue.interval, queue.tz)
    counted = held.series.offered.ds
    if len(counted) and queue.interval.slots > 1:
        length = queue.interval.seconds * SECOND
        grid = Grid.of(grid.ds + (int(counted[0]) - int(grid.ds[0])) % length, queue.interval, queue.tz)
    return grid
