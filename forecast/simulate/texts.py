"""The words of simulated posts: templates of a language, their slots filled, and the untidiness of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from forecast.errors import ConfigError
from forecast.simulate.company import HERE, Company

Named = Mapping[str, Sequence[str]]
Said = TypeVar("Said")


@dataclass(frozen=True)
class Wording:
    """What is said in one language: templates by topic and mood, fillers by slot, ornaments by mood or topic."""

    topics: Mapping[str, Named]
    fillers: Named
    openers: Named
    closers: Named
    emoji: Named
    hashtags: Named
    replies: Named


@lru_cache(maxsize=16)
def wording(language: str) -> Wording:
    """The wording of a language, from `texts_LANGUAGE.yaml`."""
    import yaml

    text = (HERE / f"texts_{language}.yaml").read_text("utf-8")
    return Wording(**yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def about(said: Mapping[str, Said], topic: str, company: Company) -> Said:
    """What a language has on a topic: the wording of the company's sector (`telecom_outage`), else the general one."""
    own = f"{company.sector}_{topic}"
    if own not in said and topic not in said:
        raise ConfigError(
            f"There are no texts on {topic}.",
            remedy=f"Add {own} to the texts_*.yaml files.",
            field="posts.topics",
        )
    return said[own] if own in said else said[topic]


def write_posts(
    posts: pd.DataFrame, company: Company, rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """posts[language, topic, mood, failed, region, cause?] -> their texts [m]; region '' where none is named."""
    texts = np.empty(len(posts), dtype=object)
    for language in company.posts.languages:
        rows = np.flatnonzero((posts["language"] == language).to_numpy())
        if len(rows):
            texts[rows] = _write(posts.iloc[rows], wording(language), company, rng)
    return texts


def _write(posts: pd.DataFrame, words: Wording, company: Company, rng: np.random.Generator) -> list[str]:
    size = len(posts)
    slots = {name: _pick(values, size, rng) for name, values in words.fillers.items()}
    if "street" not in slots:
        slots["street"] = _pick(company.streets, size, rng)
    slots["handle"] = np.where(
        rng.random(size) < company.texts.plain_brand, company.brand, company.handle
    ).tolist()
    regional = (posts["region"] != "").to_numpy() & (rng.random(size) < company.texts.region)
    slots["city"] = np.where(regional, posts["region"], np.array(_pick(company.cities, size, rng))).tolist()
    filled = zip(*slots.values(), strict=True)
    kinds = np.where(posts["failed"], "failed", posts["mood"])
    if "cause" in posts:
        kinds = np.where(posts["cause"] == "unanswered", "unanswered", kinds)
    which = rng.random(size).tolist()
    texts = []
    for topic, kind, share, values in zip(posts["topic"], kinds, which, filled, strict=True):
        templates = about(words.topics, topic, company)[kind]
        text = templates[int(share * len(templates))].format(**dict(zip(slots, values, strict=True)))
        texts.append(text[0].upper() + text[1:])
    return _untidy(texts, posts, words, company, rng)


def _pick(values: Sequence[str], size: int, rng: np.random.Generator) -> list[str]:
    return [values[number] for number in rng.integers(0, len(values), size).tolist()]


def _untidy(
    texts: list[str], posts: pd.DataFrame, words: Wording, company: Company, rng: np.random.Generator
) -> list[str]:
    """Openers, closers, hashtags, emoji, typing errors, lower case, capitals: each with its probability."""
    law = company.texts
    chances = np.array([law.opener, law.closer, law.hashtag, law.emoji, law.typo, law.lower, law.shout])
    flags = (rng.random((len(texts), len(chances))) < chances).tolist()
    shares = rng.random((len(texts), 5)).tolist()
    out = []
    for text, topic, mood, (opens, closes, tags, smiles, errs, lowers, shouts), share in zip(
        texts, posts["topic"], posts["mood"], flags, shares, strict=True
    ):
        if errs:
            text = _mistype(text, share[4])
        if opens:
            text = f"{_of(words.openers[mood], share[0])} {text}"
        if closes:
            text = f"{text}{'' if text[-1] in '.?!' else '.'} {_of(words.closers[mood], share[1])}"
        if lowers:
            text = text.lower()
        elif shouts and mood == "negative":
            text = text.upper()
        if tags:
            text = f"{text} {_of(about(words.hashtags, topic, company), share[2])}"
        if smiles:
            text = f"{text} {_of(words.emoji[mood], share[3])}"
        out.append(text)
    return out


def _of(values: Sequence[str], share: float) -> str:
    return values[int(share * len(values))]


def _mistype(text: str, share: float) -> str:
    """Two letters of one word swapped, or one dropped or doubled; handles are left alone."""
    place = 1 + int(share * (len(text) - 3))
    if not text[place : place + 2].isalpha() or "@" in text[max(0, place - 16) : place + 2]:
        return text
    kind = int(share * 1000) % 3
    if kind == 0:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place + 1 :] if kind == 1 else text[:place] + text[place] + text[place:]


def write_replies(posts: pd.DataFrame, company: Company, rng: np.random.Generator) -> list[str]:
    """posts[language, topic, author] -> the company's answers [m]."""
    shares = rng.random((len(posts), 2)).tolist()
    out = []
    for language, topic, author, share in zip(
        posts["language"], posts["topic"], posts["author"], shares, strict=True
    ):
        template = _of(about(wording(language).replies, topic, company), share[0])
        out.append(template.format(author=f"@{author}", agent=_of(company.agents, share[1])))
    return out
