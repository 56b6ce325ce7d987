"""A spoiled file and what may become of it; what did become of it, judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forecast.buckets import SECOND, column_ns
from forecast.contacts.loaded import Loaded
from forecast.errors import InputError
from tests.fuzz.sheets import Key

LONGEST = 4_000  # signs of an error or warning somebody still reads
INSIDES = re.compile(r"Traceback|<class|object at 0x|NoneType|KeyError|IndexError|ArrowInvalid")


@dataclass(frozen=True)
class Case:
    """A file. meaning: None where any value may be read (only crash, memory and time count).

    told: a warning that fits this excuses values that are not the meaning; loss_is_free: rows may be gone unsaid
    needed: what may not be lost, all of the meaning without it; a name that changed in sight is no loss
    """

    name: str
    data: bytes
    meaning: Mapping[Key, frozenset[float]] | None
    must: str = "either"
    told: str = ""
    loss_is_free: bool = False
    needed: frozenset[Key] | None = None


def judge_error(case: Case, error: InputError) -> tuple[str, str]:
    """A refusal -> (outcome, why it is a fault or '')."""
    text = str(error)
    if not error.message or not error.remedy or len(text) > LONGEST or INSIDES.search(text):
        return "unclear error", text[:300]
    if not error.field:
        return "unclear error", f"names no field: {text[:300]}"
    return ("good file refused", text[:300]) if case.must == "load" else ("refused", "")


def judge(case: Case, loaded: Loaded) -> tuple[str, str]:
    """What was loaded -> (outcome, why it is a fault or '')."""
    said = [*loaded.warnings, *map(str, loaded.problems)]
    if any(len(one) > LONGEST for one in said):
        return "unclear warning", next(one[:200] for one in said if len(one) > LONGEST)
    whole = "loaded, rows told of" if loaded.problems else "loaded"
    if case.meaning is None:
        return whole, ""
    frame = loaded.frame
    starts = (column_ns(frame["ds"]) // SECOND).tolist()
    found = dict(
        zip(zip(frame["queue"].tolist(), starts, strict=True), frame["offered"].tolist(), strict=True)
    )
    if case.must == "refuse":
        return "wrong", f"{len(found)} values loaded: {next(iter(found.items()))}; said: {said[:3]}"
    for key, value in found.items():
        good = case.meaning.get(key)
        if good is None or not any(abs(value - one) <= 1e-6 * max(1.0, abs(one)) for one in good):
            if case.told and any(re.search(case.told, one) for one in said):
                return whole, ""
            meant = "nothing" if good is None else sorted(good)
            return "wrong", f"{key} is {value}, meant is {meant}; said: {said[:3]}"
    needed = case.meaning.keys() if case.needed is None else case.needed
    lost = [key for key in needed if key not in found]
    renamed = 0 if case.needed is None else sum(key not in needed for key in found)
    if len(lost) > renamed and not case.loss_is_free and not said:
        return "lost unsaid", f"{len(lost)} values, such as {lost[0]}"
    if lost and case.must == "load" and not loaded.problems:
        return "lost unsaid", f"{len(lost)} values of a good file, such as {lost[0]}; said: {said[:3]}"
    return whole, ""
