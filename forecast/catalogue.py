"""The catalogue of methods: name -> Model.

Every method is a rate (`models/rates.py`) dressed with the noise of its own past forecasts; the champion is several of
them combined. The naive bars and the peers (ets, prophet) are left as they are used elsewhere: they do not learn from
the day so far.
"""

from __future__ import annotations

from forecast.method_names import BARS, NAMES
from forecast.models.base import Model
from forecast.models.dressed import Dressed, always_open
from forecast.models.rates import RATES, rates
from forecast.selection import champion

LEARNS_TODAY = ("dhr", "level_profile", "boosted")
TAKES_SIGNALS = ("dhr", "prophet")


def model(name: str) -> Model:
    """A method as a Model; NotFound with the nearest names for one that does not exist."""
    if name == "champion":
        return champion()
    gate = always_open if name in TAKES_SIGNALS else None
    return Dressed(name, rates([name]), intraday=name in LEARNS_TODAY, gate=gate, plain=name in BARS)


__all__ = ["BARS", "NAMES", "RATES", "model", "rates"]
