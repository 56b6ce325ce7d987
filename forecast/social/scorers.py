"""Which scorer tells the mood of posts: the lexicons, one trained on own posts, or a transformer of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from forecast.errors import ConfigError
from forecast.social import lexicon, model_file
from forecast.social.lexicon import COURTESY, WORD
from forecast.social.linear_model import LinearModel, readable
from forecast.social.sentiment import LABELS, NEGATIVE_BELOW, POSITIVE_ABOVE, LexiconScorer, Scorer, Scores
from forecast.social.vocabulary import tokenise

SETTING = "social.sentiment.model"
HINTS = ("lexicon_score", "lexicon_good", "lexicon_bad")
_APART = 0.01  # how far a score keeps from the thresholds of its label


def make_scorer(kind: str, model: Path | None, languages: Sequence[str]) -> Scorer:
    """`lexicon`, `trained` or `transformers` -> the scorer; ConfigError where its model is missing or cannot be used."""
    if kind == "lexicon":
        return LexiconScorer(languages)
    if kind not in ("trained", "transformers"):
        raise ConfigError(
            f"There is no scorer {kind!r}.",
            remedy="Use lexicon, trained or transformers.",
            field="social.sentiment.scorer",
        )
    if model is None:
        raise ConfigError(
            f"The scorer {kind} needs a model, and {SETTING} names none.",
            remedy="Name a file made by forecall sentiment train."
            if kind == "trained"
            else "Name the folder of a model.",
            field=SETTING,
        )
    if kind == "trained":
        return TrainedScorer(model_file.load(model, "sentiment", SETTING), LexiconScorer(languages))
    from forecast.social.transformer import load_transformer

    return load_transformer(model, SETTING)


def signed(probabilities: npt.NDArray[np.float64]) -> Scores:
    """probabilities[n, (negative, neutral, positive)] -> scores[n] = P(positive) - P(negative) in -1..1.

    A score is moved just so far that its label (`sentiment.label`) is the most probable one; of equals the first.
    """
    plain = probabilities[:, 2] - probabilities[:, 0]
    likely = probabilities.argmax(axis=1)
    lowest = np.array([-1.0, NEGATIVE_BELOW + _APART, POSITIVE_ABOVE + _APART])
    highest = np.array([NEGATIVE_BELOW - _APART, POSITIVE_ABOVE - _APART, 1.0])
    return np.asarray(np.clip(plain, lowest[likely], highest[likely]), dtype=np.float64)


def hints(scorer: LexiconScorer, texts: Sequence[str], languages: Sequence[str]) -> npt.NDArray[np.float64]:
    """texts[n], language[n] -> float64[n, HINTS]: the lexicon's score, ln(1 + hits) of good and of bad entries."""
    found = np.zeros((len(texts), len(HINTS)))
    found[:, 0] = scorer.score(texts, languages)
    known = {name: lexicon.load(name).vocabulary for name in {*scorer.languages, "en"}}
    for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
        own = known[language if language in scorer.languages else "en"]
        entries = [entry for _, _, entry in own.find(tokenise(text)) if entry.role in (WORD, COURTESY)]
        found[row, 1] = sum(entry.weight > 0 for entry in entries)
        found[row, 2] = sum(entry.weight < 0 for entry in entries)
    found[:, 1:] = np.log1p(found[:, 1:])
    return found


class TrainedScorer:
    """Scores with a model of `forecall sentiment train`, which looks at the lexicon's opinion too."""

    name = "trained"

    def __init__(self, model: LinearModel, scorer: LexiconScorer) -> None:
        """ConfigError where the model was made for another set of features or labels."""
        if model.extras != HINTS or not set(model.classes) <= set(LABELS):
            raise ConfigError(
                "The model of the trained scorer was made by another version of Forecall.",
                remedy="Train it anew with forecall sentiment train.",
                field=SETTING,
            )
        self._model, self._lexicon = model, scorer
        # both decide what a text scores, so both are told with every score
        self.version = f"{model.version}+{scorer.version}"

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """texts[n] as `privacy.strip` leaves them, language[n] -> scores[n] in -1..1."""
        texts = [readable(text) for text in texts]
        said = self._model.probabilities(texts, hints(self._lexicon, texts, languages))
        if len(self._model.classes) < len(
            LABELS
        ):  # no class was taught for the missing one: the score tells it
            return np.asarray(said @ [LABELS.index(name) - 1.0 for name in self._model.classes])
        return signed(said[:, [self._model.classes.index(name) for name in LABELS]])
