"""The gap between what came and what was planned, taken apart: volume (known events, unexpected) and handling time.

    gap = C_actual A_actual - C_plan A_plan = (C_actual - C_plan) A_plan  +  C_actual (A_actual - A_plan)
                                              volume                         handling time

C are the contacts of a queue over the days compared, A its mean handling time over them, weighted by contacts. This is the
price and volume variance of cost accounting with the joint term given to the price (Horngren, Datar, Rajan, "Cost
Accounting", ch. 7): what the plan could not foresee of the handling time concerns all contacts that came.

Known events. Each day's gap in contacts is explained by what is known to have happened that day, in the order of `KINDS`;
an event explains what it claims, only in the direction of the gap, and all of them together no more than the whole of that
day's gap. So the part is signed, and what it leaves of each day is nothing or of the gap's own sign.

Chance. Counts that come at exactly the rate planned are Poisson; their mean absolute deviation is about sqrt(2 m / pi), as
the unavoidable noise of `losses.poisson_floor` is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats

WARNING, ADJUSTMENT, DRIVER, DAY = "warning", "adjustment", "driver", "special_day"
KINDS = (WARNING, ADJUSTMENT, DRIVER, DAY)
HOUR = 3600.0


@dataclass(frozen=True)
class Claim:
    """Something known that moved a queue's contacts on one day. day: place in the week, Monday 0.

    contacts: how many it claims, signed; None: all of the day's gap
    """

    kind: str
    name: str
    day: int
    contacts: float | None = None


@dataclass(frozen=True)
class Explained:
    """An event of a queue and the contacts of the gap it explains. first, last: places in the week.

    claimed: what was known of it beforehand, None where that is all of a day's gap
    """

    queue: str
    kind: str
    name: str
    first: int
    last: int
    contacts: float
    claimed: float | None


@dataclass(frozen=True)
class Parts:
    """A gap and its parts, in one unit: volume = known + unexpected, gap = volume + aht. None: not known."""

    gap: float | None
    volume: float | None
    known: float | None
    unexpected: float | None
    aht: float | None

    def times(self, factor: float | None) -> Parts:
        """The same in another unit; nothing is known without a factor."""
        return Parts(*(None if one is None or factor is None else one * factor for one in self.values()))

    def shown(self, digits: int) -> Parts:
        """Rounded so that the parts still add up: what rounding leaves goes to the unexpected part."""
        if self.gap is None or self.aht is None:
            volume = _round(self.volume, digits)
            known = _round(self.known, digits)
            rest = None if volume is None or known is None else _round(volume - known, digits)
            return Parts(_round(self.gap, digits), volume, known, rest, _round(self.aht, digits))
        gap, aht, known = (round(one, digits) + 0.0 for one in (self.gap, self.aht, self.known or 0.0))
        volume = round(gap - aht, digits) + 0.0
        return Parts(gap, volume, known, round(volume - known, digits) + 0.0, aht)

    def values(self) -> tuple[float | None, ...]:
        """In the order of the fields."""
        return self.gap, self.volume, self.known, self.unexpected, self.aht


NOTHING = Parts(None, None, None, None, None)


def workload_gap(contacts: Parts, actual: float, plan_aht: float | None, actual_aht: float | None) -> Parts:
    """The gap in contacts, the contacts that came and both handling times in seconds -> the gap in hours.

    Without the plan's handling time nothing is known in hours, without the actual one only the volume part is.
    """
    if plan_aht is None:
        return NOTHING
    hours = contacts.times(plan_aht / HOUR)
    if actual_aht is None or hours.volume is None:
        return Parts(None, hours.volume, hours.known, hours.unexpected, None)
    aht = actual * (actual_aht - plan_aht) / HOUR
    return Parts(hours.volume + aht, hours.volume, hours.known, hours.unexpected, aht)


def contact_gap(queue: str, gaps: Floats, claims: Sequence[Claim]) -> tuple[Parts, tuple[Explained, ...]]:
    """Gaps in contacts by day float[7], NaN for days not compared -> the gap of the week, and its known events."""
    found: dict[tuple[str, str], list[tuple[int, float, float | None]]] = {}
    left = np.nan_to_num(gaps)
    order = sorted(claims, key=lambda one: (KINDS.index(one.kind), one.day, one.name))
    for claim in order:
        if np.isnan(gaps[claim.day]):
            continue
        taken = taken_of(float(left[claim.day]), claim.contacts)
        left[claim.day] -= taken
        found.setdefault((claim.kind, claim.name), []).append((claim.day, taken, claim.contacts))
    gap = float(np.nansum(gaps))
    unexpected = float(left.sum())
    parts = Parts(gap, gap, gap - unexpected, unexpected, None)
    return parts, tuple(_explained(queue, *key, rows) for key, rows in found.items())


def taken_of(gap: float, claimed: float | None) -> float:
    """How much of what is left of a day's gap an event explains: nothing against its sign, never more than there is."""
    if claimed is None:
        return gap
    if gap * claimed <= 0:
        return 0.0
    return math.copysign(min(abs(gap), abs(claimed)), gap)


def chance(planned: float) -> float:
    """Contacts by which a count misses a perfectly known rate on average; planned: the rate over the same time."""
    return math.sqrt(2 * max(planned, 0.0) / math.pi)


def total(parts: Sequence[Parts]) -> Parts:
    """Sums of the gaps that are known whole, so that the parts add up; nothing where none is."""
    whole = [one.values() for one in parts if one.gap is not None]
    columns = zip(*whole, strict=True) if whole else [()] * 5
    return Parts(*(_sum(list(column)) for column in columns))


def _sum(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return math.fsum(known) if known else None


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0


def _explained(queue: str, kind: str, name: str, rows: list[tuple[int, float, float | None]]) -> Explained:
    days = [day for day, _, _ in rows]
    claims = [claimed for _, _, claimed in rows]
    claimed = None if None in claims else math.fsum(one for one in claims if one is not None)
    contacts = math.fsum(taken for _, taken, _ in rows)
    return Explained(queue, kind, name, min(days), max(days), contacts, claimed)
