"""A live peak warning comes first on the card of the next hours, with what is still in time and who owns it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from dash import html
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import queries
from api.dashboard.today import cards
from api.dashboard.words import Words
from forecast.alerts import Surge, follow
from forecast.buckets import to_ns
from store.alerts import load_alert, raise_alert, record_act, save_alert
from store.settings import Reason, Settings
from tests.browser.filled import NOW

EN, NL = Words("en"), Words("nl")
HOUR = dt.timedelta(hours=1)
TOPIC = "<b>outage</b>"
FAQ = "https://example.org/outage"


def ns(after: dt.timedelta) -> int:
    return to_ns(NOW + after)


SURGE = Surge("phone_outage", TOPIC, "posts:outage", ns(-HOUR), ns(0.75 * HOUR), ns(3 * HOUR), 210.0, 130.0, 300.0, 3.4, 41, 0.93, False)  # fmt: skip


def all_texts(part: Any) -> str:
    return " ".join(texts(part))


def card(session: Session, words: Words, faq: str = FAQ) -> Any:
    """The card of the next hours."""
    settings = Settings(reasons={TOPIC: Reason(owner="Network desk", faq=faq)})
    held = queries.load(session, "phone_outage", "week", "interval", NOW, settings)
    return cards.cards(held, words)[0 if held.warned else 2]


def texts(part: Any) -> list[str]:
    """All texts of a piece of the page, in order."""
    if isinstance(part, str):
        return [part]
    inside = part if isinstance(part, list) else [getattr(part, "children", None) or []]
    return [text for one in inside for text in texts(one)]


@pytest.mark.parametrize("words", [EN, NL], ids=["English", "Dutch"])
def test_the_card_says_what_to_expect_what_is_in_time_and_who_owns_it(
    filled: sessionmaker[Session], words: Words
) -> None:
    with filled() as session:  # never committed: other tests see no warning
        raise_alert(session, SURGE, now=NOW)
        found = card(session, words)
    said = texts(found)
    expected = {
        "en": "Since 09:42, 3.4 times the usual posts about <b>outage</b>; +210 calls (130-300) between 11:27 and 13:42.",
        "nl": "Sinds 09:42 3,4 keer zoveel berichten als gebruikelijk over <b>outage</b>; +210 telefoontjes (130-300) tussen 11:27 en 13:42.",
    }  # fmt: skip
    assert said[1:3] == [words("peak_yes"), expected[words.language]]
    assert said[3].endswith("IVR message (5 min), move breaks (30 min)")
    assert "Network desk" in said[4] and "warn" in found.className


def test_who_picked_it_up_stands_there_and_measures_that_are_too_late_do_not(
    filled: sessionmaker[Session],
) -> None:
    with filled() as session:
        number = raise_alert(session, replace(SURGE, start=ns(HOUR / 30)), now=NOW)
        assert number is not None
        record_act(session, number, who="Anna", act="picked_up", note="", now=NOW)
        said = texts(card(session, EN))
    assert said[3:5] == ["No measure works before it begins.", "Owner: Network desk; picked up by Anna"]


def test_an_answer_is_linked_where_it_has_a_web_address_and_nowhere_else(
    filled: sessionmaker[Session],
) -> None:
    def links(part: Any) -> list[str]:
        if isinstance(part, html.A):
            return [part.href]
        inside = part if isinstance(part, list) else getattr(part, "children", None)
        return [link for one in inside for link in links(one)] if isinstance(inside, list) else links(inside) if inside is not None and not isinstance(inside, str) else []  # fmt: skip

    with filled() as session:
        raise_alert(session, SURGE, now=NOW)
        assert links(card(session, EN)) == [FAQ]
        assert links(card(session, EN, faq="javascript:alert(1)")) == []


def test_a_warning_that_ended_leaves_the_card_to_the_forecast(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        number = raise_alert(session, SURGE, now=NOW)
        assert number is not None
        save_alert(session, follow(load_alert(session, number), replace(SURGE, over=True), ns(0 * HOUR)))
        said = texts(card(session, EN))
        assert "usual" in " ".join(said) and "posts about" not in " ".join(said)


@pytest.mark.parametrize("words", [EN, NL], ids=["English", "Dutch"])
def test_who_looks_at_another_queue_is_told_and_can_go_there(
    filled: sessionmaker[Session], words: Words
) -> None:
    with filled() as session:
        raise_alert(session, SURGE, now=NOW)
        other = queries.load(session, "email_billing", "week", "interval", NOW)
        same = queries.load(session, "phone_outage", "week", "interval", NOW)
    assert cards.elsewhere(same, words) is None and not other.warned
    said = all_texts(cards.elsewhere(other, words))
    assert said.startswith(words("alert_elsewhere")) and "phone_outage" in said and "+210" in said
    assert "+210" not in all_texts(cards.cards(other, words))


@pytest.mark.browser
def test_the_warning_of_another_queue_brings_the_visitor_to_it_and_stands_first_there(
    page: Page, served: str, filled: sessionmaker[Session]
) -> None:
    with filled() as session:
        number = raise_alert(session, SURGE, now=NOW)
        assert number is not None
        session.commit()
    try:
        page.goto(f"{served}/forecast")
        expect(page.locator("#elsewhere")).to_contain_text("phone_outage: since 09:42", timeout=60_000)
        assert page.locator("#elsewhere b").count() == 0  # a post's words are no markup
        page.get_by_role("button", name="Show phone_outage").click()
        expect(page.locator("#cards .card").first).to_contain_text("+210 calls", timeout=60_000)
        expect(page.locator("#elsewhere section")).to_have_count(0)
    finally:
        with filled() as session:
            save_alert(session, follow(load_alert(session, number), replace(SURGE, over=True), ns(0 * HOUR)))
            session.commit()
