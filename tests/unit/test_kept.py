"""Answers kept while nothing changes."""

from __future__ import annotations

import threading

import pytest

from api.dashboard.kept import Kept


def test_an_answer_is_made_once_per_key_and_anew_without_one() -> None:
    kept: Kept[int] = Kept(2)
    made: list[str] = []

    def make(name: str, value: int) -> int:
        made.append(name)
        return value

    assert [kept.get(("a",), lambda: make("a", 1)) for _ in range(3)] == [1, 1, 1]
    assert [kept.get(None, lambda: make("none", 2)) for _ in range(2)] == [2, 2]
    assert made == ["a", "none", "none"]


def test_the_oldest_goes_first() -> None:
    kept: Kept[int] = Kept(2)
    for value in (1, 2, 3):
        kept.get((value,), lambda value=value: value)  # type: ignore[misc]
    assert kept.get((3,), lambda: 30) == 3 and kept.get((1,), lambda: 10) == 10


def test_what_fails_is_tried_again_and_who_comes_meanwhile_waits_for_the_first() -> None:
    kept: Kept[int] = Kept(4)
    with pytest.raises(ZeroDivisionError):
        kept.get(("a",), lambda: 1 // 0)
    inside, go, made = threading.Event(), threading.Event(), []

    def slow() -> int:
        inside.set()
        assert go.wait(30)
        made.append(1)
        return 7

    answers: list[int] = []
    both = [threading.Thread(target=lambda: answers.append(kept.get(("a",), slow))) for _ in range(2)]
    for one in both:
        one.start()
    assert inside.wait(30)
    go.set()
    for one in both:
        one.join(30)
    assert answers == [7, 7] and made == [1]
