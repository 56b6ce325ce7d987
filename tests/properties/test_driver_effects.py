"""A plan is known ahead and no earlier, and its bump is that of the plan: moved with it, and as large as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.models.driver_effects import driver_effects
from forecast.vintage import Archive, Driver, History, Versions
from tests.driver_worlds import FIRST, Letters, ahead, midnight, plan, waves
from tests.worlds import HOUR

PAST = waves(11, 5)
WORLD = Letters(11, PAST)
HELD = WORLD.archive()
CUTOFF = midnight(WORLD.days)
some = settings(max_examples=25, deadline=None, derandomize=True, database=None)
# days from which a wave reaches no holiday, two weeks later neither; together no larger than the largest wave of the past
planned = st.dictionaries(st.integers(302, 308), st.floats(100, 12_000), min_size=1, max_size=4)


def extra(sent: dict[int, float]) -> np.ndarray:
    """What pulses add on each of the days ahead."""
    history = known(plan({**PAST, **sent}))
    return driver_effects(history).extra(ahead(history, 42).day)[0]


def known(letters: Driver) -> History:
    """The same queue with other letters, as known at the cutoff."""
    return (
        Archive(HELD.series, drivers={"letters": letters}, calendar=HELD.calendar).at(CUTOFF).history("calls")
    )


@given(sent=planned, weeks=st.integers(1, 2))
@some
def test_a_plan_some_weeks_later_is_the_same_bump_some_weeks_later(
    sent: dict[int, float], weeks: int
) -> None:
    early, late = extra(sent), extra({day + 7 * weeks: size for day, size in sent.items()})
    np.testing.assert_allclose(late[7 * weeks :], early[: -7 * weeks], rtol=1e-6, atol=1e-6)


@given(sent=planned)
@some
def test_bumps_of_two_plans_add_up(sent: dict[int, float]) -> None:
    alone = sum(extra({day: size}) for day, size in sent.items())
    np.testing.assert_allclose(extra(sent), alone, rtol=1e-6, atol=1e-6)


@st.composite
def plans(draw: st.DrawFn) -> Driver:
    """Versions of a plan with assumptions, known at any time before and after the cutoff."""
    count = draw(st.integers(1, 12))
    days = draw(st.lists(st.integers(0, 340), min_size=count, max_size=count))
    hours = draw(st.lists(st.integers(-600, 600), min_size=count, max_size=count))
    sizes = draw(st.lists(st.floats(0, 60_000), min_size=count, max_size=count))
    worths = draw(st.lists(st.sampled_from([np.nan, 0.0, 0.02, 0.05]), min_size=count, max_size=count))
    ds = [midnight(day) for day in days]
    known_at = CUTOFF + np.array(hours) * HOUR
    return Driver("letters", Versions.of(ds, sizes, known_at), worth=Versions.of(ds, worths, known_at))


def cut(versions: Versions) -> Versions:
    kept = versions.known_at <= CUTOFF
    return Versions(versions.ds[kept], versions.value[kept], versions.known_at[kept])


@given(driver=plans())
@some
def test_what_became_known_of_a_plan_after_the_cutoff_changes_nothing(driver: Driver) -> None:
    gone = replace(driver, values=cut(driver.values), worth=cut(driver.worth))
    there, left = (driver_effects(known(one)).extra(np.arange(FIRST, FIRST + 340)) for one in (driver, gone))
    np.testing.assert_array_equal(there, left)
