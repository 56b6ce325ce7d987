"""How wide the band of a sum of hours is, where the hours are uncertain together.

With a shared variance c and an own variance v per hour a sum of n hours has n*n*c + n*v, the widths of its hours add up to
n * sqrt(c + v), and c / (c + v) is what is shared.
"""

from __future__ import annotations

import numpy as np


def together(shared: float, hours: int) -> float:
    """The width of the band of a sum of hours as a share of the sum of their widths. shared: of their variance, 0 to 1."""
    return float(np.sqrt(shared + (1 - shared) / hours))


def shared(whole: float, widths: float, hours: int) -> float:
    """The share of variance that hours have in common. whole: width of the band of their sum; 1 where that is unknown.

    widths: the sum of the hours' own; all in the same unit
    """
    if hours < 2 or not widths > 0 or np.isnan(whole):
        return 1.0
    least = 1 / hours
    return float(np.clip(((whole / widths) ** 2 - least) / (1 - least), 0.0, 1.0))
