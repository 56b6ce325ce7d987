"""What was said of a file once is remembered by its header, and told when it is used."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.contacts.reading import AUTO, Reading
from forecast.errors import InputError, NotFound
from store.column_maps import (
    find_column_map,
    forget_column_map,
    header_key,
    list_column_maps,
    load_column_map,
    save_column_map,
    settled,
)
from store.imports.imported import Imported
from store.imports.volumes import import_volumes
from store.settings import Settings
from store.volumes import load_volumes

NOW = pd.Timestamp("2026-03-20 09:00", tz="UTC")
AT = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)
HEADER = ("Groep X", "Datum", "Tijd", "N")
ROWS = "Groep X;Datum;Tijd;N\nA;13-03-2026;08:00;5\nA;13-03-2026;08:30;6\n"
MAPPED = Reading(columns={"queue": "Groep X", "offered": "N"})


def volumes(
    session: Session, text: str, reading: Reading | None = None, name: str = "maart.csv", **words: bool
) -> Imported:
    settings = Settings(company={"timezone": "Europe/Amsterdam"})
    return import_volumes(session, settings, text.encode(), now=NOW, name=name, reading=reading, **words)  # type: ignore[arg-type]


def test_a_map_is_saved_found_replaced_listed_and_forgotten(session: Session) -> None:
    assert load_column_map(session, "volumes", HEADER) is None
    save_column_map(session, "volumes", HEADER, "a.csv", MAPPED, AT)
    save_column_map(session, "volumes", HEADER, "b.csv", Reading(timezone="UTC"), AT)
    assert load_column_map(session, "volumes", [" groep x", "DATUM", "Tijd ", "n"]) == Reading(timezone="UTC")
    assert load_column_map(session, "reasons", HEADER) is None
    (held,) = list_column_maps(session)
    assert (held.kind, held.name, held.used_at) == ("volumes", "b.csv", AT)
    with pytest.raises(NotFound):
        forget_column_map(session, "volumes", "ffff")
    forget_column_map(session, "volumes", held.header[:8])
    assert list_column_maps(session) == []


def test_a_reading_that_says_nothing_is_not_remembered(session: Session) -> None:
    save_column_map(session, "volumes", HEADER, "a.csv", AUTO, AT)
    assert list_column_maps(session) == []


def test_what_is_said_now_goes_before_what_was_said_then(session: Session) -> None:
    save_column_map(
        session, "volumes", HEADER, "a.csv", Reading(timezone="UTC", columns={"queue": "Groep X"}), AT
    )
    use, told = settled(
        session, "volumes", HEADER, Reading(timezone="Europe/Paris", columns={"offered": "N"})
    )
    assert (use.timezone, dict(use.columns)) == ("Europe/Paris", {"queue": "Groep X", "offered": "N"})
    assert told == ("Read as settled with a.csv on 2026-03-20: queue=Groep X, timezone UTC.",)
    assert (
        settled(session, "volumes", HEADER, Reading(timezone="Europe/Paris", columns={"queue": "N"}))[1] == ()
    )


def test_a_table_with_a_column_per_date_has_the_same_key_next_month() -> None:
    march, april = (
        ["Wachtrij", *(f"{day:02d}-0{month}-2026" for day in range(1, 29 + month % 2)), "Totaal"]
        for month in (3, 4)
    )
    assert header_key(march) == header_key(april) != header_key(["Wachtrij", "Totaal"])


def test_the_next_file_with_the_header_is_read_as_the_last_and_says_so(session: Session) -> None:
    with pytest.raises(InputError, match="no column 'queue'"):
        volumes(session, ROWS)
    first = volumes(session, ROWS, MAPPED)
    assert (first.changed, first.warnings) == (2, ())
    second = volumes(session, ROWS.replace("13-03", "14-03"), name="april.csv")
    assert second.warnings[0] == "Read as settled with maart.csv on 2026-03-20: queue=Groep X, offered=N."
    assert load_volumes(session, "A")["offered"].tolist() == [5, 6, 5, 6]


def test_a_file_that_cannot_be_loaded_settles_nothing(session: Session) -> None:
    with pytest.raises(InputError):
        volumes(session, ROWS, Reading(columns={"queue": "Groep X", "offered": "Tijd"}))
    assert list_column_maps(session) == []


def test_a_remembered_order_of_dates_counts_only_where_dates_read_both_ways(session: Session) -> None:
    rows = "queue,date,offered\nA,03/04/2026,5\nA,03/05/2026,5\n"
    volumes(session, rows, Reading(date_order="mdy", interval="1d"))
    volumes(session, "queue,date,offered\nB,13/04/2026,7\nB,14/04/2026,7\n", name="other.csv")
    assert load_volumes(session, "B")["ds"].dt.tz_convert("Europe/Amsterdam").dt.strftime(
        "%m-%d"
    ).tolist() == ["04-13", "04-14"]
    again = volumes(session, rows.replace("A,", "C,"), name="third.csv")
    assert load_volumes(session, "C")["ds"].dt.tz_convert("Europe/Amsterdam").dt.strftime(
        "%m-%d"
    ).tolist() == ["03-04", "03-05"]
    assert "date order mdy" in again.warnings[0]


def test_a_queue_is_remembered_for_files_of_the_same_name_only(session: Session) -> None:
    rows = "Datum;Tijd;Aanbod\n13-03-2026;08:00;5\n13-03-2026;08:30;6\n"
    volumes(session, rows, Reading(queue="Verkoop"), name="verkoop 2026-03.csv")
    volumes(session, rows.replace("13-03", "14-03"), name="verkoop 2026-04.csv")
    assert len(load_volumes(session, "Verkoop")) == 4
    with pytest.raises(InputError, match="no column 'queue'"):
        volumes(session, rows, name="service 2026-03.csv")


def test_a_look_at_a_file_counts_what_would_be_new_changed_and_the_same(session: Session) -> None:
    volumes(session, ROWS, MAPPED)
    seen = volumes(session, ROWS.replace(";6", ";7") + "B;13-03-2026;08:00;1\n", look=True).preview
    assert seen is not None and seen.changes is not None
    assert (seen.changes.new, seen.changes.changed, seen.changes.same) == (1, 1, 1)
    assert [one.queue for one in seen.queues] == ["A", "B"]
    assert volumes(session, ROWS).preview is None
    assert find_column_map(session, "volumes", HEADER) is not None
