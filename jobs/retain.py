"""Retention: what is older than the settings allow goes, what was counted from it stays.

Texts go first, with the digests that cite them, then what tells near-duplicates, then the rows of posts, and with a month's last row the key that its
hashes were made with. A row goes only after its counts are added to what its bucket holds of forgotten posts, in the
same transaction: a bucket never counts less than it did.
"""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.social.signals import build_signals, sums
from jobs.ledger import Outcome, checkpoint
from store.contact_log import drop_old_contacts
from store.digests import drop_old_digests
from store.events import drop_events
from store.forecasts import prune
from store.forgotten import add_to_base, note_forgotten
from store.hash_keys import drop_unused_keys
from store.mentions import delete_mentions, drop_old_sketches, drop_old_text, load_scored
from store.settings import Settings

SKETCHES = pd.Timedelta(days=2)
ROWS = 50_000  # posts forgotten at a time


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Drop what the privacy settings let go, and unpublished forecasts but for three."""
    privacy = settings.social.privacy
    old = now - pd.Timedelta(days=privacy.keep_text_days)
    texts = drop_old_text(session, before=old)
    digests = drop_old_digests(session, before=old.to_pydatetime())
    drop_old_sketches(session, before=now - SKETCHES)
    checkpoint(session)
    rows = forget(session, settings, before=now - pd.Timedelta(days=privacy.keep_rows_days))
    keys = drop_unused_keys(session)
    kept = pd.Timedelta(days=settings.contacts.keep_days)
    contacts = drop_old_contacts(session, before=(now - kept).to_pydatetime())
    events = drop_events(session, before=(now - pd.Timedelta(days=settings.push.keep_days)).to_pydatetime())
    done = {
        "texts": texts,
        "digests": digests,
        "rows": rows,
        "keys": keys,
        "contacts": contacts,
        "events": events,
        "drafts": prune(session),
    }
    return Outcome(done)


def forget(session: Session, settings: Settings, *, before: pd.Timestamp) -> int:
    """The rows of posts received before a moment go, their counts stay; returns how many went."""
    interval, tz = Interval.parse(settings.social.interval), settings.company.timezone
    gone = 0
    while len(old := load_scored(session, received_before=before, limit=ROWS)):
        counted = build_signals(
            old.drop(columns="text"),
            interval=interval,
            tz=tz,
            competitors=settings.social.competitors,
            apart=settings.social.brands_apart,
        )
        if len(counted):
            add_to_base(session, sums(counted))
        for source, mine in old.groupby("source"):
            note_forgotten(
                session, str(source), mine["created_at"].min(), min(mine["created_at"].max(), before)
            )
        gone += delete_mentions(session, list(zip(old["source"], old["id"], strict=True)))
        checkpoint(session)
    return gone
