"""Page `Does it help?` without a browser: verdicts in sentences, the record of warnings, causes and fixes, what they save."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dash import Dash, no_update
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.desk import Change, Desk
from api.dashboard.evidence import causes, changes, gains, history, saving, thumbs, verdicts, warned
from api.dashboard.evidence import page as evidence_page
from api.dashboard.palette import palette
from api.dashboard.words import Words
from forecast.alerts import Alert, Came, Surge
from forecast.buckets import Interval, local_day, to_ns
from forecast.effect import Effect, Range
from forecast.errors import InputError
from forecast.preventable import Course, Figure
from store.assumptions import load_assumptions
from store.audit import load_audit
from store.causes import load_causes
from store.database import connect, sessions
from store.decisions import Decision
from store.queues import Queue, load_queues
from store.settings import Settings
from store.volumes import load_volumes, save_volumes
from tests.browser.filled import NOW
from tests.browser.test_social_parts import texts_of

EN, NL = Words("en"), Words("nl")
ROW = {"series": "q", "signal": "posts:outage", "gate": "open", "n": 412, "lift": 0.069, "lower": 0.041, "upper": 0.098,
       "leads_by_minutes": 30, "leads_lower": 21, "leads_upper": 36, "regime": "posts lead", "why": ""}  # fmt: skip
MINUTE = 60 * 10**9


def said(*bands: str, words: Words = EN, **facts: Any) -> str:
    """The sentence on a queue with these lead bands."""
    rows = [{**ROW, **facts, "lead_band": band} for band in bands]
    return verdicts.verdicts(rows, ["q"], words)[0].said.replace("\N{NO-BREAK SPACE}", " ")


def test_where_social_counts_the_sentence_tells_how_far_ahead_how_much_and_the_head_start() -> None:
    assert said("0-1h", "1-4h") == (
        "social counts up to 4 hours ahead: 6.9 % more accurate (4.1 to 9.8). Posts run 30 minutes ahead, 21 to 36."
    )
    assert said("0-1h", "1-4h", words=NL).startswith(
        "social telt tot 4 uur vooruit mee: 6,9 % nauwkeuriger (4,1 tot 9,8)."
    )


def test_bands_with_a_hole_between_them_are_named_one_by_one() -> None:
    assert said("0-1h", "4-24h").startswith("social counts 1 hour and 4 to 24 hours ahead")
    assert said("0-1h", "1-4h", "4-24h", "1-3d").startswith("social counts up to 3 days ahead")


def test_where_it_adds_nothing_that_is_said_plainly_with_its_figures() -> None:
    told = said("1-4h", gate="shut", lift=-0.003, lower=-0.019, upper=0.012)
    assert told == "social adds nothing: −0.3 % (−1.9 to 1.2) over 412 forecasts, 1 to 4 hours ahead."


def test_what_is_kept_out_by_something_else_than_its_gain_says_by_what() -> None:
    told = said("1-4h", gate="shut", shut_by="posts lag")
    assert (
        told.endswith("Posts come after the contacts.") and "left out" in told and "adds nothing" not in told
    )


def test_too_little_history_says_how_much_is_there_and_nothing_measured_what_to_do() -> None:
    told = said("0-1h", gate="not enough history", why="not enough history: 3 of about 12 incidents")
    assert told == "Not enough history yet: 3 of about 12 incidents"
    assert "forecall run select_full" in verdicts.verdicts([], ["q"], EN)[0].said


def test_queues_where_social_counts_come_first() -> None:
    rows = [
        {**ROW, "series": name, "lead_band": "0-1h", "gate": gate}
        for name, gate in (("a", "shut"), ("b", "open"))
    ]
    assert [one.queue for one in verdicts.verdicts(rows, ["a", "b", "c"], EN)] == ["b", "a", "c"]


def test_a_name_of_a_queue_that_is_markup_stays_text_in_the_chart() -> None:
    rows = [{**ROW, "lead_band": "0-1h", "signal": "posts:<img src=x onerror=alert(1)>"}]
    figure = gains.gains_figure(rows, EN, palette(None), None)
    assert "<img" not in str(figure["data"])


def test_each_band_has_a_dot_with_its_interval_and_bands_without_history_have_none() -> None:
    rows = [{**ROW, "lead_band": "0-1h"}, {**ROW, "lead_band": "1-4h", "gate": "shut"},
            {**ROW, "lead_band": "4-24h", "gate": "not enough history"}]  # fmt: skip
    counted, not_counted = gains.gains_figure(rows, EN, palette("dark"), "dark")["data"]
    assert (len(counted["x"]), len(not_counted["x"])) == (1, 1)
    assert counted["error_y"]["arrayminus"] == [pytest.approx(2.8)]


def test_the_history_tells_changes_and_the_first_decision_of_what_is_shown() -> None:
    at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    rows = [Decision(place, None, "q", signal, "0-1h", at + dt.timedelta(days=place), gate, before, ROW)
            for place, (signal, gate, before) in enumerate(
                [("posts:outage", "shut", ""), ("posts", "shut", ""), ("posts:outage", "open", "shut"), ("posts:outage", "open", "open")])]  # fmt: skip
    found = history.told(rows, [{"signal": "posts:outage", "lead_band": "0-1h"}])
    assert [one.id for one in found] == [2, 0]
    assert "The verdict changed 1 times." in texts_of(history.history_table(found, "UTC", EN))


def alert(outcome: str, day: int) -> Alert:
    """A warning of 100 contacts (80 to 120), half an hour before them."""
    start = to_ns(NOW) - day * 24 * 60 * MINUTE
    surge = Surge("phone_outage", "outage", "posts:outage", start - 60 * MINUTE, start, start + 120 * MINUTE, 100, 80, 120, 4.0, 60, 0.8, True)  # fmt: skip
    came = {"hit": Came(110, 50), "false alarm": Came(2, 50), "too small": Came(40, 50)}[outcome]
    return Alert(day, surge, surge, surge, start - 30 * MINUTE, start, ended_at=start, came=came)


def test_the_record_says_how_many_came_true_and_with_how_much_head_start() -> None:
    ended = (alert("hit", 9), alert("hit", 12), alert("false alarm", 20), alert("too small", 30))
    record = warned.Record(ended, 0, (), (), judged=True)
    told = texts_of(warned.record_panel(record, {"phone_outage": "Europe/Amsterdam"}, EN))
    assert "2 of 4 warnings came true. 0 of 0 peak days came without a warning." in told
    assert "30 minutes" in told and "false alarm" in told


def test_a_day_with_a_third_more_contacts_than_its_weekdays_before_is_a_peak() -> None:
    days = np.arange(63) + local_day(to_ns(NOW), "UTC") - 63
    counts = np.full(63, 300.0)
    counts[[50, 55]] = 450.0, 340.0
    queue = Queue("q", "phone", "outage", Interval.HALF_HOUR, "UTC")
    found = warned._peaks({"q": (counts, days)}, {"q": queue}, NOW - dt.timedelta(days=300))
    assert [(one.day, one.came, one.usual) for one in found] == [(int(days[50]), 450.0, 300.0)]
    assert warned._peaks({"q": (counts, days)}, {"q": queue}, NOW - dt.timedelta(days=5)) == []


EFFECT = Effect(
    "fewer contacts", "", "2026-01-05", "2026-03-01", 40, 800, Range(1000, 900, 1100), 1000, Range(-0.2, -0.3, -0.1),
    Range(5, 2, 8), Range(10, 4, 16), Range(0.4, 0.2, 0.6), "no", "", {"billing": 1.0}, 0.0, 9,
)  # fmt: skip


def test_a_fix_that_worked_says_what_it_saves_in_a_week_with_its_interval_and_placebos() -> None:
    cause = causes.Cause("moving", "x", since=dt.datetime(2026, 1, 4, tzinfo=dt.UTC))
    told = texts_of(causes.effect_told(cause, EFFECT, "UTC", EN)).replace("\N{NO-BREAK SPACE}", " ")
    assert "It worked: fewer contacts about moving since 4 Jan 2026." in told
    assert "Contacts saved a week: 25 (10 to 40). Change: −20 % (−30 % to −10 %)." in told
    assert "Held against 9 earlier stretches" in told and "It has not come back." in told
    unknown = replace(EFFECT, verdict="no change shown", come_back="nothing to come back")
    assert texts_of(causes.effect_told(cause, unknown, "UTC", NL)).startswith("Geen verandering aangetoond")


def test_preventable_contact_is_told_in_contacts_hours_people_and_euros() -> None:
    settings = Settings.model_validate(
        {"staffing": {"rate": 30.0}, "effect": {"week_hours": 36, "productive": 0.5}}
    )
    course = Course(Figure(1200, 600, 24), {})
    work = saving._work(course, 360.0, 12.0, settings)
    assert (work.contacts, work.hours, work.euros) == (50.0, 5.0, 300.0)
    found = saving.Saving(
        course, {"billing": course}, {"billing": work}, saving._together([work]), 12.0, False
    )
    told = texts_of(saving.saving_panel(found, EN)).replace("\N{NO-BREAK SPACE}", " ")
    assert "50 % need not have come: 50 contacts a week. That is 5 hours, or 0.3 FTE. € 300 a week." in told


def test_hours_are_said_of_the_contacts_whose_handling_time_is_known() -> None:
    billing, moving = Course(Figure(1200, 600, 0), {}), Course(Figure(1200, 300, 0), {})
    total = Course(Figure(2400, 900, 0), {})
    each = {
        "billing": saving._work(billing, 360.0, 12.0, Settings()),
        "moving": saving._work(moving, None, 12.0, Settings()),
    }
    found = saving.Saving(
        total, {"billing": billing, "moving": moving}, each, saving._together([*each.values()]), 12.0, False
    )
    assert saving.said(found, EN).startswith(
        "38 % need not have come: 75 contacts a week. 50 of them, whose handling time is known, take 5 hours".replace(
            " %", "\N{NO-BREAK SPACE}%"
        )
    )


def test_a_handling_time_counted_anew_counts_once(book: Session) -> None:
    before = saving._handling(book, NOW)
    held = load_volumes(book, "phone_outage", NOW - dt.timedelta(weeks=10), NOW)
    wrong = held.assign(aht_seconds=5.0, known_at=held["known_at"] + pd.Timedelta(minutes=1))
    right = held.assign(aht_seconds=300.0, known_at=held["known_at"] + pd.Timedelta(minutes=2))
    save_volumes(book, wrong, upload_id=None)
    save_volumes(book, right, upload_id=None)
    topic = next(queue.topic for queue in load_queues(book) if queue.name == "phone_outage")
    assert saving._handling(book, NOW)[topic] == pytest.approx(300.0)
    assert {name: one for name, one in saving._handling(book, NOW).items() if name != topic} == {
        name: one for name, one in before.items() if name != topic
    }


@pytest.fixture
def book(own: sessionmaker[Session]) -> Iterator[Session]:
    """A session on a company of one's own; what a test writes goes with it."""
    with own() as made:
        yield made


