"""What a text is made of, where it is asked what is new: words, pairs of words, and runs of unspaced signs."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

from forecast.social.language import FUNCTION_WORDS
from forecast.social.vocabulary import cased

LONGEST, LONG = 1_000, 48  # characters of a post that are looked at; of a word
# signs of scripts that leave no space between words; hiragana alone is grammar
UNSPACED, _HIRAGANA = re.compile("[\u3040-\u30ff\u3400-\u9fff]{2,}"), re.compile("[\u3040-\u309f\u30fc]+")
_LEFT_OUT = re.compile(r"\[(?:link|email|phone|iban|address|number)\]|[@＠]\w[\w.-]*|(?:https?://|www\.)\S+")


@lru_cache(maxsize=64)
def small_words(language: str) -> frozenset[str]:
    """The small words of a language; those of all languages where it has no list."""
    lists = yaml.safe_load(FUNCTION_WORDS.read_text("utf-8"))
    named = {"no" if name is False else str(name): text.split() for name, text in lists.items()}
    return frozenset(named.get(language, [word for words in named.values() for word in words]))


def terms_of(text: str, small: frozenset[str], alive: frozenset[str] | None = None) -> set[str]:
    """A text -> its terms; `alive`: the words (and signs) of which they may be made, None for any."""
    text = text[:LONGEST].lower()
    if "[" in text or "@" in text or "＠" in text or "www." in text or "://" in text:
        text = _LEFT_OUT.sub(" . ", text)
    terms: set[str] = set()
    before = ""
    for token in cased(text):
        if token in small:
            continue
        word = token[0].isalpha() and 2 <= len(token) <= LONG
        if not word or (alive is not None and token not in alive):
            before = ""  # a mark, a figure, a sign of an unspaced script: nothing is joined over it
            continue
        terms.add(token)
        if before and before != token:
            terms.add(f"{before} {token}")
        before = token
    for run in [] if text.isascii() else UNSPACED.findall(text):
        starts = [at for at in range(len(run) - 1) if alive is None or run[at] in alive]
        grams = (run[at : at + size] for at in starts for size in (2, 3, 4) if at + size <= len(run))
        terms.update(gram for gram in grams if not _HIRAGANA.fullmatch(gram))
    return terms


def parts_of(term: str) -> tuple[str, ...]:
    """A term -> its words, or its signs in a script without spaces."""
    return tuple(term) if UNSPACED.match(term) else tuple(term.split(" "))
