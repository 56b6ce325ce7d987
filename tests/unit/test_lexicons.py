"""Each language's lexicon, on sentences written for this project by whoever wrote the lexicon: what it must not lose."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from forecast.social import lexicon
from forecast.social.language import Languages
from forecast.social.privacy import strip
from forecast.social.sentiment import LexiconScorer, label

SENTENCES = Path(__file__).parents[1] / "lexicon_sentences"
TEN = ("nl", "en", "de", "fr", "es", "it", "pt", "no", "ru", "ja")
LEAST = 0.85


def sentences(language: str) -> list[tuple[str, str]]:
    with (SENTENCES / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        return [(strip(row["text"]), row["label"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("language", TEN)
def test_every_language_has_a_lexicon_and_sentences_of_every_mood(language: str) -> None:
    assert lexicon.load(language).size > 1_000
    moods = [mood for _, mood in sentences(language)]
    assert all(moods.count(mood) >= 20 for mood in ("negative", "neutral", "positive"))


@pytest.mark.parametrize("language", TEN)
def test_a_lexicon_reads_most_of_the_sentences_of_its_language(language: str) -> None:
    texts, moods = zip(*sentences(language), strict=True)
    said = label(LexiconScorer([language]).score(texts, [language] * len(texts)))
    wrong = [text for text, mood, got in zip(texts, moods, said, strict=True) if mood != got]
    assert len(wrong) <= (1 - LEAST) * len(texts), wrong


def test_languages_of_short_posts_are_told_apart() -> None:
    rows = [(language, text) for language in TEN for text, _ in sentences(language)]
    found = Languages(TEN).tag([text for _, text in rows])
    right = [got == language for got, (language, _) in zip(found, rows, strict=True)]
    assert sum(right) / len(right) >= 0.97


@pytest.mark.parametrize(
    "text",
    [
        "Bugün elektrikler yine kesildi, ne zaman gelecek?",
        "Dlaczego nikt nie odbiera telefonu od godziny?",
        "Varför svarar ni aldrig i telefonen, jag har väntat länge nu",
        "Το ρεύμα έχει κοπεί εδώ και ώρες",
        "오늘도 전기가 나갔어요",
        "为什么今天还没有电",
    ],
)
def test_a_language_that_is_not_configured_is_other(text: str) -> None:
    assert Languages(TEN).tag([text]) == ["other"]


def test_the_list_of_tokens_of_a_text_is_not_changed_by_the_patterns_made_of_it() -> None:
    from forecast.social.vocabulary import Vocabulary, tokenise

    words = Vocabulary([("atendid*", 1), ("de un*", 2), ("un", 3)])
    assert tokenise("un") == ["un"]
    assert words.find(tokenise("atendida de uno un")) == [(0, 1, 1), (1, 2, 2), (3, 1, 3)]


@pytest.mark.parametrize(
    ("language", "text", "mood"),
    [
        ("ru", "иду домой))", "positive"),
        ("ru", "завтра опять пары(((", "negative"),
        ("ja", "これは本物じゃない。最悪", "negative"),
        ("fr", "je n'ai jamais eu de problème avec eux", "positive"),
    ],
)
def test_marks_and_negations_are_read_as_the_language_writes_them(
    language: str, text: str, mood: str
) -> None:
    assert label(LexiconScorer([language]).score([text], [language])) == [mood]
