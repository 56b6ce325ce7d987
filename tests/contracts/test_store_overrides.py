"""Manual adjustments in the store, on both databases: on top of every version, at their moment, and what they were worth."""

from __future__ import annotations

import datetime as dt
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, day_start, floor, to_ns
from forecast.errors import InputError, NotFound
from forecast.models.base import QUANTILES
from forecast.overriding import Override
from forecast.parts import PARTS
from store.adjusted import load_adjusted, load_with_overrides
from store.database import sessions
from store.explanations import load_explanations
from store.forecasts import create_version, load_forecast, publish_version, save_forecast
from store.override_effects import load_effects
from store.override_values import load_values
from store.overrides import add_override, load_override, load_overrides, remove_override
from store.queues import Queue, save_queue
from store.settings import Settings
from store.tables import AuditRow
from store.volumes import save_volumes

TZ, OTHER = "Europe/Amsterdam", "America/New_York"
NOW = dt.datetime(2026, 10, 20, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FIRST = int(np.datetime64("2026-10-20", "D").astype(np.int64))
DAYS, FAR = 7, 12  # the clocks go back on the sixth day; from the eighth on there are whole days alone
SPREAD = np.concatenate([[1.0], 1 + 0.4 * (np.array(QUANTILES) - 0.5)])


def stored(
    session: Session, queue: Queue, *, at: dt.datetime = NOW, level: float = 10.0, name: str = ""
) -> int:
    """A published forecast of a queue in every granularity, as a run stores it: a week of intervals, then days."""
    save_queue(session, queue)
    version = create_version(session, run_id=None, cutoff=at, now=at)
    forecast(session, version, name or queue.name, queue, level)
    publish_version(session, version, at)
    return version


def forecast(session: Session, version: int, name: str, queue: Queue, level: float) -> None:
    grid = Grid.days(FIRST, FIRST + DAYS - 1, queue.interval, queue.tz)
    hour = (grid.ds - floor(grid.ds, Interval.DAY, queue.tz)) / 3.6e12
    mean = np.where((hour >= 8) & (hour < 20), level + grid.weekday + hour / 7, 0.0)
    days = Grid.days(FIRST + DAYS, FIRST + FAR - 1, Interval.DAY, queue.tz)
    ds = np.concatenate([grid.ds, days.ds])
    whole = np.concatenate([mean, np.full(len(days), 50 * level)])
    for granularity, length in (
        ("interval", None),
        ("hour", Interval.HOUR),
        ("day", Interval.DAY),
        ("week", Interval.WEEK),
    ):
        near = granularity in ("interval", "hour")
        of, values = (grid.ds, mean) if near else (ds, whole)
        starts, place = (
            (of, np.arange(len(of))) if length is None
            else np.unique(floor(of, length, queue.tz), return_inverse=True)
        )  # fmt: skip
        sums = np.bincount(place, weights=values)
        aht = np.where(sums > 0, 240.0, np.nan)[:, None] * SPREAD
        parts = np.zeros((len(starts), len(PARTS)))
        parts[:, PARTS.index("level")] = sums
        rows = sums[:, None] * SPREAD
        save_forecast(
            session, version, name, granularity, starts, rows, costs=(aht, np.nan_to_num(rows * 240.0)),
            parts=parts,
        )  # fmt: skip


CALLS = Queue("Calls", "phone", "all", Interval.HALF_HOUR, TZ)
MAIL = Queue("Mail", "email", "all", Interval.HOUR, OTHER)


def change(**told: Any) -> Override:
    """By default: 4,200 contacts on Thursday the 22nd, local time of the calls."""
    day = told.pop("day", 2)
    first, last = day_start([FIRST + day, FIRST + told.pop("until", day + 1)], TZ).tolist()
    facts = {
        "id": 0, "queue": "Calls", "channel": "", "topic": "", "measure": "volume", "kind": "total", "value": 4200.0,
        "start": first, "end": last, "reason": "letters", "author": "Anna",
    }  # fmt: skip
    return Override(**{**facts, **told})


def add(session: Session, **told: Any) -> int:
    now, expires = told.pop("now", NOW), told.pop("expires", None)
    return add_override(session, change(**told), now=now, expires_at=expires)[0].override.id


def means(session: Session, granularity: str = "interval", **asked: Any) -> pd.Series:
    found = load_adjusted(session, series=["Calls"], granularity=granularity, **asked)
    return found.set_index("ds")["mean"]


def local(held: pd.Series) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(held.index).tz_convert(TZ)


def test_without_a_change_the_frame_is_the_forecast_to_the_bit(session: Session) -> None:
    stored(session, CALLS)
    stored(session, MAIL)
    add(session, queue="Mail")
    asked: dict[str, Any]
    for asked in ({}, {"costs": True}, {"parts": True}, {"costs": True, "parts": True, "version": "latest"}):
        plain = load_forecast(session, series=["Calls"], **asked)
        pd.testing.assert_frame_equal(
            load_adjusted(session, series=["Calls"], **asked), plain, check_exact=True
        )
    changed = load_adjusted(session, series=None, costs=True, parts=True)
    assert (
        changed.columns.tolist()
        == load_forecast(session, series=None, costs=True, parts=True).columns.tolist()
    )


def test_a_part_of_a_range_has_the_numbers_it_has_in_the_whole(session: Session) -> None:
    stored(session, CALLS)
    add(session, kind="percent", value=-90.0, day=0)
    add(session, kind="absolute", value=4000.0, day=0, until=5)
    first, last = pd.to_datetime(day_start([FIRST + 2, FIRST + 3], TZ), utc=True)
    whole, part = means(session), means(session, start=first, end=last)
    pd.testing.assert_series_equal(part, whole[part.index])


@pytest.mark.parametrize("until", [3, 11])
def test_a_day_total_holds_in_every_granularity_and_keeps_the_shape(session: Session, until: int) -> None:
    stored(session, CALLS)
    add(session, until=until)
    before = load_forecast(session, series=["Calls"]).set_index("ds")["mean"]
    fine, days = means(session), means(session, "day")
    day = local(fine).dayofyear
    thursday = day == 295
    assert fine[thursday].sum() == pytest.approx(4200, rel=1e-9)
    np.testing.assert_allclose(fine[thursday] / 4200, before[thursday] / before[thursday].sum(), rtol=1e-9)
    np.testing.assert_allclose(days.iloc[2:until], 4200, rtol=1e-12)
    assert (days.drop(days.index[2:until]) < 1000).all()
    hours = means(session, "hour")
    assert hours[local(hours).dayofyear == 295].sum() == pytest.approx(4200, rel=1e-9)
    np.testing.assert_array_equal(fine[day < 295], before[day < 295])
    weeks = means(session, "week")
    assert weeks.iloc[0] == pytest.approx(days.iloc[:6].sum(), rel=1e-6)


def test_a_range_over_the_night_the_clocks_go_back_and_into_days_without_intervals_agrees(
    session: Session,
) -> None:
    stored(session, CALLS)
    span = {
        "start": to_ns(pd.Timestamp("2026-10-24 13:10", tz=TZ)),
        "end": to_ns(pd.Timestamp("2026-10-28 06:00", tz=TZ)),
    }
    add(session, kind="percent", value=50.0, **span)
    add(session, kind="absolute", value=300.0, author="Bob", **span)
    fine, days = means(session), means(session, "day")
    plain = load_forecast(session, series=["Calls"], granularity="day").set_index("ds")["mean"]
    sums = fine.groupby(local(fine).date).sum()
    np.testing.assert_allclose(sums.to_numpy(), days.iloc[:DAYS].to_numpy(), rtol=1e-6)
    assert days.iloc[8] > plain.iloc[8] and days.iloc[9] == plain.iloc[9]
    share = 500 / 4 * 1.5  # a quarter of the 28th, a day that is stored as a whole
    assert 500 / 4 * 0.5 < days.iloc[8] - plain.iloc[8] < share


def test_handling_time_and_workload_go_along(session: Session) -> None:
    stored(session, CALLS)
    add(session, kind="percent", value=10.0)
    add(session, measure="aht", kind="absolute", value=60.0)
    plain = load_forecast(session, series=["Calls"], granularity="day", costs=True).iloc[2]
    found = load_adjusted(session, series=["Calls"], granularity="day", costs=True).iloc[2]
    assert found["aht"] == pytest.approx(300, rel=1e-5)
    assert found["workload"] == pytest.approx(plain["mean"] * 1.1 * 300, rel=1e-5)
    assert found["0.9"] / plain["0.9"] == pytest.approx(1.1, rel=1e-5)
    assert found["workload_0.9"] / plain["workload_0.9"] == pytest.approx(1.1 * 1.25, rel=1e-5)


def test_a_change_over_several_queues_is_shared_out_by_their_forecasts_and_each_tells_its_own_part(
    session: Session,
) -> None:
    stored(session, CALLS)
    stored(session, replace(CALLS, name="Help"), level=20.0)
    stored(session, MAIL)
    add(session, queue="", channel="phone", kind="absolute", value=100.0)
    add(session, queue="Help", kind="percent", value=100.0, day=5)
    found = load_with_overrides(session, series=None, granularity="day")
    added = pd.Series(found.override).groupby(found.frame["series"]).sum()
    base = load_forecast(session, series=None, granularity="day").groupby("series")["mean"].nth(2).to_numpy()
    doubled = load_forecast(session, series=["Help"], granularity="day")["mean"].iloc[5]
    assert added["Mail"] == 0
    assert added["Calls"] == pytest.approx(100 * base[0] / (base[0] + base[1]), rel=1e-6)
    assert added["Calls"] + added["Help"] - doubled == pytest.approx(100, rel=1e-6)
    alone = load_with_overrides(session, series=["Calls"], granularity="day")
    np.testing.assert_allclose(alone.override.sum(), added["Calls"], rtol=1e-9)


def test_the_reasons_of_a_queue_go_with_it_and_a_reason_moves_its_queue_by_the_difference(
    session: Session,
) -> None:
    version = stored(session, CALLS, level=10.0)
    forecast(session, version, "Calls/bills", CALLS, 4.0)
    add(session, kind="percent", value=50.0)
    whole, part = (
        load_with_overrides(session, series=[name], granularity="day") for name in ("Calls", "Calls/bills")
    )
    assert part.frame["mean"].iloc[2] / load_forecast(session, series=["Calls/bills"], granularity="day")[
        "mean"
    ].iloc[2] == pytest.approx(1.5)
    add(session, kind="absolute", value=80.0, topic="bills")
    moved, bills = (
        load_with_overrides(session, series=[name], granularity="day") for name in ("Calls", "Calls/bills")
    )
    for after, before in ((moved, whole), (bills, part)):
        assert (after.override - before.override).sum() == pytest.approx(80, rel=1e-6)


def test_it_survives_a_new_forecast_and_locks_and_versions_by_id_are_given_as_made(session: Session) -> None:
    version = stored(session, CALLS)
    add(session)
    stored(session, CALLS, at=NOW + HOUR, level=30.0)
    assert means(session, "day").iloc[2] == pytest.approx(4200)
    assert means(session, "day", version=version).iloc[2] < 1000
    assert means(session, "day", version="latest").iloc[2] == pytest.approx(4200)
    assert means(session, "day", version="locked").empty


def test_what_had_come_of_the_running_day_stays_as_it_came(session: Session) -> None:
    save_queue(session, CALLS)
    at = NOW + 6 * HOUR  # 14:00 on the first day
    version = create_version(session, run_id=None, cutoff=at, now=at)
    grid = Grid.days(FIRST, FIRST, Interval.HALF_HOUR, TZ)
    ahead = grid.ds[grid.ds >= to_ns(at)]
    save_forecast(session, version, "Calls", "interval", ahead, np.full((len(ahead), len(SPREAD)), 10.0))
    save_forecast(
        session, version, "Calls", "day", grid.ds[:1], np.array([[600 + 10.0 * len(ahead)]]) * SPREAD
    )
    publish_version(session, version, at)
    add(session, day=0, kind="percent", value=20.0, now=at)
    assert means(session, "day").iloc[0] == pytest.approx(600 + 12.0 * len(ahead), rel=1e-6)
    add(session, day=0, value=1600.0, now=at)  # of which the part still to come keeps the shape of the day
    assert means(session).sum() == pytest.approx(1600 * 12 * len(ahead) / (720 + 12 * len(ahead)), rel=1e-6)


def test_as_of_a_past_moment_the_changes_that_held_then_count(session: Session) -> None:
    stored(session, CALLS)
    number = add(session, now=NOW + HOUR, expires=NOW + 9 * HOUR)
    remove_override(session, number, now=NOW + 5 * HOUR, who="Bob", why="no letters after all")
    add(session, now=NOW + 6 * HOUR, value=99.0, expires=NOW + 7 * HOUR)

    def at(hours: float) -> float:
        return float(means(session, "day", as_of=NOW + hours * HOUR).iloc[2])

    assert at(2) == at(1) == pytest.approx(4200) and at(6.5) == pytest.approx(99)
    assert at(0.5) == at(5.5) == at(7) == at(20) < 1000
    assert means(session, "day", now=NOW + 7 * HOUR).iloc[2] < 1000
    assert means(session, "day").iloc[2] == pytest.approx(99)  # nothing was published since it expired
    stored(session, CALLS, at=NOW + 8 * HOUR)
    assert means(session, "day").iloc[2] < 1000


def test_rows_are_kept_named_and_audited_and_the_same_again_is_the_same(session: Session) -> None:
    stored(session, CALLS)
    first, new = add_override(session, change(), now=NOW)
    again, twice = add_override(session, change(), now=NOW + HOUR)
    assert (new, twice) == (True, False) and first == again
    gone = remove_override(session, first.override.id, now=NOW + HOUR, who="Bob", why="wrong day")
    assert (gone.removed_by, gone.state(NOW), gone.state(NOW + HOUR)) == ("Bob", "active", "removed")
    assert remove_override(session, first.override.id, now=NOW + 2 * HOUR, who="Cas") == gone
    assert load_overrides(session) == [gone] and load_overrides(session, active_at=NOW + HOUR) == []
    assert load_overrides(session, queue="Calls", end=NOW) == []
    rows = session.execute(select(AuditRow.who, AuditRow.act, AuditRow.body).order_by(AuditRow.id)).all()
    assert [row[:2] for row in rows] == [("Anna", "override.add"), ("Bob", "override.remove")]
    assert json.loads(rows[1].body)["why"] == "wrong day" and json.loads(rows[0].body)["value"] == 4200
    with pytest.raises(NotFound):
        load_override(session, 99)
    with pytest.raises(NotFound, match="Calls"):
        load_overrides(session, queue="Cals")


def test_of_two_who_say_the_same_at_once_one_is_kept(engine: Engine) -> None:
    with sessions(engine)() as session:
        stored(session, CALLS)
        session.commit()

    def say(_: int) -> tuple[int, bool]:
        with sessions(engine)() as session:
            kept, new = add_override(session, change(), now=NOW)
            time.sleep(0.05)  # the other one waits here for the right to write
            session.commit()
            return kept.override.id, new

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(say, range(2))) == [(1, False), (1, True)]


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"kind": "percent", "value": -101.0}, "value"),
        ({"kind": "absolute", "value": 0.0}, "value"),
        ({"kind": "total", "value": -1.0}, "value"),
        ({"measure": "aht", "value": 0.0}, "value"),
        ({"value": float("nan")}, "value"),
        ({"reason": "  "}, "reason"),
        ({"end": 0}, "end"),
        ({"until": 800}, "end"),
        ({"queue": "Cals"}, "queue"),
        ({"queue": "", "channel": "fax"}, "channel"),
        ({"kind": "double"}, "kind"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    session: Session, told: dict[str, Any], field: str
) -> None:
    save_queue(session, CALLS)
    with pytest.raises((InputError, NotFound)) as refused:
        add(session, **told)
    assert refused.value.field == field and refused.value.remedy
    assert load_overrides(session) == []


