"""GET /v1/quality, POST /v1/quality/marks and GET /v1/backlog."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval
from store.database import sessions
from store.queues import Queue, save_queue
from store.volumes import save_volumes
from tests.api.filled import NOW, TZ, Filled, day

GAP = ("2026-08-11", "2026-08-12")


def put(filled: Filled, name: str, values: Any, *, channel: str = "phone", handled: Any = None) -> None:
    """Hours from 1 June to 24 October, 8 to 18 on working days; NaN: no row."""
    grid = Grid.days(day("2026-06-01"), day("2026-10-23"), Interval.HOUR, TZ)
    open_ = (grid.slot >= 8) & (grid.slot < 18) & (grid.weekday < 5)
    grid = grid.take(open_)
    y = values(grid)
    rows = ~np.isnan(y)
    ended = pd.to_datetime(grid.ds[rows], utc=True) + pd.Timedelta(hours=1)
    frame = pd.DataFrame({"queue": name, "ds": pd.to_datetime(grid.ds[rows], utc=True), "offered": y[rows]})
    frame = frame.assign(known_at=ended).astype({"queue": object})
    if handled is not None:
        frame["handled"] = handled(y)[rows]
    with sessions(filled.engine)() as session:
        save_queue(session, Queue(name, channel, "all", Interval.HOUR, TZ))
        save_volumes(session, frame, upload_id=None)
        session.commit()


def usual(grid: Grid) -> Any:
    return np.random.default_rng(len(grid)).poisson(40.0, len(grid)).astype(float)


def with_gap(grid: Grid) -> Any:
    gone = (grid.day >= day(GAP[0])) & (grid.day <= day(GAP[1]))
    return np.where(gone, np.nan, usual(grid))


@pytest.fixture
def gapped(filled: Filled) -> Filled:
    put(filled, "Desk", with_gap)
    return filled


def get(filled: Filled, **query: Any) -> Any:
    answer = filled.client().get("/v1/quality", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_gap_is_told_with_dates_a_guess_and_one_command(gapped: Filled) -> None:
    (gap,) = get(gapped, queue="Desk")["findings"]
    assert (gap["kind"], gap["first"], gap["last"], gap["marked"]) == ("gap", *GAP, None)
    assert gap["guess"] and gap["action"].startswith("forecall import volumes FILE")


def test_every_queue_and_the_company_have_a_line_on_completeness(gapped: Filled) -> None:
    lines = get(gapped)["complete"]
    assert [one["queue"] for one in lines] == ["", "Billing", "Desk", "Outage"]
    assert all(one["says"].startswith("Complete to ") for one in lines)


def test_a_marked_finding_is_told_no_more_but_where_all_is_asked_for(gapped: Filled) -> None:
    told = {"kind": "gap", "queue": "Desk", "first": GAP[0], "who": "Eva", "note": "moved house"}
    assert gapped.client("read").post("/v1/quality/marks", json=told).status_code == 403
    for _ in range(2):
        answer = gapped.client("plan").post("/v1/quality/marks", json=told)
        assert answer.status_code == 200 and answer.json()["who"] == "Eva"
    assert get(gapped, queue="Desk")["findings"] == [] and get(gapped, queue="Desk")["left_out"] == 1
    (gap,) = get(gapped, queue="Desk", include="all")["findings"]
    assert gap["marked"]["note"] == "moved house"


def test_what_does_not_exist_is_refused(gapped: Filled) -> None:
    client = gapped.client("plan")
    reader = gapped.client()
    assert reader.get("/v1/quality", params={"queue": "Dsek"}).status_code == 404
    assert reader.get("/v1/quality", params={"kind": "nonsense"}).status_code == 422
    told = {"kind": "gap", "queue": "Dsek", "first": GAP[0]}
    assert client.post("/v1/quality/marks", json=told).status_code == 404
    assert client.post("/v1/quality/marks", json={**told, "first": "yesterday"}).status_code == 422


def test_the_report_changes_nothing(gapped: Filled) -> None:
    def volumes() -> Any:
        return gapped.client().get("/v1/queues").json(), _count(gapped)

    before = volumes()
    get(gapped)
    assert volumes() == before


def _count(filled: Filled) -> int:
    with filled.engine.connect() as connection:
        return int(connection.exec_driver_sql("select count(*) from volumes").scalar() or 0)


def test_a_backlog_is_told_where_answers_come_later(filled: Filled) -> None:
    put(filled, "Mail", usual, channel="email", handled=lambda y: np.r_[np.zeros(30), y[:-30]])
    put(filled, "Post", usual, channel="email", handled=lambda y: y)
    answer = filled.client().get("/v1/backlog", params={"created": True})
    assert answer.status_code == 200, answer.text
    rows = {row["queue"]: row for row in answer.json()["rows"]}
    assert rows["Post"]["how"] == "not told" and rows["Post"]["waiting"] is None and rows["Post"]["notes"]
    mail = rows["Mail"]
    assert mail["how"] == "first in, first out" and 1000 < mail["waiting"] < 1500
    assert mail["late"] > 0 and mail["share_in_time"] == 0 and mail["target_hours"] == 24
    assert mail["oldest_hours"] > 48 and not any(one["shown"] for one in mail["created"])
    assert filled.client().get("/v1/backlog", params={"queue": "x"}).status_code == 404
    assert dt.datetime.fromisoformat(mail["as_of"]) <= NOW
