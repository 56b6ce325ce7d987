"""Fitting a scorer and a topic model on a company's own labelled posts, and how well they do on posts not fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.errors import InputError
from forecast.social import model_file
from forecast.social.language import Languages
from forecast.social.linear_model import (
    FOLDS,
    Bools,
    Fitted,
    Floats,
    Ints,
    LinearModel,
    Step,
    f1,
    fit,
    surest,
)
from forecast.social.privacy import strip
from forecast.social.scorers import HINTS, hints
from forecast.social.sentiment import LABELS, LexiconScorer, label
from forecast.social.topic_model import keyword_hits
from forecast.social.topics import Topics

LEAST_POSTS = 50  # of a label; below, ten posts a fold, figures are noise
_SPELLINGS = {
    "neg": "negative",
    "-1": "negative",
    "neu": "neutral",
    "0": "neutral",
    "pos": "positive",
    "1": "positive",
}
_LEAST_SURE, _MOST_SURE = 0.05, 0.95  # between which the threshold of a topic lies


def _silent(done: int, of: int, what: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Trained:
    """A model, and how it did on posts outside the folds it was fitted on.

    truth, told, before: bool[n, class]: what the posts are, what models fitted without them said, and what the
    lexicon or the keywords alone say. copies: posts left out because another says the same; unlabelled: without label
    or text; few: topic -> posts, of those left to the keywords.
    """

    model: LinearModel
    fitted: Fitted
    truth: Bools
    told: Bools
    before: Bools
    copies: int
    unlabelled: int
    few: Mapping[str, int] = field(default_factory=dict)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the classes, outside the folds; C was chosen by the same folds."""
        return float(f1(self.truth, self.told).mean())

    @property
    def macro_f1_before(self) -> float:
        """The same of the lexicon or the keywords alone."""
        return float(f1(self.truth, self.before).mean())

    @property
    def accuracy(self) -> float:
        """The part of the posts of which every class is told right."""
        return float((self.truth == self.told).all(axis=1).mean())

    def rows(self) -> list[dict[str, float | int | str]]:
        """One row per class: posts, precision, recall, F1, F1 before, and what its posts were told to be."""
        hits, posts, told = (self.truth & self.told).sum(0), self.truth.sum(0), self.told.sum(0)
        confusion = self.truth.T.astype(np.int64) @ self.told
        after, before = f1(self.truth, self.told), f1(self.truth, self.before)
        rows: list[dict[str, float | int | str]] = []
        for one, name in enumerate(self.model.classes):
            row: dict[str, float | int | str] = {
                "label": name,
                "posts": int(posts[one]),
                "precision": float(hits[one] / max(told[one], 1)),
                "recall": float(hits[one] / max(posts[one], 1)),
                "f1": float(after[one]),
                "f1_before": float(before[one]),
            }
            if self.model.exclusive:
                row |= {
                    f"told {other}": int(n)
                    for other, n in zip(self.model.classes, confusion[one], strict=True)
                }
            else:
                row["threshold"] = float(self.model.thresholds[one])
            rows.append(row)
        return rows


def mood(name: object) -> str | None:
    """`Positive`, `neg`, `-1`, `0.0` ... -> one of the three labels; None for anything else."""
    plain = str(name).strip().lower().removesuffix(".0")
    spelt = _SPELLINGS.get(plain, plain)
    return spelt if spelt in LABELS else None


def train_scorer(
    texts: Sequence[str],
    labels: Sequence[object],
    *,
    languages: Languages,
    scorer: LexiconScorer,
    given: Sequence[str | None] | None = None,
    step: Step = _silent,
) -> Trained:
    """texts[n] as they came, label[n], languages known beforehand[n] -> the model of a trained scorer.

    InputError for a label nobody knows, and for fewer than 50 posts of a label that occurs.
    """
    filled = [
        row
        for row, (text, name) in enumerate(zip(texts, labels, strict=True))
        if _filled(text) and _filled(name)
    ]
    moods = [_mood(labels[row], row) for row in filled]
    posts, tags = prepare([texts[row] for row in filled], languages, given and [given[row] for row in filled])
    kept = distinct(posts, moods)
    posts, tags, moods = ([column[row] for row in kept] for column in (posts, tags, moods))
    classes = tuple(name for name in LABELS if name in moods)
    _enough({name: moods.count(name) for name in classes})
    truth = _truth([(name,) for name in moods], classes)
    extras = hints(scorer, posts, tags)
    fitted = fit(
        _empty("sentiment", classes, HINTS, exclusive=True),
        posts,
        extras,
        truth,
        lambda said: float(f1(truth, surest(said)).mean()),
        step,
    )
    before = _truth([(name,) for name in label(extras[:, 0])], classes)
    told = surest(fitted.outside)
    model = model_file.sealed(fitted.model)
    return Trained(model, fitted, truth, told, before, len(filled) - len(kept), len(texts) - len(filled))


