"""Forecasts made elsewhere against ours, computed from the store. It brings the models; `comparison.py` keeps what is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast import catalogue, selection
from forecast.arrays import Ns
from forecast.buckets import Grid, column_ns, from_ns, to_ns
from forecast.comparison import PUBLISHED, Compared, Said, Tally, Week, finish, hindcast, left_out, score
from forecast.models.base import Model
from forecast.their_weeks import Unit, Versions, not_come, units
from forecast.vintage import Archive, Series
from store.facts import open_archive
from store.forecasts import load_forecast
from store.other_forecasts import load_other_forecasts
from store.queues import require_queues
from store.settings import Settings

NO_CONTACTS = "no contacts of this queue are held"
LATE = "{count:,} intervals have no forecast that was made before they began; they are left out."
EARLIER = "Of each week the last forecast made before it began is compared; {count:,} earlier one(s) are not."
Progress = Callable[[int, int, str], None]


def compare(
    session: Session,
    settings: Settings,
    *,
    now: dt.datetime,
    queues: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[Compared]:
    """Per queue that another forecast is held of: theirs against ours. NotFound for an unknown queue."""
    if queues is not None:
        require_queues(session, list(queues))
    theirs = load_other_forecasts(session, queues)
    found: list[Compared] = []
    names = list(dict.fromkeys(theirs["queue"]))
    for at, name in enumerate(names, start=1):
        found.append(_queue(session, settings, name, theirs[theirs["queue"] == name], to_ns(now)))
        if progress is not None:
            progress(at, len(names), name)
    return found


def _queue(session: Session, settings: Settings, name: str, rows: pd.DataFrame, now: int) -> Compared:
    archive = open_archive(session, settings, [name], corrected=False)  # theirs is of what is offered
    series = archive.series.get(name)
    versions = Versions(
        column_ns(rows["ds"]),
        rows["offered"].to_numpy(dtype=np.float64),
        rows["aht_seconds"].to_numpy(dtype=np.float64),
        column_ns(rows["known_at"]),
    )
    tz = settings.company.timezone if series is None else series.tz
    theirs, late = units(versions, tz)
    interval = str(theirs[0].interval) if theirs else ""
    notes = [LATE.format(count=late)] if late else []
    used = {unit.made_at for unit in theirs}
    if earlier := len(set(versions.made_at.tolist()) - used):
        notes.append(EARLIER.format(count=earlier))
    tally, weeks = Tally(), []
    said = _Said(session, settings, archive, name, theirs)
    for unit in theirs:
        weeks.append(left_out(unit, NO_CONTACTS) if series is None else _week(tally, series, unit, said, now))
    return finish(name, tally, weeks, interval, notes, seed=settings.models.seed)


def _week(tally: Tally, series: Series, unit: Unit, said: _Said, now: int) -> Week:
    why = not_come(series, unit, now)
    if why:
        return left_out(unit, why)
    found = said.of(unit)
    return left_out(unit, found) if isinstance(found, str) else score(tally, series, unit, found)


class _Said:
    """What we said, or would have said, at the moments of their forecasts of one queue; each hindcast is made once."""

    def __init__(
        self, session: Session, settings: Settings, archive: Archive, name: str, theirs: Sequence[Unit]
    ) -> None:
        self._session, self._settings, self._archive, self._name = session, settings, archive, name
        self._model = _production(settings)
        self._last: dict[int, int] = {}
        self._made: dict[int, Said | str] = {}
        series = archive.series.get(name)
        for unit in theirs if series is not None else ():
            last = int(unit.days(series.tz)[-1]) if series is not None else 0
            self._last[unit.made_at] = max(last, self._last.get(unit.made_at, last))

    def of(self, unit: Unit) -> Said | str:
        """Our forecast as of the unit's moment: what was published then, if it held all of it; else a hindcast; or why none."""
        held = self._published(unit)
        if held is not None:
            return held
        if unit.made_at not in self._made:
            models = self._settings.models
            self._made[unit.made_at] = hindcast(
                self._archive,
                self._model,
                self._name,
                made_at=unit.made_at,
                last_day=self._last[unit.made_at],
                draws=models.draws,
                seed=models.seed,
            )
        return self._made[unit.made_at]

    def _published(self, unit: Unit) -> Said | None:
        series = self._archive.series[self._name]
        days = unit.days(series.tz)
        grid = Grid.days(int(days[0]), int(days[-1]), series.interval, series.tz)
        wanted: Ns = grid.ds[np.isin(grid.day, days) & (grid.ds >= unit.made_at)]
        if len(wanted) == 0:
            return None
        rows = load_forecast(
            self._session,
            series=[self._name],
            start=from_ns(int(wanted[0])).to_pydatetime(),
            end=from_ns(int(wanted[-1]) + 1000).to_pydatetime(),
            as_of=from_ns(unit.made_at).to_pydatetime(),
            costs=True,
        )
        ds = column_ns(rows["ds"])
        if not np.isin(wanted, ds).all():
            return None
        median, mean, aht = (rows[name].to_numpy(dtype=np.float64) for name in ("0.5", "mean", "aht"))
        return Said(PUBLISHED, ds, median, mean, aht)


def _production(settings: Settings) -> Model:
    """What the published forecast is made with."""
    named = settings.models.champion
    return selection.champion(settings.models.candidates) if named == "champion" else catalogue.model(named)
