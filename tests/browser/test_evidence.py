"""Page `Does it help?` in a browser: verdicts first, a queue's figures on a click, causes added, taken back, and only looked at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from store.causes import load_causes

pytestmark = pytest.mark.browser


def opened(page: Page, address: str) -> None:
    """The page with its first sentences."""
    page.goto(address)
    expect(page.locator(".evidence-verdicts li").first).to_be_visible(timeout=60_000)
    expect(page.locator("#evidence-causes > *").first).to_be_visible(timeout=60_000)


def test_the_verdicts_come_first_and_a_click_shows_the_queue(page: Page, served: str) -> None:
    opened(page, f"{served}/evidence")
    first = page.locator(".evidence-verdicts li").first
    expect(first).to_contain_text(
        re.compile("phone_outage: social counts up to 4 hours ahead: 8.1.% more accurate")
    )
    expect(page.locator(".evidence-verdicts")).to_contain_text("24 of about 200 forecasts")
    page.locator(".evidence-queue", has_text="phone_billing").click()
    expect(page.locator("#evidence-figure-box")).to_have_attribute(
        "aria-label", re.compile("for phone_billing"), timeout=60_000
    )
    expect(page.locator("#evidence-said")).to_contain_text("Social adds nothing")
    expect(page.locator("#evidence-history")).to_contain_text("9 Mar 2026")


def test_an_address_that_names_a_queue_selects_it(page: Page, served: str) -> None:
    opened(page, f"{served}/evidence?queue=email_billing")
    expect(page.locator("input#queue")).to_have_value("email_billing")
    expect(page.locator("#evidence-said")).to_contain_text("Not enough history yet")


def test_a_cause_is_added_removed_and_put_back(page: Page, house: str, own: sessionmaker[Session]) -> None:
    opened(page, f"{house}/evidence")
    page.locator("#evidence-add").click()
    page.locator("#evidence-cause").fill("<b>No news on the site</b>")
    page.locator("#evidence-save").click()
    expect(page.locator("#evidence-done")).to_contain_text("The cause is in the register.", timeout=60_000)
    expect(page.locator("#evidence-causes")).to_contain_text("<b>No news on the site</b>")
    with own() as session:
        assert [one.cause for one in load_causes(session)] == ["<b>No news on the site</b>"]
    page.locator("#evidence-causes button", has_text="Remove").click()
    expect(page.locator("#evidence-causes")).to_contain_text(
        "No cause is in the register yet", timeout=60_000
    )
    page.locator("#evidence-done button", has_text="Put back").click()
    expect(page.locator("#evidence-causes")).to_contain_text("No news on the site", timeout=60_000)


def test_who_may_only_look_finds_no_button_and_is_told_why(page: Page, house_of_viewers: str) -> None:
    opened(page, f"{house_of_viewers}/evidence")
    expect(page.locator("#evidence-save")).to_be_hidden()
    expect(page.locator("#page")).to_contain_text("sign in as somebody who plans")


def test_the_page_speaks_dutch_and_fits_a_narrow_screen(page: Page, served: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 800})
    opened(page, f"{served}/evidence")
    page.locator("#language").get_by_text("NL").click()
    expect(page.locator(".evidence-verdicts")).to_contain_text(
        "social telt tot 4 uur vooruit mee", timeout=60_000
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_without_evidence_it_says_what_to_do(page: Page, served_empty: str) -> None:
    page.goto(f"{served_empty}/evidence")
    expect(page.locator("#evidence-notice")).to_contain_text("has not been measured yet", timeout=60_000)
