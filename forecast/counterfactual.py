"""What would have come without a change: the forecast as known then, corrected by how other reasons came out.

    day series as known then ─► expected from day s on ─┐
    other reasons, the same ────────────────────────────┴─► log(came / expected) of the reason, less that of the others

A forecast misses what nobody foresaw (a cold month, a price rise, fewer customers); the other reasons, forecast by the same
methods from the same snapshot, miss it too. Their own ratio of came to expected is taken off: a synthetic control on
forecast errors. The weights are convex, as in Abadie, Diamond & Hainmueller (2010), J. Am. Stat. Assoc. 105:493-505, and are
those of inverse variance; the weighted median is taken, so that one reason with a storm, or a fix of its own, decides
nothing. The counterfactual as a forecast from before the change: Brodersen, Gallusser, Koehler, Remy & Scott (2015), Ann.
Appl. Stat. 9:247-274.

The same is done as if the change had been on days before it, when nothing was changed: placebos in time (Abadie, Diamond &
Hainmueller 2015, Am. J. Polit. Sci. 59:495-510). What they are off by is what the interval is made of (`placebos.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start, local_day
from forecast.errors import NotEnoughHistory
from forecast.models.base import RateModel
from forecast.models.day_series import day_archive
from forecast.models.year_profile import YearProfile
from forecast.placebos import WEEK, Placebos, Track
from forecast.vintage import Snapshot

METHOD: RateModel = YearProfile()  # of the long run's methods the one with the longest memory
LEAST_TAUGHT = 21  # days before the first placebo: each weekday three times
LEAST_BLOCKS = 4  # placebo spans that do not overlap
PLACEBO_DAYS = 420  # before the change, at most
DENSE_DAYS = 182  # placebos are a week apart in a shorter past, two weeks in a longer one
REFIT = 4  # placebos that share a fit
MOST_CONTROLS = 8  # the largest ones
LEAST_CONTROL = 3.0  # contacts a day
WILDEST_CONTROL = 3.0  # times the reason's own error
STOPPED = 0.25  # of the days before the change without a contact: the reason has stopped, it is not closed
STOPPED_SINCE = 0.5  # of the days since: fewer of them, so that a holiday is a larger share


def placebos(
    then: Snapshot, now: Snapshot, target: Sequence[str], controls: Mapping[str, Sequence[str]], *, last: int
) -> Placebos:
    """Tracks of a reason (its series) and of the others, from the first whole day after `then` to local day `last`.

    NotEnoughHistory where too few weeks lie before the change.
    """
    first = first_day(then, target[0])
    parts = _parts(then, now, target)
    own = _track(parts, _origins(parts, first), first, last)
    if own is None:
        weeks = LEAST_TAUGHT // WEEK + LEAST_BLOCKS
        raise NotEnoughHistory(
            f"There are fewer than {weeks} weeks of contacts before the change.",
            remedy="Load earlier contacts, or ask about a later change.",
            field="since",
        )
    origins, begin, track = own
    held = {reason: _parts(then, now, names) for reason, names in controls.items()}
    others = {reason: _track(parts, origins, first, last) for reason, parts in held.items()}
    same = {reason: each[2] for reason, each in others.items() if each is not None}
    return _chosen(first - origins, origins - begin, track, same)


def first_day(then: Snapshot, name: str) -> int:
    """The first whole local day after the snapshot."""
    tz = then.series(name).tz
    day = local_day(then.cutoff, tz)
    return day if int(day_start([day], tz)[0]) == then.cutoff else day + 1


def last_day(now: Snapshot, names: Sequence[str]) -> int:
    """The last local day of which the contacts of all these series are known as a whole."""
    return min(_last_whole(now, name) for name in names)


def _chosen(before: Ns, taught: Ns, own: Track, others: Mapping[str, Track]) -> Placebos:
    """The controls worth comparing with, weighted by how little they stray themselves."""
    span = min(2 * WEEK, own.came.shape[1])
    over = before >= span

    def mean_square(track: Track) -> float:
        return float((track.off(0, span)[over] ** 2).mean())

    usual = {
        reason: mean_square(track) for reason, track in others.items() if len(track.came) == len(own.came)
    }
    size = {reason: float(others[reason].expected[-1].mean()) for reason in usual}
    most = WILDEST_CONTROL**2 * mean_square(own)
    fit = [
        reason
        for reason, error in usual.items()
        if error <= most and size[reason] >= LEAST_CONTROL and not np.isnan(others[reason].came[-1]).all()
    ]
    kept = sorted(fit, key=lambda reason: (-size[reason], reason))[:MOST_CONTROLS]
    weights = np.array([1 / max(usual[reason], 1e-6) for reason in kept])
    weights = weights / max(weights.sum(), 1e-9)
    return Placebos(before, taught, own, {reason: others[reason] for reason in kept}, weights)


@dataclass(frozen=True)
class _Part:
    """One series by day: as known at the change, and as known now; ends: the last whole day known then, and now."""

    then: Snapshot
    now: Snapshot
    name: str
    ends: tuple[int, int]

    @property
    def taught_from(self) -> int:
        return self.then.history(self.name).first_day

    def came(self, days: Ns, *, since: bool) -> Floats:
        """float[n] contacts on local days[n], as known at the change or since; NaN where unknown, or closed."""
        snapshot = self.now if since else self.then
        series, history = snapshot.series(self.name), snapshot.history(self.name)
        y = series.offered.on(day_start(days, series.tz))
        begin, stop = history.first_day, self.ends[since]
        inside = (days >= begin) & (days <= stop)
        y = np.where(inside & np.isnan(y) & series.absent_is_zero, 0.0, np.where(inside, y, np.nan))
        place = np.clip(np.searchsorted(history.grid.day, days), 0, len(history.grid) - 1)
        closed = (history.grid.day[place] == days) & ~history.open[place] & (y == 0)
        works = days[inside][np.isin((days[inside] + 3) % 7, (history.grid.day[history.open] + 3) % 7)]
        share = STOPPED_SINCE if since else STOPPED
        stopped = closed[np.isin(days, works)].sum() > share * max(len(works), 1)
        return y if stopped else np.where(closed, np.nan, y)

    def expected(self, origins: Ns, ahead: int) -> Floats:
        """float[origins, ahead]: what was expected from each day on, as known when it began."""
        tz = self.then.series(self.name).tz
        found = np.zeros((len(origins), ahead))
        for at, origin in enumerate(origins.tolist()):
            cutoff = min(int(day_start([origin], tz)[0]), self.then.cutoff)
            history = self.then.at(cutoff).history(self.name)
            if at % REFIT == 0 or at == len(origins) - 1:
                fit = METHOD.fit(history)
            found[at] = fit.rate(history, Grid.days(origin, origin + ahead - 1, Interval.DAY, tz))
        return found


def _parts(then: Snapshot, now: Snapshot, names: Sequence[str]) -> list[_Part]:
    """Those of the series that had a row by then."""
    held = [name for name in names if len(then.series(name).offered)]
    return [
        _Part(
            _by_day(then, name), _by_day(now, name), name, (_last_whole(then, name), _last_whole(now, name))
        )
        for name in held
    ]


def _by_day(snapshot: Snapshot, name: str) -> Snapshot:
    return day_archive(snapshot.history(name)).at(snapshot.cutoff)


def _begin(parts: Sequence[_Part], first: int) -> int:
    """The first day on which all of several series had contacts."""
    return max((part.taught_from for part in parts), default=first)


def _origins(parts: Sequence[_Part], first: int) -> Ns:
    """The days from which a reason is followed, the change last; the change alone where too little lies before it."""
    past = max(0, min(PLACEBO_DAYS, first - _begin(parts, first) - LEAST_TAUGHT))
    step = WEEK if past <= DENSE_DAYS else 2 * WEEK
    return first - step * np.arange(past // step, -1, -1)


def _track(parts: Sequence[_Part], origins: Ns, first: int, last: int) -> tuple[Ns, int, Track] | None:
    """Origins, the first day of contacts, and the sum of several series from each of these days on.

    None where there are fewer than `LEAST_BLOCKS` placebos, or the first has too little before it.
    """
    begin = _begin(parts, first)
    if first - origins[0] < LEAST_BLOCKS * WEEK or origins[0] - begin < LEAST_TAUGHT:
        return None
    ahead = last - first + 1
    total, came = np.zeros((len(origins), ahead)), np.zeros((len(origins), ahead))
    try:
        for part in parts:
            rate = part.expected(origins, ahead)
            total += rate
            came += _laid_out(part, rate, origins, first)
    except NotEnoughHistory:
        return None
    return origins, begin, Track(total, came)


def _laid_out(part: _Part, rate: Floats, origins: Ns, first: int) -> Floats:
    """What came on the days of each origin: before the change as known at it, and since as known now."""
    ahead = rate.shape[1]
    days = np.arange(origins[0], first + ahead)
    known = np.where(days < first, part.came(days, since=False), np.nan)
    place = (origins - origins[0])[:, None] + np.arange(ahead)
    came = known[place]
    came[-1] = part.came(days[place[-1]], since=True)
    return np.asarray(np.where(rate > 0, came, np.nan_to_num(came)))


def _last_whole(snapshot: Snapshot, name: str) -> int:
    """The last local day with a row; of a series by interval the one before, as the last may not be over.

    A queue that is over had no contact until yesterday; one whose contacts went to others has none of its own since.
    """
    series = snapshot.series(name)
    span = series.offered if series.span is None else series.span
    last = local_day(int(span.ds.max()), series.tz) - (series.interval.slots > 1)
    if series.ends is not None and series.ends <= last + 1:
        return series.ends - 1
    return local_day(snapshot.cutoff, series.tz) - 1 if snapshot.history(name).dead else last
