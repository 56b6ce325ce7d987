"""Texts in ten languages, each with the reason and the mood it should be scored as."""

from __future__ import annotations

import dataclasses
from string import Formatter

import pandas as pd
import pytest

from forecast.errors import ConfigError
from forecast.simulate import Company, World, company, simulate
from forecast.simulate.texts import about, wording
from forecast.social.language import Languages

END = pd.Timestamp("2026-06-17 12:10", tz="UTC")
LANGUAGES = ("nl", "en", "de", "fr", "es", "it", "pt", "no", "ru", "ja")
MOODS = {"negative", "neutral", "positive"}


@pytest.fixture(scope="module")
def telecom() -> Company:
    return company("telecom")


@pytest.fixture(scope="module")
def world(telecom: Company) -> World:
    return simulate(telecom, days=40, end=END)


@pytest.fixture(scope="module")
def posts(world: World) -> pd.DataFrame:
    written = {row["id"]: row["text"] for row in world.mentions}
    return world.truth.posts.assign(text=world.truth.posts["id"].map(written))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_at_least_25_sentences_over_all_topics_and_moods(
    language: str, telecom: Company
) -> None:
    words = wording(language)
    sentences = set()
    for topic in telecom.posts.topics:
        moods = about(words.topics, topic, telecom)
        assert set(moods) >= MOODS, (language, topic)
        sentences |= {text for templates in moods.values() for text in templates}
    assert {"failed", "unanswered"} <= set(about(words.topics, "billing", telecom))
    assert len(sentences) >= 60  # twice what was asked for: few sentences are soon known by heart


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_of_every_template_is_filled(language: str) -> None:
    words = wording(language)
    known = {*words.fillers, "street", "handle", "city"}
    for moods in words.topics.values():
        for templates in moods.values():
            for text in templates:
                assert {name for _, name, _, _ in Formatter().parse(text) if name} <= known, text
    for templates in words.replies.values():
        for text in templates:
            assert {name for _, name, _, _ in Formatter().parse(text) if name} <= {"author", "agent"}, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_can_serve_both_companies(language: str) -> None:
    words = wording(language)
    for name in ("energy", "telecom"):
        who = company(name)
        for topic in who.posts.topics:
            for said in (words.topics, words.hashtags, words.replies):
                assert about(said, topic, who), (language, name, topic)


def test_a_company_writes_in_its_languages_in_the_planted_shares(
    telecom: Company, posts: pd.DataFrame
) -> None:
    shares = posts["language"].value_counts(normalize=True)
    assert set(shares.index) == set(LANGUAGES)
    for language, share in telecom.posts.languages.items():
        assert shares[language] == pytest.approx(share, abs=0.015)


def test_the_repos_own_tagger_knows_the_language_of_95_posts_in_100(posts: pd.DataFrame) -> None:
    found = Languages(LANGUAGES).tag(posts["text"].tolist())
    right = (posts["language"] == found).groupby(posts["language"]).mean()
    assert right.min() >= 0.95, right


def test_who_waits_for_an_answer_writes_about_an_answer(posts: pd.DataFrame) -> None:
    words = {"en": "email", "de": "mail|geschrieben", "fr": "mail|écrit", "nl": "mail"}
    mine = posts[(posts["cause"] == "unanswered") & posts["language"].isin(list(words))]
    assert len(mine) > 10
    for language, pattern in words.items():
        texts = mine.loc[mine["language"] == language, "text"].str.lower()
        assert texts.str.contains(pattern).mean() > 0.8 or not len(texts)


def test_a_topic_without_texts_is_named(telecom: Company) -> None:
    topics = {**telecom.posts.topics, "weather": telecom.posts.topics["smalltalk"]}
    broken = dataclasses.replace(telecom, posts=dataclasses.replace(telecom.posts, topics=topics))
    with pytest.raises(ConfigError, match="weather"):
        simulate(broken, days=3, end=END)
