"""The outlook of a day from the database: forecasts by reason, contacts of the last weeks, posts, special days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import day_start, end, local_day, to_ns, zone
from forecast.days import Calendar
from forecast.errors import InputError
from forecast.outlook import WEEK, WEEKS, Line, Outlook, Owner, Talk, against, outlook
from forecast.social.bursts import NEVER, burst_of
from store.adjusted import load_adjusted
from store.archive import load_signal
from store.day_sums import local_day_of
from store.days import load_days
from store.forecast_versions import newest_version
from store.in_force import in_force
from store.queues import Queue, load_queues, require_queues
from store.reason_weeks import coverages, reasons_by_day
from store.reasons import REST, reason_name, stored_reasons
from store.settings import Settings
from store.statements import table_of
from store.tables import VolumeRow
from store.volumes import volume_series
from store.wholes import WHOLE

FURTHEST = 740  # days: no forecast reaches further
PAST_DAYS = WEEK * (WEEKS + 1)
EPOCH = dt.date(1970, 1, 1)
MICRO = 1000  # nanoseconds
BAND = ("0.1", "0.9")


def day_of(said: str, now: dt.datetime, tz: str) -> dt.date:
    """`today`, `tomorrow` or 2026-11-24 -> that local day; InputError for anything else, and for a day that is over."""
    today = now.astimezone(zone(tz)).date()
    if said in ("today", "tomorrow"):
        return today + dt.timedelta(days=said == "tomorrow")
    try:
        day = dt.date.fromisoformat(said)
    except ValueError:
        raise InputError(
            f"The day {said[:20]!r} cannot be read.",
            remedy="Write today, tomorrow or 2026-11-24.",
            field="day",
        ) from None
    if not 0 <= (day - today).days <= FURTHEST:
        raise InputError(
            f"The day {day} is over, or further ahead than any forecast.",
            remedy=f"Ask for a day from {today} on.",
            field="day",
        )
    return day


def load_outlook(
    session: Session,
    settings: Settings,
    day: dt.date,
    now: dt.datetime,
    *,
    queues: Sequence[str] = (),
    channel: str | None = None,
) -> Outlook:
    """The reasons of a local day over some queues or all. The reasons of a queue add up to its published forecast."""
    require_queues(session, list(queues))
    chosen = [
        queue
        for queue in load_queues(session)
        if (not queues or queue.name in queues) and channel in (None, queue.channel)
    ]
    tz, number = settings.company.timezone, (day - EPOCH).days
    came = contacts(session, chosen, now)
    unknown = (np.zeros(0), np.zeros(0, dtype=np.int64))
    known = coverages(session, chosen, now)
    lines = [
        replace(
            line,
            past=against(*came.get((line.queue, line.topic), unknown), number),
            coverage=known.get(line.queue),
        )
        for line in expected_on(session, chosen, number)
    ]
    version = newest_version(session)
    return outlook(
        day,
        lines,
        tz=tz,
        talk={topic: talk_of(session, topic, now) for topic in dict.fromkeys(line.topic for line in lines)},
        owners=owners(settings),
        special=_special(session, settings, [queue.name for queue in chosen], number),
        cutoff=None if version is None or not lines else version.cutoff,
    )


def expected_on(session: Session, queues: Sequence[Queue], day: int) -> list[Line]:
    """The published forecast of a local day by queue and reason, without what came before."""
    divided = stored_reasons(session)
    expected = _expected(session, queues, divided, day)
    return [line for queue in queues for line in _lines(queue, divided.get(queue.name, ()), expected)]


def owners(settings: Settings) -> dict[str, Owner]:
    """Topic -> who looks after it, as config.yaml says."""
    return {topic: Owner(one.owner, one.email, one.faq) for topic, one in settings.reasons.items()}


def _expected(
    session: Session, queues: Sequence[Queue], divided: Mapping[str, Sequence[str]], day: int
) -> dict[str, tuple[float, float, float]]:
    """Series -> mean and band of its published forecast of the local day."""
    found = {}
    for tz in {queue.tz for queue in queues}:
        begin = pd.to_datetime(day_start([day, day + 1], tz), utc=True)
        mine = [queue.name for queue in queues if queue.tz == tz]
        names = [*mine, *(reason_name(name, topic) for name in mine for topic in divided.get(name, ()))]
        rows = load_adjusted(session, series=names, start=begin[0], end=begin[1], granularity="day")
        for row in rows[["series", "mean", *BAND]].itertuples(index=False):
            found[str(row[0])] = (float(row[1]), float(row[2]), float(row[3]))
    return found


def _lines(
    queue: Queue, topics: Sequence[str], expected: Mapping[str, tuple[float, float, float]]
) -> list[Line]:
    """The reasons of a queue, brought to add up to it; the queue itself where it has none, nothing without a forecast."""
    whole = expected.get(queue.name)
    if whole is None:
        return []
    parts = {topic: expected.get(reason_name(queue.name, topic)) for topic in topics}
    sizes = [part[0] for part in parts.values() if part is not None]
    if len(sizes) < len(parts) or not parts or (sum(sizes) <= 0 < whole[0]):
        return [Line(queue.name, queue.channel, queue.topic, *whole)]
    scale = whole[0] / max(sum(sizes), 1e-9)  # nothing is expected on a closed day
    return [
        Line(queue.name, queue.channel, topic, scale * mean, scale * low, scale * high)
        for topic, (mean, low, high) in ((topic, part) for topic, part in parts.items() if part is not None)
    ]


def contacts(
    session: Session, queues: Sequence[Queue], now: dt.datetime
) -> dict[tuple[str, str], tuple[Floats, Ns]]:
    """(queue, reason) -> contacts float[d] on the whole local days [d] before now, NaN unknown; the queue's own as its topic."""
    found: dict[tuple[str, str], tuple[Floats, Ns]] = {}
    for queue, counts, days in _counted(session, queues, now):
        found |= {(queue.name, topic): each for topic, each in _divided(queue, counts, days).items()}
        found |= _told(session, queue, days, counts)
    return found


