"""The weekly digest: per reason owner the week that was, the week ahead, what is said and what is new.

It is kept with the outcome of its run, as long as texts are; `GET /v1/digest` and `forecall digest` show it. Reasons without an owner in
config.yaml (`reasons:`) are nobody's and in no digest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import zone
from forecast.digest import Digest, Week, digest
from forecast.outlook import WEEK
from forecast.outlook_words import Language
from forecast.social.rising import PAST_DAYS, rising
from jobs.ledger import Outcome
from store.causes import load_causes
from store.digests import as_rows, load_weeks
from store.mentions import load_scored
from store.settings import Settings

DAY = dt.timedelta(days=1)
MOST_NEW = 5
LANGUAGES: tuple[Language, ...] = ("en", "nl")


@dataclass(frozen=True)
class Digested(Outcome):
    """An outcome that keeps the digests beside what was done."""

    digests: Sequence[Digest] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, object]:
        """As the ledger keeps it."""
        return {**super().as_dict(), "digests": as_rows(self.digests)}


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Make the digest of every owner, in both languages."""
    made = digests(session, settings, now.to_pydatetime())
    if not made:
        nobody = "No contact reason has an owner: name one in config.yaml under `reasons`."
        return Digested({"digests": 0}, (nobody,))
    return Digested({"digests": len({one.owner for one in made})}, digests=made)


def digests(session: Session, settings: Settings, now: dt.datetime) -> list[Digest]:
    """Per owner and language the digest of the seven local days before today."""
    owned: dict[str, list[str]] = {}
    for topic, reason in settings.reasons.items():
        if reason.owner:
            owned.setdefault(reason.owner, []).append(topic)
    if not owned:
        return []
    today = now.astimezone(zone(settings.company.timezone)).date()
    topics = [topic for mine in owned.values() for topic in mine]
    new, causes = rose(session, settings, now), open_causes(session)
    weeks = {
        topic: replace(
            week,
            new=tuple(new.get(topic, ())[:MOST_NEW]),
            causes=tuple(causes.get(topic, ())),
            faq=settings.reasons[topic].faq,
        )
        for topic, week in load_weeks(session, topics, today, now).items()
    }
    return [
        digest(owner, _email(settings, mine), today - WEEK * DAY, today, _of(weeks, mine), language)
        for owner, mine in owned.items()
        for language in LANGUAGES
    ]


def open_causes(session: Session) -> dict[str, list[str]]:
    """Topic -> causes that are known and about which nothing was changed yet."""
    found: dict[str, list[str]] = {}
    for one in load_causes(session):
        if one.since is None:
            found.setdefault(one.topic, []).append(one.cause)
    return found


def _email(settings: Settings, topics: Sequence[str]) -> str:
    return next((settings.reasons[topic].email for topic in topics if settings.reasons[topic].email), "")


def _of(weeks: Mapping[str, Week], topics: Sequence[str]) -> list[Week]:
    return [weeks[topic] for topic in topics]


def rose(session: Session, settings: Settings, now: dt.datetime) -> dict[str, list[str]]:
    """Topic -> phrases that rose on any day of the week, the surest first; needs texts that are kept."""
    posts = load_scored(session, start=now - (PAST_DAYS + WEEK + 1) * DAY, end=now)
    posts = posts[posts["text"].notna()]
    found: list[tuple[float, str, str]] = []
    facts: dict[str, Any] = {
        "hours": 24,
        "tz": settings.company.timezone,
        "least": settings.social.privacy.least_shown,
    }
    for back in range(WEEK if len(posts) else 0):
        moment = now - back * DAY
        since = moment - (PAST_DAYS + 1) * DAY
        some = posts[(posts["created_at"] >= since) & (posts["created_at"] <= moment)]
        found += [(-one.z, one.reason, one.phrase) for one in rising(some, now=moment, **facts)]
    phrases: dict[str, list[str]] = {}
    for _, topic, phrase in sorted(found):
        if topic and phrase not in phrases.setdefault(topic, []):
            phrases[topic].append(phrase)
    return phrases
