"""Social channels as a channel of care: who waits, how soon questions are answered, and how many there are to answer.

A question is a post that asks something of the company itself. One that is still open is not left out of the reply
times: it has waited so long already (censored), and says that the reply takes at least that. A question about two
reasons counts in both, and once in `all`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd

from forecast import buckets
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Interval
from forecast.errors import ContractError
from forecast.frames import TEXT, TIME, Contract, check
from forecast.social.signals import ALL, SCORED

QUESTIONS = Contract(
    "questions",
    {"created_at": TIME, "known_at": TIME, "topics": TEXT},
    {**SCORED.required, **SCORED.optional, "received_at": TIME},
)
REPLIED, RESOLVED, DELETED = MOMENTS = ("replied_at", "resolved_at", "deleted_at")
KEYS = ("topic", "language", "hour", "day")  # what reply times can be told apart by
FIGURES = (
    "questions",
    "answered",
    "share",
    "median",
    "p90",
    "resolved",
    "resolution_median",
    "resolution_p90",
)
_MINUTE, _HOUR = 60 * SECOND, 3600 * SECOND
_NEVER = np.iinfo(np.int64).max
_MISSING = np.iinfo(np.int64).min


def waiting(mentions: pd.DataFrame, now: dt.datetime, *, by: Sequence[str] = ("topic",)) -> pd.DataFrame:
    """mentions -> frame[*by, open, oldest], what waits at `now`: neither answered, resolved nor deleted by then.

    by: `topic`, `language` or both. The topic `all` comes first and is there even if nobody waits (`oldest` NaT).
    """
    questions = _asked(mentions, now)
    open_now = (_ends(questions, MOMENTS) == _NEVER).to_numpy()
    cells = _cells(questions[open_now], by, "UTC")
    found = (
        cells.assign(oldest=cells["created_at"])
        .groupby(list(by), sort=True)
        .agg(open=("oldest", "size"), oldest=("oldest", "min"))
        .reset_index()
    )
    if not len(found) and tuple(by) == ("topic",):
        nobody = pd.DatetimeIndex([pd.NaT]).tz_localize("UTC").as_unit("ns")
        return pd.DataFrame({"topic": [ALL], "open": [0], "oldest": nobody})
    return _all_first(found, by)


def reply_times(
    mentions: pd.DataFrame,
    *,
    asof: dt.datetime,
    target: dt.timedelta,
    tz: str = "UTC",
    by: Sequence[str] = ("topic",),
) -> pd.DataFrame:
    """mentions -> frame[*by, questions, answered, share, median, p90, resolved, resolution_median, resolution_p90].

    As known at `asof`. by: of `KEYS`, `topic` among them; `hour` is the local hour the question was asked in (0-23),
    `day` its local date (midnight UTC of that date). share: answered within `target`, around the clock; median, p90: minutes
    until half, nine in ten, have a first reply; resolution_*: until they are resolved. All three by Kaplan-Meier; NaN where
    too few have come so far to tell. The topic `all` comes first.
    """
    questions = _asked(mentions, asof)
    created = buckets.column_ns(questions["created_at"])
    replied, resolved = (_ends(questions, [name]).to_numpy() for name in (REPLIED, RESOLVED))
    stop = np.minimum(_ends(questions, [DELETED]).to_numpy(), buckets.to_ns(asof))
    answered, solved = replied != _NEVER, resolved != _NEVER
    # resolved without a reply: it waits no longer, and had none
    until = np.where(answered, replied, np.minimum(stop, resolved))
    cells = _cells(
        questions.assign(
            wait=np.maximum(until - created, 0) / _MINUTE,
            answered=answered,
            work=np.maximum(np.where(solved, resolved, stop) - created, 0) / _MINUTE,
            solved=solved,
        ),
        by,
        tz,
    )
    rows = [
        (*key, *_figures(one, target.total_seconds() / 60)) for key, one in cells.groupby(list(by), sort=True)
    ]
    return _all_first(pd.DataFrame(rows, columns=[*by, *FIGURES]), by)


def questions_as_volumes(
    mentions: pd.DataFrame,
    *,
    interval: Interval,
    tz: str,
    target: dt.timedelta,
    asof: dt.datetime | None = None,
) -> pd.DataFrame:
    """mentions -> volumes[ds, topic, offered, handled, known_at], the versions of each bucket in the order they became known.

    offered: questions asked in the bucket; handled: those of them answered within `target`. A bucket is first known at its
    end; a question that reaches us later makes a further version, and so do the replies of each later bucket, together at
    its end. `all` is every question once, so it is the total where topics overlap. With `asof` no later version comes out;
    buckets without questions have no row.
    """
    questions = _asked(mentions, None)
    created = buckets.column_ns(questions["created_at"])
    starts = buckets.floor(created, interval, tz)
    ends = buckets.end(starts, interval, tz)
    known = np.maximum(buckets.column_ns(questions["known_at"]), ends)
    replied = _ends(questions, [REPLIED]).to_numpy()
    soon = (replied != _NEVER) & (replied - created <= round(target.total_seconds() * SECOND))
    heard = buckets.end(buckets.floor(replied[soon], interval, tz), interval, tz)
    asked = pd.DataFrame(
        {"topics": questions["topics"], "ds": starts, "known_at": known, "offered": 1.0, "handled": 0.0}
    )
    events = pd.concat(
        [asked, asked[soon].assign(known_at=np.maximum(known[soon], heard), offered=0.0, handled=1.0)]
    )
    if asof is not None:
        events = events[(events["known_at"] <= buckets.to_ns(asof)).to_numpy()]
    key = ["topic", "ds"]
    sums = _by_topic(events).groupby([*key, "known_at"])[["offered", "handled"]].sum()
    totals = sums.groupby(level=key).cumsum().reset_index()
    return totals.assign(
        ds=buckets.index(totals["ds"].to_numpy(dtype=np.int64)),
        known_at=buckets.index(totals["known_at"].to_numpy(dtype=np.int64)),
        topic=totals["topic"].astype(object),
    )[[*key, "offered", "handled", "known_at"]]


def kaplan_meier(minutes: Floats, seen: Flags) -> tuple[Floats, Floats]:
    """minutes[n], seen[n] (False: it lasted longer) -> times[k] ascending, and the share [k] that lasts longer than each.

    The product-limit estimate of Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481.
    Who was seen until exactly t is among those at risk at t.
    """
    times, place = np.unique(minutes[seen], return_inverse=True)
    ended = np.bincount(place, minlength=len(times))
    at_risk = len(minutes) - np.searchsorted(np.sort(minutes), times, side="left")
    return times, np.cumprod(1.0 - ended / at_risk).astype(np.float64)


def _figures(cell: pd.DataFrame, target: float) -> tuple[float, ...]:
    """The figures of one cell, in the order of `FIGURES`."""
    wait, answered = cell["wait"].to_numpy(dtype=float), cell["answered"].to_numpy(dtype=bool)
    work, solved = cell["work"].to_numpy(dtype=float), cell["solved"].to_numpy(dtype=bool)
    curve, resolution = kaplan_meier(wait, answered), kaplan_meier(work, solved)
    within = curve[0] <= target
    # nobody answered and nobody waiting for that long: nothing is known of the target yet
    known = bool(within.any()) or float(wait.max()) >= target
    share = 1.0 - float(curve[1][within].min(initial=1.0)) if known else float("nan")
    return (
        len(wait),
        int(answered.sum()),
        share,
        _quantile(curve, 0.5),
        _quantile(curve, 0.9),
        int(solved.sum()),
        _quantile(resolution, 0.5),
        _quantile(resolution, 0.9),
    )


def _quantile(curve: tuple[Floats, Floats], part: float) -> float:
    """The time by which `part` have ended; NaN where the curve does not come so far down."""
    times, longer = curve
    reached = np.flatnonzero(longer <= 1.0 - part + 1e-9)
    return float(times[reached[0]]) if len(reached) else float("nan")


def _asked(mentions: pd.DataFrame, asof: dt.datetime | None) -> pd.DataFrame:
    """The questions of others that were known at `asof`; what happened to them later has not happened."""
    mentions = check(mentions, QUESTIONS)
    mine = np.ones(len(mentions), dtype=bool)
    if "question" in mentions:
        mine &= mentions["question"].to_numpy(dtype=bool)
    if "direction" in mentions:
        mine &= (mentions["direction"] != "out").to_numpy()
    if "repost_of" in mentions:
        mine &= mentions["repost_of"].isna().to_numpy()
    if asof is None:
        return mentions[mine]
    mine &= (mentions["known_at"] <= asof).to_numpy()
    later = {name: mentions[name].where(mentions[name] <= asof) for name in MOMENTS if name in mentions}
    return mentions.assign(**later)[mine]


def _ends(questions: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """The first of some moments of each question in ns, `_NEVER` where there is none."""
    first = np.full(len(questions), _NEVER, dtype=np.int64)
    for name in names:
        if name in questions:
            at: Ns = buckets.column_ns(questions[name])
            first = np.minimum(first, np.where(at == _MISSING, _NEVER, at))
    return pd.Series(first, index=questions.index)


def _cells(questions: pd.DataFrame, by: Sequence[str], tz: str) -> pd.DataFrame:
    """Questions with the columns of `by`, each once per reason and once as `all`."""
    if "topic" not in by or not set(by) <= set(KEYS):
        raise ContractError(
            f"Questions cannot be told apart by {', '.join(by) or 'nothing'}.",
            remedy=f"Name topic, and any of {', '.join(KEYS[1:])}.",
            field="by",
        )
    keyed = questions
    if {"hour", "day"} & set(by):
        local = buckets.local_ns(buckets.column_ns(questions["created_at"]), tz)
        keyed = keyed.assign(hour=(local // _HOUR % 24), day=buckets.index(local // DAY * DAY))
    if "language" in by:
        spoken = keyed["language"] if "language" in keyed else pd.Series(None, index=keyed.index)
        keyed = keyed.assign(language=spoken.fillna("other").astype(object))
    return _by_topic(keyed)


def _by_topic(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with `topics` (a list each) -> the same with `topic`, each once as `all` and once per reason."""
    reasons = [(ALL, *dict.fromkeys(one for one in each if one != ALL)) for each in rows["topics"]]
    each = rows.take(np.repeat(np.arange(len(rows)), [len(one) for one in reasons]))
    named = pd.Series(list(chain.from_iterable(reasons)), index=each.index, dtype=object)
    return each.assign(topic=named).reset_index(drop=True)


def _all_first(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    order = frame.assign(_rest=frame["topic"] != ALL).sort_values(["_rest", *by], kind="stable")
    return order.drop(columns="_rest").reset_index(drop=True)
