"""A sentiment lexicon: one data file per language that a native speaker can correct without touching code.

`lexicons/<language>.yaml` (its header says how to write it) plus `lexicons/emoji.yaml`, which all languages share.
A further language is a further file; nothing here names one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from forecast.errors import ConfigError, NotFound
from forecast.social.vocabulary import Vocabulary

FOLDER = Path(__file__).with_name("lexicons")
SHARED = "emoji"  # the file with the signs of all languages

WORD, NEGATOR, BOOST, CONTRAST, COURTESY, STOP, FIXED = range(7)
WEIGHTED = {"words": WORD, "complaints": WORD, "praise": WORD, "irony": WORD, "courtesies": COURTESY}
LISTED = {"negators": NEGATOR, "contrasts": CONTRAST}
KEYS = {*WEIGHTED, *LISTED, "boosters", "numbers", "language", "negated_after", "negates_next"}


class Entry(NamedTuple):
    """What a matched pattern does: its `role`, and its `weight` (-4..4) or, for a booster, its factor."""

    role: int
    weight: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language, compiled.

    negated_after: how many tokens behind a word a negator still turns it ("helpt niet"); negates_next: how many tokens
    ahead it turns, three where the file says nothing
    """

    language: str
    vocabulary: Vocabulary[Entry]
    negated_after: int
    negates_next: int
    size: int
    fingerprint: str


def available(folder: Path = FOLDER) -> tuple[str, ...]:
    """The languages that have a lexicon file."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml") if path.stem != SHARED))


def _raw(path: Path) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The lexicon {path.name} cannot be read: {error}.", remedy="Mend this line."
        ) from None
    unknown = set(raw) - KEYS if isinstance(raw, dict) else {"(no table)"}
    if unknown:
        raise ConfigError(
            f"The lexicon {path.name} has an unknown part {sorted(unknown)[0]!r}.",
            remedy=f"Known are {', '.join(sorted(KEYS))}.",
            field=path.name,
        )
    return dict(raw)


def _list(text: str | None) -> Iterator[str]:
    """A text of entries parted by commas or line ends -> entries in lower case."""
    for part in (text or "").replace("\n", ",").split(","):
        entry = " ".join(part.split()).lower()
        if entry:
            yield entry


def _weighted(groups: Mapping[Any, str], role: int, where: str) -> Iterator[tuple[str, Entry]]:
    for key, text in groups.items():
        try:
            weight = float(key)
        except (TypeError, ValueError):
            raise ConfigError(f"{where}: {key!r} is no weight.", remedy="Use numbers from -4 to 4.") from None
        if not -4 <= weight <= 4:
            raise ConfigError(
                f"{where}: the weight {key} is out of range.", remedy="Use numbers from -4 to 4."
            )
        for entry in _list(text):
            yield entry, Entry(role, weight)


def entries(raw: Mapping[str, Any], where: str) -> dict[str, Entry]:
    """A lexicon as read -> {pattern: Entry}; ConfigError where a pattern stands twice with different meanings."""
    table: dict[str, Entry] = {}

    def put(pattern: str, entry: Entry) -> None:
        if table.setdefault(pattern, entry) != entry:
            raise ConfigError(
                f"The lexicon {where} has {pattern!r} twice, as {table[pattern].weight:g} and {entry.weight:g}.",
                remedy="Keep one.",
                field=pattern,
            )

    for part, role in WEIGHTED.items():
        for pattern, entry in _weighted(raw.get(part) or {}, role, f"{where}, {part}"):
            put(pattern, entry)
    for part, role in LISTED.items():
        for pattern in _list(raw.get(part)):
            put(pattern, Entry(role, 0.0))
    for pattern, entry in _weighted(raw.get("boosters") or {}, BOOST, f"{where}, boosters"):
        put(pattern, entry)
    return table


def _with_fixed(table: Mapping[str, Entry]) -> dict[str, Entry]:
    """Phrases that hold a negation of their own ("never had problems") are not turned by another: they become FIXED."""
    negators = {pattern for pattern, entry in table.items() if entry.role == NEGATOR and " " not in pattern}
    return {
        pattern: Entry(FIXED, entry.weight)
        if entry.role == WORD and " " in pattern and negators & set(pattern.split())
        else entry
        for pattern, entry in table.items()
    }


# Sentence marks end the reach of a negation. Runs of them ("?!?!") are rare and taken as none.
_STOPS = {
    mark: Entry(STOP, 0.0) for mark in (".", "!", "?", ";", ",", "..", "...", "!!", "!!!", "??", "?!", "!?")
}


@lru_cache(maxsize=32)
def load(language: str, folder: Path = FOLDER) -> Lexicon:
    """language -> its compiled Lexicon with the shared signs; NotFound names the languages there are."""
    path = folder / f"{language}.yaml"
    if language == SHARED or not path.is_file():
        raise NotFound(
            f"There is no sentiment lexicon for {language!r}.",
            remedy=f"There are {', '.join(available(folder))}; a new one is a file {path.name} beside them.",
            field="language",
        )
    shared = FOLDER / f"{SHARED}.yaml"
    raw = _raw(path)
    own = entries(raw, path.name)
    signs = entries(_raw(shared), shared.name)
    patterns = [*_STOPS.items(), *signs.items(), *_with_fixed(own).items()]
    return Lexicon(
        language=language,
        vocabulary=Vocabulary(patterns, numbers=_list(raw.get("numbers"))),
        negated_after=int(raw.get("negated_after") or 0),
        negates_next=int(raw.get("negates_next", 3)),
        size=len(own),
        fingerprint=hashlib.blake2b(path.read_bytes() + shared.read_bytes(), digest_size=4).hexdigest(),
    )
