"""The scorer trained on own posts: what it learns, what it writes, and what it does with anything else."""

from __future__ import annotations

import pickle
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from forecast.errors import ConfigError, InputError
from forecast.social import model_file
from forecast.social.language import Languages
from forecast.social.linear_model import FOLDS, f1, stratify
from forecast.social.scorers import SETTING, TrainedScorer, make_scorer, signed
from forecast.social.sentiment import LABELS, LexiconScorer, label
from forecast.social.training import Trained, thresholds, train_scorer

LANGUAGES = Languages(("en", "nl"))
LEXICON = LexiconScorer(("en", "nl"))
AIRLINES = Path(__file__).parents[3] / "shared" / "data" / "airline_tweets.csv"
HOSTILE = ["", " ", "\x00", "\ud800", "\udfff\ud800 bad", "a" * 100_000, "ab " * 33_000, "好" * 100_000, "😡" * 100_000,
           "!?" * 50_000, "<" * 100_000, "İ" * 50_000, "\n" * 100_000, "@" * 100_000]  # fmt: skip

# House words that no lexicon knows decide the mood here, beside words that say nothing.
MOODS = {"negative": "glorp", "neutral": "tavik", "positive": "zindle"}
FILLING = (
    "the box came",
    "my house",
    "on monday",
    "with the blue one",
    "our street",
    "at ten",
    "for two",
    "again",
)


@cache
def posts(n: int = 60) -> tuple[tuple[str, str], ...]:
    rng = np.random.default_rng(3)
    rows = []
    for mood, word in MOODS.items():
        for number in range(n):
            before, after = rng.choice(FILLING, 2)
            rows.append((f"{before} {word} {after} n{number} of {word[0]}", mood))
    return tuple(rows)


@cache
def trained() -> Trained:
    texts, labels = zip(*posts(), strict=True)
    return train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON, given=["en"] * len(texts))


@cache
def scorer() -> TrainedScorer:
    return TrainedScorer(trained().model, LEXICON)


def moods(*texts: str) -> list[str]:
    return label(scorer().score(texts, ["en"] * len(texts)))


def test_it_learns_words_that_no_lexicon_knows() -> None:
    texts = ["a glorp tonight", "a tavik tonight", "a zindle tonight", "glorping", "zindles everywhere"]
    assert label(LEXICON.score(texts, ["en"] * 5)) == ["neutral"] * 5
    assert moods(*texts) == ["negative", "neutral", "positive", "negative", "positive"]


def test_its_figures_are_of_posts_it_was_not_fitted_on() -> None:
    """Labels drawn by lot cannot be told: out of sample the figure is that of guessing, however well they are fitted."""
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice(FILLING, 3)) + f" w{number}x{number * 7}" for number in range(240)]
    labels = [str(one) for one in rng.permutation(["negative"] * 120 + ["positive"] * 120)]
    found = train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON, given=["en"] * 240)
    assert 0.3 < found.macro_f1 < 0.65
    assert trained().macro_f1 > 0.95 > 0.5 > trained().macro_f1_before


def test_the_same_post_twice_is_one_post_so_that_no_fold_knows_another() -> None:
    texts, labels = zip(*posts(), strict=True)
    doubled = train_scorer(
        [*texts, *(text.upper() for text in texts)], labels * 2, languages=LANGUAGES, scorer=LEXICON
    )
    assert doubled.copies == len(texts) == len(doubled.truth)


def test_folds_share_every_label_evenly() -> None:
    truth = np.eye(3, dtype=bool)[np.repeat([0, 1, 2], [103, 51, 26])]
    folds = stratify(truth)
    counts = np.array([truth[folds == fold].sum(axis=0) for fold in range(FOLDS)])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_the_lexicon_helps_where_there_is_little_to_learn_from() -> None:
    """Praise and complaint in ever other words: without the lexicon's opinion there is nothing common to learn."""
    good = [
        "lovely",
        "excellent",
        "friendly",
        "wonderful",
        "helpful",
        "perfect",
        "great",
        "superb",
        "fantastic",
        "brilliant",
    ]
    bad = [
        "awful",
        "useless",
        "rude",
        "horrible",
        "terrible",
        "pathetic",
        "dreadful",
        "worst",
        "disgusting",
        "ridiculous",
    ]
    texts = [f"{word} {part} {number}" for number, part in enumerate(FILLING[:6]) for word in (*good, *bad)]
    labels = [mood for _ in range(6) for mood in ("positive",) * 10 + ("negative",) * 10]
    found = train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON, given=["en"] * len(texts))
    assert found.model.classes == ("negative", "positive")
    own = TrainedScorer(found.model, LEXICON)
    unseen = ["a marvellous stay", "shameful", "an outage at home"]
    assert label(own.score(unseen, ["en"] * 3))[:2] == ["positive", "negative"]


@pytest.mark.parametrize("kind", ["plain", "certain", "tied"])
def test_the_label_of_a_score_is_the_most_probable_mood(kind: str) -> None:
    rng = np.random.default_rng(1)
    said = rng.dirichlet([0.2 if kind == "certain" else 1.0] * 3, 5_000)
    if kind == "tied":
        said = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [1 / 3] * 3, [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    scores = signed(said)
    assert np.abs(scores).max() <= 1
    assert label(scores) == [LABELS[at] for at in said.argmax(axis=1)]
    free = np.abs(scores - (said[:, 2] - said[:, 0])) < 1e-12
    assert free.mean() > 0.5 or kind == "tied"


def test_no_name_of_a_post_is_learned() -> None:
    texts = [f"@jansen{number} {text}" for number, (text, _) in enumerate(posts())]
    labels = [mood for _, mood in posts()]
    found = train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON)
    grams = {gram for block in found.model.blocks for gram in block.vocabulary}
    assert "user" in grams and not any("jans" in gram for gram in grams)


