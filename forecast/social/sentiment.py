"""How a post feels: -1 (angry) .. 1 (delighted), from words, phrases, signs and how they stand to each other.

The scorer is a weighted lexicon with rules for negation, degree, contrast, emphasis and irony, in the line of
Hutto & Gilbert (2014, "VADER") and Taboada et al. (2011, "Lexicon-based methods"); lists and constants are our own.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from forecast.social import lexicon
from forecast.social.lexicon import BOOST, CONTRAST, COURTESY, FIXED, NEGATOR, STOP, Entry, Lexicon
from forecast.social.vocabulary import cased, tokenise

Scores: TypeAlias = npt.NDArray[np.float64]
LABELS = ("negative", "neutral", "positive")

# A score is s / sqrt(s^2 + 15) of the summed weights s. So one word of weight 1 scores 0.25, of weight 2 0.46; the
# thresholds lie at about 0.6: one plain mild word counts, half of one (a question, a "bit") does not.
NEGATIVE_BELOW = -0.15
POSITIVE_ABOVE = 0.15
_NORM = 15.0

_TURN_GOOD = -0.7  # "not good" is nearly as bad as "bad"
_TURN_BAD = -0.4  # "not bad" is only mildly good
_BARE_NEGATION = -0.5  # "I can't log in": a refusal that turned no word is a mild complaint
_BEFORE_BUT = 0.5
_AFTER_BUT = 1.3
_CAPS = 1.3
_EXCLAIMED = 0.1  # per mark, up to three
_ASKED = 0.7  # a text that ends in a question tells less of a mood
_CAPITALS = re.compile(r"[^\W\d_a-z]{3}")
# What stray words add up to grows with the root of the length (a sum of so many small chances): a text longer than a
# short post must say more before it has a mood. In characters, because Japanese has no words to count.
_SHORT_POST = 160
_FALLBACK = 0.5  # English words read in a text of a language without lexicon


class Scorer(Protocol):
    """Anything that tells the mood of posts. `name` and `version` are stored with what it scored."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """texts[n], language[n] -> scores[n] in -1..1."""
        ...


def label(scores: npt.ArrayLike) -> list[str]:
    """scores[n] -> negative (below -0.15), positive (above 0.15) or neutral [n]."""
    values = np.asarray(scores, dtype=np.float64)
    codes = 1 + (values > POSITIVE_ABOVE).astype(np.int64) - (values < NEGATIVE_BELOW).astype(np.int64)
    return [LABELS[code] for code in codes.tolist()]


class _Tally:
    """The running sum over one text; one pass, constant work per match."""

    __slots__ = (
        "after",
        "bad",
        "boost",
        "boost_at",
        "courtesy",
        "good",
        "last",
        "last_end",
        "negator",
        "open",
        "reach",
        "turn",
    )

    def __init__(self, words: Lexicon) -> None:
        self.after = words.negated_after  # how far behind a word a negator still turns it
        self.reach = words.negates_next  # over how many tokens it turns what follows
        self.good = self.bad = self.courtesy = 0.0
        self.turn = 1.0  # weight of what comes after a contrast
        self.negator = -99  # where the last negator stood
        self.open = False  # whether it has turned nothing yet
        self.boost, self.boost_at = 1.0, -99
        self.last, self.last_end = 0.0, -99  # what the last word added, and where it ended

    def add(self, value: float) -> None:
        if value > 0:
            self.good += value
        else:
            self.bad += value

    def take(self, value: float) -> None:
        if value > 0:
            self.good -= value
        else:
            self.bad -= value

    def word(self, place: int, length: int, weight: float, *, fixed: bool = False) -> None:
        if not weight:  # a phrase that takes its words out of the reckoning: "hoe laat"
            return
        if place - self.boost_at <= 2:
            weight *= self.boost
        if not fixed and place - self.negator <= self.reach:
            if self.open:
                self.take(_BARE_NEGATION * self.turn)
                self.open = False
            weight *= _TURN_GOOD if weight > 0 else _TURN_BAD
            self.last_end = -99
        else:
            self.last_end = place + length
        self.last = weight * self.turn
        self.add(self.last)

    def negate(self, place: int, length: int) -> None:
        if place - self.last_end < self.after and self.last:
            self.take(self.last)
            self.add(self.last * (_TURN_GOOD if self.last > 0 else _TURN_BAD))
            self.last_end = -99
            return
        if not self.open:
            self.add(_BARE_NEGATION * self.turn)
        self.negator, self.open = place + length - 1, True

    def stop(self) -> None:
        self.negator = self.boost_at = self.last_end = -99
        self.open = False

    def contrast(self) -> None:
        self.stop()
        self.good *= _BEFORE_BUT
        self.bad *= _BEFORE_BUT
        self.turn = _AFTER_BUT


class LexiconScorer:
    """Scores with the lexicons of `languages`; a text in any other language by its emoji, and by English at half weight."""

    name = "lexicon"

    def __init__(self, languages: Sequence[str] | None = None) -> None:
        names = tuple(languages) if languages is not None else lexicon.available()
        self._lexicons = {name: lexicon.load(name) for name in names if name in lexicon.available()}
        self._fallback = lexicon.load("en")
        prints = "".join(one.fingerprint for one in self._lexicons.values())
        self.version = "1." + hashlib.blake2b(prints.encode(), digest_size=4).hexdigest()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages read with a lexicon of their own."""
        return tuple(self._lexicons)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """texts[n], language[n] -> scores[n] in -1..1; 0 where nothing was recognised."""
        lexicons, fallback = self._lexicons, self._fallback
        sums = np.zeros(len(texts), dtype=np.float64)
        for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
            own = lexicons.get(language)
            value = _sum(text, own or fallback)
            if value:
                sums[row] = value if own else value * _FALLBACK
        return np.asarray(sums / np.sqrt(sums * sums + _NORM), dtype=np.float64)


