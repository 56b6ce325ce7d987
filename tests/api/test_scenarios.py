"""/v1/scenarios and `forecall scenario`: asked in a planner's words, answered on the same futures."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.app import create_app
from cli.main import app as commands
from forecast.buckets import Grid, Interval
from jobs.predict import forecast_all
from store.audit import load_audit
from store.database import connect, sessions
from store.days import save_hours
from store.drivers import save_drivers
from store.keys import create_key
from store.queues import Queue, save_queue
from store.settings import Settings
from store.signals import save_signals
from store.tables import ForecastRow, ScenarioRow
from store.volumes import save_volumes
from tests.api.filled import NOW, TZ, Filled, day

FAST = Settings(models={"candidates": ("level_profile",), "draws": 60, "horizon_days": 9, "long_days": 0})
MONDAY = "2026-10-26"
LETTERS = {
    "kind": "driver",
    "driver": "letters",
    "date": MONDAY,
    "value": 40000,
    "worth": 0.01,
    "lasts_days": 2,
}
MORE = {"kind": "change", "queue": "calls", "percent": 10, "from": MONDAY, "to": "2026-10-27"}


def fill(session: Session) -> dict[str, str]:
    """Calls by half hour and e-mails by day, in two zones, with ten weeks of history and a published forecast."""
    save_queue(session, Queue("calls", "phone", "outage", Interval.HALF_HOUR, TZ))
    save_queue(session, Queue("mails", "email", "all", Interval.DAY, "America/New_York"))
    hours = {
        "queue": ["calls"] * 5,
        "weekday": list(range(5)),
        "opens": ["08:00"] * 5,
        "closes": ["18:00"] * 5,
    }
    save_hours(session, pd.DataFrame(hours))
    for name, interval, tz in (
        ("calls", Interval.HALF_HOUR, TZ),
        ("mails", Interval.DAY, "America/New_York"),
    ):
        grid = Grid.days(day("2026-08-10"), day("2026-10-23"), interval, tz)
        open_ = (grid.weekday < 5) & ((grid.slots == 1) | ((grid.slot >= 16) & (grid.slot < 36)))
        mean = np.where(open_, 30.0 if interval is Interval.HALF_HOUR else 200.0, 0.0)
        offered = np.random.default_rng(3).poisson(mean).astype(float)
        frame = {
            "queue": name,
            "ds": pd.to_datetime(grid.ds, utc=True),
            "offered": offered,
            "handled": offered,
        }
        known = pd.to_datetime(grid.ds, utc=True) + pd.Timedelta(days=1)
        held = pd.DataFrame({**frame, "aht_seconds": 300.0, "known_at": known})
        save_volumes(session, held.astype({"queue": object}), upload_id=None)
    forecast_all(session, FAST, pd.Timestamp(NOW))
    return {scope: create_key(session, scope, [scope], now=NOW) for scope in ("read", "plan")}


@pytest.fixture(scope="module")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("scenarios") / "filled.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    with sessions(engine)() as session:
        keys = fill(session)
        session.commit()
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path, keys


@pytest.fixture
def held(template: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Filled]:
    path = tmp_path / "forecall.db"
    shutil.copy(template[0], path)
    engine = connect(f"sqlite:///{path}", wait=10)
    yield Filled(create_app(FAST, sessions(engine), clock=lambda: NOW), engine, template[1])
    engine.dispose()


def ask(held: Filled, *events: dict[str, Any], **more: Any) -> Any:
    return held.client("plan").post("/v1/scenarios", json={"events": list(events), **more})


def rows_of(held: Filled, table: Any) -> int:
    with sessions(held.engine)() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_letters_and_per_cent_come_as_forecast_scenario_and_difference_with_agents(held: Filled) -> None:
    before = rows_of(held, ForecastRow)
    answer = ask(held, {**LETTERS, "queue": "calls"}, MORE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["id"], found["name"], found["start"], found["end"]) == (None, None, MONDAY, "2026-11-09")
    (queue,) = found["queues"]
    monday, tuesday, wednesday = queue["days"][:3]
    assert monday["date"] == MONDAY and monday["forecast"]["mean"] == pytest.approx(600, rel=0.1)
    assert monday["difference"]["mean"] == pytest.approx(1.1 * 200 + 60, rel=0.15)
    assert tuesday["difference"]["mean"] == pytest.approx(200, rel=0.15)
    assert set(wednesday["difference"]["quantiles"].values()) == {0.0}
    assert monday["agent_hours"]["difference_gross"] > monday["agent_hours"]["difference_net"] > 5
    assert monday["agent_hours"]["scenario_net"] - monday["agent_hours"]["forecast_net"] == pytest.approx(
        monday["agent_hours"]["difference_net"], abs=0.01
    )
    row = next(one for one in queue["rows"] if one["start"].startswith(f"{MONDAY}T10:00"))
    assert row["start_utc"] == "2026-10-26T09:00:00Z" and row["agents"]["difference_net"] > 0
    assert [note["basis"] for note in found["notes"]] == ["assumed", "as said"]
    assert (rows_of(held, ScenarioRow), rows_of(held, ForecastRow)) == (0, before)


def test_a_scenario_of_nothing_is_the_published_forecast_and_no_difference(held: Filled) -> None:
    found = ask(
        held, queues=["calls", "mails"], granularity="day", start="2026-10-25", end="2026-11-01"
    ).json()
    assert {
        value
        for queue in found["queues"]
        for row in queue["rows"]
        for value in row["difference"]["quantiles"].values()
    } == {0.0}
    assert not any("this run expects" in one for one in found["remarks"])
    sunday = found["queues"][0]["rows"][0]
    assert sunday["start"] == "2026-10-25T00:00:00+02:00", "the day on which the clocks go back"
    assert any("by day" in one for one in found["remarks"])


def test_a_run_that_differs_from_what_is_published_says_so(held: Filled) -> None:
    with sessions(held.engine)() as session:
        letters = {"driver": ["customers"], "ds": [pd.Timestamp("2026-10-26", tz=TZ).tz_convert("UTC")]}
        save_drivers(session, pd.DataFrame({**letters, "value": [1.0], "worth": [900.0]}))
        session.commit()
    found = ask(held, MORE, granularity="day").json()
    assert any("this run expects" in one for one in found["remarks"])


def test_closing_a_queue_moves_its_contacts_to_another_zone_and_grid(held: Filled) -> None:
    event = {"kind": "close", "queue": "calls", "from": MONDAY, "to": "2026-10-28", "moves": {"mails": 1.0}}
    found = ask(held, event, granularity="day").json()
    gone, come = (sum(day["difference"]["mean"] for day in queue["days"]) for queue in found["queues"])
    assert gone == pytest.approx(-come, rel=1e-6) and come > 1000
    assert "none is lost" in found["notes"][0]["text"]


def test_every_kind_of_event_is_taken_at_once(held: Filled) -> None:
    events = [
        {"kind": "outage", "like": "2026-10-06", "date": "2026-10-27", "start": "09:00", "queue": "calls"},
        {"kind": "hours", "queue": "calls", "dates": ["2026-10-28"], "closed": True},
        {
            "kind": "hours",
            "queue": "calls",
            "from": "2026-10-29",
            "to": "2026-10-31",
            "opens": "08:00",
            "closes": "20:00",
        },
        {
            "kind": "overflow",
            "queue": "calls",
            "target": "Partner",
            "above_agents": 5,
            "from": MONDAY,
            "to": "2026-10-27",
        },
        MORE,
    ]
    answer = ask(held, *events, granularity="day", queues=["calls"])
    assert answer.status_code == 200, answer.text
    assert [note["event"] for note in answer.json()["notes"]] == [0, 1, 2, 3, 4]
    days = {one["date"]: one for one in answer.json()["queues"][0]["days"]}
    assert days["2026-10-28"]["scenario"]["mean"] == 0 < days["2026-10-28"]["forecast"]["mean"]
    assert days["2026-10-29"]["difference"]["mean"] > 20
    assert answer.json()["notes"][0]["basis"] == "no change"


def test_a_scenario_with_a_name_is_kept_listed_read_and_removed_with_an_audit(held: Filled) -> None:
    made = ask(held, MORE, name="Ten per cent", granularity="day", quantiles=[0.9, 0.1]).json()
    reader, planner = held.client("read"), held.client("plan")
    (row,) = reader.get("/v1/scenarios").json()["rows"]
    assert (row["id"], row["name"], row["author"], row["events"]) == (made["id"], "Ten per cent", "plan", 1)
    assert reader.get(f"/v1/scenarios/{made['id']}").json() == made
    assert planner.delete(f"/v1/scenarios/{made['id']}").status_code == 200
    assert planner.delete(f"/v1/scenarios/{made['id']}").status_code == 404
    assert reader.get(f"/v1/scenarios/{made['id']}").status_code == 404
    assert reader.get("/v1/scenarios").json()["rows"] == []
    with sessions(held.engine)() as session:
        assert [one.act for one in load_audit(session)] == ["scenario.remove", "scenario.add"]


@pytest.mark.parametrize(
    ("event", "field", "remedy"),
    [
        ({**MORE, "queue": "cals"}, "queue", "calls"),
        ({**MORE, "to": MONDAY}, "to", "after"),
        ({**LETTERS, "dates": [MONDAY]}, "date", "dates"),
        ({**LETTERS, "date": "2026-02-30"}, "date", "2026"),
        ({"kind": "hours", "queue": "calls", "date": MONDAY, "opens": "09:00"}, "opens", "both"),
        (
            {"kind": "overflow", "queue": "calls", "target": "P", "from": MONDAY, "to": "2026-10-27"},
            "share",
            "one of",
        ),
        ({"kind": "close", "from": MONDAY, "to": "2026-10-27"}, "queue", "channel"),
    ],
)
def test_what_cannot_be_supposed_is_refused_by_its_field(
    held: Filled, event: dict[str, Any], field: str, remedy: str
) -> None:
    answer = ask(held, event)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["field"] == field and remedy in answer.json()["remedy"]


def test_an_unknown_kind_and_too_far_a_quantile_are_refused(held: Filled) -> None:
    assert ask(held, {"kind": "storm"}).status_code == 422
    assert ask(held, MORE, quantiles=[0.999]).json()["field"] == "quantiles"
    assert held.client("read").post("/v1/scenarios", json={"events": [MORE]}).status_code == 403


def test_two_callers_at_once_get_what_each_would_get_alone(held: Filled) -> None:
    alone = [ask(held, one, granularity="day").json() for one in (MORE, {**LETTERS, "queue": "calls"})]
    found: dict[int, Any] = {}

    def call(at: int, event: dict[str, Any]) -> None:
        found[at] = ask(held, event, granularity="day").json()

    threads = [
        threading.Thread(target=call, args=(at, one))
        for at, one in enumerate((MORE, {**LETTERS, "queue": "calls"}))
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)
    assert [found[0], found[1]] == alone and alone[0]["queues"] != alone[1]["queues"]


def test_the_command_says_the_same_as_the_route(
    held: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    models = "{candidates: [level_profile], draws: 60, horizon_days: 9, long_days: 0}"
    config.write_text(f"database: {{url: 'sqlite:///{tmp_path / 'forecall.db'}'}}\nmodels: {models}\n")
    monkeypatch.setenv("FORECALL_CONFIG", str(config))
    body = tmp_path / "scenario.json"
    body.write_text(json.dumps({"events": [MORE], "granularity": "day"}))
    with time_machine.travel(NOW, tick=False):
        told = CliRunner().invoke(commands, ["scenario", str(body), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["queues"] == ask(held, MORE, granularity="day").json()["queues"]
    words = ["--on", MONDAY, "--letters", "40000", "--worth", "0.01", "--lasts", "2", "--queue", "calls"]
    with time_machine.travel(NOW, tick=False):
        shown = CliRunner().invoke(commands, ["scenario", *words, "--until", "2026-10-29"])
    assert shown.exit_code == 0 and MONDAY in shown.stdout and "assumed" in shown.stdout


PAGE = (Path(__file__).resolve().parents[2] / "docs/scenarios.md").read_text("utf-8")
EVENTS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, flags=re.M | re.S)]


def test_every_event_that_the_page_shows_is_taken(held: Filled) -> None:
    with sessions(held.engine)() as session:
        letters = {"driver": ["letters"], "ds": [pd.Timestamp("2026-09-07", tz=TZ).tz_convert("UTC")]}
        save_drivers(session, pd.DataFrame({**letters, "value": [1000.0]}))
        posts = {"signal": ["posts"], "topic": ["outage"], "ds": [pd.Timestamp("2026-10-20", tz="UTC")]}
        save_signals(session, pd.DataFrame({**posts, "value": [3.0]}), interval=Interval.HALF_HOUR, tz=TZ)
        session.commit()
    answer = ask(held, *EVENTS, granularity="day")
    assert answer.status_code == 200, answer.text
    assert len(EVENTS) == 7 and {note["event"] for note in answer.json()["notes"]} == set(range(7))
