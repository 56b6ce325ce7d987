"""Jobs that are asked for: once while they wait, taken up within seconds, never two at a time; and said where nobody does."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator

import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from jobs.asked import Taker, take_up
from jobs.ledger import Outcome, execute
from jobs.scheduler import background
from store.audit import load_audit
from store.database import sessions as make_sessions
from store.events import load_events
from store.run_requests import ask, load_request
from store.runs import begin_run, finish_run, list_runs
from store.settings import Schedule, Settings
from tests.api.filled import NOW, Filled

MINUTE = dt.timedelta(minutes=1)
NEVER = Schedule.model_validate(dict.fromkeys(Schedule.model_fields, ""))


@pytest.fixture
def sessions(filled: Filled) -> sessionmaker[Session]:
    return make_sessions(filled.engine)


@pytest.fixture
def settings() -> Settings:
    """Nothing runs by the clock."""
    return Settings(schedule=NEVER)


def until(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    return true()


@pytest.fixture
def asked_long_ago(sessions: sessionmaker[Session]) -> Iterator[int]:
    with sessions() as session:
        request, _ = ask(session, "predict", who="Anna", now=NOW - 10 * MINUTE)
        session.commit()
    yield request.id


def test_a_job_that_is_asked_for_is_accepted_with_where_to_look(
    filled: Filled, sessions: sessionmaker[Session]
) -> None:
    client = filled.client("write")
    answer = client.post("/v1/runs", json={"job": "predict"})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["job"], body["who"], body["state"], body["note"]) == (
        "predict",
        "write key",
        "waiting",
        "",
    )
    assert answer.headers["location"] == body["url"]
    assert client.get(body["url"]).status_code == 403  # to look is for readers
    assert filled.client().get(body["url"]).json() == {**body, "run": None}
    again = filled.client("admin").post("/v1/runs", json={"job": "predict"})
    assert again.status_code == 202 and again.json() == body
    page = filled.client().get("/v1/runs").json()
    assert page["requests"] == [body] and page["rows"]
    assert filled.client().get("/v1/runs", params={"job": "select"}).json()["requests"] == []
    with sessions() as session:
        (entry,) = [one for one in load_audit(session) if one.act == "run.ask"]
    assert (entry.who, entry.subject) == ("write key", "job predict")


@pytest.mark.parametrize("body", [{"job": "retain"}, {"job": "x"}, {}, {"job": "predict", "now": 1}])
def test_what_cannot_be_asked_for_is_refused(filled: Filled, body: dict[str, object]) -> None:
    assert filled.client("write").post("/v1/runs", json=body).status_code == 422
    assert filled.client().get("/v1/runs").json()["requests"] == []


def test_only_who_may_write_may_ask(filled: Filled) -> None:
    for scope in ("read", "plan"):
        assert filled.client(scope).post("/v1/runs", json={"job": "predict"}).status_code == 403
    assert filled.client().get("/v1/runs/requests/77").status_code == 404


def test_after_ten_minutes_it_is_said_that_no_scheduler_runs(
    filled: Filled, sessions: sessionmaker[Session], asked_long_ago: int
) -> None:
    (request,) = filled.client().get("/v1/runs").json()["requests"]
    assert request["note"].startswith("No scheduler runs: start `forecall scheduler`")
    with sessions() as session:
        facts = {"lease_seconds": 900, "config_hash": "", "code_version": "", "now": NOW}
        run = begin_run(session, "select_full", **facts)  # type: ignore[arg-type]
        session.commit()
        assert run is not None
    path = f"/v1/runs/requests/{asked_long_ago}"
    assert filled.client().get(path).json()["note"] == "It waits for select_full."
    with sessions() as session:
        finish_run(session, run.id, now=NOW, state="done", outcome={})
        assert begin_run(session, "predict", **facts) is not None  # type: ignore[arg-type]
        session.commit()
    assert "goes on; this one begins after it" in filled.client().get(path).json()["note"]


def test_the_scheduler_takes_a_request_up_within_seconds_and_its_run_is_shown(
    filled: Filled, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    clock = background(settings, sessions)
    clock.start()
    try:
        url = filled.client("write").post("/v1/runs", json={"job": "signals"}).json()["url"]
        look = filled.client()

        def ended() -> bool:
            run = look.get(url).json()["run"]
            return run is not None and run["state"] == "done"

        assert until(ended)
    finally:
        clock.shutdown(wait=True)
    shown = look.get(url).json()
    assert (shown["state"], shown["run"]["job"]) == ("taken", "signals")
    assert look.get("/v1/runs").json()["requests"] == []
    assert not [one for one in threading.enumerate() if one.name == "requests"]


def test_while_the_job_runs_a_request_for_it_waits_and_is_done_after_it(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    running, go = threading.Event(), threading.Event()

    def slow(*_: object) -> Outcome:
        running.set()
        go.wait(10)
        return Outcome()

    now = pd.Timestamp.now("UTC")
    worker = threading.Thread(target=lambda: execute("demand", sessions, settings, now, job=slow))
    worker.start()
    assert running.wait(10)
    with sessions() as session:
        request, _ = ask(session, "demand", who="Anna", now=now.to_pydatetime())
        session.commit()
    assert take_up(settings, sessions) == 0
    go.set()
    worker.join(10)
    assert take_up(settings, sessions) == 1 and take_up(settings, sessions) == 0
    with sessions() as session:
        runs = list_runs(session, job="demand")
        assert len(runs) == 2 and load_request(session, request.id).run_id == runs[0].id


def test_two_schedulers_do_what_was_asked_once(settings: Settings, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        request, _ = ask(session, "demand", who="Anna", now=NOW)
        session.commit()
    takers = [Taker(settings, sessions, every=0.02) for _ in range(3)]
    for one in takers:
        one.start()

    def taken() -> bool:
        with sessions() as session:
            return load_request(session, request.id).taken_at is not None

    assert until(taken)
    time.sleep(0.2)
    for one in takers:
        one.stop()
    with sessions() as session:
        runs = list_runs(session, job="demand")
    worked = [run for run in runs if "request" not in run.outcome["done"]]
    assert len(worked) == 1  # another may have come too late, and did nothing


def test_a_job_that_fails_is_not_tried_for_ever_and_others_are_told(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    broken = settings.model_copy(update={"queues": None})  # the jobs trip over it
    with sessions() as session:
        request, _ = ask(session, "predict", who="Anna", now=NOW)
        session.commit()
    with pytest.raises(TypeError):
        take_up(broken, sessions)
    assert take_up(broken, sessions) == 0
    with sessions() as session:
        (run,) = list_runs(session, job="predict")
        (event,) = load_events(session, kinds=["run.failed"])
        assert run.state == "failed" and load_request(session, request.id).run_id == run.id
    assert (event.body["job"], event.body["run_id"]) == ("predict", run.id)


def test_a_taker_goes_on_after_a_job_that_broke(settings: Settings, sessions: sessionmaker[Session]) -> None:
    broken = settings.model_copy(update={"queues": None})
    taker = Taker(broken, sessions, every=0.02)
    taker.start()
    try:
        for job in ("predict", "demand"):
            with sessions() as session:
                request, _ = ask(session, job, who="Anna", now=NOW)
                session.commit()

            def taken(number: int = request.id) -> bool:
                with sessions() as session:
                    return load_request(session, number).run_id is not None

            assert until(taken)
    finally:
        taker.stop()