def _sum(text: str, words: Lexicon) -> float:
    """text -> the sum of its weights, after all rules."""
    tokens = tokenise(text)
    found = words.vocabulary.find(tokens)
    if not found:
        return 0.0
    if _CAPITALS.search(text):
        written = cased(text)
        # a few letters (İ) are two in lower case: places then differ, and emphasis is left out
        tokens = written if len(written) == len(tokens) else tokens
    tally = _Tally(words)
    shouting = text.isupper()
    for place, length, entry in found:
        shouted = length == 1 and tokens[place].isupper() and not shouting and len(tokens[place]) > 2
        _apply(tally, place, length, entry, shouted)
    # "Thanks for losing my bag": courtesy beside a complaint is form, not praise.
    good = tally.good + (tally.courtesy if tally.bad > -0.9 else 0.0)
    bad = tally.bad
    if good > -bad and _mocked(tokens, found, shouting):
        good, bad = 0.0, -(good - bad)
    total = good + bad
    if not total:
        return 0.0
    exclaimed = text.count("!") + text.count("！")
    if exclaimed:
        total *= 1 + _EXCLAIMED * min(exclaimed, 3)
    if "?" in tokens[-1]:
        total *= _ASKED
    if len(text) > _SHORT_POST:
        total *= math.sqrt(_SHORT_POST / len(text))
    return total if math.isfinite(total) else 0.0


def _apply(tally: _Tally, place: int, length: int, entry: Entry, shouted: bool) -> None:
    role, weight = entry
    if role == STOP:
        tally.stop()
    elif role == NEGATOR:
        tally.negate(place, length)
    elif role == BOOST:
        # "not very good": the booster stands inside the reach of the negator and leaves it alone
        tally.boost = weight if place - tally.boost_at > 1 else tally.boost * weight
        tally.boost_at = place + length - 1
    elif role == CONTRAST:
        tally.contrast()
    elif role == COURTESY:
        tally.courtesy += weight * tally.turn
    else:
        tally.word(place, length, weight * _CAPS if shouted else weight, fixed=role == FIXED)


def _mocked(tokens: Sequence[str], found: Sequence[tuple[int, int, Entry]], shouting: bool) -> bool:
    """Whether a text ends in a lone capital negation: "top service weer NOT"."""
    if shouting:
        return False
    end = len(tokens) - 1
    while end >= 0 and not tokens[end][0].isalpha():
        end -= 1
    place, length, entry = next((hit for hit in reversed(found) if hit[2].role != STOP), found[-1])
    last = entry.role == NEGATOR and length == 1 and place == end > 1
    return last and tokens[end].isupper() and len(tokens[end]) > 2
