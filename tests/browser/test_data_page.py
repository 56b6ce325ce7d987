"""The data page as a planner uses it: a file is dropped, looked at, corrected, loaded, and taken away again."""

from __future__ import annotations

import base64
import datetime as dt
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.dashboard.data import check as data_check
from api.dashboard.data import files as data_files
from api.dashboard.data import held as data_held
from api.dashboard.data import parts as data_parts
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.budgets import load_budgets
from store.column_maps import list_column_maps
from store.database import connect, sessions
from store.keys import create_key
from store.settings import Settings
from store.tables import AuditRow
from store.uploads import list_uploads
from store.volumes import load_volumes
from tests.browser.conftest import Served, Watch
from tests.browser.filled import NOW
from tests.browser.test_dashboard_alerts import all_texts

CONFIG = Settings.model_validate({"company": {"timezone": "Europe/Amsterdam", "country": "NL"}})
EN, NL = Words("en"), Words("nl")
expect.set_options(timeout=60_000)  # a machine that tests has other things to do
GOOD = b"queue,interval_start,offered\nSales,2026-02-16 09:00,12\nSales,2026-02-16 09:30,8\nSales,2026-02-16 10:00,x\n"
UNCLEAR = b"queue,interval_start,offered\nSales,02-03-2026 09:00,12\nSales,02-03-2026 10:00,8\n"
STRANGE = b"Afdeling,Moment,Stuks\nVerkoop,2026-02-16 09:00,12\nVerkoop,2026-02-16 10:00,8\n"


