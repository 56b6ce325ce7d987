"""What a forecast stands on, in a planner's words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.models.base import RateModel
from forecast.models.hindcasts import Hindcasts, hindcast
from forecast.models.naive import SeasonalNaive
from forecast.models.noise import A_YEAR
from forecast.models.past import NOISE_DAYS, past_of
from forecast.vintage import Snapshot

WEEK = 7
LEAST_ORIGINS = 7


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
