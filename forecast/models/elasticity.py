"""How a queue's level goes along with a stock: customers, contracts, bookings.

Two slow series nearly always seem related, so an elasticity is believed only where steps of the level follow steps of
the stock: no effect is held against one about proportional, and stands until it is much the less likely of the two.

Granger & Newbold (1974), Spurious regressions in econometrics, J. Econometrics 2:111-120 (why steps, not levels);
Kass & Raftery (1995), Bayes factors, JASA 90:773-795.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forecast.arrays import Floats, Ns

BLOCK_DAYS, LEAST_BLOCKS = 28, 6
SUPPORT = 0.1  # probability of an effect before any step is seen; 1 - SUPPORT where the planner assumes one
BELIEVED = 0.9  # a smaller probability of an effect is none
SPREAD = 0.3  # of an elasticity about 1, or about what the planner assumes
# a level's usual step from block to block on its own, and the number of steps that this is worth
USUAL_STEP, PRIOR_STEPS = 0.05, 4.0


class Elasticity(NamedTuple):
    """Per cent of the level for a per cent of the stock, and the standard deviation of that."""

    value: float
    spread: float


def elasticity(days: Ns, level: Floats, amounts: Floats, assumed: float | None = None) -> Elasticity:
    """Local days[n] with their totals but for the special days [n] and a stock's amounts [n] -> Elasticity."""
    asked, support = (1.0, SUPPORT) if assumed is None else (assumed, 1 - SUPPORT)
    block = (days[-1] - days) // BLOCK_DAYS
    count = np.bincount(block)
    full = count >= BLOCK_DAYS // 3
    means = [np.bincount(block, weights=values) / np.maximum(count, 1) for values in (level, amounts)]
    steps = [np.diff(np.log(np.maximum(mean[full], 1e-9))) for mean in means]
    size = float(steps[1] @ steps[1])
    if len(steps[0]) < LEAST_BLOCKS - 1 or size < 1e-9:
        return Elasticity(0.0, 0.0) if assumed is None else Elasticity(assumed, SPREAD)
    slope = float(steps[0] @ steps[1]) / size
    left = steps[0] - slope * steps[1]
    freedom = len(left) - 1 + PRIOR_STEPS
    noise = (float(left @ left) + PRIOR_STEPS * USUAL_STEP**2) / freedom / size
    wide = SPREAD**2 + noise
    news = 0.5 * (slope**2 / noise - (slope - asked) ** 2 / wide + np.log(noise / wide))
    odds = support / (1 - support) * float(np.exp(np.clip(news, -50, 50)))
    share = odds / (1 + odds)
    if share < BELIEVED:
        return Elasticity(0.0, 0.0)
    found = (slope * SPREAD**2 + asked * noise) / wide
    variance = share * SPREAD**2 * noise / wide + share * (1 - share) * found**2
    return Elasticity(share * found, float(np.sqrt(variance)))
