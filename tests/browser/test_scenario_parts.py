"""The scenario page without a browser: events from fields, the bench, booking, the figures that are shown."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.desk import Change
from api.dashboard.palette import LIGHT
from api.dashboard.scenario import booking, columns, figure, forms, result
from api.dashboard.scenario.bench import Bench, Seen, Tell
from api.dashboard.scenario.booking import Booked
from api.dashboard.scenario.events import KINDS, event_of, sentence
from api.dashboard.scenario.work import Column, Order, key_of, read, worked
from api.dashboard.scenario.worth import Worths
from api.dashboard.words import Words
from forecast.assumption import Assumption
from forecast.buckets import Interval, to_ns
from forecast.errors import ForecallError, InputError, NotFound
from forecast.overriding import Override
from store.assumptions import save_assumption
from store.audit import load_audit
from store.database import connect, sessions
from store.drivers import load_drivers, save_drivers
from store.forecast_versions import create_version, publish_version
from store.kept_looks import KeptLooks
from store.overrides import add_override
from store.queues import Queue, save_queue
from store.scenarios import load_scenarios, remove_scenario, restore_scenario, save_scenario
from store.settings import Models, Settings
from store.volumes import save_volumes
from tests.browser.filled import NOW

EN, NL = Words("en"), Words("nl")
SETTINGS = Settings(models=Models(champion="level_profile", draws=60))
FIELDS: dict[str, dict[str, Any]] = {
    "letters": {"driver": "letters", "day": "2026-03-17", "value": 40_000, "scope": "phone_billing"},
    "price": {"driver": "price", "day": "2026-03-17", "value": 9, "scope": "*", "worth": 30, "lasts": 4},
    "outage": {"like": "2026-03-03", "day": "2026-03-17", "start": "10:00", "scale": 1.5},
    "posts": {"topic": "outage", "factor": 3, "day": "2026-03-17", "start": "10:00", "hours": 4},
    "closed": {"day": "2026-03-17", "target": "email_billing", "share": 40},
    "overflow": {"target": "Partner", "share": 30, "day": "2026-03-17", "until": "2026-03-18"},
    "change": {"percent": -10, "day": "2026-03-17", "until": "2026-03-18", "scope": "*"},
}


@pytest.fixture
def mine(filled: sessionmaker[Session], tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """A copy of the filled database for one test."""
    path = tmp_path / "forecall.db"
    source, target = (sqlite3.connect(str(one)) for one in (filled.kw["bind"].url.database, path))
    source.backup(target)
    source.close()
    target.close()
    engine = connect(f"sqlite:///{path}")
    yield sessions(engine)
    engine.dispose()


def finished(bench: Bench, number: int) -> Seen:
    """How it ended."""
    deadline = time.monotonic() + 20
    while (seen := bench.look(number)).state in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return seen


class TestEvents:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_becomes_an_event_the_api_takes_and_a_sentence_in_both_languages(
        self, kind: str
    ) -> None:
        event = event_of(kind, "phone_billing", FIELDS[kind])
        assert len(read([event]).events) == 1
        assert sentence(event, EN) != sentence(event, NL)

    def test_a_worth_is_said_per_thousand_and_stored_per_unit(self) -> None:
        event = event_of("price", "phone_billing", FIELDS["price"])
        assert (event["worth"], event["lasts_days"], "queue" in event) == (0.03, 4, False)

    def test_up_to_and_including_means_until_before_the_day_after(self) -> None:
        event = event_of("change", "phone_billing", FIELDS["change"])
        assert (event["from"], event["to"]) == ("2026-03-17", "2026-03-19")
        assert "Tue 17 Mar to Wed 18 Mar" in sentence(event, EN)

    @pytest.mark.parametrize("field", ["day", "value", "driver"])
    def test_a_field_left_empty_is_said(self, field: str) -> None:
        with pytest.raises(InputError):
            event_of("letters", "phone_billing", {**FIELDS["letters"], field: ""})

    def test_what_the_api_refuses_is_a_sentence_that_names_the_field(self) -> None:
        with pytest.raises(InputError, match="factor"):
            read([{**event_of("posts", "q", FIELDS["posts"]), "factor": -1}])

    def test_the_default_day_is_the_next_tuesday_and_never_today(self) -> None:
        assert forms.next_tuesday(NOW, "Europe/Amsterdam") == dt.date(2026, 3, 17)  # NOW is a Tuesday
        assert forms.next_tuesday(NOW + dt.timedelta(days=6), "Europe/Amsterdam") == dt.date(2026, 3, 17)


class TestBench:
    def test_one_is_worked_out_at_a_time_and_the_next_knows_how_many_come_before_it(self) -> None:
        bench, go = Bench(), threading.Event()

        def held(tell: Tell) -> str:
            tell(0, 2, "calls")
            go.wait(10)
            return "first"

        first, second = bench.ask("a", held), bench.ask("b", lambda tell: "second")
        assert bench.look(second.number).ahead == 1
        go.set()
        assert finished(bench, first.number).result == "first"
        assert finished(bench, second.number).result == "second"

    def test_the_same_question_is_answered_by_what_was_made(self) -> None:
        bench, made = Bench(), list[int]()
        numbers = {bench.ask("same", lambda tell: made.append(1)).number for _ in range(2)}
        finished(bench, next(iter(numbers)))
        assert bench.ask("same", lambda tell: made.append(1)).state == "done"
        assert (len(numbers), len(made)) == (1, 1)

    def test_what_nobody_looks_at_any_more_is_stopped_before_the_next_queue(self) -> None:
        moment = [0.0]
        bench, reached = Bench(patience=20, clock=lambda: moment[0]), list[str]()
        begun, left = threading.Event(), threading.Event()

        def work(tell: Tell) -> None:
            begun.set()
            left.wait(10)
            tell(1, 2, "second")
            reached.append("second")

        number = bench.ask("a", work).number
        begun.wait(10)
        moment[0] = 30.0
        left.set()
        deadline = time.monotonic() + 10
        while bench._thread is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert bench.look(number).state == "stopped" and reached == []

    def test_a_stop_ends_one_that_waits_and_an_error_ends_only_its_own(self) -> None:
        bench, go = Bench(), threading.Event()
        held, waits = bench.ask("a", lambda tell: go.wait(10)), bench.ask("b", lambda tell: 1)
        bench.stop(waits.number)
        go.set()
        finished(bench, held.number)
        broken = bench.ask("c", lambda tell: 1 / 0)
        assert isinstance(finished(bench, broken.number).error, ZeroDivisionError)
        assert bench.look(waits.number).state == "stopped"
        assert finished(bench, bench.ask("d", lambda tell: 4).number).result == 4

    def test_an_unexpected_error_is_written_to_the_log_and_a_refusal_is_not(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refused(tell: Tell) -> None:
            raise InputError("No.", remedy="Ask for less.")

        bench = Bench()
        with caplog.at_level(logging.ERROR):
            finished(bench, bench.ask("refused", refused).number)
            assert caplog.records == []
            finished(bench, bench.ask("broken", lambda tell: 1 / 0).number)
        assert "ZeroDivisionError" in caplog.text

    def test_a_failed_one_answers_for_a_while_and_is_then_tried_again(self) -> None:
        moment, made = [0.0], list[int]()
        bench = Bench(rest=30, clock=lambda: moment[0])

        def broken(tell: Tell) -> None:
            made.append(1)
            raise InputError("No.", remedy="Later.")

        finished(bench, bench.ask("a", broken).number)
        assert [bench.ask("a", broken).state for _ in range(5)] == ["failed"] * 5 and made == [1]
        moment[0] = 31.0
        finished(bench, bench.ask("a", broken).number)
        assert made == [1, 1]

    def test_what_is_no_longer_kept_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            Bench().look(7)


class TestWork:
    def test_two_scenarios_stand_on_one_look_at_each_queue(self, mine: sessionmaker[Session]) -> None:
        looks, told = KeptLooks(), list[tuple[int, int, str]]()
        more = event_of(
            "change", "phone_billing", {**FIELDS["change"], "percent": 10, "scope": "phone_billing"}
        )
        twice = {**more, "percent": 20}
        order = Order((Column("A", (more,)), Column("B", (twice,))), 7)
        made = worked(mine, SETTINGS, looks, order, NOW)(lambda *one: told.append(one))
        outs = [column["out"] for column in made["columns"]]
        base = [[day["forecast"]["mean"] for day in out["queues"][0]["days"]] for out in outs]
        assert base[0] == base[1] and told[-1][:2] == (1, 1) and len(looks) == 1
        whole = [out["total"]["difference"]["mean"] for out in outs]
        assert whole[1] == pytest.approx(2 * whole[0], rel=0.15) and whole[0] > 0
        days = sum(day["difference"]["mean"] for day in outs[0]["queues"][0]["days"])
        assert whole[0] == pytest.approx(days, abs=0.01)
        shown = figure.lines_of(made, "phone_billing", None, EN)
        assert [line.name for line in shown.lines] == ["", "A", "B"]
        assert figure.figure(shown, EN, LIGHT)["data"][1]["y"] == shown.lines[1].mean
        assert EN.number(sum(shown.lines[1].mean)) in figure.sentence(shown, "phone_billing", EN)
        assert result.worst_day(made, "*") in ("2026-03-17", "2026-03-18")

    def test_nothing_supposed_is_told_and_not_worked_out(self, mine: sessionmaker[Session]) -> None:
        with pytest.raises(InputError):
            worked(mine, SETTINGS, KeptLooks(), Order((), 14), NOW)(lambda *_: None)

    def test_a_first_event_beyond_the_reach_of_scenarios_is_said_so(
        self, mine: sessionmaker[Session]
    ) -> None:
        far = event_of(
            "change", "phone_billing", {**FIELDS["change"], "day": "2026-06-09", "until": "2026-06-09"}
        )
        with pytest.raises(InputError, match="13 weeks"):
            worked(mine, SETTINGS, KeptLooks(), Order((Column("A", (far,)),), 14), NOW)(lambda *_: None)

    def test_a_manual_adjustment_of_this_minute_is_in_the_next_answer(
        self, mine: sessionmaker[Session]
    ) -> None:
        at, looks = NOW + dt.timedelta(minutes=5), KeptLooks()
        event = event_of("change", "phone_billing", {**FIELDS["change"], "scope": "phone_billing"})
        order = Order((Column("A", (event,)),), 7)

        def total() -> float:
            made = worked(mine, SETTINGS, looks, order, at)(lambda *_: None)
            return float(made["columns"][0]["out"]["total"]["forecast"]["mean"])

        with mine() as session:
            key, was = key_of(session, SETTINGS, order, at), total()
            first, last = (to_ns(at + dt.timedelta(days=days)) for days in (1, 20))
            change = Override(0, "phone_billing", "", "", "volume", "percent", 50.0, first, last, "x", "Ann")
            add_override(session, change, now=at)
            session.commit()
            assert key_of(session, SETTINGS, order, at) != key
            assert total() == pytest.approx(1.5 * was, rel=0.05)

    def test_a_rule_of_thumb_and_a_publication_are_new_questions(self, mine: sessionmaker[Session]) -> None:
        order = Order((Column("A", (TestBooking.EVENT,)),), 7)
        with mine() as session:
            keys = [key_of(session, SETTINGS, order, NOW)]
            rule = Assumption("phone_billing", "posts:billing", 2.0, 30.0, 120.0)
            save_assumption(session, rule, reason="seen", author="Ann", now=NOW)
            keys.append(key_of(session, SETTINGS, order, NOW))
            publish_version(session, create_version(session, run_id=None, cutoff=NOW, now=NOW), NOW)
            keys.append(key_of(session, SETTINGS, order, NOW))
        assert len(set(keys)) == 3

    def test_a_worth_that_cannot_be_looked_up_is_tried_once_and_told(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            session.execute(text("UPDATE volumes SET offered = 'broken'"))
            session.commit()
        worths, said = Worths(SETTINGS, mine), None
        deadline = time.monotonic() + 20
        while said is None:
            assert time.monotonic() < deadline
            said = worths.said("letters", "phone_billing", EN, NOW)
            time.sleep(0.05)
        assert "could not be looked up" in str(said.children)


class TestForms:
    def test_a_bucket_told_as_a_whole_and_by_reason_counts_once_in_an_unusual_day(
        self, mine: sessionmaker[Session]
    ) -> None:
        start = pd.Timestamp("2026-01-05T11:00Z")
        days = pd.date_range(start, periods=50, freq="1D")
        with mine() as session:
            save_queue(session, Queue("told_twice", "phone", "all", Interval.HALF_HOUR, "Europe/Amsterdam"))
            rows = [(ds, "all", 30.0 if at == 40 else 10.0) for at, ds in enumerate(days)]
            rows += [(days[at], topic, 10.0) for at in (40, 41) for topic in ("bills", "moving")]
            volumes = pd.DataFrame(rows, columns=["ds", "topic", "offered"]).assign(queue="told_twice")
            save_volumes(session, volumes.assign(known_at=volumes["ds"]), upload_id=None)
            found = forms.unusual_days(session, "told_twice", NOW, "Europe/Amsterdam")
        assert found == ((f"{days[40]:%Y-%m-%d}", 30, 3.0),)


class TestBooking:
    EVENT = event_of("letters", "phone_billing", FIELDS["letters"])

    def change(self, session: Session, later: float = 0.0) -> Change:
        return Change(session, "Ann", NOW + dt.timedelta(seconds=later))

    def amounts(self, session: Session) -> list[tuple[str, str, float]]:
        held = load_drivers(session)
        return list(zip(held["driver"], held["queue"], held["value"], strict=True))

    def test_a_campaign_is_in_the_plan_and_in_the_audit_and_can_be_taken_back(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            before = self.amounts(session)
            wanted = booking.booked_of(session, self.EVENT)
            made = booking.book(self.change(session), SETTINGS, wanted)
            assert ("letters", "phone_billing", 40_000.0) in self.amounts(session)
            assert [one.day for one in booking.coming(session, SETTINGS, NOW) if one.driver == "letters"] == [
                "2026-03-17"
            ]
            booking.take_back(self.change(session), SETTINGS, made)
            assert self.amounts(session) == before
            assert {"driver.save", "driver.remove"} <= {one.act for one in load_audit(session)}

    def test_taking_back_brings_back_what_was_planned_before(self, mine: sessionmaker[Session]) -> None:
        with mine() as session:
            first = booking.book(self.change(session), SETTINGS, Booked("letters", "", "2026-03-17", 5.0))
            second = booking.book(self.change(session), SETTINGS, replace(first, value=9.0))
            assert [row[1] for row in second.before or ()] == [5.0]
            booking.take_back(self.change(session), SETTINGS, second)
            assert ("letters", "", 5.0) in self.amounts(session)

    def test_a_double_click_books_once_and_undo_still_takes_it_back(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            before, wanted = self.amounts(session), Booked("letters", "", "2026-03-17", 40_000.0)
            booking.book(self.change(session), SETTINGS, wanted)
            again = booking.book(self.change(session, 1), SETTINGS, wanted)
            undone = booking.take_back(self.change(session, 3), SETTINGS, again)
            assert self.amounts(session) == before
            twice = booking.take_back(self.change(session, 4), SETTINGS, again)
            booking.take_back(self.change(session, 6), SETTINGS, twice)
            assert undone.before == twice.before and ("letters", "", 40_000.0) in self.amounts(session)

    def test_what_stands_already_is_left_and_said_without_an_undo(self, mine: sessionmaker[Session]) -> None:
        with mine() as session:
            wanted = Booked("letters", "", "2026-03-17", 40_000.0)
            booking.book(self.change(session), SETTINGS, wanted, worth=0.05)
            again = booking.book(self.change(session, 3600), SETTINGS, wanted)
            said = str(booking.told(again, SETTINGS, EN, NOW).to_plotly_json())
            assert again.before is None and "Already planned" in said and "undo" not in said
            booking.take_back(self.change(session, 3601), SETTINGS, again)
            assert ("letters", "", 40_000.0) in self.amounts(session)
            assert len([one for one in load_audit(session) if one.act == "driver.save"]) == 1

    def test_booking_replaces_every_amount_of_the_day_and_undo_brings_them_back_as_they_were(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            save_drivers(session, self.at_two_times())
            before = load_drivers(session)
            made = booking.book(
                self.change(session, 1), SETTINGS, Booked("mailing", "", "2026-03-17", 40_000.0)
            )
            assert [one[2] for one in self.amounts(session) if one[0] == "mailing"] == [40_000.0]
            kept = Booked(**json.loads(json.dumps(vars(made))))  # as the browser holds it
            booking.take_back(self.change(session, 20), SETTINGS, kept)
            columns = ["driver", "queue", "ds", "value", "worth"]
            pd.testing.assert_frame_equal(load_drivers(session)[columns], before[columns])

    def test_a_day_is_one_line_that_is_taken_out_whole_and_put_back_as_it_was(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            save_drivers(session, self.at_two_times())
            before = load_drivers(session)
            lines = [one for one in booking.coming(session, SETTINGS, NOW) if one.driver == "mailing"]
            assert [one.value for one in lines] == [8_000.0]
            out = booking.take_out(self.change(session, 1), SETTINGS, lines[0])
            assert "mailing" not in {one[0] for one in self.amounts(session)}
            booking.take_back(self.change(session, 20), SETTINGS, out)
            columns = ["driver", "queue", "ds", "value", "worth"]
            pd.testing.assert_frame_equal(load_drivers(session)[columns], before[columns])

    def at_two_times(self) -> pd.DataFrame:
        """One driver at 09:00 and 13:00 of a day, with what a unit of the first is worth."""
        at = pd.to_datetime(["2026-03-17T08:00Z", "2026-03-17T12:00Z"])
        known = pd.DatetimeIndex([NOW, NOW])
        same = {"driver": ["mailing"] * 2, "queue": [""] * 2, "ds": at, "known_at": known}
        return pd.DataFrame({**same, "value": [5_000.0, 3_000.0], "worth": [0.05, np.nan]})

    def test_a_driver_of_one_queue_is_booked_for_another_as_its_own(
        self, mine: sessionmaker[Session]
    ) -> None:
        with mine() as session:
            booking.book(
                self.change(session), SETTINGS, Booked("letters", "email_billing", "2026-03-12", 5.0)
            )
            assert booking.booked_of(session, self.EVENT).queue == "phone_billing"

    def test_a_driver_of_all_queues_is_booked_for_all(self, mine: sessionmaker[Session]) -> None:
        with mine() as session:
            booking.book(self.change(session), SETTINGS, Booked("letters", "", "2026-03-12", 5.0))
            assert booking.booked_of(session, self.EVENT).queue == ""

    def test_a_day_that_is_past_is_refused(self, mine: sessionmaker[Session]) -> None:
        with mine() as session, pytest.raises(InputError):
            booking.book(self.change(session), SETTINGS, Booked("letters", "", "2026-03-09", 5.0))

    def test_the_next_run_is_that_of_the_schedule(self) -> None:
        assert booking.next_run(SETTINGS, NOW) == dt.datetime(2026, 3, 10, 10, 0, tzinfo=dt.UTC)
        never = Settings(schedule={"predict": ""})
        assert booking.next_run(never, NOW) is None


class TestKept:
    def test_what_was_removed_can_be_put_back(self, mine: sessionmaker[Session]) -> None:
        with mine() as session:
            asked = {"events": [TestBooking.EVENT]}
            held = save_scenario(
                session, name="Autumn", author="Ann", now=NOW, cutoff=NOW, asked=asked, found={}
            )
            remove_scenario(session, held.id, who="Ann", now=NOW)
            assert load_scenarios(session) == []
            restore_scenario(session, held.id, who="Ann", now=NOW)
            assert [one.name for one in load_scenarios(session)] == ["Autumn"]


class TestColumns:
    def test_names_stay_and_two_of_one_name_are_told_apart(self) -> None:
        plan = columns.with_event(columns.named(None, ["Plan", "Plan", ""]), 0, TestBooking.EVENT)
        plan = columns.with_event(plan, 1, TestBooking.EVENT)
        assert [one.name for one in columns.filled(plan)] == ["Plan", "Plan (B)"]
        assert columns.filled(columns.without(plan, 0, 0))[0].name == "Plan"

    def test_a_scenario_holds_so_many_events_and_no_more(self) -> None:
        plan = columns.blank()
        for _ in range(20):
            plan = columns.with_event(plan, 2, TestBooking.EVENT)
        with pytest.raises(ForecallError):
            columns.with_event(plan, 2, TestBooking.EVENT)
