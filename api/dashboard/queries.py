"""What a page needs from the store, read in one go: the same functions as the API uses, no HTTP to ourselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.dashboard.windows import STEPS, Window
from forecast.alerts import PICKED_UP, Measure, Surge, in_time
from forecast.buckets import column_ns, from_ns, to_ns
from forecast.days import Exceptions, OpeningHours
from forecast.errors import NotFound
from forecast.vintage import Archive, Series, Versions
from store.adjusted import load_adjusted
from store.alert_settings import Alerts
from store.alerts import load_alerts
from store.days import load_hours
from store.decisions import Key, load_since
from store.forecast_versions import load_version
from store.forecasts import list_versions, load_forecast
from store.hour_exceptions import load_exceptions
from store.queues import Queue, load_queues
from store.reasons import reason_name
from store.scores import load_evidence, load_scores
from store.settings import Reason, Settings
from store.signals import load_signals
from store.tables import SignalSeries
from store.volumes import load_volumes
from store.wholes import WHOLE

PREFERRED = ("posts", "negative")
FAILED = "failed_contact"
FEW, TELLING = 5, 0.03  # posts of failed contact, and their share, from which they are worth a sentence
COARSE = ("hour", "day", "week", "month")
NEXT, SOON = dt.timedelta(hours=1), dt.timedelta(days=8)


@dataclass(frozen=True)
class Made:
    """The forecast in force: what it knew, when it was made, and whether it reaches now."""

    cutoff: dt.datetime
    created_at: dt.datetime
    reaches_now: bool


@dataclass(frozen=True)
class Social:
    """The indicator shown under the contacts: signals[ds, value] per name; `kind` count or level.

    topic: whose posts; names: (all, negative) or the one of an uploaded indicator. failed: share of the posts of the last weeks
    that tell of another channel tried in vain; None where too few do
    """

    topic: str
    names: tuple[str, ...]
    kind: str
    values: dict[str, pd.DataFrame]
    as_of: dt.datetime | None
    failed: float | None = None


@dataclass(frozen=True)
class Warned:
    """A live peak warning. left: measures still in time; by: who picked it up, '' where nobody did; at: ns."""

    queue: Queue
    surge: Surge
    left: tuple[Measure, ...]
    owner: str
    faq: str
    by: str
    at: int


@dataclass(frozen=True)
class Held:
    """Everything one look at a queue needs.

    warned:   its live peak warnings, the largest first; elsewhere: those of other queues
    series:   the queue with its volumes of the window and the eight weeks before
    forecast: per granularity forecast[ds, mean, 0.025 .. 0.975]
    reason:   the contact reason of the queue that all this is of, '' for the whole queue
    added:    the queues of whose contacts all this is the sum, () where it is of one
    """

    queue: Queue
    series: Series
    archive: Archive
    made: Made | None
    forecast: dict[str, pd.DataFrame]
    social: Social | None
    evidence: list[dict[str, Any]]
    contacts_as_of: dt.datetime | None
    window: Window
    warned: tuple[Warned, ...] = ()
    elsewhere: tuple[Warned, ...] = ()
    reason: str = ""
    added: tuple[Queue, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The forecast series all this is of."""
        if self.added:
            return tuple(queue.name for queue in self.added)
        return (series_name(self.queue, self.reason),)


def series_name(queue: Queue, reason: str) -> str:
    """The forecast series of a queue, or of a contact reason of it."""
    return reason_name(queue.name, reason) if reason not in ("", queue.topic) else queue.name


def choose(queues: Sequence[Queue], name: str | None) -> Queue:
    """The queue of that name, else the first; NotFound where there is none at all."""
    if not queues:
        raise NotFound("There is no queue yet.", field="queue")
    return next((queue for queue in queues if queue.name == name), queues[0])


