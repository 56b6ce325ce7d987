"""A channel or all queues together: sums of contacts and of means. No band: the quantile of a sum is not a sum of quantiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard import queries
from api.dashboard.forecast.choice import CHANNEL, QUEUE, Choice
from api.dashboard.outlook import GRANULARITY
from api.dashboard.queries import COARSE, Held
from api.dashboard.windows import PERIODS, STEPS, WEEK_BEFORE, Window
from forecast.arrays import Ns
from forecast.buckets import DAY, SECOND, Interval, column_ns, day_start, floor, from_ns, index, local_ns
from forecast.days import OpeningHours
from forecast.vintage import Archive, Series, Versions
from store.adjusted import load_adjusted
from store.days import load_hours
from store.forecasts import COLUMNS
from store.offered import Offered, load_offered
from store.queues import Queue, load_queues
from store.settings import Settings
from store.wholes import WHOLE

ZONES_APART = dt.timedelta(
    days=1
)  # at most: a day of one zone begins so much before or after that of another
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
        today=False,
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
    came = offered(session, mine, window.start - WEEK_BEFORE, window.end, window.step, whole)
    series = _series(whole, came, _hours(session, mine))
    as_of = from_ns(int(came.known_at.max())).to_pydatetime() if len(came.ds) else None
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


def offered(
    session: Session, mine: Sequence[Queue], start: int, end: int, step: Interval, whole: Queue
) -> Offered:
    """The contacts of several queues, start <= ds < end (ns).

    In buckets of a day and longer a queue of another zone has its own local days: its contacts then stand at the same
    time of the clock in the zone of the whole.
    """
    mixed = step.slots == 1 and any(one.tz != whole.tz for one in mine)
    edge = DAY if mixed else 0
    first, last = (from_ns(at).to_pydatetime() for at in (start - edge, end + edge))
    came = load_offered(session, [one.name for one in mine], first, last)
    if not mixed:
        return came
    ds = np.zeros_like(came.ds)
    for place, one in enumerate(mine):
        own = came.queue == place
        ds[own] = same_clock(came.ds[own], one, whole)
    kept = (ds >= start) & (ds < end)
    return Offered(came.names, came.queue[kept], ds[kept], came.contacts[kept], came.known_at[kept])


def same_clock(ds: Ns, queue: Queue, whole: Queue) -> Ns:
    """Moments ns[n] of a queue -> those of the same local day and time in the zone of the whole."""
    local = local_ns(ds, queue.tz)
    day = local // DAY
    last = day_start(day + 1, whole.tz) - queue.interval.seconds * SECOND
    return np.asarray(np.minimum(day_start(day, whole.tz) + local - day * DAY, last), dtype=np.int64)


def _series(whole: Queue, came: Offered, hours: OpeningHours | None) -> Series:
    """The sums of the queues' contacts per bucket of the whole."""
    ds, place = np.unique(floor(came.ds, whole.interval, whole.tz), return_inverse=True)
    offered = np.bincount(place, weights=came.contacts, minlength=len(ds)).astype(np.float64)
    known = np.zeros(len(ds), dtype=np.int64)
    np.maximum.at(known, place, came.known_at)
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
    zones = {one.name: one.tz for one in mine}
    nothing = pd.DataFrame(
        {"ds": index(np.zeros(0, dtype=np.int64)), **{name: np.zeros(0) for name in COLUMNS}}
    )
    found = dict.fromkeys(("interval", *COARSE), nothing)
    for length in {window.step, window.drawn}:
        name = GRANULARITY.get(length, "interval") if length is not window.interval else "interval"
        found[name] = summed(
            load_adjusted(
                session, now=now, series=list(zones), start=window.first - ZONES_APART,
                end=window.last + ZONES_APART, granularity=name,
            ),
            length,
            window.tz,
            zones,
        )  # fmt: skip
    return found


def bucket_of(rows: pd.DataFrame, length: Interval, tz: str, zones: Mapping[str, str]) -> Ns:
    """forecast[series, ds] -> the bucket in the zone `tz` each belongs to, ns[n].

    zones: series -> its own zone: of a day and longer, its local day is the day of that date
    """
    starts = column_ns(rows["ds"]).copy()
    if length.slots == 1:
        names = rows["series"].to_numpy()
        for name, own in zones.items():
            if own != tz:
                mine = names == name
                starts[mine] = day_start(local_ns(starts[mine], own) // DAY, tz)
    return floor(starts, length, tz)


def summed(rows: pd.DataFrame, length: Interval, tz: str, zones: Mapping[str, str]) -> pd.DataFrame:
    """forecast[series, ds, mean, ...] -> forecast[ds, mean, 0.5, ...] per bucket that every series with any row reaches."""
    starts = bucket_of(rows, length, tz, zones)
    ds, place = np.unique(starts, return_inverse=True)
    mean = np.bincount(place, weights=rows["mean"].to_numpy(), minlength=len(ds)).astype(np.float64)
    pairs = pd.DataFrame({"place": place, "series": rows["series"].to_numpy()}).drop_duplicates()
    count = np.bincount(pairs["place"].to_numpy(dtype=np.int64), minlength=len(ds))
    kept = count == count.max(initial=0)
    unknown = {name: np.full(int(kept.sum()), np.nan) for name in COLUMNS}
    return pd.DataFrame({"ds": index(ds[kept]), **unknown, "mean": mean[kept], "0.5": mean[kept]})