def test_a_change_says_what_it_does_and_warns_where_it_does_nothing(session: Session) -> None:
    stored(session, CALLS)
    found = load_effects(session, change(), now=NOW)
    assert found.total.before == pytest.approx(means(session, "day").iloc[2], rel=1e-6)
    assert found.total.after == pytest.approx(4200) and found.warnings == ()
    assert [one.queue for one in found.queues] == ["Calls"]
    add(session)
    longer = load_effects(session, change(measure="aht", kind="percent", value=50.0), now=NOW)
    assert longer.total.before == pytest.approx(240) and longer.total.after == pytest.approx(360)
    (nothing,) = load_effects(session, change(topic="bills"), now=NOW).warnings
    assert "changes nothing yet" in nothing
    night = {
        "start": to_ns(pd.Timestamp("2026-10-22 01:00", tz=TZ)),
        "end": to_ns(pd.Timestamp("2026-10-22 03:00", tz=TZ)),
    }
    warned = load_effects(session, change(kind="percent", value=10.0, **night), now=NOW)
    assert "no contacts are forecast" in warned.warnings[0]
    even = load_effects(session, change(kind="absolute", value=40.0, **night), now=NOW)
    assert (
        even.total.after == 40 and "spread evenly" in even.warnings[0] and "handling time" in even.warnings[1]
    )