def load(
    session: Session,
    name: str | None,
    period: str,
    step: str,
    now: dt.datetime,
    settings: Settings | None = None,
    *,
    first: dt.date | None = None,
    reason: str = "",
    social: bool = True,
    today: bool = True,
) -> Held:
    """All of a queue's window. NotFound without a queue; everything else may be empty.

    settings: measures and owners of peak warnings; without them the usual measures, and nobody
    first: the first local day shown (None: as the period says); reason: a contact reason of the queue
    social: with the indicator below the contacts, of which nine weeks are read
    today: with what Today tells besides: warnings, verdicts, the days to come in buckets that are not shown
    """
    queues = load_queues(session)
    queue = choose(queues, name)
    warned = _warned(session, queues, now, settings) if today else []
    reason = "" if reason == queue.topic else reason
    made = in_force(session, series_name(queue, reason), now)
    moment = now if made is None or made.reaches_now else made.cutoff
    window = Window.of(moment, now, period, step, queue.interval, queue.tz, first)
    start, end = window.past, from_ns(window.end).to_pydatetime()
    volumes = load_volumes(session, queue.name, start, end)
    if reason:
        volumes = volumes[volumes["topic"] == reason]
    series = _series(queue, volumes, opening(session, queue.name))
    forecast = forecasts(session, [series_name(queue, reason)], window, now, today=today)
    return Held(
        queue,
        series,
        Archive({queue.name: series}),
        made,
        {granularity: rows.drop(columns="series") for granularity, rows in forecast.items()},
        _social(session, queue, start, end) if social else None,
        load_evidence(session, queue.name) if today else [],
        None if volumes.empty else volumes["known_at"].max().to_pydatetime(),
        window,
        tuple(one for one in warned if one.queue.name == queue.name),
        tuple(one for one in warned if one.queue.name != queue.name),
        reason,
    )


def opening(session: Session, queue: str) -> OpeningHours | None:
    """The weekly hours of a queue with their exceptions; None where they are not given."""
    hours = load_hours(session, queue=queue)
    exceptions = Exceptions.of(load_exceptions(session, queue=queue), queue)
    return OpeningHours.from_frame(hours, exceptions) if len(hours) else None


def _warned(
    session: Session, queues: Sequence[Queue], now: dt.datetime, settings: Settings | None
) -> list[Warned]:
    """The live peak warnings, the largest first."""
    known = Alerts() if settings is None else settings.alerts
    reasons = {} if settings is None else settings.reasons
    measures = tuple(Measure(one.name, one.minutes) for one in known.measures)
    found = []
    by_name = {queue.name: queue for queue in queues}
    for alert in load_alerts(session, state="live"):
        if alert.surge.series not in by_name:
            continue
        reason = reasons.get(alert.surge.topic, Reason())
        by = next((act.who for act in alert.acts if act.act == PICKED_UP), "")
        left = in_time(measures, alert.surge.start, to_ns(now))
        queue = by_name[alert.surge.series]
        found.append(Warned(queue, alert.surge, left, reason.owner, reason.faq, by, to_ns(now)))
    return sorted(found, key=lambda one: -one.surge.extra)


def forecasts(
    session: Session, series: Sequence[str], window: Window, now: dt.datetime, *, today: bool
) -> dict[str, pd.DataFrame]:
    """Intervals and the buckets shown over the whole window; with `today` the others too, from today on."""
    soon: dict[str, Any] = {"start": from_ns(window.today).to_pydatetime(), "end": window.soon}
    whole: dict[str, Any] = {"start": window.first, "end": window.last}
    shown = ["interval", *(name for name in COARSE if STEPS[name] in (window.step, window.drawn))]
    spans = dict.fromkeys(COARSE if today else (), soon) | dict.fromkeys(shown, whole)
    return {
        name: load_adjusted(session, now=now, series=series, granularity=name, **span)
        for name, span in spans.items()
    }


