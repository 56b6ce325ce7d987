"""Page Social in a browser: what is said, by whom it is answered, and that no word of a stranger is ever carried out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval
from store.mentions import save_mentions
from store.questions import load_questions
from store.signals import save_signals
from tests.browser.filled import NOW, TZ

pytestmark = pytest.mark.browser
HOSTILE = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror='window.hacked=1'>",
    "<svg onload=window.hacked=1>",
    '"><script>window.hacked=1</script>',
    "'-window.hacked=1-'",
    "javascript:window.hacked=1",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href='javascript:window.hacked=1'>click</a>",
    "[click](javascript:window.hacked=1)",
    "![x](x onerror=window.hacked=1)",
    "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}",
    "<math><mtext></math><img src=x onerror=window.hacked=1>",
    "<details open ontoggle=window.hacked=1>",
    "</script><script>window.hacked=1</script>",
    "<style>@import'http://evil.example/x.css';</style>",
    "<body onload=window.hacked=1>",
    "&lt;script&gt;window.hacked=1&lt;/script&gt;",
    "<b>bold</b><input autofocus onfocus=window.hacked=1>",
    "<object data='data:text/html,<script>window.hacked=1</script>'></object>",
)
TOPIC = "<img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def hostile(own: sessionmaker[Session]) -> sessionmaker[Session]:
    """Hostile posts: in their texts, authors, sources, links, contact reasons and, said by many, in what rises."""
    rows: list[dict[str, Any]] = []
    for day in range(1, 15):
        at = NOW - dt.timedelta(days=day)
        rows += [
            _post(f"calm {day} {n}", at - dt.timedelta(minutes=9 * n), f"weather day {n} is fine")
            for n in range(20)
        ]
    for n, text in enumerate(HOSTILE):
        at = NOW - dt.timedelta(minutes=20 + n)
        rows.append(
            _post(
                f"bad {n}",
                at,
                text,
                topics=("outage", TOPIC),
                author=text,
                url="javascript:window.hacked=1",
                reach=9e6 - n,
            )
        )
    rows += [
        _post(f"many {n}", NOW - dt.timedelta(minutes=30 + n), f"zaandam dark {HOSTILE[1]} {n}", author=f"p{n}")
        for n in range(30)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    with own() as session:
        save_mentions(session, frame)
        ds = pd.DatetimeIndex([pd.Timestamp(NOW).floor("30min") - pd.Timedelta(minutes=30)]).as_unit("ns")
        signals = pd.DataFrame(
            {"ds": ds, "value": [20.0], "signal": "posts", "topic": TOPIC, "kind": "count"}
        )
        save_signals(session, signals, interval=Interval.HALF_HOUR, tz=TZ)
        session.commit()
    return own


def _post(number: str, at: dt.datetime, text: str, **more: Any) -> dict[str, Any]:
    facts = {"source": "forum", "id": number, "created_at": pd.Timestamp(at), "known_at": pd.Timestamp(at), "sentiment": -0.4,
             "label": "negative", "topics": ("outage",), "direction": "in", "text": text, "language": "en", "author": number,
             "reach": 5.0, "url": None, "question": number.startswith("many")}  # fmt: skip
    return {**facts, **more}


def opened(page: Page, address: str) -> None:
    """The page with its numbers."""
    page.goto(address)
    expect(page.locator("#social-said")).not_to_be_empty(timeout=60_000)
    expect(page.locator("#social-rising > *").first).to_be_visible(timeout=60_000)
    expect(page.locator("#social-sources > *").first).to_be_visible(timeout=60_000)


def test_twenty_hostile_strings_stay_text_wherever_they_stand(
    page: Page, house: str, hostile: sessionmaker[Session]
) -> None:
    opened(page, f"{house}/social?period=today")
    page.locator("#social-order").get_by_text("Most seen").click()
    expect(page.locator("#social-posts li").first).to_contain_text(HOSTILE[0])
    shown = page.locator("#social-posts .social-text").all_inner_texts()
    assert shown == list(HOSTILE)[: len(shown)] and len(shown) == 10
    assert page.locator("#social-posts a").count() == 0  # no address of theirs is one of the web
    expect(page.locator("#social-rising")).to_contain_text("<script>window.hacked=1")
    expect(page.locator("#social-rising")).to_contain_text("<img src=x")
    expect(page.locator("#social-reasons")).to_contain_text(TOPIC)
    made = "#page script, #page iframe, #page svg[onload], #page img, #page object, #page details[ontoggle], #social-posts style"
    assert page.locator(made).count() == 0
    assert page.evaluate("window.hacked") is None


def test_the_other_hostile_half_stays_text_too(
    page: Page, house: str, hostile: sessionmaker[Session]
) -> None:
    opened(page, f"{house}/social?period=today&topic={TOPIC.replace('=', '%3D').replace(' ', '%20')}")
    expect(page.locator("#social-posts .social-text").first).to_be_visible()
    shown = page.locator("#social-posts .social-text").all_inner_texts()
    assert set(shown) <= set(HOSTILE) and shown[0] == HOSTILE[0]
    assert page.evaluate("window.hacked") is None


def test_the_lead_reads_what_stands_out_goes_to_it_and_on_to_its_forecast(
    page: Page, house: str, hostile: sessionmaker[Session]
) -> None:
    opened(page, f"{house}/social")
    expect(page.locator("#social-said")).to_contain_text("posts in the last 7 days")
    page.locator("#social-reasons a", has_text="outage").first.click()
    expect(page).to_have_url(f"{house}/social?topic=outage")
    expect(page.locator("#social-figure-box")).to_have_attribute(
        "aria-label", re.compile("Posts on outage against usual: "), timeout=60_000
    )
    link = page.locator("#social-reasons a", has_text="phone_outage").first
    assert link.get_attribute("href") == "/forecast?queue=phone_outage"


def test_the_card_of_who_waits_says_what_the_api_says(
    page: Page, house: str, hostile: sessionmaker[Session]
) -> None:
    opened(page, f"{house}/social")
    with hostile() as session:
        waits = len(load_questions(session, only_open=True, start=NOW - dt.timedelta(days=28)))
    expect(page.locator("#social-waiting .big")).to_have_text(str(waits))
    assert waits == 30


def test_the_page_speaks_dutch_and_fits_a_narrow_screen(
    page: Page, house: str, hostile: sessionmaker[Session]
) -> None:
    page.set_viewport_size({"width": 1024, "height": 800})
    opened(page, f"{house}/social?period=today")
    page.locator("#language").get_by_text("NL").click()
    expect(page.locator("#social-said")).to_contain_text("Vandaag tot nu toe", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_without_posts_it_says_what_to_do(page: Page, served_empty: str) -> None:
    page.goto(f"{served_empty}/social")
    expect(page.locator("#social-notice")).to_contain_text("No posts have been counted yet", timeout=60_000)
