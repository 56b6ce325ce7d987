"""Signals from mentions: how many posts per bucket and topic, as versions. A run costs by what is new.

The cursor says from which moment on mentions may be uncounted. It stands at the start of the bucket that was running
at the last run: a bucket is counted when it is over. An import of older mentions moves it back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import Interval, column_ns, end, floor, from_ns, to_ns
from forecast.social.copies import copied
from forecast.social.signals import MEASURES, SignalName, build_signals, values_of
from jobs.ledger import Outcome, checkpoint
from store.cursors import load_cursor, move_cursor, save_cursor
from store.forgotten import load_base
from store.mentions import load_scored, mark_copies
from store.settings import Settings
from store.signals import load_signals, save_signals

CURSOR, COUNTED = "signals", "signals counted"  # from where to look; when it was last done
KEYS = ["signal", "topic", "ds"]
DAY = pd.Timedelta(days=1)  # so far back a post may be one that a later post copies
MARGIN = pd.Timedelta(minutes=5)  # between when a post is dated and when it is committed
WINDOW = pd.Timedelta(days=92)  # so many days of posts are in memory at a time


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Count the mentions known or changed since the last run; buckets without such a mention are not touched."""
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    since = load_cursor(session, CURSOR)
    fresh = load_scored(session, since=None if since is None else pd.Timestamp(since) - MARGIN)
    created = column_ns(fresh["created_at"])
    touched = np.unique(floor(created[created < to_ns(now)], interval, tz))
    competitors = settings.social.competitors
    counted_at = load_cursor(session, COUNTED)
    written = copies = 0
    for starts in _windows(touched):
        first, last = from_ns(starts[0]), from_ns(end(starts[-1:], interval, tz)[0])
        mentions = load_scored(session, start=first - DAY, end=last).drop(columns="text")
        mentions, found = _with_copies(session, mentions)
        mine = np.isin(floor(column_ns(mentions["created_at"]), interval, tz), starts)
        base = load_base(session, start=first, end=last)
        counted = build_signals(
            mentions[mine],
            interval=interval,
            tz=tz,
            asof=now,
            competitors=competitors,
            apart=settings.social.brands_apart,
            base=base,
        )
        copies += found
        if counted_at is not None:
            before = _counted_before(fresh, starts, pd.Timestamp(counted_at), interval, tz)
            counted = _as_known(session, counted, before, pd.Timestamp(counted_at), base, now)
        if len(counted):
            written += save_signals(session, counted, interval=interval, tz=tz)
        checkpoint(session)
    current = floor(np.array([to_ns(now)]), interval, tz)[0]
    move_cursor(
        session, CURSOR, since, from_ns(int(current)).isoformat()
    )  # unless an import set it back meanwhile
    save_cursor(session, COUNTED, now.isoformat())
    done = {"mentions": len(fresh), "buckets": len(touched), "versions": written}
    return Outcome({**done, "copies": copies} if copies else done, _flood(copies, len(fresh)))


def _counted_before(
    fresh: pd.DataFrame, starts: Ns, counted_at: pd.Timestamp, interval: Interval, tz: str
) -> Ns:
    """The touched buckets that were counted before, but for those that an import gives a past it did not have."""
    before = starts[end(starts, interval, tz) <= to_ns(counted_at)]
    history = fresh["assumed"].to_numpy(dtype=bool)
    if "received_at" in fresh:
        history = history & (column_ns(fresh["received_at"]) > to_ns(counted_at))
    return np.setdiff1d(before, floor(column_ns(fresh.loc[history, "created_at"]), interval, tz))


def _as_known(
    session: Session,
    counted: pd.DataFrame,
    before: Ns,
    counted_at: pd.Timestamp,
    base: pd.DataFrame,
    now: pd.Timestamp,
) -> pd.DataFrame:
    """Of buckets that were counted before only what is new: late posts as they became known, edits as known now.

    What was told of a bucket stays as it was told, whatever is edited or forgotten since. A number that nothing makes up
    any more falls to what the forgotten posts of the bucket made it.
    """
    if len(before) == 0:
        return counted
    there = np.isin(column_ns(counted["ds"]), before)
    late = counted[there & (counted["known_at"] > counted_at).to_numpy()]
    final = counted[there].drop_duplicates(KEYS, keep="last")
    first, last = from_ns(int(before.min())), from_ns(int(before.max())) + pd.Timedelta(microseconds=1)
    held = load_signals(session, start=first, end=last)
    ours = held["signal"].map(lambda name: SignalName.parse(name).measure in MEASURES).to_numpy(dtype=bool)
    held = held[ours & np.isin(column_ns(held["ds"]), before)]
    both = held[[*KEYS, "value", "kind"]].merge(final[[*KEYS, "value", "kind"]], how="outer", on=KEYS)
    forgotten = both[KEYS].merge(values_of(base), how="left", on=KEYS)["value"]
    value = both["value_y"].fillna(forgotten).fillna(0.0)
    told = (
        both[KEYS].merge(late[KEYS].drop_duplicates().assign(late=True), how="left", on=KEYS)["late"].notna()
    )
    changed = both.assign(value=value, kind=both["kind_y"].fillna(both["kind_x"]), known_at=now.as_unit("ns"))
    changed = changed[value.ne(both["value_x"]) & ~told][[*KEYS, "value", "known_at", "kind"]]
    return pd.concat([counted[~there], late, changed], ignore_index=True)


def _with_copies(session: Session, mentions: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Mentions with `copy` told where their sketches still tell it, and how many of them are so newly."""
    first_hand = (mentions["repost_of"].isna() & (mentions["direction"] != "out")).to_numpy()
    own = mentions[first_hand]
    found = copied(
        column_ns(own["created_at"]),
        column_ns(own["known_at"]),
        own["author"].tolist(),
        own["sketch"].tolist(),
    )
    copy = mentions["copy"].to_numpy(dtype=bool).copy()
    news = np.flatnonzero(first_hand)[found]
    news = news[~copy[news]]
    copy[news] = True
    mark_copies(session, list(zip(mentions["source"].iloc[news], mentions["id"].iloc[news], strict=True)))
    return mentions.assign(copy=copy), len(news)


def _flood(copies: int, fresh: int) -> tuple[str, ...]:
    """A sentence where copies are more than a few among what is new: somebody campaigns, or a machine writes."""
    if copies < 20 or copies < 0.2 * fresh:
        return ()
    return (
        f"{copies:,} of {fresh:,} new posts say what others said before; they are counted as copies, not as posts.",
    )


def rewind(session: Session, settings: Settings, moment: pd.Timestamp) -> None:
    """Mentions made at `moment` came in: the next run looks back that far."""
    since = load_cursor(session, CURSOR)
    if since is not None and pd.Timestamp(since) > moment:
        save_cursor(session, CURSOR, moment.isoformat())


def _windows(
    starts: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """Ascending bucket starts -> the same in pieces of about three months."""
    if len(starts) == 0:
        return []
    number = (starts - starts[0]) // WINDOW.value
    return np.split(starts, np.flatnonzero(np.diff(number)) + 1)
