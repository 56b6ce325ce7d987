"""The settings of what people say: brands, languages, reasons, scorer, privacy, sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from forecast.buckets import Interval
from store.section import Section, usable
from store.source_settings import Level, SourceSettings


def _norwegian(value: object) -> object:
    """YAML reads a bare `no` as false; in a list of languages it is Norwegian."""
    return ["no" if one is False else one for one in value] if isinstance(value, list | tuple) else value


Codes: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_norwegian)]  # ISO 639-1


class BrandRules(Section):
    """How a brand is written, and by which accounts it speaks itself."""

    name: str = Field(min_length=1)
    handles: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    languages: Codes = ()
    competitor: bool = False


class Privacy(Section):
    level: Level = "kept"
    keep_text_days: int = Field(30, ge=0, le=365)
    keep_rows_days: int = Field(35, ge=2, le=730)
    least_shown: int = Field(5, ge=1)
    texts_for: Literal["nobody", "plan", "read"] = "plan"


class Sentiment(Section):
    scorer: Literal["lexicon", "trained", "transformers"] = "lexicon"
    model: Path | None = None


class Care(Section):
    queue: str = ""
    target_minutes: int = Field(60, ge=1)


class Social(Section):
    brand: str = ""
    brands: tuple[BrandRules, ...] = ()
    languages: Codes = ("nl", "en", "de", "fr", "es", "it", "pt", "no", "ru", "ja")
    sector: str | None = "energy"
    topics: dict[str, dict[str, str | tuple[str, ...]] | None] = Field(default_factory=dict)
    topic_model: Path | None = None
    interval: str = "30min"
    sentiment: Sentiment = Sentiment()
    privacy: Privacy = Privacy()
    care: Care = Care()
    sources: tuple[SourceSettings, ...] = ()
    drop_folder: Path | None = None
    author_key: SecretStr | None = None

    @field_validator("sources")
    @classmethod
    def told_apart(cls, value: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        """The name is what a source's posts and its mark are kept under."""
        names = [source.name for source in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources have the name {twice[0]}")
        return value

    @property
    def competitors(self) -> list[str]:
        """Names of the brands that are not ours."""
        return [brand.name for brand in self.brands if brand.competitor]

    @property
    def brands_apart(self) -> bool:
        """Whether brands are also counted one by one: where there is more than one to tell."""
        return len(self.brands) > 1

    @field_validator("interval")
    @classmethod
    def known(cls, value: str) -> str:
        return usable(Interval.parse, value)
