"""Mentions through the social chain: names away, language, sentiment, topics. Loaded at the first batch, not at start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd

from forecast.errors import InputError
from forecast.social.mention import Mention, parse_mention
from store.settings import Settings

AHEAD = dt.timedelta(hours=1)  # clocks differ


class Chain:
    """The chain with the tools that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, row: Any, now: dt.datetime) -> Mention:
        """A row of a batch -> Mention, known now. InputError names the field."""
        if not isinstance(row, dict):
            raise InputError("The row is no object.", remedy="Give id, source, created_at and text.")
        mention = parse_mention(row, tz=self._settings.company.timezone)
        if mention.created_at > now + AHEAD:
            raise InputError(
                f"The post was made at {mention.created_at:%Y-%m-%d %H:%M} UTC, which lies ahead.",
                remedy="Mend the date or its zone.",
                field="created_at",
            )
        author = mention.author if self._key else None  # without a secret a hash would not hide a name
        return replace(mention, known_at=now, author=author)

    def score(self, mentions: Sequence[Mention]) -> pd.DataFrame:
        """mentions[n] -> scored mentions [n], as `save_mentions` takes them."""
        from forecast.social.scoring import score_mentions

        languages, scorer, topics = self._tools
        scored = score_mentions(
            mentions, languages=languages, scorer=scorer, topics=topics, key=self._key or b"-"
        )
        if self._settings.social.privacy.level == "none":
            scored["text"] = None
        return scored.assign(assumed=False, scorer=f"{scorer.name} {scorer.version}")

    @property
    def _key(self) -> bytes:
        secret = self._settings.social.author_key
        return b"" if secret is None else secret.get_secret_value().encode()[:64]

    @cached_property
    def _tools(self) -> tuple[Any, Any, Any]:
        from forecast.social.language import Languages
        from forecast.social.sentiment import LexiconScorer
        from forecast.social.topics import Topics, starter_topics

        social = self._settings.social
        return (
            Languages(social.languages),
            LexiconScorer(social.languages),
            Topics.from_mapping(starter_topics(social.sector)),
        )