def dutch_workbook() -> tuple[bytes, dict[str, int]]:
    """What a Dutch planner has: titles, Datum, Tijdvak, Wachtrij, Aanbod, a subtotal per day, a footer; and the totals."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Overzicht"
    page.append(["Overzicht klantcontact"])
    page.append(["Periode", "week 8 2026"])
    page.append([])
    page.append(["Datum", "Tijdvak", "Wachtrij", "Aanbod"])
    totals = {"Facturen": 0, "Storing": 0}
    for day in range(16, 21):
        of_day = 0
        for slot in range(16, 36):
            for queue in totals:
                offered = (day * slot + len(queue)) % 37
                start, end = (f"{one // 2:02}:{30 * (one % 2):02}" for one in (slot, slot + 1))
                page.append([f"{day}-02-2026", f"{start} - {end}", queue, offered])
                totals[queue] += offered
                of_day += offered
        page.append(["Subtotaal", None, None, of_day])
    page.append(["Totaal", None, None, sum(totals.values())])
    page.append([])
    page.append(["Bron: ACD, afgedrukt op 21-02-2026"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), totals


@dataclass
class House:
    """A company without data: its sessions, a key per scope, and the address it is served at."""

    make: sessionmaker[Session]
    engine: Engine
    keys: dict[str, str]
    app: FastAPI
    address: str = ""


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "forecall.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}", wait=10)
    make = sessions(engine)
    with make() as session:
        scopes = {
            "read": ["read"],
            "plan": ["read", "plan"],
            "write": ["read", "write"],
            "admin": ["admin"],
        }
        keys = {name: create_key(session, name, held, now=NOW) for name, held in scopes.items()}
        session.commit()
    yield House(make, engine, keys, create_app(CONFIG, make, clock=lambda: NOW))
    engine.dispose()


@dataclass
class ServedHouse(Served):
    """The whole application, guard included."""

    app: FastAPI | None = None

    def build(self) -> FastAPI:
        assert self.app is not None
        return self.app


Visit = Callable[..., Page]


@pytest.fixture
def visit(house: House, chromium: Browser, watch: Watch) -> Iterator[Visit]:
    """Sign in with a key of a scope and open the data page."""
    server = ServedHouse(house.make, app=house.app)
    server.start()
    house.address = server.address
    contexts = []

    def opened(scope: str = "write", *, language: str = "nl", width: int = 1440) -> Page:
        locale = {"nl": "nl-NL", "en": "en-GB"}[language]
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale=locale)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(f"{server.address}/sign-in?next=/data")
        page.locator("#key").fill(house.keys[scope])
        page.locator("form button[type=submit]").click()
        expect(page.locator("#data-held")).not_to_be_empty(timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    server.stop()
    assert watch.strangers == []
    assert watch.errors == []


def choose(page: Page, name: str, data: bytes) -> None:
    """Choose a file, and wait for what is said of it."""
    page.locator("#data-file input[type=file]").set_input_files(
        {"name": name, "mimeType": "", "buffer": data}
    )
    expect(page.locator("#data-found, #data-check .notice").first).to_be_visible(timeout=60_000)


DROP = """([name, text]) => {
    const zone = document.querySelector("#data-file .drop"), held = new DataTransfer();
    held.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], name));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: held }));
    }
}"""


def totals(house: House) -> dict[str, float]:
    with house.make() as session:
        held = load_volumes(session)
    return {str(name): float(value) for name, value in held.groupby("queue")["offered"].sum().items()}


@pytest.mark.browser
def test_a_dutch_workbook_is_dropped_looked_at_and_loaded(house: House, visit: Visit) -> None:
    data, wanted = dutch_workbook()
    page = visit("write")
    page.evaluate(DROP, ["Overzicht week 8.xlsx", base64.b64encode(data).decode()])
    expect(page.locator("#data-would")).to_contain_text("200 waarden", timeout=60_000)
    assert totals(house) == {}  # nothing is kept until it is loaded
    found = page.locator("#data-found")
    for said in ("Facturen", "Storing", "Contacten per wachtrij"):
        expect(found).to_contain_text(said)
    page.get_by_role("button", name="200 waarden laden").click()
    expect(page.locator(".done")).to_contain_text("Overzicht week 8.xlsx is geladen")
    client = TestClient(house.app, headers={"Authorization": f"Bearer {house.keys['read']}"})
    assert {queue["name"] for queue in client.get("/v1/queues").json()["rows"]} == set(wanted)
    assert totals(house) == wanted
    expect(page.locator("#data-queues")).to_contain_text("compleet tot vr 20 feb 18:00")
    page.get_by_role("button", name="Ongedaan maken").click()
    expect(page.locator(".done")).to_contain_text("is weer verwijderd")
    assert totals(house) == {}
    page.get_by_role("button", name="Overzicht week 8.xlsx herstellen").click()
    expect(page.locator(".done")).to_contain_text("is hersteld")
    assert totals(house) == wanted


@pytest.mark.browser
def test_a_file_with_dates_that_read_both_ways_asks_and_loads_after_the_answer(
    house: House, visit: Visit
) -> None:
    page = visit("admin", language="en")
    choose(page, "unclear.csv", UNCLEAR)
    expect(page.locator(".ask")).to_contain_text("Does the day or the month come first?")
    expect(page.get_by_role("button", name="Load")).to_have_count(0)
    page.get_by_label("Order of day and month").first.click()
    page.get_by_role("option", name="day first").click()
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name="Load 2 values").click()
    expect(page.locator(".done")).to_contain_text("unclear.csv is loaded")
    with house.make() as session:
        assert load_volumes(session)["ds"].min() == dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


@pytest.mark.browser
def test_columns_of_other_names_are_chosen_from_the_header(house: House, visit: Visit) -> None:
    page = visit("write")
    choose(page, "vreemd.csv", STRANGE)
    for label, column in (("Wachtrij", "Afdeling"), ("Datum en tijd", "Moment"), ("Aanbod", "Stuks")):
        page.locator(".ask").get_by_label(label, exact=True).first.click()
        page.get_by_role("option", name=column, exact=True).click()
    page.get_by_role("button", name="Opnieuw controleren").click()
    page.get_by_role("button", name="2 waarden laden").click()
    expect(page.locator(".done")).to_contain_text("is geladen")
    assert totals(house) == {"Verkoop": 20.0}


@pytest.mark.browser
def test_a_broken_file_and_one_too_large_show_a_clear_error(house: House, visit: Visit) -> None:
    page = visit("write", language="en")
    choose(page, "<img src=x onerror=alert(1)>.xlsx", b"PK\x03\x04" + b"no workbook" * 20)
    expect(page.locator(".fault")).to_contain_text("looks like a damaged zip or Excel file")
    expect(page.locator("#data-found h2")).to_contain_text("<img src=x onerror=alert(1)>.xlsx")
    assert page.locator("#data-found img").count() == 0
    page.locator("#data-file input[type=file]").set_input_files(
        {"name": "large.csv", "mimeType": "", "buffer": b"a" * (data_check.MOST_BYTES + 1)}
    )
    expect(page.locator("#data-too-large")).to_be_visible()
    expect(page.locator("#data-too-large")).to_contain_text("forecall import volumes")
    assert totals(house) == {}


@pytest.mark.browser
def test_who_may_only_read_sees_no_way_to_load(visit: Visit) -> None:
    page = visit("read")
    expect(page.locator("#data-complete")).to_contain_text("Nog geen contacten")
    expect(page.get_by_text("U kunt hier kijken, niet laden")).to_be_visible()
    assert page.locator("#data-file, #data-held button").count() == 0


@pytest.mark.browser
def chooser_opens(page: Page, key: str) -> bool:
    """Does the key open the choice of a file? The zone listens a moment after it stands there: it is pressed again."""
    for _ in range(6):
        page.locator("#data-choose").focus()
        with suppress(PlaywrightTimeout), page.expect_file_chooser(timeout=9_000):
            page.keyboard.press(key)
            return True
    return False


def test_everything_can_be_reached_by_keyboard_and_nothing_is_too_wide(visit: Visit) -> None:
    page = visit("write", width=1024)
    expect(
        page.locator("#data-file input[type=file]")
    ).to_be_attached()  # before, the zone is not what it will be
    assert chooser_opens(page, "Enter")
    choose(page, "good.csv", GOOD)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("main button, main input:not([type=file]):not([type=hidden])")]
            .filter((one) => !(one.textContent.trim() || one.labels?.length || one.getAttribute("aria-label")))
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def posted(client: TestClient, house: House, act: str) -> Any:
    """The callback of the page, asked for as a browser asks it."""
    name = "..data-check.children...data-result.children...data-file.contents...data-changed.data.."
    pressed = {"id": {"type": "data-do", "act": act, "upload": 0}, "property": "n_clicks", "value": 1}
    contents = f"data:;base64,{base64.b64encode(GOOD).decode()}"
    body = {
        "output": name,
        "outputs": [{"id": one.split(".")[0], "property": one.split(".")[1]} for one in name.strip(".").split("...")],
        "inputs": [
            {"id": "data-file", "property": "contents", "value": contents},
            {"id": "data-kind", "property": "value", "value": "volumes"},
            [pressed],
        ],
        "changedPropIds": [f'{{"act":"{act}","type":"data-do","upload":0}}.n_clicks'],
        "state": [
            {"id": "data-file", "property": "filename", "value": "good.csv"},
            {"id": "language", "property": "value", "value": "en"},
            [],
            [],
        ],
    }  # fmt: skip
    return client.post("/_dash-update-component", json=body)


@pytest.mark.parametrize(
    ("scope", "loads"), [("read", False), ("plan", False), ("write", True), ("admin", True)]
)
def test_the_server_refuses_a_reader_who_presses_anyway(house: House, scope: str, loads: bool) -> None:
    with TestClient(house.app, headers={"Authorization": f"Bearer {house.keys[scope]}"}) as client:
        answer = posted(client, house, "load")
    assert answer.status_code == 200
    assert (totals(house) != {}) is loads
    assert ("may load data" in answer.text) is not loads


def test_a_check_keeps_nothing(house: House) -> None:
    with house.make() as session:
        found = data_check.check(session, CONFIG, data_check.Dropped(GOOD, "auto", "good.csv"), NOW)
        session.commit()
        assert found.imported is not None and found.imported.rows == 2 and len(found.imported.problems) == 1
        assert list_uploads(session) == [] and load_volumes(session).empty


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (GOOD, "volumes"),
        (b"date,driver,value\n2026-01-01,letters,3\n", "drivers"),
        (b"interval_start,signal,value\n2026-01-01,visits,3\n", "signals"),
        (b"queue,weekday,opens,closes\nq,mon,09:00,17:00\n", "hours"),
        (b"from,to,date\na,b,2026-01-01\n", "queue-map"),
        (b"date,name\n2026-01-01,New year\n", "special-days"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "special-days"),
        (b"\x00\x01", "volumes"),
        (b"date,queue,offered,aht_seconds,fte\n2026-01-01,Sales,300,240,12\n", "budget"),
        (b"week,queue,offered\n2026-W11,Sales,300\n", "budget"),
        (b"Maand;Van;Tot;Wachtrij;Begroot\n2026-03;1-3-2026;31-3-2026;Sales;300\n", "budget"),
        (b"Datum;Week;Wachtrij;Aanbod\n1-3-2026;9;Sales;300\n", "volumes"),
        (b"Maand;Week;Datum;Tijdvak;Wachtrij;Aanbod;FTE\n3;9;1-3-2026;09:00;Sales;300;2\n", "volumes"),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_columns(data: bytes, kind: str) -> None:
    assert data_check.kind_of(data) == kind


def test_a_budget_is_taken_in_as_a_budget_and_no_contacts(house: House) -> None:
    files = data_files.Files(house.make, lambda: NOW, CONFIG)
    budget = b"date,queue,offered,aht_seconds,fte\n2026-04-01,Sales,300,240,12\n"
    for data in (GOOD, budget):
        contents = f"data:;base64,{base64.b64encode(data).decode()}"
        files.load(data_files.Given(contents, "file.csv", "auto", {}, {}), EN)
    assert totals(house) == {"Sales": 20.0}
    with house.make() as session:
        assert load_budgets(session)["fte"].tolist() == [12.0]


def test_what_was_remembered_of_columns_is_forgotten_by_name_and_what_goes_wrong_is_said(
    house: House,
) -> None:
    files = data_files.Files(house.make, lambda: NOW, CONFIG, "Anna")
    columns = {"queue": "Afdeling", "interval_start": "Moment", "offered": "Stuks"}
    contents = f"data:;base64,{base64.b64encode(STRANGE).decode()}"
    files.load(data_files.Given(contents, "vreemd.csv", "volumes", {}, columns), EN)
    with house.make() as session:
        (kept,) = list_column_maps(session)
    named, given = f"{kept.kind}/{kept.header}", data_files.Given("", "", "auto", {}, {})
    for wrong in (False, True):  # the second time it is gone
        acted = data_files._act(files, "forget", named, given, EN, lambda: NOW)
        assert ("There is no remembered mapping" in all_texts(acted[1])) is wrong
    with house.make() as session:
        lines = session.execute(select(AuditRow.who, AuditRow.act, AuditRow.subject)).all()
    assert [tuple(one) for one in lines if one.act == "column_map.forget"] == [
        ("Anna", "column_map.forget", "column_map volumes")
    ]


def test_an_error_of_any_kind_after_a_button_is_shown_in_its_place(house: House) -> None:
    def no_clock() -> dt.datetime:
        raise ForecallError("The database is busy.", remedy="Try again.")

    files = data_files.Files(house.make, no_clock, CONFIG)
    contents = f"data:;base64,{base64.b64encode(GOOD).decode()}"
    acted = data_files._act(
        files, "load", 0, data_files.Given(contents, "f.csv", "auto", {}, {}), EN, no_clock
    )
    assert "The database is busy." in all_texts(acted[1])


def test_every_kind_of_file_has_a_name_in_both_languages() -> None:
    for words in (EN, NL):
        assert [kind for kind in data_check.kinds() if data_parts.kind_name(kind, words) == kind] == []


def test_an_empty_company_is_told_what_to_do(house: House) -> None:
    with house.make() as session:
        said = all_texts(
            [
                data_held.complete(session, CONFIG, NL, NOW),
                *data_held.held(session, NL, "Europe/Amsterdam", may=True),
            ]
        )
    assert "Sleep hierboven een bestand" in said and NL("data_no_uploads") in said


def test_names_from_a_file_are_text_not_markup(house: House) -> None:
    files = data_files.Files(house.make, lambda: NOW, CONFIG)
    data = b"queue,interval_start,offered\n<b>x</b>,2026-02-16 09:00,`rm`\n<b>x</b>,2026-02-16 10:00,1\n"
    contents = f"data:;base64,{base64.b64encode(data).decode()}"
    found = files.check(data_files.Given(contents, "<script>.csv", "auto", {}, {}), EN)
    said = all_texts(found)
    assert "<script>.csv" in said and "dangerously" not in str(found)
