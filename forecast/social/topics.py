"""What a post is about: the contact reasons whose words it uses.

Topics are word lists per language that planners own. A list entry is a word, a stem (`storing*`, `*storing*`) or a
phrase (`geen stroom`, `al # weken`); `forecast/social/vocabulary.py` says how they match. Starter lists per sector
come along: `starter_topics/`, one file per language, and a further language is a further file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from forecast.errors import ConfigError, NotFound
from forecast.social import lexicon
from forecast.social.vocabulary import Vocabulary, tokenise

STARTER = Path(__file__).with_name("starter_topics")
EVERY = ""  # no language: the words of all
FEW_WORDS = 5
_FIRST = "en"  # the file whose sectors and topics, and their order, the others follow
Found = tuple[str, ...]
Words = Mapping[str, Mapping[str, Sequence[str]]]
_Table = dict[str, list[str]]  # entry -> topics


def _content(path: Path) -> dict[str, object]:
    """A data file -> its top level; ConfigError where it is no table."""
    try:
        raw = yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The file {path.parent.name}/{path.name} cannot be read: {error}.", remedy="Mend this line."
        ) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"The file {path.parent.name}/{path.name} is no table.", remedy="Restore it.")
    return raw


@lru_cache(maxsize=1)
def _starter_sets() -> dict[str, dict[str, dict[str, list[str]]]]:
    """sector -> topic -> language -> entries, of all language files (1 to 2 ms each, so all are read at once)."""
    sets: dict[str, dict[str, dict[str, list[str]]]] = {}
    for path in sorted(STARTER.glob("*.yaml"), key=lambda one: (one.stem != _FIRST, one.stem)):
        sectors = _content(path).get("sectors")
        for sector, topics in (sectors if isinstance(sectors, dict) else {}).items():
            for topic, entries in topics.items():
                sets.setdefault(sector, {}).setdefault(topic, {})[path.stem] = _entries(entries)
    return sets


@lru_cache(maxsize=64)
def _numbers(language: str) -> tuple[str, ...]:
    """The number words of a language's lexicon, which `#` stands for beside figures; none without a lexicon."""
    if language not in lexicon.available():
        return ()
    listed = _content(lexicon.FOLDER / f"{language}.yaml").get("numbers")
    return tuple(entry.lower() for entry in _entries(str(listed or "")))


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
    """Topic lists with one vocabulary per language, and one of all languages for posts in none of them.

    Vocabularies are compiled when a post first needs them: a company with ten languages mostly meets two.
    """

    def __init__(self, names: tuple[str, ...], lists: Mapping[str, Mapping[str, Sequence[str]]]):
        """names: topics in order. lists: language -> entry in lower case -> its topics."""
        self.names = names
        self._lists = lists
        self._compiled: dict[str, Vocabulary[Found]] = {}
        self._union: Vocabulary[Found] | None = None

    @classmethod
    def from_mapping(cls, words: Words) -> Topics:
        """{topic: {language: [keyword]}} -> Topics; ConfigError for an entry that would match everything.

        `#` in a phrase stands for a number in figures, and for the number words of the language's lexicon.
        """
        lists: dict[str, _Table] = {}
        for topic, languages in words.items():
            for language, entries in languages.items():
                table = lists.setdefault(language, {})
                for entry in _entries(entries):
                    if not any(letter.isalnum() for letter in entry):
                        raise ConfigError(
                            f"The keyword {entry!r} of the topic {topic!r} has no letter.",
                            remedy="Write a word, a stem such as storing*, or a phrase.",
                            field=f"topics.{topic}.{language}",
                        )
                    table.setdefault(entry.lower(), []).append(topic)
        return cls(tuple(words), lists)

    def _vocabulary(self, language: str) -> Vocabulary[Found]:
        """The words of a language; of all languages for one without lists, because product words travel."""
        known = self._compiled.get(language)
        if known is not None:
            return known
        if language in self._lists:
            self._compiled[language] = _compile(self._lists[language], (language,))
            return self._compiled[language]
        if self._union is None:
            union: _Table = {}
            for table in self._lists.values():
                for entry, topics in table.items():
                    union.setdefault(entry, []).extend(topics)
            self._union = _compile(union, tuple(self._lists))
        return self._union

    def assign(self, texts: Sequence[str], languages: Sequence[str]) -> list[Found]:
        """texts[n], language[n] -> topics[n], each a tuple in the order of `names`, empty where nothing fits.

        A text in a language without lists is held against the lists of all languages, and so is one of a few words in
        which its own language found nothing: of so little nobody can be sure which language it is.
        """
        order = self.names
        found: list[Found] = []
        for text, language in zip(texts, languages, strict=True):
            hits = self._found(text, language)
            if not hits:
                found.append(())
            elif len(hits) == 1 and len(hits[0][2]) == 1:
                found.append(hits[0][2])
            else:
                names = {topic for hit in hits for topic in hit[2]}
                found.append(tuple(topic for topic in order if topic in names))
        return found

    def _found(self, text: str, language: str) -> list[tuple[int, int, Found]]:
        tokens = tokenise(text)
        hits = self._vocabulary(language).find(tokens, overlap=True)
        if not hits and len(tokens) <= FEW_WORDS:
            hits = self._vocabulary(EVERY).find(tokens, overlap=True)
        return hits

    def hits(self, texts: Sequence[str], languages: Sequence[str]) -> npt.NDArray[np.int64]:
        """texts[n], language[n] -> number of keywords found, int64[n, topic] in the order of `names`."""
        place = {topic: column for column, topic in enumerate(self.names)}
        counts = np.zeros((len(texts), len(self.names)), dtype=np.int64)
        for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
            for _, _, topics in self._found(text, language):
                for topic in topics:
                    counts[row, place[topic]] += 1
        return counts

    def main(self, texts: Sequence[str], languages: Sequence[str]) -> list[str | None]:
        """texts[n], language[n] -> the one topic with most keyword hits, the earliest of `names` in a tie; else None."""
        if not self.names:
            return [None] * len(texts)
        counts = self.hits(texts, languages)
        best = counts.argmax(axis=1)
        return [self.names[column] if counts[row, column] else None for row, column in enumerate(best)]


def _compile(table: Mapping[str, Sequence[str]], languages: Sequence[str]) -> Vocabulary[Found]:
    """entry -> topics, and the languages of the entries -> what finds them."""
    patterns = [(entry, tuple(dict.fromkeys(topics))) for entry, topics in table.items()]
    counted = any("#" in entry.split() for entry in table)  # else no lexicon needs to be read
    numbers = [number for language in languages for number in _numbers(language)] if counted else ()
    return Vocabulary(
        patterns,
        numbers=numbers,
        combine=lambda found: tuple(dict.fromkeys(topic for one in found for topic in one)),
    )
