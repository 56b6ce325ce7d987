"""What one manual change does to the forecast there is: before and after, per queue, and what it does not reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.overriding import AHT, TOTAL, VOLUME, Changed, Override, Units, apply, targets

MOST_DAYS = 5  # named in a warning


@dataclass(frozen=True)
class Effect:
    """before, after: contacts in the range, or seconds per contact; None where nothing is forecast. queue '': all of them."""

    queue: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Effects:
    """In all, per queue, and the sentences that warn of what is not reached."""

    total: Effect
    queues: tuple[Effect, ...]
    warnings: tuple[str, ...]


def effects(units: Sequence[Units], earlier: Sequence[Override], one: Override) -> Effects:
    """What a change does on top of the earlier ones, to the series it is of."""
    mine = targets(units, one)
    before, after = apply(units, earlier), apply(units, [*earlier, replace(one, id=_last(earlier, one))])
    parts = [_Part(units[at], before[at], after[at], one) for at in mine]
    names = sorted({part.queue for part in parts})
    queues = tuple(_summed(name, [part for part in parts if part.queue == name], one) for name in names)
    return Effects(_summed("", parts, one), queues, tuple(_warnings(parts, one)))


def _last(earlier: Sequence[Override], one: Override) -> int:
    return max([one.id, *(each.id + 1 for each in earlier)])


class _Part:
    """The units [n] of one series that the range covers: contacts in it and seconds per contact, before and after."""

    def __init__(self, units: Units, before: Changed, after: Changed, one: Override) -> None:
        share = units.share(one)
        rows = share > 0
        self.queue, self.day = units.queue, units.day[rows]
        self.old: Floats = (share * before.mean)[rows]
        self.new: Floats = self.old + (after.mean - before.mean)[rows]
        self.old_aht, self.new_aht = before.aht[rows], after.aht[rows]
        self.timed = bool((~np.isnan(units.aht)).any())
        same = (self.old_aht == self.new_aht) | (np.isnan(self.old_aht) & np.isnan(self.new_aht))
        self.changed = bool(((after.mean != before.mean)[rows] | ~same).any())

    def work(self) -> tuple[float, float, float, float]:
        """Contacts and seconds of those whose handling time is known, before and after."""
        old, new = (np.where(np.isnan(each), 0.0, self.old) for each in (self.old_aht, self.new_aht))
        seconds = (old * np.nan_to_num(self.old_aht)).sum(), (new * np.nan_to_num(self.new_aht)).sum()
        return float(old.sum()), float(seconds[0]), float(new.sum()), float(seconds[1])


def _summed(queue: str, parts: Sequence[_Part], one: Override) -> Effect:
    if not parts:
        return Effect(queue, None, None)
    if one.measure == VOLUME:
        return Effect(
            queue, float(sum(part.old.sum() for part in parts)), float(sum(part.new.sum() for part in parts))
        )
    old, old_seconds, new, new_seconds = np.sum([part.work() for part in parts], axis=0)
    return Effect(
        queue, float(old_seconds / old) if old > 0 else None, float(new_seconds / new) if new > 0 else None
    )


def _warnings(parts: Sequence[_Part], one: Override) -> list[str]:
    if not parts:
        return [
            "It changes nothing yet: no forecast of what it is of is published for this range. It lies on top of one that "
            "is made later; see whether queue, topic and range are what you mean."
        ]  # fmt: skip
    if one.measure == AHT:
        known = any(part.changed for part in parts)
        return [] if known else ["It changes nothing: no handling time is forecast there. Set one by total."]
    if not any(part.changed for part in parts):
        return ["It changes nothing: no contacts are forecast in this range that it could change."]
    said = [
        f"{queue}: nothing is forecast there, so that nothing is changed."
        for queue in sorted({part.queue for part in parts if not part.changed})
    ]
    if sum(part.old.sum() for part in parts) <= 0:
        said.append(
            "Nothing was forecast in this range, so its contacts are spread evenly over it: give the hours that are open."
        )  # fmt: skip
    elif one.kind == TOTAL and (empty := _empty(parts)):
        more = f" and {len(empty) - MOST_DAYS} more" if len(empty) > MOST_DAYS else ""
        named = ", ".join(str(np.datetime64(day, "D")) for day in empty[:MOST_DAYS])
        said.append(f"Nothing is forecast on {named}{more}: no contacts come to these days.")
    untimed = [part.queue for part in parts if part.timed and (np.isnan(part.new_aht) & (part.new > 0)).any()]
    return said + [
        f"{queue}: no handling time is forecast for hours that now have contacts. Set one with an adjustment of "
        "measure aht by total."
        for queue in sorted(set(untimed))
    ]  # fmt: skip


def _empty(parts: Sequence[_Part]) -> list[int]:
    """The local days in the range to which nothing comes."""
    days: Ns = np.concatenate([part.day for part in parts])
    named, place = np.unique(days, return_inverse=True)
    sums = np.bincount(place, weights=np.concatenate([part.new for part in parts]))
    return [int(day) for day in named[sums <= 0]]
