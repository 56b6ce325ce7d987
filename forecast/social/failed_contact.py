"""Whether a post tells that its writer tried another channel in vain: on hold, nobody answered, no reply to a mail.

Such a person comes again, on some channel. The phrases stand in `failed_contact.yaml`, one section per language; its
header says how they are written and what counts. They match as those of sentiment and topics do
(`forecast/social/vocabulary.py`), and `#` knows the number words of the language's lexicon.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from forecast.errors import ConfigError
from forecast.social import lexicon
from forecast.social.vocabulary import Vocabulary, tokenise

PHRASES = Path(__file__).with_name("failed_contact.yaml")
TELLS, CHANNELS, VAIN, TELLS_NOT = PARTS = ("tells", "channels", "vain", "tells_not")
WITHIN = "within"  # how many words may stand between a channel and a vain word
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
_MOST = 1_000  # phrases of one entry: alternatives multiply, and a slip must not fill the memory
_ENDS = frozenset(".!?;")
_loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class _Phrases:
    """One language, compiled: which part a phrase is of, and how far a channel and a vain word may be apart."""

    vocabulary: Vocabulary[str]
    within: int

    def tell(self, tokens: Sequence[str]) -> bool:
        """Whether these tokens say it: by themselves, or a channel and a vain word near it in one sentence."""
        before: dict[str, int] = {}  # part -> where the last one of it ended
        for place, taken, part in self.vocabulary.find(tokens):
            if part == TELLS:
                return True
            end = before.get({CHANNELS: VAIN, VAIN: CHANNELS}.get(part, ""))
            if end is not None and place - end <= self.within and not _ended(tokens[end:place]):
                return True
            before[part] = place + taken
        return False


def follows_failed_contact(texts: Sequence[str], languages: Sequence[str]) -> list[bool]:
    """texts[n], language[n] -> bool[n]: whether the writer says that he tried another channel in vain.

    A text in a language without phrases is held against those of all languages.
    """
    held = phrases()
    return [
        _compiled(language if language in held else None).tell(tokenise(text))
        for text, language in zip(texts, languages, strict=True)
    ]


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Mapping[str, str]]:
    """{language: {phrase: its part}}, alternatives written out."""
    return {language: _phrases(language, parts) for language, parts in _raw().items()}


@lru_cache(maxsize=1)
def _raw() -> Mapping[str, Mapping[str, Any]]:
    raw = yaml.load(PHRASES.read_text(encoding="utf-8"), Loader=_loader)
    return {str(language): dict(parts) for language, parts in raw.items()}


def _phrases(language: str, parts: Mapping[str, Any]) -> dict[str, str]:
    """The parts of one language -> {phrase: part}, where a phrase stands twice the first of `PARTS`.

    ConfigError for an unknown part, or a phrase that tells and tells not.
    """
    unknown = sorted(set(parts) - {*PARTS, WITHIN})
    if unknown:
        raise ConfigError(
            f"{PHRASES.name} has an unknown part {unknown[0]!r}.",
            remedy=f"Known are {', '.join((*PARTS, WITHIN))}.",
            field=f"{language}.{unknown[0]}",
        )
    table: dict[str, str] = {}
    for part in PARTS:
        for phrase in _written_out(parts.get(part) or "", f"{language}.{part}"):
            if {table.setdefault(phrase, part), part} == {TELLS, TELLS_NOT}:
                raise ConfigError(
                    f"{PHRASES.name} has {phrase!r} in {TELLS} and in {TELLS_NOT} of {language}.",
                    remedy="Keep one.",
                    field=f"{language}.{part}",
                )
    return table


def _written_out(text: str, where: str) -> Iterator[str]:
    """A text of entries parted by commas or line ends -> phrases, one for each choice of `(this|that)`."""
    for entry in text.lower().replace("\n", ",").split(","):
        pieces = _ALTERNATIVES.split(entry)  # every second piece is what stood in parentheses
        choices = [piece.split("|") if at % 2 else [piece] for at, piece in enumerate(pieces)]
        made = list(itertools.islice(itertools.product(*choices), _MOST + 1))
        if len(made) > _MOST or any(set(piece) & set("()|") for piece in pieces[::2]):
            raise ConfigError(
                f"{PHRASES.name} has the entry {' '.join(entry.split())[:60]!r}, which cannot be written out.",
                remedy=f"Close each ( and put none into another; at most {_MOST} phrases from one entry.",
                field=where,
            )
        yield from filter(None, (" ".join("".join(chosen).split()) for chosen in made))


@lru_cache(maxsize=32)
def _compiled(language: str | None) -> _Phrases:
    """The phrases of one language; those of all for None, where an earlier language's meaning of a phrase counts."""
    held = phrases()
    names = tuple(held) if language is None else (language,)
    patterns = {phrase: part for name in reversed(names) for phrase, part in held[name].items()}
    numbers = {number for name in names for number in _numbers(name)}
    within = min(int(_raw()[name].get(WITHIN, 6)) for name in names)
    return _Phrases(Vocabulary(patterns.items(), numbers=numbers), within)


@lru_cache(maxsize=32)
def _numbers(language: str) -> tuple[str, ...]:
    """The number words of a language's lexicon; none where it has no lexicon."""
    path = lexicon.FOLDER / f"{language}.yaml"
    if not path.is_file():
        return ()
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader)
    return tuple(word for part in str(raw.get("numbers") or "").split(",") if (word := part.strip().lower()))


def _ended(tokens: Sequence[str]) -> bool:
    return any(token[0] in _ENDS for token in tokens)
