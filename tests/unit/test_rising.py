"""What rises is found whatever its wording, what is usual is not, and no single person is shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import DAY, SECOND
from forecast.errors import ContractError, InputError
from forecast.simulate import energy_supplier
from forecast.simulate.texts import write_posts
from forecast.social.language import FUNCTION_WORDS
from forecast.social.rising import Rising, log_odds, rising

TZ = "Europe/Amsterdam"
NOW = pd.Timestamp("2026-05-20 22:00", tz="UTC")  # midnight in Amsterdam
HOUR = 3600 * SECOND
DAYS = 15  # the last of which is now
BY_HOUR = np.array([2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8, 7, 5, 3.0])
NEW = ("quantio", "voltrix", "frobnik", "telvara", "blipbox", "kwikpay", "zonnedief", "prijsplafonneur")


def at(hours_ago: float) -> pd.Timestamp:
    return NOW - pd.Timedelta(hours=hours_ago)


def posts(
    texts: list[str], hours_ago: list[float], *, language: str = "en", topics: tuple[str, ...] = ()
) -> pd.DataFrame:
    """One post a text, each of an author of its own."""
    return pd.DataFrame(
        {
            "text": pd.Series(texts, dtype=object),
            "language": language,
            "topics": pd.Series([topics] * len(texts), dtype=object),
            "created_at": pd.DatetimeIndex([at(one) for one in hours_ago], tz="UTC").as_unit("ns"),
            "author": [f"{language}{topics}{row}{text[:9]}" for row, text in enumerate(texts)],
        }
    )


def ordinary(words: str = "waiting for a reply about my bill", each_day: int = 10) -> pd.DataFrame:
    """The same few things said on each of the last 15 days."""
    ago = [24 * day + 0.6 * row + 0.5 for day in range(DAYS) for row in range(each_day)]
    return posts([f"{words} {'abcdefghij'[row % 10] * 3}" for row in range(len(ago))], ago)


def both(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


def look(frame: pd.DataFrame, *, hours: int = 24, least: int = 5) -> tuple[Rising, ...]:
    return rising(frame, now=NOW.to_pydatetime(), hours=hours, tz=TZ, least=least)


def gateways(count: int = 12, hours: float = 6.0) -> pd.DataFrame:
    """A new thing, said in several ways."""
    ways = (
        "the smart meter gateway is red",
        "My SMART meter gateway died!",
        "who has a smart meter gateway",
        "#smart meter gateway offline",
    )
    return posts(
        [f"{ways[row % 4]} {'klmnopqrstuv'[row % 12] * 4}" for row in range(count)],
        [hours * (row + 0.5) / count for row in range(count)],
        topics=("app",),
    )  # fmt: skip


def test_the_log_odds_ratio_is_that_of_the_paper() -> None:
    # y = 20 of n = 1500 now, Y = 14 of N = 21,000 before; a = 1500 * 14 / 21000 + 2 = 3, b = 1504
    delta = np.log(23 / (3004 - 23)) - np.log(17 / (22504 - 17))
    wanted = delta / np.sqrt(1 / 23 + 1 / 17)
    assert log_odds(np.array([20.0]), 1500.0, np.array([14.0]), 21_000.0)[0] == pytest.approx(wanted)


def test_a_few_past_days_are_enough_for_what_was_never_said() -> None:
    frame = both(ordinary(each_day=36), gateways())
    four = frame[(frame["created_at"] > at(96)).to_numpy()]
    assert [one.phrase for one in look(four)] == ["smart meter gateway"]


def test_what_is_as_usual_has_no_log_odds() -> None:
    z = log_odds(np.array([150.0, 10.0]), 1500.0, np.array([2100.0, 140.0]), 21_000.0)
    assert np.abs(z).max() < 0.6


def test_a_new_thing_is_one_topic_with_all_that_is_asked_of_it() -> None:
    (found,) = look(both(ordinary(each_day=36), gateways()))
    assert found.phrase == "smart meter gateway"
    assert {"smart", "gateway", "meter gateway"} <= set(found.terms)
    assert (found.language, found.posts, found.authors, found.reason) == ("en", 12, 12, "app")
    assert found.usual == 0.0
    assert found.growth == pytest.approx(12.5 / 0.5)
    assert found.since == at(6)
    assert found.z > 4.8


def test_a_known_thing_rises_when_it_is_said_far_more_often() -> None:
    daily = posts(
        ["a red light again"] * 28, [24 * day + 3.0 * half + 25 for day in range(14) for half in (0, 1)]
    )
    (found,) = look(
        both(
            ordinary(each_day=36),
            daily,
            posts([f"red light {x * 4}" for x in "klmnopqrstuvwxyzabcd"], [1.5] * 20),
        )
    )
    assert found.phrase == "red light"
    assert found.usual == pytest.approx(2.0)
    assert found.since == at(2)


def test_what_is_said_every_day_or_every_week_does_not_rise() -> None:
    assert look(ordinary()) == ()
    weekly = [posts(["happy wednesday everyone"] * 15, [1 + 168 * week] * 15) for week in range(3)]
    weekly = [one.assign(author=[f"w{week}{row}" for row in range(15)]) for week, one in enumerate(weekly)]
    assert look(both(ordinary(), *weekly)) == ()
    assert look(both(ordinary(), weekly[0])) != ()


def test_one_author_is_one_voice() -> None:
    flood = gateways().assign(author="loud")
    assert look(both(ordinary(), flood)) == ()


def test_unknown_authors_are_counted_by_post() -> None:
    (found,) = look(both(ordinary(each_day=36), gateways()).drop(columns="author"))
    assert (found.posts, found.authors) == (12, 0)


@pytest.mark.parametrize(
    "column, value",
    [("repost_of", "x"), ("copy", True), ("direction", "out"), ("known_at", at(-1)), ("text", None)],
)
def test_reposts_copies_answers_and_what_is_not_known_yet_do_not_count(column: str, value: object) -> None:
    usual = {"repost_of": None, "copy": False, "direction": "in", "known_at": at(0)}
    frame = both(ordinary(each_day=36), gateways())
    planted = frame["author"].isin(gateways()["author"])
    assert len(look(frame.assign(**usual))) == 1
    before = frame[column] if column in frame else pd.Series([usual[column]] * len(frame))
    kept = before.where(~planted.to_numpy(), value)
    if column == "copy":
        kept = kept.astype(bool)
    if column == "known_at":
        kept = pd.Series(pd.DatetimeIndex(kept, tz="UTC").as_unit("ns"))
    assert look(frame.assign(**{**usual, column: kept})) == ()


def test_what_comes_after_now_changes_nothing() -> None:
    frame = both(ordinary(each_day=36), gateways())
    later = posts(["the gateway melted"] * 50, [-0.5] * 50)
    assert look(both(frame, later)) == look(frame)


def test_few_voices_are_neither_named_nor_quoted() -> None:
    frame = both(ordinary(each_day=36), gateways(11))
    assert len(look(frame, least=11)) == 1
    assert look(frame, least=12) == ()


def test_phrases_are_stripped_short_and_around_the_term() -> None:
    long = " ".join(["filler"] * 40)
    told = posts(
        [f"{long} call @jan at 06-12345678 the quantio {x * 5} broke {long}" for x in "klmnopqrst"],
        [1.0] * 10,
    )
    (found,) = look(both(ordinary(each_day=36), told))
    assert 1 <= len(found.examples) <= 3
    for phrase in found.examples:
        assert "quantio" in phrase
        assert "jan" not in phrase
        assert "12345678" not in phrase
        assert len(phrase) < 110


def test_small_words_figures_and_placeholders_are_no_terms() -> None:
    told = posts([f"@user has the 123456 [link] [number] {x * 5}" for x in "klmnopqrstuvwxyz"], [1.0] * 16)
    assert look(both(ordinary(each_day=36), told)) == ()


def test_languages_do_not_mix() -> None:
    dutch = ordinary("wachten op antwoord over de nota", 36).assign(language="nl")
    found = look(both(ordinary(each_day=36), dutch, gateways()))
    assert [one.language for one in found] == ["en"]


def test_a_text_without_spaces_is_read_by_its_signs() -> None:
    past = ordinary("請求書について質問があります", 36).assign(language="ja")
    ways = (
        "システム障害が発生しています",
        "また システム障害 なの",
        "昨日からシステム障害で困る",
        "システム障害いつ直る",
    )
    told = posts(
        [ways[row % 4] + "あいうえおかきくけこさし"[row] for row in range(12)], [1.0] * 12, language="ja"
    )
    (found,) = look(both(past, told))
    assert found.phrase == "システム障害"
    assert "システム障害" in found.examples[0]


def test_two_things_are_two_topics_and_the_surest_comes_first() -> None:
    other = posts([f"free coffee {x * 4}" for x in "abcdefghijklmnopqrst"], [3.0] * 20)
    found = look(both(ordinary(each_day=36), gateways(18), other))
    assert [one.phrase for one in found] == ["free coffee", "smart meter gateway"]


def test_the_same_hours_of_past_days_are_compared() -> None:
    nightly = posts(
        ["night shift maintenance"] * 8 * 14, [24.0 * day + 1 for day in range(14) for _ in range(8)]
    )
    nightly = nightly.assign(author=[f"n{row}" for row in range(len(nightly))])
    assert look(both(ordinary(each_day=36), nightly), hours=3) == ()


def test_without_past_days_nothing_is_usual() -> None:
    recent = both(ordinary(each_day=36), gateways())
    two_days = recent[(recent["created_at"] > at(72)).to_numpy()]
    assert look(two_days) == ()
    assert look(recent.iloc[:0]) == ()


def test_a_missing_column_and_impossible_hours_are_sentences() -> None:
    with pytest.raises(ContractError, match="miss the column 'topics'"):
        look(ordinary().drop(columns="topics"))
    with pytest.raises(InputError, match="1 to 24 hours"):
        look(ordinary(), hours=25)


def test_a_hostile_text_costs_no_time() -> None:
    hostile = ["a" * 100_000, "@" * 50_000, "[" * 50_000, "a'" * 50_000, "あ" * 50_000, "\ud800 \x00", "", "www." * 9_000,
               "quantio " + "a - " * 5_000 + "quantio", "://" * 20_000, "İ" * 5_000, "😀" * 5_000]  # fmt: skip
    frame = both(ordinary(each_day=36), *(posts([text] * 8, [2.0] * 8) for text in hostile))
    frame = frame.assign(author=[f"h{row}" for row in range(len(frame))])
    began = time.perf_counter()
    look(frame)
    assert time.perf_counter() - began < 40


# --- found and not invented, on ordinary posts of two origins ---


def from_templates(size: int, rng: np.random.Generator) -> pd.DataFrame:
    company = energy_supplier()
    topic = rng.choice(
        ["outage", "billing", "moving", "app", "smalltalk"], size, p=[0.2, 0.3, 0.15, 0.2, 0.15]
    )
    said = pd.DataFrame(
        {
            "language": rng.choice(list(company.posts.languages), size).astype(object),
            "topic": topic,
            "mood": rng.choice(["negative", "neutral", "positive"], size, p=[0.5, 0.3, 0.2]),
            "failed": False,
            "region": "",
        }
    )
    texts = write_posts(said, company, rng)
    return pd.DataFrame({"text": texts, "language": said["language"], "topics": [(one,) for one in topic]})


def from_random_words(size: int, rng: np.random.Generator) -> pd.DataFrame:
    """Words drawn by Zipf's law from 20,000, none of them a word of any language."""
    rank = np.arange(1, 20_001)
    words = np.array(
        [f"q{np.base_repr(one + 500_000, 26).lower().translate(LETTERS)}" for one in rank], dtype=object
    )
    share = np.cumsum(1 / rank**1.05)
    lengths = rng.integers(5, 22, size)
    drawn = words[np.searchsorted(share / share[-1], rng.random(int(lengths.sum())))]
    ends = np.cumsum(lengths)
    texts = [" ".join(drawn[end - length : end]) for end, length in zip(ends, lengths, strict=True)]
    return pd.DataFrame({"text": texts, "language": "xx", "topics": [()] * size})