def test_a_cause_is_added_changed_taken_back_and_the_audit_knows(book: Session) -> None:
    change = Change(book, "anna", NOW)
    values = {
        "topic": "outage",
        "queue": causes.EVERY,
        "cause": "No news on the site",
        "owner": "",
        "changed": "",
        "since": "",
    }
    first = causes.keep(change, causes.cause_of(values, "UTC", "anna"), None)
    again = causes.keep(change, causes.cause_of(values, "UTC", "anna"), first.id)
    assert again.id == first.id and len(load_causes(book)) == 1
    fixed = {**values, "changed": "A page with outages", "since": "2026-02-01"}
    second = causes.keep(change, causes.cause_of(fixed, "UTC", "anna"), first.id)
    assert [one.id for one in load_causes(book)] == [second.id]
    changes._act(change, f"swap-{second.id}", first.id, EN)
    assert [(one.cause, one.changed) for one in load_causes(book)] == [("No news on the site", "")]
    assert {"cause.add", "cause.remove"} <= {row.act for row in load_audit(book)}


def test_a_form_that_lacks_something_says_so(book: Session) -> None:
    change = Change(book, "anna", NOW)
    with pytest.raises(InputError):
        causes.keep(change, causes.cause_of({"topic": "outage", "cause": " "}, "UTC", "anna"), None)
    with pytest.raises(InputError):
        thumbs.enter(change, "phone_outage", "posts:outage", {"contacts_per_unit": ""}, "so")


