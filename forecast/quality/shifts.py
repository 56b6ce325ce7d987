"""Level shifts: a queue's contacts change for good on a day, alone, with others, or because another queue has them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.quality.changepoints import Change, changes
from forecast.quality.findings import Finding, command, date
from forecast.quality.record import Around
from forecast.quality.usual import Usual

LEAST = float(np.log(1.2))
LEAST_DAILY = 10.0  # contacts a day; a few more or fewer are no level
SAME_DAY = 3  # days within which two shifts are one event
BALANCE = (0.6, 1.6)  # contacts that one lost over those that the other gained
SETTLED = 28  # days on either side that say how many
CLEAR = 2.5  # deviations of the other side of a move
GRAVE = float(np.log(1.3))


@dataclass(frozen=True)
class Shift:
    """A queue's shift. moved: contacts a day, on a day with contacts, more than before."""

    queue: str
    change: Change
    day: int
    before: float
    after: float

    @property
    def moved(self) -> float:
        return self.after - self.before


def find_shifts(usuals: Mapping[str, Usual], around: Around) -> list[Shift]:
    """All lasting shifts that the queue map does not tell of."""
    found = []
    for queue, usual in usuals.items():
        for change in changes(usual.ratios, least_size=LEAST):
            day = int(usual.record.days[change.at])
            before, after = _levels(usual, change.at, change.size)
            if not around.is_moved(queue, day) and max(before, after) >= LEAST_DAILY:
                found.append(Shift(queue, change, day, before, after))
    return found


def _levels(usual: Usual, at: int, size: float) -> tuple[float, float]:
    """Mean contacts a day before and after: of the weeks before, closed days too, and that times what changed."""
    idle = (usual.totals <= 0) & (usual.record.totals == 0)
    totals = np.where(usual.left & ~idle, np.nan, usual.record.totals)
    before = _mean(totals[max(0, at - SETTLED) : at])
    return before, before * float(np.exp(size))


def _mean(values: Floats) -> float:
    held = values[~np.isnan(values)]
    return float(held.mean()) if len(held) else 0.0


def told(shifts: list[Shift], usuals: Mapping[str, Usual]) -> list[Finding]:
    """Shifts -> findings; two sides of one move are one finding, of the queue that lost contacts."""
    found, done = [], set()
    for one in sorted(shifts, key=lambda each: -abs(each.change.size)):
        if (one.queue, one.day) in done:
            continue
        other = other_side(one, shifts, usuals)
        if other is not None:
            done |= {(each.queue, each.day) for each in shifts if _same(each, one) or _same(each, other)}
        found.append(_finding(one, other, shifts, usuals))
    return found


def _same(one: Shift, other: Shift) -> bool:
    return one.queue == other.queue and abs(one.day - other.day) <= SAME_DAY


def other_side(one: Shift, shifts: list[Shift], usuals: Mapping[str, Usual]) -> Shift | None:
    """The opposite move of another queue on that day, of about as many contacts: one told of, or else a lesser one."""
    told_of = [each for each in shifts if each.queue != one.queue and abs(each.day - one.day) <= SAME_DAY]
    if abs(one.change.size) >= GRAVE:
        known = {each.queue for each in told_of} | {one.queue}
        told_of += [
            step
            for queue, usual in usuals.items()
            if queue not in known and (step := _step(queue, usual, one)) is not None
        ]
    fits = [
        each
        for each in told_of
        if each.moved * one.moved < 0 and BALANCE[0] <= abs(one.moved / each.moved) <= BALANCE[1]
    ]
    return max(fits, key=lambda each: each.change.sure) if fits else None


def _step(queue: str, usual: Usual, like: Shift) -> Shift | None:
    """What another queue did on the day of a shift, where that is more than its own weeks stray."""
    at = like.day - usual.record.first_day
    if not SETTLED <= at <= len(usual.record.days) - SETTLED:
        return None
    before, after = usual.ratios[at - SETTLED : at], usual.ratios[at : at + SETTLED]
    if min(np.isfinite(each).sum() for each in (before, after)) < 10:
        return None
    size = float(np.nanmedian(after) - np.nanmedian(before))
    sure = abs(size) / max(
        usual.spread / np.sqrt(7), 1e-3
    )  # a mean of four weeks strays like one of seven days
    if sure < CLEAR:
        return None
    return Shift(queue, Change(at, size, sure, at, at), like.day, *_levels(usual, at, size))


def _finding(one: Shift, other: Shift | None, shifts: list[Shift], usuals: Mapping[str, Usual]) -> Finding:
    record = usuals[one.queue].record
    times = float(np.exp(one.change.size))
    way = "more" if times > 1 else "fewer"
    says = f"From {date(one.day)} on {abs(times - 1):.0%} {way} contacts: {one.before:,.0f} a day before, {one.after:,.0f} after."
    alike = [each for each in shifts if abs(each.day - one.day) <= SAME_DAY and each.moved * one.moved > 0]
    action = command("import", "queue-map", "FILE")
    if other is not None:
        giver, taker = (one, other) if one.moved < 0 else (other, one)
        share = min(1.0, abs(giver.moved) / max(giver.before, 1e-9))
        guess = f"About {share:.0%} of {giver.queue} comes to {taker.queue} since."
        action = command(
            "queues", "split", giver.queue, f"{taker.queue}={share:.2f}", "--from", date(giver.day)
        )
    elif len(alike) > 1 and len(alike) * 2 >= len(usuals):
        guess = "A change of the whole company: a price, a product, a way in."
    else:
        guess = "Contacts of another queue, or of one not held here, come to it, or no longer do; or its customers changed."
    grave = abs(one.change.size) >= GRAVE or other is not None
    sure = float(np.clip(1 - np.exp(-(one.change.sure - 3)), 0.5, 0.99))
    return Finding(
        one.queue,
        "level_shift",
        date(one.day),
        date(record.last_day),
        times,
        says,
        guess,
        action,
        "warning" if grave else "info",
        sure,
    )
