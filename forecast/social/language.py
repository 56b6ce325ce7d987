"""Which of the configured languages a post is written in.

The model is py3langid's (BSD-3; Lui & Baldwin 2012, "langid.py"), restricted to the configured languages. It is
loaded at the first use: it costs 0.3 s, and a run without new posts does not need it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from forecast.errors import ConfigError

OTHER = "other"
_LOOKED_AT = 160  # characters; more adds time and hardly any certainty
_NOISE = re.compile(r"@\w+|#|\[(?:link|email|phone|iban|address|number)\]|https?://\S*|\bwww\.\S+")
_LETTERS = re.compile(r"[^\W\d_]{2}")


def readable(text: str) -> str:
    """text -> what carries its language: without @names, links, placeholders and hash signs, at most 160 characters."""
    text = text[: 2 * _LOOKED_AT]
    if "@" in text or "#" in text or "[" in text or "http" in text or "www." in text:
        text = _NOISE.sub(" ", text)
    return text[:_LOOKED_AT]


@lru_cache(maxsize=1)
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


class Languages:
    """The configured languages (ISO 639-1, such as `nl`), and which of them each text is in."""

    def __init__(self, names: tuple[str, ...]) -> None:
        if not names:
            raise ConfigError(
                "No language is configured.", remedy="Name at least one, such as nl.", field="languages"
            )
        self.names = tuple(names)
        self._identifier: Any = None

    def _load(self) -> Any:
        if self._identifier is None:
            identifier = copy.copy(_model())  # shares the tables; only the choice of languages is its own
            unknown = sorted(set(self.names) - set(identifier.labels))
            if unknown:
                raise ConfigError(
                    f"The language {unknown[0]!r} is not one that can be told apart.",
                    remedy=f"Known are {', '.join(sorted(identifier.labels))}.",
                    field="languages",
                )
            identifier.set_languages(list(self.names))
            self._identifier = identifier
        return self._identifier

    def tag(self, texts: Sequence[str]) -> list[str]:
        """texts[n] -> language[n], one of `names`, or `other` where a text holds no two letters in a row."""
        classify = self._load().classify
        return [str(classify(text)[0]) if _LETTERS.search(text) else OTHER for text in map(readable, texts)]
