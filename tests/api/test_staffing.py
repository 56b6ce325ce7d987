"""GET /v1/staffing and POST /v1/staffing/check: teams, targets, pages, files, euros, chances, clock changes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from store.database import sessions
from store.days import save_hours
from store.forecasts import create_version, publish_version, save_forecast
from store.groups import save_groups
from store.imports.staffing import import_staffing
from store.queues import load_queue, save_queue
from store.settings import Settings
from store.staffing_settings import Promise, Staffing
from store.staffing_team import load_known, load_team
from tests.api.filled import CUTOFF, SETTINGS, TZ, Filled, day, open_app

SPREAD = np.array([1.0, *(1 + 0.8 * (np.array(QUANTILES) - 0.5))])  # mean, then quantiles 0.62 .. 1.38 of it


def get(filled: Filled, status: int = 200, path: str = "/v1/staffing", **query: Any) -> Any:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def check(filled: Filled, status: int = 200, **body: Any) -> Any:
    answer = filled.client().post("/v1/staffing/check", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def put(
    filled: Filled,
    queue: str = "Outage",
    *,
    first: str = "2026-10-25",
    last: str = "2026-10-26",
    contacts: float = 60.0,
    aht: float = 300.0,
    opens: tuple[float, float] = (8, 20),
    by_day: bool = True,
) -> None:
    """Publish so many contacts in every open interval, with quantiles; by day their sum, half as uncertain."""
    with sessions(filled.engine)() as session:
        interval = load_queue(session, queue).interval
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        grid = Grid.days(day(first), day(last), interval, TZ)
        hour = grid.slot * interval.seconds / 3600
        open_ = (hour >= opens[0]) & (hour < opens[1]) | (grid.slots == 1)
        values = np.where(open_, contacts, 0.0)[:, None] * SPREAD
        known = np.where(open_[:, None], aht, np.nan) * np.ones_like(values)
        save_forecast(session, version, queue, "interval", grid.ds, values, costs=(known, values * aht))
        if by_day and grid.slots > 1:
            days = Grid.days(day(first), day(last), Interval.DAY, TZ)
            total = np.bincount(grid.day - grid.day[0], weights=values[:, 0])
            narrow = total[:, None] * (1 + (SPREAD - 1) / 2)
            save_forecast(session, version, queue, "day", days.ds, narrow)
        publish_version(session, version, CUTOFF + dt.timedelta(minutes=6))
        session.commit()


def configured(filled: Filled, **staffing: Any) -> Filled:
    return open_app(filled.engine, filled.keys, Settings(staffing=Staffing(**staffing)))


MONDAY: dict[str, Any] = {"group": "Outage", "start": "2026-10-26", "end": "2026-10-27"}


def test_agents_are_told_net_and_gross_with_what_is_reached_with_them(filled: Filled) -> None:
    put(filled)
    found = get(filled, **MONDAY)
    (group,) = found["groups"]
    assert group["methods"] and "phone" in group["methods"][0] and group["targets"]["service_level"] == 0.8
    assert len(found["rows"]) == 24 and found["next_cursor"] is None
    row = found["rows"][0]
    assert row["start"].startswith("2026-10-26T08:00:00+01:00") and row["start_utc"].startswith(
        "2026-10-26T07"
    )
    assert (row["contacts"], row["erlangs"], row["workload_hours"]) == (60, 10, 5)
    assert row["agents_net"] == 14 and row["agents_gross"] == pytest.approx(20)
    assert 0.8 <= row["service_level"] < 0.95 and row["asa_seconds"] > 0
    assert row["occupancy"] == pytest.approx(10 / 14, abs=1e-3) and row["abandonment"] == 0
    (one,) = found["days"]
    assert (one["date"], one["agent_hours_net"], one["peak_net"]) == ("2026-10-26", 168, 14)
    assert one["agent_hours_gross"] == pytest.approx(240) and one["cost_euros"] is None


def test_a_question_may_bring_its_own_targets_and_an_impossible_one_names_its_field(filled: Filled) -> None:
    put(filled)
    usual = get(filled, **MONDAY)["rows"][0]
    strict = get(filled, **MONDAY, service_level=0.95, answer_seconds=10, shrinkage=0.5)["rows"][0]
    assert strict["agents_net"] > usual["agents_net"]
    assert strict["agents_gross"] == pytest.approx(2 * strict["agents_net"])
    patient = get(filled, **MONDAY, patience_seconds=60)["rows"][0]
    assert patient["agents_net"] < usual["agents_net"] and patient["abandonment"] > 0
    busy = get(filled, **MONDAY, quantile=0.9)["rows"][0]
    assert busy["agents_net"] > usual["agents_net"]
    configured_patience = configured(filled, patience_seconds=60)
    assert get(configured_patience, **MONDAY, patience_seconds=0)["rows"][0] == usual
    assert get(configured_patience, **MONDAY)["rows"][0] == patient
    assert get(filled, 422, **MONDAY, quantile=0.55)["field"] == "quantile"
    assert get(filled, 422, **MONDAY, shrinkage=1)["field"] == "shrinkage"
    assert get(filled, 422, **MONDAY, services=1)["field"] == "services"


def test_a_group_nobody_knows_is_named_with_the_nearest_and_group_and_queue_exclude_each_other(
    filled: Filled,
) -> None:
    assert "Did you mean Outage" in get(filled, 404, group="Outag")["remedy"]
    assert get(filled, 404, queue="Outag")["field"] == "queue"
    assert get(filled, 422, group="Outage", queue="Outage")["field"] == "queue"
    get(filled, 422, start="2026-10-27", end="2026-10-26")
    assert "92" in get(filled, 422, start="2026-10-01", end="2027-02-01")["detail"]


def test_an_empty_database_needs_nobody_and_says_why(filled: Filled) -> None:
    found = get(filled, start="2027-01-01", end="2027-01-02")
    assert found["rows"] == found["days"] == found["groups"] == []
    assert any("no forecast is published" in note for note in found["notes"])


def test_a_group_takes_its_share_and_a_queue_asked_for_as_such_all_of_it(filled: Filled) -> None:
    put(filled)
    with sessions(filled.engine)() as session:
        save_groups(
            session,
            pd.DataFrame(
                [("Outage", "Partner", "Lisbon", 0.5), ("Outage", "Partner", "Porto", 0.2)],
                columns=["queue", "group", "site", "share"],
            ),
        )
        session.commit()
    span: dict[str, Any] = {"start": "2026-10-26", "end": "2026-10-27"}
    first = {row["group"]: row for row in reversed(get(filled, **span)["rows"])}
    assert first["Partner"]["contacts"] == pytest.approx(42) and first["Outage"]["contacts"] == pytest.approx(
        18
    )
    assert get(filled, queue="Outage", **span)["rows"][0]["contacts"] == 60


def test_an_hour_is_the_mean_of_its_intervals_and_adds_up_to_the_day(filled: Filled) -> None:
    put(filled)
    halves, hours = (get(filled, **MONDAY, granularity=size) for size in ("interval", "hour"))
    assert len(hours["rows"]) == 12 and hours["days"] == halves["days"]
    assert hours["rows"][0]["contacts"] == 120 and hours["rows"][0]["agents_net"] == 14
    assert hours["rows"][0]["service_level"] == pytest.approx(halves["rows"][0]["service_level"])
    by_day = get(filled, **MONDAY, granularity="day")
    assert by_day["rows"] == [] and by_day["days"] == halves["days"]


def test_pages_give_every_row_and_every_day_once(filled: Filled) -> None:
    put(filled)
    put(filled, "Billing", contacts=12, aht=600, opens=(8, 18))
    for size in ("interval", "day"):
        span: dict[str, Any] = {"start": "2026-10-25", "end": "2026-10-27", "granularity": size}
        whole = get(filled, **span)
        rows, days, cursor, pages = list[Any](), list[Any](), None, 0
        while cursor is not None or pages == 0:
            page = get(
                filled, **span, limit=7 if size == "interval" else 1, **({"cursor": cursor} if cursor else {})
            )
            rows, days, cursor, pages = (
                rows + page["rows"],
                days + page["days"],
                page["next_cursor"],
                pages + 1,
            )
        assert rows == whole["rows"] and days == whole["days"] and pages > 3
    assert get(filled, 422, cursor="abc")["field"] == "cursor"


def test_a_file_holds_the_same_rows_and_no_formula(filled: Filled) -> None:
    put(filled)
    with sessions(filled.engine)() as session:
        save_groups(session, pd.DataFrame([("Outage", "=cmd|x", 1.0)], columns=["queue", "group", "share"]))
        session.commit()
    span: dict[str, Any] = {"start": "2026-10-26", "end": "2026-10-27", "group": "=cmd|x"}
    client = filled.client()
    for size, key in (("interval", "rows"), ("day", "days")):
        answer = client.get(
            "/v1/staffing", params={**span, "granularity": size}, headers={"Accept": "text/csv"}
        )
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
        read = list(csv.DictReader(io.StringIO(answer.text)))
        made = get(filled, **span, granularity=size)[key]
        assert len(read) == len(made) > 0 and {row["group"] for row in read} == {"'=cmd|x"}
        for name in set(made[0]) - {"group", "agents_net_by_quantile"}:
            assert read[0][name] == ("" if made[0][name] is None else str(made[0][name])), name
    paged = client.get("/v1/staffing", params={**span, "layout": "tidy", "limit": 5})
    assert paged.text.count("\r\n") == 6 and 'rel="next"' in paged.headers["link"]
    assert (
        "agents_net_0.975"
        in client.get("/v1/staffing", params={**span, "layout": "tidy", "certainty": True}).text.splitlines()[
            0
        ]
    )


def test_a_rate_gives_euros_by_day_and_what_being_sure_costs_a_week(filled: Filled) -> None:
    put(filled)
    priced = configured(filled, rate=40, queues={"Outage": Promise(rate=50)})
    found = get(priced, **MONDAY, certainty=True)
    assert found["days"][0]["cost_euros"] == pytest.approx(240 * 50)
    (group,) = found["groups"]
    levels = found["rows"][0]["agents_net_by_quantile"]
    assert len(levels) == 13 and list(levels.values()) == sorted(levels.values()) and levels["0.5"] == 14
    sure = group["sureness"]
    assert sure["hours_net"] == pytest.approx((levels["0.9"] - levels["0.5"]) * 12 * 7)
    assert sure["euros"] == pytest.approx(sure["hours_gross"] * 50) and group["rate_euros"] == 50


def test_what_is_forecast_with_a_handling_time_unknown_is_null_and_counted(filled: Filled) -> None:
    put(filled, aht=float("nan"))
    found = get(filled, **MONDAY)
    assert {row["agents_net"] for row in found["rows"]} == {None} and found["days"][0]["unknown"] == 24
    assert any("no handling time" in note for note in found["notes"])
    told = check(filled, agents=14, marked="net", **MONDAY)
    assert told["holds"]["share"] is None and "not known" in told["sentence"]


def test_the_repeated_hour_is_staffed_twice_and_both_are_told_apart(filled: Filled) -> None:
    put(filled, opens=(0, 24))
    found = get(filled, group="Outage", start="2026-10-25", end="2026-10-26")
    assert len(found["rows"]) == 50 and len({row["start_utc"] for row in found["rows"]}) == 50
    assert found["days"][0]["agent_hours_net"] == pytest.approx(25 * 14)


def test_a_queue_counted_by_day_is_left_out_of_calls_and_spread_where_it_can_wait(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        for name, channel in (("Letters", "email"), ("Calls", "phone")):
            like = load_queue(session, "Outage")
            save_queue(session, replace(like, name=name, channel=channel, interval=Interval.DAY))
        session.commit()
    put(filled, "Letters", contacts=240, aht=600)
    put(filled, "Calls", contacts=240)
    span: dict[str, Any] = {"start": "2026-10-26", "end": "2026-10-27"}
    mail = get(filled, group="Letters", **span)
    assert sum(row["contacts"] for row in mail["rows"]) == pytest.approx(240)
    assert any("spread evenly" in note for note in mail["notes"])
    calls = get(filled, group="Calls", **span)
    assert calls["rows"] == [] and any("by day" in note for note in calls["notes"])
    assert check(filled, 404, group="Calls", agents=3, marked="net", **span)["field"] == "group"


def test_how_often_so_many_agents_hold_the_promise_rises_with_them(filled: Filled) -> None:
    put(filled)
    shares, bounds = [], []
    for agents in (10, 14, 15, 16, 30):
        found = check(filled, agents=agents, marked="net", **MONDAY)
        shares.append(found["holds"]["share"])
        bounds.append(found["holds"]["bound"])
    assert shares == sorted(shares) and bounds[0] == "less" and bounds[-1] == "more"
    assert shares[0] == 0.025 and 0.5 <= shares[1] < shares[2] and shares[-1] == 0.975
    assert found["sentence"] == ("30 agents (net) answer 80% within 20 seconds on more than 39 days in 40.")
    assert all(one["holds"]["bound"] == "more" for one in found["rows"])


def test_a_day_is_surer_than_its_intervals_where_its_total_is(filled: Filled) -> None:
    put(filled)
    found = check(filled, agents=15, marked="net", **MONDAY)
    (one,), row = found["days"], found["rows"][0]
    assert (
        0.5 < row["holds"]["share"] < one["holds"]["share"]
    )  # the day's quantiles lie half as far from its mean
    assert any("together" in note for note in found["notes"])
    put(filled, by_day=False, last="2026-10-27")
    alone = check(
        filled, agents=15, marked="net", group="Outage", start="2026-11-09", end="2026-11-10", status=404
    )
    assert "no forecast is published" in alone["detail"]


def test_agents_at_the_need_hold_the_targets_at_the_mean_and_are_worth_what_shrinkage_leaves(
    filled: Filled,
) -> None:
    put(filled)
    net = check(filled, agents=14, marked="net", **MONDAY)
    gross = check(filled, agents=20, marked="gross", **MONDAY)
    assert [row["holds"] for row in net["rows"]] == [row["holds"] for row in gross["rows"]]
    row = net["rows"][0]
    assert (row["agents_net"], row["needed_net"]) == (14, 14) and row["service_level"] >= 0.8
    assert row["agents_gross"] == pytest.approx(20) and row["occupancy"] == pytest.approx(10 / 14, abs=1e-3)
    assert net["days"][0]["service_level"] == pytest.approx(row["service_level"], abs=1e-3)


def test_rows_given_are_checked_where_they_lie_and_the_rest_of_their_day_has_nobody(filled: Filled) -> None:
    put(filled)
    priced = configured(filled, rate=40)
    rows = [
        {"start": f"2026-10-26T{slot // 2:02d}:{30 * (slot % 2):02d}", "agents": 14} for slot in range(16, 28)
    ]
    found = check(
        priced, group="Outage", rows=[*rows, {"start": "2026-10-26T23:30", "agents": 1}], marked="net"
    )
    assert found["start"].startswith("2026-10-25T23:00") and found["end"].startswith("2026-10-26T23:00")
    told = {row["start"][11:16]: row for row in found["rows"]}
    assert told["08:00"]["agents_net"] == 14 and told["15:00"]["agents_net"] == 0
    assert told["15:00"]["service_level"] == 0 and told["15:00"]["asa_seconds"] is None
    (one,) = found["days"]
    assert one["agent_hours_net"] == pytest.approx(12 * 14 / 2 + 0.5) and one["holds"]["bound"] == "less"
    assert one["under_gross"] == pytest.approx(12 * 14 / 2 / 0.7)
    assert one["under_euros"] == pytest.approx(one["under_gross"] * 40, abs=0.01)
    away = check(priced, group="Outage", rows=[*rows, {"start": "2026-10-24T12:00", "agents": 1}], marked="net",
                 start="2026-10-26")  # fmt: skip
    assert any("1 of the rows given" in note for note in away["notes"])


def test_what_cannot_be_checked_names_its_field(filled: Filled) -> None:
    put(filled)
    assert check(filled, 422, marked="net", **MONDAY)["field"] == "agents"
    assert check(filled, 422, agents=1, **MONDAY)["field"] == "marked"
    assert check(filled, 422, agents=-1, marked="net", **MONDAY)["field"] == "agents"
    assert check(filled, 422, agents=1, marked="net")["field"] == "group"
    assert "Did you mean" in check(filled, 404, agents=1, marked="net", group="Outag")["remedy"]
    twice = [{"start": "2026-10-26T08:00", "agents": 1}] * 2
    assert check(filled, 422, rows=twice, marked="net", group="Outage")["field"] == "rows.start"
    late = check(filled, 422, agents=1, marked="net", group="Outage", end="2027-01-01")
    assert "35 days" in late["detail"]


def test_a_check_changes_nothing_and_takes_a_key_that_reads(filled: Filled) -> None:
    put(filled)
    body = {"group": "Outage", "agents": 14, "marked": "net", "start": "2026-10-26", "end": "2026-10-27"}
    assert filled.client("read").post("/v1/staffing/check", json=body).status_code == 200
    assert filled.client(None).post("/v1/staffing/check", json=body).status_code == 401


def test_the_gap_costs_what_the_missing_hours_would(filled: Filled) -> None:
    put(filled)
    priced = configured(filled, rate=40)
    with sessions(filled.engine)() as session:
        rows = "interval_start,group,agents\n2026-10-26T08:00,Outage,10\n2026-10-26T08:30,Outage,16\n"
        import_staffing(session, SETTINGS, rows.encode(), now=pd.Timestamp(CUTOFF), marked="net")
        session.commit()
    found = get(priced, path="/v1/staffing/gap", **MONDAY)
    (one,) = found["groups"][0]["days"]
    assert one["over_gross"] == pytest.approx(1 / 0.7) and one["over_euros"] == pytest.approx(40 / 0.7)
    assert one["under_euros"] == pytest.approx(one["under_gross"] * 40)
    assert get(filled, path="/v1/staffing/gap", **MONDAY)["groups"][0]["days"][0]["under_euros"] is None


MAIL: dict[str, Any] = {"group": "Billing", "start": "2026-10-24", "end": "2026-10-25"}


def put_mail(filled: Filled, **more: Any) -> None:
    """Mail on Saturday and Sunday, round the clock but answered from eight to six."""
    hours = {"queue": "Billing", "weekday": range(7), "opens": "08:00", "closes": "18:00"}
    with sessions(filled.engine)() as session:
        save_hours(session, pd.DataFrame(hours).astype({"queue": object, "opens": object, "closes": object}))
        session.commit()
    put(filled, "Billing", **{"first": "2026-10-24", "contacts": 12, "aht": 600, "opens": (0, 24), **more})


def test_mail_is_answered_in_opening_hours_and_by_when_it_is_due(filled: Filled) -> None:
    put_mail(filled)
    found = get(filled, **MAIL)
    assert found["groups"][0]["methods"] == ["email: backlog"]
    assert found["groups"][0]["targets"]["response_hours"] == 24  # as backlog.target_hours
    told = {row["start"][11:16]: row for row in found["rows"]}
    assert (
        told["03:00"]["agents_net"] == 0 and told["03:00"]["contacts"] == 12 and told["03:00"]["backlog"] > 0
    )
    assert told["09:00"]["agents_net"] > 0 and told["09:00"]["service_level"] is None
    assert all(row["in_time"] >= 0.9 for row in found["rows"])
    soon = get(filled, **MAIL, response_hours=2, response_clock="open")
    assert soon["days"][0]["agent_hours_net"] > found["days"][0]["agent_hours_net"]


def test_what_waits_is_carried_over_with_its_age_and_staffed(filled: Filled) -> None:
    put_mail(filled)
    found = get(filled, **MAIL)
    (said,) = [note for note in found["notes"] if "carried over" in note]
    assert said.startswith("Billing: 96 contacts waited on 2026-10-24 00:00")  # one of each hour of four days
    assert found["rows"][0]["backlog"] >= 96 and found["rows"][0]["oldest_hours"] > 0
    later = get(filled, group="Billing", start="2026-10-26", end="2026-10-27")
    assert any("waited on 2026-10-24" in note for note in later["notes"])


@pytest.mark.parametrize(("start", "clock_hours", "open_hours"), [(24, 4, 0), (25, 28, 10)])
def test_what_waits_is_as_old_by_the_clock_as_it_is_and_in_opening_hours_as_they_passed(
    filled: Filled, start: int, clock_hours: int, open_hours: int
) -> None:
    put_mail(filled, last="2026-10-26")  # the oldest came on the 23rd at 20:00; it is open from eight to six
    span = {at: pd.Timestamp(f"2026-10-{start + at}", tz=TZ).to_pydatetime() for at in (0, 1)}
    with sessions(filled.engine)() as session:
        known = load_known(session, SETTINGS, span[0])
        team, _ = load_team(session, SETTINGS, known, "Billing", start=span[0], stop=span[1])
    assert team is not None
    (demand,) = team.demands()
    assert demand.waiting == 96
    assert demand.waiting_age_seconds == clock_hours * 3600
    assert demand.waiting_open_seconds == open_hours * 3600


def test_mail_that_came_before_what_waits_was_counted_is_not_staffed_again(filled: Filled) -> None:
    put_mail(filled, first="2026-10-23")
    found = get(filled, group="Billing", start="2026-10-23T12:00", end="2026-10-25")
    assert found["rows"][0]["start"].startswith("2026-10-24T00:00")
    assert any("staffed from 2026-10-24 00:00 on" in note for note in found["notes"])


def test_where_nothing_tells_what_waits_the_usual_is_taken_and_said(filled: Filled) -> None:
    put_mail(filled, first="2026-11-09", last="2026-11-10")
    far = get(filled, group="Billing", start="2026-11-09", end="2026-11-10")
    assert any("nobody can tell what waits" in note for note in far["notes"])
    assert far["rows"][0]["backlog"] > 12  # the night before left some
    with sessions(filled.engine)() as session:
        save_queue(session, replace(load_queue(session, "Billing"), name="Post"))
        session.commit()
    put(filled, "Post", contacts=12, aht=600)
    post = get(filled, group="Post", start="2026-10-26", end="2026-10-27")
    assert any("No volumes of it" in note for note in post["notes"])
    assert any("no opening hours" in note for note in post["notes"])


def test_how_often_mail_is_answered_in_time_and_what_waits_with_so_many(filled: Filled) -> None:
    put_mail(filled)
    few, many = (check(filled, agents=agents, marked="net", **MAIL) for agents in (1, 12))
    assert few["holds"]["bound"] == "less" and many["holds"]["bound"] == "more"
    assert few["rows"][-1]["backlog"] > many["rows"][-1]["backlog"] and many["days"][0]["in_time"] == 1
    assert "of what can wait within 24 hours" in many["sentence"]


def test_one_team_for_calls_and_mail_needs_fewer_than_two(filled: Filled) -> None:
    put(filled, first="2026-10-24", last="2026-10-25", opens=(8, 18))
    put_mail(filled)
    with sessions(filled.engine)() as session:
        rows = [("Outage", "Desk", 1.0), ("Billing", "Desk", 1.0)]
        save_groups(session, pd.DataFrame(rows, columns=["queue", "group", "share"]))
        session.commit()
    span: dict[str, Any] = {"group": "Desk", "start": "2026-10-24", "end": "2026-10-25"}
    apart, together = (get(filled, **span, blended=blended) for blended in (False, True))
    assert together["groups"][0]["blended"] and len(together["groups"][0]["queues"]) == 2
    assert together["days"][0]["agent_hours_net"] < apart["days"][0]["agent_hours_net"]
    both = [row for row in together["rows"] if row["service_level"] is not None and row["agents_net"]]
    assert both and all(row["service_level"] >= 0.8 for row in both)
    assert check(filled, agents=30, marked="net", **span, blended=True)["holds"]["bound"] == "more"


def test_a_manual_adjustment_is_staffed(filled: Filled) -> None:
    put(filled)
    before = get(filled, **MONDAY)["rows"][0]
    body = {"queue": "Outage", "kind": "percent", "value": 50, "reason": "campaign", "start": "2026-10-26",
            "end": "2026-10-27"}  # fmt: skip
    answer = filled.client("plan").post("/v1/overrides", json=body)
    assert answer.status_code in (200, 201), answer.text
    after = get(filled, **MONDAY)["rows"][0]
    assert after["contacts"] == pytest.approx(1.5 * before["contacts"])
    assert after["agents_net"] > before["agents_net"]
