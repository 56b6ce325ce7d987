"""What every data store keeps, said once and run on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from forecast.buckets import column_ns
from forecast.errors import ContractError, InputError, NotFound
from forecast.frames import DAYS, DRIVERS, HOURS, SIGNALS, VOLUMES, check
from forecast.models.base import QUANTILES
from forecast.social.signals import SCORED
from forecast.vintage import as_of
from store.archive import load_archive
from store.cursors import load_cursor, save_cursor
from store.database import sessions
from store.days import load_days, load_hours, remove_days, save_days, save_hours
from store.drivers import load_drivers, save_drivers
from store.forecasts import (
    create_version,
    list_versions,
    load_forecast,
    prune,
    publish_version,
    save_forecast,
)
from store.keys import create_key, find_key, list_keys, revoke_key
from store.mentions import count_mentions, drop_old_text, load_scored, save_mentions
from store.queues import Queue, load_queue, load_queues, save_queue
from store.runs import begin_run, expire_runs, extend_lease, finish_run, list_runs
from store.scores import load_champions, load_evidence, load_scores, save_report
from store.signals import load_signal_catalogue, load_signals, save_signals
from store.tables import KeyRow, VolumeRow
from store.uploads import Upload, create_upload, list_uploads, remove_upload
from store.volumes import load_volumes, save_volumes
from tests import builders as b

NOW = b.NOON + dt.timedelta(days=30)


def upload(session: Session, name: str = "file.csv", kind: str = "volumes") -> Upload:
    return create_upload(session, kind=kind, name=name, layout="tidy", mode="revision", now=NOW, rows=0)


def offered(session: Session) -> list[float]:
    return load_volumes(session)["offered"].tolist()


def version_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(VolumeRow)) or 0


@pytest.fixture
def calls(session: Session) -> Queue:
    made = b.queue()
    save_queue(session, made)
    return made


class TestQueues:
    def test_a_queue_comes_back_as_it_was_saved_and_saving_again_changes_it(self, session: Session) -> None:
        save_queue(session, b.queue())
        save_queue(session, b.queue(channel="email"))
        assert load_queues(session) == [b.queue(channel="email")]

    def test_an_unknown_queue_is_refused_with_the_nearest_name(self, session: Session, calls: Queue) -> None:
        with pytest.raises(NotFound, match="Did you mean calls"):
            load_queue(session, "cals")
        assert load_queue(session, "calls") == calls


@pytest.mark.usefixtures("calls")
class TestVolumes:
    def test_what_was_saved_comes_back_within_the_contract(self, session: Session) -> None:
        rows = b.volumes([1, 2, 3]).assign(handled=[1.0, np.nan, 2.0])
        assert save_volumes(session, rows, upload_id=None) == 3
        held = check(load_volumes(session), VOLUMES)
        assert held["offered"].tolist() == [1, 2, 3]
        assert held["ds"].tolist() == rows["ds"].tolist()
        assert held["known_at"].tolist() == rows["known_at"].tolist()
        assert held["handled"].fillna(-1).tolist() == [1, -1, 2]

    def test_loading_twice_changes_nothing(self, session: Session) -> None:
        for assumed in (True, False):
            save_volumes(session, b.volumes([1, 2, 3], assumed=assumed), upload_id=upload(session).id)
        assert save_volumes(session, b.volumes([1, 2, 3], known=99), upload_id=None) == 0
        assert version_count(session) == 3

    def test_a_changed_value_is_a_new_version_and_the_old_one_stays(self, session: Session) -> None:
        save_volumes(session, b.volumes([1, 2], known=3), upload_id=None)
        assert save_volumes(session, b.volumes([1, 5], known=9), upload_id=None) == 1
        assert offered(session) == [1, 5]
        archive = load_archive(session)
        assert archive.at(b.at(8)).series("calls").offered.latest()[1].tolist() == [1, 2]

    def test_a_value_known_before_is_not_backdated_by_an_assumed_time(self, session: Session) -> None:
        save_volumes(session, b.volumes([4], known=9), upload_id=None)
        assert save_volumes(session, b.volumes([4], known=1, assumed=True), upload_id=None) == 0
        assert save_volumes(session, b.volumes([4], known=1, assumed=False), upload_id=None) == 1

    def test_a_part_of_the_time_and_one_queue_can_be_asked_for(self, session: Session) -> None:
        save_queue(session, b.queue("mail"))
        save_volumes(session, b.volumes([1, 2, 3]), upload_id=None)
        save_volumes(session, b.volumes([7], name="mail"), upload_id=None)
        assert load_volumes(session, "calls", b.at(1), b.at(2))["offered"].tolist() == [2]
        assert load_volumes(session, "mail")["offered"].tolist() == [7]

    def test_rows_of_an_unknown_queue_or_without_a_time_known_are_refused(self, session: Session) -> None:
        with pytest.raises(NotFound, match="no queue 'mail'"):
            save_volumes(session, b.volumes([1], name="mail"), upload_id=None)
        with pytest.raises(ContractError, match="known_at"):
            save_volumes(session, b.volumes([1]).drop(columns="known_at"), upload_id=None)
        with pytest.raises(ContractError, match="without a time"):
            save_volumes(
                session, b.volumes([1]).assign(known_at=pd.DatetimeIndex([pd.NaT], tz="UTC")), upload_id=None
            )


batches = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@given(batches)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_stream_of_versions_reads_as_the_plain_rule_says(
    engine: Engine, stream: list[list[tuple[int, int, int]]]
) -> None:
    """Batches arrive in time; inside one the rows come in any order: at every cutoff the archive agrees with `as_of`."""
    with sessions(engine)() as session:
        save_queue(session, b.queue())
        frames = []
        for number, batch in enumerate(stream):
            ds, value, known = zip(*batch, strict=True)
            frames.append(b.volumes(value, ds=ds, known=[10 * number + one for one in known]))
            save_volumes(session, frames[-1], upload_id=None)
        archive = load_archive(session)
        every = pd.concat(frames).rename(columns={"offered": "value"})[["ds", "value", "known_at"]]
        for hour in range(0, 10 * len(stream) + 10, 3):
            plain = as_of(every, b.at(hour))
            ds, value = archive.at(b.at(hour)).series("calls").offered.latest()
            assert ds.tolist() == column_ns(plain["ds"]).tolist()
            assert value.tolist() == plain["value"].tolist()
        session.rollback()


@pytest.mark.usefixtures("calls")
class TestLayers:
    def save(self, session: Session, values: list[float], known: float, name: str = "file.csv") -> int:
        layer = upload(session, name)
        save_volumes(session, b.volumes(values, known=known), upload_id=layer.id)
        return layer.id

    def test_layers_are_listed_latest_first_with_their_state(self, session: Session) -> None:
        first, second = self.save(session, [1], 1, "a.csv"), self.save(session, [2], 2, "b.csv")
        remove_upload(session, first, now=NOW)
        listed = [(one.id, one.name, one.state, one.at) for one in list_uploads(session)]
        assert listed == [(second, "b.csv", "active", NOW), (first, "a.csv", "removed", NOW)]

    def test_removing_the_top_layer_brings_back_what_lay_beneath(self, session: Session) -> None:
        self.save(session, [1, 1], 1)
        top = self.save(session, [2, 2, 2], 2)
        assert remove_upload(session, top, now=NOW) == 3
        assert offered(session) == [1, 1]

    def test_removing_a_layer_below_changes_nothing_until_the_top_goes_too(self, session: Session) -> None:
        layers = [self.save(session, [float(value)], value) for value in (1, 2, 3)]
        assert remove_upload(session, layers[1], now=NOW) == 0
        assert offered(session) == [3]
        remove_upload(session, layers[2], now=NOW)
        assert offered(session) == [1]
        remove_upload(session, layers[0], now=NOW)
        assert offered(session) == []

    def test_removal_is_known_from_now_on_and_never_before(self, session: Session) -> None:
        layer = self.save(session, [5], 2)
        remove_upload(session, layer, now=NOW)
        series = load_archive(session).at(pd.Timestamp(NOW) - pd.Timedelta("1s")).series("calls")
        assert series.offered.latest()[1].tolist() == [5]
        gone = load_archive(session).at(pd.Timestamp(NOW)).series("calls")
        assert np.isnan(gone.offered.latest()[1]).all()
        assert version_count(session) == 2

    def test_a_row_that_two_layers_hold_outlives_the_removal_of_either(self, session: Session) -> None:
        first, second = self.save(session, [1, 2], 1), self.save(session, [1, 2], 2)
        assert remove_upload(session, first, now=NOW) == 0
        assert offered(session) == [1, 2]
        remove_upload(session, second, now=NOW)
        assert offered(session) == []

    def test_a_file_loaded_again_after_its_removal_is_back(self, session: Session) -> None:
        layer = upload(session)
        rows = b.volumes([1, 2], known=1, assumed=True)
        save_volumes(session, rows, upload_id=layer.id)
        remove_upload(session, layer.id, now=NOW)
        assert save_volumes(session, rows, upload_id=upload(session).id) == 2
        assert offered(session) == [1, 2]
        hidden = load_archive(session).at(pd.Timestamp(NOW)).series("calls").offered.latest()[1]
        assert hidden.tolist() == [1, 2]

    def test_what_came_without_a_layer_stays_beneath(self, session: Session) -> None:
        save_volumes(session, b.volumes([1], known=1), upload_id=None)
        remove_upload(session, self.save(session, [2], 2), now=NOW)
        assert offered(session) == [1]

    def test_an_unknown_a_removed_and_an_unlayered_upload_are_refused(self, session: Session) -> None:
        layer = self.save(session, [1], 1)
        remove_upload(session, layer, now=NOW)
        with pytest.raises(InputError, match="removed before"):
            remove_upload(session, layer, now=NOW)
        with pytest.raises(NotFound, match="no upload 999"):
            remove_upload(session, 999, now=NOW)
        with pytest.raises(InputError, match="not layers"):
            remove_upload(session, upload(session, kind="mentions").id, now=NOW)


class TestSignals:
    def test_signals_come_back_with_the_end_of_their_bucket_as_time_known(self, session: Session) -> None:
        assert save_signals(session, b.signals([3, 0, 2]), interval="1h", tz="Europe/Amsterdam") == 3
        assert save_signals(session, b.signals([3, 0, 2]), interval="1h", tz="Europe/Amsterdam") == 0
        held = check(load_signals(session), SIGNALS)
        assert held["value"].tolist() == [3, 0, 2]
        assert held["known_at"].tolist() == b.times([1, 2, 3]).tolist()
        catalogue = load_signal_catalogue(session).iloc[0].to_dict()
        assert catalogue == {
            "signal": "posts", "topic": "all", "kind": "count", "interval": "1h", "tz": "Europe/Amsterdam",
            "first": b.at(0), "last": b.at(2),
        }  # fmt: skip

    def test_a_signal_keeps_its_interval(self, session: Session) -> None:
        save_signals(session, b.signals([3]), interval="1h", tz="Europe/Amsterdam")
        with pytest.raises(InputError, match="kept per 1h"):
            save_signals(session, b.signals([3]), interval="30min", tz="Europe/Amsterdam")

    def test_an_empty_store_has_an_empty_catalogue(self, session: Session) -> None:
        assert load_signal_catalogue(session).empty
        assert check(load_signals(session), SIGNALS).empty


class TestKnownAhead:
    def test_drivers_come_back_and_a_plan_is_always_known(self, session: Session) -> None:
        plan = pd.DataFrame({"driver": ["letters"] * 2, "ds": b.times([0, 24]), "value": [10.0, 20.0]})
        assert save_drivers(session, plan) == 2
        assert save_drivers(session, plan) == 0
        assert check(load_drivers(session), DRIVERS)["value"].tolist() == [10, 20]
        save_queue(session, b.queue())
        save_volumes(session, b.volumes([1]), upload_id=None)
        assert load_archive(session).at(b.at(-9999)).history("calls").drivers[
            "letters"
        ].values.value.tolist() == [10, 20]

    def test_what_a_planner_assumes_of_a_driver_comes_back_as_known_at_the_time(
        self, session: Session
    ) -> None:
        plan = pd.DataFrame({"driver": ["letters"] * 2, "ds": b.times([0, 24]), "value": [10.0, 20.0]})
        save_drivers(session, plan)
        told = plan.assign(worth=[np.nan, 0.03], known_at=b.times([5, 5]))
        assert save_drivers(session, told) == 1
        assert check(load_drivers(session), DRIVERS)["worth"].tolist()[1] == 0.03
        letters = load_archive(session).drivers["letters"]
        assert letters.assumed == 0.03
        assert letters.until(b.at(4).value).assumed is None

    def test_days_come_back_and_the_later_name_of_a_day_stays(self, session: Session) -> None:
        dates = pd.DatetimeIndex(["2026-12-05", "2026-12-31"], tz="UTC").as_unit("ns")
        save_days(session, pd.DataFrame({"date": dates, "name": ["Sinterklas", "Oud"]}))
        until = pd.DatetimeIndex(["2026-12-06"], tz="UTC").as_unit("ns")
        save_days(
            session,
            pd.DataFrame({"date": dates[:1], "name": ["Sinterklaas"], "kind": ["once"], "until": until}),
        )
        held = check(load_days(session), DAYS)
        assert held["name"].tolist() == ["Sinterklaas", "Oud"]
        assert held["kind"].tolist() == ["once", "recurring"]
        assert held["date"].tolist() == dates.tolist()
        assert held["until"].isna().tolist() == [False, True]
        assert remove_days(session, date="2026-12-31") and not remove_days(session, date="2026-12-31")

    def test_hours_are_replaced_as_a_set_and_reach_the_archive(self, session: Session) -> None:
        week = pd.DataFrame(
            {"queue": ["calls"] * 2, "weekday": [0, 1], "opens": ["8:00"] * 2, "closes": ["20:00"] * 2}
        )
        save_hours(session, week)
        save_hours(session, week.iloc[:1].assign(closes="24:00"))
        held = check(load_hours(session), HOURS)
        assert held[["weekday", "opens", "closes"]].values.tolist() == [[0, "08:00", "24:00"]]
        save_queue(session, b.queue())
        save_volumes(session, b.volumes([1]), upload_id=None)
        assert load_archive(session).series["calls"].hours is not None


class TestMentions:
    def test_loading_twice_changes_nothing(self, session: Session) -> None:
        assert save_mentions(session, b.mentions(["a", "b"])) == 2
        assert save_mentions(session, b.mentions(["a", "b"])) == 0
        assert save_mentions(session, b.mentions(["a", "b"], known=5)) == 0
        assert count_mentions(session) == count_mentions(session, source="file") == 2

    def test_a_later_row_changes_a_mention_and_an_earlier_one_does_not(self, session: Session) -> None:
        save_mentions(session, b.mentions(["a"], known=5))
        assert save_mentions(session, b.mentions(["a"], known=6).assign(reach=[70.0])) == 1
        assert save_mentions(session, b.mentions(["a"], known=1).assign(reach=[1.0])) == 0
        held = load_scored(session)
        assert held["reach"].tolist() == [70]
        assert held["known_at"].tolist() == [b.at(5)]

    def test_scored_mentions_keep_their_contract(self, session: Session) -> None:
        assert len(check(load_scored(session), SCORED)) == 0
        rows = b.mentions(["café", ""]).assign(replied_at=pd.DatetimeIndex([b.at(3), pd.NaT]))
        save_mentions(session, rows)
        held = check(load_scored(session), SCORED)
        assert held["topics"].tolist() == [("outage",), ("outage",)]
        assert held["text"].tolist() == ["café", ""]
        assert held["replied_at"].isna().tolist() == [False, True]
        assert held["replied_at"].iloc[0] == b.at(3)

    def test_only_what_became_known_or_changed_since_is_asked_for(self, session: Session) -> None:
        save_mentions(session, b.mentions(["a", "b"], known=1))
        save_mentions(session, b.mentions(["a"], known=8).assign(label=["neutral"]))
        assert load_scored(session, since=b.at(8))["id"].tolist() == ["0"]
        assert load_scored(session, start=b.at(0), end=b.at(0.01))["id"].tolist() == ["0"]

    def test_retention_takes_the_text_and_leaves_the_counts_and_it_does_not_come_back(
        self, session: Session
    ) -> None:
        save_mentions(session, b.mentions(["a", "b"]))
        assert drop_old_text(session, before=b.at(0.01)) == 1
        save_mentions(session, b.mentions(["a"], known=9).assign(reach=[5.0]))
        held = load_scored(session).sort_values("id")
        assert held["text"].tolist() == [None, "b"]
        assert held["reach"].iloc[0] == 5
        assert count_mentions(session) == 2

    def test_a_deleted_post_loses_its_text(self, session: Session) -> None:
        save_mentions(session, b.mentions(["a"]))
        save_mentions(session, b.mentions(["a"], known=9).assign(deleted_at=b.times([8])))
        assert load_scored(session)["text"].tolist() == [None]


class TestArchive:
    def test_series_signals_and_calendar_are_named_as_models_know_them(
        self, session: Session, calls: Queue
    ) -> None:
        save_volumes(session, b.volumes([1, 2]), upload_id=None)
        for topic in ("all", "outage"):
            save_signals(session, b.signals([3], topic=topic), interval="1h", tz=calls.tz)
        archive = load_archive(session, country="NL")
        assert list(archive.series) == ["calls"]
        assert (archive.series["calls"].interval, archive.series["calls"].tz) == (calls.interval, calls.tz)
        assert list(archive.signals) == ["posts", "posts:outage"]
        assert archive.calendar.country == "NL"
        with pytest.raises(NotFound):
            load_archive(session, queues=["nothing"])

    def test_a_queue_counted_by_topic_is_the_sum_of_what_was_known_of_its_topics(
        self, session: Session, calls: Queue
    ) -> None:
        save_volumes(session, b.volumes([1, 10], known=5, topic="bill"), upload_id=None)
        save_volumes(session, b.volumes([2], known=6, topic="outage"), upload_id=None)
        save_volumes(session, b.volumes([4], known=7, topic="bill"), upload_id=None)
        save_volumes(session, b.volumes([99], known=9, topic="all"), upload_id=None)
        archive = load_archive(session)
        seen = {
            hour: archive.at(b.at(hour)).series(calls.name).offered.latest()[1].tolist()
            for hour in (5, 6, 7, 9)
        }
        assert seen == {5: [1, 10], 6: [3, 10], 7: [6, 10], 9: [99, 10]}


def packed(count: int, level: float) -> np.ndarray:
    return level + np.arange(count * (1 + len(QUANTILES)), dtype=float).reshape(count, -1) / 1000


def hour_ns(*hours: float) -> np.ndarray:
    return column_ns(b.times(hours))


class TestForecasts:
    def test_values_come_back_as_float32_under_the_names_of_their_quantiles(self, session: Session) -> None:
        version = create_version(session, run_id=None, cutoff=b.NOON, now=NOW)
        values = packed(3, 7.3)
        save_forecast(session, version, "calls", "interval", hour_ns(0, 1, 2), values)
        held = load_forecast(session, series=["calls"], version=version)
        assert held.columns.tolist() == ["series", "ds", "mean", "0.025", "0.05", "0.1", "0.2", "0.3", "0.4", "0.5",
                                         "0.6", "0.7", "0.8", "0.9", "0.95", "0.975"]  # fmt: skip
        assert np.array_equal(held.iloc[:, 2:].to_numpy(), values.astype("f4").astype(float))
        assert held["ds"].tolist() == b.times([0, 1, 2]).tolist()
        assert load_forecast(session, series=None, start=b.at(1), end=b.at(2), version=version)[
            "ds"
        ].tolist() == [b.at(1)]
        assert load_forecast(session, series=None, version=version, granularity="day").empty

    def test_a_draft_is_not_published_and_the_latest_holds_both(self, session: Session) -> None:
        old, new = (create_version(session, run_id=None, cutoff=b.NOON, now=NOW) for _ in range(2))
        for version, level in ((old, 1), (new, 2)):
            save_forecast(session, version, "calls", "interval", hour_ns(0), packed(1, level))
        assert load_forecast(session, series=None).empty
        publish_version(session, old, NOW)
        assert load_forecast(session, series=None)["mean"].tolist() == [1]
        assert load_forecast(session, series=None, version="latest")["mean"].tolist() == [2]
        assert [(one.id, one.state) for one in list_versions(session)] == [(new, "draft"), (old, "published")]

    def test_a_short_run_covers_its_hours_and_last_night_covers_the_rest(self, session: Session) -> None:
        for hours, level in (((0, 1, 2), 1), ((1,), 2)):
            version = create_version(session, run_id=None, cutoff=b.NOON, now=NOW)
            save_forecast(session, version, "calls", "interval", hour_ns(*hours), packed(len(hours), level))
            publish_version(session, version, NOW + dt.timedelta(hours=level))
        assert load_forecast(session, series=None)["mean"].round().tolist() == [1, 2, 1]
        then = load_forecast(session, series=None, as_of=NOW + dt.timedelta(hours=1))
        assert then["mean"].round().tolist() == [1, 1, 1]
        assert load_forecast(session, series=None, as_of=NOW).empty

    def test_the_draft_of_a_run_that_still_writes_is_seen_and_pruned_by_nobody(
        self, session: Session
    ) -> None:
        run = begin_run(session, "predict", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
        assert run is not None
        version = create_version(session, run_id=run.id, cutoff=b.NOON, now=NOW)
        save_forecast(session, version, "calls", "interval", hour_ns(0), packed(1, 1))
        assert load_forecast(session, series=None, version="latest").empty
        assert prune(session, keep=0) == 0
        finish_run(session, run.id, now=NOW, state="done", outcome={})
        assert len(load_forecast(session, series=None, version="latest")) == 1

    def test_pruning_keeps_the_newest_drafts_and_everything_published(self, session: Session) -> None:
        made = [create_version(session, run_id=None, cutoff=b.NOON, now=NOW) for _ in range(4)]
        publish_version(session, made[0], NOW)
        assert prune(session, keep=1) == 2
        assert [one.id for one in list_versions(session)] == [made[3], made[0]]

    def test_an_unknown_version_is_refused(self, session: Session) -> None:
        with pytest.raises(NotFound):
            load_forecast(session, series=None, version=77)
        with pytest.raises(InputError, match="published, locked, latest"):
            load_forecast(session, series=None, version="newest")


class TestScores:
    def test_the_rows_of_the_latest_report_come_back_as_they_went_in(self, session: Session) -> None:
        runs = []
        for _ in range(2):
            run = begin_run(session, "evaluate", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
            assert run is not None
            finish_run(
                session, run.id, now=NOW, state="done", outcome={"n": np.int64(3), "wape": float("nan")}
            )
            runs.append(run.id)
        row = {"series": "calls", "model": "champion", "lead_band": "0-1d", "n": np.int64(4), "wape": np.nan}
        evidence = {"series": "calls", "signal": "posts", "lead_band": "0-1d", "gate": "shut"}
        report = {
            "scores": [row, {**row, "series": "mail"}],
            "champions": [{"series": "calls", "lead_band": "0-1d", "model": "dhr"}],
        }
        save_report(session, runs[0], {**report, "evidence": [evidence]})
        save_report(session, runs[1], report)
        save_report(session, runs[1], report)
        assert load_scores(session, "calls") == [{**row, "n": 4, "wape": None}]
        assert len(load_scores(session)) == 2
        assert load_champions(session)[0]["model"] == "dhr"
        assert load_evidence(session, "calls") == [evidence]
        assert list_runs(session)[0].outcome == {"n": 3, "wape": None}


class TestRuns:
    def begin(
        self, session: Session, now: dt.datetime = NOW, slot: dt.datetime | None = None, job: str = "predict"
    ) -> int | None:
        run = begin_run(session, job, now=now, lease_seconds=60, config_hash="c", code_version="1", slot=slot)
        return None if run is None else run.id

    def test_a_job_runs_once_at_a_time_and_other_jobs_do_not_wait(self, session: Session) -> None:
        first = self.begin(session)
        assert first is not None
        assert self.begin(session) is None
        assert self.begin(session, job="ingest") is not None
        finish_run(session, first, now=NOW, state="done", outcome={"rows": 3})
        assert self.begin(session) is not None

    def test_a_scheduled_time_runs_once_even_when_the_first_was_quick(self, session: Session) -> None:
        first = self.begin(session, slot=NOW)
        assert first is not None
        finish_run(session, first, now=NOW, state="done", outcome={})
        assert self.begin(session, slot=NOW) is None
        assert self.begin(session, slot=NOW + dt.timedelta(minutes=30)) is not None

    def test_an_interrupted_lease_runs_out_and_says_so(self, session: Session) -> None:
        first = self.begin(session)
        assert first is not None
        assert extend_lease(session, first, now=NOW, lease_seconds=600)
        assert self.begin(session, NOW + dt.timedelta(seconds=300)) is None
        assert self.begin(session, NOW + dt.timedelta(seconds=601)) is not None
        dead = list_runs(session)[1]
        assert (dead.state, dead.outcome) == ("failed", {"error": "interrupted: its lease ran out"})
        assert not extend_lease(session, first, now=NOW, lease_seconds=600)
        assert expire_runs(session, now=NOW + dt.timedelta(days=1)) == 1

    def test_of_two_that_begin_together_one_wins(self, engine: Engine) -> None:
        make, barrier, won = sessions(engine), threading.Barrier(4), []

        def begin() -> None:
            with make() as session:
                session.execute(text("SELECT 1"))
                barrier.wait()
                won.append(self.begin(session))
                session.commit()

        threads = [threading.Thread(target=begin) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 4
        assert sum(one is not None for one in won) == 1

    def test_runs_are_listed_latest_first_with_aware_moments(self, session: Session) -> None:
        ids = [self.begin(session, job=job) for job in ("a", "b", "c")]
        assert [run.id for run in list_runs(session, limit=2)] == ids[:0:-1]
        assert list_runs(session, job="a")[0].started_at == NOW
        assert list_runs(session)[0].started_at.tzinfo is not None
        with pytest.raises(NotFound):
            finish_run(session, 99, now=NOW, state="done", outcome={})


class TestKeys:
    def test_a_key_is_shown_once_and_only_its_hash_is_kept(self, session: Session) -> None:
        secret = create_key(session, "planner", ["plan", "read"], now=NOW)
        assert secret.startswith("fc_") and len(secret) >= 46
        held = session.execute(select(KeyRow.__table__)).one()
        assert secret not in str(tuple(held)) and secret[3:] not in str(tuple(held))
        found = find_key(session, secret)
        assert found is not None
        assert (found.name, found.scopes) == ("planner", ("read", "plan"))
        assert find_key(session, secret + "x") is None
        assert create_key(session, "other", ["read"], now=NOW) != secret

    def test_a_revoked_key_opens_nothing(self, session: Session) -> None:
        secret = create_key(session, "planner", ["read"], now=NOW)
        revoke_key(session, "planner", now=NOW)
        assert find_key(session, secret) is None
        assert list_keys(session)[0].revoked_at == NOW
        with pytest.raises(NotFound):
            revoke_key(session, "planner", now=NOW)

    def test_an_unknown_scope_is_refused(self, session: Session) -> None:
        with pytest.raises(InputError, match="no scope 'root'"):
            create_key(session, "planner", ["root"], now=NOW)


def test_a_cursor_is_remembered_per_source(session: Session) -> None:
    assert load_cursor(session, "mailbox") is None
    for value in ("7", "9"):
        save_cursor(session, "mailbox", value)
    assert load_cursor(session, "mailbox") == "9"


def test_a_naive_moment_is_refused(session: Session) -> None:
    from sqlalchemy.exc import StatementError

    with pytest.raises(StatementError, match="aware"):
        create_version(session, run_id=None, cutoff=dt.datetime(2026, 1, 1), now=NOW)


def test_nothing_is_kept_that_nobody_committed(engine: Engine, tmp_path: Path) -> None:
    with sessions(engine)() as session:
        save_queue(session, b.queue())
        session.rollback()
        assert load_queues(session) == []