def test_too_few_posts_of_a_label_are_refused_with_what_is_missing() -> None:
    texts, labels = zip(*posts()[:100], strict=True)
    with pytest.raises(InputError, match=r"40 of neutral.*at least 50"):
        train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON)
    with pytest.raises(InputError, match="two labels"):
        train_scorer(texts[:60], labels[:60], languages=LANGUAGES, scorer=LEXICON)
    with pytest.raises(InputError, match="two labels"):
        train_scorer([""], [None], languages=LANGUAGES, scorer=LEXICON)
    with pytest.raises(InputError, match="Row 2"):
        train_scorer(texts[:2], ["neg", "great"], languages=LANGUAGES, scorer=LEXICON)


def test_a_model_comes_back_from_its_file_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "model"
    model_file.save(trained().model, path)
    own = make_scorer("trained", path, ("en", "nl"))
    texts = [text for text, _ in posts()] + HOSTILE
    tags = ["en"] * len(texts)
    assert np.array_equal(own.score(texts, tags), scorer().score(texts, tags))
    assert (own.name, own.version) == ("trained", scorer().version)
    assert [*tmp_path.iterdir()] == [path]


def test_its_version_tells_the_model_and_the_lexicon() -> None:
    model = trained().model
    other = model_file.sealed(replace(model, bias=model.bias + 0.1))
    assert len({TrainedScorer(one, LEXICON).version for one in (model, other)}) == 2
    assert TrainedScorer(model, LexiconScorer(("nl",))).version != scorer().version


def test_the_same_posts_give_the_same_model() -> None:
    texts, labels = zip(*posts(), strict=True)
    again = train_scorer(texts, labels, languages=LANGUAGES, scorer=LEXICON, given=["en"] * len(texts))
    assert again.model.version == trained().model.version


def test_a_text_scores_the_same_alone_and_among_others() -> None:
    texts = [text for text, _ in posts()] * 4
    together = scorer().score(texts, ["en"] * len(texts))
    assert together[7] == scorer().score([texts[7]], ["en"])[0]
    assert len(scorer().score([], [])) == 0


@pytest.mark.parametrize("content", ["nothing", "text", "pickle", "array", "other", "cut", "folder"])
def test_a_foreign_file_is_refused_by_the_name_of_the_setting(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model.npz"
    if content == "text":
        path.write_text("text,label\n")
    elif content == "pickle":
        path.write_bytes(pickle.dumps({"weights": [1]}))
    elif content == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif content == "other":
        np.savez(path, header=np.frombuffer(b'{"format": "x"}', dtype=np.uint8), weights=np.zeros(2))
    elif content == "cut":
        model_file.save(trained().model, path)
        path.write_bytes(path.read_bytes()[:-200])
    elif content == "folder":
        path.mkdir()
    with pytest.raises(ConfigError, match="forecall sentiment train") as error:
        make_scorer("trained", path, ("en",))
    assert error.value.field == SETTING


def test_a_model_whose_parts_do_not_fit_is_refused(tmp_path: Path) -> None:
    model = trained().model
    for broken in (
        replace(model, bias=model.bias * np.nan),
        replace(model, weights=model.weights[:, 1:]),
        replace(model, kind="topics"),
        replace(model, extras=("a", "b", "c")),
    ):
        model_file.save(broken, tmp_path / "m")
        with pytest.raises(ConfigError):
            make_scorer("trained", tmp_path / "m", ("en",))


def test_a_scorer_without_its_model_or_of_no_known_kind_is_refused() -> None:
    for kind in ("trained", "transformers"):
        with pytest.raises(ConfigError, match=SETTING) as error:
            make_scorer(kind, None, ("en",))
        assert error.value.field == SETTING
    with pytest.raises(ConfigError, match="no scorer"):
        make_scorer("oracle", None, ("en",))
    assert make_scorer("lexicon", None, ("en",)).name == "lexicon"


def test_hostile_texts_are_scored_and_cost_no_more_than_their_first_characters() -> None:
    start = time.perf_counter()
    scores = scorer().score(HOSTILE, ["en", "other"] * (len(HOSTILE) // 2))
    assert time.perf_counter() - start < 20
    assert np.isfinite(scores).all() and np.abs(scores).max() <= 1


def test_the_threshold_of_a_topic_is_where_its_f1_is_best() -> None:
    rng = np.random.default_rng(2)
    truth = rng.random((400, 1)) < 0.3
    said = np.clip(truth * 0.3 + rng.random((400, 1)) * 0.7, 0, 1)
    best = max(float(f1(truth, said >= at)[0]) for at in np.linspace(0.05, 0.95, 181))
    assert float(f1(truth, said >= thresholds(said, truth))[0]) >= best - 1e-9


@pytest.mark.long
@pytest.mark.skipif(not AIRLINES.is_file(), reason=f"{AIRLINES} is not there: shared data to measure on")
def test_it_tells_the_mood_of_airline_posts_it_did_not_see() -> None:
    """3,000 posts to learn from, the others to tell: macro-F1 of 70 at least."""
    import pandas as pd

    from forecast.social.privacy import strip
    from forecast.social.scoring import macro_f1

    rows = pd.read_csv(AIRLINES).sample(frac=1, random_state=1)
    seen, unseen = rows[:3_000], rows[3_000:]
    found = train_scorer([*seen["text"]], [*seen["label"]], languages=LANGUAGES, scorer=LEXICON,
                         given=["en"] * len(seen))  # fmt: skip
    told = TrainedScorer(found.model, LEXICON).score(
        [strip(text) for text in unseen["text"]], ["en"] * len(unseen)
    )
    assert macro_f1(unseen["label"].to_numpy(object), np.array(label(told), dtype=object)) >= 0.70
