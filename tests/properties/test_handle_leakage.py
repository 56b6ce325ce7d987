"""Handling times known after the cutoff reach no workload, whatever their versions look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.buckets import Grid, Interval, end
from forecast.handling import Handling
from forecast.models.base import Leads
from forecast.models.workload import workload
from forecast.vintage import Archive, Series, Versions
from tests.handle_worlds import OPEN, SECONDS, volume
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, Stream, archive, fresh, midnight

DAYS = 45
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
some = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


class Uncut(Versions):
    """The planted leak: one line, and every version counts as known at any cutoff."""

    def until(self, cutoff: int) -> Versions:
        return Versions.of(self.ds, self.value, np.minimum(self.known_at, cutoff))


def world(stream: Stream, kind: type[Versions] = Versions) -> Archive:
    """A queue whose contacts are known at once, and whose handling times come late, are put right and taken back."""
    whole = Grid.days(MONDAY, MONDAY + DAYS - 1, Interval.HOUR, TZ)
    grid = whole.take(OPEN.mask(whole))
    ended = end(grid.ds, Interval.HOUR, TZ)
    rng = np.random.default_rng(stream.seed)
    contacts = rng.poisson(12.0, len(grid)).astype(np.float64)
    seconds = contacts * SECONDS * rng.lognormal(0, 0.3, len(grid))
    parts = [
        replace(stream, seed=stream.seed).versions(grid.ds, ended, each, kind) for each in (seconds, contacts)
    ]
    offered = Versions.of(grid.ds, contacts, ended)
    return archive(
        Series("calls", Interval.HOUR, TZ, offered, "calls", hours=OPEN, handling=Handling(*parts))
    )


def cut(versions: Versions, cutoff: int) -> Versions:
    kept = versions.known_at <= cutoff
    return Versions(versions.ds[kept], versions.value[kept], versions.known_at[kept])


def truncated(held: Archive, cutoff: int) -> Archive:
    """The archive as if nothing had come after the cutoff."""
    series = held.series["calls"]
    assert series.handling is not None
    handling = Handling(cut(series.handling.seconds, cutoff), cut(series.handling.contacts, cutoff))
    return archive(replace(series, offered=cut(series.offered, cutoff), handling=handling))


def drawn(held: Archive, cutoff: int) -> np.ndarray:
    snapshot = held.at(cutoff)
    leads = Leads.days(snapshot, "calls", 9)
    rate = np.where(OPEN.mask(leads.grid), 12.0, 0.0)
    found = workload(snapshot.history("calls"), volume(leads.grid, rate, draws=20), seed=3)
    assert found is not None
    return np.concatenate([found.expected[:, None], found.aht, found.seconds.values[0]], axis=1)


@given(stream=streams, back=back)
@some
def test_handling_times_known_after_the_cutoff_change_no_path(stream: Stream, back: int) -> None:
    held, cutoff = world(stream), midnight(DAYS) - back * MINUTE
    np.testing.assert_array_equal(drawn(held, cutoff), drawn(truncated(held, cutoff), cutoff))


def test_a_planted_leak_of_one_line_is_found() -> None:
    stream, cutoff = Stream(5, late=0.4), midnight(DAYS - 5) + 11 * HOUR
    honest, leaking = world(stream), world(stream, Uncut)
    np.testing.assert_array_equal(drawn(honest, cutoff), drawn(truncated(honest, cutoff), cutoff))
    assert not np.array_equal(
        drawn(leaking, cutoff), drawn(truncated(leaking, cutoff), cutoff), equal_nan=True
    )


def test_what_an_archive_was_asked_before_changes_no_workload() -> None:
    held, cutoff = world(Stream(8)), midnight(DAYS - 4) + 10 * HOUR
    first = drawn(fresh(held), cutoff)
    used = fresh(held)
    for other in (cutoff - 24 * HOUR, cutoff + 24 * HOUR, cutoff - HOUR):
        drawn(used, other)
    np.testing.assert_array_equal(drawn(used, cutoff), first)
