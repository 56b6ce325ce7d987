"""Words, phrases and stems found in a text: the one matcher under sentiment and topics.

A text is cut into tokens once. Each *token* is then one dictionary look-up, because what a token can mean (an exact
word, a stem such as `storing*`, the start of a phrase) is worked out at its first sight and remembered. So the cost
of a text grows with its number of tokens and not with the size of the word list.

Chinese and Japanese characters are tokens of their own: an entry in these scripts is simply a phrase of characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

P = TypeVar("P")
Rest: TypeAlias = tuple[str, ...]


class Node(NamedTuple, Generic[P]):
    """What a token can mean: by itself, and as the first step of phrases."""

    payload: P | None
    phrases: _Step[P] | None


class _Step(dict[str, "_Step[P] | None"], Generic[P]):
    """A place within phrases: next token -> the next place, worked out at its first sight; None where no phrase goes on.

    ends: the payloads of the phrases that end here
    """

    def __init__(self, phrases: Sequence[tuple[Rest, P]], number: Callable[[str], bool]) -> None:
        super().__init__()
        self.ends = tuple(payload for rest, payload in phrases if not rest)
        self._phrases = [phrase for phrase in phrases if phrase[0]]
        self._exact = frozenset(rest[0] for rest, _ in self._phrases)
        self._loose = any(first == "#" or first[-1] == "*" for first in self._exact)
        self._number = number

    def __missing__(self, token: str) -> _Step[P] | None:
        found: _Step[P] | None = None
        if self._loose or token in self._exact:
            on = [(rest[1:], payload) for rest, payload in self._phrases if self._fits(rest[0], token)]
            found = _Step(on, self._number) if on else None
        if len(self) < _NEIGHBOURS and len(token) <= _LONG:
            self[token] = found
        return found

    def _fits(self, pattern: str, token: str) -> bool:
        if pattern == token:
            return True
        return (
            self._number(token) if pattern == "#" else pattern[-1] == "*" and token.startswith(pattern[:-1])
        )


_CJK = "\u3040-\u30ff\u3400-\u9fff"
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
# Every branch starts with another class of character and has one unbounded quantifier: linear on any input.
TOKEN = re.compile(
    rf"[^\W\d_{_CJK}]+(?:'[^\W\d_{_CJK}]+)*"  # words, with inner apostrophes: don't, foto's
    rf"|[{_CJK}]|[{_EMOJI}]"
    r"|\d+(?:[.,:]\d+)*"
    r"|[:;=]['^-]?(?:[)(/\\|\]\[*$@]|[dpcosDPCOS3](?!\w))|</?3(?!\d)|[-^]_+[-^]|\^\^"  # emoticons
    r"|\){2,}|\({2,}"  # "))" and "((" are how Russians smile and frown
    r"|[.!?;,]+"
)
# The same for plain letters alone, which most posts have: narrow classes match twice as fast.
_PLAIN = re.compile(
    r"[A-Za-z]+(?:'[A-Za-z]+)*|\d+(?:[.,:]\d+)*"
    r"|[:;=]['^-]?(?:[)(/\\|\]\[*$@]|[dpcosDPCOS3](?![A-Za-z0-9_]))|</?3(?!\d)|[-^]_+[-^]|\^\^"
    r"|\){2,}|\({2,}|[.!?;,]+"
)
_WIDE = str.maketrans(
    "。！？、；：，．（）", ".!?,;:,.()"
)  # sentence marks as Chinese and Japanese write them
_RUN = re.compile(r"(\w)\1{2,}")
_NEIGHBOURS = 5_000  # next tokens remembered of one place within phrases
_REMEMBERED = 200_000  # distinct tokens kept; a stream of ever new words must not grow the memory
_RECENT, _SHORT = 5_000, 600  # texts whose tokens are kept, and the characters of the longest such
_recent: dict[str, list[str]] = {}
_LONG = 48  # no word is longer: such a token is not remembered


def tokenise(text: str) -> list[str]:
    """text -> tokens in order, in lower case: words, numbers, emoji, emoticons and runs of sentence marks.

    The list is not to be changed: language, mood and reasons of a post are read from the same one.
    """
    tokens = _recent.get(text)
    if tokens is None:
        tokens = cased(text.lower())
        if len(text) <= _SHORT:
            if len(_recent) >= _RECENT:
                _recent.clear()
            _recent[text] = tokens
    return tokens


def cased(text: str) -> list[str]:
    """text -> its tokens as they are written."""
    if text.isascii():
        return _PLAIN.findall(text)
    return TOKEN.findall(text.replace("’", "'").translate(_WIDE))


class _Memory(dict[str, "Node[P] | None"], Generic[P]):
    """What each token seen so far can mean, worked out by `resolve` at its first sight."""

    def __init__(self, resolve: Callable[[str], Node[P] | None]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, token: str) -> Node[P] | None:
        node = self._resolve(token[:_LONG])
        if len(token) <= _LONG:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[token] = node
        return node


class Vocabulary(Generic[P]):
    """Patterns with a payload each, and where they occur in a list of lower-case tokens.

    A pattern is a word (`kapot`), a word with open ends (`storing*`, `*storing`, `*storing*`) or a phrase
    (`nog steeds geen reactie`); in a phrase `#` stands for any number (`al # weken`), in figures or in `numbers`,
    and its words after the first may end in `*`. `combine` reduces the payloads of several open patterns that fit
    one token (the most specific comes first).
    """

    def __init__(
        self,
        patterns: Iterable[tuple[str, P]],
        *,
        numbers: Iterable[str] = (),
        combine: Callable[[Sequence[P]], P] = lambda payloads: payloads[0],
    ) -> None:
        self._numbers = frozenset(numbers)
        self._combine = combine
        self._words: dict[str, P] = {}
        self._heads: dict[str, P] = {}
        self._tails: dict[str, P] = {}
        self._inner: dict[str, P] = {}
        self._phrases: dict[str, list[tuple[Rest, P]]] = {}
        for pattern, payload in patterns:
            self._add(pattern, payload)
        self._shortest, self._longest = self._span(self._heads)
        self._memory: _Memory[P] = _Memory(self._resolve)

    @staticmethod
    def _span(stems: dict[str, P]) -> tuple[int, int]:
        lengths = [len(stem) for stem in stems]
        return (min(lengths), max(lengths)) if lengths else (1, 0)

    def _add(self, pattern: str, payload: P) -> None:
        first, *rest = _pieces(pattern)
        if rest:
            self._phrases.setdefault(first, []).append((tuple(rest), payload))
        elif len(pattern) > 2 and pattern[0] == "*" == pattern[-1]:
            self._inner[first.strip("*")] = payload
        elif first[-1] == "*" and len(first) > 1:
            self._heads[first[:-1]] = payload
        elif first[0] == "*" and len(first) > 1:
            self._tails[first[1:]] = payload
        else:
            self._words[first] = payload

    def _number(self, token: str) -> bool:
        return token[0].isdigit() or token in self._numbers

    def _word(self, token: str) -> P | None:
        """The payload of one token as a word: exact, else by its open ends."""
        exact = self._words.get(token)
        if exact is not None:
            return exact
        top = min(len(token), self._longest)
        fits = [
            self._heads[token[:n]] for n in range(top, self._shortest - 1, -1) if token[:n] in self._heads
        ]
        fits += [payload for tail, payload in self._tails.items() if token.endswith(tail)]
        fits += [payload for inner, payload in self._inner.items() if inner in token]
        return self._combine(fits) if fits else None

    def _resolve(self, token: str) -> Node[P] | None:
        payload = self._word(token)
        phrases = tuple(self._phrases.get(token, ()))
        if "#" in self._phrases and self._number(token):
            phrases += tuple(self._phrases["#"])
        if payload is None and not phrases and _RUN.search(token):
            # "sooooo goooood": once with doubled letters (good), once with single ones (so)
            for kept in (r"\1\1", r"\1"):
                node = self._resolve(_RUN.sub(kept, token))
                if node is not None:
                    return node
        if payload is None and not phrases:
            return None
        return Node(payload, _Step(phrases, self._number) if phrases else None)

    @staticmethod
    def _walk(step: _Step[P] | None, tokens: Sequence[str], at: int) -> list[tuple[int, tuple[P, ...]]]:
        """The phrases that go on at `at` -> (place behind it, payloads) of each that fits, the shortest first.

        A comma may stand between any two of their words.
        """
        ends: list[tuple[int, tuple[P, ...]]] = []
        last = len(tokens)
        while step is not None and at < last:
            token = tokens[at]
            after = step[token]
            if after is None and token == "," and at + 1 < last:
                at += 1
                after = step[tokens[at]]
            step = after
            at += 1
            if step is not None and step.ends:
                ends.append((at, step.ends))
        return ends

    def find(self, tokens: Sequence[str], *, overlap: bool = False) -> list[tuple[int, int, P]]:
        """tokens -> (place, number of tokens, payload) in order.

        Without `overlap` a phrase, the longest first, swallows its words; with it, words count beside phrases.
        """
        found: list[tuple[int, int, P]] = []
        free = 0
        last = len(tokens) - 1
        for place, node in enumerate(map(self._memory.__getitem__, tokens)):
            if node is None or place < free:
                continue
            payload, phrases = node
            if phrases is not None and place < last:
                ends = self._walk(phrases, tokens, place + 1)
                if ends and overlap:
                    found += [(place, end - place, worth) for end, worths in ends for worth in worths]
                elif ends:
                    free, worths = ends[-1]
                    found.append((place, free - place, worths[0]))
            if payload is not None and place >= free:
                found.append((place, 1, payload))
        return found


def _pieces(pattern: str) -> list[str]:
    """A pattern as tokens; `*` stays with its word, `#` is a token of its own."""
    pieces: list[str] = []
    for part in pattern.lower().split():
        bare = part.strip("*")
        tokens = cased(bare) if bare != "#" else ["#"]
        if not tokens:
            tokens = [part]
        if part.endswith("*"):
            tokens[-1] += "*"
        if part.startswith("*") and len(part) > 1:
            tokens[0] = "*" + tokens[0]
        pieces += tokens
    return pieces
