"""Accuracy in a browser: a planner says why a day was missed, and takes it back; a viewer gets no field."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from store.day_remarks import load_day_remarks


def test_a_reason_is_saved_shown_and_undone(page: Page, house: str, own: sessionmaker[Session]) -> None:
    page.goto(f"{house}/accuracy?queue=phone_outage")
    field = page.locator("#accuracy-worst-table tbody tr").first.get_by_role("textbox")
    field.fill("outage")
    page.locator("#accuracy-worst-table tbody tr").first.get_by_role("button", name="Save").click()
    expect(page.locator("#accuracy-said")).to_contain_text("Kept.")
    expect(page.locator("#accuracy-worst-table tbody tr").first).to_contain_text("outage")
    with own() as session:
        assert [(one.queue, one.reason) for one in load_day_remarks(session)] == [("phone_outage", "outage")]
    page.locator("#accuracy-said").get_by_role("button", name="Undo").click()
    expect(page.locator("#accuracy-said")).to_contain_text("taken away")
    with own() as session:
        assert load_day_remarks(session) == []


def test_a_viewer_sees_the_page_and_no_field(page: Page, house_of_viewers: str) -> None:
    page.goto(f"{house_of_viewers}/accuracy?queue=phone_outage")
    page.locator("#accuracy-worst > *").first.wait_for()
    expect(page.locator("#accuracy-sentence")).to_contain_text("phone_outage")
    expect(page.locator("#accuracy-worst")).to_contain_text("You may look")
    expect(page.locator("#accuracy-worst").get_by_role("button")).to_have_count(0)
