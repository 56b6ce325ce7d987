"""Nothing known after the cutoff reaches a forecast, whatever the versions look like; and the fast forms are right."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast import catalogue, selection
from forecast.buckets import Grid, Interval, day_start, end, from_ns, index
from forecast.days import Calendar
from forecast.features import deviations, edges, known_levels, known_sums
from forecast.models.base import Leads, Model
from forecast.models.dressed import Dressed, always_open
from forecast.models.level_profile import LevelProfile
from forecast.models.split import Split
from forecast.vintage import Archive, Driver, Series, Signal, Snapshot, Versions, as_of
from tests.worlds import HOUR, MINUTE, MONDAY, OFFICE, TZ, Stream, counts, fresh, midnight, working_week

DAYS = 68  # the last days have the 42 hindcasts that a signal's effect asks for
FEW_DAYS = 45  # enough where no signal is asked
EVERY_SIGNAL = Dressed("signals", (LevelProfile(),), gate=always_open)
MODELS: dict[str, Model] = {
    "champion": selection.champion(),
    "level_profile": catalogue.model("level_profile"),
    "dhr with every signal": catalogue.model("dhr"),
    "ets": catalogue.model("ets"),
    "mean8_open": catalogue.model("mean8_open"),
    "level_profile with every signal": EVERY_SIGNAL,
    "contact reasons": Split(catalogue.model("level_profile")),
}

shares = st.floats(0, 0.5)
streams = st.builds(
    Stream,
    seed=st.integers(0, 2**31),
    late=shares,
    lateness=st.sampled_from([2.0, 30.0, 200.0]),
    corrected=shares,
    deleted=st.floats(0, 0.2),
)
back = st.integers(1440, 3 * 1440)  # minutes from the cutoff to the end of the data


class Uncut(Versions):
    """The planted leak: one line, and every version counts as known at any cutoff."""

    def until(self, cutoff: int) -> Versions:
        return Versions.of(self.ds, self.value, np.minimum(self.known_at, cutoff))


def world(stream: Stream, *, days: int = DAYS, leak: str = "", hours: bool = False) -> Archive:
    """Volumes of a queue and of its two reasons, posts, a level and letters, all coming in as the stream says."""
    kinds = {name: Uncut if name == leak else Versions for name in ("volumes", "signals", "drivers")}
    grid = Grid.days(MONDAY, MONDAY + days - 1, Interval.HOUR, TZ)
    ended = end(grid.ds, Interval.HOUR, TZ)
    calendar = np.arange(MONDAY, MONDAY + days + 28)
    sent = np.random.default_rng(stream.seed).random(len(calendar)) < 0.2
    busy = np.isin(grid.day, calendar[sent])
    posts = storms(grid, stream.seed)

    def part(name: str, level: float, number: int) -> Series:
        y = counts(working_week(level), stream.seed + number)(grid)
        y = y + np.where(OFFICE.mask(grid), 8 * busy + np.roll(posts, 1) // 2, 0)
        versions = replace(stream, seed=stream.seed + number).versions(grid.ds, ended, y, kinds["volumes"])
        topic = "all" if name == "calls" else name
        return Series(
            name, Interval.HOUR, TZ, versions, "calls", topic=topic, hours=OFFICE if hours else None
        )

    signals = {
        name: Signal(
            name,
            Interval.HOUR,
            TZ,
            replace(stream, seed=stream.seed + at).versions(grid.ds, ended, posts, kinds["signals"]),
            kind,
        )
        for at, (name, kind) in enumerate([("posts", "count"), ("mood", "level")], start=11)
    }
    starts = day_start(calendar[sent], TZ)
    announced = replace(stream, seed=stream.seed + 21).versions(
        starts, starts - 48 * HOUR, np.full(len(starts), 900.0), kinds["drivers"]
    )
    parts = [part("calls", 20.0, 1), part("invoice", 6.0, 2), part("outage", 3.0, 3)]
    return Archive({one.name: one for one in parts}, signals, {"letters": Driver("letters", announced)}, Calendar("NL"))  # fmt: skip


def storms(grid: Grid, seed: int) -> np.ndarray:
    """Posts per hour: three, and now and then a hundred; an hour later half of them call."""
    rng = np.random.default_rng(seed + 7)
    burst = (rng.random(len(grid)) < 0.04) & OFFICE.mask(grid)
    return rng.poisson(3 + 100 * burst).astype(np.float64)


def signal(stream: Stream, name: str = "posts") -> Signal:
    """A signal alone."""
    grid = Grid.days(MONDAY, MONDAY + DAYS - 1, Interval.HOUR, TZ)
    versions = stream.versions(grid.ds, grid.ds + HOUR, storms(grid, stream.seed))
    return Signal(name, Interval.HOUR, TZ, versions, "count" if name == "posts" else "level")


def cut(versions: Versions, cutoff: int) -> Versions:
    """Plainly without what became known later; an honest stream again."""
    kept = versions.known_at <= cutoff
    return Versions(versions.ds[kept], versions.value[kept], versions.known_at[kept])


def truncated(held: Archive, cutoff: int) -> Archive:
    """The archive as if nothing had come after the cutoff."""
    return Archive(
        {name: replace(one, offered=cut(one.offered, cutoff)) for name, one in held.series.items()},
        {name: replace(one, values=cut(one.values, cutoff)) for name, one in held.signals.items()},
        {
            name: replace(one, values=cut(one.values, cutoff), worth=cut(one.worth, cutoff))
            for name, one in held.drivers.items()
        },
        held.calendar,
    )


def paths(model: Model, snapshot: Snapshot, *names: str) -> np.ndarray:
    seen = snapshot.only(*names)
    leads = Leads.days(snapshot, "calls", 9)
    return model.fit(seen).predict(seen, leads, draws=20, seed=3).values


def unmoved(model: Model, held: Archive, cutoff: int, *names: str) -> bool:
    """The property: is the forecast the same, bit for bit, as if nothing had come after the cutoff?"""
    names = names or ("calls",)
    there, gone = (paths(model, one.at(cutoff), *names) for one in (held, truncated(held, cutoff)))
    return np.array_equal(there, gone)


few = settings(
    max_examples=2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
many = settings(max_examples=30, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", MODELS)
@given(stream=streams, back=back, hours=st.booleans())
@few
def test_what_became_known_after_the_cutoff_changes_no_path(
    name: str, stream: Stream, back: int, hours: bool
) -> None:
    names = ("outage",) if name == "contact reasons" else ("calls",)
    days = DAYS if "signal" in name else FEW_DAYS
    held = world(stream, days=days, hours=hours)
    assert unmoved(MODELS[name], held, midnight(days) - back * MINUTE, *names)


@pytest.mark.parametrize(
    ("leak", "model"),
    [
        ("volumes", "mean8_open"),
        ("volumes", "level_profile"),
        ("signals", "level_profile with every signal"),
        ("signals", "dhr with every signal"),
        ("drivers", "dhr with every signal"),
    ],
)
def test_a_planted_leak_of_one_line_is_found(leak: str, model: str) -> None:
    stream, cutoff = Stream(6, late=0.4), midnight(DAYS - 5) + 11 * HOUR
    assert unmoved(MODELS[model], world(stream), cutoff)
    assert not unmoved(MODELS[model], world(stream, leak=leak), cutoff)


@given(stream=streams, back=back)
@many
def test_a_snapshot_is_what_the_plain_form_says(stream: Stream, back: int) -> None:
    cutoff = midnight(DAYS) - back * MINUTE
    held = world(stream)
    snapshot = held.at(cutoff)
    for versions, seen in (
        (held.series["calls"].offered, snapshot.series("calls").offered),
        (held.signals["posts"].values, snapshot.signal("posts").values),
        (held.drivers["letters"].values, snapshot.history("calls").drivers["letters"].values),
    ):
        plain = as_of(frame(versions), from_ns(cutoff))
        ds, value = seen.latest()
        np.testing.assert_array_equal(index(ds), pd.DatetimeIndex(plain["ds"]))
        np.testing.assert_array_equal(value, plain["value"].to_numpy())
    history = snapshot.history("calls")
    plain = as_of(frame(held.series["calls"].offered), from_ns(cutoff)).set_index("ds")["value"]
    expected = plain.reindex(index(history.grid.ds)).to_numpy()
    span = (history.grid.ds >= plain.index[0].value) & (history.grid.ds <= plain.index[-1].value)
    np.testing.assert_array_equal(history.y, np.where(span & np.isnan(expected), 0.0, expected))
    assert (history.grid.ds < cutoff).all()


def frame(versions: Versions) -> pd.DataFrame:
    columns = {"ds": index(versions.ds), "value": versions.value, "known_at": index(versions.known_at)}
    return pd.DataFrame(columns)


def test_a_snapshot_winds_back_and_never_ahead() -> None:
    snapshot = world(Stream(1)).at(midnight(40))
    assert snapshot.at(midnight(30)).at(midnight(20)).cutoff == midnight(20)
    with pytest.raises(ValueError, match="cannot look ahead"):
        snapshot.at(midnight(30)).at(midnight(31))


origins = st.lists(st.integers(0, DAYS * 1440), min_size=1, max_size=12, unique=True).map(sorted)


def asked(versions: Versions, time: int, ages: np.ndarray) -> list[float]:
    """The plain form: what a snapshot at that time holds, summed by age."""
    ds, value = versions.until(time).latest()
    age = time - ds
    return [float(value[(age >= a) & (age < b)].sum()) for a, b in pairwise(ages)]


@given(stream=streams, moments=origins)
@many
def test_known_sums_at_many_origins_are_those_of_a_snapshot_at_each(
    stream: Stream, moments: list[int]
) -> None:
    versions = signal(stream).values
    times = midnight(0) + np.array(moments) * MINUTE
    for interval in (Interval.HOUR, Interval.DAY):
        ages = edges(interval)
        expected = [asked(versions, int(time), ages) for time in times]
        np.testing.assert_array_equal(known_sums(versions, times, ages), expected)


@pytest.mark.parametrize("name", ["posts", "mood"])
@given(stream=streams, moments=origins)
@many
def test_deviations_at_many_origins_are_those_of_a_snapshot_at_each(
    name: str, stream: Stream, moments: list[int]
) -> None:
    snapshot = Archive({}, {name: signal(stream, name)}).at(midnight(DAYS + 60))
    times = midnight(0) + np.array(moments) * MINUTE
    values, enough = deviations(snapshot.signal(name), times)
    for row, time in enumerate(times):
        alone, there = deviations(snapshot.at(int(time)).signal(name), times[row : row + 1])
        assert enough[row] == there[0]
        np.testing.assert_array_equal(values[row], alone[0])


def test_signals_of_years_past_that_are_imported_today_say_nothing_of_yesterday() -> None:
    """What was imported yesterday counts from yesterday on, however old its buckets are."""
    grid = Grid.days(MONDAY, MONDAY + 60, Interval.HOUR, TZ)
    imported = np.maximum(grid.ds + HOUR, midnight(50))
    posts = Signal("posts", Interval.HOUR, TZ, Versions.of(grid.ds, np.full(len(grid), 4.0), imported))
    before = np.array([midnight(40), midnight(49)])
    values, enough = deviations(posts, before)
    assert not enough.any()
    assert (values == 0).all()


@given(stream=streams, moments=origins)
@many
def test_a_level_is_that_of_its_latest_bucket_even_when_an_older_one_was_corrected(
    stream: Stream, moments: list[int]
) -> None:
    versions = signal(stream, "mood").values
    times = midnight(0) + np.array(moments) * MINUTE
    ages = edges(Interval.HOUR)
    found = known_levels(versions, times, ages)
    for row, time in enumerate(times):
        for column, age in enumerate(ages[:-1]):
            ds, value = versions.until(int(time - age)).latest()
            expected = value[-1] if len(ds) else np.nan
            np.testing.assert_array_equal(found[row, column], expected)


@pytest.mark.parametrize("name", ["champion", "dhr with every signal", "contact reasons"])
def test_what_an_archive_was_asked_before_changes_no_result(name: str) -> None:
    days = DAYS if "signal" in name else FEW_DAYS
    held, cutoff = world(Stream(8), days=days), midnight(days - 4) + 10 * HOUR
    names = ("invoice", "outage") if name == "contact reasons" else ("calls",)
    first = paths(MODELS[name], fresh(held).at(cutoff), *names)
    used = fresh(held)
    for other in (cutoff - 24 * HOUR, cutoff + 24 * HOUR, cutoff - HOUR):
        paths(MODELS[name], used.at(other), *names)
    paths(EVERY_SIGNAL, used.at(cutoff), "calls")
    np.testing.assert_array_equal(paths(MODELS[name], used.at(cutoff), *names), first)
