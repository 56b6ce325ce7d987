"""Webhooks get every event once, in order, signed; what fails is tried again, given up aloud, and can be sent anew."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx2
import pandas as pd
import pytest
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.orm import Session, sessionmaker

from forecast.alerts import Rules, Surge
from forecast.buckets import to_ns
from forecast.errors import ConfigError
from jobs import alert, push, retain
from jobs.deliveries import Wire
from jobs.event_messages import tell_failure
from jobs.ledger import JOBS, Outcome, execute
from jobs.push import LEASE, MINUTES, PAUSES, REFUSED
from jobs.scheduler import run_scheduled
from store.events import load_events, tell
from store.hook_deliveries import Standing, claim_event, load_standings, queue_events, replay_events, wake
from store.imports.volumes import import_volumes
from store.push_settings import WANTED, Push, PushTarget
from store.run_requests import ASKABLE
from store.runs import list_runs
from store.settings import Settings
from tests.jobs.conftest import NOW as FORECAST_NOW
from tests.peers.hooks import Hooks
from tests.peers.serving import Serving

NOW = pd.Timestamp("2026-03-05 07:30", tz="Europe/Amsterdam").tz_convert("UTC")
SECRET = b"a secret of ours"
WFM = {"name": "wfm", "url_env": "WFM_URL", "secret_env": "WFM_SECRET"}
OTHER = {"name": "other", "url_env": "OTHER_URL"}


class Rude(Serving):
    """A receiver that reads a request and then says these bytes, after `slow` seconds, and hangs up."""

    def __init__(self, says: bytes, slow: float = 0.0) -> None:
        self.says, self.slow, self.got = says, slow, 0

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        peer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65_536)
                peer.got += 1
                time.sleep(peer.slow)
                try:
                    self.request.sendall(peer.says)
                except OSError:
                    return

        return Handler


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    with Hooks() as hooks:
        monkeypatch.setenv("WFM_URL", f"{hooks.url}/wfm-secret-path")
        monkeypatch.setenv("OTHER_URL", f"{hooks.url}/other")
        monkeypatch.setenv("WFM_SECRET", "whsec_" + base64.b64encode(SECRET).decode())
        yield hooks


@contextmanager
def line(seconds: float = 5.0) -> Iterator[Wire]:
    with httpx2.Client(timeout=seconds, trust_env=False) as client:
        yield Wire(client, clock=lambda: 1_772_692_200.0)


def telling(settings: Settings, *targets: dict[str, object]) -> Settings:
    return settings.model_copy(update={"push": Push.model_validate({"targets": targets})})


def go(
    sessions: sessionmaker[Session],
    settings: Settings,
    now: pd.Timestamp = NOW,
    *,
    name: str = "push",
    seconds: float = 5.0,
) -> Outcome:
    with line(seconds) as over:

        def work(session: Session, settings: Settings, at: pd.Timestamp) -> Outcome:
            return push.run(session, settings, at, over=over)

        outcome = execute(name, sessions, settings, now, job=work)
    assert outcome is not None
    return outcome


def told(sessions: sessionmaker[Session], *kinds: str, now: pd.Timestamp = NOW) -> list[int]:
    with sessions() as session:
        found = [tell(session, kind, {"number": n}, now=now.to_pydatetime()) for n, kind in enumerate(kinds)]
        session.commit()
    return found


def standing(sessions: sessionmaker[Session], name: str = "wfm") -> Standing:
    with sessions() as session:
        return load_standings(session, [name])[name]


def arrived(hooks: Hooks, path: str = "/wfm-secret-path") -> list[int]:
    return [body["data"]["event_id"] for body in hooks.bodies(path)]


def test_every_event_arrives_once_in_order_at_each_webhook_that_wants_it(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM, {**OTHER, "events": ["plan.locked"]})
    ids = told(sessions, "forecast.made", "plan.locked", "alert.raised")
    assert dict(go(sessions, settings).done) == {"queued": 4, "sent": 4, "given_up": 0}
    assert dict(go(sessions, settings).done) == {"queued": 0, "sent": 0, "given_up": 0}
    assert arrived(hooks) == ids and arrived(hooks, "/other") == ids[1:2]
    with sessions() as session:
        assert not push.due(session, settings, NOW)
    told(sessions, "plan.locked")
    with sessions() as session:
        assert push.due(session, settings, NOW)


def test_a_message_says_what_happened_and_when_and_is_signed(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    (event_id,) = told(sessions, "plan.locked")
    go(sessions, telling(settings, WFM, OTHER))
    by_path = {path: (headers, body) for path, headers, body in hooks.got}
    headers, body = by_path["/wfm-secret-path"]
    assert json.loads(body) == {
        "type": "plan.locked",
        "id": headers["webhook-id"],
        "timestamp": "2026-03-05T06:30:00+00:00",
        "data": {"event_id": event_id, "number": 0},
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    headers, _ = by_path["/other"]
    assert "webhook-signature" not in headers and headers["webhook-id"] == json.loads(body)["id"]


def test_what_fails_waits_longer_each_time_is_given_up_aloud_and_the_next_goes_on(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    first, second = told(sessions, "forecast.made", "forecast.published")
    hooks.answers.extend([500] * (len(PAUSES) + 1))
    at = NOW
    for minutes in PAUSES:
        outcome = go(sessions, settings, at)
        assert outcome.done["sent"] == 0 and "it answers 500" in outcome.problems[0]
        go(sessions, settings, at + (minutes - 0.5) * MINUTES)  # too early: nothing is sent
        at += minutes * MINUTES + MINUTES / 60  # the clock of a run goes on a little
    assert len(hooks.got) == len(PAUSES)
    last = go(sessions, settings, at)
    assert (last.done["given_up"], last.done["sent"]) == (1, 1)
    assert f"event {first} is given up after {len(PAUSES) + 1} tries" in last.problems[0]
    assert arrived(hooks)[-1] == second and set(arrived(hooks)[:-1]) == {first}
    assert len({headers["webhook-id"] for _, headers, _ in hooks.got}) == 2  # the same at every try
    assert (standing(sessions).given_up, standing(sessions).delivered) == (1, 1)


def test_a_later_event_does_not_overtake_one_that_waits(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM, OTHER)
    (first,) = told(sessions, "forecast.made")
    hooks.answers.append(503)
    go(sessions, settings)  # the first webhook is refused, the other is not kept by it
    assert arrived(hooks, "/other") == [first]
    (second,) = told(sessions, "plan.locked")
    go(sessions, settings, NOW + MINUTES / 2)
    assert arrived(hooks) == [first] and arrived(hooks, "/other") == [first, second]
    go(sessions, settings, NOW + 2 * MINUTES)
    assert arrived(hooks) == [first, first, second]


def test_an_event_that_is_refused_holds_up_the_others_for_minutes_and_not_for_hours(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    first, second = told(sessions, "forecast.made", "plan.locked")
    hooks.answers.extend([400] * (len(REFUSED) + 1))
    at = NOW
    for minutes in (*REFUSED, 0):
        go(sessions, settings, at)
        at += minutes * MINUTES + MINUTES / 60
    assert arrived(hooks) == [first] * (len(REFUSED) + 1) + [second]
    assert at - NOW < 40 * MINUTES


def test_a_receiver_that_is_gone_is_not_asked_again(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    told(sessions, "forecast.made")
    hooks.answers.append(410)
    outcome = go(sessions, settings)
    assert outcome.done["given_up"] == 1 and "410" in outcome.problems[0]
    go(sessions, settings, NOW + pd.Timedelta("2d"))
    assert len(hooks.got) == 1 and "410" in standing(sessions).problem


def test_a_receiver_may_ask_for_a_longer_pause(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    told(sessions, "forecast.made")
    hooks.answers.append(429)
    hooks.retry_after = "600"
    go(sessions, settings)
    go(sessions, settings, NOW + 9 * MINUTES)
    assert len(hooks.got) == 1
    go(sessions, settings, NOW + 11 * MINUTES)
    assert len(hooks.got) == 2 and standing(sessions).pending == 0


@pytest.mark.parametrize(
    ("says", "slow"),
    [(b"", 1.0), (b"", 0.0), (b"HTTP/1.1 ", 0.0), (b"nonsense\r\n\r\n", 0.0)],
    ids=["hangs", "hangs up", "dies in the status", "speaks no HTTP"],
)
def test_where_no_answer_comes_it_is_sent_again_with_the_same_id(
    sessions: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    monkeypatch: pytest.MonkeyPatch,
    says: bytes,
    slow: float,
) -> None:
    settings = telling(settings, WFM)
    (first,) = told(sessions, "forecast.made")
    with Rude(says, slow) as rude, monkeypatch.context() as patched:
        patched.setenv("WFM_URL", f"{rude.url}/wfm-secret-path")
        outcome = go(sessions, settings, seconds=0.3)
        assert rude.got == 1 and "may have arrived" in outcome.problems[0]
    go(sessions, settings, NOW + 2 * MINUTES)
    assert arrived(hooks) == [first]


def test_an_answer_that_breaks_off_after_its_status_counts(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sessions, "forecast.made")
    with Rude(b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\nhal") as rude:
        monkeypatch.setenv("WFM_URL", rude.url)
        assert go(sessions, telling(settings, WFM)).done["sent"] == 1


def test_a_redirect_is_not_followed(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sessions, "forecast.made")
    elsewhere = f"HTTP/1.1 307 x\r\nlocation: {hooks.url}/stolen\r\ncontent-length: 0\r\n\r\n".encode()
    with Rude(elsewhere) as rude:
        monkeypatch.setenv("WFM_URL", rude.url)
        outcome = go(sessions, telling(settings, WFM))
    assert "it answers 307" in outcome.problems[0] and hooks.got == []


def test_a_receiver_that_cannot_be_reached_waits_and_the_others_do_not(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sessions, "forecast.made", "plan.locked")
    with Rude(b"") as rude:
        closed = rude.url
    monkeypatch.setenv("WFM_URL", closed)
    outcome = go(sessions, telling(settings, WFM, OTHER))
    assert (outcome.done["sent"], outcome.state) == (2, "done") and "cannot be reached" in outcome.problems[0]
    assert standing(sessions).pending == 2


def test_a_webhook_without_its_address_is_said_to_be_so_and_loses_no_try(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = telling(settings, WFM)
    told(sessions, "forecast.made")
    with monkeypatch.context() as patched:
        patched.delenv("WFM_SECRET")
        for _ in range(len(PAUSES) + 2):
            assert "WFM_SECRET" in go(sessions, settings).problems[0]
    assert "WFM_SECRET" in standing(sessions).problem and hooks.got == []
    assert go(sessions, settings).done["sent"] == 1
    with pytest.raises(ConfigError):
        from store.alert_settings import held_in

        held_in("NOT_SET_AT_ALL", "wfm")


def test_neither_the_address_nor_what_repeats_it_is_told_or_logged(
    sessions: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told(sessions, "forecast.made")
    said = b"no hook /wfm-secret-path here"
    answer = b"HTTP/1.1 404 x\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)
    with Rude(answer) as rude, caplog.at_level(logging.WARNING):
        monkeypatch.setenv("WFM_URL", f"{rude.url}/wfm-secret-path")
        outcome = go(sessions, telling(settings, WFM))
    assert "it answers 404" in outcome.problems[0]
    for text in (*outcome.problems, standing(sessions).problem, caplog.text):
        assert "wfm-secret-path" not in text and str(rude.port) not in text


@pytest.mark.parametrize(
    ("place", "repeated"),
    [
        ("{url}/in?token=s3cret-7", b"the token s3cret-7 is unknown"),
        ("{url}/in?sig=a%2Fb%2Fc", b"a/b/c is no signature"),
        ("{url}/in?sig=a%2Fb%2Fc", b"a%2Fb%2Fc is no signature"),
        ("{url}/in?s3cret-7", b"s3cret-7 is unknown"),
        ("http://wfm:s3cret-7@127.0.0.1:{port}/in", b"wfm may not use s3cret-7"),
    ],
)
def test_what_repeats_a_secret_in_the_query_or_the_password_is_not_told(
    sessions: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    repeated: bytes,
) -> None:
    told(sessions, "forecast.made")
    answer = b"HTTP/1.1 401 x\r\ncontent-length: %d\r\n\r\n%s" % (len(repeated), repeated)
    with Rude(answer) as rude:
        monkeypatch.setenv("WFM_URL", place.format(url=rude.url, port=rude.port))
        outcome = go(sessions, telling(settings, WFM))
    assert "it answers 401." in outcome.problems[0]
    assert repeated.decode() not in outcome.problems[0] + standing(sessions).problem


def test_two_processes_that_send_at_once_send_each_event_once_and_in_order(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    ids = told(sessions, *["plan.locked"] * 6)
    hooks.slow = 0.05
    workers = [
        threading.Thread(target=partial(go, sessions, settings, name=f"push {number}")) for number in range(3)
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    go(sessions, settings)  # what the one that was left alone did not get to
    assert arrived(hooks) == ids


def test_a_process_that_dies_between_claim_and_answer_costs_a_second_sending_and_no_event(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    first, second = told(sessions, "forecast.made", "plan.locked")
    with sessions() as session:
        queue_events(session, PushTarget.model_validate(WFM), now=NOW.to_pydatetime())
        until = (NOW + LEASE).to_pydatetime()
        assert claim_event(session, first, "wfm", now=NOW.to_pydatetime(), until=until) == 1
        session.commit()
    assert go(sessions, settings, NOW + LEASE - MINUTES).done["sent"] == 0
    assert go(sessions, settings, NOW + LEASE).done["sent"] == 2
    assert arrived(hooks) == [first, second]


def test_a_replay_sends_the_same_ids_again_before_what_is_newer(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM)
    first, second = told(sessions, "forecast.made", "plan.locked")
    go(sessions, settings)
    (third,) = told(sessions, "plan.released")
    with sessions() as session:
        target = PushTarget.model_validate(WFM)
        assert replay_events(session, target, now=NOW.to_pydatetime(), event_id=second) == 1
        session.commit()
    go(sessions, settings)
    assert arrived(hooks) == [first, second, second, third]
    sent = [headers["webhook-id"] for _, headers, _ in hooks.got]
    assert sent[1] == sent[2] and len(set(sent)) == 3


def test_a_test_goes_to_its_webhook_alone_and_wakes_what_waits(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings = telling(settings, WFM, {**OTHER, "events": ["plan.locked"]})
    (first,) = told(sessions, "forecast.made")
    hooks.answers.append(500)
    go(sessions, settings)
    with sessions() as session:
        wake(session, "wfm", now=NOW.to_pydatetime())
        test = tell(session, "webhook.test", {"webhook": "wfm"}, now=NOW.to_pydatetime())
        session.commit()
    go(sessions, settings)
    assert arrived(hooks) == [first, first, test] and arrived(hooks, "/other") == []


def test_a_job_that_fails_is_told_once_until_it_has_run_well_again(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    states = ["failed", "failed", "done", "failed"]
    for number, state in enumerate(states):
        at = NOW + number * MINUTES
        execute("signals", sessions, settings, at, job=lambda *_, state=state: Outcome(state=state))  # type: ignore[misc]
        with sessions() as session:
            tell_failure(session, "signals")
            session.commit()
    with sessions() as session:
        events = load_events(session)
    assert [(one.kind, one.body["job"]) for one in events] == [("run.failed", "signals")] * 2
    assert len({one.body["run_id"] for one in events}) == 2


def test_the_clock_begins_no_run_where_there_is_nothing_to_send(
    sessions: sessionmaker[Session], settings: Settings, hooks: Hooks
) -> None:
    settings, trigger = telling(settings, WFM), CronTrigger.from_crontab("* * * * *")

    def fire() -> int:
        run_scheduled("push", settings, sessions, trigger)
        with sessions() as session:
            return len(list_runs(session, job="push"))

    assert fire() == 1  # the first time it notes from which event on the webhook is told
    assert fire() == 1
    told(sessions, "plan.locked", now=pd.Timestamp.now("UTC"))
    with sessions() as session:
        assert push.due(session, settings, pd.Timestamp.now("UTC"))
    execute("push", sessions, settings, pd.Timestamp.now("UTC"))
    assert len(arrived(hooks)) == 1 and fire() == 2


def test_a_peak_warning_is_told_when_it_begins_ends_and_is_taken_up_again(
    sessions: sessionmaker[Session],
) -> None:
    def ns(minutes: int) -> int:
        return to_ns(NOW + minutes * MINUTES)

    surge = Surge("Outage", "outage", "posts:outage", ns(-20), ns(150), ns(270), 210.4, 130.2, 299.8, 3.42, 41, 0.93, False)  # fmt: skip
    looks = [[surge], [surge], [replace(surge, over=True)], [surge]]
    with sessions() as session:
        for number, found in enumerate(looks):
            alert.keep(session, "Outage", found, Rules(10, 0.25), NOW + number * 5 * MINUTES)
        events = load_events(session)
    assert [one.kind for one in events] == ["alert.raised", "alert.ended", "alert.raised"]
    number = events[0].body["alert_id"]
    assert events[0].body == {
        "alert_id": number,
        "queue": "Outage",
        "topic": "outage",
        "start": "2026-03-05T09:00:00+00:00",
        "end": "2026-03-05T11:00:00+00:00",
        "url": f"/v1/alerts/{number}",
    }
    assert {one.body["alert_id"] for one in events} == {number}


def test_a_forecast_is_told_when_it_is_made_and_when_it_is_published(
    sessions: sessionmaker[Session], settings: Settings, company: dict[str, Path]
) -> None:
    rows = pd.read_csv(company["volumes"])
    one = rows[rows["queue"] == "phone_billing"].to_csv(index=False)
    now = FORECAST_NOW
    with sessions() as session:
        import_volumes(session, settings, one.encode(), now=now)
        session.commit()
    quick = settings.models.model_copy(update={"champion": "mean8_open", "horizon_days": 2})
    settings = settings.model_copy(update={"models": quick})
    by_hand = settings.model_copy(update={"api": settings.api.model_copy(update={"publish": "manual"})})
    for chosen in (by_hand, settings):
        outcome = execute("predict", sessions, chosen, now)
        assert outcome is not None and outcome.state == "done"
    with sessions() as session:
        events = load_events(session)
        version = outcome.done["version"]
    assert [event.kind for event in events] == ["forecast.made", "forecast.made", "forecast.published"]
    assert events[2].body == {
        "version": version,
        "cutoff": now.isoformat(),
        "queues": 1,
        "url": f"/v1/forecasts?version={version}",
    }
    assert events[0].at >= now.to_pydatetime()


def test_old_events_go_with_the_retention_of_the_settings(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    told(sessions, "plan.locked", now=NOW - pd.Timedelta("36d"))
    kept = told(sessions, "plan.locked", "plan.locked", now=NOW - pd.Timedelta("34d"))
    with sessions() as session:
        assert retain.run(session, settings, NOW).done["events"] == 1
        assert [one.id for one in load_events(session)] == kept


def test_webhooks_are_told_apart_by_name_and_want_events_there_are() -> None:
    with pytest.raises(ValueError, match="two of them have the name wfm"):
        Push.model_validate({"targets": [WFM, WFM]})
    with pytest.raises(ValueError, match=r"forecast\.made"):
        Push.model_validate({"targets": [{**WFM, "events": ["forecast.mad"]}]})
    with pytest.raises(ValueError, match="environment variable"):
        Push.model_validate({"targets": [{**WFM, "url_env": "https://example.org/hook"}]})
    assert set(ASKABLE) == set(JOBS) - {"retain"} and "webhook.test" not in WANTED
