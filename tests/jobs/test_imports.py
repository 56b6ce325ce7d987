"""Files into the store: idempotent, layered, with the moment each row was known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.errors import InputError
from jobs.mentions import import_mentions
from store.archive import load_archive
from store.days import load_days, load_hours
from store.imports.days import import_days
from store.imports.drivers import import_drivers
from store.imports.hours import import_hours
from store.imports.signals import import_signals
from store.imports.volumes import import_volumes
from store.mentions import count_mentions, load_scored
from store.queues import load_queues
from store.settings import Settings
from store.signals import load_signals
from store.tables import VolumeRow
from store.uploads import list_uploads, remove_upload
from store.volumes import load_volumes

NOW = pd.Timestamp("2026-03-06 09:00", tz="UTC")
HEADER = "queue,interval_start,offered\n"
TWO = HEADER + "calls,2026-03-02T09:00,10\ncalls,2026-03-02T10:00,12\n"


def stored(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(VolumeRow)) or 0


def volumes(session: Session, settings: Settings, text: str, **options: object) -> object:
    return import_volumes(
        session, settings, text.encode(), now=NOW, **{"interval": "1h", "name": "file", **options}
    )


def test_importing_a_file_twice_writes_its_versions_once(session: Session, settings: Settings) -> None:
    first, second = (volumes(session, settings, TWO) for _ in range(2))
    assert (first.changed, second.changed, stored(session)) == (2, 0, 2)


def test_a_row_of_a_file_counts_as_known_at_the_end_of_its_interval(
    session: Session, settings: Settings
) -> None:
    volumes(session, settings, TWO)
    held = load_volumes(session, "calls")
    assert list(held["known_at"]) == [pd.Timestamp(f"2026-03-02T{hour}:00Z") for hour in ("09", "10")]


def test_a_revised_row_is_known_from_now_on_and_others_stay_as_they_were(
    session: Session, settings: Settings
) -> None:
    volumes(session, settings, TWO)
    volumes(session, settings, TWO.replace(",12", ",15"))
    then = load_archive(session).at(NOW - pd.Timedelta(hours=1)).history("calls").y
    today = load_archive(session).at(NOW).history("calls").y
    assert (np.nanmax(then), np.nanmax(today), stored(session)) == (12, 15, 3)


def test_a_correction_holds_as_if_it_had_always_been_so(session: Session, settings: Settings) -> None:
    volumes(session, settings, TWO)
    volumes(session, settings, TWO.replace(",12", ",15"), mode="correction")
    then = load_archive(session).at(NOW - pd.Timedelta(hours=1)).history("calls").y
    assert np.nanmax(then) == 15


def test_a_job_s_rows_are_known_at_receipt_once_the_queue_has_a_history(
    session: Session, settings: Settings
) -> None:
    volumes(session, settings, TWO, mode="receipt")
    volumes(session, settings, HEADER + "calls,2026-03-02T11:00,9\n", mode="receipt")
    held = load_volumes(session, "calls")
    assert held["known_at"].iloc[-1] == NOW and held["known_at"].iloc[0] < NOW


def test_taking_an_upload_out_brings_back_what_lay_beneath(session: Session, settings: Settings) -> None:
    volumes(session, settings, TWO)
    second = volumes(session, settings, TWO.replace(",12", ",15"))
    remove_upload(session, second.upload_id, now=NOW.to_pydatetime())
    assert list(load_volumes(session, "calls")["offered"]) == [10, 12]
    assert [upload.state for upload in list_uploads(session)] == ["removed", "active"]


def test_a_queue_is_made_from_its_file_and_becomes_one_of_all_reasons(
    session: Session, settings: Settings
) -> None:
    text = "queue,channel,topic,interval_start,offered\nmail,e-mail,{},2026-03-02T09:00,1\n"
    volumes(session, settings, text.format("moving"), timezone="America/New_York")
    assert [(one.channel, one.topic, one.tz) for one in load_queues(session)] == [
        ("email", "moving", "America/New_York")
    ]
    volumes(session, settings, text.format("billing"), timezone="America/New_York")
    assert load_queues(session)[0].topic == "all"


def test_a_file_on_another_interval_than_its_queue_is_refused(session: Session, settings: Settings) -> None:
    volumes(session, settings, TWO)
    with pytest.raises(InputError, match="kept per 1h; this file is per 30min"):
        volumes(session, settings, TWO, interval="30min")


def test_the_configuration_s_hours_go_before_the_inferred_ones(session: Session, settings: Settings) -> None:
    facts = {"name": "calls", "channel": "chat", "hours": {"mon-fri": "08:00-20:00"}}
    with_facts = Settings(**{**settings.model_dump(), "queues": [facts]})
    volumes(session, with_facts, TWO)
    assert load_queues(session)[0].channel == "chat" and len(load_hours(session, queue="calls")) == 5


def test_days_and_hours_keep_their_local_dates(session: Session, settings: Settings) -> None:
    import_days(session, settings, b"date,name\n2026-04-27,King's Day\n", now=NOW)
    import_hours(
        session,
        settings,
        b"queue,weekday,opens,closes,valid_from\ncalls,mon,08:00,20:00,2026-04-01\n",
        now=NOW,
    )
    assert load_days(session)["date"].tolist() == [pd.Timestamp("2026-04-27", tz="UTC")]
    assert load_hours(session)["valid_from"].tolist() == [pd.Timestamp("2026-04-01", tz="UTC")]


def test_a_changed_plan_is_known_from_now_on(session: Session, settings: Settings) -> None:
    text = b"date,driver,value\n2026-03-10,letters,1000\n"
    import_drivers(session, settings, text, now=NOW)
    import_drivers(session, settings, text.replace(b"1000", b"5000"), now=NOW)
    values = load_archive(session).drivers["letters"].values
    assert [values.until((NOW + pd.Timedelta(days=shift)).value).latest()[1][0] for shift in (-1, 0)] == [
        1000,
        5000,
    ]


def test_what_a_planner_assumes_is_known_from_now_on(session: Session, settings: Settings) -> None:
    import_drivers(session, settings, b"date,driver,value\n2026-03-10,letters,1000\n", now=NOW)
    text = b"date,driver,value,worth\n2026-03-10,letters,1000,0.03\n"
    assert import_drivers(session, settings, text, now=NOW).changed == 1
    letters = load_archive(session).drivers["letters"]
    assert [letters.until((NOW + pd.Timedelta(days=shift)).value).assumed for shift in (-1, 0)] == [
        None,
        0.03,
    ]


def test_signals_are_imported_with_an_assumed_time(session: Session, settings: Settings) -> None:
    text = b"interval_start,signal,value\n2026-03-02T09:00,visits,3\n2026-03-02T10:00,visits,4\n"
    assert import_signals(session, settings, text, now=NOW).changed == 2
    assert import_signals(session, settings, text, now=NOW).changed == 0


def test_posts_are_stored_once_without_names(session: Session, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text(
        '{"id":"1","source":"x","created_at":"2026-03-02T09:00Z","text":"@anna Stroomstoring!","author":"Piet"}\n'
        "no json\n"
    )
    first = import_mentions(session, settings, file, now=NOW)
    assert (first.changed, len(first.problems)) == (1, 1) and "Row 2" in first.problems[0]
    assert import_mentions(session, settings, file, now=NOW).changed == 0
    held = load_scored(session)
    assert count_mentions(session) == 1 and "anna" not in held["text"][0]
    assert len(held["author"][0]) == len(held["id"][0]) == 32 and "piet" not in held["author"][0]
    assert "outage" in held["topics"][0]


def test_the_counts_of_a_listening_suite_become_a_signal_per_topic(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "volume.csv"
    file.write_text("Date,Storing,Total\n2026-03-01 00:00,3,9\n2026-03-01 01:00,x,3\n2026-03-01 02:00,0,2\n")
    found = import_signals(session, settings, file, now=NOW)
    assert found.name == "volume.csv" and "Row 2" in found.problems[0]
    held = load_signals(session)
    assert held.groupby(["signal", "topic"])["value"].sum().to_dict() == {
        ("mentions", "Storing"): 3.0,
        ("mentions", "all"): 14.0,
    }
