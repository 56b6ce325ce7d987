"""What will they call about tomorrow? The page says what `/v1/outlook` says, and links the picture of it."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as Xml

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from api.dashboard import mount
from api.dashboard.today import reasons
from api.dashboard.words import Words
from forecast.outlook import Line, Outlook
from forecast.outlook import Reason as Subject
from store.outlook import load_outlook
from store.settings import Settings
from tests.browser.filled import NOW
from tests.browser.test_dashboard_alerts import all_texts

EN, NL = Words("en"), Words("nl")
CONFIG = Settings.model_validate({"company": {"timezone": "Europe/Amsterdam", "country": "NL"}})


def test_the_reasons_are_those_of_the_outlook_the_largest_first(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        found = load_outlook(session, CONFIG, dt.date(2026, 3, 11), NOW)
        said = {words.language: all_texts(reasons.filled(session, CONFIG, words, NOW)) for words in (EN, NL)}
    assert [one.topic for one in found.reasons] == ["billing", "outage"]
    for one in found.reasons:
        for words in (EN, NL):
            assert words.number(one.expected) in said[words.language]
            assert (
                words("outlook_band", low=words.number(one.low), high=words.number(one.high))
                in said[words.language]
            )
    assert said["en"].index("billing") < said["en"].index("outage")
    assert "All queues together, Wed 11 Mar" in said["en"] and "gebruikelijke" in said["nl"]


def test_without_a_forecast_it_says_which_command_makes_one(empty: sessionmaker[Session]) -> None:
    with empty() as session:
        assert "forecall run predict" in all_texts(reasons.filled(session, CONFIG, EN, NOW))


def test_six_reasons_are_shown_and_the_rest_is_counted() -> None:
    lines = [Line("q", "phone", f"<i>{n}</i>", 10.0 * n, 1.0, 200.0) for n in range(1, 9)]
    found = Outlook(dt.date(2026, 3, 11), "UTC", tuple(Subject(one.topic, (one,)) for one in reversed(lines)))
    shown = reasons.told(found, EN)
    said = all_texts(shown)
    assert "<i>8</i>" in said and "<i>2</i>" not in said  # a name, never markup
    assert "And 2 more reasons with 30 contacts." in said
    assert said.count(EN("outlook_new")) == 6


def test_contacts_without_a_reason_are_told_how_to_get_one() -> None:
    line = Line("q", "phone", "all", 10.0, 1.0, 20.0)
    said = all_texts(reasons.told(Outlook(dt.date(2026, 3, 11), "UTC", (Subject("all", (line,)),)), EN))
    assert "no reason given" in said and "forecall import reasons" in said


def test_the_picture_is_served_beside_the_pages(filled: sessionmaker[Session]) -> None:
    app = FastAPI()
    mount(app, CONFIG, filled, clock=lambda: NOW)
    with TestClient(app) as client:
        answer = client.get("/outlook.svg?language=nl")
        assert client.get("/outlook.svg?language=fr").status_code == 422
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    drawn = Xml.fromstring(answer.text)
    assert "Waarover bellen ze woensdag 11 maart 2026?" in "".join(drawn.itertext())


@pytest.mark.browser
def test_the_list_stands_on_the_page_in_both_languages_and_links_the_picture(page: Page, served: str) -> None:
    page.goto(served)
    expect(page.locator("#outlook-reasons li").first).to_contain_text("billing", timeout=60_000)
    expect(page.locator("#today-picture")).to_have_attribute("href", "/outlook.svg?language=en")
    page.locator("#language label", has_text="NL").click()
    expect(page.locator("#outlook-scope")).to_contain_text("Alle wachtrijen samen", timeout=60_000)
    expect(page.locator("#today-picture")).to_have_attribute("href", "/outlook.svg?language=nl")
    picture = page.request.get(f"{served}/outlook.svg?language=nl")
    assert picture.ok and "Waarover bellen ze" in picture.text()
