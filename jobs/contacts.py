"""The systems that `contacts.sources` names: each is read from its mark on, and what it tells is stored page by page.

    page ─► counted rows ─► volume versions, known at receipt once their series has a history
         └► single contacts ─► the log ─► the intervals they lie in, counted anew

A page is stored in one transaction with the mark after it, so that a run that is killed anywhere goes on where it was. A
source that fails is a problem of the run, and the others go on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, to_ns
from forecast.contacts.assumed import with_known_at
from forecast.contacts.sources.base import Contact, Page, Source
from forecast.errors import NotFound
from jobs.contact_sources import open_contacts
from jobs.ledger import FAILED, Outcome, checkpoint, explain_failure, moment
from jobs.sources import Line, line
from store.contact_counts import (
    extended,
    load_cover,
    moment_ns,
    newly_whole,
    recount,
    require_queue,
    save_cover,
    touched,
    whole_until,
)
from store.contact_log import counted_for_good, mark_answered, places, save_contacts
from store.cursors import load_cursor, save_cursor
from store.facts import apply_facts
from store.queues import load_queues
from store.settings import Settings
from store.volumes import load_volumes, save_volumes

CURSOR = "contacts:"  # and the source: the cursor that says how far it was read
SHOWN = 5  # problems of a page that are told; the rest is a number


@dataclass
class Found:
    """What became of the pages of one or more sources."""

    pages: int = 0
    rows: int = 0
    contacts: int = 0
    versions: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def run(session: Session, settings: Settings, now: pd.Timestamp, *, over: Line | None = None) -> Outcome:
    """Read every source of `contacts.sources`. over: how sources reach the world."""
    sources = settings.contacts.sources
    if not sources:
        return Outcome()
    reach, found, failed = over or line(settings.company.timezone), Found(), 0
    for given in sources:
        try:
            read_source(session, settings, open_contacts(settings, given, reach), now, found)
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            session.rollback()
            found.problems.append(explain_failure(error, given.name))
            failed += 1
    apply_facts(session, settings)
    checkpoint(session)
    done = {
        "contact_sources": len(sources) - failed,
        "contacts": found.contacts,
        "volumes": found.versions,
    }
    return Outcome(done, tuple(found.problems), FAILED if failed == len(sources) else "done")


def read_source(
    session: Session, settings: Settings, source: Source, now: pd.Timestamp, found: Found
) -> None:
    """Every page after the cursor, each committed with its own."""
    cursor, left = f"{CURSOR}{source.name}", Counter[str]()
    for page in source.read(load_cursor(session, cursor), now=now.to_pydatetime()):
        known = moment(session, now)  # known when it came, not when the run began
        _store(session, settings, source.name, page, known, found)
        left.update(page.left_out)
        found.problems += _told(source.name, page)
        save_cursor(session, cursor, page.cursor)
        checkpoint(session)
    found.left_out.update(left)
    found.problems += [f"{source.name}: {count:,} {why}." for why, count in sorted(left.items())]


def look(
    session: Session,
    settings: Settings,
    name: str,
    now: pd.Timestamp,
    *,
    over: Line | None = None,
    pages: int = 5,
) -> tuple[list[Page], bool]:
    """(the first pages that a source would give from its mark on, whether there are more); nothing is stored."""
    given = next((one for one in settings.contacts.sources if one.name == name), None)
    if given is None:
        names = ", ".join(one.name for one in settings.contacts.sources) or "none"
        raise NotFound(f"There is no source {name!r} under contacts.sources; there is {names}.", field="name")
    source = open_contacts(settings, given, over or line(settings.company.timezone))
    seen: list[Page] = []
    for page in source.read(load_cursor(session, f"{CURSOR}{name}"), now=now.to_pydatetime()):
        if len(seen) >= pages:
            return seen, True
        seen.append(page)
    return seen, False


def _told(name: str, page: Page) -> list[str]:
    said = [one if one.startswith(name) else f"{name}: {one}" for one in page.problems]
    more = [f"{name}: and {len(said) - SHOWN:,} more."] if len(said) > SHOWN else []
    return [*said[:SHOWN], *more]


def _store(
    session: Session, settings: Settings, name: str, page: Page, now: pd.Timestamp, found: Found
) -> None:
    found.pages += 1
    if page.volumes is not None and page.interval is not None:
        found.rows += len(page.volumes)
        found.versions += _save_counts(session, settings, name, page.volumes, page.interval, now, found)
    if page.contacts or page.answers or page.until is not None:
        found.versions += _save_log(session, settings, name, page, now, found)


def _save_counts(
    session: Session,
    settings: Settings,
    name: str,
    volumes: pd.DataFrame,
    interval: Interval,
    now: pd.Timestamp,
    found: Found,
) -> int:
    """Counted rows -> versions. The history of a queue the source made is assumed; every other row is known now."""
    tz = settings.company.timezone
    cover = load_cover(session, name)
    fresh = dict(cover.fresh)
    for queue, mine in volumes.groupby("queue"):
        held, new = require_queue(session, str(queue), str(mine["channel"].iloc[0]), interval, tz)
        if held.interval is not interval:
            found.problems.append(
                f"{name}: the queue {queue!r} is kept per {held.interval.value}, these rows are per {interval.value}; "
                f"they were left out. Select them per {held.interval.value}, and set `interval`."
            )
            volumes = volumes[volumes["queue"] != queue]
        elif new:
            fresh[str(queue)] = to_ns(now)
    save_cover(session, name, replace(cover, fresh=fresh))
    if volumes.empty:
        return 0
    volumes = with_known_at(volumes, interval=interval, tz=tz)
    first, last = volumes["ds"].min(), volumes["ds"].max() + pd.Timedelta(1, "us")
    held_rows = load_volumes(session, None, first, last)
    key = ["queue", "topic", "ds"]
    there = pd.MultiIndex.from_frame(volumes[key]).isin(pd.MultiIndex.from_frame(held_rows[key]))
    until = np.array([fresh.get(str(queue), 0) for queue in volumes["queue"]], dtype=np.int64)
    news = there | (column_ns(volumes["known_at"]) > until)
    known_at = volumes["known_at"].mask(news, now.as_unit("ns"))
    return save_volumes(session, volumes.assign(known_at=known_at, assumed=~news), upload_id=None)


def _save_log(
    session: Session, settings: Settings, name: str, page: Page, now: pd.Timestamp, found: Found
) -> int:
    """Single contacts -> the log, and every interval that they touch or that became whole -> versions."""
    key = settings.social.author_key
    secret = None if key is None else key.get_secret_value()
    contacts = _countable(session, name, page.contacts, now, found)
    moved = places(session, contacts, secret=secret)
    found.contacts += save_contacts(session, contacts, upload_id=None, secret=secret)
    answered = mark_answered(session, name, page.answers, secret=secret)
    before = {
        one.name: load_cover(session, one.name) for one in settings.contacts.sources if one.name != name
    }
    old = load_cover(session, name)
    interval, tz = Interval.parse(settings.contacts.interval), settings.company.timezone
    cover = extended(session, old, contacts, interval=interval, tz=tz, now=now)
    since = moment_ns(page.since)
    cover = replace(
        cover,
        since=since or cover.since,
        until=max(cover.until, min(moment_ns(page.until), to_ns(now))),
        outcomes=cover.outcomes or len(answered) > 0,
    )
    save_cover(session, name, cover)
    at = pd.concat([contacts[["queue", "at"]], moved, answered], ignore_index=True)
    held = {queue.name: queue for queue in load_queues(session)}
    versions = 0
    for queue in cover.queues:
        others = [one for one in before.values() if queue in one.queues]
        until = whole_until([cover, *others], queue)
        was = whole_until([old, *others], queue) if queue in old.queues else 0
        mine = column_ns(at["at"][(at["queue"] == queue).to_numpy(dtype=bool)])
        starts = touched(held[queue], mine, until)
        starts = starts[starts >= cover.since]
        whole = newly_whole(held[queue], cover, was if since == 0 else max(was, since), until)
        outcomes = cover.outcomes or any(one.outcomes for one in others)
        fresh = max(one.fresh.get(queue, 0) for one in (cover, *others))
        starts = np.union1d(starts, whole)
        versions += recount(session, held[queue], starts, now=now, fresh=fresh, outcomes=outcomes)
    return versions


def _countable(
    session: Session, name: str, contacts: tuple[Contact, ...], now: pd.Timestamp, found: Found
) -> pd.DataFrame:
    """Contacts as the log takes them, known now, without those of a time that is counted for good."""
    columns = [
        "id",
        "at",
        "queue",
        "channel",
        "topic",
        "outcome",
        "customer",
        "waited_seconds",
        "handled_seconds",
    ]
    frame = pd.DataFrame([asdict(one) for one in contacts], columns=[*columns, "answered_at"])
    for time in ("at", "answered_at"):
        frame[time] = pd.DatetimeIndex(pd.to_datetime(frame[time], utc=True)).as_unit("ns")
    for number in ("waited_seconds", "handled_seconds"):
        frame[number] = frame[number].astype("float64")
    frame = frame.assign(source=name, known_at=pd.DatetimeIndex([now] * len(frame), tz="UTC").as_unit("ns"))
    gone = counted_for_good(session, frame["queue"].unique())
    late = np.zeros(len(frame), dtype=bool)
    for queue, (first, last) in gone.items():
        late |= ((frame["queue"] == queue) & (frame["at"] >= first) & (frame["at"] < last)).to_numpy()
    if late.any():
        found.left_out["contacts are of a time that is counted for good, its rows being gone"] += int(
            late.sum()
        )
    return frame[~late].reset_index(drop=True)
