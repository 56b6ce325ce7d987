"""What a forecast stands on, in a planner's words, and what it is made of, in parts that add up (`parts.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import Grid, from_ns
from forecast.models.base import FittedModel, Leads, Paths, RateModel
from forecast.models.dressed import FittedDressed
from forecast.models.driver_effects import driver_effects
from forecast.models.hindcasts import Hindcasts, hindcast
from forecast.models.naive import SeasonalNaive
from forecast.models.noise import A_YEAR
from forecast.models.past import NOISE_DAYS, past_of
from forecast.models.special_days import special_days
from forecast.models.split import FittedSplit
from forecast.parts import PARTS, Facts, Heard, Parts
from forecast.social.bursts import burst_of
from forecast.vintage import History, Signal, Snapshot

WEEK = 7
LEAST_ORIGINS = 7
SPECIAL_DAY, DRIVERS = PARTS.index("special_day"), PARTS.index("drivers")
FELT = 0.05  # contacts in a bucket: what a special day or a driver must move to be named
STANDS_OUT = 2.0  # standard deviations
WEIGHTY = 0.1  # of what the weightiest signal brings, for another one to be named


class Explained(NamedTuple):
    """Paths of one series, the parts of their mean (None where its method cannot tell), and what the parts are about."""

    paths: Paths
    parts: Parts | None
    facts: Facts


def explained(
    fitted: FittedModel, snapshot: Snapshot, name: str, leads: Leads, *, draws: int, seed: int
) -> Explained:
    """A series' paths, to the bit as `predict` draws them, with the parts of their mean.

    snapshot: of that series alone
    """
    whole = fitted.wholes.get(name) if isinstance(fitted, FittedSplit) else fitted
    if not isinstance(whole, FittedDressed):
        return Explained(fitted.predict(snapshot, leads, draws=draws, seed=seed), None, Facts())
    made = whole.explain(snapshot, name, leads, draws=draws, seed=seed)
    history = snapshot.history(name)
    days = _special(history, leads.grid, made.parts)
    felt = np.abs(made.parts[:, DRIVERS]).max(initial=0.0) > FELT
    facts = Facts(_heard(snapshot, made.social), days, _drivers(history) if felt else ())
    return Explained(made.paths, Parts(leads.grid, made.parts), facts)


def _special(history: History, grid: Grid, parts: Floats) -> dict[str, str]:
    """ISO date -> kind and name of the special days that move the forecast."""
    days = np.unique(grid.day[np.abs(parts[:, SPECIAL_DAY]) > FELT])
    found = zip(days.astype("datetime64[D]"), special_days(history).kinds(days), strict=True)
    return {str(date): kind.key for date, kind in found if kind.key}


def _drivers(history: History) -> tuple[str, ...]:
    """The drivers known to do something, as the planner named them."""
    effects = driver_effects(history)
    names = [*(pulse.name for pulse in effects.pulses), *(stock.name for stock in effects.stocks)]
    names += [period.name for period in effects.periods if period.effect]
    return tuple(dict.fromkeys(name.split("@")[0].removesuffix(" (period)") for name in names))


def _heard(snapshot: Snapshot, social: Mapping[str, float]) -> tuple[Heard, ...]:
    """The signals that bring something, the weightiest first, and since when more is said than is usual."""
    most = max((abs(contacts) for contacts in social.values()), default=0.0)
    weighty = [name for name, contacts in social.items() if abs(contacts) >= max(WEIGHTY * most, FELT)]
    order = sorted(weighty, key=lambda name: -abs(social[name]))
    return tuple(_since(snapshot.signal(name), social[name], snapshot.cutoff) for name in order)


def _since(signal: Signal, contacts: float, now: int) -> Heard:
    """Since when more is said than is usual: the onset of a burst, or of the buckets in a row that stand out by now."""
    told = Heard(signal.name, contacts=round(contacts, 1))
    if signal.kind != "count" or contacts <= 0:
        return told
    passed = burst_of(signal.values, interval=signal.interval, tz=signal.tz, until=now)
    count = len(passed.grid)
    if count and passed.going_on[-1]:
        return replace(
            told, since=from_ns(int(passed.onset[-1])).isoformat(), beyond=round(float(passed.size[-1]), 1)
        )
    out = np.flatnonzero(~(passed.deviation >= STANDS_OUT))
    first = int(out[-1]) + 1 if len(out) else 0
    if first == count:
        return told
    beyond = float((passed.value - passed.expected)[first:].sum())
    return replace(told, since=from_ns(int(passed.grid.ds[first])).isoformat(), beyond=round(beyond, 1))


def young_history(snapshot: Snapshot, name: str, members: Sequence[RateModel]) -> str:
    """One sentence on a history that has not seen a whole year yet, '' on one that has.

    members: the methods the forecast is combined from; how much better they did than last week's copy is read off the
    forecasts they would have made on the last days, one to seven days ahead
    """
    history = snapshot.history(name)
    days = history.today - history.first_day
    if days >= A_YEAR:
        return ""
    span = f"{days // WEEK} weeks" if days < 13 * WEEK else f"{round(days / 30.44)} months"
    start = f"{name}: {span} of history: no year pattern yet, and wider bands"
    past = past_of(tuple(members), snapshot, name, NOISE_DAYS).hindcasts
    copy = hindcast(SeasonalNaive(), snapshot, name, days=NOISE_DAYS)
    shared = np.intersect1d(past.origins, copy.origins)
    if len(shared) < LEAST_ORIGINS:
        return f"{start}; too short to compare with last week's copy."
    gain = 1 - _loss(past.at(shared)) / max(_loss(copy.at(shared)), 1e-9)
    verdict = (
        f"better than last week's copy by {100 * gain:.0f} %"
        if gain >= 0.005
        else "no better than last week's copy"
    )
    return f"{start}; {verdict} over the last {int(shared[-1] - shared[0]) + 1} days."


def _loss(past: Hindcasts) -> float:
    """Sum of absolute errors one to seven days ahead."""
    scored = past.scored[:, :WEEK]
    return float(
        np.abs(np.where(scored, past.rate[:, :WEEK] - np.nan_to_num(past.came[:, :WEEK]), 0.0)).sum()
    )
