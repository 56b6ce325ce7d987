"""Signing in with a real Chromium, and the pages behind it under their content security policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from store.settings import Settings
from store.users import create_user, disable_user
from tests.browser.conftest import Served, Watch
from tests.browser.filled import NOW

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Guarded(Served):
    """The whole application, guard included."""

    def build(self) -> FastAPI:
        return create_app(Settings(), self.make, clock=lambda: NOW)


@pytest.fixture
def guarded(filled: sessionmaker[Session]) -> Iterator[str]:
    with filled() as session:
        create_user(session, "anna", PASSWORD, ["read"], now=NOW, hasher=CHEAP)
        session.commit()
    server = Guarded(filled)
    server.start()
    yield server.address
    server.stop()


def test_a_user_signs_in_sees_the_pages_without_an_error_and_is_sent_away_when_disabled(
    guarded: str, filled: sessionmaker[Session], chromium: Browser, watch: Watch
) -> None:
    page = chromium.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{guarded}/accuracy")
    assert page.url == f"{guarded}/sign-in?next=/accuracy"
    page.get_by_label("Your name").fill("anna")
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    watch.over(page)  # from here on: the browser writes an error for the 401 above
    page.get_by_label("Your name").fill("Anna")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{guarded}/accuracy")
    expect(page.locator("h1")).to_be_visible(timeout=60_000)
    page.goto(f"{guarded}/forecast")
    expect(page.locator(".js-plotly-plot svg.main-svg").first).to_be_visible(timeout=60_000)
    page.wait_for_load_state("networkidle")
    assert watch.strangers == [] and watch.errors == []
    with filled() as session:
        disable_user(session, "anna", now=NOW)
        session.commit()
    page.goto(guarded)
    assert "/sign-in" in page.url
    page.close()
