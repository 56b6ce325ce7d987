"""A text classifier fitted on a company's own labelled posts: what the trained scorer and the topic model share.

Counts of words (1 and 2 in a row) and of characters (2 to 5 in a row), weighted by TF-IDF with sublinear counts
(Manning, Raghavan & Schütze 2008, ch. 6), each kind at length 1, beside given features (the lexicon's own opinion, hits
of keywords); on them logistic regression with balanced classes. Its strength C is the one of the best macro-F1 in
stratified cross-validation, where n-grams and their rarity are those of the fitting folds alone.

A model holds n-grams of the stripped posts it was fitted on that occur in two or more of them: no whole post.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from forecast.social.privacy import LONGEST, clean, cut
from forecast.social.vocabulary import tokenise

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]
Sparse: TypeAlias = Any  # scipy.sparse.csr_matrix, which has no types
Step: TypeAlias = Callable[[int, int, str], None]

FOLDS = 5
STRENGTHS = (0.3, 1.0, 3.0)  # C, the inverse of the penalty
_LEAST = 2  # posts that an n-gram must occur in
_MOST = 100_000  # n-grams kept of a kind, the most frequent ones: bounds the size of a model
_CHARACTERS = range(2, 6)
_LONG = 40  # characters of a word that count
_AT_ONCE = 500  # texts; bounds the memory where every text is as long as can be
_ITERATIONS, _TOLERANCE = 300, 1e-3


def words(text: str) -> list[str]:
    """text -> its words and its pairs of words."""
    single = [token[:_LONG] for token in tokenise(text)]
    return [*single, *map(" ".join, pairwise(single))]


def characters(text: str) -> list[str]:
    """text -> all runs of 2 to 5 characters, white space made one space."""
    line = f" {' '.join(text.lower().split())} "
    return [line[at : at + size] for size in _CHARACTERS for at in range(len(line) - size + 1)]


KINDS: tuple[Callable[[str], list[str]], ...] = (words, characters)


def readable(text: str) -> str:
    """text -> at most `LONGEST` characters without NUL and lone surrogates: linear, whatever comes."""
    return clean(cut(text, LONGEST))


@dataclass(frozen=True)
class Block:
    """One kind of n-gram. vocabulary: n-gram -> column; rarity: IDF, float64[column]."""

    vocabulary: Mapping[str, int]
    rarity: Floats

    def weighted(self, counts: Sparse) -> Sparse:
        """counts[n, column] -> (1 + ln count) * rarity, each row scaled to length 1."""
        from scipy.sparse import diags

        weighed = counts.astype(np.float64)
        weighed.data = 1.0 + np.log(weighed.data)
        weighed = weighed.multiply(self.rarity).tocsr()
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        return diags(1.0 / np.where(lengths > 0, lengths, 1.0)) @ weighed


def count(texts: Sequence[str], grams: Callable[[str], list[str]], vocabulary: Mapping[str, int]) -> Sparse:
    """texts[n] -> counts[n, column] of the n-grams known. A `Growing` vocabulary learns the others."""
    from scipy.sparse import csr_matrix

    columns: list[int] = []
    values: list[int] = []
    ends = [0]
    grow = vocabulary if isinstance(vocabulary, Growing) else None
    for text in texts:
        found = Counter(grams(readable(text)))
        if grow is not None:
            columns += [grow[gram] for gram in found]
            values += found.values()
        else:
            for gram, times in found.items():
                column = vocabulary.get(gram)
                if column is not None:
                    columns.append(column)
                    values.append(times)
        ends.append(len(columns))
    parts = (np.array(values, dtype=np.float64), np.array(columns, dtype=np.int64), np.array(ends))
    return csr_matrix(parts, shape=(len(texts), len(vocabulary)))


class Growing(dict[str, int]):
    """n-gram -> column, given at its first sight."""

    def __missing__(self, gram: str) -> int:
        self[gram] = len(self)
        return self[gram]


@dataclass(frozen=True)
class LinearModel:
    """A fitted classifier.

    extras: names of the given features. weights: float64[class, word | character | extra]; bias: float64[class].
    exclusive: whether a text is of one class (softmax) or of any number (a logistic each).
    thresholds: float64[class], the probability from which a class counts, where classes do not exclude each other.
    """

    kind: str
    classes: tuple[str, ...]
    extras: tuple[str, ...]
    blocks: tuple[Block, ...]
    weights: Floats
    bias: Floats
    exclusive: bool
    thresholds: Floats
    version: str = ""

    def probabilities(self, texts: Sequence[str], extras: Floats) -> Floats:
        """texts[n], extras[n, extra] -> float64[n, class]. The same text has the same ones in any company."""
        found = np.zeros((len(texts), len(self.classes)))
        for start in range(0, len(texts), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            counts = [
                count(texts[rows], grams, block.vocabulary)
                for grams, block in zip(KINDS, self.blocks, strict=True)
            ]
            design = _design(counts, self.blocks, extras[rows])
            found[rows] = _probabilities(np.asarray(design @ self.weights.T) + self.bias, self.exclusive)
        return found


@dataclass(frozen=True)
class Fitted:
    """A model, and what models fitted without a text's own fold said of it: outside, float64[n, class]."""

    model: LinearModel
    outside: Floats
    folds: Ints
    strength: float


