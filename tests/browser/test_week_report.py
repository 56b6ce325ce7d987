"""Page Week report as a manager uses it: choose a week, read it, hold it against the store, take it along as PDF or Excel."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from forecast.reports.tongue import Tongue
from jobs.predict import save
from store.archive import load_archive
from store.drivers import save_drivers
from store.forecasts import create_version, publish_version
from store.keys import create_key
from store.locks import lock_span
from store.looking_ahead import look_ahead
from store.settings import Api, Models, Settings
from tests.browser.filled import NOW, QUEUES
from tests.browser.rest import at_rest, watched
from tests.browser.test_every_page import picture

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)
LAST, RUNS, UNPLANNED = "2026-W10", "2026-W11", "2026-W08"
PLANNED = dt.datetime(2026, 2, 28, 23, 0, tzinfo=dt.UTC)  # Sunday 1 March in Amsterdam
PARTS = ("known_events", "unexpected", "volume", "handling_time", "gap")
UNITS = (("contacts", 0), ("hours", 1), ("fte", 2))
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(scope="module", autouse=True)
def planned(own: sessionmaker[Session]) -> None:
    """The last week was forecast and locked on the Sunday before it; on its Monday letters were booked for its Tuesday."""
    models = Models(champion="level_profile", draws=100)
    with own() as session:
        archive = load_archive(session, country="NL", queues=QUEUES)
        made = PLANNED + dt.timedelta(minutes=2)
        version = create_version(session, run_id=None, cutoff=PLANNED, now=made)
        for name in QUEUES:
            ahead = look_ahead(archive, Settings(models=models), name, pd.Timestamp(PLANNED), days=9)
            save(session, version, queue=name, forecast=ahead)
        publish_version(session, version, made)
        monday, late = dt.date(2026, 3, 2), PLANNED + dt.timedelta(hours=1)
        lock_span(session, first=monday, last=monday + dt.timedelta(days=6), who="Ann", now=late)
        row = {"driver": ["letters"], "queue": ["phone_billing"], "value": [9_000.0], "worth": [0.02]}
        day, known = (pd.DatetimeIndex([one]) for one in ("2026-03-02 23:00+00:00", "2026-03-02 08:00+00:00"))
        save_drivers(session, pd.DataFrame({**row, "ds": day, "known_at": known}))
        session.commit()


@pytest.fixture(scope="module")
def api(own: sessionmaker[Session]) -> TestClient:
    """The API of the same company at the same moment."""
    with own() as session:
        key = create_key(session, "reader", ["read"], now=NOW)
        session.commit()
    app = create_app(Settings(api=Api()), own, clock=lambda: NOW)
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


def asked(api: TestClient, week: str = LAST, language: str = "en", **more: str) -> dict[str, Any]:
    """GET /v1/reports/week."""
    got = api.get("/v1/reports/week", params={"week": week, "language": language, **more})
    assert got.status_code == 200, got.text
    found: dict[str, Any] = got.json()
    return found


def rows(page: Page, table: str) -> dict[str, list[str]]:
    """Name of the row -> its cells."""
    found = page.locator(f"#week-report-{table}-table tbody tr").all()
    return {one.locator("th").inner_text(): one.locator("td").all_inner_texts() for one in found}


def count(text: str) -> float:
    """A number as it stands on the screen; a dash is nothing."""
    return 0.0 if text == "–" else float(re.sub(r"[^\d.−-]", "", text).replace("−", "-"))


def test_the_last_week_stands_there_with_the_numbers_of_the_api_and_its_parts_add_up(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/accuracy")
    page.locator("a[href^='/week-report']").first.click()
    told, tongue = asked(api), Tongue("en")
    expect(page.locator(".week-report-sentence")).to_have_text(told["sentence"])
    expect(page.locator("#week-report-week")).to_have_value("2026-W10 · 2 Mar – 8 Mar")
    picture(page, "week-report")
    total = told["total"]
    assert total["plan_is"] == "locked" and total["days_over"] == 7
    tiles = page.locator("#week-report .cards .card")
    expect(tiles.nth(0).locator(".big")).to_have_text(tongue.number(total["actual"]["contacts"]))
    expect(tiles.nth(0)).to_contain_text(f"plan {tongue.number(total['plan']['contacts'])}")
    expect(tiles.nth(1).locator(".big")).to_contain_text(tongue.number(total["actual"]["aht_seconds"]))
    expect(tiles.nth(2).locator(".big")).to_contain_text(tongue.number(total["actual"]["hours"]))

    shown = list(rows(page, "parts").values())
    for place, part in enumerate(PARTS):
        want = [tongue.number(total["gap"][unit][part], digits, sign=True) for unit, digits in UNITS]
        assert shown[place][:3] == want, part
    for column, (_, digits) in enumerate(UNITS):
        known, unexpected, volume, handling, gap = (count(row[column]) for row in shown)
        assert known + unexpected == pytest.approx(volume, abs=10**-digits / 2)
        assert volume + handling == pytest.approx(gap, abs=10**-digits / 2)


def test_every_queue_has_its_row_and_the_rows_add_up_to_the_total_and_to_the_days(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/week-report?week={LAST}")
    told, tongue = asked(api), Tongue("en")
    expect(page.locator(".week-report-sentence")).to_have_text(told["sentence"])
    held = rows(page, "queues")
    assert list(held) == [*(one["queue"] for one in told["queues"]), "Total"]
    for one in (*told["queues"], {**told["total"], "queue": "Total"}):
        want = [tongue.number(one[side]["contacts"]) for side in ("plan", "actual")]
        assert held[one["queue"]][:3] == [*want, tongue.number(one["gap"]["contacts"]["gap"], sign=True)]
    for column in range(3):
        parts = [count(row[column]) for name, row in held.items() if name != "Total"]
        assert sum(parts) == count(held["Total"][column])
    hours = rows(page, "hours")
    for row in hours.values():
        plan, came, *parts, gap = (count(one) for one in row[:6])
        assert came - plan == pytest.approx(gap, abs=0.051) and sum(parts) == pytest.approx(gap, abs=0.051)
    assert "letters" in str(rows(page, "events")) and "phone_billing" in str(rows(page, "events"))
    by_day = [tongue.number(told["total"]["gap_by_day"][day], sign=True) for day in DAYS]
    assert page.locator(".week-report-day .value").all_inner_texts() == by_day
    expect(page.locator(".week-report-bars")).to_have_attribute("aria-label", re.compile("Monday"))


def test_another_week_and_another_queue_are_chosen_and_a_week_without_a_plan_says_what_to_do(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/week-report")
    sentence = page.locator(".week-report-sentence")
    expect(sentence).to_have_text(asked(api)["sentence"])
    page.locator("#week-report-queues").click()
    page.get_by_role("option", name="phone_outage").click()
    expect(sentence).to_have_text(asked(api, queue="phone_outage")["sentence"])
    assert list(rows(page, "queues")) == ["phone_outage"]
    page.keyboard.press("Escape")
    page.locator("[aria-label='Show all queues']").click()
    page.locator("#week-report-week").click()
    page.get_by_role("option", name=re.compile(RUNS)).click()
    running = asked(api, RUNS)
    assert running["days_over"] == 1
    expect(sentence).to_have_text(running["sentence"])
    page.locator("#week-report-week").click()
    page.get_by_role("option", name=re.compile(UNPLANNED)).click()
    expect(page.locator("#week-report .notice")).to_contain_text("Lock the coming week on the page Forecast")
    expect(sentence).to_have_text(asked(api, UNPLANNED)["sentence"])
    picture(page, "week-report-no-plan")


def test_the_report_is_taken_along_as_one_page_and_as_a_workbook_with_the_numbers_of_the_screen(
    page: Page, house: str, api: TestClient
) -> None:
    page.goto(f"{house}/week-report?week={LAST}")
    expect(page.locator("#week-report-queues")).to_be_visible()
    expect(page.locator(".week-report-sentence")).to_be_visible()
    files = {}
    for name, kind in (("Save as PDF", "pdf"), ("Save for Excel", "xlsx")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"week-report-{LAST}.{kind}"
        files[kind] = Path(download.value.path()).read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", files["pdf"])) == 1
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    told = asked(api)
    for one in (told["total"], *told["queues"]):
        for side in ("plan", "actual"):
            assert any(
                isinstance(cell, int | float) and round(cell) == round(one[side]["contacts"])
                for cell in cells
            ), (one["queue"], side)
    assert told["sentence"] in cells


def test_a_dutch_manager_reads_and_saves_it_in_dutch(page: Page, house: str, api: TestClient) -> None:
    watched(page).goto(f"{house}/week-report?week={LAST}")
    at_rest(page)
    page.locator("#language label", has_text="NL").click()
    told = asked(api, language="nl")
    expect(page.locator(".week-report-sentence")).to_have_text(told["sentence"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Weekrapport")
    assert list(rows(page, "parts")) == ["Bekend", "Onverwacht", "Volume", "Afhandeltijd", "Verschil"]
    said = page.locator("main").inner_text()
    assert not re.search(r"\b(Week report|Total|Plan a|Unexpected|Save)\b", said)
    total = Tongue("nl").number(told["total"]["actual"]["contacts"])
    expect(page.locator("#week-report .cards .big").first).to_have_text(total)
    at_rest(page)
    picture(page, "week-report-dutch")
    with page.expect_download() as download:
        page.get_by_role("button", name="Opslaan voor Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert "Wachtrijen" in book.sheetnames and told["sentence"] in json.dumps(
        [row for sheet in book for row in sheet.iter_rows(values_only=True)], default=str, ensure_ascii=False
    )
