"""A channel or all queues together: sums of contacts and of means. No band: the quantile of a sum is not a sum of quantiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard import queries
from api.dashboard.forecast.choice import CHANNEL, QUEUE, Choice
from api.dashboard.outlook import GRANULARITY
from api.dashboard.queries import COARSE, WHOLE, Held
from api.dashboard.windows import PERIODS, STEPS, WEEK_BEFORE, Window
from forecast.buckets import Interval, column_ns, floor, from_ns, index
from forecast.days import OpeningHours
from forecast.vintage import Archive, Series, Versions
from store.adjusted import load_adjusted
from store.days import load_hours
from store.forecasts import COLUMNS
from store.queues import Queue, load_queues
from store.settings import Settings
from store.volumes import load_volumes

MOST_BUCKETS = 20_000  # stored buckets that are added up for one look


def load(session: Session, choice: Choice, now: dt.datetime, settings: Settings | None = None) -> Held:
    """What was chosen: one queue or reason, or the sum of several queues. NotFound without a queue."""
    queues = load_queues(session)
    queue = queries.choose(queues, choice.queue)
    mine = members(queues, queue, choice.scope)
    if len(mine) > 1:
        return _added(session, queue, mine, choice, now)
    return queries.load(
        session,
        queue.name,
        choice.period,
        choice.step,
        now,
        settings,
        first=choice.first,
        reason=choice.reason,
    )


def members(queues: Sequence[Queue], queue: Queue, scope: str) -> list[Queue]:
    """The queues of a scope around one of them."""
    if scope == QUEUE:
        return [queue]
    return [one for one in queues if scope != CHANNEL or one.channel == queue.channel]


def _added(session: Session, queue: Queue, mine: Sequence[Queue], choice: Choice, now: dt.datetime) -> Held:
    longest = max((one.interval for one in mine), key=lambda one: one.seconds)
    made = queries.in_force(session, queue.name, now)
    moment = now if made is None or made.reaches_now else made.cutoff
    step = _step(choice, longest, len(mine))
    window = Window.of(moment, now, choice.period, step, longest, queue.tz, choice.first)
    name = queue.channel if choice.scope == CHANNEL else WHOLE
    whole = Queue(name, queue.channel, WHOLE, longest, queue.tz)
    start, end = from_ns(window.start - WEEK_BEFORE).to_pydatetime(), from_ns(window.end).to_pydatetime()
    volumes = _whole_rows(load_volumes(session, [one.name for one in mine], start, end))
    series = _series(whole, volumes, _hours(session, mine))
    as_of = None if volumes.empty else volumes["known_at"].max().to_pydatetime()
    forecast = _forecasts(session, mine, window, now)
    archive = Archive({name: series})
    return Held(whole, series, archive, made, forecast, None, [], as_of, window, added=tuple(mine))


def _step(choice: Choice, interval: Interval, count: int) -> str:
    """The step chosen, or a longer one where too many buckets would be added up."""
    days = PERIODS[choice.period][1]
    for step in dict.fromkeys((choice.step, "hour", "day")):
        length = STEPS[step] or interval
        if length.slots == 1 or count * days * length.slots <= MOST_BUCKETS:
            return step
    return "day"


def _whole_rows(volumes: pd.DataFrame) -> pd.DataFrame:
    """Of a queue's bucket the row of the topic `all` where there is one, else its topics."""
    whole = volumes["topic"] == WHOLE
    told = pd.MultiIndex.from_frame(volumes.loc[whole, ["queue", "ds"]])
    parts = pd.MultiIndex.from_frame(volumes[["queue", "ds"]])
    return volumes[whole | ~parts.isin(told)]


def _series(whole: Queue, volumes: pd.DataFrame, hours: OpeningHours | None) -> Series:
    """The sums of volumes[queue, ds, offered, known_at, ...] per bucket of the whole."""
    starts = floor(column_ns(volumes["ds"]), whole.interval, whole.tz)
    ds, place = np.unique(starts, return_inverse=True)
    offered = np.bincount(place, weights=volumes["offered"].to_numpy(), minlength=len(ds)).astype(np.float64)
    known = np.zeros(len(ds), dtype=np.int64)
    np.maximum.at(known, place, column_ns(volumes["known_at"]))
    versions = Versions.of(ds, offered, known)
    return Series(whole.name, whole.interval, whole.tz, versions, whole.name, whole.channel, hours=hours)


def _hours(session: Session, mine: Sequence[Queue]) -> OpeningHours | None:
    """Open where any of them is; None (inferred from what came) where one has no hours, or hours that change with a date."""
    hours = load_hours(session)
    hours = hours[hours["queue"].isin([one.name for one in mine])]
    if set(hours["queue"]) != {one.name for one in mine} or hours["valid_from"].notna().any():
        return None
    return OpeningHours.from_frame(hours.drop_duplicates(["weekday", "opens", "closes"]))


def _forecasts(
    session: Session, mine: Sequence[Queue], window: Window, now: dt.datetime
) -> dict[str, pd.DataFrame]:
    """Per granularity shown forecast[ds, mean, ...] of the sums, the middle being the mean; nothing of the others."""
    nothing = pd.DataFrame(
        {"ds": index(np.zeros(0, dtype=np.int64)), **{name: np.zeros(0) for name in COLUMNS}}
    )
    found = dict.fromkeys(("interval", *COARSE), nothing)
    for length in {window.step, window.drawn}:
        name = GRANULARITY.get(length, "interval") if length is not window.interval else "interval"
        found[name] = summed(
            load_adjusted(
                session, now=now, series=[one.name for one in mine], start=window.first, end=window.last,
                granularity=name,
            ),
            length,
            window.tz,
        )  # fmt: skip
    return found


def summed(rows: pd.DataFrame, length: Interval, tz: str) -> pd.DataFrame:
    """forecast[series, ds, mean, ...] -> forecast[ds, mean, 0.5, ...] per bucket that every series with any row reaches."""
    starts = floor(column_ns(rows["ds"]), length, tz)
    ds, place = np.unique(starts, return_inverse=True)
    mean = np.bincount(place, weights=rows["mean"].to_numpy(), minlength=len(ds)).astype(np.float64)
    pairs = pd.DataFrame({"place": place, "series": rows["series"].to_numpy()}).drop_duplicates()
    count = np.bincount(pairs["place"].to_numpy(dtype=np.int64), minlength=len(ds))
    kept = count == count.max(initial=0)
    unknown = {name: np.full(int(kept.sum()), np.nan) for name in COLUMNS}
    return pd.DataFrame({"ds": index(ds[kept]), **unknown, "mean": mean[kept], "0.5": mean[kept]})
