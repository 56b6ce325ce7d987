"""The jobs on a small company: what they leave behind, also when something goes wrong."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval
from forecast.errors import ConfigError, InputError, StoreError
from jobs import ingest, retain, select, signals
from jobs.ledger import LEASE_SECONDS, Outcome, checkpoint, execute, find_job
from jobs.ledger import moment as time_of
from jobs.mentions import import_mentions
from jobs.predict import forecast_all
from jobs.scheduler import background, check_schedule
from store.database import connect
from store.database import sessions as make_sessions
from store.forecast_versions import newest_version
from store.forecasts import create_version, list_versions, load_forecast, publish_version
from store.imports.volumes import import_volumes
from store.queues import Queue, load_queues, save_queue
from store.runs import begin_run, list_runs
from store.scores import load_champions, load_evidence, load_scores
from store.settings import Settings
from store.signals import load_signals
from tests.jobs.conftest import NOW


def do(name: str, sessions: sessionmaker[Session], settings: Settings, **options: object) -> Outcome:
    outcome = execute(name, sessions, settings, NOW, **options)  # type: ignore[arg-type]
    assert outcome is not None
    return outcome


@pytest.fixture
def loaded(session: Session, settings: Settings, company: dict[str, Path]) -> Session:
    """Two queues of the company's contacts."""
    rows = pd.read_csv(company["volumes"])
    two = rows[rows["queue"].isin(["phone_outage", "phone_billing"])].to_csv(index=False)
    import_volumes(session, settings, two.encode(), now=NOW)
    session.commit()
    return session


# ---- the ledger