def test_a_rule_is_entered_ended_and_taken_up_again(book: Session) -> None:
    change = Change(book, "anna", NOW)
    numbers = {"contacts_per_unit": 2, "head_start_minutes": 40, "lasts_minutes": 180}
    held = thumbs.enter(change, "phone_outage", "posts:outage", numbers, "seen last winter")
    told = texts_of(thumbs.rules_list([held], [], EN, may=True))
    assert (
        "posts on “outage”: each one beyond the usual brings 2 contacts, 40 minutes later, spread over 3 hours."
        in told
    )
    assert "not tried yet" in told and "seen last winter" in told
    thumbs.end(change, held.rule.number)
    assert load_assumptions(book) == []
    thumbs.again(change, held.rule.number)
    assert [one.rule.says for one in load_assumptions(book)] == [held.rule.says]


def test_who_may_only_look_gets_no_buttons_that_change(book: Session) -> None:
    causes.keep(Change(book, "anna", NOW), causes.Cause("outage", "No news"), None)
    lists = [str(evidence_page.registers(book, Settings(), EN, may=may)[0]) for may in (True, False)]
    assert "'act': 'remove'" in lists[0] and "'act': 'remove'" not in lists[1]


def test_every_queue_of_the_company_has_a_chart_and_a_history(book: Session) -> None:
    for queue in load_queues(book):
        figure, label, told, decided, style = evidence_page.of_queue(book, queue.name, EN, None)
        assert queue.name in label and told and style == {} and len(figure["data"]) == 2
        assert "9 Mar 2026" in texts_of(decided)


