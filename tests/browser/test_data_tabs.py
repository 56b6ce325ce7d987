"""The tabs of the data page as a planner walks them: calendar, opening hours, drivers, queues, quality."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.data.findings import FEW
from api.hours_told import hours_of
from forecast.buckets import Interval
from store.day_rules import load_day_rules
from store.drivers import load_drivers
from store.hour_exceptions import load_exceptions
from store.queue_map import load_moves
from store.queues import Queue, save_queue

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)


def opened(page: Page, house: str, tab: str, queue: str = "phone_outage") -> None:
    page.goto(f"{house}/data?tab={tab}&queue={queue}")
    expect(page.locator(f"#data-{tab}-body")).not_to_be_empty()


def saved(page: Page, tab: str) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(f"#data-{tab}-said .done")).to_be_visible()


def undone(page: Page, tab: str) -> None:
    page.locator(f"#data-{tab}-said").get_by_role("button", name="Undo").click()
    expect(page.locator(f"#data-{tab}-said")).to_contain_text("Taken back")


def test_the_tab_stands_in_the_address_and_arrows_go_from_one_to_the_next(page: Page, house: str) -> None:
    page.goto(f"{house}/data")
    page.get_by_role("tab", name="Calendar").click()
    expect(page).to_have_url(re.compile("tab=calendar"))
    expect(page.locator("#data-calendar-year")).to_be_visible()
    page.get_by_role("tab", name="Calendar").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("tab=drivers"))
    expect(page.get_by_role("tab", name="Drivers")).to_be_focused()
    page.go_back()
    expect(page.locator("#data-calendar-year")).to_be_visible()


def test_a_day_is_picked_by_keyboard_named_previewed_saved_and_undone(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house, "calendar")
    page.locator('button[data-day="2026-03-10"]').focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator('button[data-day="2026-03-18"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Date", exact=True)).to_have_value("2026-03-18")
    page.get_by_label("Name", exact=True).fill("<b>Letter</b> run")
    page.get_by_role("textbox", name="When").click()
    page.get_by_role("option", name="every month on this day").click()
    expect(page.locator("#data-calendar-preview li")).to_have_count(5)
    expect(page.locator("#data-calendar-preview")).to_contain_text("Sat 18 Apr 2026")
    saved(page, "calendar")
    expect(page.locator("#data-days")).to_contain_text("<b>Letter</b> run")
    expect(page.locator('button[data-day="2026-04-18"]')).to_have_attribute(
        "aria-label", re.compile("Letter.*special day")
    )
    assert page.locator("#data-days b").count() == 0
    with own() as session:
        assert [rule.name for rule in load_day_rules(session)] == ["<b>Letter</b> run"]
    undone(page, "calendar")
    with own() as session:
        assert load_day_rules(session) == []


def test_hours_from_a_day_on_and_a_closed_day_are_saved_and_undone(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    with own() as session:
        before = hours_of(session, "phone_outage")
    opened(page, house, "hours")
    page.get_by_role("button", name="Other hours from a day on").click()
    page.get_by_label("Hours on Sat").fill("10-16")
    expect(page.locator("#data-hours-preview")).to_contain_text("10:00–16:00")
    saved(page, "hours")
    expect(page.locator("#data-hours-body")).to_contain_text("from Mon 16 Mar 2026")
    undone(page, "hours")
    expect(page.locator("#data-hours-body")).not_to_contain_text("from Mon 16 Mar 2026")
    with own() as session:
        assert hours_of(session, "phone_outage") == before
    page.get_by_role("button", name="Add a day").click()
    page.get_by_label("Date", exact=True).fill("2026-03-19")
    expect(page.locator("#data-hours-preview")).to_contain_text("Days that change: 1")
    saved(page, "hours")
    with own() as session:
        assert load_exceptions(session, queue="phone_outage")["opens"].tolist() == [""]
    expect(page.locator("#data-hours-body")).to_contain_text("19 Mar")
    undone(page, "hours")
    expect(page.locator("#data-hours-body")).not_to_contain_text("19 Mar")
    page.get_by_role("button", name="Add a day").click()
    page.get_by_label("Open", exact=True).fill("half past")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#data-hours-said [role=alert]")).to_contain_text("are no hours")


def test_two_columns_are_pasted_as_a_plan_and_taken_back(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house, "drivers")
    page.get_by_role("button", name="Add an amount").click()
    page.get_by_label("Driver", exact=True).fill("letters")
    page.get_by_label("Amount", exact=True).fill("500")
    page.get_by_label("Date", exact=True).fill("2026-03-16")
    expect(page.locator("#data-drivers-preview")).to_contain_text("Mon 16 Mar 2026")
    saved(page, "drivers")
    page.get_by_role("button", name="Edit or paste").click()
    page.get_by_label("Paste two columns").fill("date\tamount\n2026-03-17\t1,200\n18-3-2026\t300")
    expect(page.locator("#data-drivers-preview")).to_contain_text("Wed 18 Mar 2026")
    saved(page, "drivers")
    expect(page.locator("#data-driver-coming")).to_contain_text("1,200")
    with own() as session:
        assert load_drivers(session)["value"].tolist() == [500.0, 1200.0, 300.0]
    undone(page, "drivers")
    expect(page.locator("#data-driver-coming")).not_to_contain_text("1,200")
    with own() as session:
        assert load_drivers(session)["value"].tolist() == [500.0]


def test_a_split_shows_last_week_is_saved_and_undone_from_its_row(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    opened(page, house, "queues")
    page.get_by_role("button", name="Split").click()
    page.get_by_role("textbox", name="Queue").click()
    page.get_by_role("option", name="phone_billing").click()
    page.get_by_label("Into (1)").fill("north")
    page.get_by_label("Share").first.fill("70")
    expect(page.locator("#data-queues-preview")).to_contain_text("north")
    saved(page, "queues")
    with own() as session:
        assert [(one.move.queue, one.move.into, one.move.share) for one in load_moves(session)] == [
            ("phone_billing", "north", 0.7)
        ]
    page.locator("#data-moves").get_by_role("button", name="Undo").click()
    expect(page.locator("#data-moves .gone")).to_be_visible()
    with own() as session:
        assert load_moves(session) == []


def test_quality_has_a_line_per_queue_and_cards_beside_the_counts(page: Page, house: str) -> None:
    opened(page, house, "quality")
    expect(page.locator("#data-quality-queues tbody tr")).to_have_count(3)
    expect(page.locator("#data-quality-late .card")).to_have_count(4)
    page.locator("#data-quality-queues").get_by_role("link", name="email_billing").click()
    expect(page.locator("#data-findings h2").first).to_have_text("What stands out in email_billing")


def test_with_many_queues_all_are_looked_at_when_asked_for(
    page: Page, house: str, own: sessionmaker[Session]
) -> None:
    with own() as session:
        for place in range(FEW):
            save_queue(session, Queue(f"other {place:02}", "phone", "all", Interval.HOUR, "Europe/Amsterdam"))
        session.commit()
    opened(page, house, "quality")
    expect(page.locator("#data-findings")).to_contain_text("Only by the rows of phone_outage itself")
    page.get_by_role("button", name="Look at all 15 queues").click()
    expect(page.locator("#data-quality-queues")).to_contain_text("To look at")
    expect(page.locator("#data-quality-progress")).to_be_empty()


@pytest.mark.parametrize("tab", ["quality", "calendar", "drivers", "hours", "queues"])
def test_who_may_only_look_gets_no_button_that_writes_and_nothing_is_too_wide(
    house_of_viewers: str, chromium: Browser, tab: str
) -> None:
    context = chromium.new_context(viewport={"width": 1024, "height": 900}, locale="nl-NL")
    try:
        page = context.new_page()
        page.goto(f"{house_of_viewers}/data?tab={tab}")
        expect(page.locator(f"#data-{tab}-body")).not_to_be_empty()
        expect(page.locator(".data-look-only")).to_contain_text("U kunt dit bekijken")
        names = {one.strip() for one in page.locator("main button.button").all_inner_texts()}
        looks = {
            one for one in names if one.endswith("wachtrijen bekijken")
        }  # of many queues all are read when asked
        assert names - looks <= {"‹", "›", "Tonen"}
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        context.close()


def test_the_year_may_be_another_one(page: Page, house: str) -> None:
    opened(page, house, "calendar")
    page.get_by_role("button", name=f"Show {dt.date(2027, 1, 1).year}").click()
    expect(page.locator('button[data-day="2027-12-31"]')).to_be_visible()
