"""How strong a planted link is beside the noise: the figure that stands with each link in the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.simulate.company import Company
from forecast.simulate.contacts import Rates
from forecast.simulate.incidents import CELL, REACH, burst, law_of
from forecast.simulate.kernels import Link
from forecast.simulate.timeline import Timeline

HOUR = 60


def links_frame(company: Company, base: Rates, time: Timeline) -> pd.DataFrame:
    """-> links[queue, topic, regime, lag_minutes, strength, snr]; see `signal_to_noise` for the last."""
    rows = [
        (
            link.queue,
            link.topic,
            link.regime,
            link.lag_minutes,
            link.strength,
            round(signal_to_noise(company, link, base, time), 2),
        )
        for link in company.links
    ]
    return pd.DataFrame(rows, columns=["queue", "topic", "regime", "lag_minutes", "strength", "snr"])


def signal_to_noise(company: Company, link: Link, base: Rates, time: Timeline) -> float:
    """Expected extra contacts in an hour over the standard deviation of the queue's noise in that hour.

    leads:   of a median incident (middle decay) in its peak hour, while the queue is open
    common:  of one standard deviation of the hidden drivers that move both queue and topic
    lags, unrelated: 0, for their posts tell nothing about contacts to come
    """
    hourly = hourly_mean(link.queue, base, time)
    if link.regime == "leads":
        return _peak_hour(company, link) / noise_sd(company, link.queue, hourly)
    if link.regime == "common":
        squares = [
            law.queues[link.queue] ** 2
            for law in company.hidden
            if link.queue in law.queues and link.topic in law.topics
        ]
        return hourly * float(np.sqrt(sum(squares))) / noise_sd(company, link.queue, hourly)
    return 0.0


def hourly_mean(queue: str, base: Rates, time: Timeline) -> float:
    """Mean expected contacts of an open hour over the history, without letters, drivers and incidents."""
    rate = base[queue][time.grid.ds < time.end_ns]
    return 2 * float(rate[rate > 0].mean()) if (rate > 0).any() else 0.0


def noise_sd(company: Company, queue: str, hourly: float) -> float:
    """Standard deviation of an hour's contacts around an expectation of `hourly`: Poisson, and the factors of the day,
    the queue's day, the slow walk within it and the single half hours (two of these in an hour)."""
    noise = company.noise
    day = noise.queue_day_sd_by_queue.get(queue, noise.queue_day_sd)
    spread = noise.common_day_sd**2 + day**2 + noise.intraday_sd**2 + noise.bucket_cv**2 / 2
    return float(np.sqrt(max(hourly, 1e-9) + hourly**2 * spread))


def _peak_hour(company: Company, link: Link) -> float:
    law = law_of(company, link)
    decay = float(np.sqrt(law.decay_minutes[0] * law.decay_minutes[1]))
    cells = np.diff(burst(law.rise_minutes, decay, np.arange(0, REACH + CELL, CELL, dtype=np.float64)))
    came = np.cumsum(np.convolve(cells, link.weights(CELL)))
    width = HOUR // CELL
    return law.calls_median * float((came[width:] - came[:-width]).max())
