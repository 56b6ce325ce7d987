"""Locks, publication and forecasts made elsewhere in the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, column, select, table, text
from sqlalchemy.orm import Session

import store
from forecast.buckets import Grid, Interval, day_start, local_ns
from forecast.errors import InputError, NotFound
from forecast.models.base import QUANTILES
from forecast.overriding import Override
from forecast.parts import PARTS
from store.adjusted import load_adjusted
from store.audit import load_audit
from store.database import connect, sessions, upgrade
from store.events import load_events
from store.forecast_versions import list_versions, load_version, newest_version, page_versions
from store.forecasts import create_version, load_forecast, prune, publish_version, save_forecast
from store.imports.other_forecasts import import_forecast
from store.locks import list_locks, load_lock, lock_span, release_lock, span_of_week
from store.overrides import add_override
from store.publication import publish
from store.queues import Queue, save_queue
from store.settings import Settings
from store.statements import table_of
from store.tables import ForecastRow, UtcDateTime
from store.uploads import remove_upload, restore_upload
from store.version_comparison import compare_versions
from tests import builders as b

NOW = b.NOON  # Monday 2 March 2026
MONDAY, SUNDAY = (
    dt.date(2026, 3, 30),
    dt.date(2026, 4, 5),
)  # week 14; in Amsterdam the clocks went forward the day before
TZ = "Europe/Amsterdam"
SETTINGS = Settings()
SIZES = {"interval": Interval.HOUR, "hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}  # fmt: skip


def day(date: dt.date) -> int:
    return (date - dt.date(1970, 1, 1)).days


def forecast(
    session: Session,
    level: float,
    *,
    queues: tuple[str, ...] = ("calls",),
    first: dt.date = dt.date(2026, 3, 16),
    last: dt.date = dt.date(2026, 5, 3),
    tz: str = TZ,
    publish_at: dt.datetime | None = NOW,
) -> int:
    """A version of some queues with every granularity, costs and parts; of weeks and months those that begin inside."""
    version = create_version(session, run_id=None, cutoff=NOW, now=NOW)
    for name in queues:
        for granularity, length in SIZES.items():
            grid = Grid.days(day(first), day(last), length if length.slots > 1 else Interval.DAY, tz)
            ds = grid.ds
            if granularity == "week":
                ds = ds[grid.weekday == 0]
            if granularity == "month":
                ds = ds[[one.day == 1 for one in pd.DatetimeIndex(local_ns(ds, tz).view("datetime64[ns]"))]]
            hours = {"week": 168, "month": 720, "day": 24}.get(granularity, 1)
            values = (level * hours + np.arange(len(ds)) / 1000)[:, None] + np.linspace(
                0, 1, 1 + len(QUANTILES)
            )
            parts = np.zeros((len(ds), len(PARTS)))
            parts[:, PARTS.index("level")] = values[:, 0]
            save_forecast(
                session,
                version,
                name,
                granularity,
                ds,
                values,
                costs=(values + 200, values * 200),
                parts=parts,
            )
    if publish_at is not None:
        publish_version(session, version, publish_at)
    return version


def locked(session: Session, **asked: Any) -> Any:
    given: dict[str, Any] = {"first": MONDAY, "last": SUNDAY, "who": "ada", "now": NOW, **asked}
    return lock_span(session, **given)


def stored(session: Session, version: int) -> list[tuple[Any, ...]]:
    """Every byte of a version."""
    rows = table_of(ForecastRow)
    query = select(rows).where(rows.c.version_id == version)
    return sorted(tuple(row) for row in session.execute(query.order_by(rows.c.granularity, rows.c.ds)))


@pytest.fixture
def calls(session: Session) -> Session:
    save_queue(session, b.queue())
    return session


class TestLocks:
    def test_a_week_is_its_iso_week(self) -> None:
        assert span_of_week("2026-W14") == (MONDAY, SUNDAY) and span_of_week("2026-W01")[0] == dt.date(
            2025, 12, 29
        )
        for wrong in ("2026-W54", "2026W14", "week 14", "", "99999-W01"):
            with pytest.raises(InputError, match="2026-W14"):
                span_of_week(wrong)

    def test_the_numbers_of_a_lock_are_those_shown_then_and_stay_bit_for_bit(self, calls: Session) -> None:
        source = forecast(calls, 5.1)
        made = locked(calls).lock
        frozen = stored(calls, made.version_id)
        span: dict[str, Any] = {
            "start": pd.Timestamp(day_start([day(MONDAY)], TZ)[0], tz="UTC").to_pydatetime(),
            "end": pd.Timestamp(day_start([day(SUNDAY) + 1], TZ)[0], tz="UTC").to_pydatetime(),
        }
        for granularity in ("interval", "hour", "day", "week"):
            shown, held = (
                load_forecast(
                    calls,
                    series=["calls"],
                    granularity=granularity,
                    version=one,
                    costs=True,
                    parts=True,
                    **span,
                )
                for one in (source, made.version_id)
            )
            assert len(held) and held.drop(columns="version").equals(shown.drop(columns="version"))
        forecast(calls, 9.0, publish_at=NOW + dt.timedelta(hours=1))
        save_queue(calls, b.queue(channel="chat"))
        prune(calls, keep=0)
        assert stored(calls, made.version_id) == frozen
        assert load_forecast(calls, series=None, version="locked", **span)["mean"].iloc[0] < 7

    @pytest.mark.parametrize("by_id", [False, True])
    def test_manual_adjustments_of_then_are_in_the_lock_and_later_ones_are_not(
        self, calls: Session, by_id: bool
    ) -> None:
        source = forecast(calls, 5)
        begin, stop = day_start([day(MONDAY), day(SUNDAY) + 1], TZ).tolist()
        change = Override(0, "calls", "", "", "volume", "percent", 20, begin, stop, "campaign", "ada")
        add_override(calls, change, now=NOW)
        made = locked(calls, version=source if by_id else "published", now=NOW + dt.timedelta(hours=1)).lock
        frozen = stored(calls, made.version_id)
        add_override(calls, replace(change, value=50), now=NOW + dt.timedelta(hours=2))
        plain, plan, shown = (
            load_adjusted(
                calls, series=["calls"], granularity="week", version=one, now=NOW + dt.timedelta(hours=3)
            )
            for one in (source, "locked", "published")
        )
        ratio = plan["mean"].iloc[0] / plain["mean"].iloc[2]
        assert round(float(ratio), 4) == 1.2 and shown["mean"].iloc[2] > plan["mean"].iloc[0] * 1.4
        assert stored(calls, made.version_id) == frozen

    def test_only_buckets_that_lie_whole_inside_are_held(self, calls: Session) -> None:
        forecast(calls, 5)
        made = locked(calls, last=dt.date(2026, 4, 7)).lock  # a week and two days
        count = {
            size: len(load_forecast(calls, series=None, granularity=size, version=made.version_id))
            for size in SIZES
        }
        assert count == {"interval": 216, "hour": 216, "day": 9, "week": 1, "month": 0}
        april = locked(calls, first=dt.date(2026, 4, 1), last=dt.date(2026, 4, 30)).lock
        assert len(load_forecast(calls, series=None, granularity="month", version=april.version_id)) == 1

    @pytest.mark.parametrize(("date", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
    def test_a_day_is_as_long_as_the_clocks_make_it(self, calls: Session, date: dt.date, hours: int) -> None:
        forecast(calls, 5, first=date - dt.timedelta(days=1), last=date + dt.timedelta(days=1))
        made = locked(calls, first=date, last=date).lock
        assert len(load_forecast(calls, series=None, version=made.version_id)) == hours

    def test_each_queue_is_locked_by_the_days_of_its_own_zone(self, calls: Session) -> None:
        save_queue(calls, Queue("york", "phone", "all", Interval.HOUR, "America/New_York"))
        forecast(calls, 5)
        forecast(calls, 5, queues=("york",), tz="America/New_York", publish_at=NOW + dt.timedelta(minutes=1))
        made = locked(calls, first=MONDAY, last=MONDAY).lock
        held = load_forecast(calls, series=None, version=made.version_id).groupby("series")["ds"]
        assert held.count().to_dict() == {"calls": 24, "york": 24}
        assert held.min().dt.hour.to_dict() == {"calls": 22, "york": 4}

    def test_reasons_of_a_queue_are_locked_with_it_and_other_queues_are_not(self, calls: Session) -> None:
        for name in ("mails", "calls/x"):
            save_queue(calls, b.queue(name))
        forecast(calls, 5, queues=("calls", "calls/outage", "calls/x", "calls/x/outage", "mails"))
        made = locked(calls, queues=["calls"]).lock
        held = load_forecast(calls, series=None, version=made.version_id)
        assert set(held["series"]) == {"calls", "calls/outage"} and made.queues == ("calls",)

    def test_plans_are_read_as_locked_and_by_their_id_and_never_as_published_or_latest(
        self, calls: Session
    ) -> None:
        source = forecast(calls, 5)
        made = locked(calls).lock
        assert newest_version(calls).id == source  # type: ignore[union-attr]
        assert newest_version(calls, "latest").id == source  # type: ignore[union-attr]
        assert newest_version(calls, "locked").id == made.version_id  # type: ignore[union-attr]
        assert [one.id for one in list_versions(calls)] == [source]
        plan = load_version(calls, made.version_id)
        assert (plan.kind, plan.state, plan.cutoff, made.source_id) == ("plan", "locked", NOW, source)
        with pytest.raises(InputError, match="frozen"):
            publish_version(calls, made.version_id, NOW)

    def test_the_later_lock_counts_until_it_is_released_and_a_past_moment_is_answered_as_it_was(
        self, calls: Session
    ) -> None:
        hour = dt.timedelta(hours=1)
        forecast(calls, 5)
        first = locked(calls).lock
        forecast(calls, 9, publish_at=NOW + hour)
        second = locked(calls, last=MONDAY, who="bob", now=NOW + 2 * hour, label="Monday")
        assert second.goes_before == (first,) and "Lock 1 of ada" in second.notes[0]

        def means(as_of: dt.datetime | None = None) -> list[float]:
            return load_forecast(calls, series=None, version="locked", granularity="day", as_of=as_of)["mean"].round(-1).tolist()  # fmt: skip

        assert means() == [220] + [120] * 6
        gone = release_lock(calls, second.lock.id, who="eve", now=NOW + 3 * hour)
        assert gone.released_by == "eve" and means() == [120] * 7
        assert release_lock(calls, gone.id, who="zoe", now=NOW + 4 * hour) == gone
        assert means(NOW + 2 * hour) == [220] + [120] * 6 and means(NOW) == [120] * 7
        assert means(NOW - hour) == []
        assert [one.id for one in list_locks(calls, released=False)] == [first.id]
        assert len(load_forecast(calls, series=None, version=gone.version_id)) == 24

    def test_a_week_of_which_a_later_lock_holds_a_day_has_no_sum_until_that_lock_is_released(
        self, calls: Session
    ) -> None:
        forecast(calls, 5)
        locked(calls)
        forecast(calls, 9, publish_at=NOW + dt.timedelta(hours=1))
        one = locked(calls, last=MONDAY, now=NOW + dt.timedelta(hours=2)).lock

        def weeks(**asked: Any) -> int:
            return len(load_adjusted(calls, series=None, granularity="week", version="locked", **asked))

        assert len(load_adjusted(calls, series=None, granularity="day", version="locked")) == 7
        assert (weeks(), weeks(as_of=NOW), weeks(parts=True)) == (0, 1, 0)
        release_lock(calls, one.id, who="ada", now=NOW + dt.timedelta(hours=3))
        found = load_adjusted(calls, series=["calls"], granularity="week", version="locked", costs=True)
        plain = load_forecast(calls, series=["calls"], granularity="week", version="locked", costs=True)
        pd.testing.assert_frame_equal(found, plain, check_exact=True)

    def test_locks_of_other_days_or_queues_are_not_in_the_way(self, calls: Session) -> None:
        save_queue(calls, b.queue("mails"))
        forecast(calls, 5, queues=("calls", "mails"))
        locked(calls, queues=["mails"])
        locked(calls, first=dt.date(2026, 4, 6), last=dt.date(2026, 4, 12))
        made = locked(calls, queues=["calls"])
        assert made.goes_before == () and made.notes == ()

    def test_a_span_without_a_forecast_is_refused_with_the_remedy(self, calls: Session) -> None:
        save_queue(calls, b.queue("mails"))
        with pytest.raises(InputError, match=r"Nothing is forecast .*forecall run predict"):
            locked(calls)
        calls.rollback()
        save_queue(calls, b.queue())
        save_queue(calls, b.queue("mails"))
        forecast(calls, 5, last=dt.date(2026, 4, 1))
        with pytest.raises(InputError, match="mails: nothing is forecast"):
            locked(calls, queues=["calls", "mails"])
        with pytest.raises(NotFound, match="Did you mean calls"):
            locked(calls, queues=["cals"])
        with pytest.raises(InputError, match="before the first"):
            locked(calls, last=dt.date(2026, 3, 1))
        with pytest.raises(InputError, match="at most"):
            locked(calls, last=dt.date(2028, 3, 1))
        with pytest.raises(NotFound, match="no lock 77"):
            load_lock(calls, 77)
        notes = locked(calls).notes
        assert "calls: 3 of 7 days" in notes[0] and "mails: nothing" in notes[1]

    def test_a_draft_can_be_locked_and_is_then_never_pruned(self, calls: Session) -> None:
        draft = forecast(calls, 5, publish_at=None)
        other = forecast(calls, 6, publish_at=None)
        made = locked(calls, version=draft).lock
        assert made.source_id == draft and prune(calls, keep=0) == 1
        assert [one.id for one in page_versions(calls)] == [made.version_id, draft] and other not in (draft,)

    def test_every_lock_and_release_is_in_the_audit_and_told(self, calls: Session) -> None:
        forecast(calls, 5)
        made = locked(calls, label="Week 14").lock
        release_lock(calls, made.id, who="bob", now=NOW)
        release_lock(calls, made.id, who="bob", now=NOW)
        acts = [(one.who, one.act, one.subject) for one in load_audit(calls, subject="lock")]
        assert acts == [("bob", "lock.release", "lock 1"), ("ada", "lock.add", "lock 1")]
        assert [one.kind for one in load_events(calls)] == ["plan.locked", "plan.released"]

    def test_two_who_lock_the_same_week_at_once_both_have_their_lock_and_the_later_one_is_told(
        self, engine: Engine
    ) -> None:
        with sessions(engine)() as session:
            save_queue(session, b.queue())
            forecast(session, 5)
            session.commit()
        found: dict[str, Any] = {}
        start = threading.Barrier(2)

        def lock(who: str) -> None:
            with sessions(engine)() as session:
                start.wait(10)
                found[who] = locked(session, who=who)
                session.commit()

        threads = [threading.Thread(target=lock, args=(who,)) for who in ("ada", "bob")]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)
        first, second = sorted(found.values(), key=lambda one: one.lock.id)
        assert first.goes_before == () and second.goes_before == (first.lock,)
        with sessions(engine)() as session:
            assert len(list_locks(session, released=False)) == 2
            assert newest_version(session, "locked").id == second.lock.version_id  # type: ignore[union-attr]


class TestPublication:
    def test_an_older_version_published_again_is_shown_again_and_the_past_stays_as_it_was(
        self, calls: Session
    ) -> None:
        hours = [NOW + dt.timedelta(hours=one) for one in range(4)]
        old = forecast(calls, 1, publish_at=hours[0])
        new = forecast(calls, 2, last=dt.date(2026, 5, 10), publish_at=hours[1])

        def level(as_of: dt.datetime | None = None) -> list[int]:
            days = load_forecast(calls, series=None, granularity="day", as_of=as_of)["mean"] // 24
            return sorted(set(days.astype(int)))

        assert level() == [2]
        again = publish(calls, old, who="ada", now=hours[2])
        assert again.published_at == hours[2] and newest_version(calls).id == old  # type: ignore[union-attr]
        assert level() == [1, 2]  # the last week is in the new one alone
        assert level(hours[1]) == [2] and level(hours[0]) == [1] and level(hours[3]) == [1, 2]
        assert newest_version(calls, as_of=hours[1]).id == new  # type: ignore[union-attr]
        publish(calls, old, who="ada", now=hours[3])
        assert load_version(calls, old).published_at == hours[2]
        (act,) = load_audit(calls, act="version")
        assert (act.who, act.subject, act.body["again"]) == ("ada", f"version {old}", True)
        assert [one.kind for one in load_events(calls)] == ["forecast.published"]

    def test_of_two_publications_at_one_moment_the_later_counts(self, calls: Session) -> None:
        old, new = forecast(calls, 1), forecast(calls, 2)
        assert newest_version(calls).id == new  # type: ignore[union-attr]
        publish_version(calls, old, NOW)
        assert newest_version(calls).id == old  # type: ignore[union-attr]
        assert load_forecast(calls, series=None)["mean"].iloc[0] < 2

    def test_versions_are_listed_by_kind_and_state_in_pages(self, calls: Session) -> None:
        shown, draft = forecast(calls, 1), forecast(calls, 2, publish_at=None)
        plan = locked(calls).lock.version_id
        assert [one.id for one in page_versions(calls)] == [plan, draft, shown]
        assert [one.id for one in page_versions(calls, kinds=["plan"])] == [plan]
        assert [one.id for one in page_versions(calls, states=["draft"])] == [draft]
        assert [one.id for one in page_versions(calls, before=plan, limit=1)] == [draft]


SAID = "queue,interval_start,offered,aht_seconds,made_at\n"


def said(first: dt.date, days: int, made: str, *, level: float = 10, weekdays: int = 5) -> bytes:
    """A file by the hour, 09:00 to 11:00 on the first weekdays of each week."""
    dates = [first + dt.timedelta(days=at) for at in range(days)]
    rows = [
        f"calls,{date}T{hour:02}:00,{level + hour:g},300,{made}\n"
        for date in dates
        if date.weekday() < weekdays
        for hour in (9, 10)
    ]
    return (SAID + "".join(rows)).encode()


class TestMadeElsewhere:
    def test_a_file_is_a_draft_per_moment_it_was_made(self, calls: Session) -> None:
        early, late = said(MONDAY, 14, "2026-03-01"), said(MONDAY, 14, "2026-03-08", level=20)
        import_forecast(calls, SETTINGS, early + late[len(SAID) :], now=pd.Timestamp(NOW), name="wfm.csv")
        held = list_versions(calls)
        assert [(one.kind, one.state, one.label) for one in held] == [("imported", "draft", "wfm.csv")] * 2
        assert sorted(f"{one.cutoff:%m-%d %H}" for one in held) == ["02-28 23", "03-07 23"]
        assert load_forecast(calls, series=None, version="latest").empty
        again = import_forecast(calls, SETTINGS, early + late[len(SAID) :], now=pd.Timestamp(NOW))
        assert again.changed == 0 and len(list_versions(calls)) == 2

    def test_hours_they_leave_out_of_a_day_are_zero_and_longer_buckets_are_there_where_whole(
        self, calls: Session
    ) -> None:
        import_forecast(calls, SETTINGS, said(MONDAY, 10, "2026-03-01"), now=pd.Timestamp(NOW))
        version = list_versions(calls)[0].id
        frames = {
            size: load_forecast(calls, series=["calls"], version=version, granularity=size, costs=True)
            for size in SIZES
        }
        assert {size: len(frame) for size, frame in frames.items()} == {
            "interval": 8 * 24, "hour": 8 * 24, "day": 8, "week": 1, "month": 0,
        }  # fmt: skip
        assert frames["interval"]["mean"].sum() == 8 * 39 and frames["interval"]["0.5"].isna().all()
        assert frames["day"]["mean"].tolist() == [39] * 8 and frames["week"]["mean"].tolist() == [5 * 39]
        assert frames["day"]["aht"].tolist() == [300] * 8 and frames["week"]["workload"].tolist() == [
            5 * 39 * 300
        ]

    def test_of_a_running_day_only_what_lay_ahead_is_forecast(self, calls: Session) -> None:
        import_forecast(calls, SETTINGS, said(MONDAY, 2, "2026-03-30T09:30"), now=pd.Timestamp(NOW))
        version = list_versions(calls)[0].id
        hours = load_forecast(calls, series=["calls"], version=version)
        assert hours["ds"].min() == pd.Timestamp("2026-03-30T08:00Z") and hours["mean"].sum() == 20 + 39
        assert len(load_forecast(calls, series=["calls"], version=version, granularity="day")) == 1

    def test_day_totals_make_days_and_weeks_and_no_intervals(self, calls: Session) -> None:
        rows = "".join(f"calls,{MONDAY + dt.timedelta(days=at)},100,2026-03-01\n" for at in range(7))
        text = "queue,interval_start,offered,made_at\n" + rows
        import_forecast(calls, SETTINGS, text.encode(), now=pd.Timestamp(NOW))
        version = list_versions(calls)[0].id
        found = {size: load_forecast(calls, series=None, version=version, granularity=size) for size in SIZES}
        assert [len(found[size]) for size in SIZES] == [0, 0, 7, 1, 0]
        assert found["week"]["mean"].tolist() == [700] and found["day"]["mean"].tolist() == [100] * 7

    def test_it_counts_once_somebody_published_it_and_is_gone_with_its_upload_but_for_plans(
        self, calls: Session
    ) -> None:
        ours = forecast(calls, 5)
        upload = import_forecast(
            calls, SETTINGS, said(MONDAY, 7, "2026-03-01"), now=pd.Timestamp(NOW)
        ).upload_id
        assert upload is not None
        theirs = list_versions(calls)[0].id

        def at_nine() -> float:
            nine = pd.Timestamp("2026-03-30T07:00Z")
            frame = load_forecast(calls, series=["calls"], start=nine, end=nine + pd.Timedelta(hours=1))
            return float(frame["mean"].round().iloc[0])

        before = at_nine()
        publish(calls, theirs, who="ada", now=NOW + dt.timedelta(hours=1))
        assert before != 19 and at_nine() == 19
        made = locked(calls, now=NOW + dt.timedelta(hours=2)).lock
        frozen = stored(calls, made.version_id)
        assert made.source_id == theirs
        remove_upload(calls, upload, now=NOW + dt.timedelta(hours=3))
        assert at_nine() == before and [one.id for one in list_versions(calls)] == [ours]
        assert stored(calls, made.version_id) == frozen
        assert len(load_forecast(calls, series=None, version=theirs))
        with pytest.raises(InputError, match="uploads restore"):
            publish_version(calls, theirs, NOW)
        restore_upload(calls, upload, now=NOW + dt.timedelta(hours=4))
        assert at_nine() == 19
        prune(calls, keep=0)
        assert len(load_forecast(calls, series=None, version=theirs))


class TestComparison:
    def test_days_that_moved_most_come_first_with_the_part_that_moved_them(self, calls: Session) -> None:
        forecast(calls, 5)
        made = locked(calls).lock
        other = forecast(calls, 5, publish_at=NOW + dt.timedelta(hours=1))
        grid = Grid.days(day(MONDAY), day(MONDAY), Interval.HOUR, TZ)
        held = load_forecast(calls, series=["calls"], version=other, parts=True)
        values = held[held["ds"].isin(pd.DatetimeIndex(grid.ds, tz="UTC"))]
        numbers = values.iloc[:, 3 : 4 + len(QUANTILES)].to_numpy() + 10
        parts = values.iloc[:, 4 + len(QUANTILES) :].to_numpy(copy=True)
        parts[:, PARTS.index("special_day")] += 10
        save_forecast(calls, other, "calls", "interval", grid.ds, numbers, parts=parts)
        found = compare_versions(calls, a=f"lock:{made.id}", b="published", queue="calls", now=NOW)
        assert len(found.ds) == 168 and found.only_a == 0 and found.only_b == 7 * 168 - 1 - 168
        assert found.moved == ("Mon 30 Mar 2026: +240 contacts (128 to 368), of which special day +240",)
        assert [one.difference for one in found.days][1:] == [0] * 6 and found.days[0].buckets == 24
        assert (found.parts[0].part, round(found.parts[0].b - found.parts[0].a)) == ("special_day", 240)
        assert found.parts_of == 168

    def test_an_adjustment_that_has_expired_is_not_in_what_is_shown(self, calls: Session) -> None:
        version = forecast(calls, 5)
        first, last = day_start([day(MONDAY), day(SUNDAY)], TZ).tolist()
        more = Override(0, "calls", "", "", "volume", "percent", 50.0, first, last, "letters", "ada")
        add_override(calls, more, now=NOW, expires_at=NOW + dt.timedelta(hours=1))
        for hours, moved in ((0, True), (2, False)):
            now = NOW + dt.timedelta(hours=hours)
            found = compare_versions(calls, a=str(version), b="published", queue="calls", now=now)
            assert (found.moved != ()) == moved

    def test_parts_are_not_told_where_only_one_keeps_them(self, calls: Session) -> None:
        forecast(calls, 5)
        import_forecast(calls, SETTINGS, said(MONDAY, 7, "2026-03-01"), now=pd.Timestamp(NOW))
        found = compare_versions(
            calls,
            a="published",
            b=str(list_versions(calls)[0].id),
            queue="calls",
            granularity="day",
            now=NOW,
        )
        assert found.parts == () and found.parts_of == 0 and len(found.ds) == 5
        assert all("of which" not in one for one in found.moved) and found.moved

    def test_a_name_that_is_none_is_refused_with_what_there_is(self, calls: Session) -> None:
        for name in ("newest", "lock:x", "lock:0"):
            with pytest.raises(InputError, match="lock:ID"):
                compare_versions(calls, a=name, b="published", queue="calls", now=NOW)
        with pytest.raises(NotFound, match="no lock 5"):
            compare_versions(calls, a="lock:5", b="published", queue="calls", now=NOW)
        with pytest.raises(InputError, match="run predict"):
            compare_versions(calls, a="published", b="latest", queue="calls", now=NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a table; on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        address = request.getfixturevalue("postgres")
        url, admin = address("before_0008"), connect(address("postgres"))
        with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS before_0008 WITH (FORCE)"))
            connection.execute(text("CREATE DATABASE before_0008"))
        admin.dispose()
    engine = connect(url)
    yield engine
    engine.dispose()


def test_what_was_published_before_the_upgrade_is_published_after_it(bare: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    moments = [dt.datetime(2026, 3, 2, hour, tzinfo=dt.UTC) for hour in range(10)]
    facts = [column(name, UtcDateTime()) for name in ("cutoff", "created_at", "published_at")]
    versions = table("forecast_versions", column("id"), *facts, column("state"), column("label"))
    series = table("forecast_series", column("id"), column("name"))
    rows = table(
        "forecasts", *(column(name) for name in ("version_id", "series_id", "granularity", "ds", "packed"))
    )
    with bare.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        connection.execute(series.insert().values(id=1, name="calls"))
        for number, published in ((1, moments[9]), (2, moments[7]), (3, None)):
            made = {"cutoff": moments[number], "created_at": moments[number], "published_at": published}
            state = "draft" if published is None else "published"
            connection.execute(versions.insert().values(id=number, state=state, label="", **made))
            packed = np.full(1 + len(QUANTILES), number, dtype="<f4").tobytes()
            connection.execute(
                rows.insert().values(
                    version_id=number, series_id=1, granularity="interval", ds=0, packed=packed
                )
            )
    upgrade(bare)
    with sessions(bare)() as session:
        kinds = [(one.id, one.kind, one.state) for one in list_versions(session)]
        assert kinds == [(3, "forecast", "draft"), (2, "forecast", "published"), (1, "forecast", "published")]
        for as_of, numbers in ((None, [1]), (moments[8], [2]), (moments[6], [])):
            newest = newest_version(session, as_of=as_of)
            assert ([] if newest is None else [newest.id]) == numbers
            assert load_forecast(session, series=None, as_of=as_of)["mean"].tolist() == numbers