LETTERS = str.maketrans("0123456789", "qrstuvwxyz")
Origin = Callable[[int, np.random.Generator], pd.DataFrame]
ORIGINS = pytest.mark.parametrize("origin", [from_templates, from_random_words])


@lru_cache(maxsize=4)
def pool(origin: Origin, a_day: int, seed: int) -> pd.DataFrame:
    return origin(a_day * DAYS, np.random.default_rng((seed, 1)))


def shuffled(texts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Ordinary posts dealt out over the days, more by day than by night; some people write twice."""
    size = len(texts)
    hour = rng.choice(24, size, p=BY_HOUR / BY_HOUR.sum())
    ns = (
        NOW.value
        - (rng.permutation(size) % DAYS + 1) * DAY
        + ((hour + rng.random(size)) * HOUR).astype(np.int64)
    )
    authors = [f"a{one}" for one in rng.integers(0, 3 * size, size)]
    return texts.assign(created_at=pd.DatetimeIndex(ns, tz="UTC").as_unit("ns"), author=authors)


def planted(frame: pd.DataFrame, term: str, hours: int, rng: np.random.Generator) -> pd.DataFrame:
    """20 of these posts said anew in the last hours, each with the term somewhere in it: the wording is theirs."""
    language = rng.choice(sorted(set(frame["language"])))
    chosen = frame[(frame["language"] == language).to_numpy()].sample(
        20, random_state=int(rng.integers(1 << 30))
    )
    texts = []
    for text in chosen["text"]:
        words = text.split()
        words.insert(
            int(rng.integers(0, len(words) + 1)), rng.choice([term, term.upper(), term.capitalize()])
        )
        texts.append(" ".join(words))
    ns = NOW.value - (rng.random(20) * hours * HOUR).astype(np.int64)
    return chosen.assign(
        text=texts,
        created_at=pd.DatetimeIndex(ns, tz="UTC").as_unit("ns"),
        author=[f"p{row}" for row in range(20)],
    )


def a_term(run: int, frame: pd.DataFrame, rng: np.random.Generator) -> str:
    """In turn a word nobody knew, two known words nobody said together, and a word said once or twice."""
    if run % 3 == 0:
        return str(rng.choice(NEW))
    counts = frame["text"].head(4000).str.lower().str.split().explode().value_counts()
    small = FUNCTION_WORDS.read_text("utf-8").split()
    known = counts[counts.index.str.fullmatch("[a-z]{6,14}") & ~counts.index.isin(small)]
    if run % 3 == 2:
        return str(rng.choice(known[known <= 2].index.sort_values()))
    return " ".join(rng.choice(known[known >= 15].index.sort_values(), 2, replace=False))


def blocks(count: int) -> list[object]:
    """The first is run always, the others with --long."""
    return [0, *(pytest.param(block, marks=pytest.mark.long) for block in range(1, count))]


@ORIGINS
@pytest.mark.parametrize("block", blocks(10))
def test_twenty_planted_posts_among_1500_ordinary_ones_are_found(origin: Origin, block: int) -> None:
    found = []
    for run in range(20 * block, 20 * block + (20 if block else 9)):
        rng = np.random.default_rng((5, run))
        frame = shuffled(pool(origin, 1500, block), rng)
        term, hours = a_term(run, frame, rng), (24, 6, 3)[run // 3 % 3]
        rose = look(both(frame, planted(frame, term, hours, rng)), hours=hours)
        found.append(any(term in one.terms for one in rose))
    assert np.mean(found) >= 0.95


@ORIGINS
@pytest.mark.parametrize("block", blocks(26))
def test_ordinary_posts_shuffled_over_days_raise_no_alarm(origin: Origin, block: int) -> None:
    alarms = 0
    for day in range(14 * block, 14 * block + (14 if block else 4)):
        frame = shuffled(pool(origin, 1500, block), np.random.default_rng((9, day)))
        alarms += sum(len(look(frame, hours=hours)) for hours in (24, 6, 3))
    assert alarms <= 1


def test_a_hundred_thousand_posts_take_seconds() -> None:
    frame = shuffled(from_random_words(100_000, np.random.default_rng(3)), np.random.default_rng(4))
    began = time.perf_counter()
    look(frame)
    assert time.perf_counter() - began < 20  # 3 s measured; a busy machine is no failure