def in_force(session: Session, series: str, now: dt.datetime) -> Made | None:
    """The version that speaks of what comes next, by what was published last; of data that ended, the last that spoke."""
    for reach in (NEXT, SOON):  # most often the next bucket is near, and the others need not be read
        ahead = load_forecast(session, series=[series], start=now, end=now + reach, parts=True)
        if len(ahead):
            version = load_version(session, int(ahead["version"].iloc[0]))
            return Made(version.cutoff, version.created_at, True)
    published = [one for one in list_versions(session, limit=100) if one.published_at is not None]
    published.sort(key=lambda one: (one.published_at, one.id), reverse=True)
    for version in published[:20]:
        span: dict[str, Any] = {"start": version.cutoff - dt.timedelta(days=1), "end": version.cutoff + SOON}
        if len(load_forecast(session, series=[series], version=version.id, **span)):
            return Made(version.cutoff, version.created_at, False)
    return None


def _series(queue: Queue, volumes: pd.DataFrame, hours: OpeningHours | None) -> Series:
    """volumes[ds, offered, topic, known_at] -> the queue as one series; a row of the topic `all` is the sum of its bucket."""
    if volumes["topic"].nunique() > 1:
        whole = volumes[volumes["topic"] == WHOLE]
        parts = volumes[~volumes["ds"].isin(whole["ds"])]
        volumes = (
            pd.concat([whole, parts]).groupby("ds", as_index=False).agg({"offered": "sum", "known_at": "max"})
        )
    versions = Versions.of(
        column_ns(volumes["ds"]),
        volumes["offered"].to_numpy(dtype=np.float64),
        column_ns(volumes["known_at"]),
    )
    return Series(
        queue.name, queue.interval, queue.tz, versions, queue.name, queue.channel, queue.topic, hours=hours
    )


def _social(session: Session, queue: Queue, start: dt.datetime, end: dt.datetime) -> Social | None:
    """The queue's own posts; where its reason has none, all posts; else the first uploaded indicator."""
    there = session.execute(select(SignalSeries.signal, SignalSeries.topic)).all()
    of = queue.topic if any(one.topic == queue.topic for one in there) else WHOLE
    wanted = {(name, topic) for name in (*PREFERRED, FAILED) for topic in (of, WHOLE)}
    signals = load_signals(session, start=start, end=end, wanted=wanted)
    signals = load_signals(session, start=start, end=end) if signals.empty else signals
    if signals.empty:
        return None
    topics = signals["topic"]
    topic = queue.topic if (topics == queue.topic).any() else WHOLE
    mine = signals[topics == topic]
    if mine.empty:
        topic = str(topics.iloc[0])
        mine = signals[topics == topic]
    held = mine["signal"].unique().tolist()
    names = tuple(name for name in PREFERRED if name in held) if "posts" in held else (str(held[0]),)
    values = {name: mine.loc[mine["signal"] == name, ["ds", "value"]] for name in names}
    kind = str(mine.loc[mine["signal"] == names[0], "kind"].iloc[0])
    as_of = signals["known_at"].max().to_pydatetime()
    return Social(topic, names, kind, values, as_of, _failed(mine))


def _failed(signals: pd.DataFrame) -> float | None:
    posts, failed = (signals.loc[signals["signal"] == name, "value"].sum() for name in ("posts", FAILED))
    return float(failed / posts) if failed >= FEW and failed / posts >= TELLING else None


@dataclass(frozen=True)
class Judged:
    """What the evaluation found: rows of `scores` and `evidence`, and the queues there are.

    since: (queue, indicator, how far ahead) -> the decision from which on the verdict is what it is
    """

    queues: tuple[Queue, ...]
    scores: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    since: Mapping[Key, dt.datetime] = field(default_factory=dict)


def load_judged(session: Session) -> Judged:
    """Scores and evidence of the latest runs that have some."""
    queues = tuple(load_queues(session))
    return Judged(queues, load_scores(session), load_evidence(session), load_since(session))
