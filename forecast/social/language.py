"""Which of the configured languages a post is written in, or that it is in none of them.

The knowledge is py3langid's (BSD-3; Lui & Baldwin 2012, "langid.py": naive Bayes on byte n-grams). The head is ours: a
post's score is the sum of its words' scores, each worked out at the word's first sight and remembered, so that a post
costs a look-up per word instead of a walk over its bytes. Beside the configured languages the larger others stand as
rivals; where one of them wins clearly, the post is `other`. The model is loaded at the first use: it costs 0.3 s, and
a run without new posts does not need it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from forecast.errors import ConfigError
from forecast.social.vocabulary import tokenise

OTHER = "other"
# Norwegian is written in two ways that the model tells apart and we do not.
SAME = {"nn": "no"}
FUNCTION_WORDS = Path(__file__).with_name("function_words.yaml")
_LARGER = """af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr fy ga gl gu he hi hr hu hy id is it ja ka kk km
    kn ko lt lv mk ml mr ms my ne nl nn no pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh"""
RIVALS = frozenset(_LARGER.split())
# How far a rival must be ahead, per square root of a character: related languages (Danish, Galician) lie within it.
# Judged on sentences written for this project, none of them in the rows that judge.
CLEAR = 1.5
_WORDS = 60  # tokens of a post; more adds time and hardly any certainty
_REMEMBERED = 60_000  # words; a stream of ever new ones must not grow the memory
_LONG = 32
_SURE = 20.0  # log odds between the best two by which the words alone settle it
_AT_ONCE = 256  # posts whose words' scores are summed up together: they stay in the processor's cache
_SHORT = 32  # characters: with so few words the letters between them count
_FUNCTION_WORD = (
    3.0  # how much (log odds) such a word says; a small word is also written in others' names and quotes
)
_LOOKED_AT = 480  # characters
# What `privacy.strip` leaves for names, links and numbers, in whatever language a post is.
_SPEECHLESS = ("user", "link", "email", "phone", "iban", "address", "number", "http", "https", "www", "com")
_KANA = re.compile(
    "[\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9f]"
)  # the sign ・ between them is used by others too
Floats32 = npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


@lru_cache(maxsize=1)
def _function_words() -> dict[str, tuple[str, ...]]:
    """word -> the languages it is a small word of."""
    lists = yaml.safe_load(FUNCTION_WORDS.read_text("utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for name, words in lists.items():
        language = "no" if name is False else str(name)  # YAML reads a bare `no` as false
        for word in words.split():
            found[word] = (*found.get(word, ()), language)
    return found


class _Words(dict[str, int]):
    """word -> its row in `scores`, float32[words, languages]: what its letters say for each language."""

    def __init__(self, columns: Sequence[int], labels: Sequence[str]) -> None:
        super().__init__()
        model = _model()
        self._labels = list(labels)
        self._small: dict[tuple[str, ...], Floats32] = {}
        table, prior, _ = model._full_model
        self._columns = np.array(columns, dtype=np.intp)
        self._model, self._table = model, table
        self.prior = prior[self._columns].astype(np.float32)
        self._speechless()
        self._scores = np.zeros((1024, len(self._columns)), dtype=np.float32)

    @property
    def scores(self) -> Floats32:
        return self._scores

    def make_room(self) -> None:
        """Forget all words where they became too many; between batches, so that rows stay valid within one."""
        if len(self) > _REMEMBERED:
            self.clear()
            self._speechless()

    def _speechless(self) -> None:
        self.update({word: row for row, word in enumerate(_SPEECHLESS)})  # their rows stay zero
        self._used = len(_SPEECHLESS)

    def __missing__(self, word: str) -> int:
        if not word[0].isalpha():
            self[word] = 0  # a sign or a number: one of the speechless
            return 0
        row = self._used
        if row == len(self._scores):
            self._scores = np.concatenate([self._scores, np.zeros_like(self._scores)])
        self._scores[row] = self._score(word[:_LONG])
        self._used = row + 1
        self[word] = row
        return row

    def _score(self, word: str) -> Floats32:
        features, times = self._walk(f" {word} ")
        return np.asarray(times @ self._said(features) + self._known(word), dtype=np.float32)

    def _known(self, word: str) -> Floats32 | float:
        """What it says that a word is one of the small words of some languages and of no other."""
        languages = _function_words().get(word)
        if languages is None:
            return 0.0
        if languages not in self._small:
            said = np.where(np.isin(self._labels, languages), _FUNCTION_WORD, 0.0)
            self._small[languages] = said.astype(np.float32)
        return self._small[languages]

    def whole(self, text: str) -> Floats32:
        """A text as a whole -> scores[languages], as the model itself reads it: letters across words included."""
        features, times = self._walk(text)
        said = np.log1p(times) @ self._said(features) + self.prior
        for word in tokenise(text):
            said = said + self._known(word)
        return np.asarray(said, dtype=np.float32)

    def _walk(self, text: str) -> tuple[npt.NDArray[np.intp], Floats32]:
        from py3langid.langid import visit_counts

        model = self._model
        letters = text.encode("utf-8", "surrogatepass")
        counts = visit_counts(model.tk_nextmove, model._rowbase, model.tk_output, letters) or {}
        return (
            np.fromiter(counts.keys(), dtype=np.intp, count=len(counts)),
            np.fromiter(counts.values(), dtype=np.float32, count=len(counts)),
        )

    def _said(self, features: npt.NDArray[np.intp]) -> Floats32:
        return np.asarray(self._table[features[:, None], self._columns], dtype=np.float32)


class Languages:
    """The configured languages (ISO 639-1, such as `nl`), and which of them each text is in."""

    def __init__(self, names: tuple[str, ...]) -> None:
        if not names:
            raise ConfigError(
                "No language is configured.", remedy="Name at least one, such as nl.", field="languages"
            )
        self.names = tuple(names)
        self._words: _Words | None = None
        self._labels: list[str] = []

    def _load(self) -> _Words:
        if self._words is None:
            labels = list(_model().nb_classes)
            unknown = sorted(set(self.names) - set(labels))
            if unknown:
                raise ConfigError(
                    f"The language {unknown[0]!r} is not one that can be told apart.",
                    remedy=f"Known are {', '.join(sorted(set(labels)))}.",
                    field="languages",
                )
            columns = [place for place, label in enumerate(labels) if label in RIVALS or label in self.names]
            self._labels = [SAME.get(labels[place], labels[place]) for place in columns]
            self._words = _Words(columns, self._labels)
        return self._words

    def tag(self, texts: Sequence[str]) -> list[str]:
        """texts[n] -> language[n], one of `names`, or `other`: another language, or no word at all.

        The texts are as `privacy.strip` leaves them."""
        words = self._load()
        words.make_room()
        found: list[str] = []
        for start in range(0, len(texts), _AT_ONCE):
            found += self._tag(words, texts[start : start + _AT_ONCE])
        return found

    def _tag(self, words: _Words, texts: Sequence[str]) -> list[str]:
        lengths = np.zeros(len(texts), dtype=np.int64)
        sizes = np.zeros(len(texts))
        rows: list[int] = []
        silent = len(_SPEECHLESS)
        for place, text in enumerate(texts):
            shown = text if len(text) <= _LOOKED_AT else text[:_LOOKED_AT]
            said = [words[token] for token in tokenise(shown)[:_WORDS]]
            spoken = [row for row in said if row >= silent]
            rows += spoken
            lengths[place], sizes[place] = len(spoken), len(shown)
        found = self._choose(words, texts, np.array(rows, dtype=np.int64), lengths, sizes)
        return [
            self._by_script(text, name) if not text.isascii() else name
            for text, name in zip(texts, found, strict=True)
        ]

    def _choose(
        self,
        words: _Words,
        texts: Sequence[str],
        rows: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.float64],
    ) -> list[str]:
        spoken = np.flatnonzero(lengths > 0)
        found = [OTHER] * len(lengths)
        if len(spoken) == 0:
            return found
        starts = (np.cumsum(lengths) - lengths)[spoken]
        scores = np.add.reduceat(words.scores[rows], starts, axis=0) + words.prior
        short = np.flatnonzero(sizes[spoken] <= _SHORT)
        best_two = np.partition(scores[short], -2, axis=1)[:, -2:]
        for place in short[best_two[:, 1] - best_two[:, 0] < _SURE].tolist():
            scores[place] = words.whole(texts[spoken[place]])
        own = np.isin(self._labels, self.names)
        ours, theirs = scores[:, own], scores[:, ~own]
        best = ours.argmax(axis=1)
        names = [label for label in self._labels if label in self.names]
        lost = theirs.max(axis=1, initial=-math.inf) - ours[np.arange(len(best)), best]
        clear = lost > CLEAR * np.sqrt(sizes[spoken])
        for place, choice, other in zip(spoken.tolist(), best.tolist(), clear.tolist(), strict=True):
            if not other:
                found[place] = names[choice]
        return found

    def _by_script(self, text: str, name: str) -> str:
        """Kana is written by nobody but the Japanese, whatever Chinese signs or Latin names stand beside it."""
        if "ja" in self.names and name != "ja" and len(_KANA.findall(text[:_LOOKED_AT])) >= 2:
            return "ja"
        return name
