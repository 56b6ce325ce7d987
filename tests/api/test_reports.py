"""GET /v1/reports/week: as JSON, as files, in both languages; refused with the remedy."""

from __future__ import annotations

import io
from typing import Any

import openpyxl

from tests.api.filled import Filled

WEEK = {"week": "2026-W43"}  # runs at the moment of the filled database


def ask(filled: Filled, **query: Any) -> Any:
    return filled.client().get("/v1/reports/week", params=query)


def test_the_report_is_told_as_json_with_parts_that_add_up(filled: Filled) -> None:
    answer = ask(filled, **WEEK)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["week"], told["monday"], told["days_over"]) == ("2026-W43", "2026-10-19", 5)
    assert {line["queue"] for line in told["queues"]} == {"Outage", "Billing"}
    assert told["total"]["gap"]["contacts"]["gap"] is None and told["total"]["plan_is"] is None
    assert told["sentence"] and told["notes"]
    again = filled.client().get(
        "/v1/reports/week", params=WEEK, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_files_come_by_layout_or_by_what_is_accepted(filled: Filled) -> None:
    pdf = ask(filled, **WEEK, layout="pdf", language="nl")
    assert pdf.content.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"
    assert 'filename="week-report-2026-W43.pdf"' in pdf.headers["content-disposition"]
    accepted = filled.client().get(
        "/v1/reports/week", params={**WEEK, "language": "nl"}, headers={"Accept": "application/pdf"}
    )
    assert accepted.content == pdf.content
    sheet = ask(filled, **WEEK, layout="xlsx", language="nl")
    assert openpyxl.load_workbook(io.BytesIO(sheet.content)).sheetnames[1] == "Wachtrijen"
    assert ask(filled, **WEEK, layout="html").text.startswith("<!doctype html>")


def test_one_queue_can_be_asked_for_and_the_last_week_is_told_without_any(filled: Filled) -> None:
    told = ask(filled, queue="Outage").json()
    assert told["week"] == "2026-W42" and [line["queue"] for line in told["queues"]] == ["Outage"]


def test_what_cannot_be_is_refused_with_the_field(filled: Filled) -> None:
    for query, status, field in (
        ({"week": "2026-W60"}, 422, "week"),
        ({"week": "2027-W01"}, 422, "week"),
        ({"queue": "Outag"}, 404, "queue"),
        ({"language": "fr"}, 422, "language"),
        ({"layout": "doc"}, 422, "layout"),
    ):
        answer = ask(filled, **query)
        assert answer.status_code == status, answer.text
        assert field in answer.text
    assert filled.client(None).get("/v1/reports/week").status_code == 401
