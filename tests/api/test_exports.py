"""GET /v1/exports: files for suites from the published forecast, with shares, changes and versions; refused with the remedy."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import time_machine
from sqlalchemy.orm import Session

from api.routers import exports
from forecast.buckets import Grid, Interval, to_ns
from forecast.exports.registry import LAYOUTS
from forecast.overriding import Override
from store.database import connect, sessions, upgrade
from store.exporting import Wanted, export
from store.forecasts import create_version, publish_version, save_forecast
from store.groups import save_groups
from store.locks import lock_span
from store.other_forecasts import load_other_forecasts
from store.overrides import add_override
from store.queues import Queue, save_queue
from store.volumes import load_volumes
from tests.api.filled import CUTOFF, NOW, SETTINGS, TZ, WIDTH, Filled, day, forecast, open_app
from tests.unit.conftest import run as run

DAYS = {"start": "2026-10-24", "end": "2026-10-28"}


@pytest.fixture
def change(filled: Filled) -> Callable[[Callable[[Session], Any]], Any]:
    """Does something to the database and commits it."""

    def call(work: Callable[[Session], Any]) -> Any:
        with sessions(filled.engine)() as session:
            done = work(session)
            session.commit()
        return done

    return call


def ask(filled: Filled, layout: str, **query: Any) -> Any:
    return filled.client().get(f"/v1/exports/{layout}", params=query)


def got(filled: Filled, layout: str, **query: Any) -> Any:
    answer = ask(filled, layout, **query)
    assert answer.status_code == 200, answer.text
    return answer


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def total(answer: Any, column: str = "offered", **where: str) -> float:
    rows = [row for row in table(answer.text) if all(row[name] == value for name, value in where.items())]
    return sum(float(row[column]) for row in rows)


def notes(answer: Any) -> list[str]:
    found: list[str] = json.loads(answer.headers["forecall-note"])
    return found


def timed(session: Session, *, days: int = 10, first: str = "2026-10-24", queue: str = "Outage") -> None:
    """A newer version in which a queue has a handling time."""
    version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
    grid = Grid.days(day(first), day(first) + days - 1, Interval.HALF_HOUR, TZ)
    values = np.full((len(grid), WIDTH), 2.25)
    aht = np.full((len(grid), WIDTH), 300.0)
    save_forecast(session, version, queue, "interval", grid.ds, values, costs=(aht, values * aht))
    publish_version(session, version, CUTOFF + dt.timedelta(minutes=10))


def shares(session: Session) -> None:
    """A partner takes 30 % of Outage, from Monday on 50 %; the rest stays."""
    since = [pd.NaT, pd.Timestamp("2026-10-26", tz="UTC")]
    rows = {"queue": "Outage", "group": "Partner", "site": "Away", "since": since, "share": [0.3, 0.5]}
    save_groups(session, pd.DataFrame(rows))


def test_the_layouts_are_listed_with_what_they_need_and_that_they_were_not_tried(filled: Filled) -> None:
    rows = {row["name"]: row for row in filled.client().get("/v1/exports").json()["rows"]}
    assert set(rows) == set(LAYOUTS)
    assert [name for name, row in rows.items() if row["tried"]] == ["tidy"]
    assert rows["connect"]["channels"] == ["chat", "phone"] and rows["connect"]["most_days"]["30min"] == 126
    assert rows["genesys"]["by"] == "group" and rows["genesys"]["source"].startswith("https://")


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "genesys-json"])
def test_every_layout_is_a_file_with_a_name_a_type_a_length_and_notes(filled: Filled, layout: str) -> None:
    answer = got(filled, layout, aht_seconds=300)
    about = LAYOUTS[layout].about
    assert answer.headers["content-type"].startswith(about.media_type)
    assert answer.headers["content-disposition"].endswith(f'20261024.{about.extension}"')
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert any(one.startswith("Not tried") for one in notes(answer)) == bool(about.source)


def test_tidy_holds_what_the_forecast_holds(filled: Filled) -> None:
    rows = table(got(filled, "tidy").text)
    shown = filled.client().get("/v1/forecasts", params={"limit": 10_000}).json()["rows"]
    told = {(row["queue"], row["start"]): row["mean"] for row in shown}
    found = {(row["queue"], row["interval_start"]): float(row["offered"]) for row in rows}
    assert found.keys() == told.keys() and len(found) == 194 + 97
    assert all(found[key] == pytest.approx(told[key], abs=1e-4) for key in told)


def test_a_span_a_queue_a_length_and_a_quantile_are_chosen(filled: Filled) -> None:
    query = {"queue": "Outage", "start": "2026-10-25", "end": "2026-10-26"}
    halves, hours = got(filled, "tidy", **query), got(filled, "tidy", interval="1h", **query)
    quarters, days = (
        got(filled, "tidy", interval="15min", **query),
        got(filled, "tidy", interval="1d", **query),
    )
    assert [len(table(one.text)) for one in (quarters, halves, hours, days)] == [100, 50, 25, 1]
    assert total(quarters) == pytest.approx(total(halves)) == pytest.approx(total(hours))
    sure = got(filled, "tidy", quantile="0.9", **query)
    assert total(sure) == pytest.approx(total(halves) + 50 * 0.4 * 8, rel=1e-5)
    assert (
        any(
            "added up" in one for one in notes(got(filled, "connect", quantile="0.9", aht_seconds=9, **query))
        )
        is False
    )


def test_manual_changes_are_in_the_file_unless_they_are_left_out(filled: Filled, change: Any) -> None:
    before = total(got(filled, "tidy", **DAYS), queue="Outage")
    begin, end = (to_ns(pd.Timestamp(DAYS[name], tz=TZ)) for name in ("start", "end"))
    made = Override(0, "Outage", "", "", "volume", "percent", 10.0, begin, end, "campaign", "anna")
    change(lambda session: add_override(session, made, now=NOW - dt.timedelta(minutes=1)))
    assert total(got(filled, "tidy", **DAYS), queue="Outage") == pytest.approx(1.1 * before, rel=1e-5)
    assert total(got(filled, "tidy", overrides="false", **DAYS), queue="Outage") == pytest.approx(before)


def test_what_was_published_then_a_version_and_a_plan_can_be_had(filled: Filled, change: Any) -> None:
    first = total(got(filled, "tidy", **DAYS), queue="Outage")
    change(timed)
    now = total(got(filled, "tidy", **DAYS), queue="Outage")
    then = (CUTOFF + dt.timedelta(minutes=6)).isoformat()
    assert now != first == total(got(filled, "tidy", as_of=then, **DAYS), queue="Outage")
    assert total(got(filled, "tidy", version="1", **DAYS), queue="Outage") == pytest.approx(first)
    assert ask(filled, "tidy", version="locked").status_code == 404
    span = {"first": dt.date(2026, 10, 26), "last": dt.date(2026, 10, 27)}
    change(lambda session: lock_span(session, **span, who="anna", now=NOW - dt.timedelta(minutes=1)))
    locked = got(filled, "tidy", version="locked")
    assert {row["interval_start"][:10] for row in table(locked.text)} == {"2026-10-26", "2026-10-27"}
    assert ask(filled, "tidy", version="99").status_code == 404


def test_sites_and_groups_get_their_share_of_each_local_day(filled: Filled, change: Any) -> None:
    change(shares)
    query = {"queue": "Outage", "start": "2026-10-25", "end": "2026-10-27"}
    by_day = pd.DataFrame(table(got(filled, "tidy", **query).text)).astype({"offered": float})
    sums = by_day.groupby(by_day["interval_start"].str[:10])["offered"].sum()
    away = got(filled, "tidy", site="Away", **query)
    assert total(away) == pytest.approx(0.3 * sums.iloc[0] + 0.5 * sums.iloc[1], rel=1e-6)
    assert total(away) + total(got(filled, "tidy", site="", **query)) == pytest.approx(sums.sum(), rel=1e-6)
    genesys = got(filled, "genesys", start="2026-10-25", end="2026-10-27")
    assert {row["Planning Group"] for row in table(genesys.text)} == {"Partner", "Outage", "Billing"}
    name = "Planning Group"
    assert total(genesys, "Offered", **{name: "Partner"}) == pytest.approx(total(away), rel=1e-6)
    both = total(genesys, "Offered", **{name: "Partner"}) + total(genesys, "Offered", **{name: "Outage"})
    assert both == pytest.approx(sums.sum(), rel=1e-6)
    only = got(filled, "genesys", group="Partner", start="2026-10-25", end="2026-10-27")
    assert {row[name] for row in table(only.text)} == {"Partner"}


def test_a_group_that_takes_all_of_two_queues_is_one_with_the_contacts_of_both(
    filled: Filled, change: Any
) -> None:
    rows = {"queue": ["Outage", "Billing"], "group": "Care"}
    change(lambda session: save_groups(session, pd.DataFrame(rows)))
    genesys = got(filled, "genesys", start="2026-10-25", end="2026-10-26")
    starts = [row["Interval Start UTC Date"] for row in table(genesys.text)]
    assert {row["Planning Group"] for row in table(genesys.text)} == {"Care"} and len(set(starts)) == len(
        starts
    ) == 100
    assert total(genesys, "Offered") == pytest.approx(
        total(got(filled, "tidy", start="2026-10-25", end="2026-10-26")), abs=1e-3
    )


def test_the_body_for_genesys_has_ids_whole_weeks_and_the_first_day_of_the_suites_week(
    filled: Filled, change: Any
) -> None:
    change(lambda session: timed(session, days=16))
    query = {"queue": "Outage", "id": "Outage=5a1f"}
    body = json.loads(gzip.decompress(got(filled, "genesys-json", **query).content))
    assert body["weekCount"] == 1 and body["planningGroups"][0]["planningGroupId"] == "5a1f"
    assert sum(body["planningGroups"][0]["offeredPerInterval"]) == pytest.approx(8 * 48 * 2.25)
    sunday = got(filled, "genesys-json", week_starts="sunday", start="2026-10-25", end="2026-11-01", **query)
    assert sum(
        json.loads(gzip.decompress(sunday.content))["planningGroups"][0]["offeredPerInterval"]
    ) == pytest.approx(768 * 1.125)
    refused = ask(filled, "genesys-json", start="2026-10-28", **query)
    assert refused.status_code == 422 and "start=2026-10-26 or start=2026-11-02" in refused.json()["remedy"]
    short = ask(filled, "genesys-json", start="2026-10-26", end="2026-10-30", **query)
    assert short.status_code == 422 and "whole weeks" in short.json()["detail"]
    late = ask(filled, "genesys-json", start="2026-11-02", end="2026-11-16", **query)
    assert late.status_code == 422 and "no forecast for" in late.json()["detail"]


@pytest.mark.parametrize(
    ("layout", "query", "field", "said"),
    [
        ("genesys", {"start": "2026-10-24", "end": "2026-12-24"}, "end", "six weeks|6 weeks"),
        ("connect", {"queue": "Billing"}, "queue", "email"),
        ("connect", {"queue": "Outage"}, "queue", "no handling time"),
        ("connect", {}, "queue", "takes chat and phone only"),
        ("connect", {"interval": "1h"}, "interval", "no rows of 1h"),
        ("genesys", {"interval": "30min"}, "interval", "no rows of 30min"),
        ("calabrio", {"queue": "Outage"}, "queue", "no handling time"),
        ("tidy", {"start": "2026-10-26", "end": "2026-10-25"}, "end", "before the start"),
        ("tidy", {"quantile": "0.55"}, "quantile", "keeps no quantile"),
        ("tidy", {"quantile": "much"}, "quantile", "no number"),
        ("tidy", {"id": "Outage"}, "id", "no name with an id"),
        ("tidy", {"start": "soon"}, "start", "no moment"),
    ],
)
def test_what_a_layout_cannot_hold_is_refused_with_the_remedy(
    filled: Filled, layout: str, query: dict[str, str], field: str, said: str
) -> None:
    answer = ask(filled, layout, **query)
    body = answer.json()
    assert (answer.status_code, body["field"]) == (422, field), body
    assert any(part in body["detail"] for part in said.split("|")) and body["remedy"]


@pytest.mark.parametrize(
    "query",
    [
        {"queue": "Nobody"},
        {"site": "Nowhere"},
        {"group": "Nobody"},
        {"id": "Nobody=1"},
        {"start": "2027-10-24"},
    ],
)
def test_what_is_not_there_is_not_found(filled: Filled, query: dict[str, str]) -> None:
    answer = ask(filled, "tidy", **query)
    assert (
        answer.status_code == 404 and answer.json()["field"] == next(iter(query)) and answer.json()["remedy"]
    )


def test_a_layout_nobody_knows_is_not_found(filled: Filled) -> None:
    answer = ask(filled, "genesis")
    assert answer.status_code == 404 and "genesys" in answer.json()["remedy"]


def test_queues_that_cannot_be_in_a_file_of_all_are_left_out_and_named(filled: Filled, change: Any) -> None:
    change(timed)
    answer = got(filled, "connect", id="Outage=9b2c")
    assert {(row["QueueName"], row["QueueId"]) for row in table(answer.text)} == {("Outage", "9b2c")}
    assert any(one.startswith("Left out: 'Billing' is a queue for email") for one in notes(answer))


def test_a_queue_counted_by_day_has_days_and_no_intervals(filled: Filled, change: Any) -> None:
    def daily(session: Session) -> None:
        save_queue(session, Queue("Letters", "phone", "all", Interval.DAY, TZ))
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        forecast(session, version, "Letters", "2026-10-24", "2026-10-27", Interval.DAY)
        publish_version(session, version, CUTOFF)

    change(daily)
    assert len(table(got(filled, "tidy", queue="Letters").text)) == 4
    answer = ask(filled, "genesys", queue="Letters")
    assert answer.status_code == 422 and "counted by day" in answer.json()["detail"]
    assert len(table(got(filled, "connect", queue="Letters", aht_seconds=60).text)) == 4
    assert any("'Letters' is counted by day" in one for one in notes(got(filled, "genesys")))


def test_queues_of_two_zones_keep_their_own_local_times(filled: Filled, change: Any) -> None:
    def abroad(session: Session) -> None:
        save_queue(session, Queue("Delhi", "phone", "all", Interval.HALF_HOUR, "Asia/Kolkata"))
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        forecast(session, version, "Delhi", "2026-10-24", "2026-10-25", Interval.HALF_HOUR)
        publish_version(session, version, CUTOFF)

    change(abroad)
    rows = table(got(filled, "tidy", start="2026-10-24T00:00", end="2026-10-24T01:00").text)
    assert {row["interval_start"] for row in rows if row["queue"] == "Delhi"} == {
        "2026-10-24T03:30:00+05:30",
        "2026-10-24T04:00:00+05:30",
    }
    hours = table(got(filled, "tidy", queue="Delhi", interval="1h", start="2026-10-24T03:30").text)
    assert hours[0]["interval_start"] == "2026-10-24T03:00:00+05:30"


@pytest.mark.parametrize(("name", "tz"), [("Delhi", "Asia/Kolkata"), ("York", "America/New_York")])
def test_days_of_another_zone_are_those_of_the_dates_asked_for(
    filled: Filled, change: Any, name: str, tz: str
) -> None:
    def abroad(session: Session) -> None:
        save_queue(session, Queue(name, "phone", "all", Interval.HALF_HOUR, tz))
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        forecast(session, version, name, "2026-10-23", "2026-10-30", Interval.HALF_HOUR)
        publish_version(session, version, CUTOFF)

    change(abroad)
    rows = table(got(filled, "tidy", interval="1d", **DAYS).text)
    for queue in ("Outage", name):
        found = [row["interval_start"][:10] for row in rows if row["queue"] == queue]
        assert found == [f"2026-10-{date}" for date in range(24, 28)]


def test_a_client_that_holds_the_file_is_told_so(filled: Filled) -> None:
    client = filled.client()
    tag = client.get("/v1/exports/tidy").headers["etag"]
    again = client.get("/v1/exports/tidy", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_forecast_itself_has_the_layouts_of_two_suites(filled: Filled, change: Any) -> None:
    change(timed)
    client = filled.client()
    for layout in exports.SUITES:
        answer = client.get("/v1/forecasts", params={"layout": layout, "queue": "Outage"})
        assert answer.content == ask(filled, layout, queue="Outage").content
    for query in ({"granularity": "week"}, {"topic": "outage"}, {"limit": 5}, {"quantiles": "0.1,0.9"}):
        if query == {"quantiles": "0.1,0.9"}:
            query = {"quantiles": ["0.1", "0.9"]}
        refused = client.get("/v1/forecasts", params={"layout": "genesys", **query})
        assert refused.status_code == 422 and refused.json()["remedy"]


def test_an_empty_database_has_nothing_to_export(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    upgrade(engine)
    with (
        sessions(engine)() as session,
        io.BytesIO() as out,
        pytest.raises(Exception, match="Import volumes first"),
    ):
        export(session, SETTINGS, Wanted("tidy"), out, now=NOW)
    engine.dispose()


def test_our_own_export_read_back_gives_the_same_numbers(
    filled: Filled, tmp_path: Path, run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"  # with a database of its own
    folder.mkdir()
    monkeypatch.chdir(folder)
    text = got(filled, "tidy", aht_seconds=300).text
    (folder / "tidy.csv").write_text(text, newline="")
    (folder / "genesys.csv").write_text(got(filled, "genesys", aht_seconds=300).text, newline="")
    (folder / "config.yaml").write_text("company: {timezone: Europe/Amsterdam}\n")
    code, _, err = run("import", "volumes", "tidy.csv", "--strict")
    assert code == 0, err
    engine = connect(f"sqlite:///{folder / 'forecall.db'}")
    with sessions(engine)() as session:
        held = load_volumes(session)
    found = {(row.queue, row.ds): (row.offered, row.aht_seconds) for row in held.itertuples()}
    assert len(found) == 194 + 97
    for row in table(text):
        key = (row["queue"], pd.Timestamp(row["interval_start"]).tz_convert("UTC"))
        assert found[key] == (float(row["offered"]), 300.0)
    code, out, _ = run("import", "forecast", "tidy.csv", "--made-on", "2026-10-24", "--strict", "--json")
    assert code == 0 and json.loads(out)["rows"] == 194 + 97
    assert run("import", "forecast", "genesys.csv", "--made-on", "2026-10-24", "--strict")[0] == 0
    with sessions(engine)() as session:
        made = load_other_forecasts(session, ["Outage"])
    engine.dispose()
    assert made["offered"].sum() == pytest.approx(total(got(filled, "tidy"), queue="Outage"), rel=1e-6)


def test_the_command_writes_the_same_file_and_lists_the_layouts(
    filled: Filled, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    (tmp_path / "config.yaml").write_text("company: {timezone: Europe/Amsterdam}\n")
    code, out, _ = run("export", "--json")
    assert code == 0 and {row["layout"] for row in json.loads(out)} == set(LAYOUTS)
    with time_machine.travel(NOW, tick=False):
        code, out, err = run("export", "genesys", "--out", "a.csv", "--json")
        assert code == 0, err
        assert json.loads(out)["rows"] == len(table(got(filled, "genesys").text))
        assert (tmp_path / "a.csv").read_bytes() == got(filled, "genesys").content
        assert run("export", "excel")[0] == 0
        assert openpyxl.load_workbook(tmp_path / "forecall-excel-20261024.xlsx").sheetnames == [
            "Billing",
            "Outage",
            "Notes",
        ]
        code, out, err = run("forecast", "--layout", "genesys", "--queue", "Outage", "--out", "b.csv")
        assert code == 0 and "Wrote 388 rows" in out and "Not tried in the suite" in err
        code, _, err = run("export", "connect", "--queue", "Billing", "--out", "c.csv")
        assert code == 1 and "takes chat and phone only" in err and not (tmp_path / "c.csv").exists()
        assert not list(tmp_path.glob(".forecall-*"))
        code, _, err = run("forecast", "--layout", "connect", "--cutoff", "2026-10-20", "--out", "d.csv")
        assert code == 1 and "--layout tidy" in err


@pytest.mark.parametrize("layout", ["tidy", "excel", "assembled"])
def test_memory_does_not_grow_with_the_number_of_queues(layout: str, tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'many.db'}")
    upgrade(engine)
    with sessions(engine)() as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        for at in range(10):
            save_queue(session, Queue(f"Queue {at:02d}", "phone", "all", Interval.HALF_HOUR, TZ))
            forecast(session, version, f"Queue {at:02d}", "2026-10-24", "2026-10-30", Interval.HALF_HOUR)
        publish_version(session, version, CUTOFF)
        session.commit()
    names = tuple(f"Queue {at:02d}" for at in range(10))
    peaks = []
    with sessions(engine)() as session:
        for queues in (names[:2], names[:2], names):
            with (tmp_path / "out").open("w+b") as out:
                tracemalloc.start()
                export(session, SETTINGS, Wanted(layout, queues=queues), out, now=NOW)
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
    engine.dispose()
    assert peaks[2] < 1.6 * peaks[1], peaks


def test_an_app_of_another_zone_reads_moments_in_the_zone_of_the_queues(filled: Filled) -> None:
    settings = SETTINGS.model_copy(
        update={"company": SETTINGS.company.model_copy(update={"timezone": "Asia/Tokyo"})}
    )
    other = open_app(filled.engine, filled.keys, settings)
    first = table(got(other, "tidy", queue="Outage", start="2026-10-25").text)[0]
    assert first["interval_start"] == "2026-10-25T00:00:00+02:00"