def test_contacts_where_none_were_forecast_have_a_spread_and_may_be_given_a_handling_time(
    session: Session,
) -> None:
    stored(session, CALLS)
    night = {
        "start": to_ns(pd.Timestamp("2026-10-22 01:00", tz=TZ)),
        "end": to_ns(pd.Timestamp("2026-10-22 03:00", tz=TZ)),
    }
    add(session, kind="absolute", value=40.0, **night)
    add(session, measure="aht", value=500.0, **night)
    asked: dict[str, Any] = {
        "start": pd.Timestamp("2026-10-22 01:00", tz=TZ),
        "end": pd.Timestamp("2026-10-22 03:00", tz=TZ),
    }
    found = load_adjusted(session, series=["Calls"], costs=True, **asked)
    assert found["mean"].to_list() == [10.0] * 4 and found["aht"].to_list() == [500.0] * 4
    assert found["workload"].to_list() == [5000.0] * 4
    assert (found["0.1"] < found["0.5"]).all() and (found["0.5"] < found["0.9"]).all()


def test_the_parts_add_up_and_the_sentence_says_why_and_by_whom(session: Session) -> None:
    stored(session, CALLS)
    add(session, kind="percent", value=10.0)
    (found,) = load_explanations(
        session, "Calls", granularity="day", start=pd.Timestamp("2026-10-22", tz=TZ), end=pd.Timestamp("2026-10-23", tz=TZ),
    )  # fmt: skip
    assert found.parts is not None
    assert sum(found.parts.values()) == pytest.approx(found.mean, rel=1e-6)
    assert found.parts["adjustment"] == pytest.approx(found.mean / 11, rel=1e-5)
    assert "(letters, by Anna)" in found.sentence(TZ) and "letters, door Anna" in found.sentence(TZ, "nl")


