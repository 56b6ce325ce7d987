"""Page Forecast as a planner works in it: to a row by its address, adjusted by keyboard, pasted, undone, locked."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from store.locks import list_locks
from store.overrides import load_overrides
from tests.browser.filled import NOW

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)
PATH = "/forecast?queue=phone_billing&day=2026-03-11&at=10:00"
PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def opened(page: Page, address: str) -> None:
    page.goto(address + PATH)
    expect(page.get_by_role("gridcell", name="Wed 11 Mar 10:00–10:30")).to_be_in_viewport()


def expected(page: Page, row: int) -> str:
    return page.locator(f"#forecast-grid [row-index='{row}'] [col-id='expected']").inner_text()


def active(own: sessionmaker[Session]) -> list[tuple[str, float, str]]:
    with own() as session:
        kept = [one for one in load_overrides(session) if one.removed_at is None]
    return [(one.override.kind, one.override.value, one.override.reason) for one in kept]


def test_rows_are_adjusted_by_keyboard_and_undone_with_one_click(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house)
    page.locator("#forecast-grid [row-index='4'] [col-id='low']").click()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    said = re.compile(r"3 intervals selected, [\d,]+ expected on average")
    expect(page.locator("#forecast-selected")).to_have_text(said)
    page.locator("#forecast-quick-more").click()
    page.locator("#forecast-why").fill("<b>letter</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#forecast-toast-text")).to_have_text(re.compile(r"Saved: \+10.% on 3 intervals"))
    assert active(own) == [("percent", 10.0, "<b>letter</b>")]
    expect(page.locator("#forecast-adjustments-table")).to_contain_text("<b>letter</b>")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#forecast-toast-text")).to_have_text(re.compile("Undone: 1"))
    assert active(own) == []


def test_a_column_from_a_spreadsheet_waits_for_a_reason_and_is_then_the_forecast(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house)
    page.locator("#forecast-grid [row-index='2'] [col-id='low']").click()
    page.evaluate(PASTE, "31\r\nabc\r\n33\r\n")
    expect(page.locator("#forecast-preview")).to_contain_text("Row 2: “abc” is no number of contacts")
    expect(page.locator("#forecast-preview-sum")).to_contain_text("2 rows change")
    page.locator("#forecast-pending-save").click()
    expect(page.locator("#forecast-pending-fault")).to_contain_text("no reason")
    assert active(own) == []
    page.locator("#forecast-pending-why").fill("budget")
    page.locator("#forecast-pending-save").click()
    expect(page.locator("#forecast-grid [row-index='2'] [col-id='expected']")).to_have_text("31")
    expect(page.locator("#forecast-grid [row-index='4'] [col-id='expected']")).to_have_text("33")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#forecast-toast-text")).to_have_text(re.compile("Undone: 2"))


def test_enter_says_why_and_typing_sets_a_number(page: Page, house: str, own: sessionmaker[Session]) -> None:
    opened(page, house)
    page.locator("#forecast-grid [row-index='6'] [col-id='expected']").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".forecast-why-of")).to_have_text("Wed 11 Mar 11:30")
    page.keyboard.type("77")
    page.keyboard.press("Tab")
    expect(page.locator("#forecast-preview-sum")).to_contain_text("1 rows change")
    page.locator("#forecast-pending-why").fill("training")
    page.keyboard.press("Enter")
    expect(page.locator("#forecast-toast-text")).to_contain_text("1 numbers set")
    expect(page.locator("#forecast-grid [row-index='7'] [col-id='expected']")).to_have_text("77")
    assert [kind for kind, _, _ in active(own)] == ["absolute"]
    page.get_by_role("button", name=re.compile("^Remove")).first.click()
    expect(page.locator("#forecast-toast-text")).to_have_text("Adjustment removed")
    assert active(own) == []


def test_a_week_is_locked_and_released(page: Page, house: str, own: sessionmaker[Session]) -> None:
    opened(page, house)
    page.locator("#forecast-lock").click()
    expect(page.locator("#forecast-locks")).to_contain_text("wk 12")
    with own() as session:
        held = list_locks(session, released=False)
    assert [(one.first, one.created_at) for one in held] == [(dt.date(2026, 3, 16), NOW)]
    page.get_by_role("button", name=re.compile("^Release")).click()
    expect(page.locator("#forecast-no-locks")).to_be_visible()


def test_who_may_only_look_gets_no_box_to_tick_and_no_bar(page: Page, house_of_viewers: str) -> None:
    opened(page, house_of_viewers)
    expect(page.locator("#forecast-grid .ag-checkbox")).to_have_count(0)
    expect(page.locator("#forecast-lock")).to_be_hidden()
    expect(page.locator("#forecast-table")).to_contain_text("You may look here")
