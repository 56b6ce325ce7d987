"""The answer to GET /v1/forecasts, built page by page: no more rows in memory than a page and one queue hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api import moments, paging
from api.etags import etag_of
from api.paging import Place
from api.queries import ForecastQuery
from api.schemas import ForecastPage, ForecastRow, VersionOut
from api.signal_use import Use, of_rows, uses
from forecast.buckets import Interval, floor, index, to_ns
from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.overriding import Override
from store.adjusted import Adjusted, load_with_overrides
from store.forecast_versions import IMPORTED, ForecastVersion, being_written, newest_version, standing
from store.overrides import in_force
from store.queues import Queue, load_queues, require_queues
from store.reason_weeks import coverages
from store.reasons import reason_name, stored_reasons
from store.scores import load_notes

NAMES = tuple(f"{tau:g}" for tau in QUANTILES)
STORED = {Interval.HOUR: "hour", Interval.DAY: "day"}
LONG = {"week": Interval.WEEK, "month": Interval.MONTH}
DIGITS = 4
PART = 512  # rows
HOUR = 3600
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Ask:
    """A question that was understood.

    version: a name or an id, as the store takes it; newest: the latest version it takes rows from
    as_of:   given, or the newest version's own moment, so that every page of one answer agrees
    beside:  what else the rows hang on: locks in force, uploads taken out; the moment, while a run still writes them
    changes: the manual adjustments that hold at `changed_at`, which every page of one answer shares
    """

    query: ForecastQuery
    queues: tuple[Queue, ...]
    names: tuple[str, ...]
    version: str | int
    newest: ForecastVersion | None
    as_of: dt.datetime | None
    now: dt.datetime
    use: Mapping[str, Mapping[str, Use]] = field(default_factory=dict)
    beside: tuple[Any, ...] = ()
    changes: tuple[Override, ...] = ()

    @property
    def changed_at(self) -> dt.datetime:
        """The moment whose manual adjustments count."""
        return self.as_of or self.now

    @property
    def adjustable(self) -> bool:
        """Do adjustments lie on top? A locked version has them in its rows; one named by its id is given as made."""
        return self.query.overrides and self.version in ("published", "latest")

    @property
    def work_names(self) -> tuple[str, ...]:
        """Quantiles of the workload: only where quantiles are asked for by name."""
        return self.names if self.query.quantiles else ()

    @property
    def etag(self) -> str:
        """By what the rows depend on; nothing of the forecast itself is read for it."""
        newest = (
            None if self.newest is None else (self.newest.id, self.newest.state, self.newest.published_at)
        )
        starts = [str(self.start(queue)) for queue in self.queues]
        beside = (*self.beside, [one.id for one in self.changes])  # an adjustment never changes itself
        return etag_of(self.query.model_dump(), newest, beside, self.queues, self.use, starts)

    def topic(self, queue: Queue) -> str:
        """The reason its rows are of: the one asked for, where the queue is divided."""
        return self.query.topic or queue.topic

    def series(self, queue: Queue) -> str:
        """The name its rows are stored under."""
        topic = self.topic(queue)
        return queue.name if topic == queue.topic else reason_name(queue.name, topic)

    def start(self, queue: Queue) -> dt.datetime | None:
        """From when on rows of the queue are asked for."""
        if self.query.start is not None:
            return moments.parse(self.query.start, queue.tz, "start")
        if isinstance(self.version, int):
            return None
        length = LONG.get(self.query.granularity, Interval.DAY)
        today = floor(np.array([to_ns(self.now)], dtype=np.int64), length, queue.tz)
        return moments.utc_of(index(today))[0]

    def end(self, queue: Queue) -> dt.datetime | None:
        """Until before when."""
        return moments.optional(self.query.end, queue.tz, "end")


def understand(session: Session, query: ForecastQuery, now: dt.datetime, company_tz: str) -> Ask:
    """The question with its queues, its version and its signals; InputError or NotFound where it cannot be answered."""
    if query.queue:
        require_queues(session, query.queue)
    divided = {} if query.topic is None else stored_reasons(session)
    queues = tuple(
        queue for queue in load_queues(session) if _asked(queue, query, divided.get(queue.name, ()))
    )
    version: str | int = int(query.version) if query.version.isdecimal() else query.version
    as_of = moments.optional(query.as_of, company_tz, "as_of")
    newest = newest_version(session, version, as_of)
    beside = standing(session, version)
    if newest is not None and being_written(session, newest):
        beside = (*beside, str(now))  # its rows grow: no answer that a client holds is still right
    ask = Ask(query, queues, _quantiles(query.quantiles), version, newest, as_of, now, beside=beside)
    for queue in queues:
        start, end = ask.start(queue), ask.end(queue)
        if query.start and start is not None and end is not None and end <= start:
            raise InputError("The end lies before the start.", remedy="Give an end after it.", field="end")
    ours = newest if newest is not None and newest.kind != IMPORTED else None
    changes = in_force(session, ask.changed_at) if ask.adjustable else ()
    use = {} if ours is None else uses(session, ours.cutoff, ours.run_id)
    return replace(ask, use=use, changes=changes)


def _asked(queue: Queue, query: ForecastQuery, reasons: Sequence[str]) -> bool:
    return (
        (not query.queue or queue.name in query.queue)
        and query.channel in (None, queue.channel)
        and query.topic in (None, queue.topic, *reasons)
    )


def _quantiles(given: list[str]) -> tuple[str, ...]:
    wanted = [part.strip() for text in given for part in text.split(",") if part.strip()]
    chosen = []
    for text in wanted:
        try:
            name = f"{float(text):g}"
        except ValueError:
            name = ""
        if name not in NAMES:
            raise InputError(
                f"The quantile {text[:20]!r} is not kept.",
                remedy=f"Use {', '.join(NAMES)}.",
                field="quantiles",
            )
        chosen.append(name)
    return tuple(name for name in NAMES if name in chosen) or NAMES


def page(session: Session, ask: Ask, cursor: str | None, limit: int) -> ForecastPage:
    """One page of the answer."""
    place = paging.read(ask.query, cursor, (str, int, int))
    at = ask.changed_at if place is None else _at(place.after[2])
    if at != ask.changed_at and ask.adjustable:
        ask = replace(ask, changes=in_force(session, at))
    ask = replace(ask, as_of=_pinned(ask, place))
    rows, more = paging.take(_rows(session, ask, place), limit)
    pin = None if ask.as_of is None else _micros(ask.as_of)
    last = Place((rows[-1].queue, _micros(rows[-1].start_utc), _micros(at)), pin) if more else None
    return ForecastPage(
        rows=rows,
        next_cursor=None if last is None else paging.write(ask.query, last),
        version=None if ask.newest is None else version_out(ask.newest),
        granularity=ask.query.granularity,
        notes=_notes(session, ask),
        coverage={} if ask.query.topic is None else coverages(session, ask.queues, ask.now),
    )


def _notes(session: Session, ask: Ask) -> list[str]:
    """How far the histories of the queues asked for support the newest version's long run."""
    if ask.newest is None or ask.query.granularity in ("interval", "hour"):
        return []
    notes = load_notes(session, ask.newest.run_id)
    return [notes[queue.name] for queue in ask.queues if queue.name in notes]


