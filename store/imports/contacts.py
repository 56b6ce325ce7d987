"""Contacts one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns, end, floor, to_ns
from forecast.contacts.contact_rows import read_contacts
from forecast.contacts.counting import whole_starts
from forecast.contacts.tables import Source
from store.contact_counts import recount, require_queue
from store.contact_log import counted_for_good, save_contacts
from store.facts import apply_facts
from store.imports.imported import Imported, named, of_side
from store.settings import Settings
from store.uploads import create_upload

FILE = "file"  # the `source` of contacts out of files: the same contact in two files is one


def import_contacts(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
    count: bool = False,
) -> Imported:
    """A file with one row per contact -> the log. count: the volumes of its queues are counted from it, too.

    Loading it twice changes nothing. Contacts of a time whose rows have gone are left out and told: their counts stand.
    """
    tz = timezone or settings.company.timezone
    loaded = read_contacts(
        source,
        tz=tz,
        date_order=date_order,
        name=FILE,
        region=settings.company.country or "NL",
    )
    contacts, gone = _without_gone(session, loaded.frame)
    contacts = contacts.assign(known_at=contacts["at"])
    label = named(source, name)
    upload = create_upload(
        session,
        kind="contacts",
        name=label,
        layout="tidy",
        mode="revision",
        now=now.to_pydatetime(),
        rows=len(contacts),
    )
    key = settings.social.author_key
    secret = None if key is None else key.get_secret_value()
    changed = save_contacts(session, contacts, upload_id=upload.id, secret=secret)
    warnings = [*loaded.warnings, *gone, *_soon_gone(contacts, settings, now)]
    if count:
        versions = _count(session, settings, contacts, label, tz=tz, now=now)
        warnings.append(f"{versions:,} volumes were counted from the contacts.")
    done = of_side(loaded, label, changed, upload.id)
    return Imported(**{**vars(done), "warnings": tuple(warnings)})


def _without_gone(session: Session, contacts: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    late = np.zeros(len(contacts), dtype=bool)
    for queue, (first, last) in counted_for_good(session, contacts["queue"].unique()).items():
        at = contacts["at"]
        late |= ((contacts["queue"] == queue) & (at >= first) & (at < last)).to_numpy()
    if not late.any():
        return contacts, []
    said = f"{int(late.sum()):,} contacts are of a time that is counted for good, its rows being gone; they were left out."
    return contacts[~late].reset_index(drop=True), [said]


def _soon_gone(contacts: pd.DataFrame, settings: Settings, now: pd.Timestamp) -> list[str]:
    kept = settings.contacts.keep_days
    old = int((contacts["at"] < now - pd.Timedelta(days=kept)).sum())
    said = f"{old:,} contacts are older than contacts.keep_days ({kept}) and go at the next run of `retain`; counts stay."
    return [said] if old else []


def _count(
    session: Session, settings: Settings, contacts: pd.DataFrame, label: str, *, tz: str, now: pd.Timestamp
) -> int:
    """Every interval from a queue's first contact in the file to its last; the count is a layer of its own."""
    if contacts.empty:
        return 0
    layer = create_upload(
        session,
        kind="volumes",
        name=f"{label} (counted)",
        layout="contacts",
        mode="revision",
        now=now.to_pydatetime(),
        rows=0,
    )
    versions = 0
    tells = bool((contacts["outcome"] != "open").any()) if "outcome" in contacts.columns else False
    usual = Interval.parse(settings.contacts.interval)
    for name, mine in contacts.groupby("queue"):
        channel = str(mine["channel"].iloc[0]) if "channel" in mine.columns else "phone"
        queue, _ = require_queue(session, str(name), channel, usual, tz)
        edges = floor(
            column_ns(mine["at"])[[mine["at"].argmin(), mine["at"].argmax()]], queue.interval, queue.tz
        )
        last = min(int(end(edges[1:], queue.interval, queue.tz)[0]), to_ns(now))
        starts = whole_starts(int(edges[0]), last, queue.interval, queue.tz)
        versions += recount(
            session, queue, starts, now=now, fresh=to_ns(now), outcomes=tells, upload_id=layer.id
        )
    apply_facts(session, settings)
    return versions