def test_people_are_told_whether_they_improved_the_forecast_and_three_days_prove_nothing(
    session: Session,
) -> None:
    stored(session, CALLS)
    good = add(session, kind="percent", value=30.0, until=6)
    add(session, kind="percent", value=-50.0, author="Bob", reason="a hunch", day=4)
    add(session, kind="percent", value=900.0, author="Eve", now=NOW + 200 * HOUR)  # after the fact
    plain = load_forecast(session, series=["Calls"])
    came = plain[["ds"]].assign(
        queue="Calls", offered=(plain["mean"] * 1.3).round(), known_at=plain["ds"] + 2 * HOUR
    )
    save_volumes(session, came.astype({"queue": object}), upload_id=None)
    now = NOW + 24 * 20 * HOUR
    found = load_values(session, Settings(), now=now, start=NOW, end=now)
    assert [(one.name, one.days, one.helped) for one in found.authors] == [("Anna", 4, 4), ("Bob", 1, 0)]
    anna, bob = found.authors
    assert anna.gained is not None and anna.gained > 0.8 and bob.gained is not None and bob.gained < 0
    assert anna.verdict == bob.verdict == "not enough to tell"
    assert "4 of 4 days" in anna.sentence and "chance" in anna.sentence
    assert [one.name for one in found.reasons] == ["a hunch", "letters"] and found.total.days == 5
    early = load_values(session, Settings(), now=NOW + 72 * HOUR, start=NOW, end=NOW + 72 * HOUR)
    assert early.total.days == 1 and early.overrides[0].name == str(good)
    nothing = load_values(session, Settings(), now=NOW, start=NOW - HOUR, end=NOW)
    assert nothing.total.days == 0 and nothing.total.gained is None
