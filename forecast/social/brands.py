"""Which posts count: whose they are, which brand they speak of, and which only share a word with it.

A company's own accounts never make mentions: a hundred replies of its own are work, not demand. Competitors are counted
apart, as a control (a storm that hits all of them is no trouble of ours). Words that share the brand's name but mean
something else (a lumen, the unit) take a post out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from forecast.social.mention import Mention

_EDGE = r"(?<![^\W_])(?:{})(?![^\W_])"  # neither a letter nor a figure beside the word; _ and # may be


@dataclass(frozen=True)
class Brand:
    """A brand and how it is written. handles: accounts of its own, with or without @; words: names, tags, products.

    excluded: words that make a post somebody else's. languages: only posts in these count; empty for all.
    """

    name: str
    handles: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    competitor: bool = False

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Its own accounts, as `account` writes them."""
        return frozenset(account(one) for one in self.handles)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What tells that a post speaks of the brand: a word, a tag or an @handle."""
        named = [*(re.escape(word.lstrip("#")) for word in self.words or (self.name,))]
        named += [re.escape(handle.lstrip("@")) for handle in self.handles]
        return re.compile(_EDGE.format("|".join(named)), re.IGNORECASE)

    @cached_property
    def shut_out(self) -> re.Pattern[str] | None:
        """What tells that it does not."""
        words = [re.escape(word) for word in self.excluded]
        return re.compile(_EDGE.format("|".join(words)), re.IGNORECASE) if words else None


@dataclass(frozen=True)
class Judged:
    """The mentions that stay, with `brand` and `direction` set, and how many were left out and why."""

    mentions: tuple[Mention, ...]
    unrelated: int = 0  # named no brand, where naming one is asked for
    excluded: int = 0  # held a word that makes it somebody else's
    own: int = 0  # of the company's own accounts; they stay, as `direction = out`


@dataclass(frozen=True)
class Brands:
    """The rules of a company. Without rules every post counts."""

    rules: tuple[Brand, ...] = ()
    _by_name: dict[str, Brand] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({brand.name.casefold(): brand for brand in self.rules})

    @property
    def competitors(self) -> tuple[str, ...]:
        """Names of the brands that are not ours."""
        return tuple(brand.name for brand in self.rules if brand.competitor)

    @property
    def ours(self) -> tuple[str, ...]:
        """Names of our own brands."""
        return tuple(brand.name for brand in self.rules if not brand.competitor)

    def judge(self, mentions: Sequence[Mention], *, must_name: bool = False) -> Judged:
        """mentions[n] -> those that count. must_name: a post that names no brand is left out (streams of everything)."""
        if not self.rules:
            return Judged(tuple(mentions), own=sum(mention.direction == "out" for mention in mentions))
        kept: list[Mention] = []
        unrelated = excluded = own = 0
        for mention in mentions:
            if mention.direction == "out" or self._own(mention):
                own += 1
                kept.append(replace(mention, direction="out"))
                continue
            brand, shut_out = self._brand(mention)
            if brand is None and (must_name or shut_out):
                unrelated, excluded = unrelated + (not shut_out), excluded + shut_out
            else:
                kept.append(mention if brand is None else replace(mention, brand=brand.name))
        return Judged(tuple(kept), unrelated, excluded, own)

    def speaks(self, brand: str | None, language: str) -> bool:
        """Whether a post in this language counts for the brand."""
        rule = self._by_name.get((brand or "").casefold())
        return rule is None or not rule.languages or language in rule.languages

    def _own(self, mention: Mention) -> bool:
        name = account(mention.author or "")
        return bool(name) and any(name in brand.accounts for brand in self.rules if not brand.competitor)

    def _brand(self, mention: Mention) -> tuple[Brand | None, bool]:
        """The brand a post speaks of (ours before a competitor's), and whether an excluded word took it out."""
        given = self._by_name.get((mention.brand or "").casefold())
        if given is not None:
            return given, False
        shut_out = False
        for brand in sorted(self.rules, key=lambda rule: rule.competitor):
            if brand.pattern.search(mention.text):
                if brand.shut_out is None or not brand.shut_out.search(mention.text):
                    return brand, False
                shut_out = True
        return None, shut_out


def account(name: str) -> str:
    """`@Lumen`, `lumen` and `https://x.com/Lumen` -> lumen: one way to write an account."""
    return name.strip().rstrip("/").rpartition("/")[2].lstrip("@＠").casefold()
