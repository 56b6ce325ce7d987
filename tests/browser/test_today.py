"""The start page as a planner uses it at eight: numbers compared with the store, links, live refresh, a phone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import outlook, queries
from api.dashboard.words import Words
from store.alerts import raise_alert
from store.settings import Settings
from tests.browser.filled import NOW, QUEUES
from tests.browser.test_dashboard_alerts import SURGE

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)  # a machine that tests has other things to do
EN = Words("en")


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#today-cards .card").first).to_be_visible()
    expect(page.locator("#today-lines li").first).to_be_visible()


def in_front(page: Page) -> str:
    return page.locator("#queue").input_value().partition(" · ")[0]


def test_the_day_in_front_is_the_stores_and_what_planners_do_first_is_one_click_away(
    page: Page, served: str, filled: sessionmaker[Session]
) -> None:
    opened(page, served)
    queue = in_front(page)
    with filled() as session:
        held = queries.load(session, queue, "today", "interval", NOW, Settings(), social=False)
        day = outlook.today(held)
    assert day is not None
    expect(page.locator("#today-expected")).to_have_text(EN.number(day.expected))
    expect(page.locator("#today-so-far")).to_have_text(
        f"So far {EN.number(day.came)} against {EN.number(day.expected_so_far)} expected"
    )
    expect(page.locator("#today-chart-box")).to_have_attribute("aria-label", re.compile(queue))
    assert page.locator("#today-lines li").count() == len(QUEUES)
    wanted = {
        "Tomorrow by interval": f"/forecast?queue={queue}&day=tomorrow",
        "Export next week": f"/staffing?export=week&queue={queue}",
        "Plan a campaign": f"/scenario?event=letters&queue={queue}",
        "Day-start sheet": "/day-start?language=en",
    }
    for name, href in wanted.items():
        link = page.locator("#today-actions").get_by_role("link", name=name)
        expect(link).to_have_attribute("href", href)
        box = link.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 900  # without scrolling


def test_a_change_in_the_database_reaches_an_open_page_and_the_focus_stays(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house)
    expect(page.locator("#today-live")).to_have_text("live")
    page.locator("#today-to-campaign").focus()
    with own() as session:
        raise_alert(session, replace(SURGE, extra=77.0), now=NOW)
        session.commit()
    expect(page.locator("#today-warnings")).to_contain_text("+77 calls", timeout=40_000)
    assert page.evaluate("document.activeElement.id") == "today-to-campaign"
    page.locator("#nav a", has_text="Data").click()
    expect(page.locator("#today-live")).to_have_count(0)


def test_the_sheet_is_text_to_copy_and_a_mail_to_whom_was_typed(page: Page, served: str) -> None:
    opened(page, served)
    page.locator("#today-read").click()
    area = page.locator("#today-sheet-text")
    expect(area).to_have_value(re.compile("Day start, Tuesday 10 March 2026"))
    page.get_by_label("Recipients (e-mail)").fill("leads@example.org, nonsense, x@y?bcc=z@example.org")
    expect(page.locator("#today-mail")).to_have_attribute(
        "href", re.compile(r"^mailto:leads%40example\.org\?subject=Day%20start")
    )
    assert len(page.locator("#today-mail").get_attribute("href") or "") <= 2000


def test_everything_works_on_a_phone_with_warnings_first_and_nothing_sideways(
    page: Page, served: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, served)
    expect(page.locator("#today-peaks li").first).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    tops = [
        page.locator(one).bounding_box() for one in ("#today-warnings", "#today-chart-box", "#today-peaks")
    ]
    assert [one["y"] for one in tops if one] == sorted(one["y"] for one in tops if one) and all(tops)


def test_an_empty_company_is_told_what_to_do_first(page: Page, served_empty: str) -> None:
    page.goto(served_empty)
    expect(page.get_by_role("link", name="Load contacts")).to_have_attribute("href", "/data")
