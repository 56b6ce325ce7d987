"""Which contact reasons a post is about: by keywords, and by a model trained on labelled posts where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from forecast.errors import ConfigError
from forecast.social.topics import Found, Topics, company_topics

Own = Mapping[str, Mapping[str, str | Sequence[str]] | None]


class Tagger(Protocol):
    """Anything that tells the contact reasons of posts."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def assign(self, texts: Sequence[str], languages: Sequence[str]) -> list[Found]:
        """texts[n], language[n] -> topics[n]."""
        ...


def make_tagger(sector: str | None, own: Own, model: Path | None) -> Tagger:
    """The reasons of a sector and one's own -> what assigns them; ConfigError where the model cannot be used."""
    topics: Topics = company_topics(sector, own)
    if model is None:
        return topics
    raise ConfigError("Topic models cannot be loaded yet.", field="social.topic_model")
