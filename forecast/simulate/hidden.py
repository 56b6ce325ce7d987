"""Common drivers that nobody sees, such as the weather: they move posts and contacts at once, and neither leads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast.buckets import index
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats
from forecast.simulate.laws import Hidden
from forecast.simulate.timeline import Timeline, recursive

COLUMNS = ["driver", "ds", "fast", "slow", "value"]


def paths(company: Company, time: Timeline) -> pd.DataFrame:
    """-> common[driver, ds, fast, slow, value]: each hidden driver by half hour; value = fast + slow has variance 1."""
    frames = []
    for law in company.hidden:
        rng = time.stream(f"hidden {law.name}")
        parts = {
            part: np.sqrt(share) * _stationary(rng, len(time.grid), phi)
            for part, share, phi in zip(("fast", "slow"), shares(law), phis(law), strict=True)
        }
        frame = pd.DataFrame({"driver": law.name, "ds": index(time.grid.ds), **parts})
        frames.append(frame.assign(value=frame["fast"] + frame["slow"]))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def factor(loads: Mapping[str, float], common: pd.DataFrame) -> Floats | None:
    """loads by driver -> [n] what its drivers multiply a rate by, of mean 1; None where no driver moves it."""
    total: Floats | None = None
    for name, load in loads.items():
        value = common.loc[common["driver"] == name, "value"].to_numpy(np.float64)
        mine = np.exp(load * value - load**2 / 2)
        total = mine if total is None else total * mine
    return total


def on_queue(company: Company, queue: str) -> dict[str, float]:
    """-> what a standard deviation of each hidden driver adds to a queue's contacts (log scale)."""
    return {law.name: law.queues[queue] for law in company.hidden if queue in law.queues}


def on_topic(company: Company, topic: str) -> dict[str, float]:
    """-> what a standard deviation of each hidden driver adds to the posts on a topic (log scale)."""
    return {law.name: law.topics[topic] for law in company.hidden if topic in law.topics}


def expected_factor(law: Hidden, load: float, fast: float, slow: float, steps: Floats) -> Floats:
    """The state at a cutoff, steps[k] half hours later -> [k] expected factor.

    Of a Gaussian AR(1) x with variance s known at step 0, x[k] is normal with mean x phi^k and variance
    s (1 - phi^2k); the mean of exp(load x - load^2 / 2) follows from the log-normal's.
    """
    mean, variance = np.zeros(len(steps)), np.zeros(len(steps))
    for state, share, phi in zip((fast, slow), shares(law), phis(law), strict=True):
        mean += state * phi**steps
        variance += share * (1 - phi ** (2 * steps))
    out: Floats = np.exp(load * mean + load**2 * (variance - 1) / 2)
    return out


def shares(law: Hidden) -> tuple[float, float]:
    """Shares of the variance: of the part of some hours, of the part of some days."""
    return law.fast_share, 1 - law.fast_share


def phis(law: Hidden) -> tuple[float, float]:
    """What is left of each part after a half hour: of e-folding times in hours and in days."""
    return float(np.exp(-0.5 / law.memory_hours)), float(np.exp(-0.5 / (24 * law.memory_days)))


def _stationary(rng: np.random.Generator, size: int, phi: float) -> Floats:
    """-> [size] an AR(1) with variance 1, begun in its stationary law."""
    steps = rng.normal(0.0, np.sqrt(1 - phi**2), size)
    steps[0] = rng.normal()
    return recursive(steps, phi)
