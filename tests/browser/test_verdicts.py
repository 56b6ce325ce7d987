"""Does it help? One line per queue and how far ahead: verdict, gain, head start with its interval, since when, and why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import judgement, queries
from api.dashboard.evidence import page as evidence_page
from api.dashboard.evidence import table as tables
from api.dashboard.words import Words
from forecast.evidence import NO_GAIN, ONCE, SHUT_BY, SMALL, UNHEARD
from forecast.models.head_start import LAG, LEAD, NOTHING, TOGETHER

EN, NL = Words("en"), Words("nl")
ROW = {"series": "q", "signal": "posts:outage", "lead_band": "0-1h", "gate": "shut", "n": 300}
ROW |= {"lift": 0.03, "lower": 0.01, "upper": 0.05, "leads_by_minutes": 29, "regime": LEAD}


def told(words: Words = EN, **facts: Any) -> dict[str, Any]:
    """The row of the table for a finding with these facts."""
    return tables.evidence_rows([{**ROW, **facts}], words, every=True)[0]


@pytest.mark.parametrize(
    ("facts", "english", "dutch"),
    [
        ({"leads_lower": 21, "leads_upper": 36}, "29 minutes ahead, 21 to 36", "29 minuten voor, 21 tot 36"),
        ({}, "29 minutes ahead", "29 minuten voor"),
        ({"regime": TOGETHER, "leads_lower": -2, "leads_upper": 40}, "they come together", "ze komen tegelijk"),
        (
            {"leads_by_minutes": -182, "leads_lower": -228, "leads_upper": -54, "regime": LAG},
            "3.0 hours behind, 0.9 to 3.8",
            "3,0 uur achter, 0,9 tot 3,8",
        ),
        ({"leads_by_minutes": None, "regime": NOTHING}, "none found", "niet gevonden"),
    ],
)  # fmt: skip
def test_the_head_start_is_told_with_its_interval(facts: dict[str, Any], english: str, dutch: str) -> None:
    said = [told(words, **facts)["lead"] for words in (EN, NL)]
    assert said == [english, dutch]


@pytest.mark.parametrize(
    ("shut_by", "key"),
    [
        (NO_GAIN, "why_shut"),
        (SMALL, "why_small"),
        (UNHEARD, "why_unheard"),
        (ONCE, "why_wait"),
        (TOGETHER, "why_together"),
        (LAG, "why_behind"),
        (NOTHING, "why_no_lead"),
    ],
)
def test_what_keeps_it_shut_is_told_in_our_own_words_in_both_languages(shut_by: str, key: str) -> None:
    assert [told(words, shut_by=shut_by)["why"] for words in (EN, NL)] == [EN(key), NL(key)]


def test_every_reason_a_gate_is_shut_by_has_words() -> None:
    assert set(SHUT_BY) == set(judgement.SHUT_BY)


def test_a_finding_stored_without_its_reason_is_told_by_its_gain() -> None:
    assert [told(lower=lower)["why"] for lower in (0.01, -0.01)] == [EN("why_wait"), EN("why_shut")]


def test_verdict_and_gain_are_told_as_the_list_of_words_has_them() -> None:
    unknown = told(gate="not enough history", why="not enough history: 3 of about 6 incidents")
    assert (unknown["verdict"], unknown["gain"]) == ("Not enough history yet: 3 of about 6 incidents", "–")
    assert told(gate="open")["gain"].replace("\N{NO-BREAK SPACE}", " ") == "+3.0 % (1.0 to 5.0)"
    assert [told(words, gate="open")["verdict"] for words in (EN, NL)] == ["Social counts", "Social telt mee"]


def test_a_rule_of_thumb_is_no_indicator_but_stands_among_all() -> None:
    rule = {**ROW, "signal": "posts:outage (assumption 3)", "lower": 0.02}
    assert judgement.best([ROW, rule]) == [ROW]
    assert told(NL, signal=rule["signal"])["indicator"] == "berichten over “outage” (aanname 3)"


def test_what_a_gain_without_a_head_start_means_is_told_on_the_card() -> None:
    row = {**ROW, "regime": TOGETHER, "shut_by": TOGETHER}
    state, said = judgement.social_sentence([row], EN)
    assert state == "shut" and said.startswith("Posts and contacts move together") and "left out" in said
    assert "does not prove" not in said


def test_since_when_is_the_local_day_of_the_decision(filled: sessionmaker[Session]) -> None:
    with filled() as session:
        rows = evidence_page.evidence(queries.load_judged(session), NL, every=False)[2]
    assert {row["since"] for row in rows} == {"9 mrt"}


@pytest.mark.browser
def test_open_and_shut_stand_side_by_side_with_their_figures(page: Page, served: str) -> None:
    page.goto(f"{served}/evidence")
    rows = page.locator("#evidence .ag-center-cols-container .ag-row")
    expect(rows.first).to_be_visible(timeout=60_000)

    def row(queue: str) -> Any:
        return rows.filter(has_text=queue).first

    expect(row("phone_outage")).to_contain_text(
        re.compile("Social counts.*30 minutes ahead, 21 to 36.*9 Mar")
    )
    expect(row("phone_billing")).to_contain_text(re.compile("Social does not count.*hours behind.*9 Mar"))
    expect(row("email_billing")).to_contain_text("Not enough history yet: 24 of about 200 forecasts")
