"""Page Scenario as a planner uses it: a campaign is tried out, compared, booked, seen among what is planned, taken back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.dashboard.scenario.work import moment
from api.dashboard.words import Words
from forecast.simulate import energy_supplier, simulate
from store.audit import load_audit
from store.drivers import load_drivers, save_drivers
from store.keys import create_key
from store.scenarios import load_scenarios
from store.settings import Api, Models, Settings
from tests.browser.conftest import House
from tests.browser.filled import DAYS, NOW
from tests.browser.test_every_page import picture

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)
EN = Words("en")
QUEUE, DAY = "phone_billing", "2026-03-17"
QUICK = Models(champion="level_profile", draws=100)  # half a second a queue
LETTERS = {"kind": "driver", "driver": "letters", "date": DAY, "value": 40_000, "queue": QUEUE}
FITS = """() => document.querySelector('#scenario-figure .main-svg')?.getBoundingClientRect().bottom
  <= document.querySelector('#scenario-figure-box').getBoundingClientRect().bottom + 1"""
SAID = f"40,000 letters on Tue 17 Mar · {QUEUE}"


@pytest.fixture(scope="module", autouse=True)
def mailed(own: sessionmaker[Session]) -> None:
    """The letters and invoices of the company whose contacts are in the store, so that their effect is measured."""
    world = simulate(energy_supplier(), days=DAYS, end=pd.Timestamp(NOW).floor("30min"), seed=7)
    with own() as session:
        save_drivers(session, world.drivers)
        session.commit()


@dataclass
class Quick(House):
    """The house of the other tests, with a method that learns fast."""

    def build(self) -> FastAPI:
        api = Api.model_validate({"open_dashboard": True, "open_scopes": self.may})
        return create_app(Settings(api=api, models=QUICK), self.make, clock=lambda: NOW)


@pytest.fixture(scope="module")
def quick(own: sessionmaker[Session]) -> Iterator[str]:
    """The address of a company whose visitors may change everything."""
    server = Quick(own)
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def api(own: sessionmaker[Session]) -> TestClient:
    """The API of the same company, at the moment that scenarios of this half hour share."""
    with own() as session:
        key = create_key(session, "planner", ["plan"], now=NOW)
        session.commit()
    app = create_app(Settings(api=Api(), models=QUICK), own, clock=lambda: moment(NOW).to_pydatetime())
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


def answered(api: TestClient, *events: dict[str, Any]) -> dict[str, Any]:
    """POST /v1/scenarios."""
    got = api.post("/v1/scenarios", json={"events": list(events)})
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def planned(own: sessionmaker[Session]) -> list[tuple[str, float]]:
    """(queue, amount) of the letters that are planned on the day of the campaign."""
    with own() as session:
        held = load_drivers(session, start=NOW)
    zone = pd.DatetimeIndex(held["ds"]).tz_convert("Europe/Amsterdam")
    mine = held[(held["driver"] == "letters") & (zone.strftime("%Y-%m-%d") == DAY)]
    return [(str(queue), float(value)) for queue, value in zip(mine["queue"], mine["value"], strict=True)]


def chosen(page: Page, field: Locator, option: str | re.Pattern[str]) -> None:
    """Choose from a list as a user does."""
    field.click()
    page.get_by_role("option", name=option).click()


def form(page: Page, address: str, event: str = "letters") -> None:
    """The page with the form of a campaign for phone_billing."""
    page.goto(f"{address}/scenario?event={event}")
    chosen(page, page.locator("#queue"), re.compile(QUEUE))
    expect(page.locator("#queue")).to_have_value(re.compile(QUEUE))
    if event == "letters":  # the form of that queue is there, and what is typed stays
        expect(page.get_by_role("textbox", name="For", exact=True)).to_have_value(QUEUE)
        expect(page.locator("#scenario-worth")).to_contain_text(QUEUE)


def amount(page: Page) -> Locator:
    return page.get_by_label("How many")


def worked_out(page: Page) -> None:
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#scenario-cards .card").first).to_be_visible()


def test_letters_from_the_start_page_stand_beside_the_forecast_with_the_numbers_of_the_api(
    page: Page, quick: str, api: TestClient
) -> None:
    page.goto(quick)
    page.get_by_role("link", name="Plan a campaign").click()
    expect(page).to_have_url(re.compile(r"/scenario\?.*event=letters"))
    expect(
        page.get_by_role("heading", name="Scenario", level=1)
    ).to_be_visible()  # the address changes before the page
    chosen(page, page.locator("#queue"), re.compile(QUEUE))
    expect(page.get_by_role("textbox", name="Driver")).to_have_value("letters")
    expect(page.get_by_label("They arrive on")).to_have_value(DAY)
    expect(page.locator("#scenario-worth")).to_contain_text(re.compile(r"1,000 letters bring phone_billing"))
    amount(page).fill("40000")
    picture(page, "scenario-form")
    page.get_by_role("button", name="Add to scenario").click()
    expect(page.locator("#scenario-columns .scenario-column").first).to_contain_text(SAID)
    worked_out(page)
    page.wait_for_function(FITS)
    picture(page, "scenario-result")

    told = answered(api, LETTERS)
    total, queue = told["total"], told["queues"][0]
    base, more = total["forecast"]["mean"], total["difference"]["mean"]
    low, high = (total["difference"]["quantiles"][one] for one in ("0.1", "0.9"))
    cards = page.locator("#scenario-cards .card")
    expect(cards.nth(0).locator(".big")).to_have_text(EN.number(base))
    expect(cards.nth(1).locator(".big")).to_have_text(f"{EN.number(more, sign=True)} contacts")
    band = [EN.number(one, sign=True) for one in (low, high)]
    expect(cards.nth(1)).to_contain_text(f"8 in 10 between {band[0]} and {band[1]}")
    hours = sum(day["agent_hours"]["difference_gross"] for day in queue["days"])
    expect(cards.nth(1)).to_contain_text(f"{EN.number(hours, sign=True)} agent hours (gross)")

    row = page.locator(".scenario-table tbody tr").nth(1).locator("td")
    want = ["", "A", EN.number(total["scenario"]["mean"]), EN.number(more, sign=True)]
    assert row.all_inner_texts()[:6] == [*want, " to ".join(band), EN.number(hours, 1, sign=True)]
    chart = page.locator("#scenario-figure-box")
    said = f"{EN.number(base)} contacts as it is; A: {EN.number(total['scenario']['mean'])}."
    expect(chart).to_have_attribute("aria-label", re.compile(re.escape(said)))
    expect(page.locator("#scenario-figure .bars .point")).to_have_count(2 * len(queue["days"]))
    note = EN.number(told["notes"][0]["contacts"], sign=True)
    expect(page.locator("#scenario-notes")).to_contain_text(
        f"{QUEUE}: {note} contacts · measured from history"
    )

    worst = max(queue["days"], key=lambda day: abs(day["difference"]["mean"]))
    chosen(
        page,
        page.locator("#scenario-day"),
        f"{EN.day(dt.datetime.fromisoformat(worst['date']))}, by interval",
    )
    of_day = f"A: {EN.number(worst['scenario']['mean'])}."
    expect(chart).to_have_attribute("aria-label", re.compile(re.escape(of_day)))
    expect(page.locator("#scenario-figure .scatterlayer .trace")).to_have_count(2)
    picture(page, "scenario-intervals")


def test_a_campaign_is_booked_seen_among_what_is_planned_and_taken_back(
    page: Page, quick: str, own: sessionmaker[Session]
) -> None:
    form(page, quick)
    amount(page).fill("40000")
    page.get_by_role("button", name="Book this campaign").click()
    expect(page.locator("#scenario-booked-said")).to_contain_text("Booked: 40,000 letters on Tue 17 Mar")
    listed = page.locator(".scenario-planned li")
    expect(listed.first).to_contain_text("40,000 letters on Tue 17 Mar · every queue")  # as all before it
    assert planned(own) == [("", 40_000.0)]
    picture(page, "scenario-booked")

    page.reload()  # it stands there for everybody, not only for who booked it
    out = page.get_by_role("button", name="Take out of the plan: 40,000 letters on Tue 17 Mar")
    out.click()
    expect(page.locator("#scenario-booked")).to_contain_text("Taken back: 40,000 letters")
    expect(out).to_have_count(0)
    assert planned(own) == []

    page.get_by_role("button", name="Put it back").click()
    expect(out).to_be_visible()
    assert planned(own) == [("", 40_000.0)]
    page.locator("#scenario-booked").get_by_role("button", name="Undo").click()
    expect(out).to_have_count(0)
    assert planned(own) == []
    with own() as session:
        acts = [one.act for one in load_audit(session)]
    assert sorted(one for one in acts if one.startswith("driver.")) == [
        *["driver.remove"] * 2, *["driver.save"] * 2]  # fmt: skip


def test_a_fault_is_said_in_place_and_what_was_filled_in_stays(
    page: Page, quick: str, own: sessionmaker[Session]
) -> None:
    form(page, quick)
    page.get_by_role("button", name="Work it out").click()
    expect(page.locator("#scenario-said")).to_contain_text("Nothing is supposed yet")
    amount(page).fill("")
    page.get_by_role("button", name="Add to scenario").click()
    expect(page.locator("#scenario-said [role=alert]")).to_contain_text("A number is missing")
    expect(page.locator(".scenario-column.empty")).to_have_count(3)
    picture(page, "scenario-fault")
    amount(page).fill("500")
    page.get_by_label("They arrive on").fill("2026-03-02")
    page.get_by_role("button", name="Book this campaign").click()
    expect(page.locator("#scenario-booked [role=alert]")).to_contain_text("2026-03-02 is past")
    assert planned(own) == []
    page.get_by_label("They arrive on").fill(DAY)
    page.get_by_role("button", name="Add to scenario").click()
    expect(page.locator(".scenario-column.empty")).to_have_count(2)
    expect(page.locator("#scenario-said [role=alert]")).to_have_count(0)


def test_two_scenarios_are_kept_by_name_opened_again_deleted_and_brought_back(
    page: Page, quick: str, own: sessionmaker[Session], api: TestClient
) -> None:
    form(page, quick, "change")
    page.get_by_role("button", name="Add to scenario").click()
    expect(page.locator(".scenario-column").first).to_contain_text("+10 % contacts")
    page.get_by_label("Per cent").fill("-20")
    page.locator("#scenario-into label", has_text="B").click()
    page.get_by_role("button", name="Add to scenario").click()
    expect(page.locator(".scenario-column").nth(1)).to_contain_text(f"{EN.number(-20, sign=True)} % contacts")
    worked_out(page)
    span = {"kind": "change", "queue": QUEUE, "from": DAY, "to": "2026-03-18"}
    for place, percent in ((1, 10), (2, -20)):
        more = answered(api, {**span, "percent": percent})["total"]["difference"]["mean"]
        card = page.locator("#scenario-cards .card").nth(place)
        expect(card.locator(".big")).to_have_text(f"{EN.number(more, sign=True)} contacts")
    chosen(page, page.get_by_role("textbox", name="Scenario", exact=True), "B")
    page.get_by_label("Keep it as").fill("<b>Fewer</b>")
    page.get_by_role("button", name="Keep", exact=True).click()
    row = page.locator("#scenario-kept-table tbody tr").first
    expect(row).to_contain_text("<b>Fewer</b>")
    with own() as session:
        assert [one.name for one in load_scenarios(session)] == ["<b>Fewer</b>"]
    picture(page, "scenario-two")

    page.reload()
    expect(page.locator("#scenario-result")).to_be_hidden()
    row.get_by_role("button", name=re.compile("^Open")).click()
    expect(page.locator("#scenario-cards .card")).to_have_count(2)
    expect(page.locator("#scenario-cards .card").nth(1).locator(".big")).to_have_text(
        f"{EN.number(more, sign=True)} contacts"
    )
    row.get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.locator("#scenario-kept-said")).to_contain_text("Deleted: <b>Fewer</b>")
    expect(page.locator("#scenario-kept-table")).to_have_count(0)
    page.locator("#scenario-kept-said").get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("<b>Fewer</b>")


@pytest.mark.long  # with the combination of methods, which leaves time to press a button
def test_a_calculation_that_nobody_waits_for_any_more_is_stopped(page: Page, house: str) -> None:
    form(page, house, "change")
    chosen(page, page.get_by_role("textbox", name="For", exact=True), "every queue")
    page.get_by_role("button", name="Add to scenario").click()
    page.get_by_role("button", name="Work it out").click()
    page.locator("#scenario-stop").click()
    expect(page.locator("#scenario-progress")).to_contain_text("The calculation was stopped")
    expect(page.locator("#scenario-result")).to_be_hidden()


def test_who_may_only_look_gets_no_form_and_no_button_that_works(page: Page, house_of_viewers: str) -> None:
    page.goto(f"{house_of_viewers}/scenario?event=letters")
    expect(page.locator("main")).to_contain_text("You may look at scenarios here")
    expect(page.locator(".scenario-planned li").first).to_be_visible()
    for name in ("Book this campaign", "Work it out", "Keep"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    for button in page.get_by_role("button", name=re.compile("^Take out of the plan")).all():
        expect(button).to_be_disabled()
