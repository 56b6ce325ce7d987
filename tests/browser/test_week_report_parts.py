"""The page Week report without a browser: what it shows, what it saves, what it says where there is nothing."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.data.parts import kind_name
from api.dashboard.pages import PAGES, page_at
from api.dashboard.week_report.page import label_of, name_of, shown, taken, weeks
from api.dashboard.week_report.view import tile
from api.dashboard.words import Words
from forecast.reports.document import Tile
from store.settings import Settings
from store.week_report import load_report
from tests.browser.filled import NOW

WEEK = "2026-W11"  # runs at the moment of the filled database


def told(pieces: Any) -> str:
    return json.dumps([one.to_plotly_json() for one in pieces], default=lambda one: one.to_plotly_json())


def test_the_page_shows_the_figures_that_the_store_has(filled: sessionmaker[Session]) -> None:
    words = Words("en")
    with filled() as session:
        text = told(shown(session, Settings(), WEEK, [], words, NOW))
        report = load_report(session, Settings(), monday=dt.date(2026, 3, 9), now=NOW).shown()
    assert words.number(report.whole.actual.contacts) in text
    assert all(line.queue in text for line in report.lines)
    assert '"role": "img"' in text and "Up to Monday" in text


def test_the_report_is_saved_as_pdf_and_for_excel(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        for kind, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
            file = taken(session, Settings(), kind, WEEK, ["phone_outage"], Words("nl"), NOW)
            assert file["filename"] == f"week-report-{WEEK}.{kind}"
            assert base64.b64decode(file["content"]).startswith(begins)


def test_what_cannot_be_shown_is_said_in_place(
    filled: sessionmaker[Session], empty: sessionmaker[Session]
) -> None:
    with filled() as session:
        assert "is no week" in told(shown(session, Settings(), "2026-W99", [], Words("en"), NOW))
        assert "no plan" in told(shown(session, Settings(), "2026-W08", [], Words("en"), NOW))
    with empty() as session:
        assert Words("nl")("empty_data") in told(shown(session, Settings(), WEEK, [], Words("nl"), NOW))


def test_an_upload_of_a_budget_is_named_in_both_languages() -> None:
    assert [kind_name("budgets", Words(language)) for language in ("en", "nl")] == ["Budget", "Budget"]


def test_the_page_says_of_how_many_queues_a_figure_is() -> None:
    of = tile(Tile("Contacts", "700", "plan 630, +70", "1 of 2 queues"))
    assert "1 of 2 queues" in told([of]) and told([tile(Tile("a", "b", "c"))]).count('"line"') == 1


def test_the_weeks_to_choose_from_end_with_the_one_that_runs() -> None:
    mondays = weeks(NOW, "Europe/Amsterdam")
    assert (name_of(mondays[0]), len(mondays)) == (WEEK, 52)
    assert label_of(mondays[0], Words("nl")) == "2026-W11 · 9 mrt – 15 mrt"


def test_the_page_has_an_address_and_no_place_in_the_navigation() -> None:
    assert page_at("/week-report").key == "week_report_page"
    assert [page.path for page in PAGES if not page.listed] == ["/week-report"]
