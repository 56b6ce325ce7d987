"""What holds for any text and any arrival: privacy, linear time, and versions that tell what was known."""

from __future__ import annotations

import datetime as dt
import re
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.buckets import Interval, from_ns, to_ns
from forecast.social.language import Languages
from forecast.social.mention import Mention
from forecast.social.privacy import strip
from forecast.social.scoring import score_mentions, score_texts
from forecast.social.sentiment import LexiconScorer
from forecast.social.signals import build_signals
from forecast.social.topics import Topics, starter_topics

LANGUAGES = Languages(("nl", "en"))
SCORER = LexiconScorer()
TOPICS = Topics.from_mapping(starter_topics("energy"))

ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates included
NAMED = st.text(st.one_of(st.sampled_from("@＠.&#;:/ -+_0123456789aZé"), ANY_CHARACTER), max_size=200)


@given(NAMED)
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_stripping_and_no_name_survives_it(text: str) -> None:
    kept = strip(text)
    assert not re.search(r"[@＠](?!user)\w", kept)
    assert not re.search(r"\w[@＠]\w", kept)
    assert not re.search(r"\d{6}", kept)
    kept.encode("utf-8")


@given(st.emails(domains=st.just("example.com")), st.from_regex(r"[A-Za-z0-9_]{1,15}", fullmatch=True), NAMED)
@settings(max_examples=100, deadline=None)
def test_an_address_and_a_name_go_wherever_they_stand(mail: str, name: str, around: str) -> None:
    kept = strip(f"{around} {mail} @{name} {around}"[:3_900])
    assert mail not in kept
    assert re.findall(r"@(\w+)", kept) == ["user"] * len(re.findall(r"@\w", kept))


@given(st.lists(st.text(ANY_CHARACTER, max_size=120), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_text_passes_the_whole_chain(texts: list[str]) -> None:
    frame = score_texts(texts, languages=LANGUAGES, scorer=SCORER, topics=TOPICS)
    assert len(frame) == len(texts)
    assert frame["sentiment"].between(-1, 1).all()


HOSTILE = {
    "one word": "a",
    "numbers": "1 2-3.",
    "phone numbers": "+31 6 12345678 ",
    "names": "@a.",
    "addresses": "a@a",
    "dots": "a.b.c.d.e.f/",
    "links": "https://",
    "ibans": "NL91ABNA",
    "postcodes": "1234 AB ",
    "entities": "&amp;&#x",
    "zalgo": "a\u0301\u0302\u0303\u0304",
    "right to left": "\u202eabc\u05d0\u0627",
    "controls": "\x01\x02\x7f\x85",
    "surrogates": "\ud83d",
    "emoji": "😡👍🏽",
    "negators": "niet goed maar ",
    "phrase starts": "nog steeds geen al # weken still no ",
    "emoticons": ":-(:-)<3",
    "brackets": "((((",
    "apostrophes": "a'b'",
}


@pytest.mark.parametrize("bait", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_linear_time_in_every_step(bait: str) -> None:
    """100 kB of one pattern against a quarter of it: a quadratic step would take sixteen times as long, not four."""
    whole = (bait * (100_000 // len(bait) + 1))[:100_000]
    taken: list[list[float]] = []
    for _ in range(
        3
    ):  # a collection of garbage in between costs seconds in a process that ran thousands of tests
        taken.append([_seconds_of_all_steps(text) for text in (whole[:25_000], whole)])
        if taken[-1][1] < 10 * taken[-1][0] + 1:
            return
    raise AssertionError(f"four times the text took so much longer, three times: {taken}")


def _seconds_of_all_steps(text: str) -> float:
    """Of the processor; the steps are also fed the text uncut."""
    start = time.process_time()
    strip(text)
    LANGUAGES.tag([text])
    assert abs(SCORER.score([text], ["nl"])[0]) <= 1
    TOPICS.assign([text], ["nl"])
    score_texts([text], languages=LANGUAGES, scorer=SCORER, topics=TOPICS)
    return time.process_time() - start


START = dt.datetime(2026, 3, 28, 20, tzinfo=dt.UTC)  # the night of a clock change in Europe
POST = st.tuples(
    st.integers(0, 12 * 60), st.integers(-30, 600), st.sampled_from(["geen stroom", "top", "slecht"]),
    st.sampled_from(["in", "in", "out"]), st.sampled_from([None, None, "1"]),
)  # fmt: skip


@given(
    st.lists(POST, max_size=15),
    st.integers(0, 30 * 60),
    st.sampled_from([Interval.QUARTER, Interval.HOUR, Interval.DAY]),
)
@settings(max_examples=50, deadline=None)
def test_the_latest_version_known_at_a_cutoff_counts_what_was_known_then(
    posts: list[tuple[int, int, str, str, str | None]], after: int, interval: Interval
) -> None:
    """Against the plain form: for each ended bucket, count the posts known by the cutoff."""
    mentions = []
    for number, (minute, delay, text, direction, repost) in enumerate(posts):
        created = START + dt.timedelta(minutes=minute)
        mentions.append(Mention("x", str(number), created, text, language="nl", direction=direction, repost_of=repost,
                                known_at=created + dt.timedelta(minutes=delay)))  # fmt: skip
    scored = score_mentions(mentions, languages=LANGUAGES, scorer=SCORER, topics=TOPICS, key=lambda _: b"k")
    every = build_signals(scored, interval=interval, tz="Europe/Amsterdam")
    signals = every[every["signal"].isin(["posts", "negative", "reposts"])]
    cutoff = pd.Timestamp(START + dt.timedelta(minutes=after))
    visible = signals[signals["known_at"] <= cutoff].groupby(["signal", "topic", "ds"])["value"].last()
    assert visible.to_dict() == _counted(scored, cutoff, interval)
    assert not signals.duplicated(["signal", "topic", "ds", "known_at"]).any()
    cut = build_signals(scored, interval=interval, tz="Europe/Amsterdam", asof=cutoff)
    assert len(cut) == (every["known_at"] <= cutoff).sum()


def _counted(
    scored: pd.DataFrame, cutoff: pd.Timestamp, interval: Interval
) -> dict[tuple[str, str, pd.Timestamp], float]:
    counts: dict[tuple[str, str, pd.Timestamp], float] = {}
    for row in scored.itertuples():
        local = row.created_at.tz_convert("Europe/Amsterdam")
        if interval is Interval.DAY:
            begin = local.normalize()
            end = begin + pd.DateOffset(days=1)
        else:
            step = interval.seconds * 1_000_000_000
            begin = from_ns(to_ns(row.created_at) // step * step)
            end = begin + pd.Timedelta(seconds=interval.seconds)
        if row.direction == "out" or row.known_at > cutoff or end > cutoff:
            continue
        names = ["reposts"] if row.repost_of else ["posts"] + ["negative"] * (row.label == "negative")
        for name in names:
            for topic in ("all", *row.topics):
                key = (name, topic, begin.tz_convert("UTC"))
                counts[key] = counts.get(key, 0.0) + 1
    return counts
