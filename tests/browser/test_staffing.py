"""Page Staffing as a planner uses it: read a day, move a promise, send the link on, ask the other way round, export next week."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from store.keys import create_key
from store.settings import Api, Settings
from tests.browser.filled import NOW

expect.set_options(timeout=60_000)
QUEUE, DAY = "phone_billing", "2026-03-11"


@pytest.fixture(scope="module")
def api(own: sessionmaker[Session]) -> TestClient:
    """GET /v1/staffing of the same company at the same moment."""
    with own() as session:
        key = create_key(session, "reader", ["read"], now=NOW)
        session.commit()
    app = create_app(Settings(api=Api()), own, clock=lambda: NOW)
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


def needed(api: TestClient, **asked: float) -> dict[str, float]:
    """Start in UTC -> net agents, by the API."""
    end = str(dt.date.fromisoformat(DAY) + dt.timedelta(days=1))
    params: dict[str, str | float] = {"queue": QUEUE, "start": DAY, "end": end, **asked}
    got = api.get("/v1/staffing", params=params)
    assert got.status_code == 200, got.text
    return {row["start_utc"].replace("+00:00", "Z"): row["agents_net"] for row in got.json()["rows"]}


def shown(page: Page) -> list[str]:
    """Net agents in the rows of the table that are there."""
    cells = page.locator("#staffing-rows .ag-center-cols-container [col-id=agents_net]")
    return [one.strip() for one in cells.all_inner_texts()]


def hours(page: Page) -> float:
    return float(page.locator("#staffing-total").inner_text().split()[0].replace(",", ""))


def test_a_planner_reads_a_day_moves_a_promise_and_sends_the_link_on(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/staffing?queue={QUEUE}&day={DAY}")
    expect(page.locator("#staffing-total")).to_be_visible()
    expect(page.locator("#staffing-rows .ag-row").first).to_be_visible()
    by_api = needed(api)
    first = [f"{value:.0f}" for value in by_api.values()][:8]
    assert shown(page)[:8] == first
    before = hours(page)
    assert before == pytest.approx(sum(by_api.values()) / 2, abs=0.51)

    thumb = page.get_by_role("slider", name="Service level")
    thumb.focus()
    for _ in range(10):
        thumb.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"[?&]sl=90(&|$)"))
    stricter = needed(api, service_level=0.9)
    expect(page.locator("#staffing-total")).to_have_text(
        re.compile(rf"^{sum(stricter.values()) / 2:,.0f} |^{sum(stricter.values()) / 2 + 0.01:,.0f} ")
    )
    assert sum(stricter.values()) > sum(by_api.values())

    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator("#staffing-sl-number")).to_have_value("90 %")
    assert shown_when_there(page)[:8] == [f"{value:.0f}" for value in stricter.values()][:8]
    page.locator("#language").get_by_text("NL").click()
    expect(page.get_by_role("heading", name="Wat je belooft")).to_be_visible()
    expect(page.locator("#staffing-sl-number")).to_have_value("90 %")
    page.get_by_role("button", name="Zoals ingesteld").click()
    expect(page.locator("#staffing-sl-number")).to_have_value("80 %")
    expect(page).not_to_have_url(re.compile("sl="))


def shown_when_there(page: Page) -> list[str]:
    expect(page.locator("#staffing-rows .ag-row").first).to_be_visible()
    return shown(page)


def test_the_other_way_round_and_without_a_plan(page: Page, house: str, api: TestClient) -> None:
    page.goto(f"{house}/staffing?queue={QUEUE}&day={DAY}")
    field = page.locator("#staffing-agents")
    field.fill("12")
    expect(page.locator("#staffing-reached-service")).to_be_visible()
    body = {"queue": QUEUE, "start": DAY, "end": "2026-03-12", "agents": 12, "marked": "net"}
    told = api.post("/v1/staffing/check", json=body).json()
    level = round(100 * told["days"][0]["service_level"])
    expect(page.locator("#staffing-reached-service")).to_have_text(f"{level}\u00a0%")
    expect(page.locator("#staffing-plan")).to_contain_text("There is no plan for these days")
    expect(page.locator("#staffing-plan a")).to_have_attribute("href", "/data?tab=files")
    assert page.locator("#staffing-figure-box").get_attribute("role") == "img"
    assert "agents needed (net)" in (page.locator("#staffing-figure-box").get_attribute("aria-label") or "")


def test_all_channels_are_stacked_and_nothing_scrolls_sideways(page: Page, house: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 800})
    page.goto(f"{house}/staffing?scope=all&span=week&day={DAY}&marked=gross")
    expect(page.locator("#staffing-legend")).to_contain_text("phone")
    expect(page.locator("#staffing-legend")).to_contain_text("e-mail")
    expect(page.locator("#staffing-figure-box .barlayer .point").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    page.set_viewport_size({"width": 1440, "height": 900})


def test_next_week_is_exported_in_two_clicks_and_the_layout_is_remembered(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/staffing?export=week&queue={QUEUE}")
    expect(page.locator("#staffing-export-download")).to_be_in_viewport()
    page.locator("#staffing-export-layout").click()
    page.get_by_role("option", name="Plain CSV, a row per queue and interval").click()
    expect(page.locator("#staffing-export-which")).to_contain_text(".csv")
    with page.expect_download() as found:
        page.locator("#staffing-export-download").click()
    text = found.value.path().read_bytes()
    params = {"queue": QUEUE, "start": "2026-03-16", "end": "2026-03-23"}
    assert text == api.get("/v1/exports/tidy", params=params).content
    page.goto(f"{house}/staffing?export=week&queue={QUEUE}")
    expect(page.locator("#staffing-export-layout")).to_have_value("Plain CSV, a row per queue and interval")
    with page.expect_download() as again:
        page.locator("#staffing-export-download").click()
    assert again.value.suggested_filename.startswith("forecall-tidy-20260316")


def test_an_empty_house_says_what_to_do(page: Page, served_empty: str) -> None:
    page.goto(f"{served_empty}/staffing")
    expect(page.get_by_role("heading", name="No contacts have been loaded yet")).to_be_visible()
