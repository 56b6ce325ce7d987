"""What is held of a person, found by the name of the account: to be shown to them, or erased.

Only hashes are held, so the name is hashed with the key of every month there still is. Posts of months whose key is gone
are nobody's any more; they cannot be found, by us or by anyone else.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
from sqlalchemy.orm import Session

from forecast.social.privacy import hash_author
from store.hash_keys import Keyring
from store.mentions import erase_author, load_scored
from store.settings import Settings

SHOWN = [
    "source",
    "created_at",
    "known_at",
    "text",
    "language",
    "sentiment",
    "label",
    "topics",
    "direction",
    "reach",
]


def personal_data(session: Session, settings: Settings, author: str) -> pd.DataFrame:
    """-> posts[source, created_at, known_at, text, language, sentiment, label, topics, direction, reach] of an account."""
    found = [load_scored(session, author=one) for one in _hashes(session, settings, author)]
    held = pd.concat(found, ignore_index=True) if found else load_scored(session, author="")
    return held.sort_values("created_at", ignore_index=True)[SHOWN]


def erase_person(session: Session, settings: Settings, author: str, *, now: dt.datetime) -> int:
    """Text, author and link of an account's posts go; the counts they are in stay. Returns how many posts it were."""
    return erase_author(session, _hashes(session, settings, author), at=now)


def _hashes(session: Session, settings: Settings, author: str) -> list[str]:
    secret = settings.social.author_key
    keys = Keyring(session, None if secret is None else secret.get_secret_value()).live()
    return [hash_author(author, key) for key in keys.values()]
