"""The section `staffing`: a group's own promise, else the strictest of its queues, else that of all."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from forecast.errors import InputError
from forecast.staffing.needs import Targets
from store.staffing_settings import Promise, Staffing


def of(
    queues: dict[str, Any], group: str = "team", members: tuple[str, ...] = ("a", "b"), **more: Any
) -> Targets:
    found = {name: Promise(**facts) for name, facts in queues.items()}
    return Staffing(queues=found, **more).of(group, members)[0]


def test_without_any_word_the_targets_are_those_of_all() -> None:
    assert of({}) == Targets()
    assert Staffing().of("team", ["a"])[1] == 0.5
    assert Staffing().rate_of("team", ["a"]) is None and not Staffing().blended_of("team", ["a"])


@pytest.mark.parametrize(
    ("name", "loose", "strict"),
    [
        ("service_level", 0.7, 0.9),
        ("answer_seconds", 60, 10),
        ("shrinkage", 0.2, 0.4),
        ("max_occupancy", 0.95, 0.8),
        ("min_agents", 1, 3),
        ("concurrency", 3, 2),
        ("slowdown", 0.1, 0.5),
        ("response_hours", 48, 4),
        ("response_share", 0.8, 0.95),
        ("response_clock", "open", "clock"),
    ],
)
def test_of_several_queues_the_one_that_asks_for_most_agents_counts(
    name: str, loose: Any, strict: Any
) -> None:
    for one, other in ((loose, strict), (strict, loose)):
        assert getattr(of({"a": {name: one}, "b": {name: other}}), name) == strict


def test_a_queue_that_waits_for_ever_is_stricter_than_one_that_hangs_up() -> None:
    assert of({"a": {"patience_seconds": 60}}).patience_seconds is None
    both = {"a": {"patience_seconds": 60}, "b": {"patience_seconds": 90}}
    assert of(both).patience_seconds == 90


def test_a_group_that_is_named_has_its_own_word_and_is_not_held_to_its_queues() -> None:
    named: dict[str, Any] = {"a": {"answer_seconds": 10}, "team": {"answer_seconds": 40, "quantile": 0.9}}
    assert of(named).answer_seconds == 40
    staffing = Staffing(queues={name: Promise(**facts) for name, facts in named.items()})
    assert staffing.of("team", ["a"])[1] == 0.9


def test_answers_are_due_as_the_backlog_says_unless_staffing_says_otherwise() -> None:
    due = {"a": 48.0, "b": 8.0}
    assert Staffing().of("team", ["a", "b"], due)[0].response_hours == 8
    assert Staffing().of("a", ["a"], due)[0].response_hours == 48
    assert Staffing(response_hours=12).of("team", ["a", "b"], due)[0].response_hours == 12
    one = Staffing(queues={"b": Promise(response_hours=30)})
    assert one.of("team", ["a", "b"], due)[0].response_hours == 30
    named = Staffing(queues={"team": Promise(shrinkage=0.2)})
    assert named.of("team", ["a", "b"], due)[0].response_hours == 8


def test_channels_are_taken_together_only_where_every_queue_of_a_group_says_so() -> None:
    staffing = Staffing(queues={"a": Promise(blended=True), "c": Promise(blended=True)})
    assert staffing.blended_of("team", ["a", "c"]) and not staffing.blended_of("team", ["a", "b"])
    assert Staffing(blended=True, queues={"a": Promise(blended=False)}).blended_of("team", ["b"])
    assert not Staffing(blended=True, queues={"a": Promise(blended=False)}).blended_of("team", ["a", "b"])


def test_the_dearest_rate_of_a_groups_queues_is_that_of_the_group_and_its_own_goes_first() -> None:
    staffing = Staffing(queues={"a": Promise(rate=30), "b": Promise(rate=45), "team": Promise(rate=20)})
    assert staffing.rate_of("other", ["a", "b"]) == 45 and staffing.rate_of("team", ["a", "b"]) == 20
    assert staffing.rate_of("other", ["a", "c"]) == 30
    assert Staffing(rate=35, queues={"a": Promise(shrinkage=0.1)}).rate_of("a", ["a"]) == 35


def test_a_quantile_that_forecasts_do_not_keep_is_refused_with_those_they_do() -> None:
    with pytest.raises(InputError, match=r"keeps no quantile 0\.55.*0\.5, 0\.6"):
        Staffing(quantile=0.55).of("team", ["a"])


@pytest.mark.parametrize(
    "wrong", [{"concurrency": 0}, {"slowdown": 1.5}, {"rate": -1}, {"response_clock": "night"}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Staffing(**wrong)
