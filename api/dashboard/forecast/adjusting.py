"""What a planner changes in the table, as manual adjustments: one per unbroken stretch, or one per row that is set.

Shown is the middle of what is expected; an adjustment works on the mean. Both move by the same factor, so the mean that
gives the wanted middle is mean * wanted / middle; where the middle is nothing the wanted number itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard.desk import Change
from api.dashboard.queries import Held
from forecast.buckets import DAY, column_ns, day_start, from_ns, to_ns
from forecast.errors import InputError
from forecast.overriding import ABSOLUTE, PERCENT, TOTAL, VOLUME, Override
from store.overrides import Kept, add_override, remove_override

SET, ADD = "set", "add"
WAYS = (PERCENT, SET, ADD)
LEAST = 1e-6  # contacts: less is no change
MOST_AT_ONCE = 600


@dataclass(frozen=True)
class Stretch:
    """Rows that follow each other in time, start .. end (ns), with what is expected of them on average and in the middle."""

    start: int
    end: int
    mean: float
    middle: float
    count: int


def scope(held: Held) -> dict[str, Any]:
    """Whose contacts an adjustment of what is shown changes: queue, channel, topic; '' for any."""
    if not held.added:
        return {"queue": held.queue.name, "channel": "", "topic": held.reason}
    channels = {one.channel for one in held.added}
    return {"queue": "", "channel": channels.pop() if held.queue.name in channels else "", "topic": ""}


def open_to_change(held: Held, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not over and of which something is forecast."""
    return frame[~frame["over"] & frame["expected"].notna()]


def chosen(held: Held, frame: pd.DataFrame, starts: Collection[str]) -> pd.DataFrame:
    """The rows of these starts (ISO 8601, UTC) that can still be changed."""
    mine = open_to_change(held, frame)
    wanted = {to_ns(moment) for text in starts if (moment := moment_of(text)) is not None}
    return mine[np.isin(column_ns(mine["ds"]), list(wanted))].reset_index(drop=True)


def moment_of(text: object) -> dt.datetime | None:
    """`2026-03-10T09:00:00Z`, aware; None for anything else."""
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def stretches(rows: pd.DataFrame) -> list[Stretch]:
    """Rows in order of time -> those without a gap in time together."""
    starts, ends = column_ns(rows["ds"]), column_ns(rows["end"])
    if len(starts) == 0:
        return []
    run = np.cumsum(np.append(True, starts[1:] != ends[:-1])) - 1
    mean, middle = (rows[name].to_numpy(dtype=np.float64) for name in ("mean", "expected"))
    return [
        Stretch(
            int(starts[at[0]]), int(ends[at[-1]]), float(mean[at].sum()), float(middle[at].sum()), len(at)
        )
        for at in (np.flatnonzero(run == number) for number in range(int(run[-1]) + 1))
    ]


def by_way(held: Held, rows: pd.DataFrame, way: str, value: float) -> list[dict[str, Any]]:
    """A percentage, a sum to be set, or contacts to be added, over the chosen rows -> kind, value, start, end per stretch.

    A sum is shared out over the stretches by what is expected of each. InputError where nothing can be changed.
    """
    if rows.empty:
        raise InputError(
            "None of these rows can be changed.", remedy="Choose rows that are still to come.", field="rows"
        )
    parts = stretches(rows)
    if way == PERCENT:
        return [_facts(PERCENT, value, one) for one in parts]
    middle, mean = sum(one.middle for one in parts), sum(one.mean for one in parts)
    more = value - middle if way == SET else value
    factor = mean / middle if middle > LEAST else 1.0
    shares = [one.mean / mean if mean > LEAST else one.count / len(rows) for one in parts]
    found = [_facts(ABSOLUTE, more * factor * share, one) for one, share in zip(parts, shares, strict=True)]
    kept = [one for one in found if abs(one["value"]) > LEAST]
    if not kept:
        raise InputError("That is what is expected already.", remedy="Give another number.", field="value")
    return kept


def _facts(kind: str, value: float, one: Stretch) -> dict[str, Any]:
    return {"kind": kind, "value": value, "start": one.start, "end": one.end}


def by_row(held: Held, rows: pd.DataFrame, wanted: Mapping[int, float], *, pin: bool) -> list[dict[str, Any]]:
    """start (ns) -> the number to be shown there; -> kind, value, start, end per row that differs from it.

    pin: the number stays what a later forecast says (a day's total, where the row lies within a day and has not begun);
    else the difference to today's forecast is added.
    """
    found = []
    row: Any
    for row, start, end in zip(rows.itertuples(), column_ns(rows["ds"]), column_ns(rows["end"]), strict=True):
        if start not in wanted or abs(wanted[start] - row.expected) <= LEAST:
            continue
        mean = wanted[start] * (row.mean / row.expected if row.expected > LEAST else 1.0)
        pinned = pin and start >= held.window.moment and end - start <= DAY + DAY // 24
        value = mean if pinned else mean - row.mean
        if pinned or abs(value) > LEAST:
            kind = TOTAL if pinned else ABSOLUTE
            found.append({"kind": kind, "value": float(value), "start": int(start), "end": int(end)})
    return found


def save(
    change: Change,
    held: Held,
    parts: Sequence[Mapping[str, Any]],
    *,
    reason: str,
    until: dt.date | None,
) -> list[Kept]:
    """Keep them as adjustments by who asks; those that were held already are left out of the answer.

    until: the last local day they count. InputError without a reason, or for too many at once.
    """
    if not reason.strip():
        raise InputError("The adjustment has no reason.", remedy="Say why it is made.", field="reason")
    if len(parts) > MOST_AT_ONCE:
        raise InputError(
            f"These are {len(parts)} adjustments at once; at most {MOST_AT_ONCE} can be saved.",
            remedy="Choose fewer rows, or longer ones.", field="rows",
        )  # fmt: skip
    expires = None if until is None else _after(until, held.queue.tz)
    made = []
    for part in parts:
        wanted = Override(
            id=0, measure=VOLUME, reason=reason.strip(), author=change.who, **scope(held), **part
        )
        kept, new = add_override(change.session, wanted, now=change.now, expires_at=expires)
        if new:
            made.append(kept)
    return made


def _after(day: dt.date, tz: str) -> dt.datetime:
    midnight = day_start([(day - dt.date(1970, 1, 1)).days + 1], tz)
    return from_ns(int(midnight[0])).to_pydatetime()


def undo(change: Change, numbers: Sequence[int]) -> int:
    """Remove adjustments again; -> how many were in force."""
    removed = [remove_override(change.session, one, now=change.now, who=change.who) for one in numbers]
    return sum(one.removed_at == change.now for one in removed)
