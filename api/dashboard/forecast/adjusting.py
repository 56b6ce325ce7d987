"""What a planner changes in the table, as manual adjustments: one per unbroken stretch, or one per row that is set.

Shown of a row is the middle of what is expected; an adjustment works on the mean. Both move by the same factor, so the
mean that gives the wanted middle is mean * wanted / middle; where the middle is nothing the wanted number itself. Rows
together are told and changed by the sum of their means. Of a row under way only what is still to come can change, so its
adjustment begins at the first interval that is not over.
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
from forecast.buckets import DAY, SECOND, column_ns, day_start, floor, from_ns, to_ns
from forecast.errors import InputError
from forecast.overriding import ABSOLUTE, PERCENT, TOTAL, VOLUME, Override
from store.database import lock
from store.overrides import Kept, add_override, load_overrides, remove_override

SET, ADD = "set", "add"
WAYS = (PERCENT, SET, ADD)
LEAST = 1e-6  # contacts: less is no change
DECIMALS = 6  # of a number that is kept
MOST_AT_ONCE = 600


@dataclass(frozen=True)
class Stretch:
    """Rows that follow each other in time, start .. end (ns). left: contacts still to come on average; count: of rows."""

    start: int
    end: int
    left: float
    count: int


def scope(held: Held) -> dict[str, Any]:
    """Whose contacts an adjustment of what is shown changes: queue, channel, topic; '' for any."""
    if not held.added:
        return {"queue": held.queue.name, "channel": "", "topic": held.reason}
    channels = {one.channel for one in held.added}
    return {"queue": "", "channel": channels.pop() if held.queue.name in channels else "", "topic": ""}


def open_to_change(held: Held, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not over and of which something is forecast, with [begin, left].

    begin: from where (ns) they can change; left: contacts still to come on average, without those that came
    """
    mine = frame[~frame["over"] & frame["expected"].notna()]
    starts = column_ns(mine["ds"])
    begin = np.maximum(starts, first_open(held))
    came = np.where(begin > starts, mine["offered"].fillna(0.0), 0.0)
    return mine.assign(begin=begin, left=np.maximum(mine["mean"] - came, 0.0))


def first_open(held: Held) -> int:
    """Start (ns) of the first interval that is not over, the shortest where several queues are added up."""
    length = min((one.interval for one in held.added or (held.queue,)), key=lambda one: one.seconds)
    now, counted = held.window.moment, held.series.offered.ds
    if held.added or length.slots == 1 or len(counted) == 0:
        return int(floor(np.array([now], dtype=np.int64), length, held.queue.tz)[0])
    return now - (now - int(counted[0])) % (length.seconds * SECOND)  # a grid off the hour stays off the hour


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
    begin, left = rows["begin"].to_numpy(dtype=np.int64), rows["left"].to_numpy(dtype=np.float64)
    return [
        Stretch(int(begin[at[0]]), int(ends[at[-1]]), float(left[at].sum()), len(at))
        for at in (np.flatnonzero(run == number) for number in range(int(run[-1]) + 1))
    ]


def by_way(held: Held, rows: pd.DataFrame, way: str, value: float) -> list[dict[str, Any]]:
    """A percentage of what is still to come, a sum to be set, or contacts to be added -> kind, value, start, end per stretch.

    rows: of `chosen`. A sum is shared out over the stretches by what is still to come of each. InputError where nothing
    can be changed, or more is taken away than is still to come.
    """
    if rows.empty:
        raise InputError(
            "None of these rows can be changed.", remedy="Choose rows that are still to come.", field="rows"
        )
    parts = stretches(rows)
    if way == PERCENT:
        return [_facts(PERCENT, value, one.start, one.end) for one in parts]
    shown, middle, mean = (float(rows[name].sum()) for name in ("expected", "middle", "mean"))
    if len(rows) > 1:  # together they are told by their means
        more = value - mean if way == SET else value
    else:
        more = _more(mean, middle, value if way == SET else shown + value)
    left = sum(one.left for one in parts)
    _require_left(more, mean, left)
    shares = [one.left / left if left > LEAST else one.count / len(rows) for one in parts]
    found = [
        _facts(ABSOLUTE, more * share, one.start, one.end) for one, share in zip(parts, shares, strict=True)
    ]
    kept = [one for one in found if abs(one["value"]) > LEAST]
    if not kept:
        raise InputError("That is what is expected already.", remedy="Give another number.", field="value")
    return kept


def _more(mean: float, middle: float, wanted: float) -> float:
    """What is to be added to the mean of a row for its middle to be the wanted one."""
    return wanted * (mean / middle if middle > LEAST else 1.0) - mean


def _require_left(more: float, mean: float, left: float) -> None:
    """InputError where contacts that came would have to be taken away."""
    if mean - left > LEAST and more < -left - LEAST:
        raise InputError(
            f"Of these rows {mean - left:,.0f} contacts have come already; no less can be expected.",
            remedy="Give a larger number, or choose rows that have not begun.", field="value",
        )  # fmt: skip


def _facts(kind: str, value: float, start: int, end: int) -> dict[str, Any]:
    return {"kind": kind, "value": round(float(value), DECIMALS), "start": int(start), "end": int(end)}


def by_row(held: Held, rows: pd.DataFrame, wanted: Mapping[int, float], *, pin: bool) -> list[dict[str, Any]]:
    """start (ns) -> the number to be shown there; -> kind, value, start, end per row that differs from it.

    pin: the number stays what a later forecast says (a day's total, where the row lies within a day and has not begun);
    else the difference to today's forecast is added. InputError for a number below what came.
    """
    found = []
    mine = open_to_change(held, rows)
    row: Any
    for row, start, end in zip(mine.itertuples(), column_ns(mine["ds"]), column_ns(mine["end"]), strict=True):
        if start not in wanted or abs(wanted[start] - row.expected) <= LEAST:
            continue
        more = _more(row.mean, row.middle, wanted[start])
        _require_left(more, row.mean, row.left)
        pinned = pin and start >= held.window.moment and end - start <= DAY + DAY // 24
        if pinned or abs(more) > LEAST:
            kind = TOTAL if pinned else ABSOLUTE
            found.append(_facts(kind, row.mean + more if pinned else more, row.begin, end))
    return found


def made_since(
    change: Change, held: Held, spans: Collection[tuple[int, int]], reason: str, last: int | None
) -> list[int]:
    """Numbers of the adjustments newer than `last` that the one who asks made of these spans (ns) for the same reason.

    They are what an earlier press of the same button saved. From here on nobody else writes adjustments.
    """
    lock(change.session, "overrides")
    if last is None:
        return []
    mine, found = scope(held), []
    for kept in load_overrides(change.session, active_at=change.now):
        one = kept.override
        same = all(getattr(one, name) == value for name, value in mine.items())
        said = one.id > last and one.author == change.who and one.reason == reason.strip()
        if same and said and (one.start, one.end) in spans:
            found.append(one.id)
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
