"""The keys that authors and ids of posts are hashed with: one per month of creation, thrown away with its last post.

A post keeps its month, so the same post always gets the same hash and is known again however often it comes. Once no
row of a month is left its key goes too, and nobody, we included, can tell whose the hashes were.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.errors import ConfigError
from store.cursors import load_cursor, save_cursor
from store.statements import insert_ignore, table_of
from store.tables import HashKeyRow, MentionRow

SECRET = "secret of the hashes"  # the cursor that holds a mark of the secret
CONTACTS = (
    "contact"  # in place of a month: the key of the contact log, whose customers call again in another one
)


class Keyring:
    """Keys by month, made at their first use. `secret` (from the environment) is mixed in: the database alone is not enough."""

    def __init__(self, session: Session, secret: str | None) -> None:
        self._session = session
        self._secret = (secret or "").encode()[:64]
        self._hold_to_secret()
        self._keys: dict[tuple[int, int], bytes] = {}

    def _hold_to_secret(self) -> None:
        """ConfigError where posts are held whose hashes were made with another secret: nothing would be known again."""
        mark = hashlib.blake2b(self._secret, digest_size=8, person=b"secret").hexdigest()
        held = load_cursor(self._session, SECRET)
        if held == mark:
            return
        if held is not None and self._session.scalar(select(HashKeyRow.month).limit(1)) is not None:
            raise ConfigError(
                "The posts or contacts that are held were hashed with another FORECALL_SOCIAL__AUTHOR_KEY.",
                remedy="Set it as it was when the first post came in, or to nothing where it was not set.",
                field="social.author_key",
            )
        save_cursor(self._session, SECRET, mark)

    def key(self, created_at: dt.datetime) -> bytes:
        """The key for posts made at this moment (aware)."""
        moment = created_at.astimezone(dt.UTC)
        month = moment.year, moment.month
        held = self._keys.get(month)
        if held is None:
            held = self._keys[month] = self._mixed(self._of(f"{month[0]:04d}-{month[1]:02d}"))
        return held

    def contacts(self) -> bytes:
        """The one key of the contact log."""
        return self._mixed(self._of(CONTACTS))

    @staticmethod
    def drop_contacts(session: Session) -> None:
        """Throw the key of the contact log away; for when no row of it is held."""
        table = table_of(HashKeyRow)
        session.execute(delete(table).where(table.c.month == CONTACTS))

    def live(self) -> Mapping[str, bytes]:
        """Every month's key that is still held, the newest first."""
        rows = self._session.execute(
            select(*table_of(HashKeyRow).c[("month", "key")])
            .where(HashKeyRow.month != CONTACTS)
            .order_by(HashKeyRow.month.desc())
        )
        return {row.month: self._mixed(row.key) for row in rows}

    def _mixed(self, key: bytes) -> bytes:
        return hashlib.blake2b(key, digest_size=32, key=self._secret, person=b"month").digest()

    def _of(self, month: str) -> bytes:
        table = table_of(HashKeyRow)
        query = select(table.c.key).where(table.c.month == month)
        held = self._session.scalar(query)
        if held is None:
            fresh = insert_ignore(self._session, table).values(month=month, key=secrets.token_bytes(32))
            self._session.execute(fresh)
            held = self._session.scalar(query)  # of two processes at once the first one's stands
        return bytes(held or b"")


def drop_unused_keys(session: Session) -> int:
    """Throw away the keys of months of which no post is held; returns how many went."""
    table, mentions, gone = table_of(HashKeyRow), table_of(MentionRow), 0
    for month in session.scalars(select(table.c.month).where(table.c.month != CONTACTS)).all():
        first = dt.datetime(int(month[:4]), int(month[5:]), 1, tzinfo=dt.UTC)
        after = (first + dt.timedelta(days=32)).replace(day=1)
        mine = mentions.c.created_at >= to_ns(first) // 1000, mentions.c.created_at < to_ns(after) // 1000
        if session.scalar(select(mentions.c.id).where(*mine).limit(1)) is None:
            session.execute(delete(table).where(table.c.month == month))
            gone += 1
    return gone
