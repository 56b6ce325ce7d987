"""How long after a cause its effect comes: mixtures of gamma delays, and the links that use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FORBID = {"extra": "forbid"}


@dataclass(frozen=True)
class Delay:
    """A gamma delay, one part of a kernel."""

    __pydantic_config__ = FORBID
    weight: float
    mean_minutes: float
    sd_minutes: float


def delay_weights(kernel: tuple[Delay, ...], step_minutes: float) -> Floats:
    """A mixture of gamma delays -> [k] its share in each step, from 0 on; sums to 1. Densities on 20 points a step."""
    reach = max(part.mean_minutes + 6 * part.sd_minutes for part in kernel)
    steps = int(reach / step_minutes) + 1
    minutes = (np.arange(steps * 20) + 0.5) * step_minutes / 20
    share = np.zeros(len(minutes))
    for part in kernel:
        scale = part.sd_minutes**2 / part.mean_minutes
        log = (part.mean_minutes / scale - 1) * np.log(minutes) - minutes / scale
        density = np.exp(log - log.max())
        share += part.weight * density / density.sum()
    folded: Floats = share.reshape(steps, 20).sum(axis=1)
    return np.asarray(folded / folded.sum(), dtype=np.float64)


@dataclass(frozen=True)
class Link:
    """What ties the posts on a topic to a queue: the planted truth."""

    __pydantic_config__ = FORBID
    queue: str
    topic: str
    regime: Literal["leads", "lags", "unrelated", "common"]
    kernel: tuple[Delay, ...] = ()
    strength: float = 0.0

    @property
    def lag_minutes(self) -> float:
        """Mean head start of the posts in minutes: above 0 they lead, below 0 they lag."""
        mean = sum(part.weight * part.mean_minutes for part in self.kernel)
        return -mean if self.regime == "lags" else mean

    def weights(self, step_minutes: float) -> Floats:
        """-> [k] share of the delay in each step, from 0 on; sums to 1."""
        return delay_weights(self.kernel, step_minutes)
