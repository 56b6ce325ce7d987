"""What the mean of a forecast is made of: parts per bucket that add up to it, and the sentence that says them.

    came  what has come in already, of a bucket that is not over
    level  what an open bucket of this queue usually has, the same in all of them
    weekday_and_time  by how much this weekday and time usually differ from that
    season  season, trend and what the latest days showed
    special_day, drivers  what they do here
    intraday  what today has shown so far
    social  what people say in public, where that is proven to help
    adjustment  manual changes (overrides), on top of what was stored
    spread  how far the mean of the drawn futures lies from their expected middle, and rounding

The parts are switched on one after another in this order (sequential attribution), so that they always add up; an
effect that two parts share, such as a letter sent on a holiday, goes to the earlier one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, end, floor, zone

PARTS = (
    "came", "level", "weekday_and_time", "season", "special_day", "drivers",
    "intraday", "social", "adjustment", "spread",
)  # fmt: skip
SPREAD, CAME = PARTS.index("spread"), PARTS.index("came")
DIGITS = 1
MOST_NAMED = 3  # manual changes of one bucket
LANGUAGES = ("en", "nl")
TEXTS: Mapping[str, tuple[str, str]] = {
    "expected": ("{n} contacts expected: ", "{n} contacten verwacht: "),
    "came": ("{n} came in already", "{n} al binnen"),
    "level": ("usual level {n}", "gebruikelijk niveau {n}"),
    "weekday_and_time": ("this weekday and time {n}", "deze weekdag en tijd {n}"),
    "season": ("season and trend {n}", "seizoen en trend {n}"),
    "special_day": ("special day {n}", "bijzondere dag {n}"),
    "drivers": ("drivers {n}", "aandrijvers {n}"),
    "intraday": ("intraday, by today so far, {n}", "dagsturing, door vandaag tot nu toe, {n}"),
    "social": ("social {n}", "social {n}"),
    "adjustment": ("manual adjustment {n}", "handmatige correctie {n}"),
    "spread": ("spread and rounding {n}", "spreiding en afronding {n}"),
    "closed": ("No contacts are expected: the queue is closed.", "Er worden geen contacten verwacht: de wachtrij is gesloten."),
    "few": ("Fewer than 0.1 contacts are expected.", "Er worden minder dan 0,1 contacten verwacht."),
    "since": ("{signal}, more than usual since {moment}", "{signal}, meer dan gebruikelijk sinds {moment}"),
    "posts": ("posts", "berichten"),
    "negative": ("negative posts", "negatieve berichten"),
    "reposts": ("reposts", "gedeelde berichten"),
    "on": ("{signal} on “{topic}”", "{signal} over “{topic}”"),
    "bridge": ("bridge day at {name}", "brugdag bij {name}"),
    "before": ("day before {name}", "dag voor {name}"),
    "after": ("day after {name}", "dag na {name}"),
    "and": (" and ", " en "),
    "by": ("{reason}, by {author}", "{reason}, door {author}"),
    "changed": ("Manual adjustments are {n} of it", "Handmatige correcties zijn {n} ervan"),
    "without": (
        "This forecast was made without its parts; `forecall run predict` makes a new one that has them.",
        "Deze prognose is zonder haar onderdelen gemaakt; `forecall run predict` maakt een nieuwe die ze heeft.",
    ),
    "long_run": (
        "So far ahead the forecast is made by day from day totals, and its parts are not kept.",
        "Zo ver vooruit wordt de prognose per dag uit dagtotalen gemaakt, en haar onderdelen worden niet bewaard.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """A signal that counts. since: the moment (ISO 8601, UTC) from which on more was said than is usual, '' unknown;
    beyond: how much more since; contacts: what it adds over all buckets."""

    signal: str
    since: str = ""
    beyond: float = 0.0
    contacts: float = 0.0


@dataclass(frozen=True)
class Manual:
    """A manual change that reaches a bucket: why, and by whom."""

    reason: str
    author: str


@dataclass(frozen=True)
class Facts:
    """What the parts of one queue's forecast are about.

    social: the signals that count, the weightiest first; special_days: ISO date -> kind and name (`after:Easter Monday`)
    manual: what lies on top of one bucket; not kept with a version
    """

    social: tuple[Heard, ...] = ()
    special_days: Mapping[str, str] = field(default_factory=dict)
    drivers: tuple[str, ...] = ()
    manual: tuple[Manual, ...] = ()

    def row(self) -> dict[str, Any]:
        """As it is kept with the version."""
        return {name: value for name, value in asdict(self).items() if name != "manual"}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Facts:
        """What `row` gave."""
        heard = tuple(Heard(**one) for one in row.get("social", ()))
        return cls(heard, dict(row.get("special_days", {})), tuple(row.get("drivers", ())))


@dataclass(frozen=True)
class Parts:
    """Of each bucket of a grid, the contacts that each part brings: values float[n, len(PARTS)], NaN where unknown."""

    grid: Grid
    values: Floats

    def total(self, interval: Interval) -> Parts:
        """Sums over longer local buckets."""
        starts, place = np.unique(floor(self.grid.ds, interval, self.grid.tz), return_inverse=True)
        sums = np.zeros((len(starts), len(PARTS)))
        np.add.at(sums, place, self.values)
        return Parts(Grid.of(starts, interval, self.grid.tz), sums)

    def with_came(self, grid: Grid, ds: Ns, came: Floats) -> Parts:
        """The same on a grid that may begin earlier; where it is known what came, in the buckets ds[m], that is all.

        came: float[m], NaN unknown. A bucket of which neither that nor a part is known is NaN.
        """
        values = np.full((len(grid), len(PARTS)), np.nan)
        values[np.searchsorted(grid.ds, self.grid.ds)] = self.values
        place = np.searchsorted(grid.ds, ds)
        known = (place < len(grid)) & ~np.isnan(came)
        known[known] = grid.ds[place[known]] == ds[known]
        values[place[known]] = 0.0
        values[place[known], CAME] = came[known]
        return Parts(grid, values)

    def beside(self, length: Interval, ds: Ns, means: Floats) -> Floats:
        """Buckets of a length, their starts ds[n] and stored means [n] -> float[n, len(PARTS)] that add up to these;
        NaN where a bucket does not lie wholly on the grid."""
        found = np.full((len(ds), len(PARTS)), np.nan)
        if len(self.grid) == 0:
            return found
        interval, tz, summed = self.grid.interval, self.grid.tz, self.total(length)
        whole = end(ds, length, tz) <= end(self.grid.ds[-1:], interval, tz)
        place = np.minimum(np.searchsorted(summed.grid.ds, ds), len(summed.grid) - 1)
        rows = np.flatnonzero(whole & (summed.grid.ds[place] == ds))
        found[rows] = adding_up(summed.values[place[rows]], means[rows])
        return found


def adding_up(values: Floats, means: Floats) -> Floats:
    """Parts float[n, len(PARTS)] as they are stored (float32), the spread being what is left of the means [n]."""
    stored = values.astype(np.float32).astype(np.float64)
    stored[:, SPREAD] = 0.0
    stored[:, SPREAD] = means.astype(np.float32) - stored.sum(axis=1)
    return stored


def shown(parts: Mapping[str, float], mean: float, digits: int = DIGITS) -> dict[str, float]:
    """The parts rounded so that they add up to the rounded mean: what rounding leaves goes to the spread."""
    rounded = {name: round(float(parts[name]), digits) + 0.0 for name in PARTS if name != "spread"}
    left = round(round(float(mean), digits) - sum(rounded.values()), digits) + 0.0
    return {**rounded, "spread": left}


def sentence(
    parts: Mapping[str, float],
    mean: float,
    facts: Facts,
    start: dt.datetime,
    *,
    tz: str,
    language: str = "en",
) -> str:
    """`41.2 contacts expected: usual level 24.0, this weekday and time +9.1, social +8.1 (posts on “outage”, ...).`

    start: of the bucket, aware. Parts that round to nothing are left out. A bucket is closed by the opening hours where
    every part is nothing at all: the usual level counts in open buckets only, however few contacts it foresees.
    """
    numbers = shown(parts, mean)
    if not any(numbers.values()):
        closed = mean == 0 and not any(parts[name] for name in PARTS)
        return say("closed" if closed else "few", language)
    said = []
    for name, value in numbers.items():
        if value:
            text = say(name, language, n=number(value, language, sign=name not in ("came", "level")))
            of_what = about(name, facts, start, tz=tz, language=language)
            said.append(f"{text} ({of_what})" if of_what else text)
    return f"{say('expected', language, n=number(mean, language))}{', '.join(said)}."


def say(key: str, language: str, **values: str) -> str:
    """A text in a language."""
    text = TEXTS[key][LANGUAGES.index(language)]
    return text.format(**values) if values else text


def number(value: float, language: str, *, sign: bool = False) -> str:
    """`1,234.5`, in Dutch `1.234,5`."""
    text = f"{value:+,.{DIGITS}f}" if sign else f"{value + 0.0:,.{DIGITS}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "nl" else text


def about(name: str, facts: Facts, start: dt.datetime, *, tz: str, language: str) -> str:
    """What a part is about: the reason and since when, the day's name, the drivers; '' where nothing is known."""
    day = pd.Timestamp(start).tz_convert(zone(tz))
    if name == "social":
        return say("and", language).join(_heard(one, day, tz, language) for one in facts.social[:2])
    if name == "adjustment":
        told = (
            say("by", language, reason=one.reason, author=one.author) for one in facts.manual[:MOST_NAMED]
        )
        return "; ".join(told)
    if name == "special_day":
        return _special(facts.special_days.get(f"{day:%Y-%m-%d}", ""), language)
    return ", ".join(facts.drivers) if name == "drivers" else ""


def _heard(heard: Heard, day: pd.Timestamp, tz: str, language: str) -> str:
    signal = spoken(heard.signal, language)
    if not heard.since:
        return signal
    since = pd.Timestamp(heard.since).tz_convert(zone(tz))
    moment = f"{since:%H:%M}" if since.date() == day.date() else f"{since:%Y-%m-%d %H:%M}"
    return say("since", language, signal=signal, moment=moment)


def spoken(signal: str, language: str) -> str:
    """`posts:outage` -> `posts on “outage”`."""
    kind, _, topic = signal.partition(":")
    name = say(kind, language) if kind in ("posts", "negative", "reposts") else kind
    return say("on", language, signal=name, topic=topic) if topic else name


def _special(kind: str, language: str) -> str:
    """`after:Easter Monday` -> `day after Easter Monday`."""
    side, _, name = kind.partition(":")
    return say(side, language, name=name) if side in ("bridge", "before", "after") else name
