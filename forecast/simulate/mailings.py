"""What is known ahead: price letters and invoice runs, and the contacts they make over the following working days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import day_start, index
from forecast.simulate.company import Company
from forecast.simulate.kernels import Floats
from forecast.simulate.laws import Effect
from forecast.simulate.timeline import Timeline


def drivers_frame(company: Company, time: Timeline) -> pd.DataFrame:
    """-> drivers[driver, ds, value, known_at]: days of sending, past and future, as far as known at the end.

    `ds` is the start of the local day in UTC; a day without a row sent nothing.
    """
    letters, invoices = company.letters, company.invoices
    parts = [
        ("letters", _letter_days(company, time), letters.announced_days),
        ("invoices", _invoice_days(company, time), invoices.announced_days),
    ]
    frames = []
    for name, amounts, announced in parts:
        sent = np.flatnonzero(amounts)
        ds = day_start(time.days[sent], company.zone)
        known = day_start(time.days[sent] - announced, company.zone)
        frame = pd.DataFrame({"driver": name, "ds": index(ds), "value": amounts[sent].astype(np.int64)})
        frame["known_at"] = index(np.minimum(known, ds))
        frames.append(frame[known <= time.end_ns])
    return pd.concat(frames).sort_values(["ds", "driver"], ignore_index=True)


def amounts(drivers: pd.DataFrame, driver: str, company: Company, time: Timeline) -> Floats:
    """drivers -> [d] what one driver sent on each local day."""
    rows = drivers[drivers["driver"] == driver]
    day = (
        rows["ds"].dt.tz_convert(company.zone).dt.tz_localize(None).to_numpy("datetime64[D]").astype(np.int64)
    )
    return np.bincount(day - time.days[0], weights=rows["value"], minlength=len(time.days)).astype(np.float64)


def extra(company: Company, drivers: pd.DataFrame, target: str, time: Timeline) -> Floats:
    """-> [d] extra contacts (or posts) of a target on each local day, from all drivers."""
    total = np.zeros(len(time.days))
    for effect in company.effects:
        if effect.target == target:
            total += _effect(effect, amounts(drivers, effect.driver, company, time), time)
    return total


def _effect(effect: Effect, sent: Floats, time: Timeline) -> Floats:
    """The effect of day i falls on the working days after i, by the kernel."""
    workdays = np.flatnonzero(time.working)
    out = np.zeros(len(sent))
    days = np.flatnonzero(sent)
    following = np.searchsorted(workdays, days, side="right")
    for step, share in enumerate(effect.kernel):
        there = following + step < len(workdays)
        value = sent[days[there]] / 1000 * effect.per_thousand * share
        np.add.at(out, workdays[following[there] + step], value)
    return out


def effects_frame(company: Company) -> pd.DataFrame:
    """-> effects[driver, target, working_day, per_thousand]: the planted effect of 1000, working days counted from 1."""
    rows = [
        (effect.driver, effect.target, step + 1, effect.per_thousand * share)
        for effect in company.effects
        for step, share in enumerate(effect.kernel)
    ]
    return pd.DataFrame(rows, columns=["driver", "target", "working_day", "per_thousand"])


def _letter_days(company: Company, time: Timeline) -> Floats:
    """Waves counted back from one that lies `ahead_days` after the end, so that every history has the same near future."""
    law, rng = company.letters, time.stream("letters")
    last = int(time.days[0]) + time.history_days + law.ahead_days
    count = (last - int(time.days[0])) // law.every_days + 1
    jitter = rng.integers(-law.jitter_days, law.jitter_days + 1, count)
    sizes = np.round(rng.uniform(*law.sizes, count), -3)
    jitter[0], sizes[0] = 0, law.ahead_size
    out = np.zeros(len(time.days))
    workdays = np.flatnonzero(time.working)
    for wave in range(count):
        day = last - wave * law.every_days + int(jitter[wave]) - int(time.days[0])
        if day >= 0:
            first = int(np.searchsorted(workdays, day))
            out[workdays[first : first + law.days]] += sizes[wave] / law.days
    return out


def _invoice_days(company: Company, time: Timeline) -> Floats:
    law = company.invoices
    dates = time.days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    of_month = (dates - month.astype("datetime64[D]")).astype(np.int64) + 1
    allowed = np.flatnonzero(time.working & (of_month >= law.day_of_month))
    runs: Ns = pd.Series(allowed).groupby(month[allowed].astype(np.int64)).head(law.runs).to_numpy(np.int64)
    cut = (month[0] == month[runs]) & (
        of_month[0] > law.day_of_month
    )  # a first month cut off has lost its runs
    out = np.zeros(len(time.days))
    out[runs[~cut]] = law.size
    return out
