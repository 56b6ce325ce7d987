"""One queue looked ahead so that something may be supposed of it: its futures, and the model asked again.

The model is fitted once. What a scenario changes is known ahead (a driver's amounts, opening hours), and what the past
taught of such things does not change with it: so the same lessons, the same seed and the same draws are asked of an
archive in which the future is another. Only the rows where that future differs come out differently.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import Grid
from forecast.days import Calendar, Exceptions, Spans
from forecast.drivers import Driver
from forecast.errors import NotEnoughHistory
from forecast.models.base import Leads, Model, bands
from forecast.models.dressed import FittedDressed, draw, nights_before
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.expected import Expected, Learnt
from forecast.models.noise import Noise
from forecast.models.signal_effect import features_at, intensity
from forecast.models.special_days import SpecialDays
from forecast.models.split import FittedSplit
from forecast.scenario_paths import Future
from forecast.vintage import Archive, History, Snapshot


@dataclass(frozen=True)
class Look:
    """One queue, what was learnt of it, and the buckets looked at. archive: of that queue alone."""

    archive: Archive
    name: str
    leads: Leads
    fitted: FittedDressed
    draws: int
    seed: int

    @property
    def snapshot(self) -> Snapshot:
        return self.archive.at(self.leads.cutoff).only(self.name)

    @property
    def history(self) -> History:
        return self.snapshot.history(self.name)

    @property
    def learnt(self) -> Learnt:
        return self.fitted.learnt[self.name]

    @property
    def effects(self) -> DriverEffects:
        """What its drivers do, as learnt from what is known now."""
        return driver_effects(self.history)

    def days(self) -> tuple[int, int]:
        """First and last local day looked at."""
        return int(self.leads.grid.day[0]), int(self.leads.grid.day[-1])


class Uncounted(Noise):
    """The noise whose counts are not drawn: what comes out is the intensity they would be drawn around."""

    def counts(self, mean: Floats, rng: np.random.Generator) -> Floats:
        """The mean with its gamma factor, by the same draws as that of the counts."""
        gamma = self.slot.gamma
        return mean * rng.gamma(1 / gamma, gamma, size=mean.shape) if gamma > 1e-4 else mean


def look(archive: Archive, name: str, model: Model, leads: Leads, *, draws: int, seed: int) -> Look:
    """Fit the model on what is known at the leads' cutoff. NotEnoughHistory where that is too little."""
    fitted = model.fit(archive.at(leads.cutoff).only(name))
    whole = fitted.wholes.get(name) if isinstance(fitted, FittedSplit) else fitted
    if not isinstance(whole, FittedDressed):
        raise NotEnoughHistory(f"{name}: its method cannot be asked what if.", remedy="Use the champion.")
    return Look(archive, name, leads, whole, draws, seed)


def future(one: Look) -> Future:
    """The futures as the model draws them, to the bit; what came of today already is the same on every path."""
    counts = _drawn(one, one.snapshot, one.learnt, counted=True)
    around = _drawn(one, one.snapshot, one.learnt, counted=False)
    grid, history = one.leads.grid, one.history
    came = np.where(history.open | ~np.isnan(history.y), history.y, 0.0)
    at = np.searchsorted(history.grid.ds, grid.ds)
    held = at < len(history.grid)
    held[held] = history.grid.ds[at[held]] == grid.ds[held]
    held[held] = ~np.isnan(came[at[held]])
    counts[held] = around[held] = came[at[held]][:, None]
    return Future(grid, counts, around, one.leads.cutoff)


def supposed(one: Look, archive: Archive) -> Floats:
    """float[n, draw]: the intensity if the archive were the other one, of whose future alone something differs."""
    snapshot = archive.at(one.leads.cutoff).only(one.name)
    calendar, known = snapshot.history(one.name).calendar, one.history.calendar
    learnt = one.learnt if calendar == known else _on_calendar(one.learnt, known, calendar)
    return _drawn(one, snapshot, learnt, counted=False)


def with_amounts(archive: Archive, key: str, moments: dict[int, float], cutoff: int) -> Archive:
    """The archive with other amounts of a driver at these moments (ns), known at the cutoff."""
    held = archive.drivers[key]
    ds = np.array(sorted(moments), dtype=np.int64)
    value = np.array([moments[int(one)] for one in ds])
    at = np.full(len(ds), cutoff, dtype=np.int64)
    old = held.values
    values = type(old).of(
        np.concatenate([old.ds, ds]),
        np.concatenate([old.value, value]),
        np.concatenate([old.known_at, at]),
    )
    return _other(archive, drivers={**archive.drivers, key: replace(held, values=values)})