def fit(
    model: LinearModel,
    texts: Sequence[str],
    extras: Floats,
    truth: Bools,
    judge: Callable[[Floats], float],
    step: Step = lambda done, of, what: None,
) -> Fitted:
    """An empty model, texts[n], extras[n, extra], truth[n, class] -> the model fitted on them.

    judge: probabilities[n, class] outside their folds -> the figure by which C is chosen, larger is better.
    """
    vocabularies = [Growing() for _ in KINDS]
    counts = [count(texts, grams, known) for grams, known in zip(KINDS, vocabularies, strict=True)]
    folds = stratify(truth)
    outside = {strength: np.zeros(truth.shape) for strength in STRENGTHS}
    for fold in range(FOLDS):
        step(fold, FOLDS + 1, f"fold {fold + 1} of {FOLDS}")
        inside = folds != fold
        design, _ = _select(counts, inside, extras)
        for strength in STRENGTHS:
            weights, bias = _regress(design[inside], truth[inside], strength, model.exclusive)
            said = np.asarray(design[~inside] @ weights.T) + bias
            outside[strength][~inside] = _probabilities(said, model.exclusive)
    strength = max(STRENGTHS, key=lambda one: judge(outside[one]))  # of equals the smallest C
    step(FOLDS, FOLDS + 1, "all posts")
    design, chosen = _select(counts, np.ones(len(texts), dtype=bool), extras)
    weights, bias = _regress(design, truth, strength, model.exclusive)
    blocks = tuple(_block(known, *one) for known, one in zip(vocabularies, chosen, strict=True))
    done = replace(model, blocks=blocks, weights=weights, bias=bias)
    return Fitted(done, outside[strength], folds, strength)


def stratify(truth: Bools) -> Ints:
    """truth[n, class] -> fold[n]: every combination of classes is spread evenly, in a drawn order."""
    _, stratum = np.unique(truth, axis=0, return_inverse=True)
    drawn = np.random.default_rng(0).permutation(len(truth))
    folds = np.empty(len(truth), dtype=np.int64)
    folds[np.lexsort((drawn, stratum.ravel()))] = np.arange(len(truth)) % FOLDS
    return folds


def _choose(counts: Sparse, rows: Bools) -> tuple[Ints, Floats]:
    """counts[n, column], rows[n] -> the columns kept and their rarity ln((1 + n) / (1 + posts)) + 1, by these rows."""
    seen = counts[rows]
    posts = np.bincount(seen.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(posts >= _LEAST)
    if len(kept) > _MOST:
        kept = np.sort(kept[np.argsort(-posts[kept], kind="stable")[:_MOST]])
    return kept, np.log((1 + seen.shape[0]) / (1 + posts[kept])) + 1.0


def _select(
    counts: Sequence[Sparse], rows: Bools, extras: Floats
) -> tuple[Sparse, list[tuple[Ints, Floats]]]:
    """counts of each kind, rows[n], extras[n, extra] -> design[n, feature] and what was chosen by these rows."""
    chosen = [_choose(one, rows) for one in counts]
    kept = [one[:, columns] for one, (columns, _) in zip(counts, chosen, strict=True)]
    return _design(kept, [Block({}, rarity) for _, rarity in chosen], extras), chosen


def _block(known: Mapping[str, int], columns: Ints, rarity: Floats) -> Block:
    """All n-grams in the order of their columns, the columns kept -> the n-grams kept."""
    grams = list(known)
    return Block({grams[column]: place for place, column in enumerate(columns.tolist())}, rarity)


def _design(counts: Sequence[Sparse], blocks: Sequence[Block], extras: Floats) -> Sparse:
    from scipy.sparse import csr_matrix, hstack

    parts = [block.weighted(one) for one, block in zip(counts, blocks, strict=True)]
    return hstack([*parts, csr_matrix(extras)], format="csr")


def _probabilities(said: Floats, exclusive: bool) -> Floats:
    """Linear predictors[n, class] -> probabilities[n, class]."""
    if exclusive:
        powers = np.exp(said - said.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(said, -500, 500))))


def _regress(design: Sparse, truth: Bools, strength: float, exclusive: bool) -> tuple[Floats, Floats]:
    """design[n, feature], truth[n, class] -> weights[class, feature], bias[class]."""
    if exclusive:
        weights, bias = _logistic(design, truth.argmax(axis=1), strength)
        if len(bias) == 1:  # two classes: one predictor, of the second against the first
            weights, bias = np.vstack([np.zeros_like(weights), weights]), np.array([0.0, bias[0]])
        return weights, bias
    parts = [_logistic(design, truth[:, one].astype(np.int64), strength) for one in range(truth.shape[1])]
    return np.vstack([weights for weights, _ in parts]), np.concatenate([bias for _, bias in parts])


def _logistic(design: Sparse, classes: Ints, strength: float) -> tuple[Floats, Floats]:
    import warnings

    # scikit-learn comes without types, and takes a second to import: only training needs it
    linear = importlib.import_module("sklearn.linear_model")
    regression = linear.LogisticRegression(
        C=strength, class_weight="balanced", max_iter=_ITERATIONS, tol=_TOLERANCE
    )
    with warnings.catch_warnings():
        # ConvergenceWarning: the last digits of a weight change no label
        warnings.filterwarnings("ignore", message="lbfgs failed to converge")
        regression.fit(design, classes)
    return np.asarray(regression.coef_, dtype=np.float64), np.asarray(regression.intercept_, dtype=np.float64)


def f1(truth: Bools, told: Bools) -> Floats:
    """truth[n, class], told[n, class] -> F1[class], 2 hits / (there + told); 0 for a class never met nor told."""
    hits = (truth & told).sum(axis=0)
    total = truth.sum(axis=0) + told.sum(axis=0)
    return np.asarray(2.0 * hits / np.maximum(total, 1), dtype=np.float64)


def surest(probabilities: Floats) -> Bools:
    """probabilities[n, class] -> bool[n, class], true at the largest of each row."""
    return np.asarray(np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None])
