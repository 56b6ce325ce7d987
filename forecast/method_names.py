"""Names of the methods, for who lists them without loading them: `catalogue.py` makes a Model of a name."""

from __future__ import annotations

BARS = ("seasonal_naive", "mean8", "mean8_open", "median8")  # N-week averages, as planning tools offer them
NAMES = (
    "seasonal_naive",
    "mean8",
    "mean8_open",
    "median8",
    "ets",
    "dhr",
    "boosted",
    "level_profile",
    "year_profile",
    "prophet",
    "champion",
)
