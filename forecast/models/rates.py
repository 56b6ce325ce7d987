"""The rate models by name. A new method is one file in this folder and one line here."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from forecast.errors import NotFound
from forecast.models.base import RateModel
from forecast.models.level_profile import LevelProfile
from forecast.models.naive import Mean8, Mean8Open, Median8, SeasonalNaive
from forecast.models.year_profile import YearProfile


def _dhr() -> RateModel:
    from forecast.models.dhr import Dhr

    return Dhr()


def _ets() -> RateModel:
    from forecast.models.ets import Ets

    return Ets()


def _boosted() -> RateModel:
    from forecast.models.boosted import Boosted

    return Boosted()


def _prophet() -> RateModel:
    from forecast.models.prophet_rate import ProphetRate

    return ProphetRate()


# statsmodels, lightgbm and prophet take long to import, so their lines are functions
RATES: dict[str, Callable[[], RateModel]] = {
    "seasonal_naive": SeasonalNaive,
    "mean8": Mean8,
    "mean8_open": Mean8Open,
    "median8": Median8,
    "ets": _ets,
    "dhr": _dhr,
    "boosted": _boosted,
    "level_profile": LevelProfile,
    "year_profile": YearProfile,
    "prophet": _prophet,
}


def rates(names: Sequence[str]) -> tuple[RateModel, ...]:
    """The rate models of the given names; NotFound with the nearest ones for a name that does not exist."""
    for name in names:
        if name not in RATES:
            near = difflib.get_close_matches(name, RATES, n=3) or RATES
            raise NotFound(
                f"There is no method {name!r}.", remedy=f"Known are {', '.join(near)}.", field="models"
            )
    return tuple(RATES[name]() for name in names)
