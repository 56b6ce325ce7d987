"""Days and single rows far outside what the weeks around let expect, and what may be behind them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.quality.findings import Finding, Severity, command, date, load_again
from forecast.quality.record import Around
from forecast.quality.usual import Usual

FAR = 6.0  # deviations
TIMES = 1.45  # above this many times the usual, or below one over it
TAIL, BEYOND = 0.96, 1.35  # and beyond so many times what the queue's own wildest days reach
TYPED = 20.0  # deviations of a single row, its neighbours being as usual
TYPED_TIMES = 5.0
NEIGHBOURS = 2.0
SLOT_SPREAD = 0.5


def find_days(usual: Usual, around: Around, left: Flags, alike: Mapping[int, int]) -> list[Finding]:
    """Days far out. left: bool[d] days that other findings speak of.

    alike: local day -> on how many other queues it is far out too, the same way
    """
    out = far_days(usual, around, left)
    return [_finding(usual, around, at, alike) for at in np.flatnonzero(out != 0).tolist()]


def far_days(usual: Usual, around: Around, left: Flags) -> Floats:
    """float[d]: deviations by which a day is far out, above or below 0; 0 where it is not.

    A day is held against the five weeks before and the five after, and the nearer of the two counts: so a new level is
    no row of outliers.
    """
    record = usual.record
    dev = _nearer(_log(record.totals, usual.before), _log(record.totals, usual.after))
    expected = np.fmax(np.nan_to_num(usual.before), np.nan_to_num(usual.after))
    scale = np.sqrt(usual.spread**2 + 1 / np.maximum(expected, 1.0))
    score = dev / scale
    held = ~left & ~usual.left & (usual.totals > 0) & ~around.calendar.special(record.days)
    one_sided = np.isnan(usual.before) | np.isnan(usual.after)
    score = np.where(held & ~one_sided & (expected >= 5), score, 0.0)
    out = np.zeros(len(score))
    for sign in (1.0, -1.0):
        mine = np.maximum(sign * score, 0.0)
        wild = float(np.quantile(mine[held], TAIL)) if held.sum() >= 30 else np.inf
        far = (mine > FAR) & (mine > BEYOND * wild) & (sign * dev > np.log(TIMES))
        out[far] = sign * mine[far]
    return out


def _log(totals: Floats, expected: Floats) -> Floats:
    return np.asarray(np.log((totals + 0.5) / (expected + 0.5)))


def _nearer(one: Floats, other: Floats) -> Floats:
    """The smaller of two deviations of the same sign, 0 of two that differ; the one there is where one is unknown."""
    one, other = np.where(np.isnan(one), other, one), np.where(np.isnan(other), one, other)
    small = np.where(np.abs(one) < np.abs(other), one, other)
    return np.nan_to_num(np.where(one * other > 0, small, 0.0))


def _finding(usual: Usual, around: Around, at: int, alike: Mapping[int, int]) -> Finding:
    record, day = usual.record, int(usual.record.days[at])
    usually = float(np.nanmean([usual.before[at], usual.after[at]]))
    came = float(record.totals[at])
    guess, severity = _guess(usual, around, day, came > usually, alike.get(day, 0))
    if guess:
        reason = guess
    else:
        severity, reason = "warning", _unexplained(came / max(usually, 0.5), usual, at)
    return Finding(
        record.queue,
        "outlier",
        date(day),
        date(day),
        came / max(usually, 0.5),
        f"{came:,.0f} contacts, where about {usually:,.0f} are usual ({came / max(usually, 0.5):.1f} times).",
        reason,
        command("days", "leave-out", date(day), date(day), "--queue", record.queue, "--reason", "outlier"),
        severity,
        0.95,
    )


def _guess(usual: Usual, around: Around, day: int, high: bool, others: int) -> tuple[str, Severity]:
    """What is known of that day; '' where nothing is."""
    warned = around.warned.get((usual.record.queue, day)) or around.warned.get(("", day))
    if high and warned:
        return f"A peak that was warned of: {warned}.", "info"
    loud = around.loud(day)
    if high and loud is not None:
        return f"An incident: posts about {loud[0]} at {loud[1]:.0f} times their usual.", "info"
    if high and around.is_driven(usual.record.queue, day):
        return "A letter, invoice run or campaign of these days.", "info"
    near = around.calendar.names(np.arange(day - 3, day + 4))
    name = next((each for each in near if each), "")
    if name:
        return f"A day beside {name}.", "info"
    if others:
        many = "another queue" if others == 1 else f"{others} other queues"
        said = "A special day that the calendar does not name? " if not high else "An event? "
        return f"{said}It is far out in {many} too.", "warning"
    return "", "warning"


def _unexplained(times: float, usual: Usual, at: int) -> str:
    came, expected = usual.record.came[at], usual.expected[at]
    if 1.8 <= times <= 2.2 and expected.sum() >= 50:
        fit = np.corrcoef(came, expected)[0, 1] if came.std() > 0 and expected.std() > 0 else 0.0
        if fit > 0.95:
            return "The rows of the day were counted twice? The shape of the day is as usual."
    if times < 1:
        return "A special day that the calendar does not name, or rows that are missing?"
    return (
        "An incident that no post and no warning tells of, or a special day that the calendar does not name?"
    )


def find_rows(usual: Usual, left: Flags) -> tuple[list[Finding], Flags]:
    """Single rows many times their usual while the rows beside them are not: a typing error, or a sum; and bool[d] their days."""
    record, days = usual.record, np.zeros(len(left), dtype=bool)
    if record.interval.slots == 1:
        return [], days
    expected, came = usual.expected, record.came
    score = (came - expected) / np.sqrt(expected + (SLOT_SPREAD * expected) ** 2 + 1)
    high = (score > TYPED) & (came > TYPED_TIMES * expected) & ~left[:, None]
    high &= (came - expected) > 0.15 * usual.totals[:, None]
    found = []
    for at, slot in np.argwhere(high).tolist():
        beside = [each for each in (slot - 1, slot + 1) if 0 <= each < came.shape[1]]
        if any(came[at, each] > NEIGHBOURS * expected[at, each] + 6 for each in beside) or high[at].sum() > 2:
            continue
        days[at] = True
        when = f"{date(record.days[at])}T{record.slot_clock(slot)}"
        found.append(
            Finding(
                record.queue,
                "outlier",
                when,
                when,
                float(came[at, slot] / max(expected[at, slot], 0.5)),
                f"{came[at, slot]:,.0f} contacts in one row, where about {expected[at, slot]:,.0f} are usual; the rows beside are as usual.",
                "A typing error, or a sum in one row.",
                load_again(),
                "warning",
                0.99,
            )
        )
    return found, days
