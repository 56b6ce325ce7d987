"""The catalogue of methods: name -> Model. A new method is one file in `models/` and one line here.

Every method is a rate dressed with the noise of its own past forecasts. The naive bars and the peers (ets, prophet)
are left as they are used elsewhere: they do not learn from the day so far.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from forecast.errors import NotFound
from forecast.models.base import Model, RateModel
from forecast.models.dressed import Dressed, always_open
from forecast.models.level_profile import LevelProfile
from forecast.models.naive import Mean8, Mean8Open, Median8, SeasonalNaive


def _dhr() -> RateModel:
    from forecast.models.dhr import Dhr

    return Dhr()


def _ets() -> RateModel:
    from forecast.models.ets import Ets

    return Ets()


def _prophet() -> RateModel:
    from forecast.models.prophet_rate import ProphetRate

    return ProphetRate()


# statsmodels and prophet take seconds to import, so their lines are functions
RATES: dict[str, Callable[[], RateModel]] = {
    "seasonal_naive": SeasonalNaive,
    "mean8": Mean8,
    "mean8_open": Mean8Open,
    "median8": Median8,
    "ets": _ets,
    "dhr": _dhr,
    "level_profile": LevelProfile,
    "prophet": _prophet,
}
BARS = ("seasonal_naive", "mean8", "mean8_open", "median8")
NAMES = (*RATES, "champion")
LEARNS_TODAY = ("dhr", "level_profile")
TAKES_SIGNALS = ("dhr", "prophet")


def rates(names: Sequence[str]) -> tuple[RateModel, ...]:
    """The rate models of the given names."""
    return tuple(_named(name)() for name in names)


def model(name: str) -> Model:
    """A single method as a Model; NotFound with the nearest names for one that does not exist."""
    if name == "champion":
        from forecast.selection import champion

        return champion()
    gate = always_open if name in TAKES_SIGNALS else None
    return Dressed(name, rates([name]), intraday=name in LEARNS_TODAY, gate=gate)


def _named(name: str) -> Callable[[], RateModel]:
    if name not in RATES:
        near = difflib.get_close_matches(name, NAMES, n=3) or NAMES
        raise NotFound(
            f"There is no method {name!r}.", remedy=f"Known are {', '.join(near)}.", field="models"
        )
    return RATES[name]
