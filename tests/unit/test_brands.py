"""Which posts count: not our own, not a rival's, not those that only share a word with the brand."""

from __future__ import annotations

import datetime as dt

import pytest

from forecast.social.brands import Brand, Brands
from forecast.social.mention import Mention

LUMEN = Brand(
    "Lumen", handles=("@LumenNL",), words=("lumen", "#lumenstoring"), excluded=("lumen gentium", "1000 lumen")
)
RIVAL = Brand("Watt & Co", handles=("wattco",), words=("watt & co", "wattco"), competitor=True)
BRANDS = Brands((LUMEN, RIVAL))
AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def post(text: str, author: str = "jan", **more: object) -> Mention:
    return Mention("x", "1", AT, text, author=author, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("Lumen doet het weer niet", "Lumen"),
        ("weer #lumenstoring in de wijk", "Lumen"),
        ("hé @lumennl hoe zit dit", "Lumen"),
        ("overgestapt van WattCo naar Lumen", "Lumen"),  # ours goes first
        ("WATTCO is duur", "Watt & Co"),
        ("bij watt & co is het ook mis", "Watt & Co"),
    ],
)
def test_a_post_belongs_to_the_brand_it_names(text: str, brand: str) -> None:
    assert BRANDS.judge([post(text)], must_name=True).mentions[0].brand == brand


@pytest.mark.parametrize("text", ["een volumen van niks", "lumens", "mooi weer vandaag", "alumen"])
def test_a_post_that_names_nobody_is_left_out_where_naming_is_asked_for(text: str) -> None:
    judged = BRANDS.judge([post(text)], must_name=True)
    assert (judged.mentions, judged.unrelated) == ((), 1)
    assert len(BRANDS.judge([post(text)]).mentions) == 1  # a suite's own query found it


def test_a_word_of_another_meaning_takes_a_post_out_everywhere() -> None:
    judged = BRANDS.judge([post("een lamp van 1000 lumen"), post("Lumen Gentium is een encycliek")])
    assert (judged.mentions, judged.excluded) == ((), 2)


@pytest.mark.parametrize("author", ["LumenNL", "@lumennl", "https://x.com/LumenNL"])
def test_the_companys_own_accounts_speak_out_and_not_in(author: str) -> None:
    judged = BRANDS.judge([post("Wij zoeken het uit!", author)], must_name=True)
    assert judged.own == 1 and judged.mentions[0].direction == "out"


def test_a_brand_given_by_the_source_stands() -> None:
    assert BRANDS.judge([post("zo duur", brand="watt & CO")], must_name=True).mentions[0].brand == "Watt & Co"


def test_without_rules_every_post_counts() -> None:
    assert len(Brands().judge([post("wat dan ook")], must_name=True).mentions) == 1


def test_a_brand_counts_only_in_its_languages() -> None:
    brands = Brands((Brand("Lumen", languages=("nl",)),))
    assert brands.speaks("Lumen", "nl") and not brands.speaks("Lumen", "en")
    assert brands.speaks(None, "en")
