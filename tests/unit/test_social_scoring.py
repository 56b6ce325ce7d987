"""The chain from mentions to signals, and how its quality is told."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Interval
from forecast.errors import ConfigError, ContractError, InputError, NotFound
from forecast.social.language import Languages
from forecast.social.mention import Mention
from forecast.social.scoring import evaluate, macro_f1, score_mentions, score_texts
from forecast.social.sentiment import LexiconScorer
from forecast.social.signals import build_signals
from forecast.social.topics import Topics, starter_sectors, starter_topics

LANGUAGES = Languages(("nl", "en"))
SCORER = LexiconScorer()
TOPICS = Topics.from_mapping(starter_topics("energy"))
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def mention(text: str, minutes: float = 0, late: float = 0, **fields: object) -> Mention:
    created = NOON + dt.timedelta(minutes=minutes)
    row = {"id": str(minutes), "known_at": created + dt.timedelta(minutes=late), **fields}
    return Mention(source="x", created_at=created, text=text, **row)  # type: ignore[arg-type]


def scored(*mentions: Mention) -> pd.DataFrame:
    return score_mentions(mentions, languages=LANGUAGES, scorer=SCORER, topics=TOPICS, key=lambda _: b"key")


def versions(signals: pd.DataFrame, signal: str, topic: str) -> list[tuple[str, float, str]]:
    mine = signals[(signals["signal"] == signal) & (signals["topic"] == topic)]
    return [
        (f"{ds:%H:%M}", value, f"{known:%H:%M}")
        for ds, value, known in zip(mine["ds"], mine["value"], mine["known_at"], strict=True)
    ]


def test_topics_are_assigned_by_word_stem_compound_and_phrase_in_the_order_of_the_list() -> None:
    texts = [
        "Al uren stroomstoring!",
        "geen stroom en een hoge factuur",
        "My smart meter readings",
        "Hallo allemaal",
    ]
    assert TOPICS.assign(texts, ["nl", "nl", "en", "nl"]) == [
        ("outage",),
        ("outage", "billing"),
        ("meter",),
        (),
    ]


def test_a_text_in_a_language_without_lists_is_held_against_all_lists() -> None:
    assert TOPICS.assign(["storing", "outage"], ["other", "fi"]) == [("outage",), ("outage",)]


def test_a_planner_can_add_topics_and_a_keyword_without_letters_is_refused() -> None:
    topics = Topics.from_mapping({"heat": {"nl": ["warmtepomp*", "stads warmte"]}})
    assert topics.assign(["onze warmtepompen", "stads warmte", "warm"], ["nl"] * 3) == [
        ("heat",),
        ("heat",),
        (),
    ]
    with pytest.raises(ConfigError):
        Topics.from_mapping({"heat": {"nl": ["*"]}})


def test_starter_topics_come_by_sector_and_as_a_copy() -> None:
    assert starter_sectors() == ("energy", "telecom", "retail", "bank", "travel", "public_service")
    starter_topics("energy")["outage"]["nl"].clear()
    assert starter_topics("energy")["outage"]["nl"]
    with pytest.raises(NotFound, match="energy"):
        starter_topics("opera")


def test_languages_are_told_apart_and_hopeless_texts_are_other() -> None:
    texts = ["@user ik heb al de hele dag geen stroom", "my power has been out all day", "😡😡 12 [link]", ""]
    assert LANGUAGES.tag(texts) == ["nl", "en", "other", "other"]


def test_an_unknown_language_code_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="nl"):
        Languages(("xx",)).tag(["hallo daar"])
    with pytest.raises(ConfigError):
        Languages(())


def test_texts_come_back_scored_in_their_order() -> None:
    frame = score_texts(
        ["geen stroom, waardeloos", "thank you, great"], languages=LANGUAGES, scorer=SCORER, topics=TOPICS
    )
    assert [*frame.columns] == ["language", "sentiment", "label", "topics"]
    assert [*frame["label"]] == ["negative", "positive"]
    assert [*frame["topics"]] == [("outage",), ()]


def test_a_language_known_beforehand_is_taken_where_it_is_configured() -> None:
    frame = score_texts(
        ["top", "geen stroom hier"], languages=LANGUAGES, scorer=SCORER, topics=TOPICS, given=["en", "de"]
    )
    assert [*frame["language"]] == ["en", "nl"]


def test_many_texts_are_scored_as_if_in_one_batch() -> None:
    texts = [f"storing nummer {n}" for n in range(5_001)]
    frame = score_texts(texts, languages=LANGUAGES, scorer=SCORER, topics=TOPICS, given=["nl"] * len(texts))
    assert len(frame) == 5_001
    assert set(frame["topics"]) == {("outage",)}


def test_no_name_leaves_the_chain_and_a_deleted_text_neither() -> None:
    frame = scored(
        mention("@jan mail jan@x.nl", author="Jan", url="https://x.nl/jan/1"),
        mention("weg ermee", 1, deleted_at=NOON),
    )
    assert "jan" not in frame.to_csv().lower()
    assert [*frame["text"]] == ["@user mail [email]", ""]


def test_no_mentions_make_no_scores_and_no_signals() -> None:
    assert len(scored()) == 0
    assert len(build_signals(scored(), interval=Interval.HOUR, tz="UTC")) == 0
    assert len(score_texts([], languages=LANGUAGES, scorer=SCORER, topics=TOPICS)) == 0


def test_a_bucket_is_known_at_its_end_and_late_posts_make_later_versions() -> None:
    frame = scored(
        mention("geen stroom"),
        mention("top", 10),
        mention("storing, slecht", 20, late=100),
        mention("prima", 70),
    )
    signals = build_signals(frame, interval=Interval.HOUR, tz="UTC")
    assert versions(signals, "posts", "all") == [
        ("12:00", 2, "13:00"),
        ("12:00", 3, "14:00"),
        ("13:00", 1, "14:00"),
    ]
    assert versions(signals, "posts", "outage") == [("12:00", 1, "13:00"), ("12:00", 2, "14:00")]
    assert versions(signals, "negative", "all") == [("12:00", 1, "13:00"), ("12:00", 2, "14:00")]
    early = build_signals(frame, interval=Interval.HOUR, tz="UTC", asof=NOON + dt.timedelta(minutes=90))
    assert versions(early, "posts", "all") == [("12:00", 2, "13:00")]


def test_own_posts_count_nowhere_and_reposts_by_themselves() -> None:
    frame = scored(
        mention("storing", direction="out"), mention("storing", 1, repost_of="1"), mention("storing", 2)
    )
    signals = build_signals(frame, interval=Interval.HOUR, tz="UTC")
    assert versions(signals, "posts", "all") == [("12:00", 1, "13:00")]
    assert versions(signals, "reposts", "outage") == [("12:00", 1, "13:00")]


def test_mentions_are_counted_by_arrays() -> None:
    """200,000 mentions in two topics: every post once as `all`."""
    n = 200_000
    seconds = np.random.default_rng(1).integers(0, 90 * 86_400, n)
    created = pd.DatetimeIndex(pd.to_datetime(1_772_366_400 + seconds, unit="s", utc=True)).as_unit("ns")
    frame = pd.DataFrame({"source": "x", "id": "1", "created_at": created, "known_at": created, "sentiment": 0.0, "label": "neutral",
                          "topics": pd.Series([("outage", "billing")] * n, dtype=object), "direction": "in",
                          "repost_of": pd.Series([None] * n, dtype=object)})  # fmt: skip
    signals = build_signals(frame, interval=Interval.QUARTER, tz="Europe/Amsterdam")
    assert signals.loc[(signals["signal"] == "posts") & (signals["topic"] == "all"), "value"].sum() == n


def test_quality_is_told_per_set_with_the_language_where_it_is_given() -> None:
    truth = pd.DataFrame(
        {
            "label": ["Positive", "neg", "0", "-1.0"],
            "set": ["a", "a", "b", "b"],
            "lang": ["nl", "nl", "en", "nl"],
        }
    )
    found = pd.DataFrame(
        {"label": ["positive", "negative", "neutral", "neutral"], "language": ["nl", "nl", "en", "en"]}
    )
    table = evaluate(truth, found).set_index("set")
    assert table.loc["a", "macro_f1"] == table.loc["a", "accuracy"] == 1.0
    assert table.loc["b", "macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert (table.loc["b", "language_accuracy"], table.loc["all", "n"]) == (0.5, 4)
    assert math.isnan(evaluate(truth[["lang"]], found)["macro_f1"].iloc[0])


def test_labels_nobody_knows_and_files_that_do_not_fit_are_refused() -> None:
    found = pd.DataFrame({"label": ["positive"], "language": ["nl"]})
    with pytest.raises(InputError, match="Row 1"):
        evaluate(pd.DataFrame({"label": ["great"]}), found)
    with pytest.raises(ContractError):
        evaluate(pd.DataFrame({"label": []}), found)
    with pytest.raises(ContractError):
        evaluate(pd.DataFrame({"text": ["x"]}), found)
    assert math.isnan(macro_f1(np.array([], dtype=object), np.array([], dtype=object)))