def test_a_job_that_fails_leaves_a_sentence_in_the_ledger_and_nothing_else(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    def broken(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        save_queue(session, Queue("half", "phone", "all", Interval.HOUR, "UTC"))
        raise InputError("The file ends in the middle.", remedy="Send it again.")

    assert do("ingest", sessions, settings, job=broken).state == "failed"
    with sessions() as session:
        run = list_runs(session)[0]
        assert (run.state, run.outcome["error"]) == ("failed", "The file ends in the middle. Send it again.")
        assert load_queues(session) == []


def test_an_unexpected_error_is_in_the_ledger_and_goes_on_up(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    def broken(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        raise ZeroDivisionError("of zero")

    with pytest.raises(ZeroDivisionError):
        do("ingest", sessions, settings, job=broken)
    with sessions() as session:
        assert list_runs(session)[0].outcome["error"] == "ZeroDivisionError: of zero"


def test_what_was_written_before_a_checkpoint_outlives_the_failure(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    def half(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        save_queue(session, Queue("first", "phone", "all", Interval.HOUR, "UTC"))
        checkpoint(session)
        save_queue(session, Queue("second", "phone", "all", Interval.HOUR, "UTC"))
        raise InputError("Enough.")

    do("ingest", sessions, settings, job=half)
    with sessions() as session:
        assert [queue.name for queue in load_queues(session)] == ["first"]


def test_a_killed_job_is_marked_failed_when_its_lease_has_run_out(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    long_ago = NOW - pd.Timedelta(seconds=LEASE_SECONDS + 1)
    with sessions() as session:  # what a killed process leaves: a lease, and nobody to give it back
        facts = {"lease_seconds": LEASE_SECONDS, "config_hash": "", "code_version": ""}
        begin_run(session, "retain", now=long_ago.to_pydatetime(), **facts)  # type: ignore[arg-type]
        session.commit()
    do("retain", sessions, settings)
    with sessions() as session:
        assert [run.state for run in list_runs(session)] == ["done", "failed"]


def test_of_two_executions_at_once_one_runs(sessions: sessionmaker[Session], settings: Settings) -> None:
    inside, release, ran = threading.Event(), threading.Event(), []

    def slow(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        ran.append(now)
        inside.set()
        assert release.wait(10)
        return Outcome({"times": 1})

    thread = threading.Thread(target=lambda: execute("retain", sessions, settings, NOW, job=slow))
    thread.start()
    assert inside.wait(10)
    assert execute("retain", sessions, settings, NOW, job=slow) is None
    release.set()
    thread.join()
    assert len(ran) == 1


def test_a_scheduled_time_runs_once(sessions: sessionmaker[Session], settings: Settings) -> None:
    assert execute("retain", sessions, settings, NOW, slot=NOW) is not None
    assert execute("retain", sessions, settings, NOW, slot=NOW) is None


def test_a_database_that_is_gone_is_said(settings: Settings, tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'nowhere' / 'forecall.db'}", wait=0.1)
    with pytest.raises(StoreError, match="cannot be reached"):
        execute("retain", make_sessions(engine), settings, NOW)


# ---- signals, predict, select


def test_signals_are_counted_once_and_only_where_something_is_new(
    sessions: sessionmaker[Session], session: Session, settings: Settings, tmp_path: Path
) -> None:
    line = '{{"id":"{}","source":"x","created_at":"{}","text":"Stroomstoring hier"}}\n'
    file = tmp_path / "posts.jsonl"
    file.write_text("".join(line.format(n, f"2026-03-0{n}T09:10Z") for n in range(1, 5)))
    import_mentions(session, settings, file, now=NOW)
    session.commit()
    assert do("signals", sessions, settings).done["mentions"] == 4
    assert do("signals", sessions, settings).done == {"mentions": 0, "buckets": 0, "versions": 0}
    file.write_text(line.format(9, "2026-03-02T09:20Z"))  # an old post comes in late
    import_mentions(session, settings, file, now=NOW)
    session.commit()
    # posts and negative ones, of all topics and of outage, in all languages and in Dutch; the mood did not change
    assert do("signals", sessions, settings).done["versions"] == 8
    held = load_signals(session)
    mine = held[(held["signal"] == "posts") & (held["topic"] == "all")]
    assert list(mine["value"]) == [1, 2, 1, 1]


def test_a_post_of_the_running_bucket_is_counted_when_the_bucket_is_over(
    sessions: sessionmaker[Session], session: Session, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"id":"1","source":"x","created_at":"2026-03-06T09:05Z","text":"hallo"}\n')
    import_mentions(session, settings, file, now=NOW)
    session.commit()
    at = [signals.run(session, settings, NOW + pd.Timedelta(minutes=minutes)) for minutes in (10, 20, 40, 50)]
    assert [outcome.done["versions"] for outcome in at] == [0, 0, 3, 0]  # posts, those in Dutch, the mood


def test_predict_publishes_what_can_be_read_per_interval_day_and_week(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    outcome = do("predict", sessions, settings)
    assert outcome.done["queues"] == 2 and outcome.problems == ()
    found = load_forecast(loaded, series=["phone_outage"])
    assert found["ds"].min() == NOW and found["ds"].is_unique
    assert (found["0.1"] <= found["0.9"]).all() and (found["mean"] >= 0).all()
    days = load_forecast(loaded, series=["phone_outage"], granularity="day")
    assert len(days) == 10  # today as a whole, and nine more
    weeks = load_forecast(loaded, series=["phone_outage"], granularity="week")
    assert weeks["ds"].min() == pd.Timestamp("2026-03-02", tz="Europe/Amsterdam")
    assert weeks["mean"].iloc[0] > days["mean"].iloc[:3].sum()  # the days before today are in it
    assert {row["series"] for row in load_champions(loaded)} == {"phone_outage", "phone_billing"}


def test_a_forecast_is_published_when_its_run_ends_and_shown_before_what_was_published_meanwhile(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    meanwhile: list[int] = []

    def work(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        def by_hand(at: int, _of: int, _queue: str) -> None:
            if at == 1:
                begun = now.to_pydatetime()
                meanwhile.append(create_version(session, run_id=None, cutoff=begun, now=begun))
                publish_version(session, meanwhile[0], time_of(session, now).to_pydatetime())

        return forecast_all(session, settings, now, progress=by_hand)

    outcome = do("predict", sessions, settings, job=work)
    newest, before = newest_version(loaded), newest_version(loaded, as_of=NOW.to_pydatetime())
    assert newest is not None and newest.id == outcome.done["version"] != meanwhile[0]
    assert newest.cutoff == NOW and before is None


def test_a_draft_stays_a_draft_where_a_planner_publishes(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    manual = Settings(**{**settings.model_dump(), "api": {"publish": "manual"}})
    do("predict", sessions, manual)
    assert [version.state for version in list_versions(loaded)] == ["draft"]


def test_a_queue_that_cannot_be_forecast_is_a_problem_and_the_others_go_on(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    short = b"queue,interval_start,offered\nnew,2026-03-05T09:00,3\n"
    import_volumes(loaded, settings, short, now=NOW, interval="1h")
    loaded.commit()
    outcome = do("predict", sessions, settings)
    assert (outcome.state, outcome.done["queues"]) == ("done", 2)
    assert len(outcome.problems) == 1 and outcome.problems[0].startswith("new: ")
    assert load_forecast(loaded, series=["new"]).empty


def test_without_a_queue_predict_fails_and_says_what_to_do(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    outcome = do("predict", sessions, settings)
    assert outcome.state == "failed" and "forecall import volumes" in outcome.problems[0]


def test_the_forecast_of_data_that_ended_long_ago_begins_where_they_end(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    outcome = execute("predict", sessions, settings, NOW + pd.Timedelta(days=3000))
    assert outcome is not None and "the data end on 2026-03-06" in outcome.problems[0]
    assert load_forecast(loaded, series=["phone_outage"])["ds"].min() <= NOW


def test_the_same_data_give_the_same_forecast(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    do("predict", sessions, settings)
    do("predict", sessions, settings)
    one, two = (load_forecast(loaded, series=None, version=version.id) for version in list_versions(loaded))
    assert np.array_equal(one["0.9"], two["0.9"])


def test_select_saves_scores_champions_and_evidence(
    sessions: sessionmaker[Session], loaded: Session, settings: Settings
) -> None:
    plan = select.Plan(
        models=("mean8_open", "champion"), horizon_days=7, cutoffs=1, draws=60, candidates=("level_profile",)
    )
    kept: list[select.Report] = []

    def compare(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        return select.compare(session, settings, plan, workers=1, keep=kept.append)

    outcome = do("select", sessions, settings, job=compare)
    assert outcome.state == "done" and "phone_outage" in kept[0].sentence("phone_outage")
    assert {row["model"] for row in load_scores(loaded)} == {"mean8_open", "champion"}
    assert load_champions(loaded) and load_evidence(loaded) == []  # there are no signals


# ---- ingest, retain, the clock


def drop(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (1, 1))  # written long ago, so no longer growing
    return file


def test_files_of_the_drop_folder_are_read_and_put_away(
    sessions: sessionmaker[Session], settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    drop(folder, "volumes_march.csv", "queue,interval_start,offered\ncalls,2026-03-02T09:00,5\n")
    drop(
        folder, "mentions/a.jsonl", '{"id":"1","source":"x","created_at":"2026-03-02T09:00Z","text":"hoi"}\n'
    )
    drop(folder, "volumes_broken.csv", "<html></html>")
    drop(folder, "unnamed.csv", "a,b\n1,2\n")
    dropping = Settings(**{**settings.model_dump(), "social": {"drop_folder": folder, "interval": "1h"}})
    outcome = do("ingest", sessions, dropping)
    assert outcome.done == {"files": 2, "rows": 2} and len(outcome.problems) == 2
    assert sorted(file.name for file in (folder / "done").iterdir()) == ["a.jsonl", "volumes_march.csv"]
    reason = (folder / "failed" / "volumes_broken.csv.txt").read_text()
    assert "web page" in reason and list(ingest.waiting(folder)) == []


def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "volumes.csv").write_text("queue,")
    assert list(ingest.waiting(tmp_path)) == []


def test_retention_drops_old_texts_and_keeps_what_was_counted(
    sessions: sessionmaker[Session], session: Session, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"id":"1","source":"x","created_at":"2026-01-02T09:00Z","text":"hoi"}\n')
    import_mentions(session, settings, file, now=NOW)
    session.commit()
    assert retain.run(session, settings, NOW).done == {
        "texts": 1,
        "digests": 0,
        "rows": 0,
        "keys": 0,
        "drafts": 0,
        "contacts": 0,
        "events": 0,
    }


def test_every_schedule_names_a_job_and_late_jobs_run_late(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    clock = background(settings, sessions)
    clock.start(paused=True)
    try:
        jobs = clock.get_jobs()
        assert {job.id for job in jobs} == {name for name, cron in settings.schedule if cron}
        assert all(job.misfire_grace_time is None and job.coalesce and job.max_instances == 1 for job in jobs)
        assert all(callable(find_job(job.id)) for job in jobs)
    finally:
        clock.shutdown(wait=False)


def test_a_schedule_that_cannot_be_read_is_named(settings: Settings) -> None:
    wrong = Settings(**{**settings.model_dump(), "schedule": {"predict": "99 * * * *"}})
    with pytest.raises(ConfigError, match=r"schedule of predict"):
        check_schedule(wrong)


def test_a_young_queue_is_forecast_with_a_remark(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    rows = pd.read_csv(company["volumes"])
    young = rows[(rows["queue"] == "phone_billing") & (rows["interval_start"] >= "2026-01-26")]
    import_volumes(session, settings, young.to_csv(index=False).encode(), now=NOW)
    session.commit()
    outcome = do("predict", sessions, settings)
    assert (outcome.state, outcome.done["queues"]) == ("done", 1)
    assert outcome.problems[0].startswith("phone_billing: 5 weeks of history: no year pattern yet")
    assert "than last week's copy" in outcome.problems[0]