def amounts_on(driver: Driver, days: tuple[int, ...], tz: str, cutoff: int) -> dict[int, dict[int, float]]:
    """Local day -> the moments (ns) on it at which the driver has an amount, with the latest one known."""
    ds, value = driver.until(cutoff).values.latest()
    from forecast.buckets import Interval

    day = Grid.of(ds, Interval.DAY, tz).day
    return {one: dict(zip(ds[day == one].tolist(), value[day == one].tolist(), strict=True)) for one in days}


def with_hours(archive: Archive, name: str, days: tuple[int, ...], spans: Spans) -> Archive:
    """The archive in which the queue has other hours on these days."""
    series = archive.series[name]
    held = series.excepted
    other = Exceptions({**held.spans, **dict.fromkeys(days, spans)}, held.names)
    hours = None if series.hours is None else replace(series.hours, exceptions=other)
    return _other(archive, series={**archive.series, name: replace(series, exceptions=other, hours=hours)})


def _other(archive: Archive, **parts: object) -> Archive:
    """An archive that remembers nothing of the first one's."""
    return replace(archive, **parts, memo={}, recent={})  # type: ignore[arg-type]


def _drawn(one: Look, snapshot: Snapshot, learnt: Learnt, *, counted: bool) -> Floats:
    """float[n, draw] as `FittedDressed.predict` draws it, with or without its last step, the counts."""
    grid, model = one.leads.grid, one.fitted.model
    nights = nights_before(snapshot, one.name, one.leads, plain=model.plain)
    expected = Expected.of(learnt, nights, grid, intraday=model.intraday)
    names = zlib.crc32(one.name.encode()), zlib.crc32(model.name.encode())
    rng = np.random.default_rng([one.seed, *names])
    doubt = _doubt(one, nights[0], expected.rate, rng)
    noise = learnt.noise if counted else Uncounted(learnt.noise.day, learnt.noise.slot)
    told = replace(learnt, noise=noise)
    extra = _announced(one, snapshot, learnt, expected)
    return draw(told, expected, extra, grid, nights[0].opening(grid), one.draws, rng, doubt=doubt)


def _doubt(one: Look, history: History, rate: Floats, rng: np.random.Generator) -> Floats:
    """As `driver_effects.sway`, by the lessons of what is known and the amounts of the history."""
    effects, grid = one.effects, one.leads.grid
    if effects.idle or len(grid) == 0:
        return np.ones((1, 1))
    days, place = np.unique(grid.day, return_inverse=True)
    totals = np.bincount(place, weights=rate).astype(np.float64)
    totals[days == history.today] += np.nansum(history.y[history.grid.day == history.today])
    return effects.seen(history).sway(days, totals, one.draws, rng)[place]


def _announced(one: Look, snapshot: Snapshot, learnt: Learnt, expected: Expected) -> Floats:
    """float[n]: contacts beyond the rate that signals and the latest contacts announce, as the model hears them."""
    total, grid = np.zeros(len(expected.rate)), one.leads.grid
    for signal in dict.fromkeys(used for used, _ in learnt.effects):
        if signal not in snapshot.signals:
            continue
        features, enough = features_at([snapshot.signal(signal)], np.array([snapshot.cutoff]))
        if enough[0]:
            mine = [effect for used, effect in learnt.effects if used == signal]
            heard = np.concatenate([expected.own, features[0]])
            total += intensity(mine, heard, one.leads.seconds, expected.likely, bands(grid.interval))
    return np.maximum(total, -0.7 * expected.likely)


def _on_calendar(learnt: Learnt, known: Calendar, calendar: Calendar) -> Learnt:
    """What was learnt, with its special days on another calendar: a day that opens after all, or does not."""
    fits = tuple(
        replace(fit, special=SpecialDays(calendar, held.works, held.effects))  # type: ignore[type-var]
        if isinstance(held := getattr(fit, "special", None), SpecialDays) and held.calendar == known
        else fit
        for fit in learnt.fits
    )
    special = learnt.special
    if special.calendar == known:
        special = SpecialDays(calendar, special.works, special.effects)
    return replace(learnt, fits=fits, special=special)
