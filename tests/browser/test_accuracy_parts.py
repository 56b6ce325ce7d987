"""Accuracy without a browser: figures, the live record against what the store showed, reasons, and what the page says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from api.dashboard.accuracy import head, page, plans, worst
from api.dashboard.accuracy.days import daily
from api.dashboard.accuracy.record import Choice, Record, Span, load_record
from api.dashboard.words import Words
from forecast.buckets import Interval, day_start, from_ns, local_day, to_ns
from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.overriding import PERCENT, VOLUME, Override
from forecast.plan_errors import Pairs, by_reason, figure, heat, mean_of_weeks
from forecast.plan_errors import worst as worst_rows
from forecast.plan_scoring import Figures
from store.adjusted import load_adjusted
from store.database import connect, sessions, upgrade
from store.day_remarks import load_day_remarks, save_day_remark
from store.days import save_hours
from store.days_came import load_days_came, load_hours_came
from store.forecasts import create_version, publish_version, save_forecast
from store.live_record import load_published, load_published_hours
from store.locks import Lock
from store.overrides import add_override
from store.plan_accuracy import Measured
from store.queues import Queue, save_queue
from store.settings import Settings
from store.volumes import save_volumes

TZ = "Europe/Amsterdam"
QUEUE = Queue("calls", "phone", "all", Interval.HOUR, TZ)
NOW = dt.datetime(2026, 4, 8, 9, 0, tzinfo=dt.UTC)
TODAY = local_day(to_ns(NOW), TZ)
DAYS = 70
EN, NL = Words("en"), Words("nl")


def pairs(came: list[float], said: list[float], bar: list[float] | None = None) -> Pairs:
    n = len(came)
    values = np.array(said, dtype=float)
    return Pairs(
        np.zeros(n, dtype=np.int64), np.arange(n), np.array(came, dtype=float), values, values - 10, values + 10,
        np.array(bar or [np.nan] * n, dtype=float), np.ones(n),
    )  # fmt: skip


def test_a_figure_is_the_sum_of_misses_over_what_came_and_rows_not_known_count_on_neither_side() -> None:
    found = figure(pairs([100, 200, np.nan, 100], [110, 180, 50, np.nan], [130, 200, 1, 1]))
    assert found.days == 2
    assert found.deviation == pytest.approx(30 / 300)
    assert found.bar == pytest.approx(30 / 300)
    assert found.over == pytest.approx(-10 / 300)
    assert found.within == 0.5
    assert found.noise is not None and 0.05 < found.noise < 0.08


def _two_queues(bar_of_the_new: float = np.nan, new: float = 1000.0) -> Pairs:
    """Four weeks of an old queue (forecast 5 % off, average 10 %), and of a new one (50 % off) that has no average."""
    n, nan = 28, np.full(56, np.nan)
    came, said = np.repeat([1000.0, new], n), np.repeat([1050.0, 1.5 * new], n)
    bar = np.repeat([1100.0, bar_of_the_new], n)
    days = np.tile(np.arange(20000, 20000 + n), 2)
    return Pairs(np.repeat([0, 1], n), days, came, said, nan, nan, bar, np.ones(2 * n))


def test_better_than_the_average_is_told_of_the_rows_that_have_one() -> None:
    found = figure(_two_queues())
    assert found.deviation == pytest.approx(0.275)
    assert found.bar == pytest.approx(0.1)
    assert found.better == pytest.approx(0.5)
    told = head.sentence(head.Said(head.LIVE, found, ""), _record(_two_queues()), EN)
    assert "10.0\u00a0%" in told and "27.5\u00a0%" in told and "the forecast by 5.0\u00a0% on those" in told
    alike = figure(_two_queues(1100.0))
    assert "on those" not in head.sentence(head.Said(head.LIVE, alike, ""), _record(_two_queues(1100.0)), EN)


def _record(both: Pairs) -> Record:
    queues = (QUEUE, Queue("new", "phone", "all", Interval.HOUR, TZ))
    return Record(Choice(), queues, Span(20000, 20027), None, {7: both})


def test_the_lines_of_a_day_are_of_the_same_queues() -> None:
    many, few = daily(_record(_two_queues())), daily(_record(_two_queues(new=50.0)))
    assert many["came"].tolist() == [2000.0] * 28
    assert many["bar"].isna().all()  # of half of it there is none
    assert (few["came"].tolist(), few["bar"].tolist()) == ([1000.0] * 28, [1100.0] * 28)
    assert few["said"].tolist() == [1050.0] * 28
    late = _two_queues(1100.0)
    late.said[(late.place == 1) & (late.day < 20014)] = np.nan
    late.said[late.day < 20007] = np.nan
    told = daily(_record(late)).iloc[[0, 7, 14]]
    assert told["came"].tolist() == [2000.0, 1000.0, 2000.0]
    assert told["bar"].tolist() == [2200.0, 1100.0, 2200.0]


def test_a_queue_that_is_closed_at_the_weekend_has_days_enough_when_its_absent_rows_say_nothing(
    tmp_path: Path,
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}")
    upgrade(engine)
    with sessions(engine)() as session:
        save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ, missing="unknown"))
        hours = [{"queue": "calls", "weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(5)]
        save_hours(session, pd.DataFrame(hours))
        first = from_ns(int(day_start([TODAY - DAYS], TZ)[0])).tz_convert(TZ)
        ds = pd.date_range(first, periods=DAYS * 24, freq="h")
        ds = ds[(ds.hour >= 9) & (ds.hour < 17) & (ds.dayofweek < 5)].tz_convert("UTC").as_unit("ns")
        volumes = pd.DataFrame({"queue": "calls", "ds": ds, "offered": 10.0, "known_at": ds})
        save_volumes(session, volumes, upload_id=None)
        record = load_record(session, Settings(), Choice("calls"), NOW)
        assert record is not None and record.span.open == 20
        said = np.full(28, 90.0)
        days = figure(replace(record.week_before, said=said, weight=np.ones(28)))
        assert (days.days, record.span.need) == (20, 15)
        assert record.enough(days)
    engine.dispose()


def test_a_day_that_is_half_loaded_is_not_known_however_few_days_are_asked_for(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}")
    upgrade(engine)
    with sessions(engine)() as session:
        save_queue(session, QUEUE)
        begin = from_ns(int(day_start([TODAY - 30], TZ)[0]))
        ds = pd.date_range(begin, periods=29 * 24 + 11, freq="h").as_unit("ns")  # yesterday until eleven
        volumes = pd.DataFrame({"queue": "calls", "ds": ds, "offered": 10.0, "known_at": ds})
        save_volumes(session, volumes, upload_id=None)
        for days in (1, 4, 7, 28):
            first, last = TODAY - days, TODAY - 1
            came = load_days_came(session, Settings(), [QUEUE], first=first, last=last, now=NOW)
            assert came.offered.shape == (1, days) and came.days[0] == TODAY - days
            assert np.isnan(came.offered[0, -1]), days
            hours = load_hours_came(session, Settings(), QUEUE, first=first, last=last, now=NOW)
            assert hours.shape == (days, 24) and np.isnan(hours[-1]).all(), days
            assert (came.offered[0, :-1] >= 230).all()  # one of them lost an hour
            np.testing.assert_array_equal(hours[:-1].sum(axis=1), came.offered[0, :-1])
    engine.dispose()


def test_a_lock_is_dated_in_the_zone_of_the_company() -> None:
    at = dt.datetime(2026, 4, 1, 22, 30, tzinfo=dt.UTC)  # past midnight there
    day = dt.date(2026, 4, 6)
    held = Lock(1, 1, None, day, day, (), "", "anna", at, None, "")
    none = Figures(0, None, 0, None, None, 0.0, 0.0, 0, None, None, 0, 0, None)
    row = plans._row(held, Measured("calls", "hour", None, none, 0, 0, 0, ()), TZ, EN, many=False)
    assert "anna · 2 Apr" in str(row)


def test_without_any_contact_nothing_is_told() -> None:
    assert figure(pairs([0, 0], [3, 4])).deviation is None


def test_the_average_of_eight_weeks_uses_only_what_was_known_so_long_before() -> None:
    values = np.repeat(np.arange(12.0), 7)[None, :]  # week number, a day each
    assert mean_of_weeks(values, 1, 7)[0].tolist() == [np.mean(range(3, 11))] * 7
    assert mean_of_weeks(values, 7, 7)[0].tolist() == [np.mean(range(2, 10))] * 7
    assert np.isnan(mean_of_weeks(values[:, :21], 7, 7)).all()


def test_the_heat_is_by_weekday_and_hour() -> None:
    came, said = np.zeros((7, 24)), np.zeros((7, 24))
    came[:, 9], said[:, 9] = 10.0, 12.0
    found = heat(np.arange(7) + 4, said, came)  # from Monday 1970-01-05
    assert found.deviation[0, 9] == pytest.approx(0.2) and found.over[0, 9] == pytest.approx(0.2)
    assert np.isnan(found.deviation[0, 8])
    assert found.hours[9] == pytest.approx(0.2)


def test_the_worst_days_stand_first_and_reasons_are_shares_of_all_that_was_missed() -> None:
    rows = pairs([100, 100, 100], [101, 130, 60])
    assert worst_rows(rows, 2).tolist() == [2, 1]
    (found,) = by_reason(rows, {(0, 2): "outage"})
    assert (found[0], found[2]) == ("outage", 1)
    assert found[1] == pytest.approx(40 / 71)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('accuracy') / 'forecall.db'}")
    upgrade(engine)
    with sessions(engine)() as made:
        _company(made)
        made.commit()
        yield made
    engine.dispose()


def _company(session: Session) -> None:
    """Ten contacts an hour, day and night, and 20 on the last day but one; forecasts published each night of three weeks,
    among them a run over two days; a manual adjustment of one day, made two days before."""
    save_queue(session, QUEUE)
    first = int(day_start([TODAY - DAYS], TZ)[0])
    ds = pd.date_range(from_ns(first), pd.Timestamp(NOW).floor("h"), freq="h", inclusive="left").as_unit("ns")
    special = np.array([local_day(int(one), TZ) for one in ds.astype("int64")]) == TODAY - 2
    volumes = pd.DataFrame(
        {"queue": "calls", "ds": ds, "offered": np.where(special, 20.0, 10.0), "aht_seconds": 300.0,
         "known_at": ds + pd.Timedelta(hours=1)}
    )  # fmt: skip
    save_volumes(session, volumes, upload_id=None)
    for back in range(21, 0, -1):
        night = from_ns(int(day_start([TODAY - back], TZ)[0])).to_pydatetime() - dt.timedelta(minutes=10)
        _publish(session, night, TODAY - back, 10, 240.0 + back)
        _publish(session, night + dt.timedelta(hours=12), TODAY - back, 2, 300.0 + back)
    begin, end = day_start([TODAY - 3, TODAY - 2], TZ).tolist()
    change = Override(0, "calls", "", "", VOLUME, PERCENT, 10.0, begin, end, "campaign", "anna")
    add_override(session, change, now=NOW - dt.timedelta(days=5))


def _publish(session: Session, at: dt.datetime, day: int, days: int, mean: float) -> None:
    version = create_version(session, run_id=None, cutoff=at, now=at)
    starts = day_start(np.arange(day, day + days), TZ)
    spread = np.concatenate([[0.0], np.linspace(-30, 30, len(QUANTILES))])
    save_forecast(session, version, "calls", "day", starts, np.tile(mean + spread, (days, 1)))
    hours = np.arange(starts[0], int(day_start([day + days], TZ)[0]), 3_600_000_000_000)
    for granularity in ("hour", "interval"):
        save_forecast(
            session, version, "calls", granularity, hours, np.tile((mean + spread) / 24, (len(hours), 1))
        )
    publish_version(session, version, at)


@pytest.mark.parametrize("lead", [1, 2, 7])
def test_what_was_published_is_what_the_store_showed_then_adjustments_included(
    session: Session, lead: int
) -> None:
    found = load_published(session, [QUEUE], first=TODAY - 9, last=TODAY - 1, lead=lead)
    for at, day in enumerate(found.days.tolist()):
        start, stop, moment = (
            from_ns(int(one)).to_pydatetime() for one in day_start([day, day + 1, day - lead], TZ)
        )
        rows = load_adjusted(
            session, series=["calls"], start=start, end=stop, granularity="day", as_of=moment
        )
        told = [float(rows[name].iloc[0]) for name in ("mean", "0.1", "0.9")]
        assert found.of("volume")[0, at].tolist() == pytest.approx(told, rel=1e-6)


def test_hours_an_hour_before_are_what_the_store_showed_then(session: Session) -> None:
    found = load_published_hours(session, QUEUE, first=TODAY - 4, last=TODAY - 2, lead=None)
    for at in (5, 18):
        start = from_ns(int(day_start([TODAY - 3], TZ)[0])).to_pydatetime() + dt.timedelta(hours=at)
        rows = load_adjusted(
            session, series=["calls"], start=start, end=start + dt.timedelta(hours=1), granularity="hour",
            as_of=start - dt.timedelta(hours=1),
        )  # fmt: skip
        assert found[1, at] == pytest.approx(float(rows["mean"].iloc[0]), rel=1e-6)


def test_before_the_first_publication_nothing_was_said(session: Session) -> None:
    found = load_published(session, [QUEUE], first=TODAY - 40, last=TODAY - 30, lead=1)
    assert np.isnan(found.values).all()


def test_days_that_came_are_sums_and_the_day_that_runs_is_not_known(session: Session) -> None:
    found = load_days_came(session, Settings(), [QUEUE], first=TODAY - 3, last=TODAY, now=NOW)
    assert found.offered[0, :3].tolist() == [240.0, 480.0, 240.0]
    assert np.isnan(found.offered[0, 3])
    assert found.aht[0, 0] == pytest.approx(300.0)


def test_the_record_of_a_week_is_shown_and_four_weeks_say_how_many_days_are_missing(session: Session) -> None:
    shown = str(page.screen(session, Settings(), Choice("calls", "days7"), EN, None, NOW, "calls", may=True))
    assert "A week ahead, the forecast of calls was off by" in shown
    assert "not enough days yet: 0 of 5" in shown  # four weeks before, nothing was published
    record = load_record(session, Settings(), Choice("calls", "days7"), NOW)
    assert record is not None
    worst_day = worst_rows(record.week_before, 1)
    assert int(record.week_before.day[worst_day[0]]) == TODAY - 2


def test_locks_adjustments_and_theirs_say_what_to_do_while_there_are_none(session: Session) -> None:
    shown = str(page.more(session, Settings(), Choice("calls", "days7"), NL, NOW))
    assert "forecall compare" in shown and "Stel een week vast" in shown


def test_a_reason_is_kept_with_who_and_when_shown_in_both_languages_and_taken_back(session: Session) -> None:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=TODAY - 2)
    assert worst.kept_reason("  storing ") == "outage" == worst.kept_reason("Outage")
    save_day_remark(session, queue="calls", day=day, reason="outage", who="anna", now=NOW)
    again = save_day_remark(session, queue="calls", day=day, reason="outage", who="bob", now=NOW)
    assert again is not None and again.who == "anna"
    record = load_record(session, Settings(), Choice("calls", "days7"), NOW)
    assert record is not None and record.incident == {(0, TODAY - 2): "remark"}
    assert "storing" in str(worst.worst_panel(record, NL, may=True))
    assert "% outage (days: 1)" in str(worst.worst_panel(record, EN, may=False))
    assert save_day_remark(session, queue="calls", day=day, reason="", who="anna", now=NOW) is None
    assert load_day_remarks(session, queues=["calls"]) == []
    with pytest.raises(InputError):
        save_day_remark(
            session, queue="calls", day=NOW.date() + dt.timedelta(days=3), reason="x", who="a", now=NOW
        )


def test_a_viewer_gets_no_field(session: Session) -> None:
    record = load_record(session, Settings(), Choice("calls", "days7"), NOW)
    assert record is not None
    assert "accuracy-save" not in str(worst.worst_panel(record, EN, may=False))
    assert "accuracy-save" in str(worst.worst_panel(record, EN, may=True))


def test_before_anything_was_published_the_worst_days_are_against_the_average(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}")
    upgrade(engine)
    with sessions(engine)() as session:
        save_queue(session, QUEUE)
        ds = pd.date_range(from_ns(int(day_start([TODAY - 80], TZ)[0])), periods=80 * 24, freq="h").as_unit(
            "ns"
        )
        volumes = pd.DataFrame(
            {"queue": "calls", "ds": ds, "offered": 10.0 + (np.arange(len(ds)) % 5), "known_at": ds}
        )
        save_volumes(session, volumes[volumes["ds"] < pd.Timestamp(NOW)], upload_id=None)
        shown = page.screen(session, Settings(), Choice("calls"), EN, None, NOW, "calls", may=True)
        assert "Nothing was published a week before these days" in str(shown[3])
        assert "Nothing has been published yet" in str(shown[1])
    engine.dispose()
