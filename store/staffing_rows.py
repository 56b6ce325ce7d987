"""What a team needs as rows: per interval or hour, and per day, with one set of names for answers, files and commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, floor
from forecast.staffing.needs import gross
from forecast.staffing.plan import Need
from store.staffing_plan import TeamPlan, work_hours

SHARES = {  # what a share or a mean of an hour is weighted by
    "service_level": "contacts",
    "asa_seconds": "contacts",
    "abandonment": "contacts",
    "in_time": "contacts",
    "occupancy": "agents_net",
}
DIGITS = 4


@dataclass(frozen=True)
class Rows:
    """Buckets ds[n] of so many seconds [n]; columns: float[n] by name, NaN where a figure is not known or does not apply."""

    ds: Ns
    seconds: Floats
    columns: Mapping[str, Floats]
    levels: Mapping[float, Floats]

    def told(self) -> Ns:
        """Places of the buckets in which somebody is needed, something comes or waits, or that is not known."""
        some = (self.columns["contacts"] > 0) | ~(self.columns["agents_net"] == 0)
        return np.flatnonzero(some | (np.nan_to_num(self.columns["backlog"]) >= 0.5))


def rows_of(plan: TeamPlan, *, hourly: bool) -> Rows:
    """A plan -> its rows by interval, or by hour: contacts and hours added up, agents as the mean of the hour, figures
    as their mean over contacts (occupancy: over agents), what waits at its end."""
    columns = _columns(plan.need, plan.team.targets.shrinkage)
    made = Rows(plan.need.ds, plan.need.seconds, columns, plan.by_quantile)
    if not hourly or plan.team.interval.seconds >= Interval.HOUR.seconds:
        return made
    hours, place = np.unique(floor(made.ds, Interval.HOUR, plan.team.tz), return_inverse=True)
    return _by_hour(made, hours, place)


def _columns(need: Need, shrinkage: float) -> dict[str, Floats]:
    work = work_hours(need)
    return {
        "contacts": need.contacts,
        "aht_seconds": need.aht,
        "workload_hours": work,
        "erlangs": work * 3600 / need.seconds,
        "agents_net": need.net,
        "agents_gross": gross(need.net, shrinkage),
        "service_level": need.service_level,
        "asa_seconds": np.where(np.isfinite(need.asa), need.asa, np.nan),
        "occupancy": need.occupancy,
        "abandonment": need.abandonment,
        "in_time": need.in_time,
        "backlog": need.backlog,
        "oldest_hours": need.oldest_hours,
    }


def _by_hour(rows: Rows, hours: Ns, place: Ns) -> Rows:
    given = rows.columns

    def summed(values: Floats) -> Floats:
        """An hour of which a part is not known is not known."""
        return np.bincount(place, weights=values, minlength=len(hours)).astype(np.float64)

    def mean(values: Floats, weights: Floats) -> Floats:
        known = ~np.isnan(values) & ~np.isnan(weights)
        total = summed(np.where(known, weights, 0.0))
        parts = summed(np.where(known, values * weights, 0.0))
        return np.where(total > 0, parts / np.where(total > 0, total, 1.0), np.nan)

    seconds = summed(rows.seconds)
    last = np.r_[np.flatnonzero(np.diff(place)), len(place) - 1]
    contacts, work = summed(given["contacts"]), summed(given["workload_hours"])
    made = {
        "contacts": contacts,
        "aht_seconds": np.where(contacts > 0, work * 3600 / np.where(contacts > 0, contacts, 1.0), np.nan),
        "workload_hours": work,
        "erlangs": work * 3600 / seconds,
        "agents_net": summed(given["agents_net"] * rows.seconds) / seconds,
        "agents_gross": summed(given["agents_gross"] * rows.seconds) / seconds,
        **{name: mean(given[name], given[weight]) for name, weight in SHARES.items()},
        **{name: given[name][last] for name in ("backlog", "oldest_hours")},
    }
    levels = {tau: summed(values * rows.seconds) / seconds for tau, values in rows.levels.items()}
    return Rows(hours, seconds, {name: made[name] for name in given}, levels)


def number(value: float) -> float | None:
    """As it goes out: None where it is not known, else rounded to what means something."""
    return round(float(value), DIGITS) if np.isfinite(value) else None
