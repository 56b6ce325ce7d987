"""Reasons loaded apart from the totals: totals stay, coverage is shown, the unknown part stays unknown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, end
from forecast.contacts.reason_files import UNKNOWN
from forecast.outlook import Outlook
from jobs.predict import save
from jobs.reasons import open_reasons, topics_of
from store.facts import open_archive
from store.forecasts import create_version, publish_version
from store.imports.reasons import import_reasons
from store.looking_ahead import Forecast, look_ahead
from store.outlook import load_outlook
from store.queues import Queue, save_queue
from store.reason_shares import covered
from store.reason_weeks import coverages, reason_weeks
from store.reasons import reasons_of
from store.settings import Settings
from store.uploads import remove_upload
from store.volumes import load_volumes, save_volumes
from tests.worlds import MONDAY, TZ, midnight, working_week

DAYS = 70
NOW = pd.Timestamp(midnight(DAYS), tz="UTC")
SMALL = {"candidates": ("mean8_open",), "draws": 60, "horizon_days": 10, "long_days": 0}
SHARES = {"invoice": 0.45, "moving": 0.15, "overig": 0.4}
HANDLED = 0.9


@pytest.fixture
def settings() -> Settings:
    return Settings(models=SMALL, company={"country": None})


def came(session: Session, interval: Interval = Interval.HOUR) -> None:
    """A queue of which nine in ten contacts are handled."""
    save_queue(session, Queue("calls", "phone", "all", interval, TZ))
    grid = Grid.days(MONDAY, MONDAY + DAYS - 1, interval, TZ)
    offered = 10.0 * np.random.default_rng(1).poisson(working_week(4.0)(grid))
    ended = pd.to_datetime(end(grid.ds, interval, TZ), utc=True)
    rows = {"queue": "calls", "ds": pd.to_datetime(grid.ds, utc=True), "offered": offered, "known_at": ended}
    save_volumes(
        session,
        pd.DataFrame({**rows, "handled": HANDLED * offered}).astype({"queue": object}),
        upload_id=None,
    )


def file(folder: Path, shares: dict[str, float] = SHARES, *, last: int = DAYS) -> Path:
    days = [str(np.datetime64(MONDAY + at, "D")) for at in range(last) if (MONDAY + at + 3) % 7 < 5]
    lines = [f"{day},calls,{topic},{share}" for day in days for topic, share in shares.items()]
    path = folder / "reasons.csv"
    path.write_text("\n".join(["date,queue,topic,share", *lines]))
    return path


def made(session: Session, settings: Settings) -> tuple[Forecast, dict[str, Forecast]]:
    whole = look_ahead(open_archive(session, settings, ["calls"]), settings, "calls", NOW)
    return whole, topics_of(session, settings, "calls", whole)


def test_totals_do_not_change_by_a_bit_and_reasons_add_up_to_them(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    before, _ = made(session, settings)
    stored = load_volumes(session)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    after, parts = made(session, settings)
    pd.testing.assert_frame_equal(stored, load_volumes(session))
    np.testing.assert_array_equal(before.paths.values, after.paths.values)
    assert list(parts) == ["calls/invoice", "calls/moving", f"calls/{UNKNOWN}"]
    near = np.sum([one.paths.values[0] for one in parts.values()], axis=0)
    np.testing.assert_allclose(near, after.paths.values[0, : len(near)], atol=1e-9)


def test_only_what_is_handled_and_named_has_a_reason(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    _, parts = made(session, settings)
    ahead = parts["calls/invoice"].paths.grid.ds >= NOW.value
    sums = {name: one.paths.values[0, ahead].sum() for name, one in parts.items()}
    share = {name: value / sum(sums.values()) for name, value in sums.items()}
    assert share["calls/invoice"] == pytest.approx(0.45 * HANDLED, abs=0.02)
    assert share[f"calls/{UNKNOWN}"] == pytest.approx(1 - 0.6 * HANDLED, abs=0.02)


def test_the_share_of_a_day_holds_in_each_of_its_intervals(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session, Interval.HALF_HOUR)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    held = open_reasons(session, settings, "calls").series
    ds, value = held["calls/invoice"].offered.latest()
    whole = held["calls"].offered.on(ds)
    np.testing.assert_allclose(value[whole > 0] / whole[whole > 0], 0.45 * HANDLED)


def test_what_a_file_told_later_is_not_known_before(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    import_reasons(
        session, settings, file(tmp_path, {"invoice": 0.1, "overig": 0.9}), now=NOW + pd.Timedelta("2h")
    )
    series = open_reasons(session, settings, "calls").series["calls/invoice"].offered
    whole = open_reasons(session, settings, "calls").series["calls"].offered
    for moment, share in ((NOW.value, 0.45), ((NOW + pd.Timedelta("3h")).value, 0.1)):
        ds, value = series.until(moment).latest()
        total = whole.on(ds)
        np.testing.assert_allclose(value[total > 0] / total[total > 0], share * HANDLED)


def test_coverage_is_told_per_week_with_its_change(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    queue = Queue("calls", "phone", "all", Interval.HOUR, TZ)
    weeks = reason_weeks(session, queue)
    assert len(weeks) == 10 and weeks[0].trend is None and weeks[0].days == 5
    assert weeks[3].coverage == pytest.approx(0.54) and weeks[3].trend == pytest.approx(0, abs=1e-9)
    assert sum(weeks[3].contacts.values()) == pytest.approx(weeks[3].offered)
    assert coverages(session, [queue], NOW.to_pydatetime()) == {"calls": pytest.approx(0.54)}


def test_a_file_taken_out_leaves_the_queue_undivided(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    found = import_reasons(session, settings, file(tmp_path), now=NOW)
    assert import_reasons(session, settings, file(tmp_path), now=NOW).changed == 0
    assert reasons_of(session) == {"calls": ("invoice", "moving", UNKNOWN)}
    for upload in (found.upload_id, (found.upload_id or 0) + 1):
        assert upload is not None
        remove_upload(session, upload, now=NOW.to_pydatetime())
    _, parts = made(session, settings)
    values = [one.paths.values[0].sum() for name, one in parts.items() if name != f"calls/{UNKNOWN}"]
    assert reason_weeks(session, Queue("calls", "phone", "all", Interval.HOUR, TZ)) == [] and len(values) in (
        0,
        2,
    )


def test_counts_are_a_part_of_the_whole_where_volumes_are_told_whole_and_by_topic(
    session: Session, tmp_path: Path
) -> None:
    came(session)
    whole = load_volumes(session).assign(assumed=False)
    for topic in ("new", "old"):
        part = whole.assign(topic=topic, offered=whole["offered"] / 2, handled=whole["handled"] / 2)
        save_volumes(session, part, upload_id=None)
    day = whole["ds"].dt.tz_convert(TZ).dt.strftime("%Y-%m-%d")
    offered = whole["offered"].groupby(day).sum()
    path = tmp_path / "reasons.csv"
    path.write_text(f"date,queue,topic,count\n{offered.idxmax()},calls,invoice,{offered.max() / 4}\n")
    import_reasons(session, Settings(), path, now=NOW)
    assert covered(session, "calls", TZ, ["invoice"])["invoice"].value.tolist() == pytest.approx([0.25])


def outlook(session: Session, settings: Settings) -> Outlook:
    whole, parts = made(session, settings)
    version = create_version(session, run_id=None, cutoff=NOW.to_pydatetime(), now=NOW.to_pydatetime())
    for name, one in {"calls": whole, **parts}.items():
        save(session, version, queue=name, forecast=one)
    publish_version(session, version, NOW.to_pydatetime())
    day = (NOW + pd.Timedelta(days=1)).date()
    return load_outlook(session, settings, dt.date(day.year, day.month, day.day), NOW.to_pydatetime())


def test_the_outlook_has_the_reasons_their_usual_and_how_much_is_known(
    session: Session, settings: Settings, tmp_path: Path
) -> None:
    came(session)
    import_reasons(session, settings, file(tmp_path), now=NOW)
    found = {reason.topic: reason for reason in outlook(session, settings).reasons}
    assert set(found) == {"invoice", "moving", UNKNOWN}
    line = found["invoice"].lines[0]
    assert line.coverage == pytest.approx(0.54)
    assert line.past.usual is not None and line.expected == pytest.approx(line.past.usual, rel=0.3)
