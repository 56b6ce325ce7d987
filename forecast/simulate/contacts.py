"""What a company's queues are offered: expected rates by calendar, level and drivers, and the counts drawn from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecast.buckets import index
from forecast.days import OpeningHours
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats
from forecast.simulate.laws import Queue
from forecast.simulate.timeline import HALF_HOUR, Flags, Timeline, positive, recursive, walk

Rates = Mapping[str, Floats]


def hours_frame(company: Company) -> pd.DataFrame:
    """-> hours[queue, weekday, opens, closes], `closes` up to 24:00."""
    rows = [
        (queue.name, weekday, hours.opens, hours.closes)
        for queue in company.queues
        for hours in queue.hours
        for weekday in hours.weekdays
    ]
    return pd.DataFrame(rows, columns=["queue", "weekday", "opens", "closes"])


def outlier_day(company: Company, time: Timeline) -> int:
    """The local day on which the outlier falls: the first working day from its share of the history on."""
    first = int(company.outlier.at_share * time.history_days)
    return int(time.days[first + int(np.argmax(time.working[first:]))])


def base_rates(company: Company, time: Timeline) -> Rates:
    """-> per queue [n] expected contacts a half hour without drivers, incidents and noise; 0 where closed."""
    hours = hours_frame(company)
    return {
        queue.name: _base_rate(company, queue, hours[hours["queue"] == queue.name], time)
        for queue in company.queues
    }


def _base_rate(company: Company, queue: Queue, hours: pd.DataFrame, time: Timeline) -> Floats:
    grid = time.grid
    weekend = grid.weekday >= 5
    profile = np.where(weekend, time.factor(queue.profile["weekend"]), time.factor(queue.profile["weekday"]))
    open_ = OpeningHours.from_frame(hours).mask(grid)
    return np.asarray(
        queue.per_half_hour * profile * open_ * _day_level(company, queue, time)[time.row], dtype=np.float64
    )


def _day_level(company: Company, queue: Queue, time: Timeline) -> Floats:
    """-> [d] product of weekday, season, month end, holiday, slow walk, level shift and outlier."""
    noise, shift, outlier = company.noise, company.shift, company.outlier
    dates = time.days.astype("datetime64[D]")
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    season = queue.season.amplitude * np.cos(2 * np.pi * (of_year - queue.season.peak_day) / 365.25)
    level = np.exp(
        season + walk(time.stream(f"{queue.name} level"), len(dates), sd=noise.level_sd, phi=noise.level_phi)
    )
    level = level * np.array(queue.weekday)[time.weekday]
    level = level * np.where(_month_end(time), queue.month_end, 1.0)
    level = level * np.where(time.holiday, queue.holiday, np.where(time.after, queue.day_after, 1.0))
    since = time.days[0] + int(shift.at_share * time.history_days)
    level = level * np.where(time.days >= since, shift.factors.get(queue.name, 1.0), 1.0)
    if queue.channel == outlier.channel:
        level = level * np.where(time.days == outlier_day(company, time), outlier.factor, 1.0)
    return np.asarray(level, dtype=np.float64)


def _month_end(time: Timeline) -> Flags:
    """-> bool[d]: the last two and the first two working days of a month (a month cut off has but its real ones)."""
    dates = time.days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    of_month = (dates - month.astype("datetime64[D]")).astype(np.int64)
    number = np.arange(len(month))
    working = pd.Series(number[time.working]).groupby(month[time.working].astype(np.int64))
    first, last = working.head(2), working.tail(2)
    near: Flags = (np.isin(number, first) & (of_month < 9)) | (np.isin(number, last) & (of_month > 18))
    return near


def spread(per_day: Floats, shape: Floats, time: Timeline) -> Floats:
    """per_day[d] spread over its half hours in proportion to shape[n] -> [n]; a day without shape loses its share."""
    total = np.bincount(time.row, weights=shape, minlength=len(time.days))
    share = np.divide(per_day, total, out=np.zeros(len(per_day)), where=total > 0)
    return shape * share[time.row]


def offered(
    company: Company, queue: Queue, base: Floats, driver: Floats, incident: Floats, time: Timeline
) -> Floats:
    """Expected base, driver and incident contacts [n] -> contacts offered [n]: three draws, so no part moves another."""
    noise = company.noise
    days = len(time.days)
    day_sd = noise.queue_day_sd_by_queue.get(queue.name, noise.queue_day_sd)
    day = _log_noise(time.stream("common day"), days, noise.common_day_sd)
    day = day * _log_noise(time.stream(f"{queue.name} day"), days, day_sd)
    rng = time.stream(f"{queue.name} base")
    sd = noise.intraday_sd * np.sqrt(1 - noise.intraday_phi**2)
    slow = np.exp(walk(rng, len(base), sd=sd, phi=noise.intraday_phi) - noise.intraday_sd**2 / 2)
    fast = positive(rng, len(base), cv=noise.bucket_cv, law=noise.law)
    counts = rng.poisson(base * day[time.row] * slow * fast)
    counts = counts + time.stream(f"{queue.name} driver").poisson(driver)
    rng = time.stream(f"{queue.name} incident")
    burst = positive(rng, len(base), cv=company.incidents.cv, law=noise.law)
    return np.asarray(counts + rng.poisson(incident * burst), dtype=np.float64)


def _log_noise(rng: np.random.Generator, size: int, sd: float) -> Floats:
    return np.exp(rng.normal(-(sd**2) / 2, sd, size))


def abandoned(company: Company, queue: Queue, counts: Floats, planned: Floats, time: Timeline) -> Floats:
    """counts[n] offered, planned[n] staffed for -> contacts given up [n]; e-mails are never given up."""
    if queue.channel != "phone":
        return np.zeros(len(counts))
    law = company.abandon
    load = recursive((1 - law.memory) * ((counts + 1) / (planned + 1) - 1), law.memory) + 1
    chance = np.clip(law.floor + law.slope * np.maximum(load - law.slack, 0), 0, law.most)
    return time.stream(f"{queue.name} abandon").binomial(counts.astype(np.int64), chance).astype(np.float64)


def volumes_frame(company: Company, counts: Rates, lost: Rates, base: Rates, time: Timeline) -> pd.DataFrame:
    """counts and lost per queue [n] -> volumes[queue, channel, topic, ds, offered, handled, abandoned, aht_seconds].

    One row per half hour that was open and over by the end.
    """
    over = time.grid.ds + HALF_HOUR <= time.end_ns
    frames = []
    for queue in company.queues:
        rows = over & (base[queue.name] > 0)
        came = counts[queue.name][rows].astype(np.int64)
        left = lost[queue.name][rows].astype(np.int64)
        handled = came - left
        spread_ = time.stream(f"{queue.name} aht").normal(0, 0.6, len(base[queue.name]))[rows]
        seconds = queue.aht_seconds * np.exp(spread_ / np.sqrt(np.maximum(handled, 1)))
        frames.append(
            pd.DataFrame(
                {
                    "queue": queue.name,
                    "channel": queue.channel,
                    "topic": queue.topic,
                    "ds": index(time.grid.ds[rows]),
                    "offered": came,
                    "handled": handled,
                    "abandoned": left,
                    "aht_seconds": np.where(handled > 0, np.round(seconds, 1), np.nan),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
