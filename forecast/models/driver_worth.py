"""What a driver is worth, in numbers and in a planner's words: an assumption is called one until waves are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats

NINE_IN_TEN = 1.645  # standard deviations either side
FELT = 0.9  # of a unit's contacts come within the working days named


@dataclass(frozen=True)
class PulseWorth:
    """Contacts per so many units of a pulse, with nine chances in ten between low and high.

    days:  working days over which most of them come
    seen:  waves, or weeks where it comes every day; likely: probability that it does anything
    assumed: contacts per so many units by the planner, None where nothing is assumed
    """

    name: str
    units: int
    contacts: float
    low: float
    high: float
    days: int
    seen: int
    weekly: bool
    likely: float
    assumed: float | None

    @classmethod
    def of(
        cls, name: str, size: float, lags: Floats, spread: float, *, seen: int, weekly: bool, likely: float,
        assumed: float | None,
    ) -> PulseWorth:  # fmt: skip
        """lags float[lags]: contacts per unit by working day; spread: of their sum; size: of a large wave."""
        units = 10 ** int(np.clip(np.log10(size), 0, 3))
        total = float(lags.sum())
        came = np.cumsum(lags) / total if total else np.ones(len(lags))
        days = int(np.argmax(came >= FELT)) - int(np.argmax(came >= (1 - FELT) / 2)) + 1
        low, high = total - NINE_IN_TEN * spread, total + NINE_IN_TEN * spread
        said = None if assumed is None else units * assumed
        return cls(
            name, units, units * total, units * low, units * high, max(days, 1), seen, weekly, likely, said
        )

    def sentence(self, contacts: str) -> str:
        """`1,000 letters are worth 31 calls (24 to 38) over 5 working days, from 3 waves.`"""
        seen = _count(self.seen, "week" if self.weekly else "wave")
        if self.assumed is None and self.likely < 0.5:
            return f"{self.name}: {seen} moved no {contacts} that can be told from chance."
        text = (
            f"{self.units:,} {self.name} are worth {_number(self.contacts)} {contacts}"
            f" ({_number(self.low)} to {_number(self.high)}) over {_count(self.days, 'working day')}"
        )
        if self.assumed is None:
            return f"{text}, from {seen}."
        if self.seen == 0:
            return f"{text}, as you assumed; no wave seen yet."
        return f"{text}, from {seen} and the {_number(self.assumed)} that you assumed."


@dataclass(frozen=True)
class StockWorth:
    """Per cent of the level for a per cent of a stock, with its standard deviation; assumed: a planner has a say in it."""

    name: str
    elasticity: float
    spread: float
    assumed: bool

    def sentence(self, contacts: str) -> str:
        """`10 % more customers are worth 9.6 % more calls (6.1 to 13 %), by history.`"""
        if self.elasticity == 0:
            return f"{self.name}: nothing in the history says that {contacts} go along with them."
        middle, aside = 10 * self.elasticity, 10 * NINE_IN_TEN * self.spread
        span = f"{_number(middle - aside)} to {_number(middle + aside)} %"
        told = "by history and your assumption" if self.assumed else "by history"
        return f"10 % more {self.name} are worth {_number(middle)} % more {contacts} ({span}), {told}."


@dataclass(frozen=True)
class PeriodWorth:
    """By how much a period moves the level while it lasts (log), with its standard deviation; seen: stretches in the past."""

    name: str
    effect: float
    spread: float
    seen: int
    likely: float

    @property
    def percent(self) -> float:
        """Per cent more contacts in the period, negative for fewer."""
        return 100 * float(np.expm1(self.effect))

    def sentence(self, contacts: str) -> str:
        """`school holidays: 18 % fewer calls (12 to 23 %), from 2 periods.`"""
        seen = _count(self.seen, "period")
        if self.effect == 0:
            return f"{self.name}: {seen} moved no {contacts} that can be told from chance."
        ends = sorted(100 * np.expm1(self.effect + side * NINE_IN_TEN * self.spread) for side in (-1, 1))
        word = "more" if self.effect > 0 else "fewer"
        low, high = sorted(abs(end) for end in ends) if np.prod(ends) > 0 else ends
        return f"{self.name}: {abs(self.percent):.0f} % {word} {contacts} ({low:.0f} to {high:.0f} %), from {seen}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