def whole_contacts(
    session: Session, queues: Sequence[Queue], now: dt.datetime
) -> dict[str, tuple[Floats, Ns]]:
    """Queue -> all its contacts float[d] on the whole local days [d] before now, NaN unknown."""
    return {
        queue.name: _known(*_whole(counts), days) for queue, counts, days in _counted(session, queues, now)
    }


def _counted(
    session: Session, queues: Sequence[Queue], now: dt.datetime
) -> Iterator[tuple[Queue, dict[str, Floats], Ns]]:
    """Each queue that has rows, its contacts by topic float[d], and the local days [d] of the last weeks."""
    keys = volume_series(session, [queue.name for queue in queues])
    for tz in dict.fromkeys(queue.tz for queue in queues):
        mine = {queue.name: queue for queue in queues if queue.tz == tz}
        today = local_day(to_ns(now), tz)
        days = np.arange(today - PAST_DAYS, today, dtype=np.int64)
        named = {number: key for number, key in keys.items() if key[0] in mine}
        held: dict[str, dict[str, Floats]] = {}
        for name, topic in named.values():
            held.setdefault(name, {})[topic] = np.zeros(len(days))
        for number, day, total in _day_sums(session, list(named), days, tz):
            name, topic = named[number]
            held[name][topic][day] += total
        yield from ((mine[name], counts, days) for name, counts in held.items())


def _told(
    session: Session, queue: Queue, days: Ns, held: Mapping[str, Floats]
) -> dict[tuple[str, str], tuple[Floats, Ns]]:
    """Contacts by reason where files tell reasons apart from the totals; NaN on days of which they tell none."""
    if len(held) > 1:  # its contacts are counted by reason: that goes before
        return {}
    told, contacts = reasons_by_day(session, queue)
    place = np.searchsorted(days, [local_day(int(one), queue.tz) for one in told])
    inside = np.flatnonzero(place < len(days))
    inside = inside[[days[place[at]] == local_day(int(told[at]), queue.tz) for at in inside]]
    found = {}
    for topic, counts in contacts.items() if len(told) else ():
        values = np.full(len(days), np.nan)
        values[place[inside]] = counts[inside]
        found[queue.name, topic] = (values, days)
    return found


