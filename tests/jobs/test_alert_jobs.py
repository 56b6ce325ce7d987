"""Peak warnings are kept, told once to each target, ended and judged; a second run changes nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx2
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from cli.console import CLIENTS, set_up_logging
from forecast.alerts import Surge
from forecast.buckets import Grid, Interval, local_day, to_ns
from forecast.errors import InputError
from forecast.vintage import Snapshot
from jobs import alert
from jobs.alert import LEASE, REFUSED
from jobs.alert_messages import Message
from jobs.deliveries import Wire, send
from jobs.ledger import Outcome, execute
from store.alert_settings import Alerts, Slack
from store.alerts import claim, load_alerts, raise_alert, record_act
from store.days import save_hours
from store.queues import Queue, save_queue
from store.settings import Logging, Reason, Settings
from store.signals import save_signals
from store.statements import table_of
from store.tables import AlertRow, DeliveryRow
from store.volumes import save_volumes
from tests.peers.hooks import Hooks
from tests.peers.smtp import MailServer

TZ = "Europe/Amsterdam"
NOW = pd.Timestamp("2026-03-05 07:30", tz=TZ).tz_convert("UTC")
MINUTE = pd.Timedelta("1min")


def ns(clock: str) -> int:
    return to_ns(pd.Timestamp(f"2026-03-05 {clock}", tz=TZ))


SURGE = Surge("Outage", "outage", "posts:outage", ns("07:10"), ns("10:00"), ns("12:00"), 210.4, 130.2, 299.8, 3.42, 41, 0.93, False)  # fmt: skip


class Detector:
    """What the detector would find, as told by the test; it counts how often it is asked."""

    def __init__(self, *surges: Surge) -> None:
        self.surges, self.asked, self.broken = list(surges), 0, False

    def __call__(self, snapshot: Snapshot, name: str) -> list[Surge]:
        self.asked += 1
        if self.broken:
            raise InputError("The posts cannot be read.")
        return [one for one in self.surges if one.series == name]


@pytest.fixture
def company(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """A queue of 40 days with 20 calls an hour, and posts of this morning."""
    with sessions() as session:
        save_queue(session, Queue("Outage", "phone", "outage", Interval.HOUR, TZ))
        today = local_day(to_ns(NOW), TZ)
        calls(session, Grid.days(today - 40, today - 1, Interval.HOUR, TZ).ds, 20.0)
        posts = {
            "signal": "posts",
            "topic": "outage",
            "ds": [NOW - 30 * MINUTE],
            "value": 12.0,
            "kind": "count",
        }
        save_signals(session, pd.DataFrame(posts), interval=Interval.HALF_HOUR, tz=TZ)
        session.commit()
    return sessions


def calls(session: Session, ds: np.ndarray[Any, np.dtype[np.int64]], offered: float) -> None:
    known = pd.to_datetime(ds, utc=True) + pd.Timedelta("1h")
    frame = pd.DataFrame(
        {"queue": "Outage", "ds": pd.to_datetime(ds, utc=True), "offered": offered, "known_at": known}
    )
    save_volumes(session, frame.astype({"queue": object}), upload_id=None)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as hooks:
        yield hooks


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as mail:
        yield mail


@contextmanager
def line(seconds: float = 5.0) -> Iterator[Wire]:
    with httpx2.Client(timeout=seconds, trust_env=False) as client:
        yield Wire(client, sleep=lambda _: None, clock=lambda: 1_772_692_200.0)


def telling(settings: Settings, *targets: dict[str, Any]) -> Settings:
    reasons = {
        "outage": Reason(
            owner="Network desk", email="desk@example.org", faq="https://example.org/outage?a=1&b=2"
        )
    }
    return settings.model_copy(
        update={"alerts": Alerts.model_validate({"targets": targets}), "reasons": reasons}
    )


def of_every_kind(monkeypatch: pytest.MonkeyPatch, hooks: Hooks, mail: MailServer) -> list[dict[str, Any]]:
    for kind in ("webhook", "slack", "teams"):
        monkeypatch.setenv(f"{kind.upper()}_URL", f"{hooks.url}/{kind}")
    monkeypatch.setenv("SIGNING", "whsec_" + base64.b64encode(b"a secret of ours").decode())
    letters = {"sender": "forecall@example.org", "host": "127.0.0.1", "port": mail.port, "security": "none"}
    return [
        {"kind": "webhook", "name": "program", "url_env": "WEBHOOK_URL", "secret_env": "SIGNING"},
        {"kind": "slack", "name": "floor", "url_env": "SLACK_URL", "language": "nl"},
        {"kind": "teams", "name": "desk", "url_env": "TEAMS_URL"},
        {"kind": "email", "name": "post", "to": ["plan@example.org"], "to_owner": True, **letters},
    ]


def go(
    sessions: sessionmaker[Session],
    settings: Settings,
    look: Detector,
    now: pd.Timestamp = NOW,
    over: Wire | None = None,
    name: str = "alert",
) -> Outcome:
    def work(session: Session, settings: Settings, at: pd.Timestamp) -> Outcome:
        return alert.run(session, settings, at, look=look, over=over)

    outcome = execute(name, sessions, settings, now, job=work)
    assert outcome is not None
    return outcome


def stored(sessions: sessionmaker[Session]) -> list[Any]:
    """All rows of warnings and deliveries."""
    with sessions() as session:
        return [
            tuple(row) for one in (AlertRow, DeliveryRow) for row in session.execute(select(table_of(one)))
        ]


def counts(hooks: Hooks, mail: MailServer) -> tuple[int, int]:
    return len(hooks.got), len(mail.letters)


def test_a_message_of_each_kind_arrives_once_and_a_second_run_changes_nothing(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail))
    look = Detector(SURGE)
    with line() as over:
        first = go(company, settings, look, over=over)
        assert (
            first.done == {"queues": 1, "raised": 1, "updated": 0, "ended": 0, "sent": 4}
            and not first.problems
        )
        before = stored(company)
        second = go(company, settings, look, NOW + 5 * MINUTE, over=over)
    assert second.done == {"queues": 1, "raised": 0, "updated": 0, "ended": 0, "sent": 0}
    assert stored(company) == before
    assert counts(hooks, mail) == (3, 1)
    assert {path for path, _, _ in hooks.got} == {"/webhook", "/slack", "/teams"}


def test_each_kind_says_when_how_many_why_what_is_in_time_who_owns_it_and_where_the_answer_is(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail))
    with line() as over:
        go(company, settings, Detector(SURGE), NOW, over=over)
    ((letter, to),) = mail.letters
    assert to == ["plan@example.org", "desk@example.org"] and letter["Subject"] == "Peak warning: Outage"
    assert letter["Auto-Submitted"] == "auto-generated"
    (program,), (floor,), (desk,) = (hooks.bodies(f"/{kind}") for kind in ("webhook", "slack", "teams"))
    english = [letter.get_content(), json.dumps(desk)]
    for text in english:
        assert (
            "since 07:10, 3.4 times the usual posts about outage; +210 calls (130-300) between 10:00 and 12:00"
            in text
        )
        assert "Still in time: IVR message (5 min), move breaks (30 min), cancel training (60 min)" in text
        assert "partner" not in text  # it takes three hours, and two and a half are left
    for text in [*english, json.dumps(floor), json.dumps(program)]:
        assert "Network desk" in text and "https://example.org/outage" in text
    assert "+210 telefoontjes (130-300) tussen 10:00 en 12:00" in json.dumps(floor)
    assert floor["blocks"][0]["text"]["text"] == "Piekwaarschuwing: Outage"
    assert (program["type"], program["alert"]["queue"], program["alert"]["extra"]) == (
        "alert.raised",
        "Outage",
        210.4,
    )
    assert [one["name"] for one in program["alert"]["measures"]] == [
        "IVR message",
        "move breaks",
        "cancel training",
    ]
    card = desk["attachments"][0]["content"]
    assert (card["type"], card["actions"][0]["url"]) == ("AdaptiveCard", "https://example.org/outage?a=1&b=2")


def test_the_signature_of_a_webhook_covers_its_id_its_time_and_its_body(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[:1])
    with line() as over:
        go(company, settings, Detector(SURGE), over=over)
    ((_, headers, body),) = hooks.got
    assert headers["webhook-timestamp"] == "1772692200"
    signed = f"{headers['webhook-id']}.1772692200.".encode() + body
    made = base64.b64encode(hmac.new(b"a secret of ours", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    assert json.loads(body)["id"] == headers["webhook-id"]


def test_it_is_told_anew_when_it_grows_and_once_more_when_it_ends(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail))
    look = Detector(SURGE)
    with line() as over:
        go(company, settings, look, NOW, over=over)
        look.surges = [replace(SURGE, extra=400.0, posts=80)]
        assert go(company, settings, look, NOW + 5 * MINUTE, over=over).done["updated"] == 1
        look.surges = [replace(SURGE, over=True)]
        ended = go(company, settings, look, NOW + 10 * MINUTE, over=over)
        assert (ended.done["ended"], ended.done["sent"]) == (1, 4)
        assert go(company, settings, look, NOW + 15 * MINUTE, over=over).done["sent"] == 0
    assert [one["type"] for one in hooks.bodies("/webhook")] == [
        "alert.raised",
        "alert.update",
        "alert.ended",
    ]
    letters = [letter for letter, _ in mail.letters]
    assert [letter["Subject"] for letter in letters] == [
        "Peak warning: Outage", "Peak warning, changed: Outage", "Peak warning ended: Outage",
    ]  # fmt: skip
    assert letters[1]["References"] == letters[2]["References"] == letters[0]["Message-ID"]
    assert len({letter["Message-ID"] for letter in letters}) == 3
    with company() as session:
        (held,) = load_alerts(session)
    assert (held.live, held.why, held.surge.posts) == (False, "over", 80)


def test_two_processes_that_deliver_at_once_send_each_message_once(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail))
    go(company, telling(settings), Detector(SURGE))  # raised, and nobody told
    hooks.slow = 0.2  # so that both are at it at the same time
    together = threading.Barrier(2)

    def deliver(number: int) -> None:
        with line() as over:
            together.wait(5)
            go(company, settings, Detector(SURGE), NOW + MINUTE, over=over, name=f"alert {number}")

    workers = [threading.Thread(target=partial(deliver, number)) for number in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    assert counts(hooks, mail) == (3, 1)


def test_a_claim_whose_process_died_is_taken_up_after_its_lease_and_not_before(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[:1])
    go(company, telling(settings), Detector(SURGE))
    with company() as session:
        until = (NOW + LEASE).to_pydatetime()
        assert claim(session, 1, "program", "raised", now=NOW.to_pydatetime(), until=until)
        session.commit()
    with line() as over:
        assert go(company, settings, Detector(SURGE), NOW + LEASE - MINUTE, over=over).done["sent"] == 0
        assert go(company, settings, Detector(SURGE), NOW + LEASE, over=over).done["sent"] == 1
    assert len(hooks.got) == 1


def test_a_busy_receiver_is_asked_again_and_one_that_refuses_is_reported(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[:1])
    look = Detector(SURGE)
    hooks.answers.extend([503, 429])
    with line() as over:
        assert go(company, settings, look, over=over).done["sent"] == 1  # the third try
    assert len(hooks.got) == 3 and len({headers["webhook-id"] for _, headers, _ in hooks.got}) == 1


def test_what_is_refused_is_reported_without_its_address_and_asked_again_in_an_hour(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[1:2])
    look = Detector(SURGE)
    hooks.answers.extend([404])
    with line() as over:
        first = go(company, settings, look, over=over)
        assert first.done["sent"] == 0 and "it answers 404" in first.problems[0]
        assert hooks.url not in str(first.problems) and "SLACK_URL" in first.problems[0]
        go(company, settings, look, NOW + 5 * MINUTE, over=over)
        assert len(hooks.got) == 1
        assert go(company, settings, look, NOW + REFUSED + MINUTE, over=over).done["sent"] == 1


def test_a_message_whose_answer_never_came_is_not_repeated_at_once(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[1:2])
    hooks.slow = 0.6
    with line(0.2) as over:
        first = go(company, settings, Detector(SURGE), over=over)
        assert "may have arrived" in first.problems[0]
        go(company, settings, Detector(SURGE), NOW + 5 * MINUTE, over=over)
    assert len(hooks.got) == 1


def test_a_letter_goes_to_those_who_are_not_refused_and_is_not_repeated(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[3:])
    mail.refuse["desk@example.org"] = "550 nobody of that name"
    mail.busy = 1
    with line() as over:
        first = go(company, settings, Detector(SURGE), over=over)
        assert first.done["sent"] == 1 and "desk@example.org" in first.problems[0]
        go(company, settings, Detector(SURGE), NOW + 5 * MINUTE, over=over)
    assert [to for _, to in mail.letters] == [["plan@example.org"]]


def test_a_mail_server_that_falls_silent_after_the_letter_is_not_given_it_at_once_again(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = telling(settings, *of_every_kind(monkeypatch, hooks, mail)[3:])
    mail.hangs_up = True
    with line() as over:
        first = go(company, settings, Detector(SURGE), over=over)
        go(company, settings, Detector(SURGE), NOW + 5 * MINUTE, over=over)
    assert "may have arrived" in first.problems[0] and len(mail.letters) == 1


def test_one_target_without_its_secret_does_not_keep_the_others_from_being_told(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    targets = of_every_kind(monkeypatch, hooks, mail)
    monkeypatch.delenv("SIGNING")
    with line() as over:
        outcome = go(company, telling(settings, *targets), Detector(SURGE), over=over)
    assert outcome.done["sent"] == 3 and "SIGNING" in outcome.problems[0]


def test_a_target_hears_of_its_own_queues_alone_and_of_no_end_whose_beginning_it_missed(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, floor, *_ = of_every_kind(monkeypatch, hooks, mail)
    look = Detector(SURGE)
    with line() as over:
        go(
            company,
            telling(settings, {**program, "queues": ["Billing"]}, {**floor, "topics": ["outage"]}),
            look,
            over=over,
        )
        look.surges = [replace(SURGE, over=True)]
        go(company, telling(settings, program, floor), look, NOW + MINUTE, over=over)
    assert [path for path, _, _ in hooks.got] == ["/slack", "/slack"]


def test_what_people_post_is_text_in_every_message(
    company: sessionmaker[Session],
    settings: Settings,
    hooks: Hooks,
    mail: MailServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = replace(SURGE, topic="<!channel> [x](https://evil.example)\r\nBcc: a@b.example")
    with line() as over:
        go(company, telling(settings, *of_every_kind(monkeypatch, hooks, mail)), Detector(hostile), over=over)
    (floor,), (desk,) = hooks.bodies("/slack"), hooks.bodies("/teams")
    assert "<" not in floor["text"] and {block["text"]["type"] for block in floor["blocks"]} == {"plain_text"}
    kinds = {block["type"] for block in desk["attachments"][0]["content"]["body"]}
    assert kinds == {"RichTextBlock"}  # the one that knows no Markdown
    ((letter, _),) = mail.letters
    assert letter["Bcc"] is None and letter.get_content_type() == "text/plain"


def test_a_detector_that_fails_is_a_sentence_and_ends_no_warning(
    company: sessionmaker[Session], settings: Settings
) -> None:
    look = Detector(SURGE)
    go(company, settings, look)
    look.broken = True
    outcome = go(company, settings, look, NOW + MINUTE)
    assert outcome.state == "failed" and "Outage: The posts cannot be read." in outcome.problems[0]
    with company() as session:
        assert load_alerts(session)[0].live
    go(company, settings, look, pd.Timestamp(SURGE.stop, tz="UTC"))
    with company() as session:
        assert load_alerts(session)[0].why == "passed"


def test_without_another_the_real_detector_looks(company: sessionmaker[Session], settings: Settings) -> None:
    outcome = execute("alert", company, settings, NOW)
    assert outcome is not None and outcome.done["queues"] == 1 and not outcome.problems


def test_without_posts_and_without_a_warning_nobody_looks(
    company: sessionmaker[Session], settings: Settings
) -> None:
    look = Detector()
    go(company, settings, look, NOW + pd.Timedelta("2D"))
    assert look.asked == 0
    go(company, settings, look)
    assert look.asked == 1


def test_an_ended_warning_is_judged_by_what_came_unless_somebody_acted(
    company: sessionmaker[Session], settings: Settings
) -> None:
    look = Detector(SURGE)
    go(company, settings, look)
    look.surges = []
    later = pd.Timestamp(SURGE.stop, tz="UTC") + 5 * MINUTE
    go(company, settings, look, later)
    with company() as session:
        assert load_alerts(session)[0].outcome == "not known yet"
        calls(
            session,
            Grid.days(local_day(to_ns(NOW), TZ), local_day(to_ns(NOW), TZ), Interval.HOUR, TZ).ds[:13],
            20.0,
        )
        session.commit()
    go(company, settings, look, later + pd.Timedelta("2h"))
    with company() as session:
        (held,) = load_alerts(session)
        assert held.outcome == "false alarm" and held.came is not None and held.came.usual == 40.0
        record_act(session, held.id, who="Anna", act="IVR message", note="", now=later.to_pydatetime())
        session.commit()
    before = stored(company)
    go(company, settings, look, later + pd.Timedelta("3h"))
    assert stored(company) == before
    with company() as session:
        assert load_alerts(session)[0].outcome == "acted on"


def test_a_burst_that_flickers_keeps_its_one_warning(
    company: sessionmaker[Session], settings: Settings
) -> None:
    look = Detector(SURGE)
    for minute in range(0, 60, 5):
        look.surges = [] if minute % 10 else [SURGE]
        go(company, settings, look, NOW + minute * MINUTE)
    look.surges = [replace(SURGE, over=True)]
    go(company, settings, look, NOW + 60 * MINUTE)
    look.surges = [SURGE]
    go(company, settings, look, NOW + 65 * MINUTE)
    with company() as session:
        (held,) = load_alerts(session)
    assert held.live and held.updates == 1


def test_a_warning_until_after_closing_time_is_judged_by_the_open_part_of_it(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    """Files hold open half hours alone: of a time that ends minutes after closing the last one never comes."""
    today = local_day(to_ns(NOW), TZ)
    grid = Grid.days(today - 40, today + 1, Interval.HOUR, TZ)
    held = grid.ds[(grid.slot >= 8) & (grid.slot < 18)]
    until = replace(SURGE, start=ns("16:00"), stop=ns("18:07"), topic="late")
    with sessions() as session:
        save_queue(session, Queue("Outage", "phone", "outage", Interval.HOUR, TZ))
        calls(session, held, 20.0)
        for surge in (replace(until, stop=ns("17:52"), topic="control"), until):
            raise_alert(session, surge, now=NOW.to_pydatetime())
        session.commit()
        for clock in (ns("18:30"), ns("18:30") + 22 * 3600 * 10**9):
            alert.run(session, settings, pd.Timestamp(clock, tz="UTC"), look=Detector())
        ended = {one.surge.topic: one for one in load_alerts(session, state="ended")}
    assert {name: one.outcome for name, one in ended.items()} == {
        "control": "false alarm",
        "late": "false alarm",
    }
    assert ended["late"].came is not None and ended["late"].came.usual == 40.0


def test_with_given_hours_it_is_judged_on_the_same_evening(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    today = local_day(to_ns(NOW), TZ)
    grid = Grid.days(today - 40, today, Interval.HOUR, TZ)
    hours = pd.DataFrame({"queue": "Outage", "weekday": range(7), "opens": "08:00", "closes": "18:00"})
    with sessions() as session:
        save_queue(session, Queue("Outage", "phone", "outage", Interval.HOUR, TZ))
        save_hours(session, hours.astype({"queue": object, "opens": object, "closes": object}))
        open_ = (grid.slot >= 8) & (grid.slot < 18)
        calls(session, grid.ds[open_ & ((grid.day < today) | (grid.slot < 17))], 20.0)
        raise_alert(session, replace(SURGE, start=ns("16:00"), stop=ns("18:07")), now=NOW.to_pydatetime())
        evening = pd.Timestamp(ns("18:30"), tz="UTC")
        alert.run(session, settings, evening, look=Detector())
        assert load_alerts(session)[0].came is None  # the hour before closing is not in
        calls(session, grid.ds[(grid.day == today) & (grid.slot == 17)], 20.0)
        alert.run(session, settings, evening, look=Detector())
        assert load_alerts(session)[0].outcome == "false alarm"


def test_the_address_of_a_webhook_is_in_no_log(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root, clients = logging.getLogger(), [logging.getLogger(name) for name in CLIENTS]
    before, level, levels = root.handlers[:], root.level, [one.level for one in clients]
    monkeypatch.setenv("FLOOR_URL", f"{hooks.url}/services/T0/B0/SECRET")
    said = Message("forecall-alert-1-1-raised", "", "raised", "Peak warning", ("said",), (), "", "", {})
    try:
        set_up_logging(Settings(logging=Logging(level="debug")))
        root.addHandler(caplog.handler)
        with line() as wire:
            logging.getLogger("jobs").info("It is written down.")
            send(Slack(kind="slack", name="floor", url_env="FLOOR_URL"), said, wire)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        for one, was in zip(clients, levels, strict=True):
            one.setLevel(was)
    assert "written down" in caplog.text and len(hooks.got) == 1
    assert "SECRET" not in caplog.text