def _pinned(ask: Ask, place: Place | None) -> dt.datetime | None:
    if place is not None and place.pin is not None:
        return _at(place.pin)
    if ask.as_of is not None or ask.newest is None or isinstance(ask.version, int):
        return ask.as_of
    if ask.version == "locked":  # an earlier lock may have been released since the newest was made
        return ask.now
    return ask.newest.created_at if ask.version == "latest" else ask.newest.published_at


def _rows(session: Session, ask: Ask, place: Place | None) -> Iterator[ForecastRow]:
    for queue in ask.queues:
        start = ask.start(queue)
        if place is not None and queue.name < place.after[0]:
            continue
        begun = place is not None and queue.name == place.after[0]
        if place is not None and begun:
            start = _at(place.after[1] + 1)
        found = _load(session, ask, queue, start, ask.version)
        if found.frame.empty and ask.query.start is None and ask.newest is not None and not begun:
            # data that ended long ago are forecast from there on: what the newest version has is what there is
            found = _load(session, ask, queue, None, ask.newest.id)
        yield from _of_queue(found, queue, ask)


def _load(
    session: Session, ask: Ask, queue: Queue, start: dt.datetime | None, version: str | int
) -> Adjusted:
    return load_with_overrides(
        session,
        series=[ask.series(queue)],
        start=start,
        end=ask.end(queue),
        granularity=_stored(queue, ask.query.granularity),
        version=version,
        as_of=ask.as_of,
        costs=True,
        overrides=ask.changes,
    )


def _at(micros: int) -> dt.datetime:
    """Microseconds since the epoch -> moment; a cursor made up by somebody is kept within bounds."""
    last = (moments.LAST - moments.EPOCH) // MICROSECOND
    return moments.EPOCH + max(0, min(micros, last)) * MICROSECOND


def _stored(queue: Queue, granularity: str) -> str:
    """A queue counted by the hour keeps its hours as its intervals."""
    return "interval" if STORED.get(queue.interval) == granularity else granularity


def _of_queue(found: Adjusted, queue: Queue, ask: Ask) -> Iterator[ForecastRow]:
    """The rows, made a part at a time: a page of a long forecast takes no more than its own."""
    for at in range(0, len(found.frame), PART):
        part = slice(at, at + PART)
        yield from _made(Adjusted(found.frame.iloc[part], found.override[part]), queue, ask)


def _made(found: Adjusted, queue: Queue, ask: Ask) -> Iterator[ForecastRow]:
    forecast = found.frame
    cutoff = None if ask.newest is None else ask.newest.cutoff
    use = of_rows(ask.use.get(queue.name, {}), queue, cutoff, forecast["ds"])
    values = moments.or_none(forecast[["mean", *ask.names]].round(DIGITS))
    costs = _costs(forecast, ask.work_names)
    added = (found.override.round(DIGITS) + 0.0).tolist()
    for moment, numbers, cost, used, override in zip(
        moments.utc_of(forecast["ds"]), values, costs, use, added, strict=True
    ):
        yield ForecastRow(
            queue=queue.name,
            channel=queue.channel,
            topic=ask.topic(queue),
            start=moments.local_of(moment, queue.tz),
            start_utc=moment,
            mean=numbers[0],
            quantiles=dict(zip(ask.names, numbers[1:], strict=True)),
            override=override,
            **cost,
            signal=used,
        )


def _costs(forecast: pd.DataFrame, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Handling time and workload of each row as it goes out; workload in hours."""
    seconds = moments.or_none(forecast[["aht", "aht_0.1", "aht_0.9"]].round(1))
    stored = ["workload", *(f"workload_{name}" for name in names)]
    hours = moments.or_none((forecast[stored] / HOUR).round(DIGITS))
    for (aht, low, high), (mean, *parts) in zip(seconds, hours, strict=True):
        yield {
            "aht_seconds": aht,
            "aht_low": low,
            "aht_high": high,
            "workload_hours": mean,
            "workload_quantiles": dict(zip(names, parts, strict=True)) if names else None,
        }


def _micros(moment: dt.datetime) -> int:
    return (moment - moments.EPOCH) // MICROSECOND


def version_out(version: ForecastVersion) -> VersionOut:
    """A stored version as it goes out."""
    return VersionOut.model_validate(version, from_attributes=True)
