"""Which scorer tells the mood of posts: the lexicons, one trained on own posts, or a transformer of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forecast.errors import ConfigError
from forecast.social.sentiment import LexiconScorer, Scorer


def make_scorer(kind: str, model: Path | None, languages: Sequence[str]) -> Scorer:
    """`lexicon`, `trained` or `transformers` -> the scorer; ConfigError where its model is missing or cannot be used."""
    if kind == "lexicon":
        return LexiconScorer(languages)
    raise ConfigError(f"There is no scorer {kind!r}.", remedy="Use lexicon.", field="social.sentiment.scorer")