def _day_sums(session: Session, series: Sequence[int], days: Ns, tz: str) -> Iterator[tuple[int, int, float]]:
    """(series, place of the local day [d], contacts) as known now; summed up by the database."""
    rows, first, last = table_of(VolumeRow), int(days[0]), int(days[-1])
    start, end = (int(one) // MICRO for one in day_start([first, last + 1], tz))
    query = select(
        rows.c.series_id, local_day_of(rows.c.ds, tz, first, last).label("day"), func.sum(rows.c.offered)
    )
    query = query.where(
        rows.c.series_id.in_(series), rows.c.ds >= start, rows.c.ds < end, in_force(rows)
    ).group_by(rows.c.series_id, "day")
    for number, day, total in session.execute(query):
        yield number, int(day) - first, float(total or 0.0)


def _divided(queue: Queue, held: Mapping[str, Floats], days: Ns) -> dict[str, tuple[Floats, Ns]]:
    """Topics' counts -> the queue's own under its topic, its reasons', and what is in none; days before the first row go."""
    whole, begun = _whole(held)
    absent = _absent(whole)
    found = {topic: counts for topic, counts in held.items() if topic != WHOLE}
    if WHOLE in held:
        found[REST] = whole - sum(found.values(), start=np.zeros(len(days))) + found.get(REST, 0.0)
    if queue.topic not in found:
        found[queue.topic] = whole
    return {
        topic: (np.where(absent, np.nan, counts)[begun:], days[begun:]) for topic, counts in found.items()
    }


def _whole(held: Mapping[str, Floats]) -> tuple[Floats, int]:
    """Topics' counts float[d] -> all contacts of the queue float[d], and the place of the first day with any."""
    parts = sum((each for topic, each in held.items() if topic != WHOLE), start=np.zeros(1))
    whole = np.maximum(held[WHOLE], parts) if WHOLE in held else np.asarray(parts)
    return whole, int(np.argmax(whole > 0)) if (whole > 0).any() else len(whole)


def _known(whole: Floats, begun: int, days: Ns) -> tuple[Floats, Ns]:
    return np.where(_absent(whole), np.nan, whole)[begun:], days[begun:]


def _absent(whole: Floats) -> Flags:
    """bool[d]: days after the last contact on whose weekdays some usually come: their file is not there yet."""
    came = np.flatnonzero(whole > 0)
    found = np.zeros(len(whole), dtype=bool)
    for at in range(int(came[-1]) + 1 if len(came) else len(whole), len(whole)):
        found[at] = bool((whole[at % WEEK : at : WEEK] > 0).any())
    return found


def talk_of(session: Session, topic: str, now: dt.datetime) -> Talk:
    """Posts on a topic in the last 24 hours, and whether more than usual is said since when."""
    since = now - dt.timedelta(weeks=WEEKS + 1)
    signal = load_signal(session, "posts", topic, since=since)
    if signal is None:
        return Talk()
    found = burst_of(signal.values, interval=signal.interval, tz=signal.tz, until=to_ns(now))
    if len(found.grid) == 0:
        return Talk()
    lately = end(found.grid.ds, found.grid.interval, found.grid.tz) > to_ns(now - dt.timedelta(days=1))
    value, usual = np.nan_to_num(found.value), found.expected
    day, known = float(value[lately].sum()), not np.isnan(usual[lately]).any()
    talk = Talk(day, round(float(usual[lately].sum()), 1) if known else None)
    onset = int(found.onset[-1])
    if onset == NEVER or not found.going_on[-1]:
        return talk
    during = found.grid.ds >= onset
    expected = max(float(np.nan_to_num(usual[during]).sum()), 1.0)
    at = pd.Timestamp(onset, tz="UTC").to_pydatetime()
    return replace(talk, since=at, times=float(value[during].sum()) / expected)


def _special(session: Session, settings: Settings, queues: Sequence[str], day: int) -> dict[str, str]:
    """Queue -> name of its special day."""
    company, days = settings.company, load_days(session)

    def name_of(queue: str) -> str:
        own = days[days["queue"].isin(["", queue])].drop(columns="queue")
        return Calendar.of(own, country=company.country, region=company.region).names([day])[0]

    own = set(days["queue"])
    common = name_of("")
    found = {queue: name_of(queue) if queue in own else common for queue in queues}
    return {queue: name for queue, name in found.items() if name}
