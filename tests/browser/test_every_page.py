"""What holds for every page: no serious fault of accessibility, nothing wider than the screen, in both themes and languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from api.dashboard.pages import PATHS
from tests.browser.rest import at_rest, watched

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
WIDE, NARROW, PHONE = 1440, 1024, 390
OVER = """(width) => [...document.querySelectorAll('main *')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && box.right > width + 1 && !one.closest('.scroll, .ag-root-wrapper, .js-plotly-plot, [role=tablist], svg');
}).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
def shown(page: Page, house: str) -> Iterator[Page]:
    """A page of a company whose visitors may change everything, so that every button stands there."""
    yield watched(page)


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, where a folder for it is named."""
    if folder := os.environ.get("PAGE_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def named(path: str) -> str:
    return path.strip("/") or "today"


def faults(page: Page) -> list[str]:
    """The serious and critical findings of axe: rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {[node['target'] for node in one['nodes']][:4]}"
        for one in found
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_serious_fault_in_either_theme_and_is_not_wider_than_the_screen(
    shown: Page, house: str, path: str
) -> None:
    shown.add_init_script("localStorage.setItem('theme', JSON.stringify('light'))")
    shown.goto(house + path)
    at_rest(shown)
    for theme in ("light", "dark"):
        if theme == "dark":
            shown.locator("#theme-button").click()
            at_rest(shown)
        expect(shown.locator("html")).to_have_attribute("data-mantine-color-scheme", theme)
        for width in (NARROW, WIDE):
            shown.set_viewport_size({"width": width, "height": 900})
            shown.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)
            assert shown.evaluate(OVER, width) == [], width
            picture(shown, f"{named(path)}-{theme}-{width}")
        assert faults(shown) == [], theme


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_dutch_for_a_dutch_reader(shown: Page, house: str, path: str) -> None:
    shown.goto(house + path)
    at_rest(shown)
    shown.locator("#language label", has_text="NL").click()
    at_rest(shown)
    assert shown.locator("html").get_attribute("lang") == "nl"
    picture(shown, f"{named(path)}-dutch")
    assert faults(shown) == []


def test_today_is_read_on_a_phone(shown: Page, house: str) -> None:
    shown.set_viewport_size({"width": PHONE, "height": 844})
    shown.goto(house)
    at_rest(shown)
    assert shown.evaluate("document.documentElement.scrollWidth") == PHONE
    assert shown.evaluate(OVER, PHONE) == []
    picture(shown, "today-phone")
    assert faults(shown) == []


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_company_is_told_what_to_do_next(page: Page, served_empty: str, path: str) -> None:
    watched(page).goto(served_empty + path)
    at_rest(page)
    said = page.locator("main").inner_text()
    picture(page, f"{named(path)}-empty")
    assert len(said) > 60 and "undefined" not in said and "NaN" not in said
    assert any(word in said for word in ("forecall ", "Load", "load", "import")), said
