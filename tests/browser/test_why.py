"""Why this number? The parts on the page are those of the store, and add up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.forecast import why
from api.dashboard.words import Words
from store.explanations import load_explanations
from store.queues import load_queues
from tests.browser.filled import NOW

EN, NL = Words("en"), Words("nl")


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def shown(part: dict[str, object]) -> str:
    """All text of a piece of the page."""
    if isinstance(part, str):
        return part
    inside = getattr(part, "children", part)
    pieces = inside if isinstance(inside, list) else [inside]
    return " ".join(shown(piece) for piece in pieces if piece is not None and piece is not part)


@pytest.mark.parametrize("step", ["interval", "hour", "day", "week"])
def test_the_next_open_bucket_is_explained_for_each_step(filled: sessionmaker[Session], step: str) -> None:
    with filled() as session:
        data, value, made = why.fill(session, "phone_outage", step, None, EN, NOW)
        assert data and value == data[0]["value"]
        last = data[-1]["value"]
        assert why.fill(session, "phone_outage", step, last, EN, NOW)[1] == last
    text = shown(made)
    assert (
        "Usual level" in text and "Expected, as the table shows it" in text and "contacts expected: " in text
    )
    assert ("Came in already" in text) == (step in ("day", "week"))


def test_dutch_words_and_an_unknown_queue(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        assert "Gebruikelijk niveau" in shown(
            why.fill(session, "phone_billing", "interval", None, NL, NOW)[2]
        )
        data, value, made = why.fill(session, "nothing", "interval", None, NL, NOW)
    assert (data, value, shown(made)) == ([], None, NL("why_none"))


@pytest.mark.browser
def test_the_waterfall_adds_up_to_what_the_store_expects(
    page: Page, served: str, filled: sessionmaker[Session]
) -> None:
    page.goto(f"{served}/forecast")
    expect(page.locator("#why-parts li").first).to_be_visible(timeout=60_000)
    page.locator("#why-bucket").click()
    page.get_by_role("option").nth(3).click()
    with filled() as session:
        queue = load_queues(session)[0]
        one = why.coming(session, queue, "interval", NOW)[3]
        assert load_explanations(session, queue.name, start=one.start)[0] == one
    expect(page.locator("#why-sentence")).to_have_text(re.compile(re.escape(one.sentence(queue.tz)[:12])))
    values = [number(text) for text in page.locator("#why-parts .value").all_inner_texts()]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.01)
    shown = page.locator("#forecast-grid .ag-row:not(.over) [col-id='expected']").nth(
        4
    )  # the first is under way
    assert values[-1] == number(shown.inner_text())
