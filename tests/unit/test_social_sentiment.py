"""What the lexicon scorer takes a post to mean."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest

from forecast.errors import ConfigError, NotFound
from forecast.social import lexicon
from forecast.social.sentiment import LexiconScorer, label

SCORER = LexiconScorer()


def mood(text: str, language: str = "nl") -> float:
    return float(SCORER.score([text], [language])[0])


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Still no reply after three weeks", "en", "negative"),
        ("On hold for 2 hours now", "en", "negative"),
        ("thanks for nothing", "en", "negative"),
        ("Thanks for losing my bag", "en", "negative"),
        ("I can't wait", "en", "positive"),
        ("Love this service, thank you!", "en", "positive"),
        ("not bad", "en", "positive"),
        ("not good", "en", "negative"),
        ("What time do you open?", "en", "neutral"),
        ("al drie weken wachten", "nl", "negative"),
        ("nog steeds geen reactie", "nl", "negative"),
        ("Lekker dan", "nl", "negative"),
        ("top service weer NOT", "nl", "negative"),
        ("dit helpt niet", "nl", "negative"),
        ("Snel geholpen, bedankt!", "nl", "positive"),
        ("stroom werkt weer", "nl", "positive"),
        ("Hoe laat zijn jullie open?", "nl", "neutral"),
        ("😡", "nl", "negative"),
        ("", "nl", "neutral"),
    ],
)
def test_a_post_is_read_as_a_customer_means_it(text: str, language: str, expected: str) -> None:
    assert label([mood(text, language)]) == [expected]


def test_degree_emphasis_and_contrast_move_the_score_the_right_way() -> None:
    assert mood("ontzettend slecht") < mood("slecht") < mood("een beetje slecht") < 0
    assert mood("slecht!!!") < mood("slecht")
    assert mood("wat SLECHT zeg") < mood("wat slecht zeg")
    assert mood("slooooow", "en") < 0
    assert mood("vriendelijk maar slecht") < mood("slecht maar vriendelijk")
    assert mood("goed?") < mood("goed")


def test_a_negation_does_not_reach_over_a_full_stop() -> None:
    assert mood("Dat weet ik niet. Goede service") > 0


def test_an_unknown_language_is_read_by_its_emoji_and_by_english_at_half_weight() -> None:
    assert 0 < mood("excellent", "xx") < mood("excellent", "en")


def test_labels_have_the_documented_thresholds() -> None:
    assert label(np.array([-1, -0.16, -0.15, 0, 0.15, 0.16, 1])) == [
        "negative", "negative", "neutral", "neutral", "neutral", "positive", "positive"]  # fmt: skip


@pytest.mark.parametrize(("language", "least"), [("en", 1200), ("nl", 1000)])
def test_the_lexicons_are_large_quick_to_load_and_say_where_they_come_from(language: str, least: int) -> None:
    path = lexicon.FOLDER / f"{language}.yaml"
    assert lexicon.load(language).size >= least
    assert "Origin: written for Forecall" in path.read_text(encoding="utf-8")[:400]
    seconds = []
    for _ in range(3):
        lexicon.load.cache_clear()
        start = time.process_time()
        lexicon.load(language)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.35  # 0.06 s on a quiet machine


def test_the_version_changes_with_the_lexicons() -> None:
    assert LexiconScorer(["nl"]).version != LexiconScorer(["en"]).version
    assert re.fullmatch(r"1\.[0-9a-f]{8}", SCORER.version)


def test_a_further_language_is_a_further_file(tmp_path: Path) -> None:
    (tmp_path / "ja.yaml").write_text(
        "language: ja\nwords:\n  3: 最高\n  -3: 最悪, 使えない\n", encoding="utf-8"
    )
    words = lexicon.load("ja", tmp_path)
    found = words.vocabulary.find(list("このアプリ使えない"))
    assert [(hit[1], hit[2].weight) for hit in found] == [(4, -3.0)]


def test_a_language_without_lexicon_is_said_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"en, .*nl"):
        lexicon.load("xx")


@pytest.mark.parametrize(
    "text",
    ["words: [", "wrods:\n  1: a", "words:\n  9: a", "words:\n  x: a", "words:\n  1: a\n  2: a", "- a"],
)
def test_a_faulty_lexicon_is_refused_with_the_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "xx.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        lexicon.load("xx", tmp_path)


def test_one_mild_word_in_a_long_text_is_no_mood_and_many_are() -> None:
    plain = (
        "De trein naar Utrecht vertrekt vandaag van spoor vijf en stopt onderweg in Woerden en Gouda. " * 4
    )
    assert label(SCORER.score([plain + "Er is wat vertraging."], ["nl"])) == ["neutral"]
    angry = plain + "Waardeloos, schandalig, wat een slechte service en niemand die helpt!"
    assert label(SCORER.score([angry], ["nl"])) == ["negative"]
