"""The demo tells what is planted as it is, names who looks after a reason, and says which peak warnings are live."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cli import demo_register, demo_summary
from forecast.alerts import Surge
from forecast.buckets import Interval, to_ns
from forecast.simulate import COMPANIES, company
from forecast.simulate.mailings import effects_frame
from store.alerts import raise_alert
from store.database import connect, sessions
from store.queues import Queue, save_queue
from store.settings import Settings

NOW = pd.Timestamp("2026-11-20T09:00Z")
LINK = {"queue": "phone_outage", "topic": "outage", "regime": "leads", "lag_minutes": 40.0}
FOUND = {
    "signal": "posts:outage",
    "gate": "open",
    "leads_by_minutes": 29,
    "leads_lower": 21,
    "leads_upper": 36,
}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """A `truth.json` with the day of the planted shift."""
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({"shift": "2026-07-08"}), "utf-8")
    return path


@pytest.mark.parametrize("name", list(COMPANIES))
def test_every_reason_of_a_company_has_an_owner_and_an_answer_that_the_settings_take(name: str) -> None:
    who = company(name)
    held = Settings.model_validate({"reasons": demo_register.reasons(who)}).reasons
    assert set(held) == {queue.topic for queue in who.queues}
    assert all(one.owner and one.faq.startswith("https://example.org/") for one in held.values())


@pytest.mark.parametrize("name", list(COMPANIES))
def test_one_cause_was_fixed_on_the_day_of_the_planted_shift_and_one_is_open(name: str, truth: Path) -> None:
    who = company(name)
    fixed, open_ = demo_register.causes(who, truth)
    assert fixed.queue in who.shift.factors and fixed.since is not None
    assert pd.Timestamp(fixed.since).tz_convert(who.zone) == pd.Timestamp("2026-07-08", tz=who.zone)
    assert (open_.since, open_.queue) == (None, None) and open_.topic != fixed.topic
    assert {fixed.topic, open_.topic} <= {queue.topic for queue in who.queues}


def test_a_common_cause_is_named_as_the_simulator_has_it(truth: Path) -> None:
    def told(name: str) -> str:
        who = company(name)
        link = next(one for one in who.links if one.regime == "common")
        effects = effects_frame(who).to_dict("records")
        return demo_summary.common({"queue": link.queue, "topic": link.topic}, effects, truth)

    assert told("energy") == "letters, known ahead"
    assert told("telecom") == "a driver"  # its table is not there
    truth.with_name("truth_common.csv").write_text("driver,interval_start\nweather,1\nweather,2\n", "utf-8")
    assert told("telecom") == "weather, which no file tells of"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "measured: 29 minutes, 21 to 36."),
        ({"leads_lower": None}, "measured: 29 minutes."),
        ({"leads_by_minutes": -183, "leads_lower": -228, "leads_upper": -54}, "measured: 183 minutes behind, 54 to 228."),
        ({"regime": "together"}, "measured: they come together."),
        ({"leads_by_minutes": None}, "measured: no clear head start."),
    ],
)  # fmt: skip
def test_what_was_planted_stands_beside_what_was_measured(facts: dict[str, Any], said: str) -> None:
    told = demo_summary.planted(LINK, [{**FOUND, **facts}])
    assert told == f"We planted a head start of 40 minutes; {said}"


def test_live_peak_warnings_are_said_in_the_local_time_of_their_queue(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "forecall.db")
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}")
    start, hour = to_ns(NOW), 3600 * 10**9
    surge = Surge("phone_outage", "outage", "posts:outage", start - hour, start + hour, start + 3 * hour, 166.0, 65.0, 300.0, 5.5, 71, 0.6, False)  # fmt: skip
    with sessions(engine)() as session:
        save_queue(session, Queue("phone_outage", "phone", "outage", Interval.HALF_HOUR, "Europe/Amsterdam"))
        raise_alert(session, surge, now=NOW.to_pydatetime().astimezone(dt.UTC))
        session.commit()
    said = demo_summary.peak_warnings(sessions(engine), NOW)
    engine.dispose()
    start_of_it = "phone_outage: since 09:00, 5.5 times the usual posts about outage; +166 calls (65-300) between 11:00 and 13:00"
    assert len(said) == 1 and said[0].startswith(start_of_it)
