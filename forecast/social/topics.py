"""What a post is about: the contact reasons whose words it uses.

Topics are word lists per language that planners own. A list entry is a word, a stem (`storing*`, `*storing*`) or a
phrase (`geen stroom`); `forecast/social/vocabulary.py` says how they match. Starter lists per sector come along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from forecast.errors import ConfigError, NotFound
from forecast.social.vocabulary import Vocabulary, tokenise

STARTER = Path(__file__).with_name("starter_topics.yaml")
Found = tuple[str, ...]
Words = Mapping[str, Mapping[str, Sequence[str]]]


@lru_cache(maxsize=1)
def _starter_sets() -> dict[str, dict[str, dict[str, list[str]]]]:
    raw = yaml.load(STARTER.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {
        sector: {
            topic: {language: _entries(words) for language, words in per_language.items()}
            for topic, per_language in topics.items()
        }
        for sector, topics in raw["sectors"].items()
    }


def _entries(words: str | Iterable[str]) -> list[str]:
    """A comma-separated text or a list -> entries."""
    parts = words.split(",") if isinstance(words, str) else words
    return [entry for part in parts if (entry := " ".join(str(part).split()))]


def starter_sectors() -> tuple[str, ...]:
    """The sectors for which there is a starter list, such as `energy`."""
    return tuple(_starter_sets())


def starter_topics(sector: str) -> dict[str, dict[str, list[str]]]:
    """sector -> {topic: {language: [keyword]}}, a copy to change; NotFound names the sectors there are."""
    sets = _starter_sets()
    if sector not in sets:
        raise NotFound(
            f"There are no starter topics for {sector!r}.",
            remedy=f"Take one of {', '.join(sets)}.",
            field="sector",
        )
    return {
        topic: {lang: list(words) for lang, words in langs.items()} for topic, langs in sets[sector].items()
    }


def company_topics(sector: str | None, own: Mapping[str, Mapping[str, str | Sequence[str]] | None]) -> Topics:
    """The starter list of a sector, with a company's own reasons added or instead; None takes a reason out.

    Of a reason that the sector knows too, the languages given replace the sector's and the others stay.
    """
    words: dict[str, dict[str, list[str]]] = starter_topics(sector) if sector else {}
    for topic, lists in own.items():
        if lists is None:
            words.pop(topic, None)
        else:
            words.setdefault(topic, {}).update({lang: _entries(entries) for lang, entries in lists.items()})
    return Topics.from_mapping(words)


class Topics:
    """Compiled topic lists: one vocabulary per language, and one of all languages for posts in none of them."""

    def __init__(
        self, names: tuple[str, ...], vocabularies: Mapping[str, Vocabulary[Found]], every: Vocabulary[Found]
    ):
        self.names = names
        self._vocabularies = dict(vocabularies)
        self._every = every

    @classmethod
    def from_mapping(cls, words: Words) -> Topics:
        """{topic: {language: [keyword]}} -> Topics; ConfigError for an entry that would match everything."""
        lists: dict[str, dict[str, list[str]]] = {}
        union: dict[str, list[str]] = {}
        for topic, languages in words.items():
            for language, entries in languages.items():
                for entry in _entries(entries):
                    if not any(letter.isalnum() for letter in entry):
                        raise ConfigError(
                            f"The keyword {entry!r} of the topic {topic!r} has no letter.",
                            remedy="Write a word, a stem such as storing*, or a phrase.",
                            field=f"topics.{topic}.{language}",
                        )
                    for table in (lists.setdefault(language, {}), union):
                        table.setdefault(entry.lower(), []).append(topic)
        names = tuple(words)

        def compiled(table: Mapping[str, list[str]]) -> Vocabulary[Found]:
            patterns = [(entry, tuple(dict.fromkeys(topics))) for entry, topics in table.items()]
            return Vocabulary(
                patterns, combine=lambda found: tuple(dict.fromkeys(t for one in found for t in one))
            )

        return cls(names, {language: compiled(table) for language, table in lists.items()}, compiled(union))

    def assign(self, texts: Sequence[str], languages: Sequence[str]) -> list[Found]:
        """texts[n], language[n] -> topics[n], each a tuple in the order of `names`, empty where nothing fits.

        A text in a language without lists is held against the lists of all languages: product words travel.
        """
        known = self._vocabularies
        every = self._every
        order = self.names
        found: list[Found] = []
        for text, language in zip(texts, languages, strict=True):
            hits = known.get(language, every).find(tokenise(text), overlap=True)
            if not hits:
                found.append(())
            elif len(hits) == 1 and len(hits[0][2]) == 1:
                found.append(hits[0][2])
            else:
                names = {topic for hit in hits for topic in hit[2]}
                found.append(tuple(topic for topic in order if topic in names))
        return found