def train_topics(
    texts: Sequence[str],
    topics: Sequence[Sequence[str]],
    *,
    languages: Languages,
    keywords: Topics,
    given: Sequence[str | None] | None = None,
    step: Step = _silent,
) -> Trained:
    """texts[n] as they came, topics[n] (any number each), languages known beforehand[n] -> a topic model.

    A topic of fewer than 50 posts, or missing in fewer than 50, is left to the keywords; InputError where none is left.
    """
    filled = [row for row, text in enumerate(texts) if _filled(text)]
    posts, tags = prepare([texts[row] for row in filled], languages, given and [given[row] for row in filled])
    named = [tuple(sorted(set(topics[row]))) for row in filled]
    kept = distinct(posts, named)
    posts, tags, named = (
        [posts[row] for row in kept],
        [tags[row] for row in kept],
        [named[row] for row in kept],
    )
    counts = {
        topic: sum(topic in one for one in named) for topic in dict.fromkeys(t for one in named for t in one)
    }
    classes = _learnable(counts, len(named))
    truth = _truth(named, classes)
    extras = tuple(dict.fromkeys((*keywords.names, *classes)))
    hits = keyword_hits(keywords, extras, posts, tags)
    empty = _empty("topics", classes, extras, exclusive=False)
    fitted = fit(empty, posts, hits, truth, lambda said: _at_best(said, truth), step)
    model = replace(fitted.model, thresholds=thresholds(fitted.outside, truth))
    before = np.column_stack([hits[:, extras.index(topic)] > 0 for topic in classes])
    few = {topic: n for topic, n in counts.items() if topic not in classes}
    told = _told(fitted.outside, fitted.folds, truth)
    left_out = (len(filled) - len(kept), len(texts) - len(filled))
    return Trained(model_file.sealed(model), fitted, truth, told, before, *left_out, few)


def _learnable(counts: Mapping[str, int], n: int) -> tuple[str, ...]:
    """Posts per topic, of n posts -> the topics with enough posts in and outside; InputError where there is none."""
    found = tuple(topic for topic, posts in counts.items() if LEAST_POSTS <= posts <= n - LEAST_POSTS)
    if not found:
        _enough(counts or {"any topic": 0}, "topic")
        raise InputError(
            "Nearly every post has every topic.", remedy="Add posts about other things.", field="topic"
        )
    return found


def prepare(
    texts: Sequence[str], languages: Languages, given: Sequence[str | None] | None
) -> tuple[list[str], list[str]]:
    """texts[n] as they came -> texts as the chain sees them, and their languages: those given where configured."""
    stripped = [strip(text) for text in texts]
    found = languages.tag(stripped)
    if given is None:
        return stripped, found
    return stripped, [
        str(one) if one in languages.names else tag for one, tag in zip(given, found, strict=True)
    ]


def distinct(texts: Sequence[str], labels: Sequence[object]) -> list[int]:
    """texts[n], labels[n] -> the rows that say something new: a copy in another fold would be known beforehand."""
    first: dict[tuple[str, object], int] = {}
    for row, (text, named) in enumerate(zip(texts, labels, strict=True)):
        first.setdefault((" ".join(text.casefold().split()), named), row)
    return list(first.values())


def thresholds(said: Floats, truth: Bools) -> Floats:
    """probabilities[n, class], truth[n, class] -> from which probability on a class has the best F1, float64[class]."""
    return np.array([_threshold(said[:, one], truth[:, one]) for one in range(truth.shape[1])])


def _threshold(said: Floats, truth: Bools) -> float:
    """F1 of the first k in falling order is 2 hits / (k + posts); the threshold lies half-way to the next one."""
    order = np.argsort(-said, kind="stable")
    ranked = said[order]
    score = 2.0 * np.cumsum(truth[order]) / (np.arange(1, len(said) + 1) + truth.sum())
    following = np.append(ranked[1:], 0.0)
    best = int(np.where(ranked > following, score, -1.0).argmax())
    return float(np.clip((ranked[best] + following[best]) / 2, _LEAST_SURE, _MOST_SURE))


def _at_best(said: Floats, truth: Bools) -> float:
    return float(f1(truth, said >= thresholds(said, truth)).mean())


def _told(said: Floats, folds: Ints, truth: Bools) -> Bools:
    """What is told of each fold with the thresholds of the others, so that none is chosen on the posts it judges."""
    told = np.zeros(truth.shape, dtype=bool)
    for fold in range(FOLDS):
        others = folds != fold
        told[~others] = said[~others] >= thresholds(said[others], truth[others])
    return told


def _empty(kind: str, classes: tuple[str, ...], extras: tuple[str, ...], *, exclusive: bool) -> LinearModel:
    nothing = np.zeros(len(classes))
    return LinearModel(kind, classes, extras, (), np.zeros((len(classes), 0)), nothing, exclusive, nothing)


def _truth(named: Sequence[Sequence[str]], classes: Sequence[str]) -> Bools:
    return np.array([[one in names for one in classes] for names in named], dtype=bool)


def _filled(value: object) -> bool:
    return value is not None and value == value and bool(str(value).strip())  # NaN is not itself


def _mood(name: object, row: int) -> str:
    found = mood(name)
    if found is None:
        raise InputError(
            f"Row {row + 1} has the label {str(name)[:20]!r}.",
            remedy="Use negative, neutral or positive.",
            field="label",
        )
    return found


def _enough(counts: Mapping[str, int], what: str = "label") -> None:
    """InputError where there is one label alone, or one with fewer posts than figures need."""
    short = {name: n for name, n in counts.items() if n < LEAST_POSTS}
    if short:
        told = ", ".join(f"{n} of {name}" for name, n in short.items())
        raise InputError(
            f"There are too few different posts to learn from: {told}.",
            remedy=f"Label at least {LEAST_POSTS} for each {what}.",
            field=what,
        )
    if what == "label" and len(counts) < 2:
        raise InputError(
            "There are not two labels to tell apart.",
            remedy=f"Label {LEAST_POSTS} posts or more of each.",
            field=what,
        )
