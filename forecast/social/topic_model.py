"""Which contact reasons a post is about: by keywords, and by a model trained on labelled posts where there is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forecast.social import model_file
from forecast.social.linear_model import LinearModel, readable
from forecast.social.topics import Found, Topics, company_topics

Own = Mapping[str, Mapping[str, str | Sequence[str]] | None]
Floats = npt.NDArray[np.float64]
SETTING = "social.topic_model"


class Tagger(Protocol):
    """Anything that tells the contact reasons of posts."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def assign(self, texts: Sequence[str], languages: Sequence[str]) -> list[Found]:
        """texts[n], language[n] -> topics[n]."""
        ...


def make_tagger(sector: str | None, own: Own, model: Path | None) -> Tagger:
    """The reasons of a sector and one's own -> what assigns them; ConfigError where the model cannot be used."""
    topics: Topics = company_topics(sector, own)
    if model is None:
        return topics
    taken_out = [topic for topic, lists in own.items() if lists is None]
    return TopicModel(topics, model_file.load(model, "topics", SETTING), taken_out)


def keyword_hits(
    topics: Topics, wanted: Sequence[str], texts: Sequence[str], languages: Sequence[str]
) -> Floats:
    """texts[n], language[n] -> ln(1 + keywords found), float64[n, wanted]; 0 for a topic without keywords."""
    counts = topics.hits(texts, languages)
    found = np.zeros((len(texts), len(wanted)))
    for column, topic in enumerate(wanted):
        if topic in topics.names:
            found[:, column] = np.log1p(counts[:, topics.names.index(topic)])
    return found


class TopicModel:
    """Assigns what a trained model is sure of; a post of which it is sure of nothing by its keywords.

    Topics that the model was not taught come from the keywords alone, beside those of the model.
    """

    def __init__(self, keywords: Topics, model: LinearModel, taken_out: Collection[str] = ()) -> None:
        """taken_out: topics of the model that the company does not want assigned."""
        self._keywords, self._model = keywords, model
        self.version = model.version
        self._wanted = np.array([topic not in taken_out for topic in model.classes])
        more = [topic for topic in model.classes if topic not in keywords.names and topic not in taken_out]
        self.names: tuple[str, ...] = (*keywords.names, *more)

    def _judge(self, texts: Sequence[str], languages: Sequence[str]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """-> probabilities[n, topic of the model], and whether each is sure enough."""
        model = self._model
        said = model.probabilities(texts, keyword_hits(self._keywords, model.extras, texts, languages))
        return said, (said >= model.thresholds) & self._wanted

    def assign(self, texts: Sequence[str], languages: Sequence[str]) -> list[Found]:
        """texts[n], language[n] -> topics[n], each a tuple in the order of `names`, empty where nothing fits."""
        taught = self._model.classes
        texts = [readable(text) for text in texts]
        _, sure = self._judge(texts, languages)
        found: list[Found] = []
        for row, by_words in zip(sure, self._keywords.assign(texts, languages), strict=True):
            told = {topic for topic, is_sure in zip(taught, row, strict=True) if is_sure}
            if told:
                told.update(topic for topic in by_words if topic not in taught)
                found.append(tuple(topic for topic in self.names if topic in told))
            else:
                found.append(by_words)
        return found

    def main(self, texts: Sequence[str], languages: Sequence[str]) -> list[str | None]:
        """texts[n], language[n] -> the one topic of each post.

        The most probable of those the model is sure of, else the one with most keyword hits, else None.
        """
        texts = [readable(text) for text in texts]
        said, sure = self._judge(texts, languages)
        best = np.where(sure, said, -1.0).argmax(axis=1)
        by_words = self._keywords.main(texts, languages)
        return [
            self._model.classes[column] if row[column] else word
            for column, row, word in zip(best, sure, by_words, strict=True)
        ]
