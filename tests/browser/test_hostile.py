"""A hundred script injections as posts, authors, reasons, phrases, queue names, remarks and drivers: none is executed on any page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from api.dashboard.pages import PATHS
from store.database import connect, sessions
from tests.browser.conftest import House
from tests.browser.hostile import ATTACKS, attack
from tests.browser.rest import at_rest, watched

pytestmark = pytest.mark.browser
HANDLERS = """() => [...document.querySelectorAll('#main *')].filter((one) =>
  [...one.attributes].some((each) => each.name.startsWith('on') || /^\\s*javascript:/i.test(each.value) && each.name !== 'title'
    && ['href', 'src', 'action', 'data', 'srcdoc', 'xlink:href'].includes(each.name))
  || ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'MARQUEE', 'BASE'].includes(one.tagName)).map((one) => one.outerHTML.slice(0, 160))"""


SAID = """() => document.querySelector('main').innerText
  + [...document.querySelectorAll('main input')].map((one) => one.value).join(' ')"""


@pytest.fixture(scope="module")
def attacked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the attacked company."""
    path = tmp_path_factory.mktemp("hostile") / "forecall.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    with sessions(engine)() as session:
        attack(session)
        session.commit()
    server = House(sessions(engine))
    server.start()
    yield server.address
    server.stop()
    engine.dispose()


def test_a_hundred_different_attacks_are_tried() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) == 100


@pytest.mark.parametrize("path", PATHS)
def test_no_text_of_others_is_executed_or_becomes_an_element(page: Page, attacked: str, path: str) -> None:
    asked: list[str] = []
    page.on("dialog", lambda one: (asked.append(one.message), one.dismiss())[0])
    page.on("request", lambda one: asked.append(one.url) if "/x" in one.url[-2:] else None)
    watched(page).goto(attacked + path)
    at_rest(page)
    page.mouse.move(700, 500)  # what a chart says at the pointer is a text of others too
    page.mouse.wheel(0, 900)
    at_rest(page)
    assert page.evaluate("window.__hits || 0") == 0
    assert page.evaluate(HANDLERS) == []
    assert asked == []
    said = page.evaluate(SAID)
    assert any(one[:12] in said for one in ATTACKS) or path in ("/data", "/scenario", "/methods"), (
        "nothing of it is shown"
    )
