"""The dashboard as a planner uses it: clicks in a real browser, numbers compared with the store."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import from_ns, to_ns
from store.forecasts import load_forecast
from store.scores import load_evidence, load_scores
from tests.browser.filled import NOW, QUEUES

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)  # a machine that tests has other things to do
HOUR = dt.timedelta(hours=1)


def opened(page: Page, address: str, path: str = "/forecast") -> None:
    page.goto(address + path)
    expect(page.locator(".ag-center-cols-container .ag-row").first).to_be_visible()


def choose(page: Page, control: str, text: str) -> None:
    """Press a choice, and wait until the page has its answer."""
    with page.expect_response(
        lambda answer: (
            "_dash-update-component" in answer.url
            and "forecast-grid.rowData" in (answer.request.post_data or "")
        )
    ):
        page.locator(f"#{control} label", has_text=re.compile(f"^{text}$")).click()


def choose_queue(page: Page, name: str) -> None:
    page.locator("#queue").click()
    with page.expect_response(lambda answer: "_dash-update-component" in answer.url):
        page.get_by_role("option", name=re.compile(name)).click()
    expect(page.locator("#forecast-figure-box")).to_have_attribute("aria-label", re.compile(name))


def cell(page: Page, start: dt.datetime, column: str) -> str:
    """The text of a cell of the table per interval, by the UTC start of its row."""
    place, ends = -1, time.monotonic() + 60
    while place < 0:  # the rows come some time after the answer that holds them
        assert time.monotonic() < ends, f"no row {start}"
        place = page.evaluate(
            """async (start) => {
                const api = await dash_ag_grid.getApiAsync("forecast-grid");
                let at = -1;
                api.forEachNode((node) => { if (node.data.start === start) { at = node.rowIndex; } });
                if (at >= 0) { api.ensureIndexVisible(at); }
                return at;
            }""",
            f"{start:%Y-%m-%dT%H:%M:%SZ}",
        )
    return page.locator(f"#forecast-grid [row-index='{place}'] [col-id='{column}']").inner_text()


def stored(
    filled: sessionmaker[Session], queue: str, start: dt.datetime, granularity: str, quantile: str
) -> float:
    with filled() as session:
        rows = load_forecast(
            session, series=[queue], start=start, end=start + dt.timedelta(seconds=1), granularity=granularity
        )
    return float(rows[quantile].iloc[0])


def as_read(value: float) -> str:
    return f"{round(value):,}"


def figures_say(page: Page) -> None:
    """The ages, and the line of figures over the chart."""
    expect(page.locator("#meta-data-as-of")).to_have_text("Data as of Tue 10 Mar 10:30 (12 min ago)")
    expect(page.locator("#meta-made-on")).to_have_text("Forecast made on Tue 10 Mar 10:32 (10 min ago)")
    expect(page.locator("#forecast-sum")).to_have_text(re.compile(r"^[\d,]+$"))


def test_figures_and_table_say_what_the_store_holds_for_each_granularity(
    page: Page, served: str, filled: sessionmaker[Session]
) -> None:
    opened(page, served)
    figures_say(page)
    choose_queue(page, "phone_billing")
    next_interval = from_ns(to_ns(NOW) // (1800 * 10**9) * (1800 * 10**9)).to_pydatetime() + HOUR
    hour = NOW.replace(minute=0) + HOUR
    tomorrow = dt.datetime(2026, 3, 10, 23, tzinfo=dt.UTC)  # midnight in Amsterdam
    monday = dt.datetime(2026, 3, 15, 23, tzinfo=dt.UTC)
    steps = {"Interval": next_interval, "Hour": hour, "Day": tomorrow, "Week": monday}
    for name, start in steps.items():
        if name != "Interval":  # that is chosen already
            choose(page, "forecast-step", name)
        for column, quantile in (("low", "0.1"), ("expected", "0.5"), ("busy", "0.8"), ("safe", "0.9")):
            wanted = as_read(stored(filled, "phone_billing", start, name.lower(), quantile))
            assert cell(page, start, column) == wanted, (name, column)


def test_the_file_holds_the_rows_of_the_table(page: Page, served: str, filled: sessionmaker[Session]) -> None:
    opened(page, served)
    choose(page, "forecast-period", "3 days")
    choose(page, "forecast-step", "Hour")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == "forecall_email_billing_hour_2026-03-10.csv"
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8"))))
    shown = page.evaluate(
        """async () => {
            const rows = [];
            (await dash_ag_grid.getApiAsync("forecast-grid")).forEachNode((node) => rows.push(node.data));
            return rows;
        }"""
    )
    assert len(rows) == len(shown) == 72
    for row, seen in zip(rows, shown, strict=True):
        assert row["interval_start_utc"] == seen["start"]
        assert dt.datetime.fromisoformat(row["interval_start"]) == dt.datetime.fromisoformat(seen["start"])
        for name in ("offered", "low", "expected", "busy", "safe", "last_week", "difference"):
            assert (float(row[name]) if row[name] else None) == seen[name]
    at = NOW.replace(minute=0) + HOUR
    row = next(one for one in rows if one["interval_start_utc"] == f"{at:%Y-%m-%dT%H:%M:%SZ}")
    assert float(row["expected"]) == round(stored(filled, "email_billing", at, "hour", "0.5"))


def test_dutch_changes_every_word_and_the_numbers(page: Page, served: str) -> None:
    opened(page, served)
    choose(page, "forecast-period", "13 weeks")
    choose(page, "forecast-step", "Week")
    page.locator("#language label", has_text="NL").click()
    expect(page.locator("h1")).to_have_text("Prognose")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator(".ag-header-cell[col-id='expected']")).to_have_text(re.compile("Verwacht"))
    expect(page.locator("#forecast-grid .ag-row [col-id='expected']").first).to_have_text(
        re.compile(r"^\d\.\d{3}$")
    )
    expect(page.locator("#forecast-step input[value='week']")).to_be_checked()
    words = page.locator("main").inner_text()
    assert not re.search(r"\b(Expected|Offered|Forecast|Today|week average)\b", words)


def test_the_second_page_says_what_the_evaluation_found(
    page: Page, served: str, filled: sessionmaker[Session]
) -> None:
    opened(page, served)
    page.get_by_role("link", name="Accuracy").click()
    expect(page.locator("h1")).to_have_text("Accuracy")
    with filled() as session:
        own = next(row for row in load_scores(session, QUEUES[2]) if row["model"] == "champion")
        found = load_evidence(session, "phone_outage")
    first = page.locator("#accuracy .ag-row[row-index='0']")
    expect(first.locator("[col-id='own']")).to_have_text(f"{100 * own['wape']:.1f} %")
    expect(first.locator("[col-id='floor']")).to_have_text(f"{100 * own['poisson_floor']:.1f} %")
    expect(page.locator("#accuracy")).to_contain_text("*")
    expect(page.locator("#abridged")).to_contain_text("abridged")
    page.get_by_role("link", name="Does it help?").click()
    counts = page.locator("#evidence .ag-row", has_text="phone_outage").filter(has_text="Social counts").first
    lift, lower, upper = (100 * found[0][name] for name in ("lift", "lower", "upper"))
    expect(counts.locator("[col-id='gain']")).to_have_text(f"+{lift:.1f} % ({lower:.1f} to {upper:.1f})")
    expect(counts.locator("[col-id='lead']")).to_have_text("30 minutes ahead, 21 to 36")
    rows = page.locator("#evidence .ag-center-cols-container .ag-row")
    expect(rows).to_have_count(9)
    expect(page.locator("#evidence")).to_contain_text("Social does not count")
    page.get_by_role("switch", name="Show every indicator").click()
    expect(rows).to_have_count(27)
    for word in ("WQL", "MASE", "pinball", "Granger", "WAPE"):
        assert word.lower() not in page.locator("main").inner_text().lower()


def test_dark_is_kept_and_the_keyboard_is_enough(page: Page, served: str) -> None:
    opened(page, served, "/accuracy")
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.locator("#theme-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.goto(served + "/forecast")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, served: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, served)
    for link in ("Forecast", "Accuracy"):
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.locator("h1")).to_have_text(link)
        expect(page.locator(".ag-center-cols-container .ag-row").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        overflowing = page.evaluate(
            """() => [...document.querySelectorAll('.card *, .controls *, .legend *')]
                .filter((one) => one.getBoundingClientRect().right > 391).map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert overflowing == []


def test_an_empty_database_says_which_command_fills_it(page: Page, served_empty: str) -> None:
    page.goto(served_empty + "/forecast")
    expect(page.locator("#forecast-notice")).to_contain_text("forecall import volumes FILE")
    page.get_by_role("link", name="Accuracy").click()
    expect(page.locator("#accuracy-notice")).to_contain_text("No contacts have been loaded yet")


def test_a_callback_that_fails_says_so_on_the_page(
    page: Page, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(page, served)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inside of the program")

    monkeypatch.setattr("api.dashboard.queries.load", broken)
    page.locator("#forecast-period label", has_text="Today").click()
    expect(page.locator("#problem")).to_contain_text("Something went wrong inside Forecall")
    expect(page.locator("#problem")).not_to_contain_text("the inside")
    expect(page.locator("#forecast-grid")).to_be_visible()