def test_a_store_without_evidence_says_what_to_do(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "empty.db")
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    with sessions(engine)() as held:
        assert evidence_page.of_queue(held, None, EN, None)[4] == evidence_page.HIDDEN
        told = texts_of(saving.saving_panel(saving.load_saving(held, Settings(), NOW), EN))
        record = texts_of(warned.record_panel(warned.load_record(held, NOW), {}, EN))
    engine.dispose()
    assert "forecall import volumes" in told and "No peak warning has ended yet" in record


def test_the_table_of_many_queues_scrolls_by_itself_and_that_of_few_is_shown_whole() -> None:
    few, many = (evidence_page._table(EN, many=so)[1].children for so in (False, True))
    assert (few.dashGridOptions["domLayout"], few.style["height"]) == ("autoHeight", None)
    assert (many.dashGridOptions["domLayout"], many.style["height"]) == ("normal", evidence_page.TALL)


def test_a_cause_that_is_gone_when_it_is_to_be_edited_is_said_in_its_place(
    filled: sessionmaker[Session],
) -> None:
    desk = Desk(Dash("causes"), filled, lambda: NOW, Settings())
    *fields, said = changes.opened(desk, 987_654, None, Words("en"))
    assert set(fields) == {no_update} and "987654" in texts_of(said).replace(",", "")
