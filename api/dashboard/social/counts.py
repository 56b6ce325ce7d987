"""How many posts, how many of them negative, and how they sound: per contact reason and bucket, on one grid.

The counts that are kept for good tell all posts, one language or one brand; a source, or a brand in a language, is counted
from the posts themselves, as far back as their rows are kept.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from api.dashboard.social.chosen import PAST_DAYS, Chosen
from api.dashboard.windows import Window
from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, end, floor, local_day, to_ns
from forecast.social.signals import ALL, NEGATIVE, POSTS, SENTIMENT
from store.cursors import load_cursor
from store.settings import Settings
from store.statements import table_of
from store.tables import MentionRow, SignalRow, SignalSeries
from store.versions import last_of_bucket

COUNTED = "signals counted"  # the cursor of the job that counts
_ROWS, _SERIES, _SIGNALS = table_of(MentionRow), table_of(SignalSeries), table_of(SignalRow)
_WIDTH = 1_800_000_000  # microseconds in which the database sums rows


@dataclass(frozen=True)
class Counts:
    """posts, negative, mood float[reason, bucket] (mood: the sum of -1..1); `known` bool[bucket]: ended, and counted by then.

    topics: their rows, `all` (every post once) among them where any post is held
    """

    grid: Grid
    topics: tuple[str, ...]
    posts: Floats
    negative: Floats
    mood: Floats
    known: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def row(self, topic: str) -> int | None:
        """The row of a reason, None where nobody spoke of it."""
        return self.topics.index(topic) if topic in self.topics else None


def interval_of(session: Session, settings: Settings) -> tuple[Interval, str]:
    """The buckets posts are counted in, and the zone of these."""
    held = session.execute(
        select(_SERIES.c.interval, _SERIES.c.tz).where(_SERIES.c.signal == POSTS).limit(1)
    ).one_or_none()
    if held is None:
        return Interval.parse(settings.social.interval), settings.company.timezone
    return Interval.parse(held[0]), str(held[1])


def counted_until(session: Session) -> dt.datetime | None:
    """Up to when posts are counted; None where none is."""
    ids = select(_SERIES.c.id).where(_SERIES.c.signal == POSTS, _SERIES.c.topic == ALL)
    newest = session.scalar(
        select(func.max(_SIGNALS.c.known_at)).where(_SIGNALS.c.series_id == ids.scalar_subquery())
    )
    if newest is None:
        return None
    latest = dt.datetime.fromtimestamp(newest / 1_000_000, dt.UTC)
    told = load_cursor(session, COUNTED)
    return max(latest, dt.datetime.fromisoformat(told)) if told else latest


def load_counts(
    session: Session, settings: Settings, chosen: Chosen, window: Window, until: dt.datetime
) -> Counts:
    """The window and the eight weeks before it. until: up to when posts are counted."""
    tz = window.tz
    first = local_day(window.start, tz) - PAST_DAYS
    grid = Grid.days(first, local_day(window.moment, tz), window.interval, tz)
    ends = end(grid.ds, window.interval, tz)
    known = ends <= min(to_ns(until), window.moment)
    if chosen.counted:
        cells = _from_counts(session, chosen, grid)
    else:
        cells = _from_posts(session, settings, chosen, grid)
    topics = tuple(sorted(cells, key=lambda topic: (topic != ALL, topic)))
    table = np.array([cells[topic] for topic in topics]).reshape(len(topics), 3, len(grid))
    some = np.flatnonzero(table[:, 0].any(axis=0)) if topics else np.zeros(0, dtype=np.int64)
    known &= grid.ds >= (grid.ds[some[0]] if len(some) else 0)  # before the first post nobody listened
    table = table * known
    return Counts(grid, topics, table[:, 0], table[:, 1], table[:, 2], known)


def _from_counts(session: Session, chosen: Chosen, grid: Grid) -> Mapping[str, Floats]:
    """topic -> float[3, bucket] from the versions in force."""
    names = {f"{name}{chosen.part}": place for place, name in enumerate((POSTS, NEGATIVE, SENTIMENT))}
    query = select(_SERIES.c.id, _SERIES.c.signal, _SERIES.c.topic).where(_SERIES.c.signal.in_(names))
    held = {int(row[0]): (names[row[1]], str(row[2])) for row in session.execute(query)}
    if not held:
        return {}
    rows = _in_force(session, list(held), int(grid.ds[0]) // 1000)
    found: dict[str, Floats] = {}
    series, value = rows[:, 0].astype(np.int64), np.nan_to_num(rows[:, 2])
    place, inside = _places(rows[:, 1].astype(np.int64) * 1000, grid)
    for number, (measure, topic) in held.items():
        mine = inside & (series == number)
        if mine.any():
            found.setdefault(topic, np.zeros((3, len(grid))))[measure, place[mine]] = value[mine]
    for cells in found.values():
        cells[2] *= cells[0]  # the mean over the bucket's posts -> their sum
    return found


def _in_force(session: Session, series: Sequence[int], start: int) -> Floats:
    """float[n, 3]: series, bucket (microseconds), value of the latest version of each bucket.

    The rows come in the order of the index, so that the last of a bucket is its latest: cheaper than a window over them.
    """
    rows = _SIGNALS.c
    query = select(rows.series_id, rows.ds, rows.value)
    query = query.where(rows.series_id.in_(list(series)), rows.ds >= start)
    query = query.order_by(rows.series_id, rows.ds, rows.known_at, rows.id)
    fetched = session.execute(query).cursor.fetchall()  # type: ignore[attr-defined]  # plain tuples
    held = np.array(fetched, dtype=np.float64).reshape(len(fetched), 3)
    return held[last_of_bucket(held[:, 0].astype(np.int64), held[:, 1].astype(np.int64))]


def _from_posts(session: Session, settings: Settings, chosen: Chosen, grid: Grid) -> Mapping[str, Floats]:
    """topic -> float[3, bucket], counted from the rows held."""
    bucket = (_ROWS.c.created_at // _WIDTH).label("bucket")
    bad = func.sum(case((_ROWS.c.label == "negative", 1), else_=0))
    query = select(bucket, _ROWS.c.topics, func.count(), bad, func.sum(func.coalesce(_ROWS.c.sentiment, 0.0)))
    query = query.where(*first_hand(settings, chosen), _ROWS.c.created_at >= int(grid.ds[0]) // 1000)
    rows = session.execute(query.group_by(bucket, _ROWS.c.topics)).all()
    starts = np.array([int(row[0]) for row in rows], dtype=np.int64) * _WIDTH * 1000
    place, inside = _places(starts, grid)
    found: dict[str, Floats] = {}
    for row, at, there in zip(rows, place.tolist(), inside.tolist(), strict=True):
        for topic in (ALL, *dict.fromkeys(json.loads(row[1]))) if there else ():
            cells = found.setdefault(topic, np.zeros((3, len(grid))))
            cells[:, at] += [float(row[2]), float(row[3] or 0), float(row[4] or 0)]
    return found


def first_hand(settings: Settings, chosen: Chosen) -> list[ColumnElement[bool]]:
    """What makes a post one of those chosen: no repost, no copy, none of ours, of no competitor unless asked."""
    wanted: list[ColumnElement[bool]] = [
        or_(_ROWS.c.direction.is_(None), _ROWS.c.direction != "out"),
        _ROWS.c.repost_of.is_(None),
        _ROWS.c.copy.is_(False),
    ]
    if chosen.brand:
        wanted.append(_ROWS.c.brand == chosen.brand)
    elif rivals := settings.social.competitors:
        wanted.append(or_(_ROWS.c.brand.is_(None), _ROWS.c.brand.not_in(rivals)))
    if chosen.language:
        wanted.append(_ROWS.c.language == chosen.language)
    if chosen.source:
        wanted.append(_ROWS.c.source == chosen.source)
    return wanted


def _places(ds: Ns, grid: Grid) -> tuple[Ns, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Moments [n] -> the place of each one's bucket on the grid, and whether it has one."""
    starts = floor(np.asarray(ds, dtype=np.int64), grid.interval, grid.tz)
    place = np.minimum(np.searchsorted(grid.ds, starts), len(grid) - 1)
    return place, grid.ds[place] == starts


def parts_held(session: Session) -> tuple[list[str], list[str], list[str]]:
    """Contact reasons, languages and brands that posts are counted by."""
    rows = session.execute(select(_SERIES.c.signal, _SERIES.c.topic)).all()
    topics = {topic for signal, topic in rows if signal == POSTS and topic != ALL}
    parts = {signal[len(POSTS) + 1 : -1] for signal, _ in rows if signal.startswith(f"{POSTS}[")}
    return sorted(topics), _sorted(parts, brand=False), _sorted(parts, brand=True)


def _sorted(parts: Iterable[str], *, brand: bool) -> list[str]:
    return sorted(part.lstrip("@") for part in parts if part.startswith("@") is brand)
