"""What planners do first takes at most three clicks from the start page; what is typed is no click."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session, sessionmaker

from store.drivers import load_drivers
from store.forecasts import load_forecast
from tests.browser.filled import NOW
from tests.browser.test_dashboard import cell

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)
MOST = 3
TOMORROW = dt.datetime(2026, 3, 11, 9, tzinfo=dt.UTC)  # 10:00 in Amsterdam


class Hand:
    """The planner's hand: it counts its clicks."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()


@pytest.fixture
def hand(page: Page, house: str) -> Iterator[Hand]:
    """A hand over the start page of a company."""
    page.goto(house)
    expect(page.locator("#today-cards .card").first).to_be_visible()
    yield Hand()


def front(page: Page) -> str:
    return page.locator("#queue").input_value().partition(" · ")[0]


def test_tomorrow_at_ten_of_the_phone_is_read(page: Page, hand: Hand, own: sessionmaker[Session]) -> None:
    queue = front(page)
    assert queue.startswith("phone")
    hand.click(page.locator("#today-to-tomorrow"))
    shown = cell(page, TOMORROW, "expected")
    with own() as session:
        held = load_forecast(session, series=[queue], start=TOMORROW, end=TOMORROW + dt.timedelta(minutes=1))
    assert shown == f"{round(float(held['0.5'].iloc[0])):,}"
    assert hand.clicks <= MOST


def test_next_week_is_exported_to_the_file_of_the_suite(page: Page, hand: Hand) -> None:
    queue = front(page)
    hand.click(page.locator("#today-to-export"))
    expect(page.locator("#staffing-export-download")).to_be_in_viewport()
    with page.expect_download() as found:
        hand.click(page.locator("#staffing-export-download"))
    book = openpyxl.load_workbook(io.BytesIO(found.value.path().read_bytes()))
    offered = [row[2] for row in book[queue].iter_rows(min_row=2, values_only=True)]
    assert len(offered) == 7 * 48 and sum(offered) > 0
    assert "20260316" in found.value.suggested_filename
    assert hand.clicks <= MOST


def test_a_letter_campaign_is_booked(page: Page, hand: Hand, own: sessionmaker[Session]) -> None:
    hand.click(page.locator("#today-to-campaign"))
    expect(page.locator("#scenario-kind")).to_have_value("Letters to customers")
    page.get_by_label("How many", exact=True).fill("12000")
    page.get_by_label("How many", exact=True).blur()
    hand.click(page.locator("#scenario-book"))
    expect(page.locator("#scenario-planned")).to_contain_text("12,000")
    with own() as session:
        held = load_drivers(session, start=NOW, end=NOW + dt.timedelta(days=30))
    assert 12_000.0 in held["value"].tolist()
    assert hand.clicks <= MOST
