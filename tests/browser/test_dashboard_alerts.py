"""Live peak warnings come first on the start page, with what is still in time, who owns it, and a button to take it up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from dash import html
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.today import warned
from api.dashboard.words import Words
from forecast.alerts import PICKED_UP, Surge, follow
from forecast.buckets import to_ns
from store.alerts import load_alert, raise_alert, record_act, save_alert
from store.queues import load_queues
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


def bands(session: Session, words: Words, faq: str = FAQ) -> Any:
    """What stands on top of the page."""
    settings = Settings(reasons={TOPIC: Reason(owner="Network desk", faq=faq)})
    found = warned.load_warnings(session, load_queues(session), settings, NOW)
    return warned.bands(found, words, may_act=True)


def texts(part: Any) -> list[str]:
    """All texts of a piece of the page, in order."""
    if isinstance(part, str):
        return [part]
    inside = part if isinstance(part, list | tuple) else [getattr(part, "children", None) or []]
    return [text for one in inside for text in texts(one)]


@pytest.mark.parametrize("words", [EN, NL], ids=["English", "Dutch"])
def test_the_band_says_what_to_expect_what_is_in_time_and_who_owns_it(
    filled: sessionmaker[Session], words: Words
) -> None:
    with filled() as session:  # never committed: other tests see no warning
        raise_alert(session, SURGE, now=NOW)
        found = bands(session, words)
    said = texts(found)
    expected = {
        "en": "Since 09:42, 3.4 times the usual posts about <b>outage</b>; +210 calls (130-300) between 11:27 and 13:42.",
        "nl": "Sinds 09:42 3,4 keer zoveel berichten als gebruikelijk over <b>outage</b>; +210 telefoontjes (130-300) tussen 11:27 en 13:42.",
    }  # fmt: skip
    assert "phone_outage" in said[0] and "210" in said[1] and "11:27–13:42" in said
    assert expected[words.language] in said
    assert any(one.endswith("IVR message (5 min), move breaks (30 min)") for one in said)
    assert any("Network desk" in one for one in said) and found[0].className == "today-warning"


def test_who_picked_it_up_stands_there_and_measures_that_are_too_late_do_not(
    filled: sessionmaker[Session],
) -> None:
    with filled() as session:
        number = raise_alert(session, replace(SURGE, start=ns(HOUR / 30)), now=NOW)
        assert number is not None
        record_act(session, number, who="Anna", act=PICKED_UP, note="", now=NOW)
        said = texts(bands(session, EN))
    assert "No measure works before it begins." in said and "Owner: Network desk; Anna is on it" in said


def test_an_answer_is_linked_where_it_has_a_web_address_and_nowhere_else(
    filled: sessionmaker[Session],
) -> None:
    def links(part: Any) -> list[str]:
        if isinstance(part, html.A):
            return [getattr(part, "href", "")]
        inside = part if isinstance(part, list) else getattr(part, "children", None)
        return [link for one in inside for link in links(one)] if isinstance(inside, list) else links(inside) if inside is not None and not isinstance(inside, str) else []  # fmt: skip

    with filled() as session:
        raise_alert(session, SURGE, now=NOW)
        assert links(bands(session, EN)) == [FAQ]
        assert links(bands(session, EN, faq="javascript:alert(1)")) == []


def test_a_warning_that_ended_is_gone(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        number = raise_alert(session, SURGE, now=NOW)
        assert number is not None
        save_alert(session, follow(load_alert(session, number), replace(SURGE, over=True), ns(0 * HOUR)))
        assert all_texts(bands(session, EN)) == EN("today_no_warning")


@pytest.mark.browser
def test_who_takes_a_warning_up_stands_there_and_in_the_store(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    with own() as session:
        number = raise_alert(session, SURGE, now=NOW)
        assert number is not None
        session.commit()
    page.goto(house)
    band = page.locator(".today-warning").first
    expect(band).to_contain_text("Since 09:42", timeout=60_000)
    assert page.locator(".today-warning b").count() == 0  # a post's words are no markup
    expect(page.locator("#queue")).to_have_value("phone_outage · phone")
    band.get_by_role("button", name="I am on it").click()
    expect(band).to_contain_text("this machine is on it", timeout=60_000)
    expect(band.get_by_role("button", name="I am on it")).to_have_count(0)
    with own() as session:
        acts = load_alert(session, number).acts
    assert [(one.who, one.act) for one in acts] == [("this machine", PICKED_UP)]


@pytest.mark.browser
def test_who_may_only_look_cannot_take_it_up(
    page: Page, house_of_viewers: str, own: sessionmaker[Session]
) -> None:
    with own() as session:
        raise_alert(session, replace(SURGE, series="phone_billing"), now=NOW)
        session.commit()
    page.goto(house_of_viewers)
    expect(page.get_by_role("button", name="I am on it").first).to_be_disabled(timeout=60_000)
