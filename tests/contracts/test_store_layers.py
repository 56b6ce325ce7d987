"""Layers: taking out and putting back, in any order, is as if it had never been; on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from forecast.errors import InputError
from store import layers
from store.database import sessions
from store.drivers import load_drivers, save_drivers
from store.imports.volumes import import_volumes
from store.queues import save_queue
from store.settings import Settings
from store.signals import load_signals, save_signals
from store.uploads import (
    Upload,
    create_upload,
    list_uploads,
    load_shares,
    load_upload,
    remove_upload,
    restore_upload,
)
from store.volumes import load_volumes, save_volumes
from tests import builders as b

NOW = b.NOON + dt.timedelta(days=30)
Told = dict[int, float]  # hour -> contacts, as one file tells them


def upload(session: Session, kind: str = "volumes") -> Upload:
    return create_upload(session, kind=kind, name="file.csv", layout="tidy", mode="revision", now=NOW, rows=0)


def add(session: Session, told: Told, known: float) -> int:
    layer = upload(session)
    save_volumes(session, b.volumes(list(told.values()), ds=list(told), known=known), upload_id=layer.id)
    return layer.id


def in_force(session: Session) -> Told:
    held = load_volumes(session, "calls")
    hours = ((held["ds"] - pd.Timestamp(b.NOON)) / pd.Timedelta(hours=1)).round().astype(int)
    return dict(zip(hours.tolist(), held["offered"].tolist(), strict=True))


def plain(files: list[Told], out: set[int]) -> Told:
    """The rule, plainly: of the files that are in, the last one that tells an hour is believed."""
    told: Told = {}
    for number, file in enumerate(files):
        told |= {} if number in out else file
    return told


files = st.dictionaries(st.integers(0, 3), st.integers(0, 2).map(float), min_size=1)


@given(
    first=st.lists(files, min_size=3, max_size=3),
    turns=st.lists(st.integers(0, 4), max_size=9),
    late=st.lists(files, max_size=2),
    every=st.integers(1, 4),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_taking_out_and_putting_back_is_as_if_it_had_never_been(
    engine: Engine, first: list[Told], turns: list[int], late: list[Told], every: int
) -> None:
    """Three overlapping files, taken out and put back at will, with more files coming in between."""
    with sessions(engine)() as session:
        save_queue(session, b.queue())
        held = [*first]
        ids = [add(session, told, known) for known, told in enumerate(first, start=1)]
        out, coming = set[int](), list(late)
        for step, turn in enumerate(turns, start=1):
            now = NOW + dt.timedelta(hours=2 * step)
            number = turn % len(ids)
            turned = restore_upload if number in out else remove_upload
            turned(session, ids[number], now=now)
            out ^= {number}
            assert in_force(session) == plain(held, out)
            if coming and step % every == 0:
                held.append(coming.pop())
                known = (now - b.NOON) / dt.timedelta(hours=1) + 1
                ids.append(add(session, held[-1], known))
                assert in_force(session) == plain(held, out)
        for number in sorted(out, reverse=True):
            restore_upload(session, ids[number], now=NOW + dt.timedelta(hours=99))
        assert in_force(session) == plain(held, set())
        session.rollback()


@pytest.fixture
def calls(session: Session) -> Session:
    save_queue(session, b.queue())
    return session


def test_a_restored_layer_is_known_from_then_on_and_not_before(calls: Session) -> None:
    layer = add(calls, {0: 5.0}, 1)
    remove_upload(calls, layer, now=NOW)
    assert restore_upload(calls, layer, now=NOW + dt.timedelta(hours=2)) == 1
    held = load_volumes(calls, "calls")
    assert held["known_at"].tolist() == [pd.Timestamp(NOW + dt.timedelta(hours=2))]
    assert [one.state for one in list_uploads(calls)] == ["active"]
    assert load_upload(calls, layer).removed_at is None


def test_what_came_without_a_layer_keeps_its_place(calls: Session) -> None:
    """A row posted after the file lies on top of it, also once the file was out and is back."""
    layer = add(calls, {0: 5.0, 1: 6.0}, 1)
    save_volumes(calls, b.volumes([7.0], known=2), upload_id=None)
    remove_upload(calls, layer, now=NOW)
    assert in_force(calls) == {0: 7.0}
    restore_upload(calls, layer, now=NOW + dt.timedelta(hours=1))
    assert in_force(calls) == {0: 7.0, 1: 6.0}


def test_only_what_is_out_can_be_put_back(calls: Session) -> None:
    layer = add(calls, {0: 5.0}, 1)
    with pytest.raises(InputError, match="is not removed"):
        restore_upload(calls, layer, now=NOW)


def test_a_long_layer_is_settled_a_few_series_at_a_time(
    calls: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "TOGETHER", 2)
    layer = upload(calls)
    for topic in ("a", "b", "c"):
        save_volumes(calls, b.volumes([1.0, 2.0], known=1, topic=topic), upload_id=layer.id)
    assert remove_upload(calls, layer.id, now=NOW) == 6
    assert restore_upload(calls, layer.id, now=NOW) == 6
    assert len(load_volumes(calls)) == 6


def test_signals_and_drivers_are_layers_too(session: Session) -> None:
    signals, drivers = upload(session, "signals"), upload(session, "drivers")
    save_signals(session, b.signals([3, 0, 2]), interval="1h", tz="Europe/Amsterdam", upload_id=signals.id)
    plan = pd.DataFrame(
        {"driver": ["letters"] * 2, "ds": b.times([0, 24]), "value": [10.0, 20.0], "worth": [np.nan, 0.1]}
    )
    save_drivers(session, plan, upload_id=drivers.id)
    for layer in (signals, drivers):
        remove_upload(session, layer.id, now=NOW)
    assert load_signals(session).empty and load_drivers(session).empty
    for layer in (signals, drivers):
        restore_upload(session, layer.id, now=NOW)
    assert load_signals(session)["value"].tolist() == [3, 0, 2]
    assert load_drivers(session)["value"].tolist() == [10, 20]
    assert [(one.name, one.buckets, one.in_force) for one in load_shares(session, signals)] == [
        ("posts", 3, 3)
    ]


def test_a_layer_tells_what_it_holds_and_what_of_it_is_in_force(calls: Session) -> None:
    """Of two hours of the first file one is told otherwise by the second, which repeats the other."""
    first = load_upload(calls, add(calls, {0: 1.0, 1: 2.0}, 1))
    second = load_upload(calls, add(calls, {0: 9.0, 1: 2.0}, 2))
    shares = [load_shares(calls, one)[0] for one in (first, second)]
    assert [(one.name, one.buckets, one.in_force) for one in shares] == [("calls", 2, 1), ("calls", 2, 2)]
    assert (shares[0].first, shares[0].last) == (b.NOON, b.NOON + dt.timedelta(hours=1))


HEAD = "queue,interval_start,offered\n"
TEXT = HEAD + "calls,2026-03-02T09:00,10\ncalls,2026-03-02T10:00,12\n"


def load(session: Session, text: str, name: str, **options: object) -> tuple[int, int | None, str]:
    now = options.pop("now", pd.Timestamp(NOW))
    found = import_volumes(session, Settings(), text.encode(), now=now, name=name, interval="1h", **options)  # type: ignore[arg-type]
    return found.changed, found.upload_id, found.summary


def test_the_same_file_again_is_no_new_layer(session: Session) -> None:
    _, first, _ = load(session, TEXT, "a.csv")
    changed, same, summary = load(session, TEXT, "b.csv", now=pd.Timestamp(NOW) + pd.Timedelta(days=1))
    assert (changed, same) == (
        0,
        first,
    ) and summary == f"nothing new: it was loaded as upload {first} on 2026-04-01."
    save_volumes(session, b.volumes([3.0], ds=[9]), upload_id=None)  # something else came in between
    assert load(session, TEXT, "a.csv")[:2] == (0, first)
    assert len(list_uploads(session)) == 1


def test_the_same_rows_in_another_file_change_nothing_and_hold_when_the_first_goes(session: Session) -> None:
    _, first, _ = load(session, TEXT, "a.csv")
    changed, second, _ = load(session, TEXT + "\n", "b.csv")
    assert changed == 0 and second != first
    remove_upload(session, first or 0, now=NOW)
    assert load_volumes(session)["offered"].tolist() == [10, 12]


def test_a_file_that_another_one_covered_is_loaded_again_on_top(session: Session) -> None:
    load(session, TEXT, "a.csv")
    load(session, TEXT.replace(",12", ",15"), "b.csv", now=pd.Timestamp(NOW) + pd.Timedelta(days=1))
    changed, third, _ = load(session, TEXT, "a.csv", now=pd.Timestamp(NOW) + pd.Timedelta(days=2))
    assert (changed, third) == (1, 3) and load_volumes(session)["offered"].tolist() == [10, 12]


def test_a_file_taken_out_and_loaded_again_is_a_new_layer(session: Session) -> None:
    _, first, _ = load(session, TEXT, "a.csv")
    remove_upload(session, first or 0, now=NOW)
    assert load(session, TEXT, "a.csv", now=pd.Timestamp(NOW) + pd.Timedelta(days=1))[:2] == (2, 2)


def test_a_file_is_loaded_again_over_what_still_covers_it_though_a_later_file_was_taken_out(
    session: Session,
) -> None:
    """What taking the third file out brings back is written in the name of the first, above the second."""
    first, second, third, again = (pd.Timestamp(NOW) + pd.Timedelta(days=day) for day in range(4))
    load(session, TEXT, "a.csv", now=first)
    load(session, HEAD + "calls,2026-03-02T09:00,99\n", "b.csv", now=second)
    _, mistake, _ = load(session, HEAD + "calls,2026-03-02T10:00,77\n", "c.csv", now=third)
    remove_upload(session, mistake or 0, now=third.to_pydatetime())
    assert load_volumes(session)["offered"].tolist() == [99, 12]
    assert load(session, TEXT, "a.csv", now=again)[0] == 1
    assert load_volumes(session)["offered"].tolist() == [10, 12]


def test_a_large_file_is_stored_as_a_small_one_is_and_tells_how_far_it_is(
    session: Session, tmp_path: Path
) -> None:
    ds = pd.date_range("2026-01-30", periods=400, freq="30min").strftime("%Y-%m-%dT%H:%M")
    lines = [f"{queue},{at},{number}" for number, at in enumerate(ds) for queue in ("a", "b")]
    path = tmp_path / "volumes.csv"
    path.write_text("\n".join(["queue,interval_start,offered", *lines]) + "\n")
    steps: list[tuple[int, int | None, str]] = []

    def step(done: int, total: int | None, what: str) -> None:
        steps.append((done, total, what))

    found = import_volumes(session, Settings(), path, now=pd.Timestamp(NOW), progress=step, large=1)
    assert (found.changed, found.rows) == (800, 800)
    assert {what for _, _, what in steps} == {"rows read", "rows written"} and steps[-1] == (
        800,
        800,
        "rows written",
    )
    held = load_volumes(session)
    session.rollback()
    import_volumes(session, Settings(), path, now=pd.Timestamp(NOW))
    pd.testing.assert_frame_equal(held, load_volumes(session))
