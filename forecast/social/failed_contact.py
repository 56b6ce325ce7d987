"""Whether a post tells that its writer tried another channel in vain: on hold, nobody answered, no reply to a mail.

Such a person comes again, on some channel. The phrases stand in `failed_contact.yaml`, one list per language; its
header says how they are written. They match as those of sentiment and topics do (`forecast/social/vocabulary.py`), and
`#` knows the number words of the language's lexicon.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from forecast.errors import ConfigError
from forecast.social import lexicon
from forecast.social.vocabulary import Vocabulary, tokenise

PHRASES = Path(__file__).with_name("failed_contact.yaml")
_PARTS = ("tells", "tells_not")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
_loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def follows_failed_contact(texts: Sequence[str], languages: Sequence[str]) -> list[bool]:
    """texts[n], language[n] -> bool[n]: whether the writer says that he tried another channel in vain.

    A text in a language without a list is held against the lists of all languages.
    """
    held = phrases()
    found = []
    for text, language in zip(texts, languages, strict=True):
        vocabulary = _vocabulary(language if language in held else None)
        found.append(any(tells for _, _, tells in vocabulary.find(tokenise(text))))
    return found


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Mapping[str, bool]]:
    """{language: {phrase: whether it tells of a contact in vain}}, alternatives written out."""
    raw = yaml.load(PHRASES.read_text(encoding="utf-8"), Loader=_loader)
    return {language: _phrases(language, parts) for language, parts in raw.items()}


def _phrases(language: str, parts: Mapping[str, str]) -> dict[str, bool]:
    """The parts of one language -> {phrase: tells}; ConfigError for an unknown part, or a phrase in both."""
    table: dict[str, bool] = {}
    for part, entries in parts.items():
        if part not in _PARTS:
            raise ConfigError(
                f"{PHRASES.name} has an unknown part {part!r}.",
                remedy=f"Known are {' and '.join(_PARTS)}.",
                field=f"{language}.{part}",
            )
        tells = part == "tells"
        for phrase in _entries(entries):
            if table.setdefault(phrase, tells) != tells:
                raise ConfigError(
                    f"{PHRASES.name} has {phrase!r} in both parts of {language}.",
                    remedy="Keep one.",
                    field=f"{language}.{part}",
                )
    return table


def _entries(text: str) -> Iterator[str]:
    """A text of entries parted by commas or line ends -> phrases, each combination of `(this|that)` one."""
    for part in text.replace("\n", ",").split(","):
        pieces = _ALTERNATIVES.split(part.lower())  # every second piece is what stood in parentheses
        for chosen in itertools.product(*(piece.split("|") if at % 2 else [piece]
                                          for at, piece in enumerate(pieces))):  # fmt: skip
            if phrase := " ".join("".join(chosen).split()):
                yield phrase


@lru_cache(maxsize=32)
def _vocabulary(language: str | None) -> Vocabulary[bool]:
    """The phrases of one language, compiled; those of all for None."""
    held = phrases()
    names = tuple(held) if language is None else (language,)
    patterns = {phrase: tells for name in names for phrase, tells in held[name].items()}
    numbers = {number for name in names for number in _numbers(name)}
    return Vocabulary(patterns.items(), numbers=numbers)


def _numbers(language: str) -> tuple[str, ...]:
    """The number words of a language's lexicon; none where it has no lexicon."""
    path = lexicon.FOLDER / f"{language}.yaml"
    if not path.is_file():
        return ()
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader)
    return tuple(word for part in str(raw.get("numbers") or "").split(",") if (word := part.strip().lower()))
