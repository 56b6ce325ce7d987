"""What page Staffing says, without a browser: held against the store's own functions and the API."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from api.app import create_app
from api.dashboard.staffing import cards, export_box, notes, reverse, table
from api.dashboard.staffing.choice import asked_of, choice_of, day_of, own_of
from api.dashboard.staffing.export import order_of
from api.dashboard.staffing.screen import screen
from api.dashboard.staffing.seen import House, Seen, load_house, load_seen
from api.dashboard.staffing.sums import made_of, surer_of
from api.dashboard.words import Words, texts
from forecast.buckets import Interval, to_ns
from forecast.errors import InputError
from forecast.exports.base import Facts, Notes
from forecast.exports.registry import LAYOUTS
from store.export_blocks import Blocks
from store.exporting import Wanted
from store.queues import load_queues
from store.settings import Settings
from store.staffing import save_staffing
from store.staffing_check import Given, load_check
from store.staffing_gap import load_gap
from store.staffing_plan import Selection, load_plans
from store.staffing_team import Asked
from store.tables import ForecastSeries, QueueRow
from tests.browser.filled import NOW
from tests.browser.test_dashboard_alerts import all_texts

RATED = Settings.model_validate(
    {
        "company": {"timezone": "Europe/Amsterdam"},
        "staffing": {"rate": 30.0},
        "api": {"open_dashboard": True, "open_scopes": ["read"]},
    }
)
EN, NL = Words("en"), Words("nl")
DAY = "2026-03-11"
START = dt.datetime(2026, 3, 10, 23, tzinfo=dt.UTC)
STOP = START + dt.timedelta(days=1)
QUEUE = "phone_billing"


@pytest.fixture(scope="module")
def planned(own: sessionmaker[Session]) -> sessionmaker[Session]:
    """A company with a plan for one queue: two agents net from 9 to 17."""
    begin = pd.Timestamp(f"{DAY} 09:00", tz="Europe/Amsterdam").tz_convert("UTC")
    ds = pd.date_range(begin, periods=16, freq="30min").as_unit("us")
    with own() as session:
        plan = pd.DataFrame({"group": QUEUE, "ds": ds, "agents": 2.0, "gross": 0.0})
        save_staffing(session, plan, upload_id=None)
        session.commit()
    return own


def seen_of(session: Session, scope: str, name: str, span: str = "day") -> tuple[House, Any, Seen]:
    house = load_house(session, RATED, NOW)
    choice = choice_of(scope, name, name, name, span, DAY, usual=house.usual)
    return house, choice, load_seen(session, RATED, house, choice, NOW)


@pytest.mark.parametrize("own_", [{}, {"sl": 95.0, "sec": 10.0, "shr": 20.0, "occ": 70.0, "sure": 90.0}])
def test_the_screen_counts_the_agents_that_the_store_counts(
    planned: sessionmaker[Session], own_: dict[str, float]
) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "queue", QUEUE)
        made = made_of(seen.held_to(asked_of(own_)), "")
        ((_, plan, _),) = load_plans(
            session, RATED, Selection(START, STOP, queue=QUEUE), now=NOW, asked=asked_of(own_)
        )
    assert plan is not None
    told = plan.need.net[plan.need.contacts > 0]
    kept = made.staffing[made.staffing["contacts"] > 0]
    assert kept["agents_net"].tolist() == told.tolist()
    assert told.max() > 0
    assert made.hours_net == pytest.approx(sum(day.hours_net for day in plan.days))
    assert made.hours_gross == pytest.approx(made.hours_net / (1 - own_.get("shr", 30.0) / 100))
    assert made.euros == pytest.approx(30 * made.hours_gross)


def test_the_gap_is_that_of_the_store_and_channels_add_up(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "all", "")
        made = made_of(seen, "channel")
        found, _ = load_gap(session, RATED, start=START, end=STOP, now=NOW, group=QUEUE)
    short = sum(day.under_gross for one in made.gaps for day in one.days)
    assert short == pytest.approx(sum(day.under_gross for day in found[0].days))
    assert short > 0
    assert set(made.unplanned) == {"email_billing", "phone_outage"}
    assert set(made.parts) == {"phone", "email"}
    np.testing.assert_allclose(sum(made.parts.values()), made.staffing["agents_net"])


def test_being_surer_never_takes_fewer_hours_and_the_sentence_tells_the_difference(
    planned: sessionmaker[Session],
) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "queue", QUEUE)
    rows = surer_of(seen)
    hours = [one.hours_gross for one in rows]
    assert hours == sorted(hours)
    assert hours[2] > hours[0]
    told = all_texts(cards.surer(rows, EN("staffing_per_day"), EN))
    assert f"{EN.number(hours[2] - hours[0])} more hours gross this day" in told
    assert cards.money(30 * (hours[2] - hours[0]), EN) in told


def test_a_plan_of_one_day_is_not_said_to_cover_the_week(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        plan = pd.DataFrame(
            {"group": QUEUE, "ds": pd.date_range(START, STOP, freq="30min", inclusive="left").as_unit("us")}
        )
        save_staffing(session, plan.assign(agents=90.0, gross=0.0), upload_id=None)
        _, _, one = seen_of(session, "queue", QUEUE)
        _, _, week = seen_of(session, "queue", QUEUE, "week")
        _, _, every = seen_of(session, "all", "")
        session.rollback()
    day, made = made_of(one, ""), made_of(week, "")
    good = cards.cards(day, EN)[2]
    assert EN("staffing_covered") in all_texts(good)
    assert "good" in good.className
    count = len(made.busy[QUEUE])
    assert count > 1
    assert len(made.bare[QUEUE]) == count - 1
    part = cards.cards(made, EN)[2]
    assert f"Planned: 1 of {count} days" in all_texts(part)
    assert EN("staffing_covered") not in all_texts(part)
    assert "good" not in part.className
    told = all_texts(cards.plan_days(made, EN))
    assert told.count(EN("staffing_day_bare")) == count - 1
    assert EN("staffing_worst_none") not in told
    assert EN("staffing_worst_none_planned") in told
    teams = cards.cards(made_of(every, ""), NL)[2]
    assert "Gepland: 1 van 3 teams" in all_texts(teams)
    assert "good" not in teams.className


def test_a_queue_in_another_zone_has_its_own_days_and_times(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        session.execute(update(QueueRow).where(QueueRow.name == QUEUE).values(tz="Europe/London"))
        house, choice, seen = seen_of(session, "queue", QUEUE)
        shown = screen(house, seen, choice, "net", EN, "light", NOW)
        rows = list(csv.DictReader(io.StringIO(table.to_csv(made_of(seen, ""), QUEUE))))
        other, _, every = seen_of(session, "all", "")
        together = screen(other, every, choice, "net", EN, "light", NOW)
        session.rollback()
    assert house.tz == "Europe/Amsterdam"
    assert (seen.tz, seen.start.isoformat()) == ("Europe/London", f"{DAY}T00:00:00+00:00")
    assert EN("times_in", zone="Europe/London") in all_texts(shown.meta)
    assert {row["interval_start"][-6:] for row in rows} == {"+00:00"}
    assert shown.rows[0]["label"].split()[-1][:5] == shown.rows[0]["start"][11:16]
    assert EN("times_in", zone="Europe/Amsterdam") in all_texts(together.meta)
    hour = int(together.rows[0]["start"][11:13])
    assert together.rows[0]["label"].split()[-1][:2] == f"{(hour + 1) % 24:02}"


def test_one_queue_without_a_forecast_says_nothing_of_the_others(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        first = load_queues(session)[0].name
        assert load_house(session, RATED, NOW).live
        gone = update(ForecastSeries).where(ForecastSeries.name == first).values(name="gone")
        session.execute(gone)
        house = load_house(session, RATED, NOW)
        session.rollback()
    assert (house.live, house.moment) == (True, NOW)


def test_days_centuries_away_are_not_taken() -> None:
    for text in ("9999-12-31", "2300-01-01", "0001-01-01"):
        assert day_of(text) is None
        with pytest.raises(InputError):
            order_of("excel", "own", "2026-11-23", text, [], "published", dt.date(2026, 11, 20))
    assert day_of("2026-11-23") == dt.date(2026, 11, 23)


def test_what_teams_need_is_worked_out_once_for_the_page_and_for_what_being_surer_costs(
    planned: sessionmaker[Session],
) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "all", "")
    made = made_of(seen, "")
    surer_of(seen)
    assert all(seen.worked.plan(team) is plan for team, plan in zip(seen.teams, made.plans, strict=True))
    held = seen.held_to(asked_of({"sl": 95.0}))
    assert made_of(held, "").hours_net > made.hours_net
    assert made_of(seen, "").hours_net == made.hours_net


def test_so_many_agents_reach_what_the_store_says(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "queue", QUEUE)
        found, _ = load_check(
            session, RATED, Selection(START, STOP, queue=QUEUE), Given(False, level=2), now=NOW, asked=Asked()
        )
    told = all_texts(reverse.reached(seen, 2, "net", EN))
    assert EN.percent(found.days[0].service_level, 0) in told
    assert EN("staffing_holds", often=reverse.often(found.share, found.bound, EN)) in told


def test_every_number_of_agents_is_marked_net_or_gross(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        house, choice, seen = seen_of(session, "queue", QUEUE)
        for marked in ("net", "gross"):
            made = made_of(seen, "")
            for column in table.columns(made, marked, EN):
                if column["field"] in ("agents_net", "agents_gross", "planned", "gap"):
                    assert column["headerName"].endswith(("net", "gross")), column
            shown = screen(house, seen, choice, marked, EN, "light", NOW)
            assert f"({marked})" in shown.label
            assert f"({marked})" in shown.figure["layout"]["annotations"][0]["text"]


def test_the_file_holds_the_rows_of_the_table(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "queue", QUEUE)
    made = made_of(seen, "")
    rows = list(csv.DictReader(io.StringIO(table.to_csv(made, "=cmd()"))))
    assert [float(row["agents_net"]) for row in rows] == made.staffing["agents_net"].tolist()
    assert {row["who"] for row in rows} == {"'=cmd()"}
    assert len(table.rows(made, "net", EN)) == len(rows)


def test_promises_from_an_address_are_taken_only_where_they_can_be() -> None:
    given = {"sl": "90", "sec": "x", "shr": "250", "sure": "83", "hours": "nan", "occ": "75", "evil": "<b>"}
    assert own_of(given) == {"sl": 90.0, "occ": 75.0}
    assert asked_of({"sl": 90.0, "sure": 95.0}) == Asked({"service_level": 0.9}, 0.95)


def test_notes_of_the_store_are_said_in_the_language_of_the_page(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        _, _, seen = seen_of(session, "queue", "email_billing")
    assert seen.notes
    for note in seen.notes:
        assert notes.said(note, NL) != note, note
        assert "email_billing" in notes.said(note, NL)
    assert notes.said("Something new.", NL) == "Something new."
    hostile = "<img src=x>: no opening hours are given, so it is answered round the clock."
    assert "<img src=x>" in notes.said(hostile, NL)


def test_queues_that_are_read_ahead_for_a_file_are_what_each_is_alone(
    planned: sessionmaker[Session],
) -> None:
    with planned() as session:
        queues = load_queues(session)
        facts = Facts(to_ns(START), to_ns(STOP), "Europe/Amsterdam", NOW, "mean")
        alone = Blocks(session, RATED, Wanted("tidy"), NOW)
        ahead = Blocks(session, RATED, Wanted("tidy"), NOW, queues)
        found = 0
        for target in (Interval.HALF_HOUR, Interval.HOUR, Interval.DAY):
            for queue in queues:
                if queue.interval.seconds > target.seconds:
                    continue
                one, other = (each.of(queue, target, facts, to_ns(STOP), Notes()) for each in (alone, ahead))
                np.testing.assert_array_equal(one.ds, other.ds)
                np.testing.assert_array_equal(one.offered, other.offered)
                np.testing.assert_array_equal(one.aht, other.aht)
                found += len(one)
    assert len(queues) > 1 and found > 0


def test_every_layout_has_its_words_and_says_whether_it_was_tried() -> None:
    for name, layout in LAYOUTS.items():
        for words in (EN, NL):
            told = all_texts(export_box._about(name, words))
            assert (words("staffing_untried") in told) == (
                bool(layout.about.source) and not layout.about.tried
            )
            assert words(f"staffing_layout_{name.replace('-', '_')}")


def test_next_week_begins_on_monday_and_own_dates_are_checked() -> None:
    friday = dt.date(2026, 11, 20)
    order = order_of("connect", "week", None, None, ["A"], "locked", friday)
    assert (order.first, order.last) == (dt.date(2026, 11, 23), dt.date(2026, 11, 29))
    assert order_of("no such", "weeks4", None, None, None, "<b>", friday).days == 28
    with pytest.raises(InputError):
        order_of("excel", "own", "2026-11-29", "2026-11-23", [], "published", friday)
    with pytest.raises(InputError):
        order_of("excel", "own", "", "x", [], "published", friday)


def test_what_a_layout_leaves_out_is_told_before_it_is_downloaded(planned: sessionmaker[Session]) -> None:
    with planned() as session:
        house = load_house(session, RATED, NOW)
        asked: tuple[object, ...] = ("connect", "week", None, None, [], "published")
        told = all_texts(export_box.said(session, RATED, house, asked, EN, NOW))
        assert "Left out: 'email_billing'" in told
        named: tuple[object, ...] = ("connect", "week", None, None, ["email_billing"], "published")
        refused = export_box.said(session, RATED, house, named, EN, NOW)
    assert "fault" in str(refused[0])
    assert EN("staffing_export_download") not in all_texts(refused)


def test_the_file_is_the_one_the_api_gives_and_no_other_site_gets_it(planned: sessionmaker[Session]) -> None:
    app = create_app(RATED, planned, clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        address = f"/_dash-export?layout=tidy&first={DAY}&last={DAY}&queue={QUEUE}"
        got = client.get(address)
        assert got.status_code == 200, got.text
        assert got.headers["content-disposition"].startswith("attachment")
        with planned() as session:
            from store.keys import create_key

            key = create_key(session, "reader", ["read"], now=NOW)
            session.commit()
        same = client.get(
            "/v1/exports/tidy",
            params={"queue": QUEUE, "start": DAY, "end": "2026-03-12"},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert same.content == got.content
        assert client.get(address, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert client.get("/_dash-export?layout=nosuch&first=2026-03-11&last=2026-03-11").status_code == 404
        assert client.get(f"/_dash-export?layout=tidy&first={DAY}&last=2026-03-01").status_code == 422


def test_both_languages_say_the_same_things() -> None:
    mine = {key for key in texts("en") if key.startswith("staffing_")}
    assert mine == {key for key in texts("nl") if key.startswith("staffing_")}
    assert set(notes.NOTES) <= mine
