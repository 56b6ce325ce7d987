"""Case number n of a seed, always the same; and what becomes of it."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace

from forecast.contacts.volumes import read_volumes
from forecast.errors import InputError
from tests.fuzz.cases import Case, judge, judge_error
from tests.fuzz.changes import HARMFUL, HARMLESS
from tests.fuzz.files import SEEDS, to_csv
from tests.fuzz.giants import giants
from tests.fuzz.parquets import PARQUETS
from tests.fuzz.sheets import TZ, Sheet, meaning_of
from tests.fuzz.spoiled_text import SPOILED
from tests.fuzz.workbooks import WORKBOOKS

GOOD = ("loaded", "loaded, rows told of", "refused")


@dataclass(frozen=True)
class Outcome:
    """What became of a file; why is empty where nothing is at fault."""

    name: str
    outcome: str
    why: str
    seconds: float


def case(seed: int, number: int) -> Case:
    """The spoiled file of a number."""
    chance = random.Random(f"{seed}/{number}")
    sheet = chance.choice(SEEDS)(chance)
    kind, way = sheet.kind, chance.random()
    if way < 0.5:
        made = _changed(sheet, chance)
    elif way < 0.72:
        made = chance.choice(SPOILED)(sheet, chance)
    elif way < 0.93:
        made = _workbook(sheet, chance)
    else:
        made = chance.choice(PARQUETS)(sheet, chance)
    return replace(made, name=f"{kind}: {made.name}")


def _changed(sheet: Sheet, chance: random.Random) -> Case:
    changes = [chance.choice(HARMLESS if chance.random() < 0.45 else HARMFUL)]
    if chance.random() < 0.3:
        changes.append(chance.choice(HARMLESS))
    changed = sheet
    for change in changes:
        before, changed = changed, change(changed, chance)
        if change in HARMFUL and changed is not before and changed.must == "load":
            changed = replace(changed, must="either")
    name = " and ".join(change.__name__.replace("_", " ") for change in changes)
    if any(change in HARMFUL for change in changes) and chance.random() < 0.3 and changed.rows:
        made = chance.choice(WORKBOOKS[:1])(changed, chance)
        return replace(
            made,
            name=f"{name} in a workbook",
            told=changed.told,
            must="either" if changed.must == "load" else changed.must,
        )
    try:
        data = to_csv(changed)
    except UnicodeEncodeError:
        data = to_csv(replace(changed, encoding="utf-8"))
    return Case(name, data, meaning_of(changed), must=changed.must, told=changed.told)


def _workbook(sheet: Sheet, chance: random.Random) -> Case:
    return chance.choice(WORKBOOKS)(sheet, chance)


def giant(number: int) -> Case:
    """The giant of a number."""
    name, made = list(giants())[number]
    return replace(made(random.Random(number)), name=name)


def outcome(spoiled: Case) -> Outcome:
    """Read a file and judge what came."""
    begun = time.perf_counter()
    try:
        loaded = read_volumes(spoiled.data, tz=TZ)
    except InputError as error:
        found = judge_error(spoiled, error)
    except Exception as error:  # whatever it is, it is the finding
        found = ("crash", f"{type(error).__name__}: {error}"[:300])
    else:
        found = judge(spoiled, loaded)
    return Outcome(spoiled.name, *found, time.perf_counter() - begun)
